"""What the unit tests build pipelines of, and how they copy them.

The builders are here with their types forgotten: most of these tests hand over what
a type checker would refuse, and what the types say is tested where types are tested.
"""

import pickle
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import partial, reduce
from operator import itemgetter
from typing import Any, Literal, NamedTuple, TypeAlias, TypedDict

from hypothesis import strategies as st

import combinators
from combinators import KeyMismatchError, Runnable

# A pipeline, or anything else that the tests do not want a checker to look at.
Untyped: TypeAlias = Any

assign: Untyped = combinators.assign
bind: Untyped = combinators.bind
branch: Untyped = combinators.branch
case: Untyped = combinators.case
chat_template: Untyped = combinators.chat_template
each: Untyped = combinators.each
fanout: Untyped = combinators.fanout
omit: Untyped = combinators.omit
passthrough: Untyped = combinators.passthrough
pick: Untyped = combinators.pick
pipe: Untyped = combinators.pipe
rename: Untyped = combinators.rename
route: Untyped = combinators.route
runnable: Untyped = combinators.runnable
template: Untyped = combinators.template
update: Untyped = combinators.update
when: Untyped = combinators.when


class Colour(Enum):
    RED = "red"


class Pair(TypedDict):
    a: int
    b: int


@dataclass(frozen=True)
class Point:
    x: int
    y: int = 0


class Row(NamedTuple):
    x: int
    y: int = 0


# `object` says nothing about keys, so these steps fit after and before everything.
def same(x: object) -> object:
    return x


def other(x: object) -> object:
    return [x]


def holds(x: object) -> bool:
    return bool(x)


async def later(x: object) -> object:
    return x


def chunks(x: object) -> Iterator[object]:
    yield x


async def later_chunks(x: object) -> AsyncIterator[object]:
    yield x


def choose(_: object) -> Runnable[object, object]:
    return combinators.runnable(same)


def two(x: object, y: object) -> object:
    return x, y


def evaluated(expression: str) -> Untyped:
    """Return the value of an expression in which all names of this module are known."""
    # What is evaluated is the `repr` of a pipeline that a test has built.
    return eval(expression, {**globals(), "partial": partial, "itemgetter": itemgetter})  # noqa: S307


def pickled(value: object) -> Untyped:
    """Return what comes out of pickle when `value` goes in."""
    return pickle.loads(pickle.dumps(value))  # noqa: S301 - our own bytes


def nested(levels: int, around: Callable[[Any], object]) -> Untyped:
    """Return a step with `around` applied to it so many times."""
    start: Any = runnable(same)
    return reduce(lambda inner, _: around(inner), range(levels), start)


# --- Pipelines of any shape ---------------------------------------------------------

KEYS = st.sampled_from(["a", "b", "two words", "class", "self", "é", "'", "x" * 40])
LEAVES: st.SearchStrategy[Any] = st.sampled_from(
    [
        runnable(same),
        runnable(other),
        runnable(later),
        runnable(chunks),
        runnable(later_chunks),
        runnable(len),
        runnable(Point),
        runnable(str.upper),
        runnable(same, aio=later),
        runnable(same, inline=True),
        runnable(chunks, aio=later_chunks, inline=True),
        runnable(itemgetter("a", "b")),
        runnable(itemgetter(0)),
        passthrough(),
        passthrough(int),
        passthrough(list[int]),
        passthrough(Pair),
        passthrough(int | None),
        passthrough().tap(same),
        pick("a"),
        pick("b", "a"),
        omit("a"),
        rename(b="a", **{"c d": "d"}),
        template("{a} {{b}} {class}'\"\n"),
        chat_template(system="{a}", user="ü"),
        fanout(),
        bind(choose),
        bind(later),
    ]
)


def _built(build: Callable[..., object], *parts: object, **named: object) -> object:
    """Return a pipeline, or its first part where its keys do not line up."""
    try:
        return build(*parts, **named)
    except KeyMismatchError:
        return runnable(same)


def _larger(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    some = st.lists(inner, min_size=1, max_size=3)
    keyed = st.dictionaries(KEYS, inner, min_size=1, max_size=3)
    return st.one_of(
        some.map(lambda steps: _built(pipe, *steps)),
        some.map(lambda steps: _built(lambda: reduce(_piped, steps))),
        some.map(lambda steps: _built(fanout, *steps)),
        keyed.map(lambda steps: _built(fanout, steps)),
        keyed.map(lambda steps: _built(assign, **steps)),
        keyed.map(lambda steps: _built(update, **steps)),
        keyed.map(lambda steps: _built(route, "k", steps)),
        inner.map(lambda step: _built(fanout, Pair, a=step, b=step)),
        inner.map(lambda step: _built(fanout, Point, x=step)),
        inner.map(lambda step: _built(fanout, Row, y=step, x=step)),
        inner.map(lambda step: _built(each, step)),
        inner.map(lambda step: _built(step.attempt)),
        inner.map(lambda step: _built(step.tap, other)),
        st.tuples(inner, KEYS).map(lambda both: _built(both[0].named, both[1])),
        st.tuples(inner, inner).map(lambda both: _built(_chosen, *both)),
    )


def _piped(first: Untyped, second: object) -> object:
    return first | second


def _chosen(first: object, second: object) -> object:
    types = case(int | Literal["a", True] | None, first), case(float, second)
    return branch(*types, when(holds, first), otherwise=second)


PIPELINES: st.SearchStrategy[Any] = st.recursive(LEAVES, _larger, max_leaves=8)

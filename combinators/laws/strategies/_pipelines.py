"""Pipelines of any shape: each step is drawn from what may follow the one before.

So all of them are well typed by construction. What is drawn is a pair, a pipeline and the
shape of what it gives; depth bounds how far combinators nest.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final, NamedTuple, TypeAlias, final

from hypothesis import strategies as st
from returns.result import Success

import combinators as c
from combinators.laws.strategies import _functions as functions, _shapes as s
from combinators.laws.strategies._shapes import Fields, Listed, Row, Scalar, Shape

Pipeline: TypeAlias = c.Runnable[Any, Any]
Drawn: TypeAlias = "st.SearchStrategy[tuple[Pipeline, Shape]]"

# The builders are called with what was drawn, of which no checker can know the types.
_c: Any = c


@final
@dataclass(frozen=True, slots=True)
class Taste:
    """What may be among the steps of a pipeline."""

    faults: bool = True  # steps that raise
    waits: bool = True  # async steps
    chunks: bool = True  # steps that stream
    depth: int = 2


_KEPT: Final = 1_000  # strategies take longer to make than to draw from

ANY: Final = Taste()
TOTAL: Final = Taste(faults=False)


class Point(NamedTuple):
    """What some drawn fan-outs build."""

    x: int
    y: str


@functools.lru_cache(_KEPT)
def bodies(gives: Shape, taste: Taste) -> st.SearchStrategy[Pipeline]:
    """Return steps that are one drawn function, of every kind, with outputs of a shape."""
    output = s.values(gives)
    return kinds(s.with_faults(output) if taste.faults else output, taste)


def kinds(output: st.SearchStrategy[Any], taste: Taste) -> st.SearchStrategy[Pipeline]:
    """Return steps of every kind that give, or raise, what is drawn."""
    outputs = st.lists(output, min_size=1, max_size=3)

    def plain(found: Sequence[Any]) -> Pipeline:
        return _lifted(functions.Function(*found))

    made: list[Callable[[Sequence[Any]], Pipeline]] = [plain, plain, _inline]
    if taste.waits:
        made += [_waiting, _paired]
    if taste.chunks:
        made.append(_yielding)
    if taste.chunks and taste.waits:
        made += [_slowly_yielding, _both_yielding]
    return st.tuples(st.sampled_from(made), outputs).map(lambda drawn: drawn[0](drawn[1]))


def _lifted(body: functions.Drawn, **options: Any) -> Pipeline:
    step: Pipeline = _c.runnable(body, **options)
    return step


def _inline(found: Sequence[Any]) -> Pipeline:
    return _lifted(functions.Function(*found), inline=True)


def _waiting(found: Sequence[Any]) -> Pipeline:
    return _lifted(functions.AsyncFunction(*found))


def _paired(found: Sequence[Any]) -> Pipeline:
    return _lifted(functions.Function(*found), aio=functions.AsyncFunction(*found))


def _yielding(found: Sequence[Any]) -> Pipeline:
    return _lifted(functions.Generator(*found))


def _slowly_yielding(found: Sequence[Any]) -> Pipeline:
    return _lifted(functions.AsyncGenerator(*found))


def _both_yielding(found: Sequence[Any]) -> Pipeline:
    return _lifted(functions.Generator(*found), aio=functions.AsyncGenerator(*found))


@functools.lru_cache(_KEPT)
def arrows(takes: Shape, gives: Shape, taste: Taste) -> st.SearchStrategy[Pipeline]:
    """Return pipelines between two shapes."""

    def finished(drawn: tuple[Pipeline, Shape]) -> st.SearchStrategy[Pipeline]:
        pipeline, shape = drawn
        if shape == gives:
            return st.just(pipeline)
        return bodies(gives, taste).map(lambda last: _c.pipe(pipeline, last))

    return sequences(takes, taste).flatmap(finished)


@functools.lru_cache(_KEPT)
def sequences(takes: Shape, taste: Taste) -> Drawn:
    """Return pipelines that take a shape, with what they give."""

    @st.composite
    def drawn(draw: st.DrawFn) -> tuple[Pipeline, Shape]:
        steps: list[Pipeline] = []
        shape = takes
        more = True
        while more:
            step, shape = draw(_step(shape, taste))
            steps.append(step)
            # Not a number of steps, drawn first: one step can be left out when it shrinks.
            more = len(steps) <= taste.depth and draw(st.integers(0, 2)) > 0
        return _c.pipe(*steps), shape

    return drawn()


@functools.lru_cache(_KEPT)
def _step(takes: Shape, taste: Taste) -> Drawn:
    """Return what may stand where a shape flows in."""
    found = [_passing(takes), _function(taste), _function(taste)]
    if isinstance(takes, Row):
        found.append(_element(takes))
    if isinstance(takes, Fields) and takes.fields:
        found += _keyed(takes)
    if taste.depth > 0:
        inner = Taste(taste.faults, taste.waits, taste.chunks, taste.depth - 1)
        found += _nesting(takes, inner)
        if isinstance(takes, Listed):
            found.append(_each(takes, inner))
        if isinstance(takes, Fields):
            found += _keyed_around(takes, inner)
    return st.one_of(found)


# --- Without steps inside ---------------------------------------------------------


def _passing(takes: Shape) -> Drawn:
    declared = takes.form if isinstance(takes, Scalar) else None
    return st.sampled_from(
        [(_c.passthrough(), takes), (_c.passthrough(declared) if declared else _c.pipe(), takes)]
    )


def _function(taste: Taste) -> Drawn:
    return s.SHAPES.flatmap(lambda gives: st.tuples(bodies(gives, taste), st.just(gives)))


def _element(row: Row) -> Drawn:
    picks = [(_c.runnable(itemgetter(i)), inner) for i, inner in enumerate(row.elements)]
    return st.sampled_from(picks)


def _keyed(mapping: Fields) -> list[Drawn]:
    keys = mapping.keys
    some = st.lists(st.sampled_from(keys), min_size=1, unique=True)

    def renamed(old: str, name: str) -> tuple[Pipeline, Shape]:
        fields = tuple((name if key == old else key, shape) for key, shape in mapping.fields)
        return _c.rename(**{name: old}), Fields(fields)

    found: list[Drawn] = [
        st.sampled_from([(_c.pick(key), mapping.of(key)) for key in keys]),
        some.map(lambda kept: (_c.omit(*kept), mapping.only(k for k in keys if k not in kept))),
        st.builds(renamed, st.sampled_from(keys), _new(mapping)),
    ]
    if len(keys) > 1:
        several = st.lists(st.sampled_from(keys), min_size=2, unique=True)
        found.append(several.map(lambda kept: (_c.pick(*kept), mapping.only(kept))))
    if said := [k for k, shape in mapping.fields if k.isidentifier() and isinstance(shape, Scalar)]:
        text = st.lists(st.sampled_from([*(f"{{{key}}}" for key in said), "{{", "x"])).map("".join)
        found.append(text.map(lambda written: (_c.template(written), s.TEXT)))
        found.append(st.tuples(text, text).map(_chat))
    return found


_MESSAGE: Final = Fields((("role", s.TEXT), ("content", s.TEXT)))


def _chat(texts: tuple[str, str]) -> tuple[Pipeline, Shape]:
    return _c.chat_template(system=texts[0], user=texts[1]), Listed(_MESSAGE)


# --- With steps inside --------------------------------------------------------------


def _nesting(takes: Shape, taste: Taste) -> list[Drawn]:
    inner = sequences(takes, taste)
    key = st.sampled_from(s.KEYS)
    keyed = st.dictionaries(key, inner, max_size=1) | st.dictionaries(
        key, inner, min_size=2, max_size=3
    )
    return [
        keyed.map(_fanned),
        st.lists(inner, min_size=1, max_size=3).map(_rowed),
        st.builds(_pointed, arrows(takes, s.NUMBER, taste), arrows(takes, s.TEXT, taste)),
        inner.map(lambda drawn: (_c.passthrough().tap(drawn[0]), takes)),
        inner.map(lambda drawn: (drawn[0].named("part"), drawn[1])),
        inner.map(lambda drawn: (drawn[0].attempt(), s.Attempted(drawn[1]))),
        *_choices(takes, taste),
    ]


def _fanned(branches: dict[str, tuple[Pipeline, Shape]]) -> tuple[Pipeline, Shape]:
    fields = tuple((key, shape) for key, (_, shape) in branches.items())
    return _c.fanout({key: branch for key, (branch, _) in branches.items()}), Fields(fields)


def _rowed(branches: Sequence[tuple[Pipeline, Shape]]) -> tuple[Pipeline, Shape]:
    return _c.fanout(*[branch for branch, _ in branches]), Row(tuple(sh for _, sh in branches))


def _pointed(x: Pipeline, y: Pipeline) -> tuple[Pipeline, Shape]:
    return _c.fanout(Point, y=y, x=x), Row((s.NUMBER, s.TEXT))


def _choices(takes: Shape, taste: Taste) -> list[Drawn]:
    test = bodies(s.TRUTH, taste)

    def branched(gives: Shape) -> st.SearchStrategy[Pipeline]:
        arm = arrows(takes, gives, taste)
        return st.builds(_branched, test, arm, arm)

    def cased(gives: Shape) -> st.SearchStrategy[Pipeline]:
        arm = arrows(takes, gives, taste)
        otherwise = arm | st.none() if taste.faults else arm
        return st.builds(_cased, _forms(takes), arm, otherwise)

    def bound(gives: Shape) -> st.SearchStrategy[Pipeline]:
        arm = arrows(takes, gives, taste)
        return kinds(arm, Taste(waits=taste.waits, chunks=False)).map(_c.bind)

    return [_giving(choice) for choice in (branched, cased, bound)]


def _giving(choice: Callable[[Shape], st.SearchStrategy[Pipeline]]) -> Drawn:
    return s.SCALARS.flatmap(lambda gives: st.tuples(choice(gives), st.just(gives)))


def _forms(takes: Shape) -> st.SearchStrategy[Any]:
    """Return types to tell by looking, of which one is that of the values."""
    match takes:
        case Scalar(form):
            own = form
        case Fields():
            own = dict
        case Listed():
            own = list
        case Row():
            own = tuple
        case _:
            own = Success
    return st.sampled_from([own, bool | None, str | float])


def _branched(test: Pipeline, arm: Pipeline, other: Pipeline) -> Pipeline:
    chosen: Pipeline = _c.branch(_c.when(test, arm), otherwise=other)
    return chosen


def _cased(form: Any, arm: Pipeline, other: Pipeline | None) -> Pipeline:
    chosen: Pipeline = _c.branch(_c.case(form, arm), otherwise=other)
    return chosen


def _each(listed: Listed, taste: Taste) -> Drawn:
    return sequences(listed.element, taste).map(lambda d: (_c.each(d[0]), Listed(d[1])))


def _keyed_around(mapping: Fields, taste: Taste) -> list[Drawn]:
    inner = sequences(mapping, taste)

    def added(key: str, drawn: tuple[Pipeline, Shape]) -> tuple[Pipeline, Shape]:
        return _c.assign(**{key: drawn[0]}), mapping.having(key, drawn[1])

    def replaced(key: str, drawn: tuple[Pipeline, Shape]) -> tuple[Pipeline, Shape]:
        return _c.update(**{key: drawn[0]}), mapping.having(key, drawn[1])

    found: list[Drawn] = [st.builds(added, _new(mapping), inner)]
    if mapping.fields:
        found.append(st.builds(replaced, st.sampled_from(mapping.keys), inner))
    for key, shape in mapping.fields:
        if isinstance(shape, Scalar):
            found.append(_routed(key, shape, mapping, taste))
    return found


def _new(mapping: Fields) -> st.SearchStrategy[str]:
    return st.sampled_from([key for key in (*s.KEYS, "new", "newer") if key not in mapping.keys])


def _routed(key: str, named: Scalar, mapping: Fields, taste: Taste) -> Drawn:
    arm = arrows(mapping, s.NUMBER, taste)
    arms = st.dictionaries(s.values(named), arm, min_size=1, max_size=2)
    otherwise = arm | st.none() if taste.faults else arm

    def chosen(found: dict[Any, Pipeline], default: Pipeline | None) -> tuple[Pipeline, Shape]:
        return _c.route(key, found, otherwise=default), s.NUMBER

    return st.builds(chosen, arms, otherwise)

"""Whatever is around a part gives it its input and its call, in every way of running."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from combinators import (
    Runnable,
    assign,
    bind,
    branch,
    case,
    each,
    fanout,
    passthrough,
    pick,
    pipe,
    route,
    runnable,
    template,
    transform,
    when,
)
from combinators.laws.observing import Log
from tests.running.trials.observing import Record
from tests.running.ways import (
    WAYS,
    AnyStep,
    Following,
    Observed,
    Way,
    ainc,
    aone_two_three,
    double,
    failing,
    inc,
    one_two_three,
)


def same(chunks: Iterator[int]) -> Iterator[int]:
    yield from chunks


LITTLE: Final = runnable(inc, inline=True)

# Branches need the call: it says who runs them.
PARTS: Final[dict[str, Runnable[Any, Any]]] = {
    "sync": fanout(a=inc, b=double),
    "async": fanout(a=ainc, b=pipe(ainc, ainc)),
    "one stream": fanout(a=one_two_three, b=double),
    "async streams": fanout(a=aone_two_three, b=aone_two_three),
    "alone": fanout(a=one_two_three, b=passthrough()),
    "through": fanout(a=transform(same), b=transform(same), c=passthrough()),
    "cheap": fanout(a=LITTLE, b=transform(same), c=fanout(x=LITTLE, y=passthrough())),
    "kept": fanout(a=runnable(inc, aio=ainc).cached(), b=fanout(double, ainc)),
}
WANTED: Final[dict[str, object]] = {
    "sync": {"a": 3, "b": 4},
    "async": {"a": 3, "b": 4},
    "one stream": {"a": 6, "b": 4},
    "async streams": {"a": 6, "b": 6},
    "alone": {"a": 6, "b": 2},
    "through": {"a": 2, "b": 2, "c": 2},
    "cheap": {"a": 3, "b": 2, "c": {"x": 3, "y": 2}},
    "kept": {"a": 3, "b": (4, 3)},
}
FAILS: Final = runnable(failing(KeyError()))


def never(_: object) -> bool:
    return False


def less_one(given: dict[str, int]) -> int:
    return given["n"] - 1


def as_a_chunk(given: object) -> Iterator[object]:
    yield given


def is_(wanted: object) -> Callable[[object], bool]:
    return lambda given: given == wanted


def back_from_text(wanted: object) -> Callable[[str], object]:
    return lambda text: wanted if text == str(wanted) else text


AROUND: Final[dict[str, Callable[[Any, Any], Runnable[Any, Any]]]] = {
    "pipe": lambda part, _: pipe(part, dict),
    "before chunks": lambda part, _: pipe(part, as_a_chunk),
    "named": lambda part, _: part.named("part"),
    "retry": lambda part, _: part.retry(on=KeyError, attempts=2),
    "fallback": lambda part, _: part.fallback(double),
    "fallback of what fails": lambda part, _: FAILS.fallback(part),
    "timeout": lambda part, _: part.timeout(seconds=60),
    "cached": lambda part, _: part.cached(),
    "cached by a key": lambda part, _: part.cached(key=pipe(PARTS["sync"], str)),
    "tap": lambda part, _: part.tap(len),
    "bind": lambda part, _: bind(lambda _: part),
    "what bind asks": lambda part, _: bind(pipe(part, lambda _: part)),
    "an arm": lambda part, _: branch(when(bool, part), otherwise=double),
    "the other arm": lambda part, _: branch(when(never, double), otherwise=part),
    "a test": lambda part, wanted: branch(when(pipe(part, is_(wanted)), part), otherwise=inc),
    "a case": lambda part, _: branch(case(int, part), otherwise=double),
    "route": lambda part, _: pipe({"k": passthrough()}, route("k", {2: pipe(pick("k"), part)})),
    "each": lambda part, _: pipe(lambda n: [n], each(part), lambda all_: all_[0]),
    "a branch": lambda part, _: pipe({"x": part, "y": double}, pick("x")),
    "the only branch": lambda part, _: pipe({"x": part, "y": passthrough()}, pick("x")),
    "assign": lambda part, _: pipe({"n": inc}, assign(x=pipe(less_one, part)), pick("x")),
    "template": lambda part, wanted: pipe({"x": part}, template("{x}"), back_from_text(wanted)),
}  # fmt: skip


def in_chunks(n: int) -> Iterator[int]:
    yield from (n, 1)


@pytest.mark.parametrize("head", [inc, in_chunks])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("around", AROUND)
def test_a_part_runs_wherever_it_stands(around: str, way: Way, head: AnyStep) -> None:
    for name, part in PARTS.items():
        chain: Any = pipe(head, AROUND[around](part, WANTED[name]))
        record = Record()
        for observers in ([], [Log()], [Following()], [record]):
            seen: Any = Observed(chain, *observers)
            assert way(seen, 1) == WANTED[name]
        assert record.problems() == []

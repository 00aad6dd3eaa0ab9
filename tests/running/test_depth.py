"""What nests deeper than Python's stack runs, in every way."""

import sys
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from combinators import (
    Runnable,
    assign,
    branch,
    each,
    fanout,
    passthrough,
    pick,
    pipe,
    route,
    runnable,
    when,
)
from combinators._run.concurrency.pool import Pool
from tests.running.ways import (
    ONCE,
    AnyStep,
    Loop,
    Way,
    inc,
)

DEEP = 1_000
SEEN: ContextVar[str] = ContextVar("SEEN", default="nothing")


def same(x: object) -> object:
    return x


def holds(_: object) -> bool:
    return True


Around = Callable[[Runnable[Any, Any]], Runnable[Any, Any]]

AROUND: dict[str, Around] = {
    "fanout": lambda inner: fanout(a=inner) | pick("a"),
    "fanout of two": lambda inner: fanout(a=inner, b=same) | pick("a"),
    "assign": lambda inner: assign(a=inner),
    "branch": lambda inner: branch(when(holds, inner), otherwise=same),
    "route": lambda inner: route("k", {"a": inner}),
    "named": lambda inner: inner.named("a"),
    "attempt": lambda inner: inner.attempt(),
    "tap": lambda inner: passthrough().tap(inner),
    "each": each,
}


@pytest.fixture(autouse=True)
def _plain_stack() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000)
    yield
    sys.setrecursionlimit(before)


def nested(step: AnyStep, around: Around, depth: int = DEEP) -> Runnable[Any, Any]:
    tree: Runnable[Any, Any] = runnable(step)
    for _ in range(depth):
        tree = around(tree)
    return tree


@pytest.mark.parametrize("way", ONCE)
@pytest.mark.parametrize("shape", AROUND)
def test_a_thousand_levels_run(way: Way, shape: str) -> None:
    ran: list[object] = []

    def step(x: object) -> object:
        ran.append(x)
        return x

    value: Any = {"k": "a"}
    if shape == "each":
        for _ in range(DEEP):
            value = [value]
    way(nested(step, AROUND[shape]), value)
    assert ran == [{"k": "a"}]


@pytest.mark.parametrize("way", ONCE)
def test_an_error_comes_back_from_far_below_as_it_is(way: Way) -> None:
    error = ValueError()

    def fails(_: object) -> object:
        raise error

    with pytest.raises(ValueError) as caught:  # noqa: PT011 - it is bare
        way(nested(fails, AROUND["route"], 200), {"k": "a"})
    assert caught.value is error


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_an_exit_far_below_is_raised_where_it_is_awaited(
    run: Loop, kind: type[BaseException]
) -> None:
    async def exits(_: object) -> object:
        await anyio.lowlevel.checkpoint()
        raise kind

    async def main() -> None:
        with pytest.raises(kind):
            await nested(exits, AROUND["route"], 200).ainvoke({"k": "a"})

    run(main())


def test_what_is_set_far_below_reaches_the_caller(run: Loop) -> None:
    def write(x: object) -> object:
        SEEN.set("below")
        return x

    async def awrite(x: object) -> object:
        return write(x)

    async def main() -> str:
        await nested(awrite, AROUND["route"], 200).ainvoke({"k": "a"})
        return SEEN.get()

    token = SEEN.set("above")
    nested(write, AROUND["route"], 200).invoke({"k": "a"})
    assert SEEN.get() == "below"
    SEEN.reset(token)
    assert run(main()) == "below"


@pytest.mark.parametrize("way", ONCE)
def test_ten_thousand_steps_run(way: Way) -> None:
    assert way(pipe(*[inc] * 10_000), 1) == 10_001


def test_where_no_thread_is_to_be_had_it_goes_on_on_the_same_stack(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("combinators._run.concurrency.contexts.POOL", Pool(max_threads=0))
    assert nested(same, AROUND["route"], 100).invoke({"k": "a"}) == {"k": "a"}


def test_cheap_steps_that_are_many_are_split_among_functions() -> None:
    little = fanout(a=runnable(inc, inline=True)) | pick("a")
    assert pipe(*[little] * 300).invoke(1) == 301

"""Streams that nest deep go on on another stack, every so many levels, and not more often."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import groupby
from typing import Any, Final, TypeAlias, final

import pytest

from combinators import Observer, Runnable, fanout, passthrough, pick, pipe, transform
from combinators._run.streams import astream, stream
from combinators.laws.observing import Log
from tests.running.ways import (
    AnyStep,
    aone_two_three,
    arriving,
    collected,
    on_asyncio,
    one_two_three,
)

Around: TypeAlias = Callable[[Runnable[Any, Any]], Runnable[Any, Any]]

DEEPEST: Final = stream.DEEPEST
WATCHED: Final = stream.DEEPEST_WATCHED


@final
class Stacks:
    """The stacks on which steps run, in the order in which those begin."""

    def __init__(self) -> None:
        self._seen: list[int] = []

    def step(self) -> Runnable[Any, Any]:
        """Return a step that lets chunks pass, and notes where."""
        return transform(self._same, aio=self._asame)

    def _same(self, chunks: Iterator[int]) -> Iterator[int]:
        self._seen.append(threading.get_ident())
        yield from chunks

    async def _asame(self, chunks: AsyncIterator[int]) -> AsyncIterator[int]:
        self._seen.append(id(asyncio.current_task()))
        async for chunk in chunks:
            yield chunk

    def heights(self) -> list[int]:
        """Return how many steps run on one stack, the last steps first."""
        return [len([*same]) for _, same in groupby(self._seen)]


Build: TypeAlias = Callable[[AnyStep, Stacks], Runnable[Any, Any]]


def heights(build: Build, *observers: Observer) -> list[int]:
    """Return how many steps run on one stack, in threads and in tasks alike."""
    stacks, astacks = Stacks(), Stacks()
    chunks = [*build(one_two_three, stacks).stream(0, observers=observers)]
    achunks = build(aone_two_three, astacks).astream(0, observers=observers)
    assert on_asyncio(collected(achunks)) == chunks
    assert stacks.heights() == astacks.heights()
    return stacks.heights()


def test_both_ways_go_on_elsewhere_at_the_same_levels() -> None:
    assert (DEEPEST, WATCHED) == (astream.DEEPEST, astream.DEEPEST_WATCHED)


def test_steps_behind_one_another_go_on_elsewhere() -> None:
    def build(source: AnyStep, stacks: Stacks) -> Runnable[Any, Any]:
        return pipe(source, *[stacks.step() for _ in range(2 * DEEPEST + 3)])

    assert heights(build) == [4, DEEPEST, DEEPEST - 1]


def test_steps_behind_an_input_in_chunks_do_so_too() -> None:
    stacks, astacks = Stacks(), Stacks()
    steps, asteps = ([each.step() for _ in range(DEEPEST + 1)] for each in (stacks, astacks))
    assert [*pipe(*steps).transform([1, 2])] == [1, 2]
    assert on_asyncio(collected(pipe(*asteps).atransform(arriving([1, 2])))) == [1, 2]
    assert stacks.heights() == astacks.heights() == [2, DEEPEST - 1]


def test_what_collects_begins_a_stack_anew() -> None:
    def build(source: AnyStep, stacks: Stacks) -> Runnable[Any, Any]:
        before, behind = ([stacks.step() for _ in range(DEEPEST - 1)] for _ in range(2))
        return pipe(source, *before, str, *behind)

    assert heights(build) == [2 * (DEEPEST - 1)]  # all of them on the caller's


AROUND: Final[dict[str, Around]] = {
    "named": lambda inner: inner.named("part"),
    "retry": lambda inner: inner.retry(on=OSError),
}


def nested(around: Around, levels: int) -> Build:
    """Return what builds a pipeline around a pipeline, so many times, each with a step."""

    def build(source: AnyStep, stacks: Stacks) -> Runnable[Any, Any]:
        chain: Any = pipe(source, stacks.step())
        for _ in range(levels):
            chain = pipe(around(chain), stacks.step())
        return chain  # type: ignore[no-any-return]  # of which no checker can know the types

    return build


@pytest.mark.parametrize("around", AROUND)
def test_what_is_watched_goes_on_elsewhere_more_often(around: str) -> None:
    found = heights(nested(AROUND[around], 2 * WATCHED), Log())
    assert found == [WATCHED - 1, WATCHED, 2]


def test_what_is_not_watched_does_not() -> None:
    assert heights(nested(AROUND["retry"], WATCHED)) == [WATCHED + 1]


def test_a_branch_is_one_level_deeper_than_its_fanout() -> None:
    def build(source: AnyStep, stacks: Stacks) -> Runnable[Any, Any]:
        chain = nested(AROUND["named"], WATCHED)(source, stacks)
        return pipe(passthrough(), fanout(x=chain), pick("x"))

    assert heights(build, Log()) == [WATCHED - 2, 3]

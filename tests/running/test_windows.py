"""How far a stream is made ahead of who reads it: a window, refilled when half of it is empty."""

import asyncio
import time
from collections.abc import AsyncGenerator, Generator, Mapping
from itertools import count, pairwise
from typing import Final

import pytest

from combinators import EmptyStreamError
from combinators._run.call import CALL
from combinators._run.streams import amerging, asharing, merging
from combinators._run.streams.merging import FEWEST, MOST
from combinators._run.streams.sharing import FURTHEST

SETTLED: Final = 2 * MOST  # turns of an event loop
PATIENCE: Final = 60.0  # seconds


def raise_all(errors: Mapping[int, Exception]) -> None:
    for error in errors.values():
        raise error


def numbers() -> Generator[int, None, None]:
    yield from count()


async def anumbers() -> AsyncGenerator[int, None]:
    for number in count():
        yield number


async def settled() -> None:
    for _ in range(SETTLED):
        await asyncio.sleep(0)


async def aleft(quickly: int, slowly: int) -> list[int]:
    """Return how many chunks wait before each that is taken slowly, behind some at once."""
    strand = amerging.Strand(0, None, anumbers())
    chunks = amerging.Merged(raise_all).chunks([strand])
    for _ in range(quickly):
        await anext(chunks)
    sizes: list[int] = []
    for _ in range(slowly):
        await settled()
        sizes.append(len(strand.buffer))
        await anext(chunks)
    await chunks.aclose()
    return sizes


def left_when_widest() -> list[int]:
    """Return the same of a thread that makes chunks, once its window is as wide as it gets."""
    strand = merging.Strand(0, None, numbers())
    chunks = merging.Merged(CALL, raise_all).chunks([strand], ())
    next(chunks)
    end = time.monotonic() + PATIENCE
    while held_up(strand, end) <= MOST // 2:
        for _ in range(MOST):
            next(chunks)
    sizes: list[int] = []
    for _ in range(2 * MOST):
        sizes.append(held_up(strand, end))
        next(chunks)
    chunks.close()
    return sizes


def held_up(strand: merging.Strand, end: float) -> int:
    """Return how many chunks wait, when the thread that makes them does."""
    while strand.gate is None:
        assert time.monotonic() < end, "the thread goes on without an end"
        time.sleep(0.0001)
    return len(strand.buffer)


def refilled(sizes: list[int], window: int) -> bool:
    """Return whether chunks are taken to the half of a window, and it is full again then."""
    return set(sizes) == {*range(window // 2, window + 1)} and all(
        after == (window if 2 * before <= window else before - 1)
        for before, after in pairwise(sizes)
    )


def test_who_reads_slowly_has_the_fewest_chunks_made_ahead() -> None:
    assert refilled(asyncio.run(aleft(1, 10)), FEWEST)


@pytest.mark.parametrize(("quickly", "window"), [(3, 4), (4, 4), (5, 4), (20, 16), (2000, MOST)])
def test_the_window_doubles_when_who_reads_has_to_wait(quickly: int, window: int) -> None:
    assert refilled(asyncio.run(aleft(quickly, 2 * window)), window)


def test_threads_refill_the_widest_window_when_half_of_it_is_empty() -> None:
    assert refilled(left_when_widest(), MOST)


def test_a_slow_stream_has_no_wider_window() -> None:
    gate = asyncio.Event()

    async def slowly() -> AsyncGenerator[int, None]:
        for number in count():
            await gate.wait()
            gate.clear()
            yield number

    async def left() -> int:
        strand = amerging.Strand(0, None, slowly())
        chunks = amerging.Merged(raise_all).chunks([strand])
        for _ in range(10):  # who reads waits, and nobody is held up
            taken = asyncio.ensure_future(anext(chunks))
            await settled()
            gate.set()
            await taken
        for _ in range(FEWEST):
            gate.set()
            await settled()
        gate.set()
        await settled()
        size = len(strand.buffer)
        await chunks.aclose()
        return size

    assert asyncio.run(left()) == FEWEST


def test_a_reader_waits_for_one_that_is_so_many_chunks_behind() -> None:
    async def ahead() -> int:
        shared = asharing.Shared(anumbers(), lambda: EmptyStreamError("anumbers"))
        quick, slow = shared.reader(0), shared.reader(1)
        taken = 0

        async def take() -> None:
            nonlocal taken
            async for _ in quick:
                taken += 1

        reading = asyncio.ensure_future(take())
        await settled()
        seen = taken
        for _ in range(2):
            await anext(slow)
        await settled()
        assert taken == seen + 2
        reading.cancel()
        await asyncio.wait([reading])
        await slow.aclose()
        return seen

    assert asyncio.run(ahead()) == FURTHEST

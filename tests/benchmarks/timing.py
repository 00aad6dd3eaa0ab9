"""How benchmarks measure: what is compared runs by turns, so a busy machine slows both down.

A round gives one number a side. What is told is the median of the ratios of the rounds:
a single time proves nothing on a machine that others use as well. Where nothing is waited
for, it is the time of the processor, from which others are left out.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from statistics import median
from timeit import Timer
from typing import Any, Final, TypeAlias

Runs: TypeAlias = Callable[[int], float]  # how many seconds so many runs take
Round: TypeAlias = Callable[[], Mapping[str, float]]  # one number a side

OURS: Final = "ours"
FLOOR: Final = "floor"

_LEAST_SECONDS: Final = 0.004  # what is measured takes as long as that, or the clock is too coarse


Clock: TypeAlias = Callable[[], float]


def calls(statement: str, clock: Clock = time.process_time, **names: object) -> Runs:
    """Return the time of a statement, in which the names mean what is given."""
    return Timer(statement, timer=clock, globals=names).timeit


def takes(seconds: float) -> Runs:
    """Return the time of an ideal that is known, and need not be run."""
    return lambda runs: runs * seconds


def awaits(
    call: Callable[[Any], Coroutine[Any, Any, Any]],
    value: object,
    clock: Clock = time.process_time,
) -> Runs:
    """Return the time of an awaited call, in a loop that runs already."""

    async def main(runs: int) -> float:
        begin = clock()
        for _ in range(runs):
            await call(value)
        return clock() - begin

    return lambda runs: asyncio.run(main(runs))


def drains(start: Callable[[], Iterator[object] | AsyncIterator[object]]) -> Runs:
    """Return the time in which a stream is taken to its end."""

    def sync(runs: int) -> float:
        begin = time.process_time()
        for _ in range(runs):
            for _ in _sync(start()):
                pass
        return time.process_time() - begin

    async def main(runs: int) -> float:
        begin = time.process_time()
        for _ in range(runs):
            async for _ in _async(start()):
                pass
        return time.process_time() - begin

    return sync if isinstance(start(), Iterator) else lambda runs: asyncio.run(main(runs))


def _sync(stream: Iterator[object] | AsyncIterator[object]) -> Iterator[object]:
    assert isinstance(stream, Iterator)
    return stream


def _async(stream: Iterator[object] | AsyncIterator[object]) -> AsyncIterator[object]:
    assert isinstance(stream, AsyncIterator)
    return stream


def by_turns(sides: Mapping[str, Runs]) -> Round:
    """Return rounds in which every side runs often enough to be measured."""
    repeats: dict[str, int] = {}

    def one() -> Mapping[str, float]:
        for name, runs in sides.items():
            if name not in repeats:
                repeats[name] = _enough(runs)
        return {name: runs(repeats[name]) / repeats[name] for name, runs in sides.items()}

    return one


def once(sides: Mapping[str, Runs]) -> Round:
    """Return rounds in which every side gives a number, which is no time."""
    return lambda: {name: runs(1) for name, runs in sides.items()}


def _enough(runs: Runs) -> int:
    runs(1)  # the first run compiles
    repeats = 1
    while runs(repeats) < _LEAST_SECONDS:
        repeats *= 2
    return repeats


def ratios(one: Round, rounds: int) -> Mapping[str, float]:
    """Return what each side is to the floor: the median over the rounds."""
    found = [one() for _ in range(rounds)]
    return {
        side: median(each[side] / each[FLOOR] for each in found)
        for side in found[0]
        if side != FLOOR
    }

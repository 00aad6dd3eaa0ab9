"""The steps that benchmarks run: so trivial that all else shows."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any


def inc(n: int) -> int:
    return n + 1


async def ainc(n: int) -> int:
    return n + 1


async def asuspend(n: int) -> int:
    await asyncio.sleep(0)
    return n + 1


def waiting(seconds: float) -> Callable[[int], int]:
    """Return a step that takes some time."""

    def wait(n: int) -> int:
        time.sleep(seconds)
        return n

    return wait


def awaiting(seconds: float) -> Callable[[int], Coroutine[object, object, int]]:
    """Return an async step that takes some time."""

    async def wait(n: int) -> int:
        await asyncio.sleep(seconds)
        return n

    return wait


CHUNKS = 1000


def chunks(n: int) -> Iterator[int]:
    for _ in range(CHUNKS):
        yield n


async def achunks(n: int) -> AsyncIterator[int]:
    for _ in range(CHUNKS):
        yield n


# --- By hand ------------------------------------------------------------------


def by_hand(length: int) -> Callable[[int], int]:
    """Return the function that somebody would have written: a line a step."""
    return _written("def run(n):\n" + length * "    n = inc(n)\n" + "    return n\n", inc=inc)


def awaited_by_hand(length: int) -> Callable[[int], Coroutine[object, object, int]]:
    """Return the async function that somebody would have written."""
    code = "async def run(n):\n" + length * "    n = await ainc(n)\n" + "    return n\n"
    return _written(code, ainc=ainc)


def _written(code: str, **names: Callable[[int], Any]) -> Callable[[int], Any]:
    exec(code, names)  # noqa: S102 - our own words, repeated
    return names["run"]

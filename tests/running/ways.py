"""What the tests of running share: the ways to run, small steps, and gauges."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

from returns.result import Result, Success

from combinators import FanoutError, Runnable
from combinators._run.chunks import merged

A = TypeVar("A")

# Whatever stands for a step, where its kind is a parameter of a test.
AnyStep: TypeAlias = Callable[..., Any]

Way: TypeAlias = Callable[[Runnable[Any, Any], Any], Any]

ROOT: Final = Path(__file__).parents[2]


def by_invoke(r: Runnable[Any, Any], x: object) -> Any:  # noqa: ANN401 - a parameter of the test
    return r.invoke(x)


def by_ainvoke(r: Runnable[Any, Any], x: object) -> Any:  # noqa: ANN401 - a parameter of the test
    return asyncio.run(r.ainvoke(x))


def by_batch(r: Runnable[Any, Any], x: object) -> Any:  # noqa: ANN401 - a parameter of the test
    (outcome,) = r.batch([x], errors="collect")
    return _told(outcome)


def by_abatch(r: Runnable[Any, Any], x: object) -> Any:  # noqa: ANN401 - a parameter of the test
    (outcome,) = asyncio.run(r.abatch([x], errors="collect"))
    return _told(outcome)


def _told(outcome: Result[Any, Exception]) -> Any:  # noqa: ANN401 - a parameter of the test
    if isinstance(outcome, Success):
        return outcome.unwrap()
    raise outcome.failure()


def by_stream(r: Runnable[Any, Any], x: object) -> Any:  # noqa: ANN401 - a parameter of the test
    return merged(list(r.stream(x)))


def by_astream(r: Runnable[Any, Any], x: object) -> Any:  # noqa: ANN401 - a parameter of the test
    return merged(asyncio.run(collected(r.astream(x))))


WAYS: Final[tuple[Way, ...]] = (by_invoke, by_ainvoke, by_batch, by_abatch, by_stream, by_astream)
ONCE: Final[tuple[Way, ...]] = (by_invoke, by_ainvoke)


async def collected(chunks: AsyncIterator[A]) -> list[A]:
    return [chunk async for chunk in chunks]


async def arriving(values: Iterable[A]) -> AsyncIterator[A]:
    for value in values:
        await asyncio.sleep(0)
        yield value


# --- Steps --------------------------------------------------------------------


def inc(n: int) -> int:
    return n + 1


def double(n: int) -> int:
    return 2 * n


async def ainc(n: int) -> int:
    await asyncio.sleep(0)
    return n + 1


def one_two_three(_: object) -> Iterator[int]:
    yield from (1, 2, 3)


async def aone_two_three(_: object) -> AsyncIterator[int]:
    for n in (1, 2, 3):
        await asyncio.sleep(0)
        yield n


def failing(error: BaseException, after_seconds: float = 0.0) -> Callable[[object], int]:
    """Return a step that raises `error`."""

    def fail(_: object) -> int:
        time.sleep(after_seconds)
        raise error

    return fail


def afailing(
    error: BaseException, after_seconds: float = 0.0
) -> Callable[[object], Coroutine[Any, Any, int]]:
    """Return an async step that raises `error`."""

    async def afail(_: object) -> int:
        await asyncio.sleep(after_seconds)
        raise error

    return afail


def waiting(seconds: float) -> Callable[[A], A]:
    """Return a step that takes some time."""

    def wait(x: A) -> A:
        time.sleep(seconds)
        return x

    return wait


def awaiting(seconds: float) -> Callable[[A], Coroutine[Any, Any, A]]:
    """Return an async step that takes some time."""

    async def wait(x: A) -> A:
        await asyncio.sleep(seconds)
        return x

    return wait


# --- What is measured ----------------------------------------------------------


class Gauge:
    """A pair of steps that count how many of them run at once, and how many ran."""

    def __init__(self, seconds: float = 0.01) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self.running = 0
        self.peak = 0
        self.count = 0

    def _enter(self) -> None:
        with self._lock:
            self.running += 1
            self.count += 1
            self.peak = max(self.peak, self.running)

    def _leave(self) -> None:
        with self._lock:
            self.running -= 1

    def step(self, x: object) -> object:
        self._enter()
        try:
            time.sleep(self._seconds)
        finally:
            self._leave()
        return x

    async def astep(self, x: object) -> object:
        self._enter()
        try:
            await asyncio.sleep(self._seconds)
        finally:
            self._leave()
        return x


def note_of(error: BaseException) -> str:
    """Return the only note of an error."""
    (note,) = error.__notes__
    return str(note)


def notes_of(error: FanoutError) -> dict[tuple[Any, ...], str]:
    """Return the only note of each error in a group, under its key path."""
    return {path: note_of(leaf) for path, leaf in error.flat().items()}


def seconds_of(run: Callable[[], object]) -> float:
    """Return how long a call takes."""
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


def within(seconds: float, main: Awaitable[A]) -> A:
    """Return the result of a coroutine, or fail where it takes too long."""

    async def bounded() -> A:
        async with asyncio.timeout(seconds):
            return await main

    return asyncio.run(bounded())


def python(
    code: str, *, seconds: float = 30, measured: bool = True
) -> subprocess.CompletedProcess[str]:
    """Return what a Python process of its own said to `code`.

    Args:
        measured: whether coverage, where it runs, may look on; a lock of its own that a thread
            holds at a fork is held for good in the child
    """
    kept = (name for name in os.environ if measured or not name.startswith("COVERAGE"))
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={name: os.environ[name] for name in kept},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )

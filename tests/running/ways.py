"""What the tests of running share: the ways to run, small steps, and gauges."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterable,
    Iterator,
)
from contextlib import asynccontextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias, TypeVar

import anyio
import anyio.lowlevel
import sniffio
import trio
from returns.result import Result, Success
from typing_extensions import override

from combinators import FanoutError, Observer, Run, Runnable
from combinators._run.chunks import merged

A = TypeVar("A")

# Whatever stands for a step, where its kind is a parameter of a test.
AnyStep: TypeAlias = Callable[..., Any]

Way: TypeAlias = Callable[[Runnable[Any, Any], Any], Any]

ROOT: Final = Path(__file__).parents[2]


class Loop(Protocol):
    """Runs something awaitable to its end, or fails where that takes too long."""

    def __call__(self, main: Awaitable[A], /, *, seconds: float = 60) -> A: ...


def on_asyncio(main: Awaitable[A], /, *, seconds: float = 60) -> A:
    return asyncio.run(_bounded(main, seconds))


def on_trio(main: Awaitable[A], /, *, seconds: float = 60) -> A:
    return trio.run(_bounded, main, seconds, strict_exception_groups=True)


async def _bounded(main: Awaitable[A], seconds: float) -> A:
    async with timeout(seconds):
        result = await main
    assert tasks_left() == 0
    return result


LOOPS: Final[tuple[Loop, ...]] = (on_asyncio, on_trio)


def is_trio() -> bool:
    return sniffio.current_async_library() == "trio"


def tasks_left() -> int:
    """Return how many tasks there are beside the one that asks, in what the above run."""
    if is_trio():
        # The main task, the one that runs it, and the one that listens to threads.
        return trio.lowlevel.current_statistics().tasks_living - 3
    return len(asyncio.all_tasks()) - 1


@asynccontextmanager
async def timeout(seconds: float) -> AsyncGenerator[None, None]:
    """Cancel what takes too long: once on asyncio, for good on trio, as they have it.

    Raises:
        TimeoutError: it did.
    """
    if is_trio():
        with anyio.fail_after(seconds):
            yield
    else:
        async with asyncio.timeout(seconds):
            yield


class Task(Protocol):
    """Something awaitable in a task of its own."""

    def cancel(self) -> object: ...

    async def was_cancelled(self) -> bool:
        """Return, when it is over, whether it ended bare because it was cancelled."""
        ...


@asynccontextmanager
async def begun(main: Awaitable[Any]) -> AsyncGenerator[Task, None]:
    if is_trio():
        async with trio.open_nursery() as nursery:
            task = OnTrio(main)
            nursery.start_soon(task.run)
            yield task
    else:
        yield OnAsyncio(asyncio.ensure_future(main))


@dataclass(frozen=True, slots=True)
class OnAsyncio(Task):
    task: asyncio.Future[Any]

    @override
    def cancel(self) -> None:
        self.task.cancel()

    @override
    async def was_cancelled(self) -> bool:
        await asyncio.wait([self.task])
        if not self.task.cancelled():
            self.task.result()
        return self.task.cancelled()


class OnTrio(Task):
    def __init__(self, main: Awaitable[Any]) -> None:
        self._main = main
        self._scope = trio.CancelScope()
        self._over = trio.Event()

    async def run(self) -> None:
        with self._scope:
            await self._main
        self._over.set()

    @override
    def cancel(self) -> None:
        self._scope.cancel()

    @override
    async def was_cancelled(self) -> bool:
        await self._over.wait()
        return self._scope.cancelled_caught


def by_invoke(r: Runnable[Any, Any], x: object) -> Any:  # noqa: ANN401 - a parameter of the test
    return r.invoke(x)


def by_batch(r: Runnable[Any, Any], x: object) -> Any:  # noqa: ANN401 - a parameter of the test
    (outcome,) = r.batch([x], errors="collect")
    return _told(outcome)


def by_stream(r: Runnable[Any, Any], x: object) -> Any:  # noqa: ANN401 - a parameter of the test
    return merged(list(r.stream(x)))


def by_ainvoke(r: Runnable[Any, Any], x: object, loop: Loop = on_asyncio) -> Any:  # noqa: ANN401 - as above
    return loop(r.ainvoke(x))


def by_abatch(r: Runnable[Any, Any], x: object, loop: Loop = on_asyncio) -> Any:  # noqa: ANN401 - as above
    (outcome,) = loop(r.abatch([x], errors="collect"))
    return _told(outcome)


def by_astream(r: Runnable[Any, Any], x: object, loop: Loop = on_asyncio) -> Any:  # noqa: ANN401 - as above
    return merged(loop(collected(r.astream(x))))


def _told(outcome: Result[Any, Exception]) -> Any:  # noqa: ANN401 - a parameter of the test
    if isinstance(outcome, Success):
        return outcome.unwrap()
    raise outcome.failure()


def by_ainvoke_on_trio(r: Runnable[Any, Any], x: object) -> Any:  # noqa: ANN401 - as above
    return by_ainvoke(r, x, on_trio)


def by_abatch_on_trio(r: Runnable[Any, Any], x: object) -> Any:  # noqa: ANN401 - as above
    return by_abatch(r, x, on_trio)


def by_astream_on_trio(r: Runnable[Any, Any], x: object) -> Any:  # noqa: ANN401 - as above
    return by_astream(r, x, on_trio)


ONCE: Final[tuple[Way, ...]] = (by_invoke, by_ainvoke, by_ainvoke_on_trio)
WAYS: Final[tuple[Way, ...]] = (
    *ONCE, by_batch, by_abatch, by_abatch_on_trio, by_stream, by_astream, by_astream_on_trio,
)  # fmt: skip


async def collected(chunks: AsyncIterator[A]) -> list[A]:
    return [chunk async for chunk in chunks]


class Resuming(Iterator[int]):
    """What gives 0 and 1, then raises, and then has more to give, as a file that grows."""

    def __init__(self, end: Exception) -> None:
        self._left: list[int | Exception] = [3, 2, end, 1, 0]

    @override
    def __next__(self) -> int:
        given = self._left.pop() if self._left else StopIteration()
        if isinstance(given, Exception):
            raise given
        return given


class LaterResuming(AsyncIterator[int]):
    """The same, awaited."""

    def __init__(self, end: Exception) -> None:
        self._given = Resuming(end)

    @override
    async def __anext__(self) -> int:
        await anyio.lowlevel.checkpoint()
        try:
            return next(self._given)
        except StopIteration:
            raise StopAsyncIteration from None


async def arriving(values: Iterable[A]) -> AsyncIterator[A]:
    for value in values:
        await anyio.lowlevel.checkpoint()
        yield value


# --- Observers ----------------------------------------------------------------

CURRENT: ContextVar[Run | None] = ContextVar("current", default=None)


class Following(Observer):
    """An observer that keeps in a context variable which run goes on."""

    def __init__(self) -> None:
        self._tokens: dict[int, Token[Run | None]] = {}

    @override
    def on_enter(self, run: Run, /) -> None:
        self._tokens[run.id] = CURRENT.set(run)

    @override
    def on_leave(self, run: Run, /) -> None:
        CURRENT.reset(self._tokens.pop(run.id))


class Observed:
    """A runnable that is observed in whatever way it is called."""

    def __init__(self, r: Runnable[Any, Any], *observers: Observer) -> None:
        self._r = r
        self._observers = observers

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(self._r, name)
        return lambda *args, **options: method(*args, observers=self._observers, **options)


# --- Steps --------------------------------------------------------------------


def inc(n: int) -> int:
    return n + 1


def double(n: int) -> int:
    return 2 * n


async def ainc(n: int) -> int:
    await anyio.lowlevel.checkpoint()
    return n + 1


def one_two_three(_: object) -> Iterator[int]:
    yield from (1, 2, 3)


async def aone_two_three(_: object) -> AsyncIterator[int]:
    for n in (1, 2, 3):
        await anyio.lowlevel.checkpoint()
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
        await anyio.sleep(after_seconds)
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
        await anyio.sleep(seconds)
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
            await anyio.sleep(self._seconds)
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

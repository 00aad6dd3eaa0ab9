"""Python's own ways to wait, to start threads and to tell the time, as a schedule needs them.

While something runs under a schedule, this is what it finds under their names. The
seam is these names and nothing else: code that asks a module for `Lock` or `sleep`
when it needs one runs under a schedule as it is. Threads that no schedule rules get
what they always get.
"""

from __future__ import annotations

import asyncio
import gc
import queue
import threading
import time
from collections.abc import Callable
from types import GenericAlias, TracebackType
from typing import Any, TypeVar, final

from combinators._run.concurrency.pool import POOL
from combinators.laws.schedules._loop import VirtualLoop
from combinators.laws.schedules._places import place_of_thread
from combinators.laws.schedules._scheduler import here

A = TypeVar("A")

_lock = threading.Lock
_rlock = threading.RLock
_sleep = time.sleep
_monotonic = time.monotonic
_simple_queue = queue.SimpleQueue
_new_event_loop = asyncio.new_event_loop
_start = threading.Thread.start
_join = threading.Thread.join


def substituted(main: Callable[[], A]) -> A:
    """Return what `main` returns; meanwhile the substitutes are in place, for one run at a time."""
    # No context manager of a generator: it writes to exceptions, and some refuse that.
    with _ONE_AT_A_TIME:
        before = [getattr(place, name) for place, name, _ in _SUBSTITUTES]
        pool, collects = dict(vars(POOL)), gc.isenabled()
        for place, name, substitute in _SUBSTITUTES:
            setattr(place, name, substitute)
        gc.disable()  # finalizers would run whenever it comes to collecting: no schedule says when
        try:
            return main()
        finally:
            if collects:
                gc.enable()
            vars(POOL).update(pool)
            for (place, name, _), original in zip(_SUBSTITUTES, before, strict=True):
                setattr(place, name, original)


_ONE_AT_A_TIME = threading.Lock()


def start_pool_afresh() -> None:
    """Let the library's pool forget its threads, which no schedule rules, until the run is over."""
    # What it does in the child of a fork, where it has none either.
    POOL._reset()  # noqa: SLF001 - as said  # pyright: ignore[reportPrivateUsage]


@final
class VirtualLock:
    """A lock to wait for under a schedule; elsewhere, a lock as any other."""

    def __init__(self) -> None:
        self._lock = _lock()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:  # noqa: FBT001, FBT002 - as in `threading`
        """Return whether the lock was taken."""
        strand = here()
        if strand is None:
            return self._lock.acquire(blocking, timeout)
        if blocking:
            seconds = None if timeout < 0 else timeout
            strand.scheduler.wait(
                lambda: not self._lock.locked(),
                lambda: f"a lock{place_of_thread(strand.thread)}",
                seconds,
            )
        return self._lock.acquire(blocking=False)

    def release(self) -> None:
        """Let somebody else take the lock."""
        self._lock.release()

    def locked(self) -> bool:
        """Return whether it is taken."""
        return self._lock.locked()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()

    def _at_fork_reinit(self) -> None:
        self._lock = _lock()


def _new_lock() -> VirtualLock | threading.Lock:
    return _lock() if here() is None else VirtualLock()


def _new_rlock() -> object:
    if here() is None:
        return _rlock()
    # Python's other one is written in C and waits where no schedule sees it.
    return threading._RLock()  # noqa: SLF001 - as said  # pyright: ignore[reportPrivateUsage]


class _NewQueue:
    """What makes a queue, and can be subscripted as the class can."""

    def __class_getitem__(cls, item: object) -> GenericAlias:
        return GenericAlias(cls, item)

    def __new__(cls) -> queue.SimpleQueue[Any] | queue.Queue[Any]:  # type: ignore[misc]  # it stands for a function
        return _simple_queue() if here() is None else queue.Queue()


def _sleep_here(seconds: float) -> None:
    strand = here()
    if strand is None or seconds < 0:
        _sleep(seconds)
    elif seconds == 0:
        strand.scheduler.pause()
    else:
        strand.scheduler.wait(lambda: False, lambda: "the clock", seconds)


def _time_here() -> float:
    strand = here()
    return _monotonic() if strand is None else strand.scheduler.now


def _new_loop() -> asyncio.AbstractEventLoop:
    strand = here()
    return _new_event_loop() if strand is None else VirtualLoop(strand.scheduler)


def _start_here(thread: threading.Thread) -> None:
    strand = here()
    if strand is None:
        _start(thread)
    else:
        strand.scheduler.start(thread)


def _join_here(thread: threading.Thread, timeout: float | None = None) -> None:
    strand = here()
    if strand is None or strand.scheduler.join(thread, timeout):
        _join(thread, timeout)


# `Event`, `Condition`, `Semaphore`, `Barrier` and `Queue` are Python over `_allocate_lock`.
_SUBSTITUTES: tuple[tuple[object, str, object], ...] = (
    (threading, "Lock", _new_lock),
    (threading, "_allocate_lock", _new_lock),
    (threading, "RLock", _new_rlock),
    (queue, "SimpleQueue", _NewQueue),
    (time, "sleep", _sleep_here),
    (time, "monotonic", _time_here),
    (time, "perf_counter", _time_here),
    (asyncio, "new_event_loop", _new_loop),
    (asyncio.events, "new_event_loop", _new_loop),
    (threading.Thread, "start", _start_here),
    (threading.Thread, "join", _join_here),
)

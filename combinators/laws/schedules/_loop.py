"""An event loop without a clock or a network of its own: a schedule says what comes next.

What asyncio promises, it keeps: callbacks run in the order in which they were
registered. What depends on the world outside, the schedule decides: which of the
tasks that could go on goes on, and whether a thread gets in between.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import takewhile
from typing import Any, TypeGuard, TypeVar, final

from typing_extensions import override

from combinators.laws.schedules._errors import InputOutputError
from combinators.laws.schedules._places import place_of_coroutine
from combinators.laws.schedules._scheduler import Abandoned, Scheduler

A = TypeVar("A")

LAST_TURNS = 1000


@final
class NumberedTask(asyncio.Task[Any]):
    """A task that is named and hashed by its number, and so the same from run to run.

    Whoever keeps tasks in a set takes them out in an order that depends on their hashes.
    """

    def __init__(self, coroutine: Any, number: int, *, name: str | None, **options: Any) -> None:
        self._number = number
        super().__init__(coroutine, name=name or f"task {number}", **options)

    @override
    def __hash__(self) -> int:
        return self._number

    @override
    def __eq__(self, other: object) -> bool:
        return self is other


@final
class VirtualLoop(asyncio.BaseEventLoop):
    """An event loop that runs under a schedule."""

    # What the base class keeps: callbacks that can run, and a heap of those that wait for a time.
    _ready: deque[asyncio.Handle]
    _scheduled: list[asyncio.TimerHandle]

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__()
        self._scheduler = scheduler
        self._last_turns = LAST_TURNS
        self._tasks = 0

    @override
    def create_task(self, coro: Any, **options: Any) -> asyncio.Task[Any]:
        if self.get_task_factory() is not None:
            return super().create_task(coro, **options)
        self._tasks += 1
        name = options.pop("name", None)
        return NumberedTask(coro, self._tasks, name=name, loop=self, **options)

    @override
    def time(self) -> float:
        return self._scheduler.now

    @override
    def run_in_executor(
        self, executor: object, func: Callable[..., A], *args: object
    ) -> asyncio.Future[A]:
        """Run a function on a thread of its own, whatever the executor."""
        ended: asyncio.Future[A] = self.create_future()

        def settle(outcome: Callable[[], None]) -> None:
            if not ended.cancelled():
                outcome()

        def job() -> None:
            try:
                result = func(*args)
            except Abandoned:
                raise
            except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
                outcome = partial(ended.set_exception, error)
            else:
                outcome = partial(ended.set_result, result)
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self.call_soon_threadsafe(settle, outcome)

        self._scheduler.spawn(job)
        return ended

    def _run_once(self) -> None:
        """Run one callback: all of them have their turn, but others may come between."""
        if self._scheduler.is_over:
            self._end()
        elif self._ready:
            self._scheduler.pause()
        else:
            self._scheduler.wait(self._has_work, self._tasks_described, self._seconds_left())
        self._collect_due()
        if self._ready:
            handle = self._next()
            self._ready.remove(handle)
            if not handle.cancelled():
                handle._run()  # noqa: SLF001 - what the base class calls

    def _end(self) -> None:
        """Let cancelled tasks end, without a schedule and as far as they can by themselves."""
        self._last_turns -= 1
        if not self._last_turns or not self._ready:
            raise Abandoned

    def _has_work(self) -> bool:
        return bool(self._ready)

    def _seconds_left(self) -> float | None:
        """Return how long it is until something is due."""
        return self._scheduled[0].when() - self.time() if self._scheduled else None

    def _collect_due(self) -> None:
        while self._scheduled and self._scheduled[0].when() <= self.time():
            self._ready.append(heapq.heappop(self._scheduled))

    def _next(self) -> asyncio.Handle:
        """Return a callback that may run now: the first, or a task's before any that is none's."""
        steps = [*takewhile(lambda handle: _task_of(handle) is not None, self._ready)]
        return self._scheduler.choose(steps, _name) if steps else self._ready[0]

    def _tasks_described(self) -> str:
        waiting = [
            f"{task.get_name()}{place_of_coroutine(task.get_coro())}"
            for task in sorted(asyncio.all_tasks(self), key=_age)
        ]
        return f"its event loop, with {', '.join(waiting) or 'no task'}"

    def _write_to_self(self) -> None:
        """Do nothing: the scheduler asks whether there is work."""

    def _process_events(self, _: object) -> None:
        """Do nothing: there are no events but ours."""


def _task_of(handle: asyncio.Handle) -> asyncio.Task[Any] | None:
    """Return the task of which a callback is the next step, None where it is another callback."""
    callback = getattr(handle, "_callback", None)
    owner: object = getattr(callback, "__self__", None)
    return owner if _is_task(owner) else None


def _is_task(value: object) -> TypeGuard[asyncio.Task[Any]]:
    return isinstance(value, asyncio.Task)


def _name(handle: asyncio.Handle) -> str:
    task = _task_of(handle)
    return "a callback" if task is None else task.get_name()


def _age(task: asyncio.Task[Any]) -> tuple[int, str]:
    name = task.get_name()
    return len(name), name  # task 9 is older than task 10


def _refused(name: str) -> Callable[..., object]:
    def refuse(*_: object, **__: object) -> object:
        raise InputOutputError(f"loop.{name}")

    return refuse


for _method in (
    "add_reader", "add_writer", "add_signal_handler", "connect_accepted_socket",
    "connect_read_pipe", "connect_write_pipe", "create_connection", "create_datagram_endpoint",
    "create_server", "create_unix_connection", "create_unix_server", "getaddrinfo", "getnameinfo",
    "sendfile", "sock_accept", "sock_connect", "sock_recv", "sock_recv_into", "sock_recvfrom",
    "sock_recvfrom_into", "sock_sendall", "sock_sendfile", "sock_sendto", "start_tls",
    "subprocess_exec", "subprocess_shell",
):  # fmt: skip
    setattr(VirtualLoop, _method, _refused(_method))

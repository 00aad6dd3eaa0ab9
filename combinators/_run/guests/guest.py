"""An event loop of asyncio's that trio turns, and what its tasks ask of trio.

All that runs pipelines is written once, for asyncio. Under trio it runs here, between the steps
of trio's own tasks; what the user has written to be awaited is run by those tasks, and sees
nothing but trio. Two doors lead from one side to the other: `run`, and a `Visit`.
"""

from __future__ import annotations

import asyncio
import heapq
import math

# Named for those who make event loops, so asyncio says, and in its list of names.
from asyncio.events import (
    _get_running_loop,  # pyright: ignore[reportPrivateUsage]  # as said
    _set_running_loop,  # pyright: ignore[reportPrivateUsage]  # as said
)
from contextlib import AsyncExitStack
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, final

import trio

from combinators._compat import override
from combinators._run.concurrency.contexts import adopt
from combinators._run.concurrency.tasks import contained, result_of

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import AsyncGenerator, Awaitable, Callable


@final
class Guest(asyncio.BaseEventLoop):
    """An event loop without a selector or a clock of its own: trio has both."""

    # What the base class keeps: callbacks that can run, and a heap of those that wait for a time.
    _ready: deque[asyncio.Handle]
    _scheduled: list[asyncio.TimerHandle]

    def __init__(self) -> None:
        super().__init__()
        self._host = trio.lowlevel.current_trio_token()
        self._news = trio.Event()
        self._over = trio.Event()
        self._has_ended = False
        self.opened: list[AsyncGenerator[Any, None]] = []  # what nobody else closes
        trio.lowlevel.spawn_system_task(self._turn_on)

    async def run(self, function: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        """Return what `function` returns when the tasks of this loop have awaited it.

        For tasks of trio's. One that is cancelled cancels what runs, and waits for its end;
        what fails in cleanup is told even so.
        """
        context, over = copy_context(), trio.Event()
        task = self.create_task(contained(function, *args), context=context)
        task.add_done_callback(lambda _: over.set())
        self.wake()
        try:
            await over.wait()
        except BaseException:  # trio's `Cancelled`, or Ctrl-C
            self.call_soon(task.cancel)  # not before it has begun: it may be what closes others
            self.wake()
            with trio.CancelScope(shield=True):
                await over.wait()
            if not task.cancelled():
                result_of(task.result())
            raise
        finally:
            adopt(context)
        return result_of(task.result())

    async def end(self) -> None:
        """Close what is open, and return when nothing of this loop is left."""
        try:
            if self.opened and not self.is_closed():
                await self.run(self._leave)
        finally:
            self._has_ended = True
            self.wake()
            with trio.CancelScope(shield=True):
                await self._over.wait()

    async def _leave(self) -> None:
        async with AsyncExitStack() as stack:
            for chunks in self.opened:
                stack.push_async_callback(chunks.aclose)

    def wake(self) -> None:
        """Let this loop see that there is something to do; in trio's own thread."""
        self._news.set()

    @override
    def time(self) -> float:
        return trio.current_time()

    async def _turn_on(self) -> None:
        """Run what can go on, round by round, until this loop ends."""
        try:
            while not self._has_ended:
                await self._turn()
        except trio.Cancelled:  # the run of trio is over: nobody closes what is open
            with trio.CancelScope(shield=True):
                await self._wind_up()
            raise
        finally:
            self.close()
            self._over.set()

    async def _turn(self) -> None:
        self._news = trio.Event()
        outside = _get_running_loop()  # where trio is a guest of asyncio's itself
        _set_running_loop(None)
        try:
            self.stop()
            self.run_forever()  # for one round
        finally:
            _set_running_loop(outside)
        if self._ready:
            await trio.lowlevel.checkpoint()
            return
        with trio.CancelScope(deadline=self._next_due()):
            await self._news.wait()

    async def _wind_up(self) -> None:
        for task in asyncio.all_tasks(self):
            task.cancel()
        leaving = self.create_task(contained(self._leave))
        for task in asyncio.all_tasks(self):
            task.add_done_callback(lambda _: self.wake())
        while asyncio.all_tasks(self):
            await self._turn()
        leaving.exception()  # there is nobody to tell

    def _run_once(self) -> None:
        """Run the callbacks that can run now: what the base class does, but for waiting."""
        now = self.time()
        while self._scheduled and self._scheduled[0].when() <= now:
            self._ready.append(heapq.heappop(self._scheduled))
        for _ in range(len(self._ready)):
            handle = self._ready.popleft()
            if not handle.cancelled():
                handle._run()  # noqa: SLF001 - what the base class calls

    def _next_due(self) -> float:
        while self._scheduled and self._scheduled[0].cancelled():
            heapq.heappop(self._scheduled)
        return self._scheduled[0].when() if self._scheduled else math.inf

    def _write_to_self(self) -> None:
        """Wake this loop from another thread."""
        self._host.run_sync_soon(self.wake, idempotent=True)

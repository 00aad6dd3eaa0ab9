"""A batch whose results are all wanted, on an event loop: the twin of `gathering`.

A task works through the inputs; only where it waits, another one begins, up to the limit.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Final, final

from combinators._failures import BatchError
from combinators._run import aio
from combinators._run.batches.batch import UNLIMITED
from combinators._run.batches.gathering import claims, collected, is_changed
from combinators._run.call import turn
from combinators._run.concurrency.tasks import contained, joined

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from contextvars import Context

    from combinators import _nodes as n
    from combinators._run.call import Host, Turn
    from combinators._run.code.program import Loop, Program
    from combinators._run.concurrency.tasks import Contained

_END: Final[Any] = object()


def gathering(
    loop: Loop,
    inputs: Iterable[Any] | AsyncIterable[Any],
    limit: int | None,
    *,
    collect: bool,
    host: Host | None,
) -> Gathering:
    """Return a batch of a loop over items, to be run on the running event loop."""
    return Gathering(loop, inputs, turn(limit, host=host), limit, collect=collect)


def loop(node: n.Node, *, watch: bool, limited: bool, hosted: bool = False, observed: bool) -> Loop:
    """Return what runs a tree on many inputs, each with its index if observed."""
    if observed:
        return _through(
            aio.itemwise(node, watch=watch, limited=limited, hosted=hosted, observed=True)
        )
    return aio.loop(node, watch=watch, limited=limited, hosted=hosted)


def _through(program: Program) -> Loop:
    """Return the loop that a program would be compiled into, around the program as it is."""

    async def batch(  # noqa: PLR0913, PLR0917 - what a loop is given
        items: Iterable[tuple[int, Any]],
        turn: Turn,
        values: dict[int, Any],
        failed: Callable[[int, Exception], None],
        context: Context,
        before: Context,
    ) -> bool:
        for index, x in items:
            try:
                values[index] = await program(x, turn)
            except Exception as error:  # noqa: BLE001 - the outcome of this item
                failed(index, error)
            if is_changed(context, before):
                return True
        return False

    return batch


@final
class Gathering:
    """Items on their way through a program, with tasks at work on them."""

    def __init__(
        self,
        loop: Loop,
        inputs: Iterable[Any] | AsyncIterable[Any],
        turn: Turn,
        limit: int | None,
        *,
        collect: bool,
    ) -> None:
        self._loop = loop
        self._turn = turn
        self._limit = limit or UNLIMITED
        self._collect = collect
        self._arriving: AsyncIterator[Any] | None = None
        there: Iterable[Any] = ()
        if isinstance(inputs, AsyncIterable):
            self._arriving = aiter(inputs)
        else:
            there = inputs
        self._claims, self._leave_the_rest = claims(there, self._failed)
        self._reading = asyncio.Lock()
        self._context = copy_context()
        self._values: dict[int, Any] = {}
        self._errors: dict[int, Exception] = {}
        self._arrived = 0
        self._has_ended = False  # no further item begins
        self._tasks: set[asyncio.Task[Contained]] = set()
        self._news: asyncio.Event = asyncio.Event()
        self._odd: BaseException | None = None  # what is no failure: it is raised bare

    async def results(self) -> list[Any]:
        """Return the results, or the outcomes, in the order of the inputs.

        Raises:
            BatchError: an item failed, and failures are not collected.
        """
        self._start_one()
        try:
            while self._tasks and self._odd is None:
                self._news.clear()
                await self._news.wait()
        finally:
            self._end()
            tasks = [*self._tasks]
            for task in tasks:
                task.cancel()
            await joined(tasks)
        if self._odd is not None:
            raise self._odd
        if self._collect:
            return collected(self._values, self._errors)
        if self._errors:
            first = next(iter(self._errors))
            raise BatchError(first, self._values, self._errors) from self._errors[first]
        return [self._values[index] for index in range(len(self._values))]

    def _start_one(self) -> None:
        """Start one more task, which sends for the next one that may begin where it waits."""
        if len(self._tasks) < self._limit and not self._has_ended:
            context = self._context.copy()
            work = contained(self._work, context)
            task = asyncio.get_running_loop().create_task(work, context=context)
            self._tasks.add(task)
            task.add_done_callback(self._leave)

    def _leave(self, task: asyncio.Task[Contained]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            self._odd = self._odd or asyncio.CancelledError()
        else:
            error = task.exception() or task.result()[1]
            self._odd = self._odd or error
        self._start_one()  # where it ended early: its context was changed, say
        if not self._tasks or self._odd is not None:
            self._news.set()

    async def _work(self, context: Context) -> None:
        asyncio.get_running_loop().call_soon(self._start_one)
        items = self._claims if self._arriving is None else await self._next(self._arriving)
        has_changed = await self._loop(
            items, self._turn, self._values, self._failed, context, self._context
        )
        if self._arriving is None and not has_changed:
            self._has_ended = True

    async def _next(self, inputs: AsyncIterator[Any]) -> list[tuple[int, Any]]:
        """Return one item as it arrives, if one does: the next one begins in another task."""
        async with self._reading:
            x = _END
            if not self._has_ended:
                try:
                    x = await anext(inputs, _END)
                except Exception as error:  # noqa: BLE001 - the failure of the item that was to come
                    self._failed(self._arrived, error)
            if x is _END:
                self._has_ended = True
                return []
            self._arrived += 1
            return [(self._arrived - 1, x)]

    def _end(self) -> None:
        """Let no further item begin."""
        self._has_ended = True
        self._leave_the_rest()

    def _failed(self, index: int, error: Exception) -> None:
        self._errors[index] = error
        if not self._collect:
            self._end()

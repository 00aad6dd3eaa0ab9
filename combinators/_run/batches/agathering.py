"""A batch whose results are all wanted, on an event loop: the twin of `gathering`.

A task works through the inputs; only where it waits, another one begins, up to the limit.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Final, final

from combinators._failures import BatchError
from combinators._run.batches.batch import UNLIMITED
from combinators._run.batches.gathering import collected
from combinators._run.call import turn
from combinators._run.concurrency.tasks import contained, joined

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator
    from contextvars import Context

    from combinators._run.call import Host, Turn
    from combinators._run.code.program import Program
    from combinators._run.concurrency.tasks import Contained

_END: Final[Any] = object()


def gathering(
    program: Program,
    inputs: Iterable[Any] | AsyncIterable[Any],
    limit: int | None,
    *,
    collect: bool,
    host: Host | None,
) -> Gathering:
    """Return a batch of a program for items, to be run on the running event loop."""
    return Gathering(program, inputs, turn(limit, host=host), limit, collect=collect)


@final
class Gathering:
    """Items on their way through a program, with tasks at work on them."""

    def __init__(
        self,
        program: Program,
        inputs: Iterable[Any] | AsyncIterable[Any],
        turn: Turn,
        limit: int | None,
        *,
        collect: bool,
    ) -> None:
        self._program = program
        self._turn = turn
        self._limit = limit or UNLIMITED
        self._collect = collect
        self._arriving: AsyncIterator[Any] | None = None
        self._inputs: Iterator[Any] = iter(())
        if isinstance(inputs, AsyncIterable):
            self._arriving = aiter(inputs)
        else:
            self._inputs = iter(inputs)
        self._reading = asyncio.Lock()
        self._context = copy_context()
        self._values: dict[int, Any] = {}
        self._errors: dict[int, Exception] = {}
        self._count = 0
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
            self._has_ended = True
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
        try:
            if self._arriving is None:
                await self._work_through(self._inputs, context)
            else:
                await self._work_as_they_arrive(self._arriving)
        except Exception as error:  # noqa: BLE001 - the failure of the item that was to come
            self._failed(self._count, error)
            self._has_ended = True

    async def _work_through(self, inputs: Iterator[Any], context: Context) -> None:
        program, turn, values, before = self._program, self._turn, self._values, self._context
        for x in inputs:
            index = self._count
            self._count = index + 1
            try:
                values[index] = await program(x, turn)
            except Exception as error:  # noqa: BLE001 - the outcome of this item
                self._failed(index, error)
            try:
                if context != before or self._has_ended:
                    return
            except Exception:  # noqa: BLE001 - values that do not compare: it has been changed
                return
        self._has_ended = True

    async def _work_as_they_arrive(self, inputs: AsyncIterator[Any]) -> None:
        """Run one item: the next one begins in a task of its own, with a context of its own."""
        async with self._reading:
            if self._has_ended:
                return
            x = await anext(inputs, _END)
            if x is _END:
                self._has_ended = True
                return
            index = self._count
            self._count = index + 1
        try:
            self._values[index] = await self._program(x, self._turn)
        except Exception as error:  # noqa: BLE001 - the outcome of this item
            self._failed(index, error)

    def _failed(self, index: int, error: Exception) -> None:
        self._errors[index] = error
        if not self._collect:
            self._has_ended = True

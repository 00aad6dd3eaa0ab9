"""Many inputs through one program on an event loop: a few tasks drain one shared iterator."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Protocol, final

from combinators._run.batches.batch import UNLIMITED, Tally, outcome_of
from combinators._run.call import turn
from combinators._run.concurrency.tasks import contained, joined, result_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from combinators._run.batches.batch import Outcome
    from combinators._run.call import Host, Turn
    from combinators._run.code.program import Program
    from combinators._run.concurrency.tasks import Contained


class Outcomes(Protocol):
    """Items of a batch, of which the outcomes can be taken once."""

    def outcomes(self) -> AsyncGenerator[Outcome, None]:
        """Yield the outcome of every item as it is ready."""
        ...

    def stop(self) -> None:
        """Begin no further item."""
        ...


async def _each_of(inputs: Iterable[Any]) -> AsyncGenerator[Any, None]:
    for item in inputs:
        yield item


def drain(
    program: Program,
    inputs: Iterable[Any] | AsyncIterable[Any],
    limit: int | None,
    *,
    collect: bool,
    host: Host | None,
) -> Drain:
    """Return the items of a batch of a program for them, to be run on the running event loop."""
    return Drain(program, inputs, turn(limit, host=host), limit, collect=collect)


async def gathered(drain: Outcomes, *, collect: bool) -> list[Any]:
    """Return the results in the order of the inputs, or the outcomes of all of them.

    Raises:
        BatchError: an item failed, and failures are not collected.
    """
    tally = Tally(collect=collect)
    async with aclosing(drain.outcomes()) as outcomes:
        async for outcome in outcomes:
            if tally.add(*outcome):
                drain.stop()
    return tally.results()


async def as_completed(drain: Outcomes, *, collect: bool) -> AsyncGenerator[tuple[int, Any], None]:
    """Yield the index and result of every item, or its outcome, as they are ready.

    Raises:
        BatchError: an item failed, and failures are not collected; those that ran
            meanwhile are in its results.
    """
    tally = Tally(collect=collect)
    async with aclosing(drain.outcomes()) as outcomes:
        async for index, value, error in outcomes:
            if error is None and not tally.errors:
                yield index, outcome_of(value, None) if collect else value
            elif collect:
                yield index, outcome_of(value, error)
            elif tally.add(index, value, error):
                drain.stop()
    tally.results()


@final
class Drain:
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
        limit = limit or UNLIMITED
        self._program = program
        self._collect = collect
        self._inputs: AsyncIterator[Any] = (
            aiter(inputs) if isinstance(inputs, AsyncIterable) else _each_of(inputs)
        )
        self._turn = turn
        self._limit = limit
        self._context = contextvars.copy_context()
        self._ready: asyncio.Queue[Outcome | None] = asyncio.Queue()
        self._room = asyncio.Semaphore(2 * limit)  # items begun whose outcome nobody took
        self._reading = asyncio.Lock()
        self._begun = 0
        self._ended = False  # no further item begins
        self._tasks: list[asyncio.Task[Contained]] = []

    def stop(self) -> None:
        """Begin no further item."""
        self._ended = True

    def _is_over(self) -> bool:
        return self._ended

    async def outcomes(self) -> AsyncGenerator[Outcome, None]:
        """Yield the outcome of every item as it is ready.

        Closing cancels the items that run and waits for their cleanup.
        """
        self._start_one()
        left = 0
        try:
            while left < len(self._tasks):
                outcome = await self._ready.get()
                if outcome is None:
                    left += 1
                    self._raise_odd()
                else:
                    self._room.release()
                    yield outcome
        finally:
            self.stop()
            for task in self._tasks:
                task.cancel()
            await joined(self._tasks)

    def _raise_odd(self) -> None:
        """Raise, at once, what ended a task and is no outcome of an item."""
        for task in self._tasks:
            if task.done():
                result_of(task.result())

    def _start_one(self) -> None:
        """Start one more task: the next one is started by the one that finds an item."""
        if len(self._tasks) < self._limit and not self._ended:
            task = asyncio.ensure_future(contained(self._work))
            task.add_done_callback(lambda _: self._ready.put_nowait(None))
            self._tasks.append(task)

    async def _work(self) -> None:
        while (item := await self._claim()) is not None:
            self._start_one()
            outcome = await self._outcome(*item)
            if outcome[2] is not None and not self._collect:
                self.stop()  # and not when the outcome is taken, which may be much later
            self._ready.put_nowait(outcome)

    async def _claim(self) -> tuple[int, Any, Exception | None] | None:
        """Begin the next item: its index and input, or the error of the iterator of inputs."""
        if self._is_over():
            return None
        await self._room.acquire()
        async with self._reading:
            if self._is_over():
                return None
            try:
                item = await anext(self._inputs, _END)
            except Exception as error:  # noqa: BLE001 - the failure of the item that was to come
                self._ended = True
                return self._begun, None, error
            if item is _END:
                self._ended = True
                return None
            self._begun += 1
            return self._begun - 1, item, None

    async def _outcome(self, index: int, item: Any, error: Exception | None) -> Outcome:
        if error is not None:
            return index, None, error
        # A task of its own, for a context of its own.
        task = asyncio.get_running_loop().create_task(
            contained(self._program, item, self._turn), context=self._context.copy()
        )
        try:
            return index, result_of(await task), None
        except Exception as raised:  # noqa: BLE001 - the outcome of this item
            return index, None, raised


_END: Any = object()

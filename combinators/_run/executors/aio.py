"""A batch on the workers of an executor, for a caller on an event loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterable
from typing import TYPE_CHECKING, Any, final

from combinators._run.concurrency.tasks import contained, joined, result_of
from combinators._run.executors.dispatch import Dispatch
from combinators._run.executors.sync import LINGER_SECONDS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Sequence

    from combinators._run.batches.batch import Outcome
    from combinators._run.executors.dispatch import Event, Executor
    from combinators._run.executors.worker import Order


async def each_of(inputs: Iterable[Any] | AsyncIterable[Any]) -> AsyncGenerator[Any, None]:
    """Yield inputs that may be there, or may have to be awaited."""
    if isinstance(inputs, AsyncIterable):
        async for item in inputs:
            yield item
    else:
        for item in inputs:
            yield item


@final
class Drain:
    """Items on their way through a pipeline on the workers of an executor."""

    def __init__(
        self,
        executor: Executor,
        inputs: Iterable[Any] | AsyncIterable[Any],
        order: Order,
        size: int | None,
    ) -> None:
        self._dispatch = Dispatch(executor, order, size, self._put)
        self._inputs = inputs
        self._read: list[Any] = []  # and not sent yet
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._room = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop
        self._ended = False  # no further input is read

    def stop(self) -> None:
        """Begin no further item."""
        self._ended = True
        self._dispatch.stop()
        self._room.set()

    async def outcomes(self) -> AsyncGenerator[Outcome, None]:
        """Yield the outcome of every item as it is ready.

        Closing takes back what no worker has begun and waits for the rest.
        """
        self._loop = asyncio.get_running_loop()
        reader = asyncio.ensure_future(contained(self._read_on))
        reader.add_done_callback(lambda _: self._events.put_nowait(_nothing))
        try:
            while not (reader.done() and self._dispatch.is_idle() and self._events.empty()):
                for outcome in (await self._events.get())():
                    yield outcome
                self._room.set()
            result_of(reader.result())
        finally:
            self.stop()
            reader.cancel()
            await joined([reader])
            while not self._dispatch.is_idle():
                (await self._events.get())()

    def _put(self, event: Event) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._events.put_nowait, event)

    async def _read_on(self) -> None:
        """Read inputs and send them while there is room."""
        try:
            async with contextlib.aclosing(each_of(self._inputs)) as inputs:
                async for item in inputs:
                    await self._add(item)
                    if self._ended:
                        return
        except Exception as error:  # noqa: BLE001 - the failure of the item that was to come
            self._flush()
            failure = self._dispatch.failed(error)
            self._events.put_nowait(lambda: failure)
        self._flush()

    async def _add(self, item: Any) -> None:
        self._read.append(item)
        if len(self._read) >= self._dispatch.size:
            self._flush()
            await asyncio.sleep(0)  # inputs that are there already would hold the loop
        elif len(self._read) == 1:
            self._loop.call_later(LINGER_SECONDS, self._flush)
        while not (self._dispatch.has_room() or self._ended):
            self._room.clear()
            await self._room.wait()

    def _flush(self) -> None:
        """Send what was read."""
        inputs, self._read = self._read, []
        if inputs:
            self._dispatch.send(inputs)


def _nothing() -> Sequence[Outcome]:
    return ()

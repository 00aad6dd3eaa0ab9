"""Streams that run side by side on an event loop and come as one: the twin of `merging`."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, final

from combinators._run.concurrency.tasks import joined
from combinators._run.streams.merging import FEWEST, MOST

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from combinators._run.streams.merging import RaiseAll

    Chunks = AsyncGenerator[Any, None]


@final
class Strand:
    """One of the streams, and what it has made that nobody has taken."""

    __slots__ = ("buffer", "chunks", "index", "is_over", "key", "room")

    def __init__(self, index: int, key: str | None, chunks: Chunks) -> None:
        self.index = index
        self.key = key  # under which its chunks come; None for chunks that come as they are
        self.chunks = chunks
        self.buffer: deque[Any] = deque()
        self.room: asyncio.Future[None] | None = None  # what its task waits for
        self.is_over = False


@final
class Merged:
    """Streams at work in tasks, of which the chunks can be taken once.

    Structured: none outlives `chunks`. After the first failure the others are cancelled.

    Args:
        raise_all: what raises the errors of streams, by index, if there are any
    """

    def __init__(self, raise_all: RaiseAll) -> None:
        self.errors: dict[int, Exception] = {}
        self._raise_all = raise_all
        self._window = FEWEST
        self._was_full = False  # a stream was held up
        self._taker: asyncio.Future[None] | None = None
        self._odd: BaseException | None = None  # what is no failure: it is raised bare
        self._tasks: list[asyncio.Task[None]] = []
        self._stopped = False

    async def chunks(self, strands: Sequence[Strand], first: Chunks | None = None) -> Chunks:
        """Yield `first`, and then the chunks of all streams as they are ready.

        Closing waits until all are closed. However it ends, what has failed is raised.

        Args:
            strands: the streams
            first: chunks that are made here; what fails with them is in `errors`
        """
        self._start(strands)
        try:
            if first is not None:
                async with aclosing(first):
                    async for chunk in first:
                        yield chunk
            running = [] if self.errors else list(strands)
            while running:
                for strand in running[:]:
                    ended = strand.is_over
                    buffer = strand.buffer
                    for _ in range(len(buffer)):
                        yield buffer.popleft()
                        if strand.room is not None and 2 * len(buffer) <= self._window:
                            self._let_on(strand)
                    if ended and not buffer:
                        running.remove(strand)
                if self._odd is not None:
                    return
                if running and not any(each.buffer or each.is_over for each in running):
                    await self._await_chunk()
        except (asyncio.CancelledError, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001 - raised again when all is over
            self._odd = self._odd or error
        finally:
            await self._end(strands)

    async def _end(self, strands: Sequence[Strand]) -> None:
        """Stop all streams; when they are closed, raise what has failed."""
        self._stop()
        try:
            await joined(self._tasks)
        finally:  # even where whoever waits has given up meanwhile
            for strand in strands:
                await strand.chunks.aclose()  # one that was cancelled before it began
            if self._odd is not None:
                raise self._odd  # before all else
            self._raise_all(self.errors)

    def _start(self, strands: Sequence[Strand]) -> None:
        loop = asyncio.get_running_loop()
        self._tasks.extend(loop.create_task(self._make_all(strand)) for strand in strands)

    async def _await_chunk(self) -> None:
        if self._was_full:
            self._was_full, self._window = False, min(2 * self._window, MOST)
        self._taker = asyncio.get_running_loop().create_future()
        try:
            await self._taker
        finally:
            self._taker = None

    def _let_on(self, strand: Strand) -> None:
        room, strand.room = strand.room, None
        if room is not None and not room.done():
            room.set_result(None)

    async def _make_all(self, strand: Strand) -> None:
        """Make all chunks of a stream, and close it."""
        try:
            await self._make(strand)
        except Exception as error:  # noqa: BLE001 - kept for the one who takes
            self.errors[strand.index] = error
            # Not at once: what is ready to go on, in this round of the loop, does.
            asyncio.get_running_loop().call_soon(self._stop)
        except asyncio.CancelledError as error:
            if not self._stopped:
                self._odd = self._odd or error
                self._stop()
        except BaseException as error:  # noqa: BLE001 - raised again by the one who takes
            self._odd = self._odd or error
            self._stop()
        strand.is_over = True
        self._wake()

    async def _make(self, strand: Strand) -> None:
        key, buffer = strand.key, strand.buffer
        async with aclosing(strand.chunks) as chunks:
            async for chunk in chunks:
                buffer.append(chunk if key is None else {key: chunk})
                if self._taker is not None:
                    self._wake()
                if len(buffer) >= self._window:
                    self._was_full = True
                    strand.room = asyncio.get_running_loop().create_future()
                    await strand.room

    def _stop(self) -> None:
        if self._stopped:
            return  # a second cancellation would break off the cleanup that the first began
        self._stopped = True
        for task in self._tasks:
            task.cancel()

    def _wake(self) -> None:
        if self._taker is not None and not self._taker.done():
            self._taker.set_result(None)

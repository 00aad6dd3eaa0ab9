"""One stream for several readers, in tasks of their own: the twin of `sharing`."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final, final

from combinators._failures import copied
from combinators._run.streams.sharing import FURTHEST

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    Chunks = AsyncGenerator[Any, None]

_END: Final = object()


@final
class Shared:
    """A stream that is read by several, once by each."""

    def __init__(self, chunks: Chunks, empty: Callable[[], Exception]) -> None:
        self.error: Exception | None = None  # what the stream failed with
        self._chunks = chunks
        self._empty: Callable[[], Exception] | None = empty  # the error, until there is a chunk
        self._reading = asyncio.Lock()
        self._was_cut_off = False  # while it made a chunk: for other readers that is no end
        self._buffers: dict[int, deque[Any]] = {}
        self._readers: dict[int, Chunks] = {}
        self._room = asyncio.Event()

    def reader(self, index: int) -> Chunks:
        """Return the chunks for one reader."""
        self._buffers[index] = deque()
        self._readers[index] = self._read(index, self._buffers[index])
        return self._readers[index]

    async def _read(self, index: int, buffer: deque[Any]) -> Chunks:
        try:
            while True:
                while buffer:
                    yield buffer.popleft()
                    self._room.set()
                while self._is_far_ahead(index):
                    self._room.clear()
                    await self._room.wait()
                async with self._reading:
                    if not buffer and not await self._advance():
                        return
        finally:
            self.leave(index)

    async def read_by(self, index: int, chunks: Chunks) -> Chunks:
        """Yield what somebody makes of what its reader gives; afterwards nothing is kept for it."""
        try:
            async with aclosing(self._readers[index]), aclosing(chunks):
                async for chunk in chunks:
                    yield chunk
        finally:
            self.leave(index)  # a reader that has not begun has nothing to close

    def leave(self, index: int) -> None:
        """Keep no chunk for a reader any more."""
        self._buffers.pop(index, None)
        self._room.set()

    async def _advance(self) -> bool:
        """Get the next chunk for all readers; return whether there was one."""
        if self.error is not None:
            raise copied(self.error)  # which goes its own way, and has its path noted there
        if self._was_cut_off:
            raise asyncio.CancelledError
        try:
            chunk = await anext(self._chunks, _END)
            if chunk is _END and self._empty is not None:
                raise self._empty()  # noqa: TRY301 - kept like what the stream itself fails with
        except Exception as error:
            self.error = error
            raise
        except BaseException:
            self._was_cut_off = True
            raise
        self._empty = None
        if chunk is _END:
            return False
        for buffer in self._buffers.values():
            buffer.append(chunk)
        return True

    def _is_far_ahead(self, index: int) -> bool:
        return any(
            len(buffer) >= FURTHEST and other != index for other, buffer in self._buffers.items()
        )

"""What flows through the stages of a stream on an event loop: the twin of `flow`."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, cast, final

from combinators._errors import EmptyStreamError, MergeError
from combinators._run.chunks import merged
from combinators._run.streams.trail import Trail, blame_nobody

if TYPE_CHECKING:
    from collections.abc import (
        AsyncGenerator,
        AsyncIterable,
        Awaitable,
        Callable,
        Iterable,
    )

    from combinators._run.call import Turn
    from combinators._run.streams.trail import Blame

Chunks: TypeAlias = "AsyncGenerator[Any, None]"
Begin: TypeAlias = "Callable[[Flow], Awaitable[None]]"

_NOTHING: Final = object()
_KNOWN: Final = cast("Chunks", None)  # nobody reads the chunks of a value that is known


@final
class Given:
    """What flows into a stage: chunks, or a single one that is known."""

    __slots__ = ("_trail", "_value", "blame", "chunks", "name")

    def __init__(self, trail: Trail, value: Any, chunks: Chunks, name: str, blame: Blame) -> None:
        self.chunks = chunks
        self._trail = trail
        self._value = value
        self.name = name  # of who gave the chunks, and is to blame for what they are
        self.blame = blame

    def is_whole(self) -> bool:
        """Return whether the only chunk is known."""
        return self._value is not _NOTHING

    async def folded(self) -> Any:
        """Return all chunks as one value."""
        if self._value is not _NOTHING:
            return self._value
        return self.fold([chunk async for chunk in self.chunks])

    def fold(self, chunks: list[Any]) -> Any:
        """Return the value that all the chunks make.

        Raises:
            EmptyStreamError: there is none.
            MergeError: they do not merge; who gave them is to blame for both.
        """
        if len(chunks) == 1:
            return chunks[0]
        if not chunks:
            raise self.empty()
        try:
            return merged(chunks)
        except MergeError as error:
            raise self._trail.blamed(error, self.blame) from None

    def empty(self) -> EmptyStreamError:
        """Return the error about a stage that gave no chunk."""
        return self._trail.blamed(EmptyStreamError(self.name), self.blame)

    def all(self) -> Chunks:
        """Return the chunks one by one, or none."""
        return self.each() if self.is_whole() else self.chunks

    def each(self) -> Chunks:
        """Return the chunks one by one; where there is none, who should have given them fails."""
        chunks = self._each()
        # Now, since it is closed in turn; and nobody else does, but a task of the loop's, later.
        self._trail.opened.append(chunks)
        return chunks

    async def _each(self) -> Chunks:
        if self.is_whole():
            yield self._value
            return
        empty = True
        async for chunk in self.chunks:
            empty = False
            yield chunk
        if empty:
            raise self.empty()


@final
class Flow:
    """A stream on its way through the stages, in one run."""

    __slots__ = ("given", "trail", "turn")

    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        self.trail = Trail()
        self.given: Given

    def gives(self, value: Any) -> None:
        """Let the next stage have one chunk, which is known."""
        self.given = Given(self.trail, value, _KNOWN, "", blame_nobody)

    def opens(self, chunks: Chunks, name: str, blame: Blame) -> None:
        """Let the next stage have the chunks of a generator that was made for this run."""
        self.trail.add(chunks, cast("Any", chunks).ag_frame, blame)
        self.given = Given(self.trail, _NOTHING, chunks, name, blame)

    def passes(self, chunks: Chunks) -> None:
        """Let the next stage have chunks that were given before, as a generator changes them."""
        self.trail.opened.append(chunks)
        self.given = Given(self.trail, _NOTHING, chunks, self.given.name, self.given.blame)

    async def close(self) -> None:
        """Close all stages, the last one first, and run all of their cleanup."""
        async with AsyncExitStack() as stack:
            for chunks in self.trail.opened:
                stack.push_async_callback(chunks.aclose)


class Running(Protocol):
    """A tree as a stream."""

    def on(self, x: Any, turn: Turn) -> Chunks:
        """Return the chunks for an input that is there as a whole."""
        ...

    def over(self, chunks: Iterable[Any] | AsyncIterable[Any], turn: Turn) -> Chunks:
        """Return the chunks for an input that comes in chunks."""
        ...

"""What flows through the stages of a stream, and how it ends."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, cast, final

from combinators._errors import EmptyStreamError, MergeError
from combinators._run.chunks import merged
from combinators._run.streams.trail import Trail, blame_nobody

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from combinators._run.call import Call
    from combinators._run.streams.trail import Blame

Chunks: TypeAlias = "Generator[Any, None, None]"
Begin: TypeAlias = "Callable[[Flow], None]"

_NOTHING: Final = object()


@final
class Given:
    """What flows into a stage: chunks, or a single one that is known."""

    __slots__ = ("_trail", "_value", "blame", "chunks", "name")

    def __init__(
        self, trail: Trail, value: Any, chunks: Iterator[Any], name: str, blame: Blame
    ) -> None:
        self.chunks = chunks
        self._trail = trail
        self._value = value
        self.name = name  # of who gave the chunks, and is to blame for what they are
        self.blame = blame

    def is_whole(self) -> bool:
        """Return whether the only chunk is known."""
        return self._value is not _NOTHING

    def folded(self) -> Any:
        """Return all chunks as one value."""
        return self.fold([*self.chunks]) if self._value is _NOTHING else self._value

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

    def empty(self) -> Exception:
        """Return the error about a stage that gave no chunk."""
        return self._trail.blamed(EmptyStreamError(self.name), self.blame)

    def all(self) -> Iterator[Any]:
        """Return the chunks one by one, or none."""
        return iter((self._value,)) if self.is_whole() else self.chunks

    def each(self) -> Iterator[Any]:
        """Return the chunks one by one; where there is none, who should have given them fails."""
        if self.is_whole():
            return iter((self._value,))
        return chain.from_iterable(self._checked())

    def _checked(self) -> Iterator[Iterable[Any]]:
        for chunk in self.chunks:
            yield (chunk,)
            yield self.chunks  # from here on, nothing of ours is between them
            return
        raise self.empty()


@final
class Flow:
    """A stream on its way through the stages, in one run."""

    __slots__ = ("call", "given", "trail")

    def __init__(self, call: Call) -> None:
        self.call = call
        self.trail = Trail()
        self.given: Given

    def gives(self, value: Any) -> None:
        """Let the next stage have one chunk, which is known."""
        self.given = Given(self.trail, value, _NONE, "", blame_nobody)

    def opens(self, chunks: Chunks, name: str, blame: Blame) -> None:
        """Let the next stage have the chunks of a generator that was made for this run."""
        self.trail.add(chunks, cast("Any", chunks).gi_frame, blame)
        self.given = Given(self.trail, _NOTHING, chunks, name, blame)

    def passes(self, chunks: Chunks) -> None:
        """Let the next stage have chunks that were given before, as a generator changes them."""
        self.trail.opened.append(chunks)
        self.given = Given(self.trail, _NOTHING, chunks, self.given.name, self.given.blame)

    def close(self) -> None:
        """Close all stages, the last one first, and run all of their cleanup."""
        opened = self.trail.opened
        if len(opened) == 1:
            opened[0].close()
            return
        with ExitStack() as stack:
            for chunks in opened:
                stack.callback(chunks.close)


_NONE: Final[Iterator[Any]] = iter(())


class Running(Protocol):
    """A tree as a stream, whatever it runs on."""

    def on(self, x: Any, call: Call) -> Chunks:
        """Return the chunks for an input that is there as a whole."""
        ...

    def over(self, chunks: Iterable[Any], call: Call) -> Chunks:
        """Return the chunks for an input that comes in chunks."""
        ...

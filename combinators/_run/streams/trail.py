"""Which stage of a stream has failed: read off the traceback, so that chunks pay nothing for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, final

from combinators._failures import locate, unlocate

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType

    from combinators._run.code.places import Place

Blame: TypeAlias = "Callable[[Exception], object]"  # notes the path of an error

E = TypeVar("E", bound=Exception)


@final
class Trail:
    """The stages that one run has begun, each a generator with a frame of its own."""

    __slots__ = ("_failed", "_stages", "opened")

    def __init__(self) -> None:
        self.opened: list[Any] = []  # their generators, to be closed
        self._stages: list[tuple[FrameType, Blame]] = []
        self._failed: Exception | None = None  # its path is noted already

    def add(self, chunks: Any, frame: FrameType, blame: Blame) -> None:
        """Add a stage, and who is to blame for what comes out of its frame."""
        self.opened.append(chunks)
        self._stages.append((frame, blame))

    def blamed(self, error: E, blame: Blame) -> E:
        """Return an error with its path noted, which is not noted again."""
        blame(error)
        self._failed = error
        return error

    def blame(self, error: Exception) -> None:
        """Note the path of an error: that of the innermost stage which it came out of."""
        if error is self._failed:
            return
        found: Blame = blame_nobody
        traceback: TracebackType | None = error.__traceback__
        while traceback is not None:
            for frame, blame in self._stages:
                if frame is traceback.tb_frame:
                    found = blame
            traceback = traceback.tb_next
        found(error)


def blame_nobody(_: Exception) -> None:
    """Leave the error as it is: it came in from outside, or says itself where it is from."""


def blame_step(place: Place, error: Exception) -> None:
    """Blame a step of the user's, whose error may have the path of an earlier run."""
    unlocate(error)
    place.failed(error)


def blame_inside(place: Place, segment: str, error: Exception) -> None:
    """Blame a part of a step, which has noted the path inside of it."""
    locate(error, segment)
    place.failed(error)

"""Who is told of the runs of a call, and what happens where telling them fails."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from time import monotonic_ns
from typing import TYPE_CHECKING, Any, Final, cast, final

from combinators._errors import OptionError
from combinators._observer import Event, Observer, Run
from combinators._words import a_kind

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    Listener = Callable[[Any], object]


# What a named tuple does when it is called, in half the time.
new_tuple: Final[Any] = cast("Any", tuple).__new__


def checked_observers(observers: object) -> Sequence[Observer]:
    """Return observers, if they are some.

    Raises:
        OptionError: they are not.
    """
    accepted = "a sequence of observers, whose class derives from Observer"
    if not isinstance(observers, (tuple, list, Sequence)) or isinstance(observers, str):
        raise OptionError("observers", a_kind(observers), accepted)
    for each in cast("Sequence[object]", observers):
        if not isinstance(each, Observer):
            raise OptionError("observers", f"{a_kind(each)} in it", accepted)
    return cast("Sequence[Observer]", observers)


@final
class Audience:
    """The observers of one call, by what they want to hear."""

    __slots__ = ("_reported", "chunks", "ends", "enters", "errors", "leaves", "starts")

    def __init__(self, observers: Sequence[Observer]) -> None:
        self.starts: list[Listener] = []
        self.chunks: list[Listener] = []
        self.ends: list[Listener] = []
        self.errors: list[Listener] = []
        self.enters: list[Listener] = []
        self.leaves: list[Listener] = []
        for observer in observers:
            kind: Any = type(observer)  # mypy does not take a class for hashable
            for heard, method in _heard_by(kind):
                getattr(self, heard).append(getattr(observer, method))
        self.leaves.reverse()
        self._reported: set[int] = set()

    def tell(self, listeners: Sequence[Listener], run: Run, value: Any) -> None:
        """Tell some of them what happened to a run."""
        event = new_tuple(Event, (run, monotonic_ns(), value))
        for listener in listeners:
            try:
                listener(event)
            except Exception as error:  # noqa: BLE001 - observing changes nothing
                self._report(listener, error)

    def call(self, listeners: Sequence[Listener], run: Run) -> None:
        """Call some of them with a run that goes on, or does not."""
        for listener in listeners:
            try:
                listener(run)
            except Exception as error:  # noqa: BLE001 - as above
                self._report(listener, error)

    def _report(self, listener: Any, error: Exception) -> None:
        observer = listener.__self__
        if id(observer) not in self._reported:
            self._reported.add(id(observer))
            report(observer, listener.__name__, error)


_METHODS: Final = {
    "starts": "on_start",
    "chunks": "on_chunk",
    "ends": "on_end",
    "errors": "on_error",
    "enters": "on_enter",
    "leaves": "on_leave",
}


@lru_cache(maxsize=64)
def _heard_by(kind: type) -> Sequence[tuple[str, str]]:
    """Return the methods that a class has of its own: others would be called for nothing."""
    return [
        (heard, method)
        for heard, method in _METHODS.items()
        if getattr(kind, method) is not getattr(Observer, method)
    ]


def report(observer: Observer, called: str, error: Exception) -> None:
    """Log that an observer has failed: where, and with what type, but no value."""
    import logging  # noqa: PLC0415 - loaded where it is needed

    last = cast("TracebackType", error.__traceback__)
    while last.tb_next is not None:
        last = last.tb_next
    logging.getLogger("combinators").error(
        "%s.%s raised %s (%s, line %d). The run goes on; this is said once a call.",
        type(observer).__qualname__,
        called,
        type(error).__name__,
        last.tb_frame.f_code.co_filename,
        last.tb_lineno,
    )

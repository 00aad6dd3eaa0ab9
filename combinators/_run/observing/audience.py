"""Who is told of the runs of a call, and what happens where telling them fails."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic_ns
from typing import TYPE_CHECKING, Any, Final, cast, final

from combinators._errors import OptionError
from combinators._observer import Event, Observer, Run
from combinators._words import a_kind

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    Listeners = Sequence[Callable[[Any], object]]


# What a named tuple does when it is called, in half the time.
new_tuple: Final[Any] = cast("Any", tuple).__new__


def checked_observers(observers: object) -> Sequence[Observer]:
    """Return observers, if they are some.

    Raises:
        OptionError: they are not.
    """
    accepted = "a sequence of observers, whose class derives from Observer"
    if not isinstance(observers, Sequence) or isinstance(observers, str):
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
        self.starts = _listening(observers, "on_start")
        self.chunks = _listening(observers, "on_chunk")
        self.ends = _listening(observers, "on_end")
        self.errors = _listening(observers, "on_error")
        self.enters = _listening(observers, "on_enter")
        self.leaves = _listening(observers, "on_leave")[::-1]
        self._reported: set[int] = set()

    def tell(self, listeners: Listeners, run: Run, value: Any) -> None:
        """Tell some of them what happened to a run."""
        event = new_tuple(Event, (run, monotonic_ns(), value))
        for listener in listeners:
            try:
                listener(event)
            except Exception as error:  # noqa: BLE001 - observing changes nothing
                self._report(listener, error)

    def call(self, listeners: Listeners, run: Run) -> None:
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


def _listening(observers: Sequence[Observer], name: str) -> Listeners:
    """Return the methods of those who have one of their own: others would be called for nothing."""
    silent = getattr(Observer, name)
    return [getattr(each, name) for each in observers if getattr(type(each), name) is not silent]


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

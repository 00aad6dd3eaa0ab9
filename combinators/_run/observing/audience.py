"""Who is told of the runs of a call, and what happens where telling them fails."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from time import monotonic_ns
from typing import TYPE_CHECKING, Any, cast, final

from combinators._errors import OptionError
from combinators._observer import Event, Observer, Run
from combinators._words import a_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    Listener = Callable[[Any], object]


def checked_observers(observers: Any) -> Sequence[Observer]:
    """Return observers, if they are some.

    Raises:
        OptionError: they are not.
    """
    unchecked: Sequence[Any] = observers
    accepted = "a sequence of observers, whose class derives from Observer"
    if not isinstance(observers, (tuple, list, Sequence)) or isinstance(observers, str):
        raise OptionError("observers", a_kind(unchecked), accepted)
    for each in unchecked:
        if not isinstance(each, Observer):
            raise OptionError("observers", f"{a_kind(each)} in it", accepted)
    return unchecked


@final
class Audience:
    """The observers of one call, by what they want to hear: a function each, None for nobody."""

    __slots__ = ("_reported", "chunk", "end", "enter", "error", "follows_context", "leave", "start")

    chunk: Listener | None
    end: Listener | None
    enter: Listener | None
    error: Listener | None
    leave: Listener | None
    start: Listener | None

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._reported: set[int] = set()
        heard = _heard(observers[0]) if len(observers) == 1 else self._heard_by_all(observers)
        self.start, self.chunk, self.end, self.error, self.enter, self.leave = heard
        # Whether somebody wants to know in which context the code of a run goes on.
        self.follows_context = self.enter is not None or self.leave is not None

    def tell(self, listener: Listener, run: Run, value: Any) -> None:
        """Tell of what has happened to a run."""
        event = Event()
        event.run, event.time_ns, event.value = run, monotonic_ns(), value
        try:
            listener(event)
        except Exception as error:  # noqa: BLE001 - observing changes nothing
            self.report(listener, error)

    def call(self, listener: Listener, run: Run) -> None:
        """Call somebody with a run that goes on, or does not."""
        try:
            listener(run)
        except Exception as error:  # noqa: BLE001 - as above
            self.report(listener, error)

    def report(self, listener: Listener, error: Exception) -> None:
        """Log that an observer has failed: once a call."""
        _report(listener, error, self._reported)

    def _heard_by_all(self, observers: Sequence[Observer]) -> Iterator[Listener | None]:
        *told, leaves = zip(*map(_heard, observers), strict=True)
        for listeners in (*told, leaves[::-1]):  # who has entered last leaves first
            some = [each for each in listeners if each is not None]
            yield partial(_call_each, some, self._reported) if some else None


def _call_each(listeners: Sequence[Listener], reported: set[int], told: Event | Run) -> None:
    for listener in listeners:
        try:
            listener(told)
        except Exception as error:  # noqa: BLE001 - as above
            _report(listener, error, reported)


def _report(listener: Any, error: Exception, reported: set[int]) -> None:
    observer = listener.__self__
    if id(observer) not in reported:
        reported.add(id(observer))
        _log(observer, listener.__name__, error)


def _heard(observer: Observer) -> Sequence[Listener | None]:
    """Return the methods that an observer has of its own: others would be called for nothing."""
    kind = type(observer)
    return (
        None if kind.on_start is Observer.on_start else observer.on_start,
        None if kind.on_chunk is Observer.on_chunk else observer.on_chunk,
        None if kind.on_end is Observer.on_end else observer.on_end,
        None if kind.on_error is Observer.on_error else observer.on_error,
        None if kind.on_enter is Observer.on_enter else observer.on_enter,
        None if kind.on_leave is Observer.on_leave else observer.on_leave,
    )


def _log(observer: Observer, called: str, error: Exception) -> None:
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

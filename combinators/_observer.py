"""What observers are, and what they are told: runs, and the events of each."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, Final, NamedTuple, final

from combinators._compat import override

if TYPE_CHECKING:
    from collections.abc import Iterator


@final
class Streamed(Enum):
    """What stands for an input or an output that came in chunks: `isinstance(value, Streamed)`."""

    STREAMED = "streamed"


STREAMED: Final = Streamed.STREAMED

SEPARATOR: Final = " > "


@final
class Subject(NamedTuple):
    """What a run is a run of."""

    kind: str
    name: str
    said: str = ""  # what paths say of it, inside of the run that it is part of
    counted: str = ""  # the same, where an index has its place in it
    total: int | None = None


# Neither runs nor events are frozen, and who makes one fills it in: frozen, as named tuples, or
# filled in by `__init__`, they cost about twice as much, and each run has at least two events.


@final
class Run:
    """One run of a step, or of what else is observed.

    `kind` is the word of what builds it, such as `"step"` or `"fanout"`, or else `"call"`,
    `"batch"`, `"item"`, `"try"` or `"chosen"`. `parent` is the run that it is part of, None
    for a call or a batch. `number` says which item it is, from 0, or which try, from 1. Within
    a process, no two runs have the same `id`.
    """

    __slots__ = ("id", "number", "parent", "subject")

    id: int
    parent: Run | None
    subject: Subject
    number: int | None

    @property
    def kind(self) -> str:
        """What is run: a step, a fan-out, a call."""
        return self.subject.kind

    @property
    def name(self) -> str:
        """What it is called: its own name, its function's, or its builder's."""
        return self.subject.name

    @property
    def total(self) -> int | None:
        """How many items a batch has, where that is known."""
        return self.subject.total

    @property
    def path(self) -> str:
        """Where it is, in the words of the notes on exceptions; empty for the whole pipeline."""
        said = [_said(run) for run in _outwards(self)]
        return SEPARATOR.join(reversed([each for each in said if each]))

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and self.id == other.id

    @override
    def __hash__(self) -> int:
        return hash(self.id)

    @override
    def __repr__(self) -> str:
        return f"<Run {self.id}: {self.kind} {self.name}>"


def _outwards(run: Run) -> Iterator[Run]:
    outer: Run | None = run
    while outer is not None:
        yield outer
        outer = outer.parent


def _said(run: Run) -> str:
    subject = run.subject
    return subject.counted.format(run.number) if subject.counted else subject.said


@final
class Event:
    """Something that happened to a run.

    `value` is what flows: the input, the output, a chunk, or the exception. It is the object
    itself, and `repr` does not show it. `time_ns` is from `time.monotonic_ns`. All observers
    of a call are told by one and the same event.
    """

    __slots__ = ("run", "time_ns", "value")

    run: Run
    time_ns: int
    value: Any

    @override
    def __repr__(self) -> str:
        return f"<Event of {self.run!r} at {self.time_ns}>"


class Observer:
    """What is told of a run, by methods that do nothing unless they are overridden.

    Each start is followed by one end or one error of the same run. Methods are called where
    the step runs, so on several threads at once, and whoever calls waits for them. What they
    raise changes nothing: it is logged once a call.

    >>> from combinators import Observer, runnable
    >>> class Told(Observer):
    ...     def on_end(self, event):
    ...         print(event.run.kind, event.run.name, event.value)
    >>> (runnable(len) | str).invoke("four", observers=[Told()])
    step len 4
    step str 4
    call invoke 4
    '4'
    """

    __slots__ = ()

    def on_start(self, event: Event, /) -> object:
        """Hear of a run that begins: `value` is its input, or `Streamed`."""

    def on_chunk(self, event: Event, /) -> object:
        """Hear of a chunk that a run gives: `value` is the chunk."""

    def on_end(self, event: Event, /) -> object:
        """Hear of a run that has ended well: `value` is its output, or `Streamed`."""

    def on_error(self, event: Event, /) -> object:
        """Hear of a run that has not: `value` is the exception.

        One that is no `Exception` says that nobody wanted the rest: `GeneratorExit` that a
        stream was closed, `CancelledError` that a task was cancelled, and so on.
        """

    def on_enter(self, run: Run, /) -> object:
        """Hear that code of a run goes on in this thread and context: for context variables.

        Called after `on_start`, and, of a run that gives chunks, before each of them.
        """

    def on_leave(self, run: Run, /) -> object:
        """Hear that it does not, after an `on_enter` in the same thread and context."""

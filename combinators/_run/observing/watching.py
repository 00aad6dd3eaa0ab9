"""A run that is watched, from its start to its one end, and the chunks that it gives."""

from __future__ import annotations

import itertools
from contextlib import closing
from contextvars import ContextVar
from time import monotonic_ns
from typing import TYPE_CHECKING, Any, Final, NamedTuple, final

from combinators._observer import STREAMED, Event, Run, Subject
from combinators._run.observing.audience import Audience, checked_observers

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from contextvars import Token

    from combinators._run.call import Call
    from combinators._run.code.program import Program
    from combinators._run.robust.recovering import Start

_IDS: Final = itertools.count(1)


def run_of(subject: Subject, parent: Run | None, number: int | None = None) -> Run:
    """Return a run of a subject that is part of another one."""
    run = Run()
    run.id, run.parent = next(_IDS), parent
    run.subject, run.number = subject, number
    return run


@final
class Numbered(NamedTuple):
    """One of many inputs, and which."""

    position: int
    value: Any


@final
class Watch:
    """A run on its way: those that begin in its context are parts of it."""

    __slots__ = ("_is_over", "_token", "audience", "run", "tries")

    def __init__(
        self, audience: Audience, parent: Run | None, subject: Subject, number: int | None = None
    ) -> None:
        self.audience = audience
        self._is_over = False
        self._token: Token[Watch]
        self.run = run_of(subject, parent, number)
        self.tries = 0  # that have begun in it

    def part(self, subject: Subject, number: int | None = None) -> Watch:
        """Return the watch over a run that is part of this one."""
        return Watch(self.audience, self.run, subject, number)

    def next_try(self, subject: Subject) -> Watch:
        """Return the watch over the next of several runs of the same."""
        self.tries += 1
        return self.part(subject, self.tries)

    def start(self, x: Any) -> None:
        """Tell that the run begins."""
        audience = self.audience
        if audience.start is not None:
            audience.tell(audience.start, self.run, x)

    def enter(self) -> None:
        """Let what begins from here on, in this context, be part of the run."""
        self._token = WATCHED.set(self)
        if self.audience.enter is not None:
            self.audience.call(self.audience.enter, self.run)

    def leave(self) -> None:
        """Let it be part of what it was part of before `enter`."""
        if self.audience.leave is not None:
            self.audience.call(self.audience.leave, self.run)
        WATCHED.reset(self._token)

    def gave(self, chunk: Any) -> None:
        """Tell that the run gives a chunk."""
        audience = self.audience
        if audience.chunk is not None:
            audience.tell(audience.chunk, self.run, chunk)

    def end(self, result: Any) -> None:
        """Tell that the run has ended well, if it had not ended."""
        if not self._is_over:
            self._is_over = True
            if self.audience.end is not None:
                self.audience.tell(self.audience.end, self.run, result)

    def fail(self, error: BaseException) -> None:
        """Tell that the run has not ended well, if it had not ended."""
        if not self._is_over:
            self._is_over = True
            if self.audience.error is not None:
                self.audience.tell(self.audience.error, self.run, error)

    def result(self, program: Program, x: Any, call: Call | None = None) -> Any:
        """Return what a program returns, while it is watched."""
        # As the methods above say it, without calls of them, which would be a fifth of its price.
        audience, run = self.audience, self.run
        try:
            if (start := audience.start) is not None:
                audience.tell(start, run, x)
            token = WATCHED.set(self)
            if (enter := audience.enter) is not None:
                audience.call(enter, run)
            try:
                value = program(x, call)
            finally:
                if (leave := audience.leave) is not None:
                    audience.call(leave, run)
                WATCHED.reset(token)
        except BaseException as error:
            if audience.error is not None:
                audience.tell(audience.error, run, error)
            raise
        if (end := audience.end) is not None:
            audience.tell(end, run, value)
        return value

    def given(self, x: Any, stream: Generator[Any, None, None]) -> Generator[Any, None, None]:
        """Yield what a stream gives, while it is watched from its first chunk on."""
        with closing(Chunks(self, stream)) as chunks:
            self.start(x)
            yield from chunks


# The run that whatever begins here is part of.
WATCHED: ContextVar[Watch] = ContextVar("combinators.watched")


def opened(observers: object, subject: Subject) -> Watch | None:
    """Return the watch over a call, None where nobody observes it.

    Raises:
        OptionError: those who should are no observers.
    """
    checked = checked_observers(observers)
    return Watch(Audience(checked), None, subject) if checked else None


def watched(subject: Subject, x: Any) -> tuple[Watch, Any]:
    """Return the watch over a run of a subject that begins here, and its input."""
    outside = WATCHED.get()
    match subject.kind:
        case "item":
            return outside.part(subject, x.position), x.value
        case "try":
            return outside.next_try(subject), x
        case _:
            return outside.part(subject), x


# What has nothing inside that is watched: it need not be known as what others are part of.
LEAVES: Final = frozenset({"step", "transform", "template", "chat_template"})


def observed(program: Program, subject: Subject) -> Program:
    """Return a program of which each run is watched."""
    if subject.kind in LEAVES:
        return _observed_leaf(program, subject)

    def run(x: Any, call: Call) -> Any:
        watch, x = watched(subject, x)
        return watch.result(program, x, call)

    return run


def _observed_leaf(program: Program, subject: Subject) -> Program:
    def run(x: Any, call: Call) -> Any:
        outside = WATCHED.get()
        audience = outside.audience
        if audience.follows_context:
            return outside.part(subject).result(program, x, call)
        # From here on as `result`, in one frame: most runs are of leaves, and what a call of `tell`
        # costs, twice in each, would be a twentieth of all that observers cost.
        part = run_of(subject, outside.run)
        try:
            if (start := audience.start) is not None:
                event = Event()
                event.run, event.time_ns, event.value = part, monotonic_ns(), x
                try:
                    start(event)
                except Exception as error:  # noqa: BLE001 - observing changes nothing
                    audience.report(start, error)
            value = program(x, call)
        except BaseException as error:
            if audience.error is not None:
                audience.tell(audience.error, part, error)
            raise
        if (end := audience.end) is not None:
            event = Event()
            event.run, event.time_ns, event.value = part, monotonic_ns(), value
            try:
                end(event)
            except Exception as error:  # noqa: BLE001 - as above
                audience.report(end, error)
        return value

    return run


def observed_chunks(start: Start, subject: Subject) -> Start:
    """Return what starts a stream of which each run is watched."""

    def run(x: Any, call: Call) -> Generator[Any, None, None]:
        watch, x = watched(subject, x)
        yield from watch.given(x, start(x, call))

    return run


@final
class Chunks:
    """Chunks on their way out of a run that is watched and has begun."""

    __slots__ = ("_chunks", "_watch")

    def __init__(self, watch: Watch, chunks: Any) -> None:
        self._watch = watch
        self._chunks = chunks

    def __iter__(self) -> Iterator[Any]:
        """Return itself."""
        return self

    def __next__(self) -> Any:
        """Return the next chunk."""
        watch = self._watch
        try:
            watch.enter()
            try:
                chunk = next(self._chunks)
            finally:
                watch.leave()
        except StopIteration:
            watch.end(STREAMED)
            raise
        except BaseException as error:
            watch.fail(error)
            raise
        watch.gave(chunk)
        return chunk

    def close(self) -> None:
        """Close the stream: where it had more to give, that is how its run ends."""
        watch = self._watch
        try:
            watch.enter()
            try:
                self._chunks.close()
            finally:
                watch.leave()
        except BaseException as error:
            watch.fail(error)
            raise
        watch.fail(GeneratorExit())

"""A run that is watched, from its start to its one end, and the chunks that it gives."""

from __future__ import annotations

import itertools
from contextlib import closing
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, NamedTuple, final

from combinators._observer import STREAMED, Run, Subject
from combinators._run.observing.audience import new_tuple

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from contextvars import Token

    from combinators._run.call import Call
    from combinators._run.code.program import Program
    from combinators._run.observing.audience import Audience
    from combinators._run.robust.recovering import Start

_IDS: Final = itertools.count(1)


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
        self.run = new_tuple(Run, (next(_IDS), parent, subject, number))
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
        if self.audience.starts:
            self.audience.tell(self.audience.starts, self.run, x)

    def enter(self) -> None:
        """Let what begins from here on, in this context, be part of the run."""
        self._token = WATCHED.set(self)
        if self.audience.enters:
            self.audience.call(self.audience.enters, self.run)

    def leave(self) -> None:
        """Let it be part of what it was part of before `enter`."""
        if self.audience.leaves:
            self.audience.call(self.audience.leaves, self.run)
        WATCHED.reset(self._token)

    def gave(self, chunk: Any) -> None:
        """Tell that the run gives a chunk."""
        if self.audience.chunks:
            self.audience.tell(self.audience.chunks, self.run, chunk)

    def end(self, result: Any) -> None:
        """Tell that the run has ended well."""
        self._is_over = True
        if self.audience.ends:
            self.audience.tell(self.audience.ends, self.run, result)

    def fail(self, error: BaseException) -> None:
        """Tell that the run has not ended well, if it had not ended."""
        if not self._is_over:
            self._is_over = True
            if self.audience.errors:
                self.audience.tell(self.audience.errors, self.run, error)


# The run that whatever begins here is part of.
WATCHED: ContextVar[Watch] = ContextVar("combinators.watched")


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
_LEAVES: Final = frozenset({"step", "transform", "template", "chat_template"})


def observed(program: Program, subject: Subject) -> Program:
    """Return a program of which each run is watched."""

    def run(x: Any, call: Call) -> Any:
        watch, x = watched(subject, x)
        return result(watch, program, x, call)

    def run_leaf(x: Any, call: Call) -> Any:
        outside = WATCHED.get()
        audience = outside.audience
        if audience.enters or audience.leaves:
            return result(outside.part(subject), program, x, call)
        run = new_tuple(Run, (next(_IDS), outside.run, subject, None))
        try:
            if audience.starts:
                audience.tell(audience.starts, run, x)
            value = program(x, call)
        except BaseException as error:
            if audience.errors:
                audience.tell(audience.errors, run, error)
            raise
        if audience.ends:
            audience.tell(audience.ends, run, value)
        return value

    return run_leaf if subject.kind in _LEAVES else run


def result(watch: Watch, program: Program, x: Any, call: Call | None = None) -> Any:
    """Return what a program returns, while it is watched."""
    try:
        watch.start(x)
        watch.enter()
        try:
            value = program(x, call)
        finally:
            watch.leave()
    except BaseException as error:
        watch.fail(error)
        raise
    watch.end(value)
    return value


def observed_chunks(start: Start, subject: Subject) -> Start:
    """Return what starts a stream of which each run is watched."""

    def run(x: Any, call: Call) -> Generator[Any, None, None]:
        watch, x = watched(subject, x)
        yield from given(watch, x, start(x, call))

    return run


def given(watch: Watch, x: Any, stream: Generator[Any, None, None]) -> Generator[Any, None, None]:
    """Yield what a stream gives, while it is watched from its first chunk on."""
    with closing(Chunks(watch, stream)) as chunks:
        watch.start(x)
        yield from chunks


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

"""Retry and fallback: what is run again, or instead, after a failure.

Both are loops over attempts, and an attempt is either a call, or a stream as far as its first
chunk: from there on, whoever reads it has seen something that cannot be taken back.
"""

from __future__ import annotations

import time
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, final

from combinators._failures import FallbackError, locate, matches
from combinators._labels import attempt_of, branch_of
from combinators._run.concurrency.scopes import LOOK_UP_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from combinators import _nodes as n
    from combinators._run.call import Call
    from combinators._run.code.program import Program

Chunks: TypeAlias = "Generator[Any, None, None]"
# What starts a stream from an input.
Start: TypeAlias = "Callable[[Any, Call], Chunks]"
# The first chunk of a stream, and the rest of it.
Opened: TypeAlias = tuple[Any, "Chunks"]


@final
class Attempts:
    """The attempts of one run of a retry: whether there is another, and after how long."""

    def __init__(self, node: n.Retry, now: float) -> None:
        self._node = node
        self._end = now + node.total_seconds
        self._waits: Iterator[float] | None = None
        self._made = 1

    @property
    def segment(self) -> str:
        """Return what paths say of the attempt that was begun last."""
        return attempt_of(self._made)

    def seconds_after(self, error: Exception, now: float) -> float:
        """Return how many seconds to wait for another attempt.

        Raises:
            Exception: the error, with its place, since there is none.
        """
        node = self._node
        if matches(error, node.on) and self._made < node.attempts:
            self._waits = self._waits or iter(node.backoff)
            seconds = next(self._waits, None)
            if seconds is not None and now + seconds <= self._end:
                self._made += 1
                return max(seconds, 0.0)
        locate(error, self.segment)
        raise error


@final
class Alternatives:
    """The steps of one run of a fallback: which have failed, and what becomes of that."""

    def __init__(self, node: n.Fallback) -> None:
        self._node = node
        self._errors: dict[int, Exception] = {}

    @property
    def position(self) -> int:
        """Return the position of the step that is to begin, or was begun last."""
        return len(self._errors)

    @property
    def segment(self) -> str:
        """Return what paths say of that step."""
        return branch_of("fallback", self.position)

    def add(self, error: Exception) -> None:
        """Return if the next step may answer an error, and there is one.

        Raises:
            Exception: the error, which no other step answers.
        """
        locate(error, self.segment)
        self._errors[self.position] = error
        if self.position == 1 and not matches(error, self._node.on):
            raise error

    def left(self) -> bool:
        """Return whether there is a step to begin: the first, or one for the error of the last."""
        last = self._errors.get(self.position - 1)
        answered = last is None or matches(last, self._node.on)
        return answered and self.position < len(self._node.steps)

    def failed(self) -> FallbackError:
        """Return the error of all of them."""
        return FallbackError(self._errors, len(self._node.steps))


# --- In threads ----------------------------------------------------------------------


def retry(node: n.Retry, program: Program) -> Program:
    """Return what runs a program again after failures."""

    def run(x: Any, call: Call) -> Any:
        return _retried(Attempts(node, time.monotonic()), partial(program, x, call), call)

    return run


def fallback(node: n.Fallback, programs: Sequence[Program]) -> Program:
    """Return what runs the next program where one fails."""

    def run(x: Any, call: Call) -> Any:
        attempts = [partial(program, x, call) for program in programs]
        return _first_of(Alternatives(node), attempts, call)

    return run


def retry_chunks(node: n.Retry, start: Start) -> Start:
    """Return what starts a stream again while it fails before its first chunk."""

    def run(x: Any, call: Call) -> Chunks:
        attempts = Attempts(node, time.monotonic())
        opened = _retried(attempts, partial(_opened, start, x, call), call)
        return _read(attempts, *opened)

    return _lazily(run)


def fallback_chunks(node: n.Fallback, starts: Sequence[Start]) -> Start:
    """Return what starts the next stream where one fails before its first chunk."""

    def run(x: Any, call: Call) -> Chunks:
        steps = Alternatives(node)
        attempts = [partial(_opened, start, x, call) for start in starts]
        return _read(steps, *_first_of(steps, attempts, call))

    return _lazily(run)


def _retried(attempts: Attempts, attempt: Callable[[], Any], call: Call) -> Any:
    while True:
        try:
            return attempt()
        except Exception as error:  # noqa: BLE001 - it is raised again, if it is not answered
            seconds = attempts.seconds_after(error, time.monotonic())
        _wait(seconds, call)


def _first_of(steps: Alternatives, attempts: Sequence[Callable[[], Any]], call: Call) -> Any:
    while steps.left():
        if call.team is not None:
            call.team.check()
        try:
            return attempts[steps.position]()
        except Exception as error:  # noqa: BLE001 - as above
            steps.add(error)
    raise steps.failed()


def _wait(seconds: float, call: Call) -> None:
    """Wait without a right to run, as long as anybody wants what comes after.

    Raises:
        Stopped: nobody does.
    """
    end = time.monotonic() + seconds
    call.budget.pause()
    try:
        while (left := end - time.monotonic()) > 0:
            if call.team is not None and call.team.stopped():
                break
            time.sleep(min(left, LOOK_UP_SECONDS) if call.team is not None else left)
    finally:
        call.budget.resume()
    if call.team is not None:
        call.team.check()


def _lazily(start: Start) -> Start:
    """Return what begins only when the first chunk is asked for."""

    def run(x: Any, call: Call) -> Chunks:
        yield from start(x, call)

    return run


def _opened(start: Start, x: Any, call: Call) -> Opened:
    chunks = start(x, call)
    return next(chunks), chunks


def _read(begun: Attempts | Alternatives, first: Any, rest: Chunks) -> Chunks:
    with closing(rest):
        yield first
        try:
            yield from rest
        except Exception as error:
            locate(error, begun.segment)
            raise

"""Many inputs through one program: a few threads drain one shared iterator.

Inputs are read lazily, and no further ahead of the results taken than a window.
"""

from __future__ import annotations

import contextvars
import queue
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, final

from combinators._errors import OptionError
from combinators._failures import BatchError
from combinators._words import a_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from combinators._run.call import Call
    from combinators._run.code.program import Program

# The index of an item, with its value or with the exception that it ended in.
Outcome: TypeAlias = "tuple[int, Any, Exception | None]"

UNLIMITED = 1024  # items at once where a batch has no limit: what the pool can run


def drain(program: Program) -> Callable[[Iterable[Any], Call, str, bool], Drain]:
    """Return what starts a batch of a program."""
    return lambda inputs, call, _, collect: Drain(program, inputs, call, collect=collect)


class Outcomes(Protocol):
    """Items of a batch, of which the outcomes can be taken once."""

    def outcomes(self) -> Generator[Outcome, None, None]:
        """Yield the outcome of every item as it is ready."""
        ...

    def stop(self) -> None:
        """Begin no further item."""
        ...


def checked_errors(errors: object) -> bool:
    """Return whether failures are collected, rather than raised.

    Raises:
        OptionError: `errors` is neither "raise" nor "collect".
    """
    if errors not in ("raise", "collect"):
        raise OptionError("errors", a_kind(errors), '"raise" or "collect"')
    return errors == "collect"


def gathered(drain: Outcomes, *, collect: bool) -> list[Any]:
    """Return the results in the order of the inputs, or the outcomes of all of them.

    Raises:
        BatchError: an item failed, and failures are not collected.
    """
    tally = Tally(collect=collect)
    for outcome in drain.outcomes():
        if tally.add(*outcome):
            drain.stop()
    return tally.results()


def as_completed(drain: Outcomes, *, collect: bool) -> Generator[tuple[int, Any], None, None]:
    """Yield the index and result of every item, or its outcome, as they are ready.

    Raises:
        BatchError: an item failed, and failures are not collected; those that ran
            meanwhile are in its results.
    """
    tally = Tally(collect=collect)
    with closing(drain.outcomes()) as outcomes:
        for index, value, error in outcomes:
            if error is None and not tally.errors:
                yield index, outcome_of(value, None) if collect else value
            elif collect:
                yield index, outcome_of(value, error)
            elif tally.add(index, value, error):
                drain.stop()
    tally.results()


@final
class Tally:
    """What became of the items of a batch so far."""

    def __init__(self, *, collect: bool) -> None:
        self._collect = collect
        self.values: dict[int, Any] = {}
        self.errors: dict[int, Exception] = {}

    def add(self, index: int, value: Any, error: Exception | None) -> bool:
        """Add an outcome; return whether the batch has failed by it."""
        if self._collect:
            self.values[index] = outcome_of(value, error)
        elif error is None:
            self.values[index] = value
        else:
            self.errors[index] = error
        return error is not None and not self._collect

    def results(self) -> list[Any]:
        """Return all values in the order of the inputs.

        Raises:
            BatchError: the batch has failed.
        """
        if self.errors:
            first = next(iter(self.errors))
            raise BatchError(first, self.values, self.errors) from self.errors[first]
        return [self.values[index] for index in sorted(self.values)]


def outcome_of(value: Any, error: Exception | None) -> Any:
    """Return `Success(value)`, or `Failure(error)` where there is an error."""
    from returns.result import Failure, Success  # noqa: PLC0415 - only collectors need it

    return Success(value) if error is None else Failure(error)


@final
class Drain:
    """Items on their way through a program, with threads at work on them.

    A crew: `help` is what its threads run.
    """

    def __init__(
        self, program: Program, inputs: Iterable[Any], call: Call, *, collect: bool
    ) -> None:
        self._program = program
        self._collect = collect
        self._inputs = enumerate(inputs)
        self._call = call
        self._window = 2 * (call.budget.limit or UNLIMITED)
        self._context = contextvars.copy_context()
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._ready: queue.SimpleQueue[Outcome | BaseException | None] = queue.SimpleQueue()
        self._untaken = 0  # items begun whose outcome nobody has taken yet
        self._begun = 0
        self._helpers = 0
        self._arriving = 0  # helpers that were sent and have not begun
        self._ended = False  # no further item begins

    def outcomes(self) -> Generator[Outcome, None, None]:
        """Yield the outcome of every item as it is ready.

        Closing waits for the items that run; Ctrl-C does not.
        """
        self._call.budget.pause()  # the threads do the work; this one only waits
        try:
            while True:
                outcome = self._take()
                if outcome is None:
                    return
                yield outcome
        except GeneratorExit:
            self.stop()
            while self._take() is not None:
                pass
            raise
        finally:
            self.stop()

    def stop(self) -> None:
        """Begin no further item."""
        self._ended = True

    def wants_help(self) -> bool:
        """Return whether a further item may begin."""
        room = self._untaken < self._window
        return room and not self._ended

    def help(self) -> None:
        """Run items until no further one may begin."""
        with self._lock:
            self._arriving = max(self._arriving - 1, 0)  # one may come late, uncounted
            self._helpers += 1
        wake: BaseException | None = None
        try:
            while (item := self._claim()) is not None:
                self._recruit()
                self._run(*item)
        except BaseException as error:  # noqa: BLE001 - raised again where outcomes are taken
            wake = error
        with self._lock:
            self._helpers -= 1
        self._ready.put(wake)

    def _recruit(self) -> None:
        if not self.wants_help():
            return
        with self._lock:
            self._arriving += 1  # before it is sent: it may begin at once
        if not self._call.budget.recruit(self):
            with self._lock:
                self._arriving = max(self._arriving - 1, 0)

    def _claim(self) -> tuple[int, Any, Exception | None] | None:
        """Begin the next item: its index and input, or the error of the iterator of inputs."""
        with self._reading:  # and not the lock: the source may wait for outcomes to be taken
            with self._lock:
                if not self.wants_help():
                    return None
                self._untaken += 1
            item, failed = None, None
            try:
                item = next(self._inputs, None)
            except Exception as error:  # noqa: BLE001 - the failure of the item that was to come
                failed = error
            if item is not None:
                self._begun += 1
                return (*item, None)
            self._ended = True
            return None if failed is None else (self._begun, None, failed)

    def _run(self, index: int, item: Any, error: Exception | None) -> None:
        value = None
        if error is None:
            try:
                value = self._context.copy().run(self._program, item, self._call)
            except Exception as raised:  # noqa: BLE001 - the outcome of this item
                error = raised
        if error is not None and not self._collect:
            self.stop()  # and not when the outcome is taken, which may be much later
        self._ready.put((index, value, error))

    def _take(self) -> Outcome | None:
        """Return the next outcome, None when there are no more."""
        while True:
            self._recruit()
            with self._lock:
                idle = not self._helpers and not self._arriving
            if idle and self._ready.empty():
                item = self._claim()
                if item is None:
                    return None
                self._call.budget.resume()
                self._run(*item)  # no thread is to be had: do it here
                self._call.budget.pause()
            outcome = self._ready.get()
            if isinstance(outcome, BaseException):
                raise outcome
            if outcome is not None:
                with self._lock:
                    self._untaken -= 1
                return outcome

"""A batch whose results are all wanted: the caller works through the inputs, and others help.

Items that never wait never leave the caller. Each has a context of its own: they share one
copy until an item has changed it, and go on in a fresh one.
"""

from __future__ import annotations

import threading
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Final, cast, final

from combinators._failures import BatchError
from combinators._run.batches.batch import outcome_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from contextvars import Context

    from combinators._run.call import Call
    from combinators._run.code.program import Program
    from combinators._run.concurrency.threads import Gate

_END: Final[Any] = object()


def gathering(program: Program) -> Callable[[Iterable[Any], Call, bool], list[Any]]:
    """Return what runs a program on many inputs, and returns the results in their order."""
    return lambda inputs, call, collect: Gathering(program, inputs, call, collect=collect).results()


@final
class Claims:
    """Inputs with their index, each given once, whoever asks.

    The error of an iterator is that of the item that was to come.
    """

    def __init__(self, inputs: Iterable[Any], failed: Callable[[int, Exception], None]) -> None:
        self._inputs = iter(inputs)
        self._failed = failed
        self._count = 0
        self._lock = threading.Lock()
        self._has_ended = False

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        """Return itself."""
        return self

    def __next__(self) -> tuple[int, Any]:
        """Return the next index and input."""
        with self._lock:
            item = _END
            if not self._has_ended:
                try:
                    item = next(self._inputs, _END)
                except Exception as error:  # noqa: BLE001 - the failure of the item that was to come
                    self._failed(self._count, error)
            if item is _END:
                self._has_ended = True
                raise StopIteration
            self._count += 1
            return self._count - 1, item


# One step of an iterator over these is one step of the interpreter: nobody is let in between.
_STEADY: Final = (list, tuple, range)


def claims(
    inputs: Iterable[Any], failed: Callable[[int, Exception], None]
) -> Iterator[tuple[int, Any]]:
    """Return inputs with their index, for several threads."""
    return enumerate(inputs) if type(inputs) in _STEADY else Claims(inputs, failed)


def collected(values: Any, errors: Mapping[int, Exception]) -> list[Any]:
    """Return the outcome of every item: its value, or its error."""
    in_list = type(values) is list
    count: int = len(values) + (0 if in_list else len(errors))
    return [
        outcome_of(None if index in errors else values[index], errors.get(index))
        for index in range(count)
    ]


@final
class Gathering:
    """Items on their way through a program. A crew: `help` is what its threads run."""

    def __init__(
        self, program: Program, inputs: Iterable[Any], call: Call, *, collect: bool
    ) -> None:
        self._program = program
        self._call = call
        self._budget = call.budget
        self._collect = collect
        self._in_list = type(inputs) in _STEADY
        self._values: Any = [_END] * len(cast("Any", inputs)) if self._in_list else {}
        self._errors: dict[int, Exception] = {}
        self._claims = claims(inputs, self._failed)
        self._context = copy_context()
        self._lock = threading.Lock()
        self._helping = 0
        self._waiting: Gate | None = None
        self._has_ended = False  # no further item begins
        self._fatal: BaseException | None = None

    def results(self) -> list[Any]:
        """Return the results, or the outcomes, in the order of the inputs.

        Raises:
            BatchError: an item failed, and failures are not collected.
        """
        self._budget.summon(self)
        try:
            self._work()
            self._await_help()
        finally:
            self._has_ended = True
            self._budget.dismiss(self)
        if self._fatal is not None:
            raise self._fatal
        return self._ordered()

    def _ordered(self) -> list[Any]:
        values, errors = self._values, self._errors
        if self._collect:
            return collected(values, errors)
        if errors:
            pairs: Any = enumerate(values) if self._in_list else values
            found: dict[int, Any] = dict(pairs)
            kept = {index: found[index] for index in sorted(found) if found[index] is not _END}
            first = next(iter(errors))
            raise BatchError(first, kept, errors) from errors[first]
        if not self._in_list:
            values = [values[index] for index in range(len(values))]
        ordered: list[Any] = values
        return ordered

    def wants_help(self) -> bool:
        """Return whether there may be an item that nobody has begun."""
        return not self._has_ended

    def help(self) -> None:
        """Run items until there is none left to begin."""
        with self._lock:
            if self._has_ended:
                return
            self._helping += 1
        try:
            self._work(self._budget.send_on)
        except BaseException as error:  # noqa: BLE001 - raised again by the owner, in its thread
            self._fatal = self._fatal or error
            self._has_ended = True
        with self._lock:
            self._helping -= 1
            if self._waiting is not None and (not self._helping or self._fatal is not None):
                self._waiting.release()
                self._waiting = None

    def _work(self, begun: Callable[[], None] | None = None) -> None:
        """Run items, in fresh contexts as often as one is changed."""
        while not self._has_ended:
            context = self._context.copy()
            context.run(self._drain, context, begun)
            begun = None

    def _drain(self, context: Context, begun: Callable[[], None] | None) -> None:
        program, call, values, before = self._program, self._call, self._values, self._context
        for index, x in self._claims:
            if begun is not None:
                begun()  # before it runs: it may wait
                begun = None
            try:
                values[index] = program(x, call)
            except Exception as error:  # noqa: BLE001 - the outcome of this item
                self._failed(index, error)
            try:
                if context != before or self._has_ended:
                    return
            except Exception:  # noqa: BLE001 - values that do not compare: it has been changed
                return
        self._has_ended = True

    def _failed(self, index: int, error: Exception) -> None:
        self._errors[index] = error
        if not self._collect:
            self._has_ended = True

    def _await_help(self) -> None:
        """Return when no item runs any more, or at once where one was interrupted."""
        with self._lock:
            if not self._helping or self._fatal is not None:
                return
            gate = self._waiting = self._budget.threads.gate()
        self._budget.pause()
        gate.acquire()
        self._budget.resume()

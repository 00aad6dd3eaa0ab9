"""A batch whose results are all wanted: the caller works through the inputs, and others help.

Items that never wait never leave the caller, nor the frame of one loop. Each has a context of
its own: they share one copy until an item has changed it, and go on in a fresh one.
"""

from __future__ import annotations

import threading
from collections import deque
from contextvars import copy_context
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, cast, final

from combinators._failures import BatchError
from combinators._run import sync
from combinators._run.batches.batch import outcome_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from contextvars import Context

    from combinators import _nodes as n
    from combinators._run.call import Call
    from combinators._run.code.program import Loop, Program
    from combinators._run.concurrency.threads import Gate

_END: Final[Any] = object()


def gathering(loop: Loop) -> Callable[[Iterable[Any], Call, bool], list[Any]]:
    """Return what runs a loop over many inputs, and returns the results in their order."""
    return lambda inputs, call, collect: Gathering(loop, inputs, call, collect=collect).results()


def loop(node: n.Node, *, watch: bool, observed: bool) -> Loop:
    """Return what runs a tree on many inputs, each with its index if observed."""
    if observed:
        return _through(sync.itemwise(node, watch=watch, observed=True))
    return sync.loop(node, watch=watch)


def _through(program: Program) -> Loop:
    """Return the loop that a program would be compiled into, around the program as it is."""

    def batch(  # noqa: PLR0913, PLR0917 - what a loop is given
        items: Iterable[tuple[int, Any]],
        call: Call,
        values: dict[int, Any],
        failed: Callable[[int, Exception], None],
        context: Context,
        before: Context,
    ) -> bool:
        for index, x in items:
            try:
                values[index] = program(x, call)
            except Exception as error:  # noqa: BLE001 - the outcome of this item
                failed(index, error)
            if is_changed(context, before):
                return True
        return False

    return batch


def is_changed(context: Context, before: Context) -> bool:
    """Return whether a context differs from the one that it is a copy of."""
    try:
        return context != before
    except Exception:  # noqa: BLE001 - values that do not compare: it has been changed
        return True


# One step of an iterator over these is one step of the interpreter: nobody is let in between.
STEADY: Final = (list, tuple, range)


def claims(
    inputs: Iterable[Any], failed: Callable[[int, Exception], None]
) -> tuple[Iterator[tuple[int, Any]], Callable[[], object]]:
    """Return inputs with their index, for several threads, and what leaves none to be begun."""
    if type(inputs) in STEADY:
        items = enumerate(inputs)
        return items, lambda: deque(items, maxlen=0)
    later = Claims(inputs, failed)
    return later, later.end


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

    def end(self) -> None:
        """Give no further one."""
        self._has_ended = True

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

    def __init__(self, loop: Loop, inputs: Iterable[Any], call: Call, *, collect: bool) -> None:
        self._loop = loop
        self._call = call
        self._budget = call.budget
        self._collect = collect
        self._in_list = type(inputs) in STEADY
        self._values: Any = [_END] * len(cast("Any", inputs)) if self._in_list else {}
        self._errors: dict[int, Exception] = {}
        self._claims, self._leave_the_rest = claims(inputs, self._failed)
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
        if not self._in_list or len(self._values) > 1:
            self._budget.summon(self)
        try:
            self._work(self._claims)
            self._has_ended = True
            self._await_help()
        finally:
            self._end()
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
            for item in self._claims:
                self._budget.send_on()  # before it runs: it may wait
                self._work(chain((item,), self._claims))
            self._has_ended = True
        except BaseException as error:  # noqa: BLE001 - raised again by the owner, in its thread
            self._fatal = self._fatal or error
            self._end()
        with self._lock:
            self._helping -= 1
            if self._waiting is not None and (not self._helping or self._fatal is not None):
                self._waiting.release()
                self._waiting = None

    def _work(self, items: Iterable[tuple[int, Any]]) -> None:
        """Run items, in fresh contexts as often as one is changed."""
        before, has_changed = self._context, True
        while has_changed:
            context = before.copy()
            has_changed = context.run(
                self._loop, items, self._call, self._values, self._failed, context, before
            )

    def _end(self) -> None:
        """Let no further item begin."""
        self._has_ended = True
        self._leave_the_rest()

    def _failed(self, index: int, error: Exception) -> None:
        self._errors[index] = error
        if not self._collect:
            self._end()

    def _await_help(self) -> None:
        """Return when no item runs any more, or at once where one was interrupted."""
        with self._lock:
            if not self._helping or self._fatal is not None:
                return
            gate = self._waiting = self._budget.threads.gate()
        self._budget.pause()
        gate.acquire()
        self._budget.resume()

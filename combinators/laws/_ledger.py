"""What was done while something ran: which drawn function was called, and with what."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, final


@final
class Ledger:
    """A count of calls."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # What was called with what; the two bodies of a step count as one function.
        self.calls: Counter[tuple[str, str]] = Counter()
        # What each function gave for each input: the function, as far as it was asked.
        self.table: dict[str, dict[str, str]] = {}

    def called(self, body: str, function: str, given: str, gives: str) -> None:
        """Write down a call."""
        with self._lock:
            self.calls[function, given] += 1
            self.table.setdefault(body, {})[given] = gives


# A variable of the context, so that it is the same on whatever thread a step runs.
_OPEN: Final[ContextVar[Ledger]] = ContextVar("ledger")


@contextmanager
def counted() -> Generator[Ledger]:
    """Open a ledger for what is run in the block.

    >>> from combinators.laws.strategies import Function
    >>> step = Function(7)
    >>> with counted() as ledger:
    ...     step("x"), step("x"), step("y")
    (7, 7, 7)
    >>> ledger.calls
    Counter({('(7,)', "'x'"): 2, ('(7,)', "'y'"): 1})
    """
    ledger = Ledger()
    token = _OPEN.set(ledger)
    try:
        yield ledger
    finally:
        _OPEN.reset(token)


def ledger() -> Ledger | None:
    """Return the ledger that is open, if one is."""
    return _OPEN.get(None)

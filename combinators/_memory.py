"""Results that are kept, so many of them, and those that somebody is computing right now.

One run is shared by all who ask for the same at the same time, on whatever thread or event
loop they are. Nobody waits here: who has to is told whom to wait for, and is woken.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable


@final
@dataclass(frozen=True, slots=True)
class Kept:
    """A result."""

    value: Any


@final
class Flight:
    """A run that somebody leads, and that others wait for.

    When it has ended, it has a result, or an error, or neither: then who led it gave up, and
    somebody else has to.
    """

    __slots__ = ("error", "kept", "leader", "waiting")

    def __init__(self) -> None:
        self.leader = threading.get_ident()
        self.waiting: list[Callable[[], None]] | None = []  # None when it has ended
        self.kept: Kept | None = None
        self.error: Exception | None = None


@final
class Memory:
    """The results of one step under their keys, and the runs on their way to one."""

    __slots__ = ("_flights", "_kept", "_lock", "_process")

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._start_afresh()

    def _start_afresh(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._flights: dict[Hashable, Flight] = {}

    def find(self, key: Hashable) -> Kept | Flight | None:
        """Return what is kept, or else the run to wait for, if somebody leads one."""
        if self._process != os.getpid():
            self._start_afresh()  # in the child of a fork no leader lives on
        with self._lock:
            return self._found(key)

    def enter(self, key: Hashable) -> tuple[Kept | Flight, bool]:
        """Return the same, and whether it is a run for the caller to lead, who has to `leave`."""
        if self._process != os.getpid():
            self._start_afresh()  # as above
        with self._lock:
            found = self._found(key)
            if found is not None:
                return found, False
            flight = self._flights[key] = Flight()
            return flight, True

    def _found(self, key: Hashable) -> Kept | Flight | None:
        kept = self._kept.get(key)
        if kept is None:
            return self._flights.get(key)
        self._kept.move_to_end(key)
        return kept

    def keep(self, key: Hashable, value: Any, maxsize: int) -> Kept:
        """Keep a result; what was asked for longest ago makes room for it."""
        kept = Kept(value)
        with self._lock:
            self._kept[key] = kept
            self._kept.move_to_end(key)
            while len(self._kept) > maxsize:
                self._kept.popitem(last=False)
        return kept

    def leave(self, key: Hashable, flight: Flight) -> None:
        """End the run, and wake whoever waits for it."""
        with self._lock:
            if self._flights.get(key) is flight:
                del self._flights[key]
            waiting, flight.waiting = flight.waiting, None
        for wake in waiting or ():
            wake()

    def wait(self, flight: Flight, wake: Callable[[], None]) -> bool:
        """Return whether there is something to wait for; then `wake` is called at its end."""
        with self._lock:
            if flight.waiting is None:
                return False
            flight.waiting.append(wake)
            return True

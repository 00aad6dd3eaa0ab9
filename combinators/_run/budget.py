"""The limit of a call: how many function bodies of its whole tree run at once.

Whoever runs bodies holds a right to do so. A thread gives its right up while it
waits for others, so that rights are never tied up and nesting cannot deadlock.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Protocol, final

from combinators._errors import OptionError
from combinators._run.pool import POOL
from combinators._words import a_kind

if TYPE_CHECKING:
    from combinators._run.pool import Pool


class Crew(Protocol):
    """Work that several threads can share."""

    def wants_help(self) -> bool:
        """Return whether there is work that nobody has begun."""
        ...

    def help(self) -> None:
        """Do work until there is none that nobody has begun. Never raises."""
        ...


@final
class Budget:
    """At most `limit` threads at work in one call tree, the caller among them."""

    def __init__(self, limit: int | None, pool: Pool = POOL) -> None:
        self.limit = limit
        self._pool = pool
        self._lock = threading.Lock()
        self._free = (limit - 1) if limit else 0
        self._crews: list[Crew] = []
        self._resuming: deque[threading.Lock] = deque()

    def recruit(self, crew: Crew) -> bool:
        """Send one more thread to `crew`, or else one when a right is given back.

        Return whether a thread was sent at once.
        """
        if self.limit is None:
            return self._pool.spawn(crew.help)
        with self._lock:
            if crew not in self._crews:
                self._crews.append(crew)
        return self._dispatch() is crew

    def pause(self) -> None:
        """Give the right of this thread up while it waits."""
        if self.limit is None:
            return
        with self._lock:
            if self._resuming:
                self._resuming.popleft().release()
                return
            self._free += 1
        self._dispatch()

    def resume(self) -> None:
        """Take a right again, before others can begin new work with it."""
        if self.limit is None:
            return
        with self._lock:
            if self._free:
                self._free -= 1
                return
            gate = threading.Lock()
            gate.acquire()
            self._resuming.append(gate)
        gate.acquire()

    def _dispatch(self) -> Crew | None:
        """Send a thread with a right to the newest crew that has work left; return which."""
        with self._lock:
            while self._crews and not self._crews[-1].wants_help():
                self._crews.pop()
            if not self._free or not self._crews:
                return None
            crew = self._crews[-1]
            self._free -= 1

        def help_out() -> None:
            crew.help()
            self.pause()

        if self._pool.spawn(help_out):
            return crew
        with self._lock:
            self._free += 1
        return None


def checked_limit(limit: object) -> int | None:
    """Return `limit`, if a call can have it.

    Raises:
        OptionError: it is not a positive whole number, or None.
    """
    if limit is None:
        return None
    accepted = "a positive whole number, or None for no limit"
    if not isinstance(limit, int) or isinstance(limit, bool):
        raise OptionError("limit", a_kind(limit), accepted)
    if limit < 1:
        raise OptionError("limit", "a number below 1", accepted)
    return limit

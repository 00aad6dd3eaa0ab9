"""The limit of a call: how many function bodies of its whole tree run at once.

Whoever runs bodies holds a right to do so. A thread gives its right up while it
waits for others, so that rights are never tied up and nesting cannot deadlock.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, TypeAlias, final

from combinators._errors import OptionError
from combinators._run.concurrency.pool import POOL, Crews
from combinators._words import a_kind

if TYPE_CHECKING:
    from combinators._run.concurrency.pool import Crew, Pool
    from combinators._run.concurrency.threads import Gate


@final
class Unlimited:
    """As many threads as the pool has. One serves all calls: there is nothing to count."""

    limit = None

    def __init__(self, pool: Pool = POOL) -> None:
        self._pool = pool
        self.threads = pool.threads
        self.summon = pool.summon
        self.send_on = pool.send_on
        self.dismiss = pool.dismiss

    def recruit(self, crew: Crew) -> bool:
        """Send one more thread to `crew` at once; return False where none is to be had."""
        return self._pool.spawn(crew.help)

    def pause(self) -> None:
        """Go on waiting."""

    def resume(self) -> None:
        """Go on working."""


UNLIMITED = Unlimited()


@final
class Limited:
    """At most `limit` threads at work in one call tree, the caller among them."""

    def __init__(self, limit: int, pool: Pool = POOL) -> None:
        self.limit = limit
        self.threads = pool.threads
        self._pool = pool
        self._lock = threading.Lock()
        self._free = limit - 1
        self._crews = Crews()
        self._resuming: deque[Gate] = deque()

    def recruit(self, crew: Crew) -> bool:
        """Send one more thread to `crew`, or else one when a right is given back.

        Return whether a thread was sent at once.
        """
        self._add(crew)
        return self._dispatch() is crew

    def summon(self, crew: Crew) -> None:
        """Send for threads to help `crew`, until it is dismissed."""
        self._add(crew)
        self._dispatch()

    def send_on(self) -> None:
        """Send for one more thread, where help is wanted and a right is free."""
        self._dispatch()

    def dismiss(self, crew: Crew) -> None:
        """Send no more help to `crew`."""
        with self._lock:
            self._crews.discard(crew)

    def _add(self, crew: Crew) -> None:
        with self._lock:
            self._crews.add(crew)

    def pause(self) -> None:
        """Give the right of this thread up while it waits."""
        with self._lock:
            if self._resuming:
                self._resuming.popleft().release()
                return
            self._free += 1
        self._dispatch()

    def resume(self) -> None:
        """Take a right again, before others can begin new work with it."""
        with self._lock:
            if self._free:
                self._free -= 1
                return
            gate = self.threads.gate()
            self._resuming.append(gate)
        gate.acquire()

    def _dispatch(self) -> Crew | None:
        """Send a thread with a right to the newest crew that has work left; return which."""
        with self._lock:
            crew = self._crews.in_need()
            if crew is None or not self._free:
                return None
            self._free -= 1

        def help_out() -> None:
            crew.help()
            self.pause()

        if self._pool.spawn(help_out):
            return crew
        with self._lock:
            self._free += 1
        return None


Budget: TypeAlias = Unlimited | Limited


def budget(limit: object, pool: Pool = POOL) -> Budget:
    """Return the budget of a call.

    Raises:
        OptionError: it cannot have this limit.
    """
    checked = checked_limit(limit)
    if checked is not None:
        return Limited(checked, pool)
    return UNLIMITED if pool is POOL else Unlimited(pool)


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

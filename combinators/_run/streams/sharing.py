"""One stream for several readers, on threads of their own: each sees all of its chunks.

Whoever needs the next chunk first gets it, for all. Nobody runs further ahead than a bound
of a reader that has a thread.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from combinators._failures import copied

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from combinators._run.concurrency.budget import Budget
    from combinators._run.concurrency.team import Team
    from combinators._run.concurrency.threads import Gate

FURTHEST: Final = 16  # chunks that the fastest reader may be ahead of the slowest

_END: Final = object()


class Shared:
    """A stream that is read by several, once by each."""

    def __init__(
        self, chunks: Iterator[Any], empty: Callable[[], Exception], budget: Budget, team: Team
    ) -> None:
        self.error: Exception | None = None  # what the stream failed with
        self._chunks = chunks
        self._empty: Callable[[], Exception] | None = empty  # the error, until there is a chunk
        self._budget = budget
        self._team = team
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._buffers: dict[int, deque[Any]] = {}
        self._is_read: dict[int, Callable[[], bool]] = {}
        self._waiting: list[Gate] = []

    def reader(self, index: int, is_read: Callable[[], bool]) -> Generator[Any, None, None]:
        """Return the chunks for one reader; `is_read` says whether a thread is at work on it."""
        self._buffers[index] = deque()
        self._is_read[index] = is_read
        return self._read(index)

    def _read(self, index: int) -> Generator[Any, None, None]:
        buffer = self._buffers[index]
        try:
            while True:
                while buffer:
                    yield buffer.popleft()
                    if self._waiting:
                        self._wake()
                self._await_others(index)
                with self._reading:
                    if not buffer and not self._advance():
                        return
        finally:
            self.leave(index)

    def read_by(self, index: int, chunks: Generator[Any, None, None]) -> Generator[Any, None, None]:
        """Yield what somebody makes of what its reader gives; afterwards nothing is kept for it."""
        try:
            yield from chunks
        finally:
            self.leave(index)

    def leave(self, index: int) -> None:
        """Keep no chunk for a reader any more."""
        self._buffers.pop(index, None)
        self._wake()

    def _advance(self) -> bool:
        """Get the next chunk for all readers; return whether there was one."""
        self._team.check()  # who collects an endless stream looks at nothing else
        if self.error is not None:
            raise copied(self.error)  # which goes its own way, and has its path noted there
        try:
            chunk = next(self._chunks, _END)
            if chunk is _END and self._empty is not None:
                raise self._empty()  # noqa: TRY301 - kept like what the stream itself fails with
        except Exception as error:
            self.error = error
            raise
        self._empty = None
        if chunk is _END:
            return False
        for buffer in [*self._buffers.values()]:
            buffer.append(chunk)
        return True

    def _await_others(self, index: int) -> None:
        """Return when no other reader is too far behind."""
        while self._is_far_ahead(index):
            gate = self._budget.threads.gate()
            with self._lock:
                self._waiting.append(gate)
            if self._is_far_ahead(index):
                self._budget.pause()
                gate.acquire()
                self._budget.resume()

    def _is_far_ahead(self, index: int) -> bool:
        return any(
            len(buffer) >= FURTHEST and other != index and self._is_read[other]()
            for other, buffer in [*self._buffers.items()]
        )

    def _wake(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for gate in waiting:
            gate.release()

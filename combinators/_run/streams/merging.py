"""Streams that run side by side and come as one: whoever has a chunk ready gives it.

Threads make the chunks, each a few ahead of those that were taken: one that is further
ahead waits. How many that are doubles, up to a bound, whenever the one who takes has had to
wait although somebody was held up. Where no thread is to be had, the one who takes makes
the chunks itself, a chunk of each stream by turns.
"""

from __future__ import annotations

import threading
from collections import deque
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Final, final

from combinators._run.call import Call
from combinators._run.concurrency.scopes import HERE, Stopped
from combinators._run.concurrency.team import Team

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence

    from combinators._run.concurrency.threads import Gate

    Chunks = Generator[Any, None, None]
    RaiseAll = Callable[[Mapping[int, Exception]], None]

FEWEST: Final = 2  # chunks of a stream that may wait to be taken, at first
MOST: Final = 256  # and at most

_END: Final = object()


@final
class Strand:
    """One of the streams, and what it has made that nobody has taken."""

    __slots__ = ("buffer", "chunks", "context", "gate", "index", "is_over", "key", "threaded")

    def __init__(self, index: int, key: str | None, chunks: Chunks) -> None:
        self.index = index
        self.key = key  # under which its chunks come; None for chunks that come as they are
        self.chunks = chunks
        self.context = copy_context()
        self.buffer: deque[Any] = deque()
        self.gate: Gate | None = None  # where its thread waits for room
        self.threaded = False  # a thread works on it, or has
        self.is_over = False


@final
class Merged:
    """Streams at work, of which the chunks can be taken once. A crew: `help` is for threads.

    Structured: none outlives `chunks`, but by Ctrl-C. After the first failure all stop
    at their next chunk; an exception that is no `Exception` is raised at once, bare.

    Args:
        call: the call that they are part of
        raise_all: what raises the errors of streams, by index, if there are any
    """

    def __init__(self, call: Call, raise_all: RaiseAll) -> None:
        self.errors: dict[int, Exception] = {}
        self._raise_all = raise_all
        self._budget = call.budget
        self.team = Team((), 0, call)  # so that whatever begins inside knows when to stop
        self.inside = Call(call.budget, call.bound, self.team)
        self._strands: Sequence[Strand] = ()
        self._waiting_for_thread: deque[Strand] = deque()
        self._lock = threading.Lock()
        self._window = FEWEST
        self._was_full = False  # a stream was held up
        self._helping = 0
        self._arriving = 0  # threads that were sent and have not begun
        self._taker: Gate | None = None  # where the one who takes waits
        self._has_right = False  # to run: who woke the taker last has handed over its own
        self._fatal: BaseException | None = None

    def chunks(self, strands: Sequence[Strand], first: Iterable[Any]) -> Chunks:
        """Yield `first`, and then the chunks of all streams as they are ready.

        Closing waits until all are closed. However it ends, what has failed is raised.

        Args:
            strands: the streams
            first: chunks that are made here; what fails with them is in `errors`

        Raises:
            Stopped: a team above this one has failed.
        """
        self._strands = strands
        self._waiting_for_thread.extend(strands)
        self._recruit()
        try:
            yield from first
            yield from self._taken()
        except (GeneratorExit, Exception, Stopped):
            self._end()
            self._raise_all(self.errors)
            raise
        except BaseException:  # Ctrl-C waits for nobody
            self._stop()
            self._budget.pause()  # for good, so that those who are at work can end
            raise
        self._end()
        self._raise_all(self.errors)
        if self.team.above:
            self.team.above.check()

    def _taken(self) -> Chunks:
        if self.errors:
            self._stop()
        running = list(self._strands)
        while running:
            for strand in running[:]:
                ended = self._is_over(strand)  # before looking: no chunk comes later
                buffer = strand.buffer
                for _ in range(len(buffer)):
                    yield buffer.popleft()
                    if strand.gate is not None and 2 * len(buffer) <= self._window:
                        self._let_on(strand)
                if ended and not buffer:
                    running.remove(strand)
            self._raise_fatal()
            if running and not self._has_news(running):
                self._await_chunk(running)

    def _raise_fatal(self) -> None:
        if self._fatal is not None:
            raise self._fatal

    # -- the one who takes --------------------------------------------------------

    def _is_over(self, strand: Strand) -> bool:
        return strand.is_over or (self.team.ended and not strand.threaded)

    def _has_news(self, running: Sequence[Strand]) -> bool:
        return any(strand.buffer or self._is_over(strand) for strand in running)

    def _await_chunk(self, running: Sequence[Strand]) -> None:
        """Return when there may be a chunk, or something has ended."""
        if self.team.stopped() and not self.team.ended:
            self._stop()  # somebody above has failed: what has not begun does not begin
            return
        self._recruit()
        alone = self._unattended()
        if alone is not None:
            self._make_one(alone)
            return
        if self._was_full:
            self._was_full, self._window = False, min(2 * self._window, MOST)
        gate = self._taker = self._budget.threads.gate()
        if self._has_news(running) or self._fatal is not None or not self._is_staffed():
            self._stay()
        else:
            self._wait_at(gate)

    def _stay(self) -> None:
        """Go on without a wait; who has woken us even so has handed over a right too many."""
        with self._lock:
            was_woken, self._taker = self._taker is None, None
        if was_woken and self._has_right:
            self._budget.pause()

    def _wait_at(self, gate: Gate) -> None:
        self._budget.pause()
        gate.acquire()
        if not self._has_right:
            self._budget.resume()

    def _is_staffed(self) -> bool:
        with self._lock:
            return bool(self._helping or self._arriving)

    def _unattended(self) -> Strand | None:
        """Claim a stream for the one who takes, where no thread is at work or on its way."""
        with self._lock:
            if self._helping or self._arriving or not self._waiting_for_thread:
                return None
            return self._waiting_for_thread.popleft()

    def _make_one(self, strand: Strand) -> None:
        """Make the next chunk of a stream that no thread has come for."""
        try:
            chunk = strand.context.run(next, strand.chunks, _END)
        except Exception as error:  # noqa: BLE001 - kept for the one who takes
            self._fail(strand, error)
            return
        if chunk is _END:
            strand.is_over = True
            return
        strand.buffer.append(chunk if strand.key is None else {strand.key: chunk})
        with self._lock:
            self._waiting_for_thread.append(strand)

    def _let_on(self, strand: Strand) -> None:
        with self._lock:
            gate, strand.gate = strand.gate, None
            if gate is not None:
                gate.release()

    def _end(self) -> None:
        """Stop all streams, and return when they are closed."""
        self._stop()
        while (gate := self._until_fewer()) is not None:
            self._wait_at(gate)
        self._budget.dismiss(self)
        for strand in self._strands:
            if not strand.is_over:
                self._close(strand)
        self._raise_fatal()

    def _until_fewer(self) -> Gate | None:
        with self._lock:
            self._taker = self._budget.threads.gate() if self._helping else None
            return self._taker

    def _stop(self) -> None:
        self.team.end()
        with self._lock:
            self._waiting_for_thread.clear()
        for strand in self._strands:
            self._let_on(strand)

    # -- threads --------------------------------------------------------------------

    def wants_help(self) -> bool:
        """Return whether there is a stream that no thread has come for."""
        return bool(self._waiting_for_thread) and not self.team.stopped()

    def help(self) -> None:
        """Make chunks of streams, each to its end, until there is none left to begin."""
        with self._lock:
            self._arriving = max(self._arriving - 1, 0)  # one may come late, uncounted
        HERE.scope = self.team
        while (strand := self._claim()) is not None:
            self._recruit()
            try:
                strand.context.run(self._make_all, strand)
            except Exception as error:  # noqa: BLE001 - kept for the one who takes
                self._fail(strand, error)
            except Stopped:
                pass
            except BaseException as error:  # noqa: BLE001 - raised again by the one who takes
                self._fatal = self._fatal or error
                self._stop()
            self._leave(strand)
        HERE.scope = None
        self._wake()  # whoever waits for us to begin something

    def _recruit(self) -> None:
        if not self.wants_help():
            return
        with self._lock:
            self._arriving += 1  # before it is sent: it may begin at once
        if not self._budget.recruit(self):
            with self._lock:
                self._arriving = max(self._arriving - 1, 0)

    def _claim(self) -> Strand | None:
        with self._lock:
            if not self._waiting_for_thread or self.team.stopped():
                return None
            strand = self._waiting_for_thread.popleft()
            strand.threaded = True
            self._helping += 1
            return strand

    def _make_all(self, strand: Strand) -> None:
        """Make all chunks of a stream, and close it."""
        key, buffer, team = strand.key, strand.buffer, self.team
        try:
            for chunk in strand.chunks:
                buffer.append(chunk if key is None else {key: chunk})
                if self._taker is not None and self._wake(hand_over=True):
                    self._budget.resume()
                if len(buffer) >= self._window:
                    self._await_room(strand)
                if team.stopped():
                    return
        finally:
            strand.chunks.close()

    def _await_room(self, strand: Strand) -> None:
        """Return when a chunk more may be made, or none any more."""
        self._was_full = True
        gate = strand.gate = self._budget.threads.gate()
        if self.team.ended or len(strand.buffer) < self._window:
            strand.gate = None  # there was room again before anybody could tell
            return
        self._budget.pause()
        gate.acquire()
        self._budget.resume()

    def _fail(self, strand: Strand, error: Exception) -> None:
        self.errors[strand.index] = error
        self._stop()

    def _leave(self, strand: Strand) -> None:
        with self._lock:
            strand.is_over = True
            self._helping -= 1
        self._wake()

    def _wake(self, *, hand_over: bool = False) -> bool:
        """Wake the one who takes, if it waits: it runs with our right to do so, or gets its own."""
        with self._lock:
            gate, self._taker = self._taker, None
            if gate is not None:
                self._has_right = hand_over
                gate.release()
        return gate is not None

    def _close(self, strand: Strand) -> None:
        try:
            strand.context.run(strand.chunks.close)
        except Exception as error:  # noqa: BLE001 - kept like one of the stream itself
            self.errors.setdefault(strand.index, error)


def raise_only(errors: Mapping[int, Exception]) -> None:
    """Raise the error of the only stream there is; return if it has not failed."""
    if errors:
        raise errors[0]

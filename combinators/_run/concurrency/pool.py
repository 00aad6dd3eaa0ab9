"""Threads: one elastic pool for the whole process, started by nobody until it is needed.

The branches that run here wait for networks and disks, so the number of threads
follows the work and never the number of processors. A thread that finds no work
for a while goes away.
"""

from __future__ import annotations

import contextlib
import os
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol, final

from combinators._run.concurrency.threads import SystemThreads

if TYPE_CHECKING:
    from collections.abc import Callable

    from combinators._run.concurrency.threads import Threads

    Job = Callable[[], None]


class Crew(Protocol):
    """Work that several threads can share."""

    def wants_help(self) -> bool:
        """Return whether there is work that nobody has begun."""
        ...

    def help(self) -> None:
        """Do work until there is none that nobody has begun. Never raises."""
        ...


@final
class Crews:
    """Crews that asked for help, each once; who holds them sees to the lock."""

    __slots__ = ("_asking",)

    def __init__(self) -> None:
        self._asking: dict[Crew, None] = {}

    def add(self, crew: Crew) -> None:
        """Keep in mind that a crew asks for help."""
        self._asking[crew] = None

    def discard(self, crew: Crew) -> None:
        """Forget that it does."""
        self._asking.pop(crew, None)

    def in_need(self) -> Crew | None:
        """Return the newest crew that wants help: the deepest, where they nest."""
        while self._asking:
            crew = next(reversed(self._asking))
            if crew.wants_help():
                return crew
            del self._asking[crew]
        return None


@final
class _Worker:
    """A thread that waits for one job at a time at its own gate."""

    __slots__ = ("gate", "job")

    def __init__(self, job: Job, threads: Threads) -> None:
        self.job: Job | None = job
        self.gate = threads.gate()


@final
class Roster:
    """The threads of a pool, and who wants their help.

    A thread keeps to the roster that it began with: the pool may have another one meanwhile.
    """

    __slots__ = ("coming", "crews", "given_up", "idle", "lock", "running")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.idle: list[_Worker] = []
        self.running = 0
        self.crews = Crews()
        self.coming = False  # a thread is on its way to help whoever wants it
        self.given_up = 0  # threads at work on what nobody waits for any more

    def in_need(self) -> Crew | None:
        """Return the newest crew that wants help."""
        with self.lock:
            return self.crews.in_need()


@final
class Pool:
    """Threads that grow with the work, up to `max_threads`, and shrink when idle.

    All pipelines share one, which nobody has to know of. A batch that is given another
    as `executor=` has threads of its own, such as fewer of them.

    >>> from combinators import Pool, runnable
    >>> runnable(len).batch(["a", "bc"], executor=Pool(max_threads=2))
    [1, 2]

    A job is run at once or refused, never queued behind others that may be waiting for
    it. Jobs must not raise: whoever hands one over has arranged where its outcome goes.

    A crew is work that its owner does with or without help. While one thread is on its
    way to help, no other is sent: when it comes and finds work, it sends for the next.
    """

    def __init__(
        self,
        max_threads: int = 1024,
        idle_seconds: float = 10.0,
        threads: Threads = SystemThreads(),  # noqa: B008 - it has no state
        max_given_up: int = 64,
    ) -> None:
        self.max_given_up = max_given_up
        self.threads = threads
        self._max_threads = max_threads
        self._idle_seconds = idle_seconds
        self._reset()
        with contextlib.suppress(AttributeError):  # not every system can fork
            os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        # In the child of a fork no thread but the forking one lives on, and locks may be held
        # by those that do not.
        self._roster = Roster()

    def spawn(self, job: Job) -> bool:
        """Run `job` on a thread at once; return False where none is to be had."""
        return self._spawn(job, self._roster)

    def _spawn(self, job: Job, roster: Roster) -> bool:
        with roster.lock:
            if roster.idle:
                worker = roster.idle.pop()
                worker.job = job
                worker.gate.release()
                return True
            if roster.running >= self._max_threads:
                return False
            roster.running += 1
        worker = _Worker(job, self.threads)
        if self.threads.start(lambda: self._work(worker, roster)):
            return True
        with roster.lock:
            roster.running -= 1
        return False

    @property
    def given_up(self) -> int:
        """How many threads are at work on what nobody waits for any more."""
        return self._roster.given_up

    def give_up(self) -> Job:
        """Count a thread whose work nobody waits for any more; return what ends that."""
        roster = self._roster
        with roster.lock:
            roster.given_up += 1

        def take_back() -> None:
            with roster.lock:
                roster.given_up -= 1

        return take_back

    # -- crews ------------------------------------------------------------------

    def summon(self, crew: Crew) -> None:
        """Send for threads to help `crew`, until it is dismissed."""
        roster = self._roster
        with roster.lock:
            roster.crews.add(crew)
        if not roster.coming:
            self._send(roster)

    def send_on(self) -> None:
        """Send for one more thread, where help is wanted and none is on its way."""
        roster = self._roster
        if not roster.coming and roster.in_need() is not None:
            self._send(roster)

    def dismiss(self, crew: Crew) -> None:
        """Send no more help to `crew`."""
        roster = self._roster
        with roster.lock:
            roster.crews.discard(crew)

    def _send(self, roster: Roster) -> None:
        roster.coming = True
        if not self._spawn(lambda: _attend(roster), roster):
            roster.coming = False

    # -- threads ----------------------------------------------------------------

    def _work(self, worker: _Worker, roster: Roster) -> None:
        while (job := worker.job) is not None:
            job()
            del job  # or its results would live as long as the thread idles
            worker.job = self._next(worker, roster)

    def _next(self, worker: _Worker, roster: Roster) -> Job | None:
        """Return the next job of this thread, None when it has idled long enough."""
        worker.job = None
        with roster.lock:
            roster.idle.append(worker)
        if worker.gate.acquire(True, self._idle_seconds):  # noqa: FBT003 - positional in the seam
            return worker.job
        with roster.lock:
            if worker in roster.idle:
                roster.idle.remove(worker)
                roster.running -= 1
                return None
        worker.gate.acquire()  # a job was handed over at the last moment
        return worker.job


def _attend(roster: Roster) -> None:
    roster.coming = False  # before looking: whoever saw it true is found now
    while (crew := roster.in_need()) is not None:
        crew.help()


POOL = Pool()

# Whose threads run the sync steps of what an event loop runs.
IN_USE: ContextVar[Pool] = ContextVar("pool", default=POOL)


@final
class Using:
    """Lets what copies the context in here run its sync steps on the threads of a pool."""

    __slots__ = ("_pool", "_token")

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def __enter__(self) -> None:
        self._token = IN_USE.set(self._pool)

    def __exit__(self, *_: object) -> None:
        IN_USE.reset(self._token)

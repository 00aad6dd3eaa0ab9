"""Threads: one elastic pool for the whole process, started by nobody until it is needed.

The branches that run here wait for networks and disks, so the number of threads
follows the work and never the number of processors. A thread that finds no work
for a while goes away.

Threads are daemons: neither Ctrl-C nor the end of the interpreter waits for one.
"""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from collections.abc import Callable

    Job = Callable[[], None]


@final
class _Worker:
    """A thread that waits for one job at a time at its own gate."""

    __slots__ = ("gate", "job")

    def __init__(self, job: Job) -> None:
        self.job: Job | None = job
        self.gate = threading.Lock()
        self.gate.acquire()


@final
class Pool:
    """Threads that grow with the work, up to `max_threads`, and shrink when idle.

    A job is run at once or refused, never queued behind others that may be waiting for
    it. Jobs must not raise: whoever hands one over has arranged where its outcome goes.
    """

    def __init__(self, max_threads: int = 1024, idle_seconds: float = 10.0) -> None:
        self._max_threads = max_threads
        self._idle_seconds = idle_seconds
        self._reset()
        with contextlib.suppress(AttributeError):  # not every system can fork
            os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        # Also in the child of a fork, where no thread but the forking one lives on
        # and the lock may be held by one that does not.
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._threads = 0

    def spawn(self, job: Job) -> bool:
        """Run `job` on a thread at once; return False where none is to be had."""
        with self._lock:
            if self._idle:
                worker = self._idle.pop()
                worker.job = job
                worker.gate.release()
                return True
            if self._threads >= self._max_threads:
                return False
            self._threads += 1
        return self._start(_Worker(job))

    def _start(self, worker: _Worker) -> bool:
        thread = threading.Thread(
            target=self._work, args=(worker,), name="combinators", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:  # no more threads in this process, or it is about to end
            with self._lock:
                self._threads -= 1
            return False
        return True

    def _work(self, worker: _Worker) -> None:
        while (job := worker.job) is not None:
            job()
            del job  # or its results would live as long as the thread idles
            worker.job = self._next(worker)

    def _next(self, worker: _Worker) -> Job | None:
        """Return the next job of this thread, None when it has idled long enough."""
        worker.job = None
        with self._lock:
            self._idle.append(worker)
        if worker.gate.acquire(timeout=self._idle_seconds):
            return worker.job
        with self._lock:
            if worker in self._idle:
                self._idle.remove(worker)
                self._threads -= 1
                return None
        worker.gate.acquire()  # a job was handed over at the last moment
        return worker.job


POOL = Pool()

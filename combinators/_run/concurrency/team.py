"""Jobs shared by threads: the one who has them does them, and others come to help.

The owner works through the jobs itself while helpers claim those that nobody has
begun, so there is progress even where no helper ever comes. A helper that finds
work sends for the next one before it begins: work that is over in a microsecond
wakes few threads, work that waits wakes as many as it has jobs.
"""

from __future__ import annotations

import threading
from collections import deque
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, final

from combinators._run.call import Call
from combinators._run.concurrency.scopes import HERE, Scope, Stopped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from combinators._run.concurrency.threads import Gate

    Job = tuple[Callable[[Any, Call], Any], Any]  # a program and its input


@final
class Team(Scope):
    """Threads at work on the same jobs, structured: none outlives `run`, but by Ctrl-C.

    After the first failure no job is begun, and those that run are awaited. An
    exception that is no `Exception` (Ctrl-C, exit) is raised at once, bare.
    """

    __slots__ = (
        "_bound", "_budget", "_context", "_fatal", "_helping", "_jobs", "_lock", "_waiting",
        "errors", "results",
    )  # fmt: skip

    def __init__(self, jobs: Iterable[Job], count: int, call: Call) -> None:
        # As the base class does: a call of it is time that every fan-out takes.
        self.above = call.team
        self.ended = False
        self.results: list[Any] = [None] * count
        self.errors: dict[int, Exception] = {}
        self._jobs = deque(enumerate(jobs))
        self._budget = call.budget
        self._bound = call.bound
        self._context = copy_context()
        self._lock = threading.Lock()
        self._helping = 0  # threads that run a job for the owner
        self._waiting: Gate | None = None  # the owner, when it has no job left to do
        self._fatal: BaseException | None = None

    def run(self) -> None:
        """Do all jobs; afterwards the outcome of each is in `results` or `errors`.

        Raises:
            Stopped: a team above this one has failed.
        """
        job = self._next()  # before help comes: the first job is always the owner's
        outside, HERE.scope = HERE.scope, self
        self._budget.summon(self)
        try:
            while job is not None:
                self._do(*job)
                job = self._next()
            self._wait()
        except BaseException:
            self.end()
            raise
        finally:
            HERE.scope = outside
            self._budget.dismiss(self)
        if self._fatal is not None:
            raise self._fatal
        if not self.errors and self.above:
            self.above.check()

    def wants_help(self) -> bool:
        """Return whether there is a job that nobody has begun."""
        return bool(self._jobs) and not self.stopped()

    def help(self) -> None:
        """Do jobs until there is none left to begin."""
        HERE.scope = self
        try:
            while (job := self._claim()) is not None:
                self._budget.send_on()
                self._do(*job)
                self._leave()
        except BaseException as error:  # noqa: BLE001 - raised again by the owner, in its thread
            self._end(error)
        finally:
            HERE.scope = None

    def _next(self) -> tuple[int, Job] | None:
        if self.stopped():
            return None
        try:
            return self._jobs.popleft()
        except IndexError:
            return None

    def _claim(self) -> tuple[int, Job] | None:
        with self._lock:
            job = self._next()
            if job is not None:
                self._helping += 1
            return job

    def _do(self, index: int, job: Job) -> None:
        program, x = job
        inside = Call(self._budget, self._bound, self)  # not kept: results would wait in a cycle
        try:
            self.results[index] = self._context.copy().run(program, x, inside)
        except Exception as error:  # noqa: BLE001 - kept under its key for the owner
            self.errors[index] = error
            self.end()
        except Stopped:
            pass

    def _leave(self) -> None:
        with self._lock:
            self._helping -= 1
            if not self._helping:
                self._wake()

    def _end(self, error: BaseException) -> None:
        with self._lock:
            self.end()
            self._fatal = self._fatal or error
            self._wake()

    def _wake(self) -> None:
        if self._waiting is not None:
            self._waiting.release()
            self._waiting = None

    def _wait(self) -> None:
        with self._lock:
            if not self._helping or self._fatal is not None:
                return
            gate = self._waiting = self._budget.threads.gate()
        self._budget.pause()
        gate.acquire()
        self._budget.resume()


def gather(jobs: Iterable[Job], count: int, call: Call) -> tuple[list[Any], dict[int, Exception]]:
    """Return the results of all jobs in their order, and the errors of those that failed.

    After an error, jobs that had not begun were not begun.
    """
    team = Team(jobs, count, call)
    team.run()
    return team.results, team.errors

"""Jobs shared by threads: the one who has them does them, and others come to help.

The owner works through the jobs itself while helpers claim those that nobody has
begun, so there is progress even where no helper ever comes. A helper that finds
work recruits the next one before it begins: work that is over in a microsecond
wakes few threads, work that waits wakes as many as it has jobs.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, TypeAlias, final

from combinators._failures import FanoutError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from combinators._run.call import Call

# What a job is called with is the call inside the team, which the team may stop.
Job: TypeAlias = "tuple[Any, Callable[[Call], Any]]"


class Stopped(BaseException):
    """A team that this one works for has failed: what has not begun does not begin."""


@final
class Team:
    """Threads at work on the same jobs, structured: none outlives `run`, but by Ctrl-C.

    After the first failure no job is begun, and those that run are awaited. An
    exception that is no `Exception` (Ctrl-C, exit) is raised at once, bare.
    """

    def __init__(self, jobs: Sequence[Job], call: Call) -> None:
        self.results: dict[Any, Any] = {}
        self.errors: dict[Any, Exception] = {}
        self._jobs: Iterator[Job] = iter(jobs)
        self._call = call
        self._inside = call.within(self.stopped)
        self._left = len(jobs)  # jobs that nobody has begun
        self._lock = threading.Lock()
        self._done = threading.Lock()
        self._done.acquire()
        self._waiting = False
        self._running = 0
        self._stopped = False
        self._fatal: BaseException | None = None

    def run(self) -> None:
        """Do all jobs; afterwards the outcome of each is in `results` or `errors`.

        Raises:
            Stopped: a team above this one has failed.
        """
        try:
            self._work()
            self._wait()
        except BaseException:
            self._stopped = True
            raise
        if self._fatal is not None:
            raise self._fatal
        if not self.errors and self._call.stopped():
            raise Stopped

    def stopped(self) -> bool:
        """Return whether no further job begins, here or in a team above."""
        return self._stopped or self._call.stopped()

    def wants_help(self) -> bool:
        """Return whether there is a job that nobody has begun."""
        return self._left > 0 and not self.stopped()

    def help(self) -> None:
        """Do jobs until there is none left to begin."""
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 - raised again by the owner, in its thread
            self._end(error)

    def _work(self) -> None:
        while (job := self._claim()) is not None:
            if self.wants_help():
                self._call.budget.recruit(self)
            self._do(*job)

    def _claim(self) -> Job | None:
        with self._lock:
            if not self.wants_help():
                return None
            self._left -= 1
            self._running += 1
            return next(self._jobs)

    def _do(self, key: Any, job: Callable[[Call], Any]) -> None:
        try:
            self.results[key] = job(self._inside)
        except Exception as error:  # noqa: BLE001 - kept under its key for the owner
            self.errors[key] = error
            self._stopped = True
        except Stopped:
            pass
        with self._lock:
            self._running -= 1
            if not self._running and self._waiting:
                self._waiting = False
                self._done.release()

    def _end(self, error: BaseException) -> None:
        with self._lock:
            self._stopped = True
            self._fatal = self._fatal or error
            if self._waiting:
                self._waiting = False
                self._done.release()

    def _wait(self) -> None:
        with self._lock:
            if not self._running or self._fatal is not None:
                return
            self._waiting = True
        self._call.budget.pause()
        self._done.acquire()
        self._call.budget.resume()


def gather(jobs: Sequence[Job], call: Call, total: int) -> list[Any]:
    """Return the results of all jobs, in their order; `total` is what they are out of.

    Raises:
        FanoutError: some failed; those that had not begun were not begun.
    """
    team = Team(jobs, call)
    team.run()
    if team.errors:
        errors = {key: team.errors[key] for key, _ in jobs if key in team.errors}
        raise FanoutError(errors, total)
    return [team.results[key] for key, _ in jobs]

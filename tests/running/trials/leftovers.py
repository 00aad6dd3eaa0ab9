"""What runs may leave behind: threads at work, files that are open."""

import threading
import time
from collections.abc import Callable
from typing import final

import psutil

from combinators._run.concurrency.pool import POOL
from tests.running.trials.ways import POOLS

PATIENCE_SECONDS = 20.0  # a thread that was given up ends by itself, on a machine that is busy


def threads_at_work() -> int:
    """Return how many threads of the pools are not idle."""
    rosters = [pool._roster for pool in (POOL, *POOLS) if pool is not None]  # pyright: ignore[reportPrivateUsage]  # as tests of the pool do
    return sum(roster.running - len(roster.idle) for roster in rosters)


def threads_of_others() -> int:
    """Return how many threads are none of the pools'."""
    rosters = [pool._roster for pool in (POOL, *POOLS) if pool is not None]  # pyright: ignore[reportPrivateUsage]  # as above
    return threading.active_count() - sum(roster.running for roster in rosters)


def files() -> int:
    """Return how many file descriptors this process has, where the system can tell."""
    process = psutil.Process()
    return process.num_fds() if hasattr(process, "num_fds") else 0


@final
class Leftovers:
    """What there is now that was not there before."""

    def __init__(self) -> None:
        self._files = files()
        self._threads = threads_of_others()

    def found(self) -> dict[str, int]:
        """Return what is left when all that was begun has had the time to end."""
        gauges: dict[str, Callable[[], int]] = {
            "threads at work": threads_at_work,
            "threads given up": lambda: POOL.given_up,
            "threads": lambda: threads_of_others() - self._threads,
            "files": lambda: files() - self._files,
        }
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            left = {name: gauge() for name, gauge in gauges.items()}
            more = {name: count for name, count in left.items() if count > 0}
            if not more or time.monotonic() > end:
                return more
            time.sleep(0.001)

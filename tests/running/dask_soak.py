"""Small items on a dask cluster whose workers are killed: every result once, in order.

    python -m tests.running.dask_soak [--items 100000] [--workers 2] [--seconds 1.0] [--kills N]

A worker is killed every so many seconds. What comes is compared with the local run, item by
item; an item that was lost with its worker may run again, and never counts twice.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

from combinators import Runnable, fanout, runnable

if TYPE_CHECKING:
    from distributed import LocalCluster

PROGRESS_SECONDS: Final = 5.0


def busy(n: int) -> int:
    """Compute for a while."""
    return sum(i * n for i in range(1000)) % 1_000_003


def pipeline() -> Runnable[int, str]:
    """Return what runs on every item: a fan-out, closures in it, and text."""
    return fanout(n=runnable(abs), busy=busy, odd=lambda n: n % 2) | _told


def _told(found: dict[str, int]) -> str:
    return ",".join(f"{key}={value}" for key, value in found.items())


@final
@dataclass(frozen=True, slots=True)
class Soaked:
    """What was seen."""

    items: int
    twice: int
    wrong: int  # or missing
    killed: int
    seconds: float


def soak(
    items: int,
    workers: int,
    every_seconds: float,
    kills: int | None,
    tell: Callable[[str], object],
) -> Soaked:
    """Return what becomes of a batch while its workers are killed, one after another."""
    # Not where tests are collected: to import it changes how the process copies exceptions.
    from distributed import Client, LocalCluster  # noqa: PLC0415 - as said

    r = pipeline()
    wanted = [r.invoke(n) for n in range(items)]
    found: list[tuple[int, str]] = []
    with (
        LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=50
        ) as cluster,
        Client(cluster) as client,
        killing(cluster, workers, every_seconds, kills) as killed,
    ):
        begin = told = time.monotonic()
        for outcome in r.batch_as_completed(range(items), executor=client):
            found.append(outcome)
            if time.monotonic() > told + PROGRESS_SECONDS:
                told = time.monotonic()
                tell(f"{len(found):,} items, {len(killed)} workers killed")
        seconds = time.monotonic() - begin
    given = dict(found)
    wrong = sum(given.get(n) != value for n, value in enumerate(wanted))
    return Soaked(len(given), len(found) - len(given), wrong, len(killed), seconds)


@contextmanager
def killing(
    cluster: LocalCluster, workers: int, every_seconds: float, kills: int | None
) -> Generator[list[int], None, None]:
    """Kill one worker after another, without a warning, and give the processes that were."""
    killed: list[int] = []
    over = threading.Event()

    def run() -> None:
        chance = random.Random(1)  # noqa: S311 - which one is no secret
        while len(killed) != kills and not over.wait(every_seconds):
            if alive := [*_alive(cluster)]:
                process = chance.choice(alive)
                with suppress(ProcessLookupError):  # dead already, and not known to be
                    os.kill(process, signal.SIGKILL)
                    killed.append(process)
            cluster.scale(workers)  # dask gives up a worker that dies again while it starts

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def _alive(cluster: LocalCluster) -> Iterator[int]:
    """Yield the processes of workers that have begun to work."""
    for state in [*cluster.scheduler.workers.values()]:
        nanny = cluster.workers.get(state.name)
        if nanny is not None and nanny.process is not None and nanny.status.name == "running":
            yield nanny.pid


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.running.dask_soak")
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=1.0, help="between two kills")
    parser.add_argument("--kills", type=int, help="how many, at most")
    given = parser.parse_args(arguments)
    seen = soak(
        given.items,
        given.workers,
        given.seconds,
        given.kills,
        lambda told: print(told, flush=True),
    )
    print(
        f"{seen.items:,} of {given.items:,} items in {seen.seconds:.1f} s, "
        f"{1e6 * seen.seconds / given.items:.0f} \u00b5s an item, {seen.killed} workers killed: "
        f"{seen.wrong} wrong or missing, {seen.twice} twice"
    )
    return int(seen.wrong + seen.twice > 0)


if __name__ == "__main__":
    sys.exit(main())

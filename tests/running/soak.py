"""Hours of mixed load: every outcome is compared with the oracle, and nothing may be left behind.

    python -m tests.running.soak [--seconds 3600] [--threads 3] [--tasks 8] [--seed N]

Threads, and tasks on asyncio and on trio, run random pipelines by every way there is, with random
faults, cancellations, closings, timeouts, retries, caches, limits and journals. Each minute
there is a line of figures. In the end it says whether memory was flat, and what was left.
"""

import argparse
import gc
import logging
import math
import random
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import linear_regression
from tempfile import TemporaryDirectory
from typing import Final, final

import anyio
import anyio.to_thread
import psutil

from combinators import Journal, runnable
from combinators.laws import Gave, meaning
from combinators.laws.strategies import canonical
from tests.running.trials.growing import Part, drawn_parts, grove
from tests.running.trials.leftovers import Leftovers, files
from tests.running.trials.troubles import Kind, Pipeline
from tests.running.trials.trying import (
    MismatchError,
    Seen,
    Trial,
    drawn_trial,
    judge,
    run,
    run_on_a_loop,
)
from tests.running.trials.ways import ASYNC_WAYS
from tests.running.ways import LOOPS, Loop

SAMPLE_SECONDS: Final = 1.0
REPORT_SECONDS: Final = 60.0
GROVE_SECONDS: Final = 20.0  # then other pipelines take their place
WARM_UP: Final = 0.25  # of the whole time: pools and caches fill
MOST_GROWTH_MB: Final = 8.0
TOLD: Final = 5  # mismatches, of which the text is printed


@final
@dataclass
class Tally:
    """What was seen so far, by all threads and tasks."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    kinds: Counter[str] = field(default_factory=Counter[str])
    wrong: list[str] = field(default_factory=list[str])

    def add(self, kind: str) -> None:
        with self.lock:
            self.kinds[kind] += 1

    def add_wrong(self, told: str) -> None:
        with self.lock:
            self.wrong.append(told)
            if len(self.wrong) <= TOLD:
                print(told, file=sys.stderr, flush=True)


@final
class Load:
    """Threads and tasks at work on a grove of pipelines."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.tally = Tally()
        self.over = threading.Event()
        self._seed = seed
        self._folder = folder
        self._grove: list[Part] = []
        self.plant()

    def plant(self) -> None:
        """Put other pipelines in the place of those that there are."""
        self._seed += 1
        chance = random.Random(self._seed)  # noqa: S311 - no secret
        start = drawn_parts(40, self._seed)
        self._grove = [*start, *grove(start, 160, chance)]

    def work(self, seed: int) -> None:
        """Run trials in this thread, until it is over."""
        chance = random.Random(seed)  # noqa: S311 - no secret
        while not self.over.is_set():
            part = chance.choice(self._grove)
            if chance.random() < 0.02:  # it writes to a disk
                self._keep(part, chance)
            elif chance.random() < 0.05:
                self._run_again(part, chance)
            else:
                trial = drawn_trial(part, chance)
                self._judge(trial, run(trial))

    async def work_on_a_loop(self, seed: int) -> None:
        """Run async trials in this task, beside others, until it is over."""
        chance = random.Random(seed)  # noqa: S311 - no secret
        while not self.over.is_set():
            trial = drawn_trial(chance.choice(self._grove), chance)
            struck = trial.trouble is not None and trial.trouble.kind is Kind.CTRL_C
            if trial.way not in ASYNC_WAYS or struck:  # it would stop the loop of all others
                continue
            seen = Seen()
            await run_on_a_loop(trial, seen)
            # The oracle has an event loop of its own.
            await anyio.to_thread.run_sync(self._judge, trial, seen)

    def _judge(self, trial: Trial, seen: Seen) -> None:
        try:
            judge(trial, seen)
        except MismatchError as wrong:
            self.tally.add_wrong(str(wrong))
        ended = "bare" if seen.bare is not None else "closed" if seen.closed else None
        gave = all(isinstance(each, Gave) for each in seen.outcomes.values())
        self.tally.add(ended or ("gave" if gave else "failed"))

    def _run_again(self, part: Part, chance: random.Random) -> None:
        """Run one pipeline many times, so that what it keeps is found again."""
        told = part.pipeline.attempt() | runnable(canonical)
        cached = told.cached(key=repr, maxsize=chance.choice([1, 8]))
        for _ in range(10):
            x = chance.choice(part.inputs)
            self._compare("cached", told, x, cached.invoke(x))

    def _keep(self, part: Part, chance: random.Random) -> None:
        """Run a batch with a journal, stop it somewhere, and run it again."""
        told = part.pipeline.attempt() | runnable(canonical)
        xs = [chance.choice(part.inputs) for _ in range(8)]
        path = self._folder / f"{threading.get_ident()}.db"
        journal = Journal(path, version="1", key=repr)
        with closing(told.batch_as_completed(xs, journal=journal, limit=2)) as begun:
            kept = dict(islice(begun, chance.randint(1, 4)))
        for index, value in enumerate(told.batch(xs, journal=journal)):
            self._compare("journal", told, xs[index], value)
            if kept.get(index, value) != value:
                self.tally.add_wrong(f"item {index} was {kept[index]} and is {value}")
        for file in self._folder.glob(f"{path.name}*"):
            file.unlink()

    def _compare(self, by: str, told: Pipeline, x: object, value: object) -> None:
        meant = meaning(told, x)
        if meant != Gave(value):
            self.tally.add_wrong(f"{by} of {told!r}\non {x}: {value}, meant {meant}")
        self.tally.add(by)


# --- Measuring -----------------------------------------------------------------------


@final
@dataclass(frozen=True, slots=True)
class Sample:
    """What the process weighs at a moment."""

    seconds: float
    megabytes: float

    @staticmethod
    def now(begin: float) -> "Sample":
        return Sample(time.monotonic() - begin, psutil.Process().memory_info().rss / 1e6)


def growth(samples: Sequence[Sample]) -> float:
    """Return by how many megabytes memory has grown since it was warm, by the line of best fit."""
    warm = samples[int(len(samples) * WARM_UP) :]
    line = linear_regression([s.seconds for s in warm], [s.megabytes for s in warm])
    return line.slope * (warm[-1].seconds - warm[0].seconds)


def soak(seconds: float, threads: int, tasks: int, seed: int) -> int:
    """Run the load, tell each minute how it goes, and return the exit status."""
    leftovers = Leftovers()
    begin, samples = time.monotonic(), list[Sample]()
    with TemporaryDirectory() as folder:
        load = Load(seed, Path(folder))
        team = [_thread(load, partial(load.work, seed + n)) for n in range(threads)]
        team += [_thread(load, partial(_run_tasks, load, tasks, seed, loop)) for loop in LOOPS]
        told = planted = begin
        while time.monotonic() < begin + seconds and not load.over.wait(SAMPLE_SECONDS):
            samples.append(Sample.now(begin))
            if time.monotonic() > planted + GROVE_SECONDS:
                load.plant()
                planted = time.monotonic()
            if time.monotonic() > told + REPORT_SECONDS:
                told = time.monotonic()
                _tell(load, samples[-1])
        load.over.set()
        for thread in team:
            thread.join()
    _tell(load, Sample.now(begin))
    return _verdict(load, growth(samples), leftovers.found())


def _thread(load: Load, work: Callable[[], None]) -> threading.Thread:
    def run_it() -> None:
        try:
            work()
        except BaseException:  # noqa: BLE001 - whatever ends a thread is told
            load.tally.add_wrong(traceback.format_exc())
            load.over.set()

    thread = threading.Thread(target=run_it)
    thread.start()
    return thread


def _run_tasks(load: Load, tasks: int, seed: int, loop: Loop) -> None:
    async def main() -> None:
        async with anyio.create_task_group() as group:
            for number in range(tasks):
                group.start_soon(load.work_on_a_loop, -seed - number)

    loop(main(), seconds=math.inf)


def _tell(load: Load, sample: Sample) -> None:
    gc.collect()
    total = load.tally.kinds.total()
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(load.tally.kinds.items()))
    print(
        f"{sample.seconds:5.0f} s: {total:,} runs ({total / sample.seconds:.0f}/s): {kinds}; "
        f"{sample.megabytes:.1f} MB, {threading.active_count()} threads, {files()} files, "
        f"{sys.getallocatedblocks():,} blocks, {len(load.tally.wrong)} wrong",
        flush=True,
    )


def _verdict(load: Load, grown: float, left: dict[str, int]) -> int:
    print(
        f"memory grew by {grown:.1f} MB since it was warm, of {MOST_GROWTH_MB:.0f} at most; "
        f"{len(load.tally.wrong)} outcomes wrong; left behind: {left or 'nothing'}"
    )
    return int(grown > MOST_GROWTH_MB or bool(load.tally.wrong) or bool(left))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.running.soak")
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--threads", type=int, default=3)
    parser.add_argument("--tasks", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    # asyncio tells what a Ctrl-C in a task has left lying about, and we which observer failed.
    for noisy in ("asyncio", "combinators"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    return soak(given.seconds, given.threads, given.tasks, given.seed)


if __name__ == "__main__":
    sys.exit(main())

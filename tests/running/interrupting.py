"""Ctrl-C under load, again and again: each comes through at once, by every way of running.

    python -m tests.running.interrupting [--times 200] [--seconds 0.5]

Threads run pipelines all the while. What is interrupted has steps that would take for long,
on this thread and on others; it has to be over within so many seconds.
"""

import argparse
import asyncio
import itertools
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, final

from combinators import Runnable, each, fanout, pipe, runnable
from tests.running.trials.leftovers import Leftovers
from tests.running.ways import ainc, collected, double, inc, one_two_three

LONG_SECONDS: Final = 60.0
SELDOM: Final = 50  # one signal of so many may be overlooked
OVERLOOKED_SECONDS: Final = 2.0  # after which a signal is sent again
SETTLED_SECONDS: Final = 0.05  # after a step has begun, until all that can has begun


@final
class Slow:
    """Steps that take for long, unless they are released."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.released = threading.Event()

    def step(self, x: object) -> object:
        self.begun.set()
        self.released.wait(LONG_SECONDS)
        return x

    async def astep(self, x: object) -> object:
        self.begun.set()
        await asyncio.sleep(LONG_SECONDS)
        return x

    def chunks(self, x: object) -> Iterator[object]:
        yield x
        self.begun.set()
        self.released.wait(LONG_SECONDS)

    def calls(self) -> dict[str, Callable[[], object]]:
        """Return calls that do not end by themselves, by every way of running."""
        step: Runnable[Any, Any] = runnable(self.step)
        wide: Runnable[Any, Any] = fanout(a=step, b=step, c=fanout(d=step, e=inc))
        awaited: Runnable[Any, Any] = fanout(a=self.astep, b=ainc)
        chunks: Runnable[Any, Any] = fanout(a=self.chunks, b=step)
        return {
            "invoke": lambda: step.invoke(1),
            "fan-out": lambda: wide.invoke(1),
            "limit": lambda: wide.invoke(1, limit=2),
            "each": lambda: each(wide).invoke([1, 2, 3]),
            "batch": lambda: wide.batch([1, 2, 3]),
            "as completed": lambda: list(wide.batch_as_completed(itertools.count())),
            "stream": lambda: list(pipe(inc, self.chunks).stream(1)),
            "stream of a fan-out": lambda: list(chunks.stream(1)),
            "async steps": lambda: awaited.invoke(1),
            "async steps of a batch": lambda: awaited.batch([1, 2, 3]),
            "ainvoke": lambda: asyncio.run(awaited.ainvoke(1)),
            "abatch": lambda: asyncio.run(awaited.abatch([1, 2, 3])),
            "astream": lambda: asyncio.run(collected(awaited.astream(1))),
        }


def seconds_until_interrupted(slow: Slow, call: Callable[[], object]) -> tuple[float, int]:
    """Return how long after Ctrl-C a call ends, and how often that had to be sent.

    Python itself overlooks one that comes as the main thread is about to wait for a lock: it
    sees it when the wait is over, or when the next one comes.
    """
    sent: list[float] = []
    ended = threading.Event()

    def send() -> None:
        slow.begun.wait(LONG_SECONDS)
        ended.wait(SETTLED_SECONDS)
        while not ended.is_set():
            sent.append(time.monotonic())
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            ended.wait(OVERLOOKED_SECONDS)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        call()
    except KeyboardInterrupt:
        return time.monotonic() - sent[-1], len(sent)
    finally:
        ended.set()
        slow.released.set()
        sender.join()
    raise AssertionError("it was not interrupted")


def load(over: threading.Event) -> None:
    """Run pipelines until it is over."""
    busy = fanout(a=pipe(inc, double), b=fanout(c=inc, d=double), e=one_two_three)
    while not over.is_set():
        busy.batch(range(20), limit=4)
        list(busy.stream(1))


def interrupted(times: int) -> dict[str, list[tuple[float, int]]]:
    """Return how long each call took to end, as often as it was interrupted."""
    over = threading.Event()
    threads = [threading.Thread(target=load, args=(over,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    found: dict[str, list[tuple[float, int]]] = {}
    try:
        for name, _ in zip(itertools.cycle(Slow().calls()), range(times), strict=False):
            slow = Slow()
            took = seconds_until_interrupted(slow, slow.calls()[name])
            found.setdefault(name, []).append(took)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.running.interrupting")
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=0.5, help="that each has to end within")
    given = parser.parse_args(arguments)
    before = Leftovers()
    found = interrupted(given.times)
    slowest, name = max((max(all_of)[0], name) for name, all_of in found.items())
    overlooked = sum(sent - 1 for all_of in found.values() for _, sent in all_of)
    left = before.found()
    print(
        f"{given.times:,} interrupts: the slowest call was over after {slowest:.3f} s ({name}); "
        f"{overlooked} were sent again; left behind: {left or 'nothing'}"
    )
    return int(slowest > given.seconds or overlooked > given.times / SELDOM or bool(left))


if __name__ == "__main__":
    sys.exit(main())

"""Who goes next, as a value: it runs a function, and the same one twice the same way."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar, final

from typing_extensions import override

from combinators.laws.schedules._errors import NestedRunError
from combinators.laws.schedules._scheduler import Decision, Scheduler, here
from combinators.laws.schedules._substitutes import start_pool_afresh, substituted

A = TypeVar("A")

MAX_THREADS = 64
SEEDED_CHOICES = 512
LONG_RUN = 4


@final
@dataclass(frozen=True, init=False)
class Schedule:
    """Choices of who goes next, wherever several could.

    Each is the position of the chosen one, counted around. Where they end, the first
    goes on: who runs already, or else who has waited longest. So `Schedule()` is
    what happens where nothing is in anybody's way, and each number that is not zero
    a departure from it.

    While it runs something, time is virtual: sleeping costs nothing, and the clock
    starts at zero and jumps when everybody waits for it.

    >>> import time
    >>> from combinators import fanout
    >>> both = fanout(slow=lambda x: time.sleep(3600), slower=lambda x: time.sleep(7200))
    >>> Schedule().run(lambda: [both(1), time.monotonic()])
    [{'slow': None, 'slower': None}, 7200.0]
    """

    choices: tuple[int, ...]

    def __init__(self, *choices: int) -> None:
        kept = len(choices)
        while kept and choices[kept - 1] == 0:
            kept -= 1
        object.__setattr__(self, "choices", choices[:kept])

    @classmethod
    def seeded(cls, seed: int) -> Schedule:
        """Return the schedule of a seed."""
        draw = random.Random(seed)  # noqa: S311 - to explore, not to hide
        return cls(*(draw.randrange(12) for _ in range(SEEDED_CHOICES)))

    def run(
        self,
        main: Callable[[], A],
        *,
        max_threads: int = MAX_THREADS,
        preempt: Collection[str] = (),
    ) -> A:
        """Return what `main` returns, with all threads that it starts under this schedule.

        Args:
            max_threads: how many there may be beside the caller's
            preempt: modules, and packages, which another thread may interrupt between any
                two lines; all others, only where they wait

        Raises:
            BaseException: what `main` raised, with a note of the choices made
            ScheduleError: the run cannot go on: a deadlock, for one
        """
        if here() is not None:
            raise NestedRunError
        scheduler = Scheduler(self.choices, max_threads, preempt)

        def main_with_pool() -> A:
            start_pool_afresh()
            return main()

        try:
            return substituted(lambda: scheduler.run(main_with_pool))
        except BaseException as error:
            with suppress(AttributeError, TypeError):  # some exceptions refuse notes
                error.add_note(_told(scheduler.decisions))
            raise

    def run_async(
        self,
        main: Callable[[], Coroutine[Any, Any, A]],
        *,
        max_threads: int = MAX_THREADS,
        preempt: Collection[str] = (),
    ) -> A:
        """Return what the coroutine of `main` returns, run on an event loop of its own.

        >>> import asyncio
        >>> async def eternity():
        ...     await asyncio.sleep(10**9)
        ...     return asyncio.get_running_loop().time()
        >>> Schedule().run_async(eternity)
        1000000000.0
        """

        def on_a_loop() -> A:
            with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
                return runner.run(main())

        return self.run(on_a_loop, max_threads=max_threads, preempt=preempt)

    @override
    def __repr__(self) -> str:
        runs = ((choice, len([*same])) for choice, same in groupby(self.choices))
        return f"Schedule({', '.join(_written(*run) for run in runs)})"


def _written(choice: int, times: int) -> str:
    return f"*[{choice}] * {times}" if times > LONG_RUN else ", ".join([str(choice)] * times)


def _told(decisions: Collection[Decision]) -> str:
    """Return the schedule that was followed, and where it departed from the first come."""
    followed = Schedule(*(decision.chosen for decision in decisions))
    lines = [
        f"  choice {position}: {decision.among[decision.chosen]}, of {', '.join(decision.among)}"
        for position, decision in enumerate(decisions, start=1)
        if decision.chosen
    ]
    return "\n".join([f"under {followed!r}", *lines])

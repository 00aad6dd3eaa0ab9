"""Calls that do some work under a schedule, and what is seen of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, TypeVar, assert_never, final

from typing_extensions import override

from combinators.laws._comparing import expect
from combinators.laws._law import LawBroken
from combinators.laws._systems import System
from combinators.laws.schedules._errors import ScheduleError
from combinators.laws.schedules._schedule import MAX_THREADS, Schedule
from combinators.laws.schedules._trace import Event, Trace, running_after
from combinators.laws.schedules._work import AtOnce, InTurn, Leaf, Place, Work, written

A = TypeVar("A")
P = TypeVar("P")


@final
@dataclass(frozen=True, slots=True, repr=False)
class Call:
    """A call that does some work.

    Args:
        work: what it does
        way: how it is called
        limit: as the call has it
        max_threads: how many there are to be had, beside the caller's
        cancelled_at: when it is cancelled, in virtual seconds; an `ainvoke` can be
        interrupted: whether a thread may be interrupted between any two lines of the system
    """

    work: Work
    way: Literal["invoke", "ainvoke"] = "invoke"
    limit: int | None = None
    max_threads: int = MAX_THREADS
    cancelled_at: float | None = None
    interrupted: bool = False

    @property
    def awaited(self) -> bool:
        """Return whether it is made on an event loop."""
        return self.way == "ainvoke"

    @override
    def __repr__(self) -> str:
        return written(self)


class Case(Protocol):
    """What is to be looked at under a schedule, as far as all have it in common."""

    @property
    def awaited(self) -> bool:
        """Return whether it happens on an event loop."""
        ...

    @property
    def max_threads(self) -> int:
        """Return how many threads there are to be had, beside the caller's."""
        ...

    @property
    def cancelled_at(self) -> float | None:
        """Return when it is cancelled, in virtual seconds, if it is."""
        ...

    @property
    def interrupted(self) -> bool:
        """Return whether a thread may be interrupted between any two lines of the system."""
        ...


@final
@dataclass(frozen=True, slots=True)
class Run:
    """What was seen of a call.

    Args:
        seconds: when it returned
        events: what its steps did until then
        late: what they did afterwards
        tasks: how many it left on the event loop
    """

    value: Any
    error: BaseException | None
    seconds: float
    events: tuple[Event, ...]
    late: tuple[Event, ...]
    tasks: int


def built(system: System[P], work: Work, trace: Trace, at: Place = ()) -> P:
    """Return the pipeline of a system that does some work and leaves a trace."""
    match work:
        case Leaf():
            return system.lift(trace.body(work, at))
        case InTurn(parts):
            return system.pipe(*(built(system, p, trace, (*at, i)) for i, p in enumerate(parts)))
        case AtOnce(parts):
            return system.row(*(built(system, p, trace, (*at, i)) for i, p in enumerate(parts)))
        case _:
            assert_never(work)


def observed(system: System[Any], call: Call, schedule: Schedule) -> Run:
    """Return what is seen of a call under a schedule."""
    if call.interrupted:
        warm(lambda: observed(system, replace(call, interrupted=False), schedule))
    watch = Watch()
    pipeline = built(system, call.work, watch.trace)
    return watch.ran(
        system,
        call,
        schedule,
        lambda: system.invoke(pipeline, (), limit=call.limit),
        lambda: system.ainvoke(pipeline, (), limit=call.limit),
    )


def expect_quiet(run: Run) -> None:
    """Return if nothing goes on after a call.

    Raises:
        LawBroken: something does
    """
    running = sorted(running_after(run.events))
    expect(
        not running and not run.late and not run.tasks,
        still_running=running,
        later=run.late,
        tasks=run.tasks,
    )


def warm(look: Callable[[], Run]) -> None:
    """Let a system make what it keeps from call to call, so that every look finds the same."""
    with suppress(LawBroken):
        look()


@final
class Watch:
    """Looks at what there is when a call returns, and at what comes afterwards."""

    def __init__(self) -> None:
        self.trace = Trace()
        self._events: tuple[Event, ...] | None = None
        self._seconds = 0.0
        self._tasks = 0

    def ran(
        self,
        system: System[Any],
        case: Case,
        schedule: Schedule,
        call: Callable[[], object],
        acall: Callable[[], Coroutine[Any, Any, object]],
    ) -> Run:
        """Return what was seen of one of two calls, as the case has it, under a schedule.

        Raises:
            LawBroken: it could not go on: that breaks any law
        """
        preempt = _interruptible(system) if case.interrupted else ()

        def run() -> object:
            if case.awaited:
                return schedule.run_async(
                    lambda: self.over_async(acall(), case.cancelled_at),
                    max_threads=case.max_threads,
                    preempt=preempt,
                )
            return schedule.run(
                lambda: self.over(call), max_threads=case.max_threads, preempt=preempt
            )

        return self.seen(run)

    def over(self, call: Callable[[], A]) -> A:
        """Return what a call returns, after a look around."""
        try:
            return call()
        finally:
            self._look()

    async def over_async(self, call: Awaitable[A], cancelled_at: float | None = None) -> A:
        """Return what a call returns that may be cancelled at a time, after a look around."""
        task = asyncio.ensure_future(call)
        others = {asyncio.current_task()}
        if cancelled_at is not None:
            # A task too, so that the schedule decides who of the same time is first.
            others.add(asyncio.ensure_future(_cancel(task, cancelled_at)))
        try:
            return await task
        finally:
            with suppress(RuntimeError):  # after an interrupt, nobody runs this any more
                self._tasks = len(asyncio.all_tasks() - others)
            self._look()

    def seen(self, run: Callable[[], object]) -> Run:
        """Return what was seen, when a run under a schedule is over.

        Raises:
            LawBroken: it could not go on: that breaks any law
        """
        value, failure = None, None
        try:
            value = run()
        except ScheduleError as error:
            raise LawBroken({"the call": error}) from None
        except BaseException as error:  # noqa: BLE001 - what a call ends in is what is looked at
            failure = error
        everything = (*self.trace.events,)
        events = everything if self._events is None else self._events  # an interrupt does not wait
        late = everything[len(events) :]
        return Run(value, failure, self._seconds, events, late, self._tasks)

    def _look(self) -> None:
        self._events = (*self.trace.events,)
        self._seconds = time.monotonic()


async def _cancel(task: asyncio.Future[Any], seconds: float) -> None:
    await asyncio.sleep(seconds)
    task.cancel()


def _interruptible(system: System[Any]) -> tuple[str, ...]:
    """Return the modules in which a system says what runs when."""
    return "combinators._run", type(system).__module__

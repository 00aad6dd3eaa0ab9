"""Interleavings: what a call comes to, and when, whoever goes next."""

from __future__ import annotations

from typing import Any

from combinators.laws._comparing import expect, expect_same
from combinators.laws._law import law
from combinators.laws._systems import System
from combinators.laws.schedules import _cases as cases
from combinators.laws.schedules._calls import Call, observed
from combinators.laws.schedules._schedule import Schedule
from combinators.laws.schedules._trace import moments
from combinators.laws.schedules._work import may_begin, places, seconds_of, value_of


@law(cases.calls())
def every_schedule_gives_the_same_result(s: System[Any], call: Call, schedule: Schedule) -> None:
    """What a call gives depends neither on who goes first, nor on limits, nor on threads.

        run(work, schedule) == value(work)        for every schedule

    Source: Marlow, Newton, Peyton Jones, A Monad for Deterministic Parallelism (2011).
    """
    run = observed(s, call, schedule)
    expect_same(result=(run.value, run.error), expected=(value_of(call.work), None))


@law(cases.calls())
def every_step_runs_once(s: System[Any], call: Call, schedule: Schedule) -> None:
    """No step is forgotten, and none is run twice because two threads took it.

        begun == steps        as multisets

    Source: Frigo, Leiserson, Randall, The Implementation of the Cilk-5 Multithreaded Language
    (1998): a thief and the victim never both get the last job.
    """
    run = observed(s, call, schedule)
    begun = [event.place for event in run.events if event.what == "begins"]
    expect_same(begun=sorted(begun), expected=sorted(places(call.work)))


@law(cases.calls(limits=(None,), threads=cases.MANY))
def a_fanout_takes_as_long_as_its_slowest_branch(
    s: System[Any], call: Call, schedule: Schedule
) -> None:
    """A fan-out takes as long as its slowest branch, a pipe as long as all of its steps.

        seconds(row(f, g)) == max(seconds(f), seconds(g))
        seconds(f | g)     == seconds(f) + seconds(g)

    Source: Brent, The Parallel Evaluation of General Arithmetic Expressions (1974).
    """
    run = observed(s, call, schedule)
    expect_same(seconds=run.seconds, expected=seconds_of(call.work))


@law(cases.calls(limits=(1, 2, 3)) | cases.calls(limits=(1, 2, 3), work=cases.nested_works()))
def the_limit_is_kept_at_every_moment(s: System[Any], call: Call, schedule: Schedule) -> None:
    """Never do more function bodies run than the limit says, in the whole tree of a call.

        running(t) <= limit        at every time t

    Source: Dijkstra, Cooperating Sequential Processes (1965), the general semaphore.
    """
    run = observed(s, call, schedule)
    most = max(len(moment.running) for moment in moments(run.events, run.seconds))
    expect(call.limit is None or most <= call.limit, running=most, limit=call.limit)


@law(cases.calls(threads=cases.MANY))
def no_time_is_wasted(s: System[Any], call: Call, schedule: Schedule) -> None:
    """While time passes, all runs that could, as far as the limit allows.

        running(t) == limit   or   may_begin(t) == {}        while time passes

    No wakeup is lost, and no right to run either.

    Source: Graham, Bounds on Multiprocessing Timing Anomalies (1969): greedy schedules.
    """
    run = observed(s, call, schedule)
    for moment in moments(run.events, run.seconds):
        waiting = may_begin(call.work, moment.begun, moment.begun - moment.running)
        full = call.limit is not None and len(moment.running) >= call.limit
        expect(
            full or not waiting or moment.until == moment.seconds,
            time=moment.seconds,
            running=sorted(moment.running),
            waiting=sorted(waiting),
        )

"""Endings: what a call leaves behind when it fails, is cancelled or interrupted."""

from __future__ import annotations

import asyncio
from typing import Any

from combinators import FanoutError
from combinators.laws._comparing import expect, expect_same
from combinators.laws._law import law
from combinators.laws._systems import System
from combinators.laws.schedules import _cases as cases
from combinators.laws.schedules._calls import Call, Run, expect_quiet, observed
from combinators.laws.schedules._schedule import Schedule
from combinators.laws.schedules._work import Place, StepError, keys_of, rivals, seconds_of

_FAILING = cases.calls(StepError, threads=cases.MANY)


@law(cases.calls(StepError))
def nothing_outlives_the_call(s: System[Any], call: Call, schedule: Schedule) -> None:
    """When a call returns, in whatever it ends, all that it began has ended.

        running(end) == {}        and nothing happens later

    Source: Smith, Notes on Structured Concurrency (2018).
    """
    expect_quiet(observed(s, call, schedule))


@law(cases.calls(ways=("ainvoke",), limits=(None,), threads=cases.MANY, cancelled=True))
def a_cancelled_call_awaits_what_it_began(s: System[Any], call: Call, schedule: Schedule) -> None:
    """A call that is cancelled in time ends in its cancellation, after the last cleanup.

        cancel(run(work)) raises CancelledError,  running(end) == {}

    Source: Smith, Timeouts and Cancellation for Humans (2018).
    """
    run = observed(s, call, schedule)
    expect_quiet(run)
    natural, cancelled_at = seconds_of(call.work), call.cancelled_at or 0.0
    if cancelled_at != natural:  # at the very end, either may be first
        ended = "cancelled" if isinstance(run.error, asyncio.CancelledError) else "returned"
        expect_same(ended=ended, expected="cancelled" if cancelled_at < natural else "returned")


@law(_FAILING)
def the_first_failure_is_reported(s: System[Any], call: Call, schedule: Schedule) -> None:
    """What failed first is in the group that a call ends in, under the keys of its branches.

        first(failed) in flat(error)

    Source: PEP 654, exception groups: no exception of several is dropped for another.
    """
    run = observed(s, call, schedule)
    first = [event.place for event in run.events if event.what == "raises"][:1]
    reported = {place: keys for place, keys in _reported(run).items() if place in first}
    expect_same(reported=reported, expected={place: keys_of(call.work, place) for place in first})


@law(_FAILING)
def every_failure_is_reported_and_no_other(s: System[Any], call: Call, schedule: Schedule) -> None:
    """All that failed until the call returned is in its group, and nothing else is.

        flat(error) == failed

    Source: PEP 654, exception groups; Cats, Validated: errors accumulate.
    """
    run = observed(s, call, schedule)
    failed = sorted(event.place for event in run.events if event.what == "raises")
    expected = {place: keys_of(call.work, place) for place in failed}
    expect_same(reported=_reported(run), expected=expected)


@law(_FAILING | cases.calls(StepError, aio=False, ways=("invoke",)))
def no_branch_begins_after_a_failure(s: System[Any], call: Call, schedule: Schedule) -> None:
    """Once a branch has failed, no other branch of its fan-out begins at a later time.

        begin(g) <= failure(f)        for branches f, g of a fan-out

    Source: Smith, Notes on Structured Concurrency (2018): siblings of a failure are stopped.
    """
    run = observed(s, call, schedule)
    begun = {event.place: event.seconds for event in run.events if event.what == "begins"}
    for failure in (event for event in run.events if event.what == "raises"):
        beside = rivals(call.work, failure.place) & begun.keys()
        late = [place for place in sorted(beside) if begun[place] > failure.seconds]
        expect(not late, failed=failure, begun_later=late)


@law(cases.calls(KeyboardInterrupt))
def an_interrupt_is_in_no_group(s: System[Any], call: Call, schedule: Schedule) -> None:
    """Ctrl-C in a step is what the call ends in: in no group, and for no other error.

        raised(KeyboardInterrupt) implies error == KeyboardInterrupt

    Source: The Python Standard Library, KeyboardInterrupt: `except Exception` must not catch it.
    """
    run = observed(s, call, schedule)
    raised = any(event.what == "raises" for event in run.events)
    expect_same(ended=type(run.error), expected=KeyboardInterrupt if raised else type(None))


def _reported(run: Run) -> dict[Place, Place]:
    """Return the steps whose failures a call ends in, each with its path of keys."""
    flat: dict[Place, BaseException] = {}
    if isinstance(run.error, FanoutError):
        flat.update(run.error.flat())
    elif run.error is not None:
        flat[()] = run.error
    expect(all(isinstance(error, StepError) for error in flat.values()), ended=run.error)
    return {error.args[0]: keys for keys, error in sorted(flat.items())}

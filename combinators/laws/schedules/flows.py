"""Flows: batches and streams, whoever goes next."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from combinators import BatchError
from combinators.laws._comparing import expect, expect_same
from combinators.laws._law import LawBroken, law
from combinators.laws._systems import System
from combinators.laws.schedules import _flowing as flowing
from combinators.laws.schedules._calls import expect_quiet
from combinators.laws.schedules._cases import MANY
from combinators.laws.schedules._flowing import Batch, Stream
from combinators.laws.schedules._schedule import Schedule
from combinators.laws.schedules._trace import moments
from combinators.laws.schedules._work import AtOnce, Leaf, may_begin


@law(flowing.batches())
def every_item_comes_once_with_its_own_result(
    s: System[Any], batch: Batch, schedule: Schedule
) -> None:
    """Each input of a batch gives its own output, once, under whatever schedule.

        {completed(f, xs)} == {(i, f(x)) for i, x in enumerate(xs)}

    Source: Bird and Wadler, Introduction to Functional Programming (1988): map.
    """
    run = flowing.batched(s, batch, schedule)
    came = None if run.value is None else sorted(item for _, item in run.value)
    expected = [(index, ((index,), index)) for index, _ in enumerate(batch.items)]
    expect_same(came=(came, run.error), expected=(expected, None))


@law(flowing.batches(threads=MANY))
def items_come_as_they_are_ready(s: System[Any], batch: Batch, schedule: Schedule) -> None:
    """An item comes when it is ready, and waits for no other one.

        came(i) == returned(i)        in virtual time

    Source: PEP 3148, as_completed: futures are given as they complete.
    """
    run = flowing.batched(s, batch, schedule)
    came = {(index,): seconds for seconds, (index, _) in run.value or ()}
    ready = {event.place: event.seconds for event in run.events if event.what == "returns"}
    expect_same(came=sorted(came.items()), expected=sorted(ready.items()))


@law(flowing.batches(threads=MANY))
def a_batch_keeps_its_limit_and_wastes_no_time(
    s: System[Any], batch: Batch, schedule: Schedule
) -> None:
    """As many items run as the limit allows, no more, and no fewer while there are any.

        running(t) == min(limit, items left)        while time passes

    Source: Graham, Bounds on Multiprocessing Timing Anomalies (1969): greedy schedules.
    """
    run = flowing.batched(s, batch, schedule)
    work = AtOnce(*map(Leaf, batch.items))
    for moment in moments(run.events, run.seconds):
        running = len(moment.running)
        waiting = may_begin(work, moment.begun, moment.begun - moment.running)
        expect(batch.limit is None or running <= batch.limit, running=running, limit=batch.limit)
        expect(
            moment.until == moment.seconds or running == batch.limit or not waiting,
            time=moment.seconds,
            running=sorted(moment.running),
            waiting=sorted(waiting),
        )


@law(flowing.batches(whole=(True,)))
def results_stand_as_their_inputs_do(s: System[Any], batch: Batch, schedule: Schedule) -> None:
    """The results of a batch stand in the order of its inputs, whichever is ready first.

        batch(f, xs)[i] == f(xs[i])        for every schedule

    Source: Marlow, Newton, Peyton Jones, A Monad for Deterministic Parallelism (2011).
    """
    run = flowing.batched(s, batch, schedule)
    expected = [((index,), index) for index, _ in enumerate(batch.items)]
    expect_same(results=(run.value, run.error), expected=(expected, None))


@law(flowing.batches(fails=True, whole=(False, True), limits=(1, 2), threads=MANY))
def no_item_begins_after_a_failure(s: System[Any], batch: Batch, schedule: Schedule) -> None:
    """Once an item of a batch has failed, no other one begins at a later time.

        begin(j) <= failure(i)        for items i, j of a batch

    Source: Smith, Notes on Structured Concurrency (2018): siblings of a failure are stopped.
    """
    run = flowing.batched(s, batch, schedule)
    for failure in (event for event in run.events if event.what == "raises"):
        late = [e for e in run.events if e.what == "begins" and e.seconds > failure.seconds]
        expect(not late, failed=failure, begun_later=late)


@law(flowing.batches(fails=True, whole=(True,)))
def a_failed_batch_tells_how_each_item_ended(
    s: System[Any], batch: Batch, schedule: Schedule
) -> None:
    """The error of a batch has the results and the failures of all that ended, and the first.

        results(error) == returned,  errors(error) == failed,  index(error) == first(failed)

    Source: PEP 654, exception groups; ZIO: no failure, and no success, is lost.
    """
    run = flowing.batched(s, batch, schedule)
    ended = sorted(event.place for event in run.events if event.what == "returns")
    returned = [(index, ((index,), index)) for (index,) in ended]
    failed = {e.place[0]: e.seconds for e in run.events if e.what == "raises"}
    if not failed:
        expect_same(results=run.value, expected=[result for _, result in returned])
    elif not isinstance(run.error, BatchError):
        raise LawBroken({"ended": run.error, "expected": "a BatchError"})
    else:
        expect_same(results=sorted(run.error.results.items()), expected=returned)
        expect_same(errors=sorted(run.error.errors), expected=sorted(failed))
        first = [index for index, at in failed.items() if at == min(failed.values())]
        expect(run.error.index in first, index=run.error.index, failed_first=first)


@law(flowing.batches_left())
def a_batch_that_is_left_awaits_its_items(s: System[Any], batch: Batch, schedule: Schedule) -> None:
    """A batch that is closed early or cancelled is over when its last item has ended.

        running(close) == {}        and nothing happens later

    Source: Smith, Timeouts and Cancellation for Humans (2018).
    """
    expect_quiet(flowing.batched(s, batch, schedule))


@law(flowing.streams(closed=False, threads=MANY))
def chunks_come_as_they_are_ready(s: System[Any], stream: Stream, schedule: Schedule) -> None:
    """All chunks of a stream come, in order, each at the time at which it is ready.

        came(chunk) == yielded(chunk)        in virtual time

    Source: Kiselyov, Iteratees (2012): input is processed incrementally.
    """
    run = flowing.streamed(s, stream, schedule)
    expected = [(seconds, number) for number, seconds in enumerate(accumulate(stream.waits))]
    expect_same(came=(run.value, run.error), expected=(expected, None))


@law(flowing.streams(closed=True))
def closing_a_stream_awaits_its_cleanup(s: System[Any], stream: Stream, schedule: Schedule) -> None:
    """A stream that is closed early has stopped its source, whose cleanup is over.

        running(close) == {}        and nothing happens later

    Source: PEP 533, deterministic cleanup of iterators.
    """
    expect_quiet(flowing.streamed(s, stream, schedule))

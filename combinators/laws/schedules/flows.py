"""Flows: batches and streams, whoever goes next."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from combinators.laws._comparing import expect, expect_same
from combinators.laws._law import law
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

    Source: Bird, Wadler, Introduction to Functional Programming (1988): map.
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


@law(flowing.streams(closed=False, threads=MANY))
def chunks_come_as_they_are_ready(s: System[Any], stream: Stream, schedule: Schedule) -> None:
    """All chunks of a stream come, in order, each at the time at which it is ready.

        came(chunk) == yielded(chunk)        in virtual time

    Source: Kiselyov, Iteratees (2012): incremental processing is observable in its effects.
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

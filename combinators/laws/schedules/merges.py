"""Merges: streams of fan-outs, whoever goes next."""

from __future__ import annotations

import asyncio
from itertools import accumulate
from typing import Any

from hypothesis import strategies as st

from combinators import FanoutError
from combinators.laws._comparing import expect, expect_same
from combinators.laws._law import law
from combinators.laws._reference import folded
from combinators.laws._systems import System
from combinators.laws.schedules import _merging as merging
from combinators.laws.schedules._calls import expect_quiet
from combinators.laws.schedules._cases import MANY
from combinators.laws.schedules._merging import Merge, Merged
from combinators.laws.schedules._schedule import Schedule
from combinators.laws.schedules._strategies import delays
from combinators.laws.schedules._trace import moments

AHEAD = 4  # chunks that a branch may be ahead of those that were taken, at first


@law(merging.merges())
def a_branch_keeps_its_order_and_loses_nothing(
    s: System[Any], merge: Merge, schedule: Schedule
) -> None:
    """Of each branch all chunks come, once, in its order, and under its key.

        [c[k] for c in stream(fanout(k=f, ...)) if k in c] == list(f)        for every schedule

    Source: Kahn, The Semantics of a Simple Language for Parallel Programming (1974).
    """
    seen = merging.merged(s, merge, schedule)
    came = {place: _chunks(seen, place) for place in merging.sources(merge.fan)}
    made = {place: source.chunks for place, source in merging.sources(merge.fan).items()}
    expect_same(came=(came, seen.run.error), made=(made, None))


@law(merging.merges())
def a_merged_stream_folds_to_the_result(s: System[Any], merge: Merge, schedule: Schedule) -> None:
    """Folded, the chunks of a fan-out are what a call gives, in whatever order they came.

        fold(stream(f)) == invoke(f)        for every schedule

    Source: Bird, An Introduction to the Theory of Lists (1987): homomorphisms go by parts.
    """
    seen = merging.merged(s, merge, schedule)
    result = folded([chunk for _, chunk in seen.came]) if seen.came else None
    expected = merging.result_of(merge.fan)
    expect(result == expected and not seen.run.error, folded=result, expected=expected)


@law(merging.merges(limits=(None,), pauses=(0.0,), threads=MANY))
def chunks_of_branches_come_as_they_are_ready(
    s: System[Any], merge: Merge, schedule: Schedule
) -> None:
    """A chunk of a branch waits for no chunk of another one.

        came(chunk) == yielded(chunk)        in virtual time

    Source: ReactiveX, `merge`: items of several sources interleave as they are emitted.
    """
    seen = merging.merged(s, merge, schedule)
    for place, source in merging.sources(merge.fan).items():
        came = [seconds for seconds, _ in seen.of(place)]
        expect_same(came=came, yielded=[*accumulate(source.waits)])


@law(merging.merges())
def the_limit_is_kept_while_chunks_are_made(
    s: System[Any], merge: Merge, schedule: Schedule
) -> None:
    """Never do more branches compute a chunk than the limit says.

        running(t) <= limit        at every time t

    Source: Dijkstra, Cooperating Sequential Processes (1965), the general semaphore.
    """
    seen = merging.merged(s, merge, schedule)
    most = max(len(moment.running) for moment in moments(seen.made, seen.run.seconds))
    expect(merge.limit is None or most <= merge.limit, running=most, limit=merge.limit)


@law(merging.merges(fails=True))
def a_failure_stops_all_branches(s: System[Any], merge: Merge, schedule: Schedule) -> None:
    """When branches fail, the stream ends in a group of all that did, and all are closed by then.

        flat(error) == failed,  running(end) == {}

    Source: Smith, Notes on Structured Concurrency (2018): siblings of a failure are stopped.
    """
    seen = merging.merged(s, merge, schedule)
    _expect_closed(seen)
    failed = {failure.place for failure in seen.failed()}
    error = seen.run.error
    flat = error.flat() if isinstance(error, FanoutError) else {}
    told = {tuple(map(int, keys)): failure.args[0] for keys, failure in flat.items()}
    expect_same(told=[*told.values()], under_keys=[*told])
    expect_same(told=sorted(told), failed=sorted(failed))


@law(merging.merges(fails=True, threads=MANY))
def no_chunk_is_begun_after_a_failure(s: System[Any], merge: Merge, schedule: Schedule) -> None:
    """Once a branch has failed, its siblings begin no chunk at a later time.

        begin(chunk of g) <= failure(f)        for branches f, g of a fan-out

    Source: Smith, Notes on Structured Concurrency (2018): siblings of a failure are stopped.
    """
    seen = merging.merged(s, merge, schedule)
    for failure in seen.failed():
        fan = failure.place[:-1]
        late = [
            event
            for event in seen.made
            if event.what == "begins"
            and event.seconds > failure.seconds
            and event.place[: len(fan)] == fan
        ]
        expect(not late, failed=failure, begun_later=late)


@law(merging.merges(taken=st.integers(0, 4)))
def closing_a_merge_stops_all_sources(s: System[Any], merge: Merge, schedule: Schedule) -> None:
    """A stream of branches that is closed early has stopped all of them, and their cleanup is over.

        running(close) == {}        and nothing happens later

    Source: PEP 533, deterministic cleanup of iterators.
    """
    _expect_closed(merging.merged(s, merge, schedule))


@law(merging.merges(pauses=(0.0,), awaited=(True,), cancelled_at=delays()))
def a_cancelled_merge_awaits_all_sources(s: System[Any], merge: Merge, schedule: Schedule) -> None:
    """A stream of branches that is cancelled ends in its cancellation, after the last cleanup.

        cancel(stream(f)) raises CancelledError,  running(end) == {}

    Source: Smith, Timeouts and Cancellation for Humans (2018).
    """
    seen = merging.merged(s, merge, schedule)
    _expect_closed(seen)
    if not isinstance(seen.run.error, asyncio.CancelledError):  # then it was over by that time
        every = sum(len(source.chunks) for source in merging.sources(merge.fan).values())
        expect_same(came=(len(seen.came), seen.run.error), expected=(every, None))


@law(merging.endless())
def quick_branches_wait_for_who_takes(s: System[Any], merge: Merge, schedule: Schedule) -> None:
    """A branch runs ahead of whoever takes the chunks by no more than was taken, and a few.

        made(f) <= 2 taken + 4        at every time

    Source: Dijkstra, Cooperating Sequential Processes (1965), the bounded buffer.
    """
    seen = merging.merged(s, merge, schedule)
    made = [event.place[0] for event in seen.made if event.what == "begins"]
    most = max((made.count(branch) for branch in made), default=0)
    taken = len(seen.came)
    expect(most <= 2 * taken + AHEAD, made=most, taken=taken)


def _expect_closed(seen: Merged) -> None:
    expect_quiet(seen.run)
    stopped = {event.place[:-1] for event in seen.made if event.what == "is cancelled"}
    broken_off = {event.place for event in seen.cleanups if event.what == "is cancelled"}
    expect(not stopped & broken_off, stopped_twice=sorted(stopped & broken_off))


def _chunks(seen: Merged, place: tuple[int, ...]) -> list[Any]:
    return [chunk for _, chunk in seen.of(place)]

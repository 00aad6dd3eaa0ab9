"""Batches and streams under a schedule: what is drawn of them, and what is seen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

from hypothesis import strategies as st
from typing_extensions import override

from combinators.laws._systems import Body, System
from combinators.laws.schedules._calls import Run, Watch, warm
from combinators.laws.schedules._cases import ALL, FEW, NEVER, scheduled
from combinators.laws.schedules._schedule import MAX_THREADS, Schedule
from combinators.laws.schedules._strategies import delays
from combinators.laws.schedules._taking import Taker
from combinators.laws.schedules._trace import Trace
from combinators.laws.schedules._work import Leaf, StepError, written


@final
@dataclass(frozen=True, slots=True, repr=False)
class Batch:
    """A batch of items that take some time.

    Args:
        items: how long each takes, in virtual seconds
        fails: the positions of those that fail
        aio: whether the step is async
        awaited: whether the call is
        whole: whether the results are wanted all at once, or else each as it is ready
        taken: how many results are taken before it is closed; all, if None
        cancelled_at: when the call is cancelled, in virtual seconds; an awaited one can be
    """

    items: tuple[float, ...]
    fails: tuple[int, ...] = ()
    aio: bool = False
    awaited: bool = False
    whole: bool = False
    limit: int | None = None
    taken: int | None = None
    cancelled_at: float | None = None
    max_threads: int = MAX_THREADS
    interrupted: bool = False

    @override
    def __repr__(self) -> str:
        return written(self)


@final
@dataclass(frozen=True, slots=True, repr=False)
class Stream:
    """A stream of numbers, from a generator that waits before each.

    Args:
        waits: how long, in virtual seconds
        cleanup_seconds: how long the generator takes to end
        aio: whether the generator is async
        awaited: whether the call is
        tapped: whether there is a step behind it through which the chunks pass
        taken: how many chunks are taken before it is closed; all, if None
        cancelled_at: when the call is cancelled, in virtual seconds; an awaited one can be
    """

    waits: tuple[float, ...]
    cleanup_seconds: float = 0.0
    aio: bool = False
    awaited: bool = False
    tapped: bool = False
    taken: int | None = None
    cancelled_at: float | None = None
    max_threads: int = MAX_THREADS
    interrupted: bool = False

    @override
    def __repr__(self) -> str:
        return written(self)


_SEVERAL = st.lists(delays(), min_size=1, max_size=4).map(tuple)


def batches(
    *,
    limits: Sequence[int | None] = (None, 1, 2, 3),
    threads: Sequence[int] = FEW,
    fails: bool = False,
    awaited: Sequence[bool] = (False, True),
    whole: Sequence[bool] = (False,),
    taken: st.SearchStrategy[int | None] = ALL,
    cancelled_at: st.SearchStrategy[float | None] = NEVER,
) -> st.SearchStrategy[tuple[Batch, Schedule]]:
    """Return a strategy for batches, each with a schedule."""
    return scheduled(
        lambda interrupted: st.builds(
            Batch,
            items=_SEVERAL,
            fails=st.lists(st.integers(0, 3), min_size=1, unique=True).map(tuple)
            if fails
            else st.just(()),
            aio=st.booleans(),
            awaited=st.sampled_from(awaited),
            whole=st.sampled_from(whole),
            limit=st.sampled_from(limits),
            taken=taken,
            cancelled_at=cancelled_at,
            max_threads=st.sampled_from(threads),
            interrupted=interrupted,
        )
    )


def batches_left() -> st.SearchStrategy[tuple[Batch, Schedule]]:
    """Return a strategy for batches that are closed early, or cancelled."""
    closed = batches(taken=st.integers(0, 4))
    return closed | batches(awaited=(True,), whole=(False, True), cancelled_at=delays())


def streams(
    *, closed: bool, threads: Sequence[int] = FEW
) -> st.SearchStrategy[tuple[Stream, Schedule]]:
    """Return a strategy for streams, each with a schedule."""
    return scheduled(
        lambda interrupted: st.builds(
            Stream,
            waits=_SEVERAL,
            cleanup_seconds=delays(),
            aio=st.booleans(),
            awaited=st.booleans(),
            tapped=st.booleans(),
            taken=st.integers(0, 4) if closed else st.none(),
            max_threads=st.sampled_from(threads),
            interrupted=interrupted,
        )
    )


def batched(s: System[Any], batch: Batch, schedule: Schedule) -> Run:
    """Return what is seen of a batch.

    Its value are the results, or else the items with their index, each with the time it came.
    """
    if batch.interrupted:
        warm(lambda: batched(s, replace(batch, interrupted=False), schedule))
    watch, taker = Watch(), Taker(batch.taken)
    step = s.lift(_item(batch, watch.trace))
    inputs = range(len(batch.items))
    if batch.whole:
        return watch.ran(
            s,
            batch,
            schedule,
            lambda: s.batch(step, inputs, limit=batch.limit),
            lambda: s.abatch(step, inputs, limit=batch.limit),
        )
    return watch.ran(
        s,
        batch,
        schedule,
        lambda: taker.take(s.completed(step, inputs, limit=batch.limit)),
        lambda: taker.atake(s.acompleted(step, inputs, limit=batch.limit)),
    )


def streamed(s: System[Any], stream: Stream, schedule: Schedule) -> Run:
    """Return what is seen of a stream: its value are the chunks that were taken."""
    if stream.interrupted:
        warm(lambda: streamed(s, replace(stream, interrupted=False), schedule))
    watch, taker = Watch(), Taker(stream.taken)
    source = s.lift(_source(stream, watch.trace))
    pipeline = s.pipe(source, s.tap(s.lift(str))) if stream.tapped else source
    return watch.ran(
        s,
        stream,
        schedule,
        lambda: taker.take(s.stream(pipeline, None)),
        lambda: taker.atake(s.astream(pipeline, None)),
    )


def _item(batch: Batch, trace: Trace) -> Body:
    def body(index: int) -> Any:
        raises = StepError if index in batch.fails else None
        leaf = Leaf(batch.items[index], raises=raises, aio=batch.aio)
        return trace.body(leaf, (index,))(index)

    async def aio(index: int) -> object:
        return await body(index)

    return aio if batch.aio else body


def _source(stream: Stream, trace: Trace) -> Body:
    def plain(_: object) -> Generator[int, None, None]:
        with trace.told(()):
            try:
                for number, wait in enumerate(stream.waits):
                    time.sleep(wait)
                    yield number
            finally:
                time.sleep(stream.cleanup_seconds)

    async def aio(_: object) -> AsyncGenerator[int, None]:
        with trace.told(()):
            try:
                for number, wait in enumerate(stream.waits):
                    await asyncio.sleep(wait)
                    yield number
            finally:
                await asyncio.sleep(stream.cleanup_seconds)

    return aio if stream.aio else plain

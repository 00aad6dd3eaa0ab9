"""Batches and streams under a schedule: what is drawn of them, and what is seen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, final

from hypothesis import strategies as st
from typing_extensions import override

from combinators.laws._systems import Body, System
from combinators.laws.schedules._calls import Run, Watch, interruptible, warm
from combinators.laws.schedules._cases import FEW, scheduled
from combinators.laws.schedules._schedule import MAX_THREADS, Schedule
from combinators.laws.schedules._strategies import delays
from combinators.laws.schedules._trace import Trace
from combinators.laws.schedules._work import Leaf, written

Came: TypeAlias = "list[tuple[float, Any]]"  # what came, and when


@final
@dataclass(frozen=True, slots=True, repr=False)
class Batch:
    """A batch of items that take some time.

    Args:
        items: how long each takes, in virtual seconds
        aio: whether the step is async
        awaited: whether the call is
    """

    items: tuple[float, ...]
    aio: bool = False
    awaited: bool = False
    limit: int | None = None
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
    """

    waits: tuple[float, ...]
    cleanup_seconds: float = 0.0
    aio: bool = False
    awaited: bool = False
    tapped: bool = False
    taken: int | None = None
    max_threads: int = MAX_THREADS
    interrupted: bool = False

    @override
    def __repr__(self) -> str:
        return written(self)


_SEVERAL = st.lists(delays(), min_size=1, max_size=4).map(tuple)


def batches(
    *, limits: Sequence[int | None] = (None, 1, 2, 3), threads: Sequence[int] = FEW
) -> st.SearchStrategy[tuple[Batch, Schedule]]:
    """Return a strategy for batches, each with a schedule."""
    return scheduled(
        lambda interrupted: st.builds(
            Batch,
            items=_SEVERAL,
            aio=st.booleans(),
            awaited=st.booleans(),
            limit=st.sampled_from(limits),
            max_threads=st.sampled_from(threads),
            interrupted=interrupted,
        )
    )


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
    """Return what is seen of a batch: its value are the items with their index, as they come."""
    if batch.interrupted:
        warm(lambda: batched(s, replace(batch, interrupted=False), schedule))
    watch = Watch()
    step = s.lift(_item(batch, watch.trace))
    inputs = range(len(batch.items))
    return _flowed(
        s,
        batch,
        schedule,
        watch,
        lambda: s.completed(step, inputs, limit=batch.limit),
        lambda: s.acompleted(step, inputs, limit=batch.limit),
        None,
    )


def streamed(s: System[Any], stream: Stream, schedule: Schedule) -> Run:
    """Return what is seen of a stream: its value are the chunks that were taken."""
    if stream.interrupted:
        warm(lambda: streamed(s, replace(stream, interrupted=False), schedule))
    watch = Watch()
    source = s.lift(_source(stream, watch.trace))
    pipeline = s.pipe(source, s.tap(s.lift(str))) if stream.tapped else source
    return _flowed(
        s,
        stream,
        schedule,
        watch,
        lambda: s.stream(pipeline, None),
        lambda: s.astream(pipeline, None),
        stream.taken,
    )


def _flowed(
    s: System[Any],
    case: Batch | Stream,
    schedule: Schedule,
    watch: Watch,
    start: Callable[[], Generator[Any, None, None]],
    astart: Callable[[], AsyncGenerator[Any, None]],
    count: int | None,
) -> Run:
    preempt = interruptible(s) if case.interrupted else ()
    if case.awaited:
        return watch.seen(
            lambda: schedule.run_async(
                lambda: watch.over_async(_ataken(astart(), count)),
                max_threads=case.max_threads,
                preempt=preempt,
            )
        )
    return watch.seen(
        lambda: schedule.run(
            lambda: watch.over(lambda: _taken(start(), count)),
            max_threads=case.max_threads,
            preempt=preempt,
        )
    )


def _taken(source: Generator[Any, None, None], count: int | None) -> Came:
    came: Came = []
    with closing(source):
        while len(came) != count and (item := next(source, _END)) is not _END:
            came.append((time.monotonic(), item))
    return came


async def _ataken(source: AsyncGenerator[Any, None], count: int | None) -> Came:
    came: Came = []
    async with aclosing(source):
        while len(came) != count and (item := await anext(source, _END)) is not _END:
            came.append((time.monotonic(), item))
    return came


_END = object()


def _item(batch: Batch, trace: Trace) -> Body:
    def body(index: int) -> Any:
        return trace.body(Leaf(batch.items[index], aio=batch.aio), (index,))(index)

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

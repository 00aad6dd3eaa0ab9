"""Fan-outs that stream under a schedule: what is drawn of them, and what is seen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias, TypeVar, final

from hypothesis import strategies as st
from typing_extensions import override

from combinators.laws._systems import Body, System
from combinators.laws.schedules._calls import Run, Watch, warm
from combinators.laws.schedules._cases import ALL, FEW, NEVER, scheduled
from combinators.laws.schedules._schedule import MAX_THREADS, Schedule
from combinators.laws.schedules._strategies import delays, schedules
from combinators.laws.schedules._taking import Came, Taker
from combinators.laws.schedules._trace import Event, Trace
from combinators.laws.schedules._work import Place, StepError, written

P = TypeVar("P")

Branches: TypeAlias = "Source | Fan"


@final
@dataclass(frozen=True, slots=True, repr=False)
class Source:
    """A generator of chunks: the tuples `(0,)`, `(1,)` and so on.

    Args:
        waits: how long it waits before each, in virtual seconds
        fails: whether it raises in place of the last
        aio: whether it is async
        cleanup_seconds: how long it takes to end
    """

    waits: tuple[float, ...] = (0.0,)
    fails: bool = False
    aio: bool = False
    cleanup_seconds: float = 0.0

    @property
    def chunks(self) -> list[tuple[int]]:
        """Return the chunks that it yields, if nobody stops it."""
        return [(number,) for number in range(len(self.waits) - self.fails)]

    @override
    def __repr__(self) -> str:
        return written(self)


@final
@dataclass(frozen=True, slots=True, init=False, repr=False)
class Fan:
    """A fan-out to sources, and to other fan-outs; the keys are the positions."""

    branches: tuple[Branches, ...]

    def __init__(self, *branches: Branches) -> None:
        object.__setattr__(self, "branches", branches)

    @override
    def __repr__(self) -> str:
        return f"Fan({', '.join(map(repr, self.branches))})"


@final
@dataclass(frozen=True, slots=True, repr=False)
class Merge:
    """A stream of a fan-out.

    Args:
        fan: its branches
        awaited: whether the call is
        limit: as the call has it
        taken: how many chunks are taken before it is closed; all, if None
        pause_seconds: how long whoever takes the chunks looks at each
        cancelled_at: when the call is cancelled, in virtual seconds; an awaited one can be
    """

    fan: Fan
    awaited: bool = False
    limit: int | None = None
    taken: int | None = None
    pause_seconds: float = 0.0
    cancelled_at: float | None = None
    max_threads: int = MAX_THREADS
    interrupted: bool = False

    @override
    def __repr__(self) -> str:
        return written(self)


@final
@dataclass(frozen=True, slots=True)
class Merged:
    """What was seen of the stream of a fan-out.

    Args:
        run: of the call
        came: the chunks, each with the time it came, also where the call failed
        made: the chunks that were computed, each at its place and number
        cleanups: how sources ended what they do at the end
    """

    run: Run
    came: Came
    made: tuple[Event, ...]
    cleanups: tuple[Event, ...]

    def failed(self) -> list[Event]:
        """Return when which sources failed: when they had ended, after their cleanup."""
        failing = {event.place[:-1] for event in self.made if event.what == "raises"}
        return [e for e in self.run.events if e.what == "raises" and e.place in failing]

    def of(self, place: Place) -> list[tuple[float, Any]]:
        """Return the chunks that came from a source, each with the time it came."""
        found = ((seconds, _under(place, chunk)) for seconds, chunk in self.came)
        return [(seconds, chunk) for seconds, chunk in found if chunk is not None]


def sources(branches: Branches, at: Place = ()) -> dict[Place, Source]:
    """Return the sources by their places.

    >>> sources(Fan(Source(), Fan(Source(aio=True))))
    {(0,): Source(), (1, 0): Source(aio=True)}
    """
    if isinstance(branches, Source):
        return {at: branches}
    found: dict[Place, Source] = {}
    for position, branch in enumerate(branches.branches):
        found |= sources(branch, (*at, position))
    return found


def result_of(branches: Branches) -> Any:
    """Return what a call gives, if nothing fails.

    >>> result_of(Fan(Source((1.0, 2.0))))
    {'0': (0, 1)}
    """
    if isinstance(branches, Source):
        return tuple(range(len(branches.waits)))
    return {str(key): result_of(branch) for key, branch in enumerate(branches.branches)}


def merges(
    *,
    fails: bool = False,
    limits: Sequence[int | None] = (None, 1, 2, 3),
    pauses: Sequence[float] = (0.0, 1.0),
    threads: Sequence[int] = FEW,
    awaited: Sequence[bool] = (False, True),
    taken: st.SearchStrategy[int | None] = ALL,
    cancelled_at: st.SearchStrategy[float | None] = NEVER,
) -> st.SearchStrategy[tuple[Merge, Schedule]]:
    """Return a strategy for streams of fan-outs, each with a schedule."""
    return scheduled(
        lambda interrupted: st.builds(
            Merge,
            fan=_fans(fails=fails),
            awaited=st.sampled_from(awaited),
            limit=st.sampled_from(limits),
            taken=taken,
            cancelled_at=cancelled_at,
            pause_seconds=st.sampled_from(pauses),
            max_threads=st.sampled_from(threads),
            interrupted=interrupted,
        )
    )


def endless() -> st.SearchStrategy[tuple[Merge, Schedule]]:
    """Return a strategy for streams of branches that are quicker than whoever takes the chunks."""
    sources = st.builds(Source, waits=st.just((0.0,) * _MANY_CHUNKS), aio=st.booleans())
    merge = st.builds(
        Merge,
        fan=_several(sources),
        awaited=st.booleans(),
        taken=st.integers(0, 6),
        pause_seconds=st.just(1.0),
    )
    return st.tuples(merge, schedules())


_MANY_CHUNKS = 40


def _fans(*, fails: bool) -> st.SearchStrategy[Fan]:
    source = st.builds(
        Source,
        waits=st.lists(delays(), min_size=1, max_size=3).map(tuple),
        fails=st.booleans() if fails else st.just(value=False),
        aio=st.booleans(),
        cleanup_seconds=st.sampled_from((0.0, 1.0)),
    )
    return _several(st.recursive(source, _several, max_leaves=3))


def _several(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Fan]:
    return st.lists(parts, min_size=1, max_size=3).map(lambda given: Fan(*given))


class _Traces(NamedTuple):
    """What sources do: from their beginning to their end, for each chunk, and at the end."""

    whole: Trace
    made: Trace
    cleanups: Trace


def merged(s: System[Any], merge: Merge, schedule: Schedule) -> Merged:
    """Return what is seen of the stream of a fan-out."""
    if merge.interrupted:
        warm(lambda: merged(s, replace(merge, interrupted=False), schedule).run)
    watch = Watch()
    traces = _Traces(watch.trace, Trace(), Trace())
    taker = Taker(merge.taken, merge.pause_seconds)
    pipeline = built(s, merge.fan, traces)
    run = watch.ran(
        s,
        merge,
        schedule,
        lambda: taker.take(s.stream(pipeline, None, limit=merge.limit)),
        lambda: taker.atake(s.astream(pipeline, None, limit=merge.limit)),
    )
    return Merged(run, taker.came, (*traces.made.events,), (*traces.cleanups.events,))


def built(s: System[P], branches: Branches, traces: _Traces, at: Place = ()) -> P:
    """Return the pipeline of a system that leaves traces of its sources and of their chunks."""
    if isinstance(branches, Source):
        return s.lift(_body(branches, traces, at))
    return s.fanout(
        {
            str(position): built(s, branch, traces, (*at, position))
            for position, branch in enumerate(branches.branches)
        }
    )


def _body(source: Source, traces: _Traces, place: Place) -> Body:
    def chunk(number: int) -> tuple[int]:
        if source.fails and number == len(source.waits) - 1:
            raise StepError(place)
        return (number,)

    def plain(_: object) -> Generator[tuple[int], None, None]:
        with traces.whole.told(place):
            try:
                for number, wait in enumerate(source.waits):
                    with traces.made.told((*place, number)):
                        time.sleep(wait)
                        computed = chunk(number)
                    yield computed
            finally:
                with traces.cleanups.told(place):
                    time.sleep(source.cleanup_seconds)

    async def aio(_: object) -> AsyncGenerator[tuple[int], None]:
        with traces.whole.told(place):
            try:
                for number, wait in enumerate(source.waits):
                    with traces.made.told((*place, number)):
                        await asyncio.sleep(wait)
                        computed = chunk(number)
                    yield computed
            finally:
                with traces.cleanups.told(place):
                    await asyncio.sleep(source.cleanup_seconds)

    return aio if source.aio else plain


def _under(place: Place, chunk: Any) -> Any:
    """Return what stands in a chunk under the keys of a place, None where it has others."""
    for position in place:
        chunk = chunk.get(str(position))
        if chunk is None:
            return None
    return chunk

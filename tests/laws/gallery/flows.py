"""Batches and streams that are wrong when somebody is in their way."""

import asyncio
from collections.abc import AsyncGenerator, Generator, Iterable
from typing import Any, Final

from returns.result import Failure, Success
from typing_extensions import override

from combinators import BatchError
from combinators.laws import Ours
from combinators.laws._systems import Results
from combinators.laws.schedules import flows
from tests.laws.gallery.interleavings import LimitOffByOneBelow
from tests.laws.gallery.wrong import Exhibits, Pipeline


class NeighboursAnswer(Ours):
    """Keeps the item at work in one place, where the next one overwrites it."""

    @override
    def completed(
        self, p: Pipeline, xs: Iterable[Any], /, **options: Any
    ) -> Generator[tuple[int, Any], None, None]:
        current: list[Any] = [None]

        def keep(x: object) -> object:
            current[0] = x
            return x

        def answer(result: object) -> object:
            return current[0], result

        step = self.pipe(self.lift(keep), p, self.lift(answer))
        for index, (x, result) in super().completed(step, xs, **options):
            yield x if isinstance(x, int) else index, result


class AllAtTheEnd(Ours):
    """Gives items and chunks when the last one is ready."""

    @override
    def completed(
        self, p: Pipeline, xs: Iterable[Any], /, **options: Any
    ) -> Generator[tuple[int, Any], None, None]:
        yield from [*super().completed(p, xs, **options)]

    @override
    def stream(self, p: Pipeline, x: object, /, **options: Any) -> Generator[Any, None, None]:
        yield from [*super().stream(p, x, **options)]


class ReadsAhead(Ours):
    """Lets a task read the stream, which nobody stops when the reader has gone."""

    @override
    async def astream(self, p: Pipeline, x: object, /, **options: Any) -> AsyncGenerator[Any, None]:
        chunks: asyncio.Queue[list[Any]] = asyncio.Queue()

        async def read() -> None:
            async for chunk in super(ReadsAhead, self).astream(p, x, **options):
                chunks.put_nowait([chunk])
            chunks.put_nowait([])

        reader = asyncio.ensure_future(read())
        while chunk := await chunks.get():
            yield chunk[0]
        await reader


class ResultsAsTheyAreReady(Ours):
    """Gives the results of a batch in the order in which they are ready."""

    @override
    def batch(self, p: Pipeline, xs: Iterable[Any], /, **options: Any) -> list[Any]:
        return [result for _, result in super().completed(p, xs, **options)]


class RunsTheRestAfterAFailure(Ours):
    """Runs what is left of a batch though an item has failed."""

    @override
    def batch(self, p: Pipeline, xs: Iterable[Any], /, **options: Any) -> list[Any]:
        return _all_of(super().outcomes(p, xs, **options))

    @override
    async def abatch(self, p: Pipeline, xs: Iterable[Any], /, **options: Any) -> list[Any]:
        return _all_of(await super().aoutcomes(p, xs, **options))


def _all_of(found: Results) -> list[Any]:
    failed = {i: each.failure() for i, each in enumerate(found) if isinstance(each, Failure)}
    results = {i: each.unwrap() for i, each in enumerate(found) if isinstance(each, Success)}
    if failed:
        raise BatchError(min(failed), results, failed)
    return [*results.values()]


class TellsTheLastToFail(Ours):
    """Keeps the index of a failure in one place, where the next one overwrites it."""

    @override
    def batch(self, p: Pipeline, xs: Iterable[Any], /, **options: Any) -> list[Any]:
        try:
            return super().batch(p, xs, **options)
        except BatchError as error:
            raise BatchError(max(error.errors), error.results, error.errors) from None


class LeavesItemsBehind(Ours):
    """Starts a task for each item of a batch, and forgets them when nobody listens any more."""

    @override
    async def acompleted(
        self, p: Pipeline, xs: Iterable[Any], /, **options: Any
    ) -> AsyncGenerator[tuple[int, Any], None]:
        async def one(index: int, x: object) -> tuple[int, Any]:
            return index, await p.ainvoke(x, **options)

        for first in asyncio.as_completed([one(*item) for item in enumerate(xs)]):
            yield await first


EXHIBITS: Final[Exhibits] = (
    (flows.every_item_comes_once_with_its_own_result, NeighboursAnswer()),
    (flows.items_come_as_they_are_ready, AllAtTheEnd()),
    (flows.a_batch_keeps_its_limit_and_wastes_no_time, LimitOffByOneBelow()),
    (flows.results_stand_as_their_inputs_do, ResultsAsTheyAreReady()),
    (flows.no_item_begins_after_a_failure, RunsTheRestAfterAFailure()),
    (flows.a_failed_batch_tells_how_each_item_ended, TellsTheLastToFail()),
    (flows.a_batch_that_is_left_awaits_its_items, LeavesItemsBehind()),
    (flows.chunks_come_as_they_are_ready, AllAtTheEnd()),
    (flows.closing_a_stream_awaits_its_cleanup, ReadsAhead()),
)

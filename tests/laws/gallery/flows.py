"""Batches and streams that are wrong when somebody is in their way."""

import asyncio
from collections.abc import AsyncGenerator, Generator, Iterable
from typing import Any, Final

from typing_extensions import override

from combinators.laws import Ours
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


EXHIBITS: Final[Exhibits] = (
    (flows.every_item_comes_once_with_its_own_result, NeighboursAnswer()),
    (flows.items_come_as_they_are_ready, AllAtTheEnd()),
    (flows.a_batch_keeps_its_limit_and_wastes_no_time, LimitOffByOneBelow()),
    (flows.chunks_come_as_they_are_ready, AllAtTheEnd()),
    (flows.closing_a_stream_awaits_its_cleanup, ReadsAhead()),
)

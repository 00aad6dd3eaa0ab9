"""Streams of fan-outs that are wrong when somebody is in their way."""

import asyncio
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import aclosing, suppress
from typing import Any, Final

from typing_extensions import override

from combinators import FanoutError, runnable
from combinators.laws import Ours
from combinators.laws.schedules import merges
from tests.laws.gallery.interleavings import more
from tests.laws.gallery.wrong import Exhibits, Pipeline

Chunks = AsyncGenerator[Any, None]
Readers = list[asyncio.Task[None]]
Queue = asyncio.Queue[Any]

END: Final = object()


class _OneQueue(Ours):
    """Lets a task read each branch, and all of them put their chunks into one queue."""

    room = 2

    async def feed(self, key: str, chunks: Chunks, queue: Queue) -> None:
        async with aclosing(chunks):
            async for chunk in chunks:
                await queue.put({key: chunk})

    async def left(self, readers: Readers) -> None:
        for reader in readers:
            reader.cancel()
        await asyncio.wait(readers)

    @override
    def fanout(self, branches: Mapping[str, Pipeline], /) -> Pipeline:
        async def run(x: object) -> Chunks:
            queue = Queue(self.room)
            readers = [
                asyncio.ensure_future(self.feed(key, branch.astream(x), queue))
                for key, branch in branches.items()
            ]

            async def end() -> None:
                await asyncio.wait(readers)
                await queue.put(END)

            ended = asyncio.ensure_future(end())
            try:
                while (chunk := await queue.get()) is not END:
                    yield chunk
            finally:
                ended.cancel()
                await self.left(readers)
            self.raise_all(readers)

        return runnable(run)

    def raise_all(self, readers: Readers) -> None:
        found = {str(key): reader.exception() for key, reader in enumerate(readers)}
        errors = {key: error for key, error in found.items() if isinstance(error, Exception)}
        if errors:
            raise FanoutError(errors, len(readers))


class KeepsTheLastChunk(_OneQueue):
    """Keeps a chunk of each branch, where the next one overwrites it."""

    @override
    async def feed(self, key: str, chunks: Chunks, queue: Queue) -> None:
        kept: list[Any] = []
        async with aclosing(chunks):
            async for chunk in chunks:
                kept[:] = [chunk]
                if queue.empty():
                    await queue.put({key: kept.pop()})
        if kept:
            await queue.put({key: kept.pop()})


class ForgetsWhoseItIs(_OneQueue):
    """Keeps the key of a chunk in one place, where that of another branch overwrites it."""

    current = ""

    @override
    async def feed(self, key: str, chunks: Chunks, queue: Queue) -> None:
        async with aclosing(chunks):
            async for chunk in chunks:
                self.current = key
                await asyncio.sleep(0)
                await queue.put({self.current: chunk})


class OneOfEachByTurns(Ours):
    """Takes a chunk of each branch by turns."""

    @override
    def fanout(self, branches: Mapping[str, Pipeline], /) -> Pipeline:
        def run(x: object) -> Generator[Any, None, None]:
            streams = {key: branch.stream(x) for key, branch in branches.items()}
            while streams:
                for key, stream in [*streams.items()]:
                    chunk = next(stream, END)
                    if chunk is END:
                        del streams[key]
                    else:
                        yield {key: chunk}

        return runnable(run)


class LimitOffByOneInStreams(Ours):
    """Lets one more branch of a stream in than the limit says."""

    @override
    def stream(self, p: Pipeline, x: Any, /, **options: Any) -> Generator[Any, None, None]:
        return super().stream(p, x, **more(options, 1))

    @override
    def astream(self, p: Pipeline, x: Any, /, **options: Any) -> Chunks:
        return super().astream(p, x, **more(options, 1))


class TellsOneFailureOfAStream(_OneQueue):
    """Raises the failure of one branch, and forgets those of others."""

    @override
    def raise_all(self, readers: Readers) -> None:
        try:
            super().raise_all(readers)
        except FanoutError as error:
            raise FanoutError(dict([*error.errors.items()][:1]), len(readers)) from None


class ReadsOnAfterAFailure(_OneQueue):
    """Reads the other branches to their end before it tells that one has failed."""


class LeavesReadersBehind(_OneQueue):
    """Leaves the tasks that read branches to themselves when nobody takes their chunks any more."""

    @override
    async def left(self, readers: Readers) -> None:
        pass


class StopsReadersAndGoes(_OneQueue):
    """Cancels the tasks that read branches, and does not wait until they have ended."""

    @override
    async def left(self, readers: Readers) -> None:
        for reader in readers:
            reader.cancel()


class EndsQuietlyWhenCancelled(Ours):
    """Takes a cancellation for the end of the stream."""

    @override
    async def astream(self, p: Pipeline, x: Any, /, **options: Any) -> Chunks:
        with suppress(asyncio.CancelledError):
            async with aclosing(super().astream(p, x, **options)) as chunks:
                async for chunk in chunks:
                    yield chunk


class KeepsAllChunks(_OneQueue):
    """Keeps as many chunks as the branches make, whoever takes them."""

    room = 0


EXHIBITS: Final[Exhibits] = (
    (merges.a_branch_keeps_its_order_and_loses_nothing, KeepsTheLastChunk()),
    (merges.a_merged_stream_folds_to_the_result, ForgetsWhoseItIs()),
    (merges.chunks_of_branches_come_as_they_are_ready, OneOfEachByTurns()),
    (merges.the_limit_is_kept_while_chunks_are_made, LimitOffByOneInStreams()),
    (merges.a_failure_stops_all_branches, TellsOneFailureOfAStream()),
    (merges.no_chunk_is_begun_after_a_failure, ReadsOnAfterAFailure()),
    (merges.closing_a_merge_stops_all_sources, LeavesReadersBehind()),
    (merges.a_cancelled_merge_awaits_all_sources, StopsReadersAndGoes()),
    (merges.a_cancelled_merge_awaits_all_sources, EndsQuietlyWhenCancelled()),
    (merges.quick_branches_wait_for_who_takes, KeepsAllChunks()),
)

"""Streams and batches that are wrong."""

from collections.abc import AsyncGenerator, Generator, Iterable, Iterator
from contextlib import closing
from itertools import islice
from typing import Any, Final

from returns.result import Failure, Result, Success
from typing_extensions import override

from combinators import BatchError, _nodes as n
from combinators.laws import Ours, batches, promises, recovery, streams
from combinators.laws._reference import folded
from combinators.laws._telling import is_mapping
from tests.laws.gallery.wrong import Exhibits, Pipeline


class LosesTheLastChunk(Ours):
    """Of a stream of several chunks, the last does not arrive."""

    @override
    def stream(self, p: Pipeline, x: Any, /, **options: Any) -> Generator[Any, None, None]:
        chunks = [*p.stream(x, **options)]
        yield from chunks[:-1] or chunks


class LosesTheLastChunkOnALoop(Ours):
    """Of an async stream of several chunks, the last does not arrive."""

    @override
    async def astream(self, p: Pipeline, x: Any, /, **options: Any) -> AsyncGenerator[Any, None]:
        chunks = [chunk async for chunk in p.astream(x, **options)]
        for chunk in chunks[:-1] or chunks:
            yield chunk


class StreamsTheWhole(Ours):
    """A stream is one chunk: what a call gives."""

    @override
    def stream(self, p: Pipeline, x: Any, /, **options: Any) -> Generator[Any, None, None]:
        yield p.invoke(x, **options)


class RunsPlainStepsOnEveryChunk(Ours):
    """A plain function that follows a generator is called with each chunk."""

    @override
    def stream(self, p: Pipeline, x: Any, /, **options: Any) -> Generator[Any, None, None]:
        match p.node:
            case n.Pipe((n.Step(streams=True) as source, *rest)):
                for chunk in source.function(x):
                    for each in rest:
                        assert isinstance(each, n.Step)
                        chunk = each.function(chunk)  # noqa: PLW2901 - step by step
                    yield chunk
            case _:
                yield from p.stream(x, **options)


class MakesAllChunksFirst(Ours):
    """The source is run to its end before the first chunk is given."""

    @override
    def stream(self, p: Pipeline, x: Any, /, **options: Any) -> Generator[Any, None, None]:
        yield from [*p.stream(x, **options)]


class StreamsFanoutsAsOneChunk(Ours):
    """The chunks of a stream that are mappings arrive as one."""

    @override
    def stream(self, p: Pipeline, x: Any, /, **options: Any) -> Generator[Any, None, None]:
        chunks = [*p.stream(x, **options)]
        yield from [folded(chunks)] if isinstance(chunks[0], dict) else chunks


class GivesTheLastChunk(Ours):
    """Of chunks that are mappings, a call gives the last."""

    @override
    def invoke(self, p: Pipeline, x: Any, /, **options: Any) -> Any:
        *_, last = p.stream(x, **options)
        return last if is_mapping(last) else super().invoke(p, x, **options)


class GivesTransformsTheWhole(Ours):
    """A step from chunks to chunks is given what they make together."""

    @override
    def transform(self, f: Any, /, aio: Any = None) -> Pipeline:
        def whole(chunks: Iterator[Any]) -> Iterator[Any]:
            yield from f(iter([folded([*chunks])]))

        return super().transform(whole)


class TakesTheFirstChunkForTheInput(Ours):
    """Of an input that comes in chunks, the first is all that is seen."""

    @override
    def streamed(
        self, p: Pipeline, chunks: Iterable[Any], /, **options: Any
    ) -> Generator[Any, None, None]:
        return super().streamed(p, [*chunks][:1], **options)


class RunsOnWhenClosed(Ours):
    """A stream that is closed runs its source to the end."""

    @override
    def stream(self, p: Pipeline, x: Any, /, **options: Any) -> Generator[Any, None, None]:
        with closing(p.stream(x, **options)) as chunks:
            try:
                yield from _one_by_one(chunks)
            finally:
                list(chunks)


class GivesResultsBackwards(Ours):
    """The results of a batch come in the order in which they were last begun."""

    @override
    def batch(self, p: Pipeline, xs: Iterable[Any], /, **options: Any) -> list[Any]:
        return super().batch(p, xs, **options)[::-1]


class StreamsItsInputFirst(Ours):
    """The first chunk of a stream is the input."""

    @override
    def stream(self, p: Pipeline, x: Any, /, **options: Any) -> Generator[Any, None, None]:
        yield x
        yield from p.stream(x, **options)


class GivesOutcomesBackwards(Ours):
    """The outcomes of a batch come in the order in which they were last begun."""

    @override
    def outcomes(
        self, p: Pipeline, xs: Iterable[Any], /, **options: Any
    ) -> list[Result[Any, Exception]]:
        return super().outcomes(p, xs, **options)[::-1]


class GivesAFailedItemItsNeighboursResult(Ours):
    """Results are given to the items that are left, in turn: after a failure, to the wrong ones."""

    @override
    def outcomes(
        self, p: Pipeline, xs: Iterable[Any], /, **options: Any
    ) -> list[Result[Any, Exception]]:
        found = super().outcomes(p, xs, **options)
        good = [each for each in found if isinstance(each, Success)]
        return [*good, *(each for each in found if isinstance(each, Failure))]


class TakesExceptionsForFailures(Ours):
    """An exception that a step returns is a failure in a batch."""

    @override
    def outcomes(
        self, p: Pipeline, xs: Iterable[Any], /, **options: Any
    ) -> list[Result[Any, Exception]]:
        found = super().outcomes(p, xs, **options)
        return [
            Failure(v) if isinstance(v := each.value_or(None), Exception) else each
            for each in found
        ]


class CountsAsItemsArrive(Ours):
    """An item has the index of its arrival."""

    @override
    def completed(
        self, p: Pipeline, xs: Iterable[Any], /, **options: Any
    ) -> Generator[tuple[int, Any], None, None]:
        found = [result for _, result in p.batch_as_completed(xs, **options)]
        yield from enumerate(reversed(found))


class DropsTheRestOfAChunk(Ours):
    """Inputs travel in chunks of two, and what is left over is left out."""

    @override
    def batch(self, p: Pipeline, xs: Iterable[Any], /, **options: Any) -> list[Any]:
        inputs = [*xs]
        return super().batch(p, inputs[: len(inputs) // 2 * 2], **options)


class RunsAsManyAsTheLimit(Ours):
    """Of the items of a batch, as many are run as the limit says."""

    @override
    def batch(self, p: Pipeline, xs: Iterable[Any], /, **options: Any) -> list[Any]:
        return super().batch(p, islice(xs, options.get("limit")), **options)


class ForgetsWhatWasFinished(Ours):
    """A batch that fails raises the exception of an item, and nothing else is left of it."""

    @override
    def batch(self, p: Pipeline, xs: Iterable[Any], /, **options: Any) -> list[Any]:
        try:
            return super().batch(p, xs, **options)
        except BatchError as error:
            raise error.errors[error.index] from None


class ReadsFarAhead(Ours):
    """A hundred inputs are read before the first is run."""

    @override
    def completed(
        self, p: Pipeline, xs: Iterable[Any], /, **options: Any
    ) -> Generator[tuple[int, Any], None, None]:
        return super().completed(p, [*islice(xs, 100)], **options)


def _one_by_one(chunks: Iterable[Any]) -> Generator[Any, None, None]:
    # `yield from` a generator would close it as soon as it is closed itself.
    for chunk in chunks:  # noqa: UP028 - as said
        yield chunk


EXHIBITS: Final[Exhibits] = (
    (promises.streams_fold_to_what_invoke_gives, StreamsItsInputFirst()),
    (promises.batches_are_one_by_one, GivesOutcomesBackwards()),
    (streams.a_stream_folds_to_the_meaning, LosesTheLastChunk()),
    (streams.an_async_stream_folds_to_the_meaning, LosesTheLastChunkOnALoop()),
    (streams.a_generator_step_streams_what_it_yields, StreamsTheWhole()),
    (streams.chunks_that_are_mappings_are_merged, GivesTheLastChunk()),
    (streams.a_plain_step_collects_its_input, RunsPlainStepsOnEveryChunk()),
    (streams.a_picked_key_streams_its_own_chunks, LosesTheLastChunk()),
    (streams.a_chunk_comes_before_the_next_is_made, MakesAllChunksFirst()),
    (streams.closing_a_stream_stops_its_source, RunsOnWhenClosed()),
    (streams.a_fanout_streams_its_branches_under_their_keys, StreamsFanoutsAsOneChunk()),
    (streams.assign_streams_its_input_first, StreamsFanoutsAsOneChunk()),
    (streams.a_transform_is_given_the_chunks_as_they_come, GivesTransformsTheWhole()),
    (streams.an_input_in_chunks_is_the_whole_input, TakesTheFirstChunkForTheInput()),
    (streams.who_takes_slowly_stops_quick_branches, MakesAllChunksFirst()),
    (batches.a_batch_is_one_by_one, GivesResultsBackwards()),
    (batches.a_collecting_batch_gives_each_item_its_outcome, GivesAFailedItemItsNeighboursResult()),
    (batches.a_returned_exception_is_a_value, TakesExceptionsForFailures()),
    (recovery.a_retried_batch_is_one_by_one, GivesAFailedItemItsNeighboursResult()),
    (batches.completed_items_come_with_their_index, CountsAsItemsArrive()),
    (batches.batches_concatenate, DropsTheRestOfAChunk()),
    (batches.a_limit_on_a_batch_changes_nothing_but_time, RunsAsManyAsTheLimit()),
    (batches.a_failed_batch_keeps_what_was_finished, ForgetsWhatWasFinished()),
    (batches.a_batch_reads_its_inputs_as_there_is_room, ReadsFarAhead()),
)

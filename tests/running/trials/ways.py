"""Every way of running a pipeline, with what came of each item: a value, or an error."""

import random
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Generator,
    Iterable,
)
from contextlib import aclosing, closing
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, final

import anyio.lowlevel

from combinators import BatchError, Observer, Pool
from combinators.laws import Gave, Outcome, Raised
from combinators.laws._outcomes import as_outcome
from combinators.laws._reference import folded
from combinators.laws.strategies._functions import pieces
from tests.running.trials.observing import Breaking, Record
from tests.running.trials.troubles import Pipeline

Outcomes: TypeAlias = dict[int, Outcome]


@final
@dataclass(frozen=True, slots=True)
class Options:
    """How a pipeline is run."""

    limit: int | None = None
    pool: Pool | None = None  # whose threads a batch has
    collects: bool = True  # the failures of a batch
    takes: int | None = None  # chunks or items, before the stream of them is closed
    on_trio: bool = False  # what runs on an event loop
    observers: tuple[Observer, ...] = ()

    def of_a_call(self) -> dict[str, Any]:
        """Return the keywords of a call."""
        return {"limit": self.limit, "observers": self.observers}

    def of_a_batch(self) -> dict[str, Any]:
        """Return the keywords of a batch."""
        errors = "collect" if self.collects else "raise"
        return self.of_a_call() | {"executor": self.pool, "errors": errors}


Way: TypeAlias = Callable[[Pipeline, list[Any], Options], Outcomes]
AsyncWay: TypeAlias = Callable[[Pipeline, list[Any], Options], Awaitable[Outcomes]]


# --- In threads ----------------------------------------------------------------------


def invoke(p: Pipeline, xs: list[Any], options: Options) -> Outcomes:
    try:
        return {0: Gave(p.invoke(xs[0], **options.of_a_call()))}
    except Exception as error:  # noqa: BLE001 - an outcome
        return {0: Raised(error)}


def stream(p: Pipeline, xs: list[Any], options: Options) -> Outcomes:
    return _read(p.stream(xs[0], **options.of_a_call()), options)


def transform(p: Pipeline, xs: list[Any], options: Options) -> Outcomes:
    return _read(p.transform(iter(pieces(xs[0])), **options.of_a_call()), options)


def _read(stream: Generator[Any, None, None], options: Options) -> Outcomes:
    chunks: list[Any] = []
    try:
        with closing(stream):
            for chunk in stream:
                chunks.append(chunk)
                if len(chunks) == options.takes:
                    return {}
    except Exception as error:  # noqa: BLE001 - an outcome
        return {0: Raised(error)}
    return {0: Gave(folded(chunks))}


def batch(p: Pipeline, xs: list[Any], options: Options) -> Outcomes:
    try:
        return _all_told(p.batch(iter(xs), **options.of_a_batch()), options)
    except BatchError as error:
        return _kept(error)


def batch_as_completed(p: Pipeline, xs: list[Any], options: Options) -> Outcomes:
    found: Outcomes = {}
    try:
        with closing(p.batch_as_completed(iter(xs), **options.of_a_batch())) as items:
            for index, value in items:
                found[index] = _told(value, options)
                if len(found) == options.takes:
                    break
    except BatchError as error:
        return found | _kept(error)
    return found


def _told(value: Any, options: Options) -> Outcome:  # noqa: ANN401 - of any type
    return as_outcome(value) if options.collects else Gave(value)


def _all_told(values: list[Any], options: Options) -> Outcomes:
    return {index: _told(value, options) for index, value in enumerate(values)}


def _kept(error: BatchError) -> Outcomes:
    kept: Outcomes = {index: Gave(value) for index, value in error.results.items()}
    return kept | {index: Raised(each) for index, each in error.errors.items()}


# --- On an event loop ----------------------------------------------------------------


async def ainvoke(p: Pipeline, xs: list[Any], options: Options) -> Outcomes:
    try:
        return {0: Gave(await p.ainvoke(xs[0], **options.of_a_call()))}
    except Exception as error:  # noqa: BLE001 - an outcome
        return {0: Raised(error)}


async def astream(p: Pipeline, xs: list[Any], options: Options) -> Outcomes:
    return await _aread(p.astream(xs[0], **options.of_a_call()), options)


async def atransform(p: Pipeline, xs: list[Any], options: Options) -> Outcomes:
    # Whose chunks they are closes them.
    async with aclosing(_arriving(pieces(xs[0]))) as chunks:
        return await _aread(p.atransform(chunks, **options.of_a_call()), options)


async def _aread(stream: AsyncGenerator[Any, None], options: Options) -> Outcomes:
    chunks: list[Any] = []
    try:
        async with aclosing(stream):
            async for chunk in stream:
                chunks.append(chunk)
                if len(chunks) == options.takes:
                    return {}
    except Exception as error:  # noqa: BLE001 - an outcome
        return {0: Raised(error)}
    return {0: Gave(folded(chunks))}


async def abatch(p: Pipeline, xs: list[Any], options: Options) -> Outcomes:
    try:
        async with aclosing(_arriving(xs)) as inputs:
            results = await p.abatch(inputs, **options.of_a_batch())
    except BatchError as error:
        return _kept(error)
    return _all_told(results, options)


async def abatch_as_completed(p: Pipeline, xs: list[Any], options: Options) -> Outcomes:
    found: Outcomes = {}
    try:
        async with (
            aclosing(_arriving(xs)) as inputs,
            aclosing(p.abatch_as_completed(inputs, **options.of_a_batch())) as items,
        ):
            async for index, value in items:
                found[index] = _told(value, options)
                if len(found) == options.takes:
                    break
    except BatchError as error:
        return found | _kept(error)
    return found


async def _arriving(values: Iterable[Any]) -> AsyncGenerator[Any, None]:
    for value in values:
        await anyio.lowlevel.checkpoint()
        yield value


WAYS: Final[tuple[Way, ...]] = (invoke, stream, transform, batch, batch_as_completed)
ASYNC_WAYS: Final[tuple[AsyncWay, ...]] = (
    ainvoke,
    astream,
    atransform,
    abatch,
    abatch_as_completed,
)
FROM_CHUNKS: Final[frozenset[Way | AsyncWay]] = frozenset({transform, atransform})
OF_MANY: Final[frozenset[Way | AsyncWay]] = frozenset(
    {batch, batch_as_completed, abatch, abatch_as_completed}
)
IN_PIECES: Final[frozenset[Way | AsyncWay]] = frozenset({stream, transform, astream, atransform})

# Few threads, for batches that have their own.
POOLS: Final = (None, Pool(max_threads=1), Pool(max_threads=3))


def options(way: Way | AsyncWay, chance: random.Random) -> Options:
    """Return how a pipeline may be run by a way."""
    takes = chance.choice([None, None, 1, 2]) if way is not batch and way is not abatch else None
    return Options(
        limit=chance.choice([None, None, 1, 2, 7]),
        pool=chance.choice(POOLS),
        collects=chance.random() < 0.5,
        takes=takes,
        on_trio=chance.random() < 0.5,
        observers=chance.choice([(), (Record(),), (Breaking(), Record())]),
    )

"""What a worker of an executor does: it runs the items of a chunk, one after another.

It keeps the pipelines that have come to it, so that each is unpickled and compiled once, and
a large one does not travel to it again.
"""

from __future__ import annotations

import contextvars
import hashlib
import threading
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol, final
from uuid import uuid4

from combinators._compat import override
from combinators._remote import TransferError
from combinators._run.executors.parcels import Arrived, Sent, SentError
from combinators._run.executors.pickles import dumps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from combinators._run.executors.parcels import Parcel


class Invocable(Protocol):
    """The face of a pipeline, as far as it is needed here."""

    def invoke(self, x: Any, *, limit: int | None, check_mutation: bool) -> Any:
        """Return the output for one input."""
        ...


@final
class Order:
    """A pipeline, and how its items are to be run."""

    def __init__(
        self, pipeline: Invocable, *, limit: int | None, check_mutation: bool, collect: bool
    ) -> None:
        self.pipeline = pipeline
        self.terms = Terms(limit, check_mutation, collect)
        self.context = contextvars.copy_context()
        self._lock = threading.Lock()
        self._packed: bytes | None = None
        self.digest = b""

    def packed(self) -> bytes:
        """Return the pipeline pickled, and know its digest from then on.

        Raises:
            TransferError: it cannot be pickled.
        """
        with self._lock:
            if self._packed is None:
                self._packed = dumps(self.pipeline, "the pipeline", by_value=True)
                self.digest = hashlib.sha256(self._packed).digest()
            return self._packed


@final
@dataclass(frozen=True, slots=True)
class Terms:
    """The options of a batch that hold where its items run."""

    limit: int | None
    check_mutation: bool
    collect: bool  # or else nothing in a chunk begins after a failure


@final
@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a chunk."""

    outcomes: Sequence[Parcel]  # fewer than the items, where one failed that ends the batch
    seconds: float = 0.0
    size: int = 0  # of the inputs, in bytes, where they were pickled
    unknown: bool = False  # the pipeline has not come to this worker yet


@final
class Chunk:
    """Neighbours in a batch that travel together."""

    def __init__(self, order: Order, first: int, inputs: Sequence[Any], *, carries: bool) -> None:
        self.first = first
        self.inputs = inputs
        self._order = order
        self.carries = carries  # the pipeline, however large

    def __len__(self) -> int:
        return len(self.inputs)

    def again(self) -> Chunk:
        """Return the chunk with the pipeline in it."""
        return Chunk(self._order, self.first, self.inputs, carries=True)

    def halves(self) -> tuple[Chunk, Chunk]:
        """Return it as two chunks."""
        middle = len(self) // 2
        return (
            Chunk(self._order, self.first, self.inputs[:middle], carries=True),
            Chunk(self._order, self.first + middle, self.inputs[middle:], carries=True),
        )

    def run(self) -> Answer:
        """Run the items where they are."""
        order = self._order
        items = [Sent(x, _INPUT) for x in self.inputs]
        return _answer(order.pipeline, items, order.terms, order.context)

    @override
    def __reduce__(self) -> tuple[Any, ...]:
        order = self._order
        pipeline: Parcel | None
        try:
            packed = order.packed()
            light = len(packed) <= MOST_CARRIED
            pipeline = Arrived(packed, "the pipeline") if self.carries or light else None
        except TransferError as error:
            pipeline = SentError(error)
        items = [Sent(x, _INPUT) for x in self.inputs]
        return ArrivedChunk, (order.digest, pipeline, items, order.terms)

    def __dask_tokenize__(self) -> str:
        # dask takes tasks of the same token for the same task, and would run one of them.
        return uuid4().hex


_INPUT = "an input"
MOST_CARRIED = 1 << 14  # bytes of a pipeline that weigh nothing beside the inputs of a chunk


@final
@dataclass(frozen=True, slots=True)
class ArrivedChunk:
    """A chunk in another process."""

    digest: bytes
    pipeline: Parcel | None
    items: Sequence[Parcel]
    terms: Terms

    def run(self) -> Answer:
        """Run the items, if the pipeline is here."""
        try:
            pipeline = _kept(self.digest, self.pipeline)
        except TransferError as error:
            return Answer([SentError(error)] * len(self.items))
        if pipeline is None:
            return Answer((), unknown=True)
        size = sum(len(item.packed) for item in self.items if isinstance(item, Arrived))
        return _answer(pipeline, self.items, self.terms, contextvars.copy_context(), size)


def work(chunk: Chunk | ArrivedChunk) -> Answer:
    """Return what becomes of a chunk: the one function that executors are given."""
    return chunk.run()


def _kept(digest: bytes, arrived: Parcel | None) -> Invocable | None:
    """Return the pipeline with this digest, None where it has not come here yet.

    Raises:
        TransferError: it cannot be unpickled here.
    """
    pipeline = PIPELINES.get(digest)
    if pipeline is None and arrived is not None:
        pipeline = arrived.open()
        with _LOCK:
            if len(PIPELINES) >= MOST_PIPELINES:
                del PIPELINES[next(iter(PIPELINES))]
            PIPELINES[digest] = pipeline
    return pipeline


PIPELINES: dict[bytes, Any] = {}
MOST_PIPELINES = 16
_LOCK = threading.Lock()


def _answer(
    pipeline: Invocable,
    items: Sequence[Parcel],
    terms: Terms,
    context: contextvars.Context,
    size: int = 0,
) -> Answer:
    begin = perf_counter()
    outcomes: list[Parcel] = []
    for item in items:
        try:
            outcomes.append(Sent(_run(pipeline, item, terms, context), "a result"))
        except Exception as error:  # noqa: BLE001 - the outcome of this item
            outcomes.append(SentError(error))
            if not terms.collect:
                break
    return Answer(outcomes, perf_counter() - begin, size)


def _run(pipeline: Invocable, item: Parcel, terms: Terms, context: contextvars.Context) -> Any:
    invoke = pipeline.invoke
    return context.copy().run(
        lambda: invoke(item.open(), limit=terms.limit, check_mutation=terms.check_mutation)
    )

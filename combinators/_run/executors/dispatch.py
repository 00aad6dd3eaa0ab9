"""Chunks of a batch on their way to the workers of an executor and back.

Shared by the sync and the async way: how large chunks are, how many are on their way,
and what becomes of those that are lost.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import BrokenExecutor, Future
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, final

from combinators._errors import OptionError
from combinators._remote import WorkerError
from combinators._run.executors.worker import Chunk, work
from combinators._words import a_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from combinators._run.batches.batch import Outcome
    from combinators._run.executors.worker import Answer, Order

# What happened, to be told to who takes the outcomes: it gives those that are new.
Event: TypeAlias = "Callable[[], Sequence[Outcome]]"

TARGET_SECONDS = 0.1  # that a chunk should take: the way there and back is a fraction of it
MOST_BYTES = 1 << 20  # that its inputs should be, pickled
MOST_ITEMS = 256
FIRST_CHUNKS = 32  # on their way until their size has settled
GROWTH = 8  # at most, from one chunk to the next: its items may be slower
MOST_CHUNKS = 1024
MOST_AHEAD = 1 << 14  # items on their way
TRIES = 2  # of an item by itself: the first may reach a worker that is on its way out


class Executor(Protocol):
    """What runs something elsewhere, such as an executor of `concurrent.futures`.

    A dask client is one, too, and better than what its `get_executor()` gives: that one's
    futures wait for ever for a result that is lost with its worker and not made again.
    """

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Any:
        """Return a future for what a call gives."""
        ...


@final
class Dispatch:
    """Sends chunks to an executor, and tells what comes back.

    A chunk that is lost with its worker is sent again in halves, and an item up to `TRIES`
    times when nothing else is on its way: so the one that no worker survives takes no other
    with it.
    What is sent again may run again, but each item has one outcome: a chunk that is lost
    has given none.
    """

    def __init__(
        self, executor: Executor, order: Order, size: int | None, put: Callable[[Event], object]
    ) -> None:
        self._executor = executor
        self._order = order
        self._put = put
        self._pending: dict[Future[Answer], Chunk] = {}  # or futures of another kind, alike
        self._suspects: deque[Chunk] = deque()  # of one item each, which were lost
        self._alone: Chunk | None = None  # the one of them that is tried by itself
        self._tries = 0  # of that one
        self._sent = 0
        self._fixed = size
        self._stopped = False
        self._known = False  # some worker has the pipeline
        self.size = size or 1
        self._most_chunks = FIRST_CHUNKS

    def has_room(self) -> bool:
        """Return whether a further chunk may be sent."""
        return len(self._pending) < self._most_chunks and not self._suspects

    def is_idle(self) -> bool:
        """Return whether nothing is on its way."""
        return not self._pending and (self._stopped or not self._suspects)

    def stop(self) -> None:
        """Send nothing more, and take back what no worker has begun."""
        self._stopped = True
        for future in [*self._pending]:
            future.cancel()

    def send(self, inputs: Sequence[Any]) -> None:
        """Send the next inputs."""
        chunk = Chunk(self._order, self._sent, inputs, carries=not self._known)
        self._sent += len(inputs)
        self._send(chunk)

    def failed(self, error: Exception) -> Sequence[Outcome]:
        """Return the failure of the iterator of inputs: that of the item that was to come."""
        return [(self._sent, None, error)]

    def _send(self, chunk: Chunk) -> None:
        if self._stopped:
            return
        future: Future[Answer]
        try:
            future = self._executor.submit(work, chunk)
        except Exception as error:  # noqa: BLE001 - broken, or shut down: executors differ
            future = Future()
            future.set_exception(error)
        self._pending[future] = chunk
        future.add_done_callback(self._tell)
        if self._is_stopped():  # meanwhile
            future.cancel()

    def _is_stopped(self) -> bool:
        return self._stopped

    def _tell(self, future: Future[Answer]) -> None:
        answer: Answer | BaseException
        try:
            answer = future.result()  # here, where nobody waits: it may have to travel
        except BaseException as error:  # noqa: BLE001 - told, or raised, where outcomes are taken
            answer = error
        self._put(partial(self._received, future, answer))

    def _received(
        self, future: Future[Answer], answer: Answer | BaseException
    ) -> Sequence[Outcome]:
        outcomes = self._outcomes(self._pending.pop(future), answer)
        if self._suspects and not self._pending:
            self._alone, self._tries = self._suspects.popleft(), 1
            self._send(self._alone)
        return outcomes

    def _outcomes(self, chunk: Chunk, answer: Answer | BaseException) -> Sequence[Outcome]:
        if isinstance(answer, Exception):  # `work` raises none: it is the executor's
            return self._lost(chunk, answer)
        if isinstance(answer, BaseException):
            raise answer
        if answer.unknown:
            self._send(chunk.again())
            return ()
        self._known = True
        self._learn(answer)
        return [_outcome(chunk.first + i, parcel) for i, parcel in enumerate(answer.outcomes)]

    def _lost(self, chunk: Chunk, error: Exception) -> Sequence[Outcome]:
        """Return what becomes of a chunk that the executor did not bring back."""
        if self._stopped:
            return ()  # it was taken back, or has neither failed nor finished
        if chunk is self._alone and self._tries < TRIES:
            self._tries += 1
            self._send(chunk)
            return ()
        if chunk is self._alone or isinstance(error, BrokenExecutor):
            return [self._given_up(chunk.first + i, error) for i in range(len(chunk))]
        if len(chunk) == 1:
            self._suspects.append(chunk)
        else:
            for half in chunk.halves():
                self._send(half)
        return ()

    def _given_up(self, index: int, error: Exception) -> Outcome:
        lost = WorkerError(type(self._executor).__name__, index, type(error).__name__)
        lost.__cause__ = error
        return index, None, lost

    def _learn(self, answer: Answer) -> None:
        """Choose the size of chunks by what the last one took."""
        items = len(answer.outcomes)
        if self._fixed is not None:
            self._settle()
            return
        wanted = MOST_ITEMS
        if answer.seconds:
            wanted = min(wanted, int(TARGET_SECONDS * items / answer.seconds))
        if answer.size:
            wanted = min(wanted, MOST_BYTES * items // answer.size)
        wanted = max(wanted, 1)
        self.size = min(wanted, GROWTH * items)
        if self.size == wanted:
            self._settle()

    def _settle(self) -> None:
        self._most_chunks = min(MOST_CHUNKS, max(2, MOST_AHEAD // self.size))


def _outcome(index: int, parcel: Any) -> Outcome:
    try:
        return index, parcel.open(), None
    except Exception as error:  # noqa: BLE001 - the outcome of this item
        return index, None, error


def checked_executor(executor: Any) -> Executor:
    """Return an executor, if it can be used as one.

    Raises:
        OptionError: it cannot.
    """
    if not callable(getattr(executor, "submit", None)):
        accepted = "a concurrent.futures.Executor, what has its methods, or a Pool"
        raise OptionError("executor", a_kind(executor), accepted)
    found: Executor = executor
    return found


def checked_size(chunk: object) -> int | None:
    """Return how many items a chunk has, None where that is to be found out.

    Raises:
        OptionError: it cannot have so many.
    """
    accepted = "a positive whole number, or None to go by the time that items take"
    if chunk is None:
        return None
    if not isinstance(chunk, int) or isinstance(chunk, bool):
        raise OptionError("chunk", a_kind(chunk), accepted)
    if chunk < 1:
        raise OptionError("chunk", "a number below 1", accepted)
    return chunk

"""A batch on the workers of an executor, for a sync caller.

A thread reads the inputs while there is room, so that what is finished never waits for
an input that is still to come.
"""

from __future__ import annotations

import queue
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, final

from combinators._run.concurrency.pool import POOL
from combinators._run.executors.dispatch import Dispatch

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    from combinators._run.batches.batch import Outcome
    from combinators._run.executors.dispatch import Event, Executor
    from combinators._run.executors.worker import Order

LINGER_SECONDS = 0.05  # that an input waits, at most, for others to travel with


@final
class Drain:
    """Items on their way through a pipeline on the workers of an executor."""

    def __init__(
        self, executor: Executor, inputs: Iterable[Any], order: Order, size: int | None
    ) -> None:
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._dispatch = Dispatch(executor, order, size, self._events.put)
        self._inputs = iter(inputs)
        self._read: list[Any] = []  # and not sent yet
        self._sending = threading.Lock()
        self._lock = threading.Lock()
        self._reading = False
        self._ended = False  # no further input is read

    def outcomes(self) -> Generator[Outcome, None, None]:
        """Yield the outcome of every item as it is ready.

        Closing takes back what no worker has begun and waits for the rest; Ctrl-C does
        not wait.
        """
        try:
            while not self._is_over():
                yield from self._next_event()()
        except GeneratorExit:
            self.stop()
            while not self._is_over():
                self._next_event()()
            raise
        finally:
            self.stop()

    def stop(self) -> None:
        """Begin no further item."""
        self._ended = True
        self._dispatch.stop()

    def _is_over(self) -> bool:
        """Return whether there is nothing to wait for; see to it that inputs are read."""
        with self._lock:
            begin = not self._reading and self._may_read()
            self._reading = self._reading or begin
        if begin and not POOL.spawn(self._read_on):
            self._read_on()
        return not self._reading and self._dispatch.is_idle() and self._events.empty()

    def _may_read(self) -> bool:
        return not self._ended and self._dispatch.has_room()

    def _next_event(self) -> Event:
        while True:
            try:
                return self._events.get(timeout=LINGER_SECONDS if self._reading else None)
            except queue.Empty:
                self._flush()

    def _read_on(self) -> None:
        """Read inputs and send them while there is room."""
        told: Event = _nothing
        try:
            while self._may_read():
                item = next(self._inputs)
                with self._sending:  # who waits for outcomes may flush meanwhile
                    self._read.append(item)
                if len(self._read) >= self._dispatch.size:
                    self._flush()
        except StopIteration:
            self._ended = True
        except BaseException as error:  # noqa: BLE001 - told, or raised, where outcomes are taken
            self._ended = True
            told = partial(self._failed, error)
        self._flush()
        self._events.put(told)
        self._reading = False
        self._events.put(_nothing)  # for who waits for the end of the reading

    def _failed(self, error: BaseException) -> Sequence[Outcome]:
        if isinstance(error, Exception):
            return self._dispatch.failed(error)
        raise error

    def _flush(self) -> None:
        """Send what was read."""
        with self._sending:
            inputs, self._read = self._read, []
            if inputs:
                self._dispatch.send(inputs)


def _nothing() -> Sequence[Outcome]:
    return ()

"""A batch that is kept in a journal, for a caller on an event loop."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any, final

from combinators._run.executors.aio import each_of
from combinators._run.journals.ledger import opened
from combinators._run.journals.progress import Progress

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable

    from combinators._run.batches.abatch import Outcomes
    from combinators._run.batches.batch import Outcome
    from combinators._run.journals.journal import Journal


@final
class Drain:
    """Items of a batch, of which some are finished: as `journaled.Drain`, on an event loop."""

    def __init__(
        self,
        journal: Journal,
        inputs: Iterable[Any] | AsyncIterable[Any],
        start: Callable[[AsyncIterable[Any]], Outcomes],
        *,
        collect: bool,
        observed: bool,
    ) -> None:
        self._journal = journal
        self._inputs = each_of(inputs)  # which ends when they fail
        self._start = start
        self._collect = collect
        self._observed = observed
        self._running: Outcomes | None = None
        self._stopped = False

    def stop(self) -> None:
        """Begin no further item."""
        self._stopped = True
        if self._running is not None:
            self._running.stop()

    async def outcomes(self) -> AsyncGenerator[Outcome, None]:
        """Yield the outcome of every item as it is ready, once it is in the journal.

        Raises:
            JournalError: the journal refuses; what was finished until then is in it.
        """
        async with aclosing(self._inputs):
            with opened(self._journal, collect=self._collect) as ledger:
                progress = Progress(ledger, collect=self._collect, observed=self._observed)
                while not (progress.ended or self._stopped):
                    async with aclosing(self._kept(progress)) as kept:
                        async for outcome in kept:
                            yield outcome
                    if progress.has_next():
                        async with aclosing(self._run(progress)) as outcomes:
                            async for outcome in outcomes:
                                yield outcome
                if progress.refusal is not None:
                    raise progress.refusal

    async def _kept(self, progress: Progress) -> AsyncGenerator[Outcome, None]:
        """Yield the outcomes of items that are finished, up to one that is not."""
        while not (progress.ended or progress.has_next()):
            try:
                item = await anext(self._inputs)
            except StopAsyncIteration:
                progress.ended = True
            except Exception as error:  # noqa: BLE001 - the failure of the item that was to come
                yield progress.read, None, error
            else:
                found = progress.look(item)
                if found is not None:
                    yield found

    async def _run(self, progress: Progress) -> AsyncGenerator[Outcome, None]:
        """Run items that are not finished, and yield what is found on the way."""
        progress.restart()
        self._running = self._start(self._missing(progress))
        async with aclosing(self._running.outcomes()) as outcomes:
            async for outcome in outcomes:
                while progress.given:
                    yield progress.given.popleft()
                kept = progress.finish(*outcome)
                if kept is None:
                    self.stop()
                else:
                    yield kept
        while progress.given:
            yield progress.given.popleft()

    async def _missing(self, progress: Progress) -> AsyncGenerator[Any, None]:
        """Yield inputs that are to run."""
        while True:
            for item in progress.begin():
                yield item
            if progress.pauses():
                return
            try:
                item = await anext(self._inputs)
            except StopAsyncIteration:
                return
            found = progress.look(item)
            if found is not None:
                progress.given.append(found)

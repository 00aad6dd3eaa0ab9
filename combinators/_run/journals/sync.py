"""A batch that is kept in a journal: what is there already is given, and the rest runs."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, final

from combinators._run.journals.ledger import opened
from combinators._run.journals.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from combinators._run.batches.batch import Outcome, Outcomes
    from combinators._run.journals.journal import Journal


@final
class Drain:
    """Items of a batch, of which some are finished.

    Where many that are finished follow one another, what runs comes to an end first, so
    that they need not all be in memory.
    """

    def __init__(
        self,
        journal: Journal,
        inputs: Iterable[Any],
        start: Callable[[Iterable[Any]], Outcomes],
        *,
        collect: bool,
        observed: bool,
    ) -> None:
        self._journal = journal
        self._inputs = iter(inputs)
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

    def outcomes(self) -> Generator[Outcome, None, None]:
        """Yield the outcome of every item as it is ready, once it is in the journal.

        Raises:
            JournalError: the journal refuses; what was finished until then is in it.
        """
        with opened(self._journal, collect=self._collect) as ledger:
            progress = Progress(ledger, collect=self._collect, observed=self._observed)
            while not (progress.ended or self._stopped):
                yield from self._kept(progress)
                if progress.has_next():
                    yield from self._run(progress)
            if progress.refusal is not None:
                raise progress.refusal

    def _kept(self, progress: Progress) -> Generator[Outcome, None, None]:
        """Yield the outcomes of items that are finished, up to one that is not."""
        while not (progress.ended or progress.has_next()):
            try:
                item = next(self._inputs)
            except StopIteration:
                progress.ended = True
            except Exception as error:  # noqa: BLE001 - the failure of the item that was to come
                progress.ended = True
                yield progress.read, None, error
            else:
                found = progress.look(item)
                if found is not None:
                    yield found

    def _run(self, progress: Progress) -> Generator[Outcome, None, None]:
        """Run items that are not finished, and yield what is found on the way."""
        progress.restart()
        self._running = self._start(self._missing(progress))
        with closing(self._running.outcomes()) as outcomes:
            try:
                for outcome in outcomes:
                    while progress.given:
                        yield progress.given.popleft()
                    kept = progress.finish(*outcome)
                    if kept is None:
                        self.stop()
                    else:
                        yield kept
            except GeneratorExit:
                self.stop()
                for outcome in outcomes:
                    progress.finish(*outcome)
                raise
        while progress.given:
            yield progress.given.popleft()

    def _missing(self, progress: Progress) -> Generator[Any, None, None]:
        """Yield inputs that are to run."""
        while True:
            yield from progress.begin()
            if progress.pauses():
                return
            try:
                item = next(self._inputs)
            except StopIteration:
                progress.ended = True
                return
            except Exception:
                progress.ended = True
                raise
            found = progress.look(item)
            if found is not None:
                progress.given.append(found)

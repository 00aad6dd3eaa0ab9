"""How far a batch with a journal has come: what is kept, what runs, and what is to run."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, final

from combinators._remote import JournalError, TransferError, WorkerError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from combinators._run.batches.batch import Outcome
    from combinators._run.journals.ledger import Ledger

MOST_GIVEN = 64  # outcomes that were found in the journal and wait to be taken


@final
class Progress:
    """The items of a batch, each of which is looked up, and then kept or run.

    Items that run are counted anew by what runs them: a position there is an index here.
    """

    def __init__(self, ledger: Ledger, *, collect: bool, observed: bool) -> None:
        self._ledger = ledger
        self._collect = collect
        self._observed = observed
        self.restart()
        self._places: dict[int, tuple[int, bytes]] = {}  # of what runs, by position
        self._next: tuple[Any, tuple[int, bytes]] | None = None  # the item to run next
        self.read = 0
        self.given: deque[Outcome] = deque()  # found while others run
        self.ended = False  # no further item is read
        self.refusal: JournalError | None = None

    def look(self, item: Any) -> Outcome | None:
        """Return the outcome of the item that was read; or else it is to run."""
        index = self.read
        self.read += 1
        try:
            digest = self._ledger.digest(index, item)
            found = self._ledger.find(index, digest)
        except JournalError as error:
            self.refuse(error)
            return None
        if found is None:
            self._next = item, (index, digest)
        elif self._observed:
            from combinators._run.observing import items  # noqa: PLC0415 - only observers need it

            items.found(index, item, found)
        return found

    def refuse(self, error: JournalError) -> None:
        """Read nothing more, and remember why."""
        self.refusal = self.refusal or error
        self.ended = True

    def restart(self) -> None:
        """Count items that run from the start: nothing runs now."""
        self._begun = 0

    def has_next(self) -> bool:
        """Return whether there is an item to run."""
        return self._next is not None

    def begin(self) -> Sequence[Any]:
        """Return the input of the item to run next, as one that runs; or nothing."""
        if self._next is None:
            return ()
        item, place = self._next
        self._places[self._begun] = place
        self._next = None
        self._begun += 1
        if self._observed:
            from combinators._run.observing.watching import Numbered  # noqa: PLC0415 - as above

            item = Numbered(place[0], item)
        return (item,)

    def pauses(self) -> bool:
        """Return whether nothing more is to be begun, for now or for good."""
        return self.ended or len(self.given) >= MOST_GIVEN

    def finish(self, position: int, value: Any, error: Exception | None) -> Outcome | None:
        """Keep the outcome of what ran and return it, None where the journal refuses it."""
        place = self._places.pop(position, None)
        if place is None:  # the iterator of inputs has failed
            return self.read, None, error
        index, digest = place
        try:
            if error is None or (self._collect and not isinstance(error, _ELSEWHERE)):
                self._ledger.keep(digest, index, value, error)
        except JournalError as refusal:
            self.refuse(refusal)
            return None
        return index, value, error


# Failures of no item: what they hit runs again.
_ELSEWHERE = (WorkerError, TransferError)

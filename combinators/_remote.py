"""Exceptions of batches that run elsewhere or are kept in a journal.

Like those of `_errors`, they hold keys and names of types. `RecordedError` alone has
text of the user's own: it stands for an exception that cannot be here itself.
"""

from __future__ import annotations

from typing import final

from combinators._compat import override
from combinators._errors import CombinatorError


@final
class RecordedError(CombinatorError, RuntimeError):
    """What is left of an exception that was raised elsewhere: its type and its text.

    It is the cause of an exception that came back from another process, whose traceback
    it shows, and stands in the place of one that cannot be pickled or was kept in a journal.
    """

    def __init__(self, kind: str, where: str, text: str) -> None:
        super().__init__(kind, where, text)
        self.kind = kind
        self.where = where
        self.text = text

    @override
    def __str__(self) -> str:
        return f"a step raised {self.kind} {self.where}:\n{self.text}"


@final
class TransferError(CombinatorError, TypeError):
    """Something cannot travel to another process, or back."""

    def __init__(self, what: str, problem: str, fix: str) -> None:
        super().__init__(what, problem, fix)
        self.what = what
        self.problem = problem
        self.fix = fix

    @override
    def __str__(self) -> str:
        return f"{self.what} {self.problem}.\n{self.fix}"


@final
class WorkerError(CombinatorError, RuntimeError):
    """An executor lost an item that it was given: most often, a worker died."""

    def __init__(self, executor: str, index: int, cause: str) -> None:
        super().__init__(executor, index, cause)
        self.executor = executor
        self.index = index
        self.cause = cause

    @override
    def __str__(self) -> str:
        return (
            f"the {self.executor} lost item {self.index} of the batch: {self.cause}.\n"
            "Most often its worker was killed, for want of memory or by a step that ends the "
            "process; or the executor was shut down. What was finished is kept. Run the rest on "
            "a new executor, with fewer workers or less at once; with journal= the same call "
            "goes on where it stopped."
        )


@final
class JournalError(CombinatorError, ValueError):
    """A journal cannot keep what it is given, or does not belong to it.

    What was finished before is in the journal.
    """

    def __init__(self, path: str, problem: str, fix: str) -> None:
        super().__init__(path, problem, fix)
        self.path = path
        self.problem = problem
        self.fix = fix

    @override
    def __str__(self) -> str:
        return f"the journal {self.path}: {self.problem}.\n{self.fix}"

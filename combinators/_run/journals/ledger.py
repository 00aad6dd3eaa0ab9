"""An open journal: the outcomes of the items of one version, in SQLite.

The connection holds the file alone, until it is closed or its process dies. A write is a
transaction in the write-ahead log: a process that is killed loses nothing it has written.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sqlite3
import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, final

from combinators._remote import JournalError
from combinators._run.executors.error_trees import Group, Leaf, flat, grown
from combinators._run.journals.exact import ExactJson, InexactError, digest

if TYPE_CHECKING:
    from collections.abc import Generator

    from combinators._run.batches.batch import Outcome
    from combinators._run.journals.journal import Journal

_APPLICATION = 0x636F6D62  # what SQLite files say they are made by: "comb"
_BUSY_SECONDS = 1.0

_HOLD = "PRAGMA locking_mode = EXCLUSIVE"
_MADE_BY = "PRAGMA application_id"
_TABLES = "SELECT count(*) FROM sqlite_schema"
_BEGIN = "PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL", "BEGIN IMMEDIATE"
_MAKE = (
    f"PRAGMA application_id = {_APPLICATION}",
    """
CREATE TABLE outcomes (
    version TEXT NOT NULL,
    item INTEGER NOT NULL,
    input BLOB NOT NULL,
    failed INTEGER NOT NULL,
    outcome BLOB NOT NULL,
    PRIMARY KEY (version, item)
) WITHOUT ROWID
""",
)
_END = "COMMIT"
_FIND = "SELECT input, failed, outcome FROM outcomes WHERE version = ? AND item = ?"
_KEEP = "INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?, ?, ?)"


@contextmanager
def opened(journal: Journal, *, collect: bool) -> Generator[Ledger, None, None]:
    """Hold the file of a journal, and give what is in it.

    Raises:
        JournalError: another batch holds it, or it is no journal.
    """
    path = os.fspath(journal.path)
    with _explained(path):
        connection = sqlite3.connect(
            path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
    with closing(connection):
        with _explained(path):
            _claim(connection, path)
        yield Ledger(journal, connection, collect=collect)


def _claim(connection: sqlite3.Connection, path: str) -> None:
    """Hold the file, and make the table where there is none."""
    connection.execute(_HOLD)
    (application,) = connection.execute(_MADE_BY).fetchone()
    (tables,) = connection.execute(_TABLES).fetchone()
    if application != _APPLICATION and tables:
        problem = "is an SQLite database of something else"
        raise JournalError(path, problem, "Give the journal a file of its own.")
    for statement in (*_BEGIN, *(() if tables else _MAKE), _END):
        connection.execute(statement)


@contextmanager
def _explained(path: str) -> Generator[None, None, None]:
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
            problem = "another batch is using it"
            fix = "Wait until that is over, or give this one a file of its own."
        else:
            problem = f"cannot be used ({error})"
            fix = "Give the path of a journal, or of a new file in a folder that is there."
        raise JournalError(path, problem, fix) from error


@final
class Ledger:
    """The outcomes of one version, by the index of their item."""

    def __init__(self, journal: Journal, connection: sqlite3.Connection, *, collect: bool) -> None:
        self._journal = journal
        self._path = os.fspath(journal.path)
        self._codec = journal.codec or ExactJson()
        self._connection = connection
        self._collect = collect
        self._lock = threading.Lock()  # inputs are read on other threads than outcomes are taken

    def digest(self, index: int, item: Any) -> bytes:
        """Return what an input is known by.

        Raises:
            JournalError: nothing is.
        """
        try:
            return digest(item if self._journal.key is None else self._journal.key(item))
        except InexactError as error:
            problem = f"the input of item {index}{_at(error.place)} {error.problem}"
        except (RecursionError, ValueError) as error:
            problem = f"the input of item {index} cannot be told apart ({type(error).__name__})"
        fix = "Pass Journal(key=…), a function from an input to text that tells it from others."
        raise JournalError(self._path, problem, fix)

    def find(self, index: int, given: bytes) -> Outcome | None:
        """Return the outcome that is kept for an item, None where it is to run.

        Raises:
            JournalError: it is kept for another input, or cannot be read.
        """
        with self._lock, _explained(self._path):
            row = self._connection.execute(_FIND, (self._journal.version, index)).fetchone()
        if row is None:
            return None
        kept, failed, outcome = row
        if kept != given:
            problem = f"item {index} has another input than when its outcome was kept"
            fix = (
                "The same inputs go on in the same order. For others, pass another version=, or "
                "another file."
            )
            raise JournalError(self._path, problem, fix)
        if failed:
            again = self._journal.rerun_failures or not self._collect
            return None if again else (index, None, _error_of(outcome))
        return index, self._decoded(index, outcome), None

    def keep(self, given: bytes, index: int, value: Any, error: Exception | None) -> None:
        """Keep an outcome, in place of a former one.

        Raises:
            JournalError: it cannot be written.
        """
        outcome = self._encoded(index, value) if error is None else _written(error)
        row = self._journal.version, index, given, error is not None, outcome
        with self._lock, _explained(self._path):
            self._connection.execute(_KEEP, row)

    def _encoded(self, index: int, value: Any) -> bytes:
        try:
            return self._codec.encode(value)
        except InexactError as error:
            problem = f"the result of item {index}{_at(error.place)} {error.problem}"
            fix = "Turn it into what JSON has in a last step, or pass Journal(codec=…)."
            raise JournalError(self._path, problem, fix) from None
        except Exception as error:
            problem = f"the codec could not encode the result of item {index}"
            raise JournalError(self._path, problem, _SEE) from error

    def _decoded(self, index: int, outcome: bytes) -> Any:
        try:
            return self._codec.decode(outcome)
        except Exception as error:
            problem = f"the codec could not decode what is kept of item {index}"
            raise JournalError(self._path, problem, _SEE) from error


_SEE = "Its exception is the cause of this one. A version has one codec from start to end."


def _at(place: str) -> str:
    return f", at {place}," if place else ""


def _written(error: Exception) -> bytes:
    tokens = flat(error, pickled=False)
    return json.dumps([dataclasses.asdict(token) for token in tokens]).encode()


def _error_of(outcome: bytes) -> Exception:
    tokens = [Group(**each) if "total" in each else Leaf(**each) for each in json.loads(outcome)]
    return grown(tokens, "in an earlier run")

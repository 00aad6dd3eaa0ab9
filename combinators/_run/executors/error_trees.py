"""Exceptions as lists that can be written, since they nest as deep as fan-outs do.

Groups keep their keys. What cannot be had again where it is read is a `RecordedError`.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast, final

from combinators._failures import FanoutError
from combinators._remote import RecordedError, TransferError
from combinators._run.executors.pickles import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Sequence


@final
@dataclass(frozen=True, slots=True)
class Group:
    """The exceptions of a fan-out, which come after it."""

    keys: Sequence[Any]
    total: int
    notes: Sequence[str]


@final
@dataclass(frozen=True, slots=True)
class Leaf:
    """An exception that is no fan-out's: itself, if it pickles, and what is left if not."""

    kind: str
    text: str
    notes: Sequence[str]
    packed: bytes | None = None

    def revived(self, where: str) -> Exception:
        """Return the exception, or the record of it; `where` says where it was raised."""
        record = RecordedError(self.kind, where, self.text)
        error = None if self.packed is None else _unpacked(self.packed)
        if error is None:
            record.__notes__ = [*self.notes]
            return record
        # As `raise … from` would, but not by way of the class: it may be frozen.
        BaseException.__setattr__(error, "__cause__", record)
        return error


Token: TypeAlias = Group | Leaf


def flat(error: Exception, *, pickled: bool) -> list[Token]:
    """Return an exception, with all inside, as a list in which groups come first."""
    tokens: list[Token] = []
    waiting = [error]
    while waiting:
        error = waiting.pop()
        if isinstance(error, FanoutError):
            tokens.append(Group([*error.errors], error.total, _notes(error)))
            waiting.extend(reversed([*error.errors.values()]))
        else:
            tokens.append(_leaf(error, pickled=pickled))
    return tokens


def grown(tokens: Sequence[Token], where: str) -> Exception:
    """Return the exception that was made flat."""
    waiting: list[Exception] = []
    for token in reversed(tokens):
        if isinstance(token, Leaf):
            waiting.append(token.revived(where))
        else:
            group = FanoutError({key: waiting.pop() for key in token.keys}, token.total)
            group.__notes__ = [*token.notes]
            waiting.append(group)
    return waiting.pop()


def _leaf(error: Exception, *, pickled: bool) -> Leaf:
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    text = "".join(traceback.format_exception(error)).rstrip()
    return Leaf(kind, text, _notes(error), _packed(error) if pickled else None)


def _notes(error: Exception) -> Sequence[str]:
    notes = cast("object", getattr(error, "__notes__", None))
    if not isinstance(notes, list):
        return ()
    return [note for note in cast("list[object]", notes) if isinstance(note, str)]


def _packed(error: Exception) -> bytes | None:
    try:
        return dumps(error, "an exception")
    except TransferError:
        return None


def _unpacked(packed: bytes) -> Exception | None:
    try:
        error = loads(packed, "an exception")
    except TransferError:
        return None
    return error if isinstance(error, Exception) else None

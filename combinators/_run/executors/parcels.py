"""What travels to another process and back: inputs, results and exceptions, each by itself.

A parcel is pickled only where its executor pickles: one of threads hands over the
object. What cannot travel becomes the failure of its own item, never of its neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, final

from combinators._compat import override
from combinators._remote import TransferError
from combinators._run.executors.error_trees import flat, grown
from combinators._run.executors.pickles import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from combinators._run.executors.error_trees import Token


class Parcel(Protocol):
    """Something that travels."""

    def open(self) -> Any:
        """Return what is in it, or raise what came instead."""
        ...


@final
class Sent:
    """An input or a result at the place where it was made."""

    __slots__ = ("_value", "_what")

    def __init__(self, value: Any, what: str) -> None:
        self._value = value
        self._what = what

    def open(self) -> Any:
        """Return it."""
        return self._value

    @override
    def __reduce__(self) -> tuple[Any, ...]:
        try:
            return Arrived, (dumps(self._value, self._what), self._what)
        except TransferError as error:
            return SentError(error).__reduce__()


@final
@dataclass(frozen=True, slots=True)
class Arrived:
    """An input or a result that has arrived, and is unpickled where it is wanted."""

    packed: bytes
    what: str

    def open(self) -> Any:
        """Return it, or raise a `TransferError`."""
        return loads(self.packed, self.what)


@final
class SentError:
    """An exception at the place where it was raised."""

    __slots__ = ("_error",)

    def __init__(self, error: Exception) -> None:
        self._error = error

    def open(self) -> NoReturn:
        """Raise it."""
        raise self._error

    @override
    def __reduce__(self) -> tuple[Any, ...]:
        return ArrivedError, (flat(self._error, pickled=True),)


@final
@dataclass(frozen=True, slots=True)
class ArrivedError:
    """An exception that has arrived."""

    tokens: Sequence[Token]

    def open(self) -> NoReturn:
        """Raise it, groups with their keys, and each leaf with the traceback that it had."""
        raise grown(self.tokens, "in another process")

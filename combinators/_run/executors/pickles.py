"""Pickling, by `cloudpickle` where it is needed and there."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

from combinators._remote import TransferError
from combinators._words import a_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def dumps(value: Any, what: str, *, by_value: bool = False) -> bytes:
    """Return a value pickled, by `cloudpickle` where `pickle` alone cannot.

    Args:
        what: what the value is, for the message
        by_value: whether `cloudpickle` comes first: it writes functions of `__main__` out,
            which another process may not find by their names

    Raises:
        TransferError: neither of them can.
    """
    cloud = _cloudpickle()
    ways: list[Callable[[Any], bytes]] = [pickle.dumps, *cloud]
    problem: Exception | None = None
    for dump in reversed(ways) if by_value else ways:
        try:
            return dump(value)
        except Exception as error:  # noqa: BLE001 - pickling runs whatever code the value has
            problem = problem or error
    given = f"is {a_kind(value)} that cannot be pickled ({type(problem).__name__})"
    raise TransferError(what, given, _WRITE if cloud else _INSTALL) from problem


_WRITE = "Make what cannot be pickled (a lock, a connection, an open file) inside of a step."
_INSTALL = "Lambdas and closures travel by an extra: pip install 'typed-combinators[executors]'"


def _cloudpickle() -> Sequence[Callable[[Any], bytes]]:
    try:
        import cloudpickle  # noqa: PLC0415 - an extra
    except ImportError:
        return ()
    return (cloudpickle.dumps,)


def loads(packed: bytes, what: str) -> Any:
    """Return the value that was pickled.

    Raises:
        TransferError: it cannot be had here.
    """
    try:
        return pickle.loads(packed)  # noqa: S301 - what `dumps` of the same batch wrote
    except Exception as error:
        problem = f"cannot be unpickled where it arrived ({type(error).__name__})"
        fix = "Both processes must be able to import what it is made of, in the same version."
        raise TransferError(what, problem, fix) from error

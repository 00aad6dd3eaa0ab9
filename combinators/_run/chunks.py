"""How the chunks of a stream make one value: folding a stream gives what invoke gives."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from combinators._errors import EmptyStreamError, MergeError
from combinators._heap import Frame, on_heap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def fold(chunks: Iterable[Any], step: str) -> Any:
    """Return the value that the chunks of a stream make together.

    A single chunk is the value itself. More merge by `+` where they are strings,
    bytes, tuples, lists or numbers, and key by key where they are mappings.

    Raises:
        EmptyStreamError: there is no chunk; `step` is the one to blame.
        MergeError: chunks of other types, or of types that do not go together.
    """
    found = list(chunks)
    if not found:
        raise EmptyStreamError(step)
    return merged(found)


def _merge(chunks: list[Any]) -> Frame[Any]:
    first = chunks[0]
    if len(chunks) == 1:
        return first
    if isinstance(first, Mapping):
        _same_kind(Mapping, chunks)
        found: dict[Any, list[Any]] = {}
        for chunk in chunks:
            for key, value in chunk.items():
                found.setdefault(key, []).append(value)
        mapping: dict[Any, Any] = {}
        for key, values in found.items():
            mapping[key] = yield _merge(values)
        return mapping
    quick = _QUICK.get(first.__class__)
    if quick is not None and (whole := quick(chunks)) is not None:
        return whole
    for kind, join in _JOINS:
        if isinstance(first, kind):
            _same_kind(kind, chunks)
            return join(chunks)
    raise _unmergeable(first, chunks[1])


merged = on_heap(_merge)


def _concatenated(chunks: list[Any]) -> list[Any]:
    return [item for chunk in chunks for item in chunk]


def _tuple(chunks: list[Any]) -> tuple[Any, ...]:
    return tuple(_concatenated(chunks))


def _added(chunks: list[Any]) -> Any:
    total, *others = chunks
    for number in others:
        try:
            total += number
        except TypeError as error:  # a float and a Decimal, say
            raise _unmergeable(total, number) from error
    return total


# Joining all at once keeps a long stream linear, which adding one by one is not.
_JOINS: tuple[tuple[type[Any], Callable[[list[Any]], Any]], ...] = (
    (str, "".join),
    (bytes, b"".join),
    (list, _concatenated),
    (tuple, _tuple),
    (numbers.Number, _added),
)


def _text(chunks: list[Any]) -> str | None:
    try:
        return "".join(chunks)  # takes nothing but strings
    except TypeError:
        return None


def _whole_number(chunks: list[Any]) -> int | None:
    try:
        total = sum(chunks)
    except TypeError:
        return None
    return total if type(total) is int else None  # `sum` adds floats in a way of its own


# What may be joined without a look at each chunk; None where one is odd. A look at the type of
# each takes longer than to join them.
_QUICK: dict[type[Any], Callable[[list[Any]], Any]] = {str: _text, int: _whole_number}


def _same_kind(kind: type[Any], chunks: list[Any]) -> None:
    for chunk in chunks:
        if not isinstance(chunk, kind):
            raise _unmergeable(chunks[0], chunk)


def _unmergeable(first: object, second: object) -> MergeError:
    return MergeError(type(first).__name__, type(second).__name__)

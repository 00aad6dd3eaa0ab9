"""JSON that gives back what it was given, and a digest that tells inputs apart.

What JSON would change silently (a tuple, a key that is no text, a number that is none)
is refused.
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any, cast

from combinators._words import a_kind, shown


class InexactError(Exception):
    """A value cannot be written: where in it, and why."""

    def __init__(self, place: str, problem: str) -> None:
        self.place = place
        self.problem = problem


class ExactJson:
    """Results as JSON, if they come back as they were."""

    def encode(self, value: Any, /) -> bytes:
        """Return a result as bytes.

        Raises:
            InexactError: it would not come back as it was.

        >>> ExactJson().encode({"a": [1, None]})
        b'{"a": [1, null]}'
        """
        _check(value)
        try:
            return json.dumps(value).encode()
        except ValueError:  # Python writes no more digits than it would read
            raise InexactError("", "has a number too long to be written") from None

    def decode(self, data: bytes, /) -> Any:
        """Return the result that was encoded."""
        return json.loads(data)


def _check(value: Any) -> None:
    waiting: list[tuple[str, int, Any]] = [("", 0, value)]
    while waiting:
        place, depth, each = waiting.pop()
        kind = _type_of(each)
        if depth > _DEEPEST:  # or what contains itself would have no end
            raise InexactError("", "is nested too deeply to be written")
        if kind is list:
            waiting.extend((f"{place}[{i}]", depth + 1, item) for i, item in enumerate(each))
        elif kind is dict:
            odd = next((key for key in each if type(key) is not str), None)
            if odd is not None:
                raise InexactError(place, f"has a key that is {a_kind(odd)}, where JSON has text")
            waiting.extend((f"{place}[{shown(k)}]", depth + 1, v) for k, v in each.items())
        elif kind is float:
            if not math.isfinite(each):
                raise InexactError(place, "is a float that is not finite, which JSON lacks")
        elif kind not in _EXACT:
            raise InexactError(place, f"is {a_kind(each)}, which JSON does not give back as it was")


def _type_of(value: object) -> type[object]:
    return type(value)  # asked for instead of `isinstance`: a subclass would come back as its base


_DEEPEST = 400
_EXACT = {str, int, bool, type(None)}


def digest(value: Any) -> bytes:
    """Return what equals for inputs that are equal, and tells types apart.

    Raises:
        InexactError: the input is of a type that is not known here.

    >>> digest((1, {"a": b"b"})) == digest((1, {"a": b"b"})) != digest([1, {"a": b"b"}])
    True
    """
    return hashlib.sha256(json.dumps(_tagged(value, "")).encode()).digest()


def _tagged(value: Any, place: str) -> Any:
    """Return a value in which every collection says what it is."""
    kind = _type_of(value)
    if kind in _EXACT or kind is float:
        return value
    if kind is bytes:
        return ["bytes", value.hex()]
    if kind in {list, tuple}:
        items = cast("list[Any]", value)
        name = "list" if kind is list else "tuple"
        return [name, *(_tagged(item, f"{place}[{i}]") for i, item in enumerate(items))]
    if kind is dict:
        pairs = [
            (json.dumps(_tagged(key, place)), _tagged(item, f"{place}[{shown(key)}]"))
            for key, item in cast("dict[Any, Any]", value).items()
        ]
        return ["dict", *sorted(pairs, key=lambda pair: pair[0])]  # keys may be NaN, each another
    raise InexactError(place, f"is {a_kind(value)}")

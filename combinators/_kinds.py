"""Telling values apart where a type checker wants to know what is inside, too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any, TypeGuard


def is_mapping(value: object) -> TypeGuard[Mapping[Any, Any]]:
    """Return whether a value maps keys to values."""
    return isinstance(value, Mapping)


def is_itemgetter(value: object) -> TypeGuard[itemgetter[Any]]:
    """Return whether a value is an `operator.itemgetter`."""
    return isinstance(value, itemgetter)


def is_collection(value: object) -> TypeGuard[Iterable[Any]]:
    """Return whether a value has elements: it is iterable, and neither text nor a mapping."""
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)

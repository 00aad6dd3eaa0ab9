"""Telling values apart where a type checker wants to know what is inside, too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

from combinators import Runnable


def is_mapping(value: object) -> TypeGuard[Mapping[Any, Any]]:
    """Return whether a value maps keys to values."""
    return isinstance(value, Mapping)


def is_plain(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Return whether a value is a list or a tuple, and nothing made of one."""
    return type(value) in {list, tuple}


def is_dict(value: object) -> TypeGuard[dict[Any, Any]]:
    """Return whether a value is a dict, and nothing made of one."""
    return type(value) is dict


def is_collection(value: object) -> TypeGuard[Iterable[Any]]:
    """Return whether a value has elements: it is iterable, and neither text nor a mapping."""
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)


def a_kind(value: object) -> str:
    """Return the type of a value as a phrase: the value itself may be a secret.

    >>> a_kind(3)
    'an int'
    """
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def is_pipeline(value: object) -> TypeGuard[Runnable[Any, Any]]:
    """Return whether a value is a pipeline of this library."""
    return isinstance(value, Runnable)

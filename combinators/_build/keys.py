"""`pick`, `rename`, `omit`: mappings by their keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, overload

from combinators import _parts as parts
from combinators._runnable import Runnable, face


@overload
def pick(key: str, /) -> Runnable[Mapping[str, object], Any]: ...
@overload
def pick(key: str, other: str, /, *more: str) -> Runnable[Mapping[str, object], dict[str, Any]]: ...
def pick(*keys: str) -> Runnable[Mapping[str, object], Any]:
    """Return the value under one key, or the mapping with several keys alone.

    `{k: v, …} -> v` or `{k: v, l: w, …} -> {k: v, l: w}`.

    Raises:
        MissingKeyError: a key is not there, as far as keys are known
        AbsentKeyError: when run, if the input lacks a key

    >>> from combinators import pick
    >>> pick("a").invoke({"a": 1, "b": 2}), pick("b", "a").invoke({"a": 1, "b": 2, "c": 3})
    (1, {'b': 2, 'a': 1})
    """
    return face(parts.picked(keys))


def rename(**keys: str) -> Runnable[Mapping[str, object], dict[str, Any]]:
    """Return the mapping with keys called otherwise: `rename(new="old")`.

    All keys are renamed at once, so two may be swapped.

    Raises:
        MissingKeyError: an old key is not there, as far as keys are known
        DuplicateKeyError: a new key is already there and stays

    >>> from combinators import rename
    >>> rename(question="q").invoke({"q": "why?", "n": 1})
    {'question': 'why?', 'n': 1}
    """
    return face(parts.renamed(keys))


def omit(*keys: str) -> Runnable[Mapping[str, object], dict[str, Any]]:
    """Return the mapping without some of its keys.

    Raises:
        MissingKeyError: a key is not there, as far as keys are known

    >>> from combinators import omit
    >>> omit("b").invoke({"a": 1, "b": 2})
    {'a': 1}
    """
    return face(parts.omitted(keys))

"""`assign` and `update`: the input mapping plus computed keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from combinators import _parts as parts
from combinators._runnable import Runnable, face
from combinators._step import Step

A = TypeVar("A", bound=Mapping[str, object])


def assign(**branches: Step[A, Any]) -> Runnable[A, dict[str, Any]]:
    """Return the input mapping with computed keys added.

    `{…} -> {…, k: …}`. Branches see the input, run in parallel as those of a fan-out
    do, and fail alike. The input itself is not changed.

    Raises:
        DuplicateKeyError: a key is already there, as far as keys are known

    >>> from combinators import assign
    >>> assign(size=lambda d: len(d["text"])).invoke({"text": "four"})
    {'text': 'four', 'size': 4}
    """
    return face(parts.assigned(branches, update=False))


def update(**branches: Step[A, Any]) -> Runnable[A, dict[str, Any]]:
    """Return the input mapping with the values of some of its keys replaced.

    `{…, k: old} -> {…, k: new}`, in the places of the old ones. Branches see the
    whole input with all old values.

    Raises:
        MissingKeyError: a key is not there, as far as keys are known

    >>> from combinators import update
    >>> update(n=lambda d: d["n"] + 1).invoke({"n": 1, "m": 2})
    {'n': 2, 'm': 2}
    """
    return face(parts.assigned(branches, update=True))

"""`each`: a step for every element of a collection, in parallel."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar, overload

from combinators import _parts as parts
from combinators._runnable import Runnable, face
from combinators._step import Body, Deferred, Step

A = TypeVar("A")
B = TypeVar("B")


@overload
def each(step: Runnable[A, B], /) -> Runnable[Collection[A], list[B]]: ...
@overload
def each(step: Callable[[A], Deferred[B]], /) -> Runnable[Collection[A], list[B]]: ...
@overload
def each(step: Callable[[A], B], /) -> Runnable[Collection[A], list[B]]: ...
@overload
def each(step: Mapping[str, Body[A, B]], /) -> Runnable[Collection[A], list[dict[str, B]]]: ...
@overload
def each(step: Mapping[str, Step[A, Any]], /) -> Runnable[Collection[A], list[dict[str, Any]]]: ...
def each(step: Step[Any, Any], /) -> Runnable[Collection[Any], list[Any]]:
    """Return a step that runs `step` on every element, in parallel.

    `[A, …] -> [B, …]`, in the order of the elements. Elements fail as the branches
    of a fan-out do, under their positions.

    >>> from combinators import each
    >>> each(len).invoke(["a", "bcd"])
    [1, 3]
    """
    return face(parts.elementwise(step))

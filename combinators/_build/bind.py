"""`bind`: a function of the value chooses what runs on it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, overload

from combinators import _parts as parts
from combinators._runnable import Runnable, face

A = TypeVar("A")
B = TypeVar("B")


@overload
def bind(choose: Callable[[A], Coroutine[Any, Any, Runnable[A, B]]], /) -> Runnable[A, B]: ...
@overload
def bind(choose: Callable[[A], Runnable[A, B]], /) -> Runnable[A, B]: ...
def bind(
    choose: Callable[[A], Coroutine[Any, Any, Runnable[A, B]] | Runnable[A, B]], /
) -> Runnable[A, B]:
    """Return a step that runs whatever runnable `choose` returns for the input.

    `A -> B`, where `choose: A -> Runnable[A, B]`. The chosen one runs on the same
    input, may itself choose, and so on up to a bound.

    Raises:
        BindDepthError: when run, if the chain of choices does not end

    >>> from combinators import bind, runnable
    >>> shorten, keep = runnable(lambda s: s[:3]), runnable(str)
    >>> bind(lambda s: shorten if len(s) > 3 else keep).batch(["long", "ok"])
    ['lon', 'ok']
    """
    return face(parts.bound(choose))

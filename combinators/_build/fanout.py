"""`fanout`: the same input to every branch, in parallel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, overload

from combinators import _parts as parts
from combinators._runnable import Runnable, face
from combinators._step import Body, Step

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")
F = TypeVar("F")
G = TypeVar("G")
H = TypeVar("H")
I = TypeVar("I")
T = TypeVar("T")


@overload
def fanout() -> Runnable[object, dict[str, object]]: ...
@overload
def fanout(**branches: Body[A, B]) -> Runnable[A, dict[str, B]]: ...
@overload
def fanout(**branches: Step[A, Any]) -> Runnable[A, dict[str, Any]]: ...
@overload
def fanout(branches: Mapping[str, Body[A, B]], /) -> Runnable[A, dict[str, B]]: ...
@overload
def fanout(branches: Mapping[str, Step[A, Any]], /) -> Runnable[A, dict[str, Any]]: ...
@overload
def fanout(a: Body[A, B], /) -> Runnable[A, tuple[B]]: ...
@overload
def fanout(a: Body[A, B], b: Body[A, C], /) -> Runnable[A, tuple[B, C]]: ...
@overload
def fanout(a: Body[A, B], b: Body[A, C], c: Body[A, D], /) -> Runnable[A, tuple[B, C, D]]: ...
@overload
def fanout(
    a: Body[A, B], b: Body[A, C], c: Body[A, D], d: Body[A, E], /
) -> Runnable[A, tuple[B, C, D, E]]: ...
@overload
def fanout(
    a: Body[A, B], b: Body[A, C], c: Body[A, D], d: Body[A, E], e: Body[A, F], /
) -> Runnable[A, tuple[B, C, D, E, F]]: ...
@overload
def fanout(
    a: Body[A, B], b: Body[A, C], c: Body[A, D], d: Body[A, E], e: Body[A, F], f: Body[A, G], /
) -> Runnable[A, tuple[B, C, D, E, F, G]]: ...
@overload
def fanout(
    a: Body[A, B],
    b: Body[A, C],
    c: Body[A, D],
    d: Body[A, E],
    e: Body[A, F],
    f: Body[A, G],
    g: Body[A, H],
    /,
) -> Runnable[A, tuple[B, C, D, E, F, G, H]]: ...
@overload
def fanout(
    a: Body[A, B],
    b: Body[A, C],
    c: Body[A, D],
    d: Body[A, E],
    e: Body[A, F],
    f: Body[A, G],
    g: Body[A, H],
    h: Body[A, I],
    /,
) -> Runnable[A, tuple[B, C, D, E, F, G, H, I]]: ...
@overload
def fanout(first: Body[A, B], /, *more: Body[A, B]) -> Runnable[A, tuple[B, ...]]: ...
@overload
def fanout(
    a: Step[A, Any], b: Step[A, Any], /, *more: Step[A, Any]
) -> Runnable[A, tuple[Any, ...]]: ...
@overload
def fanout(target: type[T], /, **branches: Step[A, Any]) -> Runnable[A, T]: ...
def fanout(*branches: Any, **named: Any) -> Runnable[Any, Any]:
    """Return a step that gives its input to every branch, all at the same time.

    `A -> {k: B, …}`, with the keys in the order written: `fanout(k=step)` or
    `fanout({"k": step})`. Positional branches give a tuple. With a class first, a
    TypedDict, dataclass or NamedTuple is built of the results.

    Branches that only rearrange their input run in place, the others on threads, or
    as tasks under `ainvoke`. After a failure no other branch begins, and those that
    run are awaited, or cancelled where they are tasks.

    Raises:
        NotAStepError: a branch cannot be a step
        InvalidKeyError: a key is not a string, or two are the same
        FanoutError: when run, if branches fail; their exceptions under their keys

    Source: `RunnableParallel` of LangChain's expression language.

    >>> from combinators import fanout
    >>> fanout(low=min, high=max).invoke([3, 1, 2])
    {'low': 1, 'high': 3}
    >>> fanout(min, max).invoke([3, 1, 2])
    (1, 3)
    """
    return face(parts.fan(branches, named))

"""`transform`: a function from chunks to chunks as a step."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeVar, overload

from combinators import _parts as parts
from combinators._runnable import Runnable, face

A = TypeVar("A")
B = TypeVar("B")


@overload
def transform(
    f: Callable[[Iterator[A]], Iterator[B]],
    /,
    *,
    aio: Callable[[AsyncIterator[A]], AsyncIterator[B]],
) -> Runnable[A, B]: ...
@overload
def transform(f: Callable[[Iterator[A]], Iterator[B]], /) -> Runnable[A, B]: ...
@overload
def transform(f: Callable[[AsyncIterator[A]], AsyncIterator[B]], /) -> Runnable[A, B]: ...
def transform(
    f: Callable[..., Any], /, *, aio: Callable[..., Any] | None = None
) -> Runnable[Any, Any]:
    """Return a function from an iterator of chunks to another as a step.

    `A -> B`: a stream is changed as it comes, and what is there as a whole is one chunk. The
    result must not depend on how the input is cut into chunks. What `f` does not read is not
    made. Also a decorator.

    Args:
        f: a generator function, or another callable that returns an iterator; or an async
            generator function, which takes an async iterator
        aio: the async body of the same step, for `astream` and its like

    Raises:
        NotAStepError: it cannot be called with one argument
        BuilderError: it gives no chunks, or the two bodies do not go together

    >>> from combinators import transform
    >>> @transform
    ... def shout(chunks: Iterator[str]) -> Iterator[str]:
    ...     for chunk in chunks:
    ...         yield chunk.upper()
    >>> list(shout.transform(["to ", "be"])), shout.invoke("or not")
    (['TO ', 'BE'], 'OR NOT')
    """
    return face(parts.transformed(f, aio))

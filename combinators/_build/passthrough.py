"""`passthrough`: what comes in goes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, overload

from combinators import _parts as parts
from combinators._runnable import OpenPassthrough, Runnable, face

if TYPE_CHECKING:
    from typing_extensions import TypeForm

T = TypeVar("T")


@overload
def passthrough() -> OpenPassthrough: ...
@overload
def passthrough(form: TypeForm[T], /) -> Runnable[T, T]: ...
def passthrough(form: TypeForm[T] | None = None, /) -> OpenPassthrough | Runnable[T, T]:
    """Return the identity: what comes in goes out.

    `T -> T`. In a fan-out it passes the input on under a key. With a type it
    declares what a pipeline starts with, as in `passthrough(str) | f`; nothing is
    checked when it runs.

    >>> from combinators import fanout, passthrough
    >>> fanout(text=passthrough(), size=len).invoke("four")
    {'text': 'four', 'size': 4}
    """
    return face(parts.identity(form))

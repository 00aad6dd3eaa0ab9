"""What may stand where a step is expected, as type checkers see it.

The aliases say `Callable` and never `Runnable`: a Runnable is callable, and one
form for all of them is what checkers infer best.
"""

from __future__ import annotations

from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Callable,
    Coroutine,
    Iterable,
    Iterator,
    Mapping,
)
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    from typing_extensions import TypeVar as Default

    # What a fallback gives; a dict leaves it open.
    Z = Default("Z", default=dict[str, Any])

A = TypeVar("A")
B = TypeVar("B")

# What a call gives where the pipeline goes on with a `B`: an async function its
# coroutine, a generator function its chunks, an async one the same.
Deferred: TypeAlias = Coroutine[Any, Any, B] | Iterator[B] | AsyncIterator[B]

# An input that comes in chunks.
Chunks: TypeAlias = Iterable[A] | AsyncIterable[A]

# A callable of one argument, of whichever kind.
Body: TypeAlias = Callable[[A], Deferred[B] | B]

# The same, or a dict of steps. A dict leaves `B` open, since no alias can make a
# `dict[str, X]` of it: a builder that may end in a dict has an overload for that.
Step: TypeAlias = Body[A, B] | Mapping[str, "Step[A, Any]"]


class TypedDictLike(Protocol):
    """Any TypedDict, and nothing else.

    Checkers without the plugin know no keys of a fan-out, so for them its dict
    fits every TypedDict. What they must not lose is that it fits no `int`.
    """

    __required_keys__: ClassVar[frozenset[str]]
    __optional_keys__: ClassVar[frozenset[str]]

"""Functions that are data: total, deterministic, comparable, and printed as what builds them.

Such a function gives one of its outputs; which one, a digest of the whole input says. So
any difference in what flows through a pipeline may show in what comes out, no two inputs
are treated alike for long, and yet a function shrinks to a constant. An output that is a
`Fault` is raised.

Source: Claessen, Shrinking and Showing Functions (2012), for functions as data that shrink.
"""

from __future__ import annotations

import asyncio
import sys
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final, final
from zlib import crc32

from returns.result import Failure, Success
from typing_extensions import override

from combinators.laws._ledger import ledger
from combinators.laws._telling import is_dict, is_mapping, is_plain


@final
class Fault(Exception):  # noqa: N818 - a fault is what a drawn function has, an error what comes of it
    """What a drawn function raises. Two with the same arguments are the same to the laws."""

    @override
    def __repr__(self) -> str:
        return f"Fault({', '.join(map(repr, self.args))})"


async def _suspended() -> None:
    """Let others go on, on asyncio's loop or trio's."""
    trio: Any = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_task():
        await trio.lowlevel.checkpoint()
    else:
        await asyncio.sleep(0)


def canonical(value: Any) -> str:
    """Return a text that is the same for values that are the same, types included.

    What a failure consists of does not count: which branches of a fan-out had failed when
    it ended is a matter of time.

    >>> canonical({"b": 1, "a": [True]}) == canonical({"a": [True], "b": 1})
    True
    >>> canonical(1) == canonical(True)
    False
    """
    if is_mapping(value):
        inside = sorted(f"{canonical(k)}: {canonical(v)}" for k, v in value.items())
        return f"{{{', '.join(inside)}}}"
    if is_plain(value):
        items = ", ".join(map(canonical, value))
        return f"[{items}]" if isinstance(value, list) else f"({items},)"
    if isinstance(value, Success):
        return f"Success({canonical(value.unwrap())})"
    if isinstance(value, Failure):
        return "Failure(...)"
    # Without a `repr` of its own, an object is shown by its address, which changes.
    shown = type(value).__repr__ is not _BY_ADDRESS
    return repr(value) if shown else type(value).__name__


_BY_ADDRESS: Final[object] = object.__repr__


class Drawn(ABC):
    """What all drawn functions are: their outputs, and how one of them is chosen."""

    __slots__ = ("__name__", "__qualname__", "outputs")

    outputs: tuple[object, ...]

    def __init__(self, *outputs: object) -> None:
        self.outputs = outputs
        self.__name__ = type(self).__name__
        # Pipelines show a step by this name, so theirs are the expressions that build them.
        self.__qualname__ = repr(self)

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(_expression, self.outputs))})"

    @override
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Drawn):
            return NotImplemented
        return type(self) is type(other) and canonical(self.outputs) == canonical(other.outputs)

    @override
    def __hash__(self) -> int:
        return crc32(canonical(self.outputs).encode())

    @override
    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.outputs

    @abstractmethod
    def __call__(self, x: object, /) -> Any:
        """Return the output for an input, or what gives it."""

    def output(self, x: object) -> Any:
        """Return the output for an input, or raise it, and write the call down."""
        given = canonical(x)
        found = self.outputs[crc32(given.encode()) % len(self.outputs)]
        if (open_ := ledger()) is not None:
            open_.called(repr(self), _expression(self.outputs), given, _expression(found))
        if isinstance(found, Fault):
            raise Fault(*found.args)  # a new one: notes are written on it
        return found


@final
class Function(Drawn):
    """A plain function.

    >>> step = Function("a", "b")
    >>> step(1), step(1), step(2), step
    ('b', 'b', 'b', Function('a', 'b'))
    """

    __slots__ = ()

    @override
    def __call__(self, x: object, /) -> Any:
        """Return the output for an input."""
        return self.output(x)


@final
class AsyncFunction(Drawn):
    """An async function, which suspends once."""

    __slots__ = ()

    @override
    async def __call__(self, x: object, /) -> Any:
        """Return the output for an input."""
        await _suspended()
        return self.output(x)


@final
class Generator(Drawn):
    """A generator function, which yields its output in pieces.

    >>> list(Generator("ab")(None)), list(Generator({"k": [1, 2]})(None)), list(Generator(True)(0))
    (['a', 'b'], [{'k': [1]}, {'k': [2]}], [True])
    """

    __slots__ = ()

    @override
    def __call__(self, x: object, /) -> Iterator[Any]:
        """Yield the output for an input, in pieces that merge to it."""
        yield from pieces(self.output(x))


@final
class AsyncGenerator(Drawn):
    """An async generator function, which yields its output in pieces."""

    __slots__ = ()

    @override
    async def __call__(self, x: object, /) -> AsyncIterator[Any]:
        """Yield the output for an input, in pieces that merge to it."""
        for piece in pieces(self.output(x)):
            await _suspended()
            yield piece


@final
class Passing(Drawn):
    """A step from chunks to chunks, which lets them pass."""

    __slots__ = ()

    @override
    def __call__(self, x: Any, /) -> Iterator[Any]:
        """Yield the chunks of the input."""
        yield from x


@final
class AsyncPassing(Drawn):
    """An async step from chunks to chunks, which lets them pass."""

    __slots__ = ()

    @override
    async def __call__(self, x: Any, /) -> AsyncIterator[Any]:
        """Yield the chunks of the input."""
        async for chunk in x:
            yield chunk


def _expression(value: Any) -> str:
    """Return the expression of a value, also where there is an outcome inside."""
    if is_dict(value):
        entries = ", ".join(f"{k!r}: {_expression(v)}" for k, v in value.items())
        return f"{{{entries}}}"
    if is_plain(value):
        items = ", ".join(map(_expression, value))
        alone = "," if len(value) == 1 else ""
        return f"[{items}]" if isinstance(value, list) else f"({items}{alone})"
    if isinstance(value, Success):
        return f"Success({_expression(value.unwrap())})"
    if isinstance(value, Failure):
        return f"Failure({_expression(value.failure())})"
    return repr(value)


def pieces(value: Any) -> list[Any]:
    """Return chunks that merge to a value, as many as there can be; at least one.

    >>> pieces("abc"), pieces(3), pieces({}), pieces(None)
    (['a', 'b', 'c'], [2, 1], [{}], [None])
    """
    if isinstance(value, str) or is_plain(value):
        return [value[i : i + 1] for i in range(len(value))] or [value]
    if type(value) is int:
        return [value - 1, 1]
    if is_dict(value):
        return [{key: part} for key, whole in value.items() for part in pieces(whole)] or [{}]
    return [value]

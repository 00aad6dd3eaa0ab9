"""What is true of a step's body in every way of running."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterable, Iterator
from typing import Any, cast

from combinators import _nodes as n
from combinators._errors import ResultError
from combinators._labels import label
from combinators._run.chunks import fold
from combinators._words import a_kind


def unawaited(node: n.Step, result: Any) -> ResultError:
    """Return the error about an awaitable that a sync body returned: nobody awaits it."""
    if inspect.iscoroutine(result):
        result.close()  # or Python warns that it was never awaited
    return ResultError(
        label(node),
        "is a plain function, but it returned an awaitable.\n"
        "Make it `async def`, or pass the async body as runnable(f, aio=…).",
    )


def folded(node: n.Step | n.Transform, x: Any) -> Any:
    """Return the chunks that a step gives for one input, as one value."""
    chunks = node.function(x) if isinstance(node, n.Step) else changed(node, iter((x,)))
    return fold(chunks, label(node))


async def afolded(node: n.Step | n.Transform, x: Any) -> Any:
    """Return the chunks that the async body of a step gives for one input, as one value."""
    body = cast("n.Function", node.aio)
    chunks = body(x) if isinstance(node, n.Step) else achanged(node, _just(x))
    return fold([chunk async for chunk in chunks], label(node))


async def _just(x: Any) -> AsyncGenerator[Any, None]:
    yield x


def changed(node: n.Transform, source: Iterator[Any]) -> Generator[Any, None, None]:
    """Return the chunks that the sync body of a transform makes of others.

    Raises:
        ResultError: what it returned cannot be iterated over.
    """
    try:
        made = node.function(source)
    except StopIteration as error:
        raise stop_iteration(node) from error
    if inspect.isgenerator(made):
        return cast("Generator[Any, None, None]", made)
    if not isinstance(made, Iterable) or isinstance(made, str | bytes):
        raise _no_chunks(node, made)
    chunks = cast("Iterable[Any]", made)  # type: ignore[redundant-cast]  # not to pyright
    return (chunk for chunk in chunks)


def achanged(node: n.Transform, source: AsyncIterator[Any]) -> AsyncGenerator[Any, None]:
    """Return the chunks that the async body of a transform makes of others."""
    return cast("AsyncGenerator[Any, None]", cast("n.Function", node.aio)(source))


def _no_chunks(node: n.Transform, made: object) -> ResultError:
    if inspect.iscoroutine(made):
        made.close()  # or Python warns that it was never awaited
    return ResultError(label(node), f"returned {a_kind(made)}. Return an iterator of chunks.")


def stop_iteration(node: n.Node) -> RuntimeError:
    """Return what a StopIteration becomes that a step lets out, or its async twin.

    As in PEP 479: the loops that run steps would take it for their own end.
    """
    return RuntimeError(f"{label(node)} raised StopIteration")

"""What is true of a step's body in every way of running."""

from __future__ import annotations

import inspect
from typing import Any, cast

from combinators import _nodes as n
from combinators._errors import ResultError
from combinators._heap import Frame, on_heap
from combinators._labels import label
from combinators._run.chunks import fold


def _transformer(node: n.Node) -> Frame[bool]:
    match node:
        case n.Step():
            return node.streams
        case n.Passthrough() | n.Tap():
            return True
        case n.Pick(key):
            return isinstance(key, str)
        case n.Pipe() | n.Named():
            for child in node.children:
                if (yield _transformer(child)):
                    return True
            return False
        case _:
            return False


is_transformer = on_heap(_transformer)
is_transformer.__doc__ = "Return whether a node works on chunks, taking or giving them."


def unawaited(node: n.Step, result: Any) -> ResultError:
    """Return the error about an awaitable that a sync body returned: nobody awaits it."""
    if inspect.iscoroutine(result):
        result.close()  # or Python warns that it was never awaited
    return ResultError(
        label(node),
        "is a plain function, but it returned an awaitable.\n"
        "Make it `async def`, or pass the async body as runnable(f, aio=…).",
    )


def folded(node: n.Step, x: Any) -> Any:
    """Return the chunks that the sync generator of a step yields, as one value."""
    return fold(node.function(x), label(node))


async def afolded(node: n.Step, x: Any) -> Any:
    """Return the chunks that the async generator of a step yields, as one value."""
    body = cast("n.Function", node.aio)
    return fold([chunk async for chunk in body(x)], label(node))


def stop_iteration(node: n.Step) -> RuntimeError:
    """Return what a StopIteration becomes that a step lets out, or its async twin.

    As in PEP 479: the loops that run steps would take it for their own end.
    """
    return RuntimeError(f"{label(node)} raised StopIteration")

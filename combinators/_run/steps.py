"""What is true of a step's body in every way of running."""

from __future__ import annotations

import inspect
from typing import Any

from combinators import _nodes as n
from combinators._errors import ResultError
from combinators._heap import Frame, on_heap
from combinators._labels import label

CHEAP = (
    n.Passthrough, n.Pick, n.Select, n.Rename, n.Omit, n.IsInstance, n.Template, n.ChatTemplate,
)  # fmt: skip


def _cheap(node: n.Node) -> Frame[bool]:
    if isinstance(node, CHEAP):
        return True
    if isinstance(node, n.Step):
        return node.inline
    if isinstance(node, n.Each | n.Bind):
        return False  # as much work as the input says
    for child in node.children:
        if not (yield _cheap(child)):
            return False
    return True


is_cheap = on_heap(_cheap)
is_cheap.__doc__ = "Return whether a node is too cheap to be worth a thread."


def _threadable(node: n.Node) -> Frame[bool]:
    if isinstance(node, n.Fanout | n.Assign | n.Each | n.Bind):
        return is_cheap(node)
    if isinstance(node, n.Step) and (node.aio is not None or node.sync is None):
        return False
    for child in node.children:
        if not (yield _threadable(child)):
            return False
    return True


is_threadable = on_heap(_threadable)
is_threadable.__doc__ = "Return whether one thread runs the node from end to end, without others."


def needs_loop(node: n.Node) -> bool:
    """Return whether the tree has a step without a sync body."""
    return any(isinstance(part, n.Step) and part.sync is None for part in n.walk(node))


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


def is_awaitable(result: object) -> bool:
    """Return whether a result is something to await."""
    return hasattr(type(result), "__await__")


def unawaited(node: n.Step, result: Any) -> ResultError:
    """Return the error about an awaitable that a sync body returned: nobody awaits it."""
    if inspect.iscoroutine(result):
        result.close()  # or Python warns that it was never awaited
    return ResultError(
        label(node),
        "is a plain function, but it returned an awaitable.\n"
        "Make it `async def`, or pass the async body as runnable(f, aio=…).",
    )


def stop_iteration(node: n.Step) -> RuntimeError:
    """Return what a StopIteration becomes that a step lets out, or its async twin.

    As in PEP 479: the loops that run steps would take it for their own end.
    """
    return RuntimeError(f"{label(node)} raised StopIteration")

"""What nodes and functions are called: in paths, in messages and in drawings."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from combinators import _nodes as n
from combinators._words import shown

if TYPE_CHECKING:
    from collections.abc import Callable


def function_name(function: Callable[..., Any]) -> str:
    """Return the name of a callable, without module, class or bound arguments.

    >>> from functools import partial
    >>> function_name(len), function_name(partial(int, base=2)), function_name(lambda x: x)
    ('len', 'int', 'lambda')
    """
    if isinstance(function, functools.partial):
        function = function.func  # a partial of a partial is one partial
    name = getattr(function, "__name__", None) or type(function).__name__
    return "lambda" if name == "<lambda>" else str(name)


def label(node: n.Node) -> str:
    """Return the short name of a node: its own, its function's, or its builder's."""
    match node:
        case n.Named(name):
            return name
        case n.Step():
            return function_name(node.function)
        case n.Transform():
            return f"transform {function_name(node.function)}"
        case n.Bind(n.Step() as step):
            return f"bind {function_name(step.function)}"
        case n.Pick(key):
            return f"pick {shown(key)}"
        case n.Assign(update=True):
            return "update"
        case n.Attempt() | n.Retry() | n.Fallback() | n.Timeout() | n.Cached():
            builder, inner = type(node).__name__.lower(), node.children[0]
            return f"{label(inner)} {builder}" if isinstance(inner, n.Step) else builder
        case _:
            return _BUILDERS.get(type(node), type(node).__name__.lower())


_BUILDERS: dict[type[Any], str] = {n.Select: "pick", n.ChatTemplate: "chat_template"}


def pipe_step(position: int, node: n.Node) -> str:
    """Return the path segment of a step of a pipe, counted from one."""
    return f"pipe step {position} ({label(node)})"


def branch_of(builder: str, key: object) -> str:
    """Return the path segment of the branch under a key or at a position.

    >>> print(branch_of("fanout", "context"))
    fanout['context']
    """
    return f"{builder}[{shown(key)}]"


def case_of(index: int) -> str:
    """Return the path segment of a case of a choice, counted from one."""
    return f"branch case {index + 1}"


OTHERWISE = "branch otherwise"


def case_segments(node: n.Branch) -> list[str]:
    """Return the path segments of the cases, and then that of all other inputs."""
    return [*(case_of(index) for index in range(len(node.cases))), OTHERWISE]


def attempt_of(number: int) -> str:
    """Return the path segment of an attempt: the last one says how many there were."""
    return f"retry attempt {number}"


def arm_segments(node: n.Route) -> list[str]:
    """Return the path segments of the arms, in their order."""
    names = [branch_of("route", name) for name in node.names]
    return [*names, "route otherwise"][: len(node.arms)]

"""Choosing among arms by value, alike in every way of running."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from combinators import _nodes as n
from combinators._errors import BindDepthError, NoMatchError, ResultError
from combinators._labels import label
from combinators._run.mappings import read
from combinators._words import a_kind, listed

if TYPE_CHECKING:
    from collections.abc import Callable

# A chain of chosen runnables has to end before Python's stack does.
DEEPEST_BIND = 64


def no_match(node: n.Branch, value: object) -> NoMatchError:
    """Return the error about an input that no case holds for."""
    return NoMatchError(
        label(node), a_kind(value), "Add a case for it, or otherwise=… for all the rest."
    )


def arm_index(node: n.Route, value: Any) -> int:
    """Return the position of the arm that the value under the key names.

    Raises:
        NoMatchError: there is no such arm, and no default.
    """
    wanted = read(value, (node.key,), node)[node.key]
    for position, name in enumerate(node.names):
        if type(name) is type(wanted) and name == wanted:
            return position
    if len(node.arms) > len(node.names):
        return len(node.names)
    given = f"the value under {node.key!a}, {a_kind(wanted)}"
    raise NoMatchError(label(node), given, f"It has arms for {listed(node.names)}.")


class Choice(Protocol):
    """A runnable, as far as it has to be known to be run."""

    def compiled(self, compile_: Callable[..., Any], **variant: bool) -> Any:
        """Return what `compile_` makes of the tree."""
        ...


def chosen(node: n.Bind, choice: Any, bound: int) -> Choice:
    """Return the runnable that `bind`'s function returned.

    Raises:
        ResultError: it returned something else.
        BindDepthError: it was reached through too many others.
    """
    if bound >= DEEPEST_BIND:
        raise BindDepthError(label(node), DEEPEST_BIND)
    if not isinstance(getattr(choice, "node", None), n.Node):
        raise ResultError(
            label(node), f"chose {a_kind(choice)}. Return a Runnable: runnable(f) makes one of f."
        )
    runnable: Choice = choice
    return runnable

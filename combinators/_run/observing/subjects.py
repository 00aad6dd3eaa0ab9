"""Which nodes are observed, and what is said of them and of what is inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeGuard

from combinators import _nodes as n
from combinators._labels import arm_segments, branch_of, case_segments, label
from combinators._observer import SEPARATOR, Subject
from combinators._run.code.places import segment

if TYPE_CHECKING:
    from combinators._run.code.listing import Composed
    from combinators._run.streams.stages import Source

# What runs code of the user's, or decides what runs; what only rearranges a value is not told.
_UNOBSERVED: Final = (
    n.Passthrough, n.Pipe, n.Pick, n.Select, n.Rename, n.Omit, n.IsInstance, n.Tap,
)  # fmt: skip

# The runs that make up a run of these nodes: as many as there are elements, or attempts.
ELEMENT: Final = Subject("item", "item", counted="each[{}]")
TRY: Final = Subject("try", "try", counted="retry attempt {}")

ITEM: Final = Subject("item", "item")  # of a batch: paths say nothing of it


def is_observed(node: object) -> TypeGuard[n.Node]:
    """Return whether runs of a node are told."""
    return isinstance(node, n.Node) and not isinstance(node, _UNOBSERVED)


def subject_of(node: n.Node, said: str) -> Subject:
    """Return what a run of a node is a run of."""
    return Subject(_KINDS.get(type(node), type(node).__name__.lower()), label(node), said)


_KINDS: Final[dict[type, str]] = {n.ChatTemplate: "chat_template"}


def chosen_subject(node: n.Bind) -> Subject:
    """Return what a run is a run of that `bind` has chosen."""
    return Subject("chosen", label(node), label(node))


def said_inside(node: Composed | Source, index: int) -> str:
    """Return what paths say of a node inside of another that is observed."""
    match node:
        case n.Fanout() | n.Assign():
            return segment(node, node.branches[index], index)
        case n.Branch():
            return case_segments(node)[index // 2]
        case n.Route():
            return arm_segments(node)[index]
        case n.Fallback():
            return branch_of("fallback", index)
        case _:
            return ""


def said_of_arm(node: Source, index: int) -> str:
    """Return the same of one of the nodes that may give the chunks."""
    return case_segments(node)[index] if isinstance(node, n.Branch) else said_inside(node, index)


def joined(outside: str, inside: str) -> str:
    """Return a path from its two parts, of which each may be empty."""
    return f"{outside}{SEPARATOR}{inside}" if outside and inside else outside or inside

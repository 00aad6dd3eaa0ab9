"""What is known of every node of a tree before it runs: is it cheap, does it need a thread?

Children first, so that each question costs one walk over the tree however deep it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast, final

from combinators import _nodes as n
from combinators._tree import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_CHEAP = (
    n.Passthrough, n.Pick, n.Select, n.Rename, n.Omit, n.IsInstance, n.Template, n.ChatTemplate,
)  # fmt: skip

# So many nodes are the lines of one function.
FEW_NODES = 100


@final
@dataclass(frozen=True, slots=True)
class Traits:
    """The nodes of some trees, by identity, that are cheap, and that one thread can run."""

    cheap: frozenset[int]
    threadable: frozenset[int]


def traits(trees: Iterable[n.Node]) -> Traits:
    """Return what is known of the nodes of some trees.

    Cheap ones are not worth a thread. Threadable ones run from end to end on one.
    """
    nodes = cast("list[n.Node]", [node for tree in trees for node in walk(tree)])
    nodes.reverse()  # children first
    cheap = _all_the_way_down(nodes, _is_cheap)

    def runs_alone(node: n.Node) -> bool:
        if isinstance(node, n.Step | n.Transform):
            return node.aio is None
        if isinstance(node, n.Fanout | n.Assign):
            return id(node) in cheap
        # A retry would hold its thread while it waits; what is kept needs none.
        return not isinstance(node, n.Each | n.Bind | n.Retry | n.Cached)

    return Traits(cheap, _all_the_way_down(nodes, runs_alone))


def needs_loop(tree: n.Node) -> bool:
    """Return whether the tree has a step without a sync body."""
    return any(isinstance(node, n.Step | n.Transform) and node.sync is None for node in walk(tree))


def runs_in_turn(tree: n.Node) -> bool:
    """Return whether no two steps of the tree ever run at once."""
    parallel = (n.Fanout, n.Assign, n.Each, n.Bind)  # what is chosen may be anything
    return not any(isinstance(node, parallel) for node in walk(tree))


def awaits_only(tree: n.Node) -> bool:
    """Return whether a tree is no more than a row of async and cheap steps.

    Nothing is asked of an event loop then, so it may be anybody's.
    """
    nodes = list(walk(tree))
    rows = (n.Pipe, n.Named, n.Tap, *_CHEAP)
    return len(nodes) <= FEW_NODES and all(
        isinstance(node, rows) or (isinstance(node, n.Step) and (node.inline or node.aio))
        for node in nodes
    )


def _is_cheap(node: n.Node) -> bool:
    if isinstance(node, n.Step):
        return node.inline
    # What `each` and `bind` do is as much work as the input says; the others may wait.
    waits = n.Each | n.Bind | n.Transform | n.Retry | n.Timeout | n.Cached
    return isinstance(node, _CHEAP) or not isinstance(node, waits)


def _all_the_way_down(nodes: Iterable[n.Node], holds: Callable[[n.Node], bool]) -> frozenset[int]:
    found: set[int] = set()
    for node in nodes:
        if holds(node) and all(id(child) in found for child in node.children):
            found.add(id(node))
    return frozenset(found)

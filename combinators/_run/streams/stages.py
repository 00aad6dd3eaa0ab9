"""A tree as stages of a stream: what works on chunks, and what wants its input whole.

A plain step collects its input. What comes before such a step, and could give chunks, need
not: it runs whole together with the step, as it does in a call. What is left of a tree are
stages that one chunk after another can pass. Named pipes inside are laid flat.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias, cast, final

from combinators import _nodes as n
from combinators._run.code.places import Part, Place, Stretch
from combinators._tree import walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Guarded: TypeAlias = n.Retry | n.Fallback | n.Timeout | n.Cached
Source: TypeAlias = n.Step | n.Bind | n.Branch | n.Route | Guarded
Passing: TypeAlias = n.Tap | n.Pick | n.Select | n.Omit | n.Rename
Parallel: TypeAlias = n.Fanout | n.Assign


@final
@dataclass(frozen=True, slots=True)
class Whole:
    """A part that takes its input whole, and gives one chunk."""

    part: Part
    place: Place  # around the part, where that says itself which of its steps has failed


@final
@dataclass(frozen=True, slots=True)
class Opening:
    """A step that takes its input whole, and gives chunks."""

    node: Source
    place: Place


@final
@dataclass(frozen=True, slots=True)
class Through:
    """Steps through which one chunk after another passes."""

    steps: tuple[tuple[Passing, Place], ...]


@final
@dataclass(frozen=True, slots=True)
class Spread:
    """Branches that give chunks under their keys."""

    node: Parallel
    place: Place


@final
@dataclass(frozen=True, slots=True)
class Changing:
    """A step from chunks to chunks."""

    node: n.Transform
    place: Place


@final
@dataclass(frozen=True, slots=True)
class Enclosed:
    """A pipeline under a name, which is not laid flat where its runs are told of."""

    node: n.Named
    place: Place


Stage: TypeAlias = Whole | Opening | Through | Spread | Changing | Enclosed
Leaf: TypeAlias = "tuple[n.Node, Place]"


@final
class Chunked:
    """Which nodes of a tree give chunks, or let them pass: found once for all of them."""

    def __init__(self, tree: n.Node, *, watch: bool, observed: bool) -> None:
        self._watch = watch  # branches run one after another, and whole
        self.observed = observed
        self._found: set[int] = set()
        nodes = cast("list[n.Node]", [*walk(tree)])
        for node in reversed(nodes):  # children first
            if self._gives_chunks(node):
                self._found.add(id(node))

    def __contains__(self, node: n.Node) -> bool:
        return id(node) in self._found

    def _gives_chunks(self, node: n.Node) -> bool:
        match node:
            case n.Step():
                return node.streams
            case n.Fanout(keys, target):
                return bool(keys) and target is None and not self._watch
            case n.Assign():
                return not self._watch
            case n.Pick(key):
                return isinstance(key, str)
            case n.Branch() | n.Route() | n.Retry() | n.Fallback() | n.Timeout() | n.Cached():
                return any(arm in self for arm in arms_of(node))
            case n.Pipe() | n.Named():
                return any(child in self for child in node.children)
            case _:
                return isinstance(node, _CHUNKED)


_CHUNKED = n.Transform | n.Bind | n.Passthrough | n.Tap | n.Select | n.Omit | n.Rename


def arms_of(node: Source) -> tuple[n.Node, ...]:
    """Return the nodes of which one gives the chunks."""
    match node:
        case n.Branch():
            arms = tuple(arm for _, arm in node.cases)
            return arms if node.otherwise is None else (*arms, node.otherwise)
        case n.Route():
            return node.arms
        case n.Retry() | n.Fallback() | n.Timeout():
            return node.children
        case n.Cached():
            return node.children[:1]
        case _:
            return ()


def stages(tree: n.Node, chunked: Chunked) -> list[Stage]:
    """Return the stages of a tree."""
    leaves = [*_leaves(tree, chunked)]
    kinds = _kinds(leaves, chunked)
    found: list[Stage] = []
    for kind, group in groupby(zip(kinds, leaves, strict=True), key=lambda pair: pair[0]):
        together = [leaf for _, leaf in group]
        if kind is Whole:
            found.extend(_wholes(together))
        elif kind is Through:
            kept = [
                (node, place) for node, place in together if not isinstance(node, n.Passthrough)
            ]
            steps = cast("Sequence[tuple[Passing, Place]]", kept)
            found.extend([Through(tuple(steps))] if steps else ())
        else:
            found.extend(kind(node, place) for node, place in together)
    return found


def _leaves(tree: n.Node, chunked: Chunked) -> Iterator[Leaf]:
    waiting: list[Leaf] = [(tree, Place(tree))]
    while waiting:
        node, place = waiting.pop()
        flat = n.Pipe if chunked.observed else n.Pipe | n.Named
        if isinstance(node, flat) and node in chunked:
            inside = [(child, place.inside(child, i)) for i, child in enumerate(node.children)]
            waiting.extend(reversed(inside))
        else:
            yield node, place


def _kinds(leaves: Sequence[Leaf], chunked: Chunked) -> list[type]:
    """Return what kind of stage each leaf is: what is collected behind it decides."""
    kinds: list[type] = []
    collected = False
    for node, _ in reversed(leaves):
        if isinstance(node, n.Transform):
            kind: type = Changing
            collected = False
        elif collected or node not in chunked:
            kind = Whole
            collected = True
        elif isinstance(node, Source):
            kind = Opening
            collected = True
        elif isinstance(node, n.Pipe | n.Named):
            kind = Enclosed
        else:
            kind = Spread if isinstance(node, Parallel) else Through
        kinds.append(kind)
    return kinds[::-1]


def _wholes(leaves: Sequence[Leaf]) -> Iterator[Whole]:
    """Yield the parts that leaves make: neighbours in a pipe are one."""
    for (_, piped), group in groupby(leaves, key=_pipe_around):
        together = [*group]
        node, place = together[0]
        if piped:
            yield Whole(Stretch(tuple(node for node, _ in together), place.index + 1), piped)
        else:
            yield Whole(node, place)


def _pipe_around(leaf: Leaf) -> tuple[int, Place | None]:
    outside = leaf[1].outside
    piped = outside if outside is not None and isinstance(outside.part, n.Pipe) else None
    return id(piped), piped

"""Where in a tree something runs, and the path that says so in notes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, cast, final

from combinators import _nodes as n
from combinators._failures import FanoutError, locate
from combinators._labels import branch_of, label, pipe_step

if TYPE_CHECKING:
    from collections.abc import Iterator


@final
@dataclass(frozen=True, slots=True)
class Stretch:
    """Steps of a pipe that run as one, of which the first is number `first`."""

    steps: tuple[n.Node, ...]
    first: int = 1


@final
@dataclass(frozen=True, slots=True)
class Inside:
    """A node whose runs are told of by who calls it."""

    node: n.Node


# What runs as one; what is compiled into one function.
Span: TypeAlias = "n.Node | Stretch"
Part: TypeAlias = "Span | Inside"


def steps_of(part: Part) -> tuple[n.Node, ...]:
    """Return the nodes that a part consists of."""
    match part:
        case Stretch(steps):
            return steps
        case Inside(node):
            return (node,)
        case _:
            return (part,)


@final
@dataclass(frozen=True, slots=True)
class Place:
    """A part of a tree, and the places around it."""

    part: Span
    outside: Place | None = None
    index: int = 0  # among the nodes of the place outside

    def inside(self, node: n.Node, index: int = 0) -> Place:
        """Return the place of a node of this one."""
        return Place(node, self, index)

    @property
    def path(self) -> str:
        """Return what notes say of this place, from the outside in."""
        return " > ".join(reversed([segment(*step) for step in self._outwards()]))

    def failed(self, error: Exception) -> Exception:
        """Return the error as it leaves the outermost place, with its path noted.

        What leaves a branch is a group from there on.
        """
        for outside, node, index in self._outwards():
            locate(error, segment(outside, node, index))
            if isinstance(outside, n.Fanout | n.Assign):
                error = FanoutError({key_of(outside, index): error}, len(outside.branches))
        return error

    def _outwards(self) -> Iterator[tuple[Span, n.Node, int]]:
        place: Place = self
        while (outside := place.outside) is not None:
            if not isinstance(outside.part, n.Named):
                node = cast("n.Node", place.part)  # a stretch is not inside of anything
                yield outside.part, node, place.index
            place = outside


def segment(outside: Span, node: n.Node, index: int) -> str:
    """Return what a path says of a node at a position inside another."""
    match outside:
        case n.Fanout() | n.Assign():
            return branch_of(label(outside), key_of(outside, index))
        case n.Pipe():
            return pipe_step(index + 1, node)
        case Stretch(_, first):
            return pipe_step(index + first, node)
        case _:
            return label(outside)


def key_of(node: n.Fanout | n.Assign, index: int) -> str | int:
    """Return the key of a branch, its position where there are no keys."""
    return index if node.keys is None else node.keys[index]

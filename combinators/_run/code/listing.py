"""The code of a tree as data: lines, their places, and what they name.

The names in it are from a fixed alphabet, and what is the user's is an operand: trees of the
same shape have the same lines. `x` is what flows, `r0` and on are results of branches, `c0`
and on are operands, and `call` is what goes down the tree with every call. Each line knows
its place: where one fails, its number says which step that was.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias, final

from combinators import _nodes as n
from combinators._run.code.places import Place

if TYPE_CHECKING:
    from combinators._run.code.places import Part


@final
@dataclass(frozen=True, slots=True)
class Style:
    """In what a way of running differs from others, as far as it can be read."""

    aio: bool = False
    watch: bool = False  # branches run one by one, to find the one that changes the input
    limited: bool = False  # async bodies run only so many at once
    observed: bool = False  # whoever watches is told of each step


@final
@dataclass(frozen=True, slots=True)
class Sub:
    """An operand: the program of a part of its own, compiled the same way."""

    part: Part
    said: str = ""  # where it is, inside of the run that is told of


@final
@dataclass(frozen=True, slots=True)
class Hop:
    """An operand: the program of a part that a thread runs, compiled for threads."""

    part: Part
    said: str = ""  # as above


@final
@dataclass(frozen=True, slots=True)
class Observed:
    """An operand: the program of a node whose runs are told of."""

    node: n.Node
    said: str


Composed: TypeAlias = (
    n.Fanout | n.Assign | n.Each | n.Branch | n.Route | n.Bind | n.Attempt
    | n.Retry | n.Fallback | n.Timeout | n.Cached
)  # fmt: skip


@final
@dataclass(frozen=True, slots=True)
class Built:
    """An operand: what runs a node that no line can say, from programs of nodes inside it."""

    node: Composed
    inside: tuple[int, ...]  # which ones


Operand: TypeAlias = "Sub | Hop | Observed | Built | Any"


@final
@dataclass(frozen=True, slots=True)
class Listing:
    """Lines of code with their places, and the operands that they name."""

    lines: list[str] = field(default_factory=list[str])
    places: list[Place] = field(default_factory=list[Place])
    operands: list[Operand] = field(default_factory=list[Operand])


@cache
def operand_name(index: int) -> str:
    """Return the name of an operand: one object, however many programs use it."""
    return sys.intern(f"c{index}")

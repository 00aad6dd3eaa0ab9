"""The normal form of steps in sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from combinators._nodes import Passthrough, Pipe

if TYPE_CHECKING:
    from combinators._nodes import Node


def piped(steps: list[Node]) -> Node:
    """Return the normal form of steps in sequence.

    Nested pipes are spliced, and passthroughs that declare no type are dropped,
    so how steps are bracketed does not matter. Nothing left is a passthrough;
    one step left is that step.
    """
    flat: list[Node] = []
    for step in steps:
        flat.extend(step.steps if isinstance(step, Pipe) else (step,))
    kept = [step for step in flat if not (isinstance(step, Passthrough) and step.type is None)]
    if not kept:
        return Passthrough()
    return kept[0] if len(kept) == 1 else Pipe(tuple(kept))

"""The tree as lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from combinators._show.graph import look

if TYPE_CHECKING:
    from collections.abc import Iterator

    from combinators import _nodes as n
    from combinators._show.graph import Box


def draw(node: n.Node) -> str:
    """Return the tree of a pipeline, a line a node, steps numbered and branches by key."""
    return "\n".join(_lines(look(node)))


def _lines(box: Box) -> Iterator[str]:
    # Each waiting entry is a box with what stands before it on its first line and below.
    waiting = [("", "", "", box)]
    while waiting:
        first, below, role, box = waiting.pop()
        yield f"{first}{role}{box.caption}"
        inside: list[tuple[str, str, str, Box]] = []
        for position, (name, part) in enumerate(box.parts, start=1):
            last = position == len(box.parts)
            named = f"{position}. " if box.in_order else f"{name}: " if name else ""
            inside.append(
                (
                    f"{below}{'└─ ' if last else '├─ '}",
                    f"{below}{'   ' if last else '│  '}",
                    named,
                    part,
                )
            )
        waiting.extend(reversed(inside))

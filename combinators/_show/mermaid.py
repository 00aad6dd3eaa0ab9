"""The graph as mermaid source, for pages that render it locally."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, TypeAlias, final

from combinators._heap import Frame, on_heap
from combinators._keys import signature
from combinators._show.graph import look
from combinators._words import shown

if TYPE_CHECKING:
    from combinators import _nodes as n
    from combinators._show.graph import Box


def draw(node: n.Node) -> str:
    """Return a mermaid flowchart: data flows down, branches side by side."""
    chart = _Chart()
    needs = ", ".join(map(shown, signature(node).needs))
    start, end = chart.box(f"input {needs}".rstrip(), round_=True), chart.box("output", round_=True)
    entry, exits = _drawn(look(node), chart)
    chart.arrow(start, entry, "")
    for last in exits:
        chart.arrow(last, end, "")
    return "\n".join(["flowchart TD", *chart.lines])


@final
class _Chart:
    """Lines of a flowchart under way."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._numbers = itertools.count()

    def box(self, caption: str, *, round_: bool = False) -> str:
        """Add a box and return its name, which is never text of the user's."""
        name = f"n{next(self._numbers)}"
        left, right = ("([", "])") if round_ else ("[", "]")
        self.lines.append(f'    {name}{left}"{_escaped(caption)}"{right}')
        return name

    def arrow(self, start: str, end: str, role: str) -> None:
        """Add an arrow, with a role beside it."""
        beside = f'|"{_escaped(role)}"|' if role else ""
        self.lines.append(f"    {start} -->{beside} {end}")


def _escaped(text: str) -> str:
    """Return text as mermaid shows it literally, whatever is in it."""
    safe = "".join(c if c.isalnum() or c in " _-.," else f"#{ord(c)};" for c in text)
    return safe or "#32;"


Ends: TypeAlias = tuple[str, list[str]]  # the box that is entered, and those that are left


def _draw(box: Box, chart: _Chart) -> Frame[Ends]:
    if box.in_order:
        ends: Ends = yield _chain(box, chart)
        return ends
    name = chart.box(box.caption)
    exits: list[str] = []
    for role, part in box.parts:
        entry, left = yield _draw(part, chart)
        chart.arrow(name, entry, role)
        exits.extend(left)
    return name, exits or [name]


_drawn = on_heap(_draw)


def _chain(box: Box, chart: _Chart) -> Frame[Ends]:
    first = ""
    exits: list[str] = []
    for _, part in box.parts:
        entry, left = yield _draw(part, chart)
        for end in exits:
            chart.arrow(end, entry, "")
        first, exits = first or entry, left
    return first, exits

"""The styles in which a pipeline can be drawn, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from combinators._errors import OptionError
from combinators._show import mermaid, text
from combinators._words import a_kind, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from combinators import _nodes as n

_DRAWINGS = {"text": text.draw, "mermaid": mermaid.draw}


def drawing(style: object) -> Callable[[n.Node], str]:
    """Return what draws in a style.

    Raises:
        OptionError: there is no such style.
    """
    found = _DRAWINGS.get(style) if isinstance(style, str) else None
    if found is None:
        given = shown(style) if isinstance(style, str) else a_kind(style)
        raise OptionError("style", given, f"{' or '.join(map(shown, _DRAWINGS))}")
    return found

"""Plain text that is pleasant to read: little colour, aligned columns, wrapped paragraphs."""

import os
import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import Final, TextIO, final

_WIDEST: Final = 96
_BOLD: Final = "\033[1m"
_DIM: Final = "\033[2m"
_PLAIN: Final = "\033[0m"
_CLEAR_LINE: Final = "\r\033[K"


def heading(text: str) -> str:
    """Return `text` as a heading."""
    return _styled(_BOLD, text, sys.stdout)


def aside(text: str) -> str:
    """Return `text` as what a reader may pass over."""
    return _styled(_DIM, text, sys.stdout)


def wrapped(text: str, *, mark: str = "  ") -> str:
    r"""Return `text` beside `mark`, its lines no wider than the terminal.

    >>> print(wrapped("One.\nTwo.", mark="  - "))
      - One.
        Two.
    """
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    indent = " " * len(mark)
    lines = (
        textwrap.fill(line, width, initial_indent=indent, subsequent_indent=indent)
        for line in text.splitlines()
    )
    return mark + "\n".join(lines).removeprefix(indent)


def table(*rows: Sequence[str]) -> str:
    """Return `rows` in columns.

    >>> print(table(("a", "long", "1"), ("bbb", "x", "2")))
      a    long  1
      bbb  x     2
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(f"  {line}".rstrip() for line in lines)


@final
class Progress:
    """What is being done, on stderr: on a terminal in one line that is written over and cleared."""

    __slots__ = ("_out", "_said", "_terminal")

    def __init__(self) -> None:
        self._out = sys.stderr
        self._terminal = self._out.isatty()
        self._said = ""

    def say(self, stage: str, detail: str = "") -> None:
        """Say that `stage` is under way; the detail is for those who watch."""
        if self._terminal:
            self._write(f"{_CLEAR_LINE}{stage} … {detail}")
        elif stage != self._said:
            self._write(f"{stage} …\n")
        self._said = stage

    def clear(self) -> None:
        """Give the line back to the results."""
        if self._terminal:
            self._write(_CLEAR_LINE)

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


def _styled(style: str, text: str, stream: TextIO) -> str:
    plain = bool(os.environ.get("NO_COLOR")) or not stream.isatty()
    return text if plain else f"{style}{text}{_PLAIN}"

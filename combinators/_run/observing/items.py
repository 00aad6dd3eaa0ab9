"""Many inputs, each of which is watched: which of them an item is, it is told with its input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from combinators._kinds import is_collection
from combinators._run.observing.watching import Numbered

if TYPE_CHECKING:
    from combinators._run.code.program import Program


def numbering(program: Program) -> Program:
    """Return a program whose input is given to it with every element numbered.

    What has no elements it is given as it is: it says what is wrong with it.
    """

    def run(x: Any, call: Any) -> Any:
        numbered = [Numbered(i, each) for i, each in enumerate(x)] if is_collection(x) else x
        return program(numbered, call)

    return run

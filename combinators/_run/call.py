"""What one call is given beside its input, on its way down the tree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias, final

if TYPE_CHECKING:
    from combinators import _nodes as n
    from combinators._run.budget import Budget

Program: TypeAlias = "Callable[[Any, Call], Any]"


def _never() -> bool:
    return False


@final
@dataclass(frozen=True, slots=True)
class Call:
    """The options of a call, and where in the tree of its branches we are."""

    program: Callable[[n.Node], Program]  # how a tree is run that is chosen on the way
    budget: Budget
    check_mutation: bool = False
    bound: int = 0  # runnables chosen by `bind` on the way here
    stopped: Callable[[], bool] = _never

    def within(self, stopped: Callable[[], bool]) -> Call:
        """Return this call inside a team that may be stopped."""
        return replace(self, stopped=stopped)

    def deeper(self) -> Call:
        """Return this call inside one more runnable chosen by `bind`."""
        return replace(self, bound=self.bound + 1)

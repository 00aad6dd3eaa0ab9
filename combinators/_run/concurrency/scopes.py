"""Whether what runs here is still wanted: scopes of work, each inside another.

A scope ends when it has failed, was cancelled, or ran out of time. Nothing begins in it then,
and what runs may ask, wherever it is: a thread knows the scope that it works in.
"""

from __future__ import annotations

import threading
from typing import Final, final

# A thread that waits looks up so often, to see whether anybody still wants the result.
LOOK_UP_SECONDS: Final = 0.05


class Stopped(BaseException):
    """A scope that this work is in has ended: what has not begun does not begin."""


class Scope:
    """Work that ends together."""

    __slots__ = ("above", "ended")

    def __init__(self, above: Scope | None) -> None:
        self.above = above
        self.ended = False

    def end(self) -> None:
        """Let no further work begin."""
        self.ended = True

    def stopped(self) -> bool:
        """Return whether no further work begins, here or in a scope above."""
        scope: Scope | None = self
        while scope is not None:
            if scope.ended:
                return True
            scope = scope.above
        return False

    def check(self) -> None:
        """Return if further work may begin.

        Raises:
            Stopped: this scope, or one above it, has ended.
        """
        if self.stopped():
            raise Stopped


@final
class _Here(threading.local):
    scope: Scope | None = None


HERE = _Here()


def cancelled() -> bool:
    """Return whether the step that asks is not wanted any more, and may stop early.

    For sync steps, which nobody can interrupt: a sibling of the step has failed, its
    time is over, its stream was closed, or its task was cancelled. What it returns or
    raises then is seen by nobody. Outside of a run it is false.

    >>> cancelled()
    False
    """
    scope = HERE.scope
    return scope is not None and scope.stopped()

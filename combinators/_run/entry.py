"""What a sync caller starts: a call, a stream or a batch, on threads or on an event loop.

Only a tree with a step that is async alone needs a loop. asyncio, which takes as
long to import as all of this library, is imported by the first that does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from combinators._run import batch, sync
from combinators._run.budget import budget
from combinators._run.call import Call
from combinators._run.traits import needs_loop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from combinators import _nodes as n


def call(limit: object) -> Call:
    """Return the options of a call.

    Raises:
        OptionError: it cannot have this limit.
    """
    return Call(budget(limit))


def drain(node: n.Node, *, watch: bool) -> Callable[[Iterable[Any], Call, str], batch.Outcomes]:
    """Return what starts a batch of a tree."""
    start: Callable[[Iterable[Any], Call, str], batch.Outcomes]
    start = (
        _bridge().drain(node, watch=watch)
        if needs_loop(node)
        else batch.drain(sync.compiled(node, watch=watch))
    )
    return start


def _bridge() -> Any:
    from combinators._run import bridge  # noqa: PLC0415 - asyncio is imported where it is needed

    return bridge

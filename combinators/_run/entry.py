"""What a sync caller of a batch starts, on threads or on an event loop.

Only a tree with a step that is async alone needs a loop. asyncio, which takes as
long to import as all of this library, is imported by the first that does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from combinators._run import sync
from combinators._run.batches import batch, gathering as gathering_
from combinators._run.code.traits import needs_loop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from combinators import _nodes as n
    from combinators._run.call import Call


def drain(
    node: n.Node, *, watch: bool, observed: bool
) -> Callable[[Iterable[Any], Call, str, bool], batch.Outcomes]:
    """Return what starts a batch of a tree."""
    start: Callable[[Iterable[Any], Call, str, bool], batch.Outcomes]
    start = (
        _bridge().drain(node, watch=watch, observed=observed)
        if needs_loop(node)
        else batch.drain(sync.itemwise(node, watch=watch, observed=observed))
    )
    return start


def gathering(
    node: n.Node, *, watch: bool, observed: bool
) -> Callable[[Iterable[Any], Call, bool], list[Any]]:
    """Return what runs a batch of a tree and returns all results, in their order."""
    gather: Callable[[Iterable[Any], Call, bool], list[Any]]
    gather = (
        _bridge().gathering(node, watch=watch, observed=observed)
        if needs_loop(node)
        else gathering_.gathering(gathering_.loop(node, watch=watch, observed=observed))
    )
    return gather


def _bridge() -> Any:
    from combinators._run import bridge  # noqa: PLC0415 - asyncio is imported where it is needed

    return bridge

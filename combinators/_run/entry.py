"""Which interpreter runs a tree for a sync caller: the one for threads, or an event loop.

Only a tree with a step that is async alone needs a loop. asyncio, which takes as
long to import as all of this library, is imported by the first that does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from combinators._run import batch, stream, sync
from combinators._run.budget import Budget, checked_limit
from combinators._run.call import Call
from combinators._run.steps import needs_loop

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from combinators import _nodes as n
    from combinators._run.call import Program


def call(limit: object, *, check_mutation: bool) -> Call:
    """Return the options of a call.

    Raises:
        OptionError: it cannot have this limit.
    """
    return Call(program, Budget(checked_limit(limit)), check_mutation)


def program(node: n.Node) -> Program:
    """Return the program that runs a tree."""
    return _bridge().program(node) if needs_loop(node) else sync.compiled(node)


def chunks(node: n.Node) -> Callable[[Any, Call], Generator[Any, None, None]]:
    """Return what starts a stream of a tree."""
    return _bridge().stream(node) if needs_loop(node) else stream.started(node)


def drain(node: n.Node) -> Callable[[Iterable[Any], Call, str], batch.Outcomes]:
    """Return what starts a batch of a tree."""
    start: Callable[[Iterable[Any], Call, str], batch.Outcomes]
    start = _bridge().drain(node) if needs_loop(node) else batch.drain(sync.compiled(node))
    return start


def _bridge() -> Any:
    from combinators._run import bridge  # noqa: PLC0415 - asyncio is imported where it is needed

    return bridge

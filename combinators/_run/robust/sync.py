"""Robust steps in threads: which module runs which."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from combinators import _nodes as n
from combinators._run.robust import caching, recovering, timing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from combinators._run.code.program import Program
    from combinators._run.robust.recovering import Start

Robust: TypeAlias = n.Retry | n.Fallback | n.Timeout | n.Cached


def program(
    node: Robust, programs: Sequence[Program], compile_: Callable[[n.Node], Program]
) -> Program:
    """Return what runs a robust step from the programs inside it.

    Args:
        compile_: what gives the program of something that is called in place
    """
    match node:
        case n.Retry():
            return recovering.retry(node, *programs)
        case n.Fallback():
            return recovering.fallback(node, programs)
        case n.Timeout():
            return timing.timeout(node, *programs)
        case _:
            return caching.cached(node, programs[0], *map(compile_, node.key))


def chunks(node: Robust, starts: Sequence[Start], compile_: Callable[[n.Node], Program]) -> Start:
    """Return what starts a stream of a robust step, from what starts those inside it.

    Args:
        compile_: as above
    """
    match node:
        case n.Retry():
            return recovering.retry_chunks(node, *starts)
        case n.Fallback():
            return recovering.fallback_chunks(node, starts)
        case n.Timeout():
            return timing.timeout_chunks(node, *starts)
        case _:
            return caching.cached_chunks(node, starts[0], *map(compile_, node.key))

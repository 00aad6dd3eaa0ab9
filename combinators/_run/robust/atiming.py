"""Timeouts on an event loop: what has run out of time is cancelled and awaited."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from combinators._errors import DeadlineError
from combinators._labels import label

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from combinators import _nodes as n
    from combinators._run.call import Turn
    from combinators._run.code.program import Program
    from combinators._run.robust.arecovering import Chunks, Start


def timeout(node: n.Timeout, program: Program) -> Program:
    """Return what runs a program for so many seconds."""

    async def run(x: Any, turn: Turn) -> Any:
        return await _within(node.seconds, program(x, turn), node)

    return run


def timeout_chunks(node: n.Timeout, start: Start) -> Start:
    """Return what starts a stream that has so many seconds to compute all of its chunks."""

    async def run(x: Any, turn: Turn) -> Chunks:
        now, left = asyncio.get_running_loop().time, node.seconds
        async with aclosing(start(x, turn)) as chunks:
            while True:
                begin = now()
                chunk = await _within(left, anext(chunks, _END), node)
                left -= now() - begin
                if chunk is _END:
                    return
                yield chunk

    return run


_END: Any = object()


async def _within(seconds: float, result: Awaitable[Any], node: n.Timeout) -> Any:
    deadline = asyncio.timeout(seconds)
    try:
        async with deadline:
            return await result
    except TimeoutError as error:
        if deadline.expired() and isinstance(error.__cause__, asyncio.CancelledError):
            raise DeadlineError(label(node), node.seconds) from None
        raise

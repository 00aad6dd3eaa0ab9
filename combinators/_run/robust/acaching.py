"""Results that are kept, on an event loop: the twin of `caching`, with the same memory."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from combinators._labels import label
from combinators._memory import Flight, Kept
from combinators._run.chunks import fold
from combinators._run.robust.caching import Leading, is_led_here, outcome, telling

if TYPE_CHECKING:
    from combinators import _nodes as n
    from combinators._run.call import Turn
    from combinators._run.code.program import Program
    from combinators._run.robust.arecovering import Chunks, Start


def cached(node: n.Cached, program: Program, key: Program | None = None) -> Program:
    """Return what runs a program once for each input."""
    tell = telling(node, key)

    async def run(x: Any, turn: Turn) -> Any:
        told = tell(x)
        while True:
            found, leads = node.memory.enter(told)
            if isinstance(found, Kept):
                return found.value
            if leads:
                with Leading(node, told, found) as led:
                    return led.keep(await program(x, turn))
            if is_led_here(found):
                return await program(x, turn)
            await _wait(node, found)
            kept = outcome(found)
            if kept is not None:
                return kept.value

    return run


def cached_chunks(node: n.Cached, start: Start, key: Program | None = None) -> Start:
    """Return what starts a stream, or gives what is kept as one chunk."""
    tell = telling(node, key)

    async def run(x: Any, turn: Turn) -> Chunks:
        told = tell(x)
        found = node.memory.find(told)
        if isinstance(found, Flight) and not is_led_here(found):
            await _wait(node, found)
            found = outcome(found)
        if isinstance(found, Kept):
            yield found.value
            return
        passed: list[Any] = []
        async with aclosing(start(x, turn)) as chunks:
            async for chunk in chunks:
                passed.append(chunk)
                yield chunk
        node.memory.keep(told, fold(passed, label(node)), node.maxsize)

    return run


async def _wait(node: n.Cached, flight: Flight) -> None:
    """Wait for the end of a run, wherever it is led."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def wake() -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(ended.set)

    if node.memory.wait(flight, wake):
        await ended.wait()

"""What callers under trio await: a pipeline on an event loop that is the call's own."""

from __future__ import annotations

from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any

import trio

from combinators._run.guests.guest import Guest
from combinators._run.guests.visits import Visits

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from combinators._run.call import Host


async def called(start: Callable[[Host | None], Awaitable[Any]]) -> Any:
    """Return what comes of a call."""
    if not trio.lowlevel.in_trio_task():
        return await start(None)
    async with _hosted() as (guest, host):
        return await guest.run(start, host)


async def streamed(
    start: Callable[[Host | None], AsyncGenerator[Any, None]],
) -> AsyncGenerator[Any, None]:
    """Yield what a stream yields."""
    if not trio.lowlevel.in_trio_task():
        async with aclosing(start(None)) as chunks:
            async for chunk in chunks:
                yield chunk
        return
    async with _hosted() as (guest, host):
        guest.opened.append(chunks := start(host))
        async for chunk in host.lend(chunks):
            yield chunk


@asynccontextmanager
async def _hosted() -> AsyncGenerator[tuple[Guest, Visits], None]:
    guest = Guest()
    try:
        yield guest, Visits(guest)
    finally:
        await guest.end()

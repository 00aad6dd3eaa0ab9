"""Who turns the event loop: asyncio itself, or trio, of which nothing is imported before.

Where trio may be who awaits, a call is begun by whom it is awaited.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from combinators._run.call import Host

    # Makes of a host what is awaited, or iterated over; without one, on asyncio's own loop.
    Start = Callable[[Host | None], Any]


def is_trio() -> bool:
    """Return whether whoever asks is a task of trio's."""
    trio: Any = sys.modules.get("trio")
    return trio is not None and bool(trio.lowlevel.in_trio_task())


def may_be_trio() -> bool:
    """Return whether what is begun here may be awaited under trio."""
    return "trio" in sys.modules and (is_trio() or not is_asyncio())


def is_asyncio() -> bool:
    """Return whether an event loop of asyncio's runs here."""
    from asyncio.events import get_running_loop  # noqa: PLC0415 - asyncio is loaded where it is needed

    try:
        get_running_loop()
    except RuntimeError:
        return False
    return True


def called(start: Callable[[Host | None], Awaitable[Any]]) -> Awaitable[Any]:
    """Return what is awaited for the result of a call, here or under trio."""
    if not may_be_trio():
        return start(None)
    from combinators._run.guests import entry  # noqa: PLC0415 - trio is there

    return entry.called(start)


def streamed(
    start: Callable[[Host | None], AsyncGenerator[Any, None]],
) -> AsyncGenerator[Any, None]:
    """Return the chunks of a stream, for who reads them here or under trio."""
    if not may_be_trio():
        return start(None)
    from combinators._run.guests import entry  # noqa: PLC0415 - trio is there

    return entry.streamed(start)


def readable(inputs: Any, host: Host | None) -> Any:
    """Return inputs of a call as its event loop can read them."""
    return inputs if host is None else host.given(inputs)

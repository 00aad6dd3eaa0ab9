"""One HTTP client an event loop.

An `AsyncOpenAI` keeps connections open, and a connection belongs to the loop that opened it: used
from a second loop the SDK raises `Event loop is closed`, or waits for ever. Yet a pipeline meets
many loops: each `asyncio.run`, and each `invoke` of a pipeline with async steps, makes its own.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any, TypeAlias, final
from weakref import WeakKeyDictionary

from openai import AsyncOpenAI, DefaultAsyncHttpxClient

# A client, and the generator that closes its connections.
_Opened: TypeAlias = tuple[AsyncOpenAI, AsyncGenerator[AsyncOpenAI, None]]


@final
@dataclass(frozen=True, slots=True)
class PerLoop:
    """An `AsyncOpenAI` for each event loop that asks, alike but for its connections."""

    given: AsyncOpenAI
    _opened: WeakKeyDictionary[object, _Opened] = field(
        default_factory=WeakKeyDictionary[object, _Opened],
        compare=False,
        repr=False,
    )

    async def here(self) -> AsyncOpenAI:
        """Return the client of the running loop. Its connections are closed with the loop."""
        if _brought_its_own_transport(self.given):
            return self.given
        loop = _running()
        opened = self._opened.get(loop)
        if opened is None:
            lifetime = self._lifetime(loop)
            # The loop itself refers to its generators weakly.
            opened = self._opened[loop] = (await anext(lifetime), lifetime)
        return opened[0]

    async def _lifetime(self, loop: object) -> AsyncGenerator[AsyncOpenAI, None]:
        # A loop that shuts down closes the async generators suspended in it, and so does a run of
        # trio: asyncio has no other hook for what must end with a loop.
        http_client = DefaultAsyncHttpxClient()
        try:
            yield self.given.copy(http_client=http_client)
        finally:
            del self._opened[loop]
            await http_client.aclose()


def _running() -> object:
    """Return the event loop that runs here: that of asyncio, or what stands for a run of trio."""
    trio: Any = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_task():
        return trio.lowlevel.current_trio_token()
    return asyncio.get_running_loop()


def _brought_its_own_transport(client: AsyncOpenAI) -> bool:
    # A proxy or a certificate set on an `http_client` must not get lost in a copy, and the SDK has
    # no public name for the client that it makes itself.
    made = type(client._client)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # as said above
    return made.__name__ != "AsyncHttpxClientWrapper"

"""What tasks of asyncio's have run by trio: the bodies of steps, and async iterators."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Final, cast, final

import trio

from combinators._run.concurrency.contexts import adopt
from combinators._run.concurrency.tasks import Hop

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable

    from combinators._run.guests.guest import Guest

    Call = tuple[Callable[..., Awaitable[Any]], tuple[Any, ...], Hop]

_END: Final[Any] = object()


@final
class Visits:
    """The host of a guest: who runs what its tasks have to await of the user's."""

    def __init__(self, guest: Guest) -> None:
        self._guest = guest

    async def call(self, body: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        """Return what the async body of a step returns."""
        return await _Visit(self._guest).call(body, *args, last=True)

    async def read(
        self, chunks: AsyncIterable[Any], end: Callable[[], Awaitable[Any]] | None = None
    ) -> AsyncGenerator[Any, None]:
        """Yield what an async iterator of the user's yields, all of it in one task of trio's."""
        visit, source = _Visit(self._guest), aiter(chunks)
        try:
            while (chunk := await visit.call(anext, source, _END)) is not _END:
                yield chunk
        finally:
            await visit.call(end or _nothing, last=True)

    def given(self, inputs: Iterable[Any] | AsyncIterable[Any]) -> Any:
        """Return inputs as an event loop can read them."""
        if not isinstance(inputs, AsyncIterable):
            return inputs
        self._guest.opened.append(self.read(inputs))
        return self._guest.opened[-1]

    def lend(self, chunks: AsyncGenerator[Any, None]) -> AsyncIterator[Any]:
        """Return a generator of the guest's as an iterator for tasks of trio's."""
        return _Lent(self._guest, chunks)


async def _nothing() -> None:
    pass


@final
class _Lent:
    """What may be left before its end: who has lent it closes it."""

    def __init__(self, guest: Guest, chunks: AsyncGenerator[Any, None]) -> None:
        self._guest = guest
        self._chunks = chunks

    def __aiter__(self) -> _Lent:
        return self

    async def __anext__(self) -> Any:
        return await self._guest.run(anext, self._chunks)


@final
class _Visit:
    """A task of trio's that runs what one of asyncio's asks for, call after call.

    One task, so that cancel scopes and nurseries of the user's may stay open between two calls.
    What is cancelled over there is cancelled here, for good, as trio has it.
    """

    def __init__(self, guest: Guest) -> None:
        self._guest = guest
        self._scope = trio.CancelScope()
        self._context = copy_context()
        self._asked: trio.Event | None = None  # where the task waits, once there is one
        self._call: Call
        self._is_last = False
        self._given = self._context

    async def call(
        self, function: Callable[..., Awaitable[Any]], *args: Any, last: bool = False
    ) -> Any:
        """Return what `function` returns; the context of the caller comes along, and back."""
        hop = Hop(self._scope.cancel)
        self._call, self._is_last = (function, args, hop), last
        if self._asked is None:
            trio.lowlevel.spawn_system_task(self._work, context=self._context)
        else:
            self._given = copy_context()
            self._asked.set()
        try:
            return await hop.outcome()
        finally:
            adopt(self._context)

    async def _work(self) -> None:
        with self._scope:
            while True:
                function, args, hop = self._call
                result, failed = None, None
                self._asked = trio.Event()
                try:
                    result = await _interruptible(function, args)
                except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
                    failed = _told(error)
                hop.settle(result, failed)
                self._guest.wake()
                if self._is_last:
                    return
                with trio.CancelScope(shield=True):
                    await self._asked.wait()
                adopt(self._given)


@trio.lowlevel.disable_ki_protection
async def _interruptible(function: Callable[..., Awaitable[Any]], args: tuple[Any, ...]) -> Any:
    return await function(*args)


def _told(error: BaseException) -> BaseException:
    """Return an error without trio's `Cancelled`, which is none to asyncio."""
    if isinstance(error, trio.Cancelled):
        return asyncio.CancelledError()
    if not isinstance(error, BaseExceptionGroup):
        return error
    group = cast("BaseExceptionGroup[BaseException]", error)
    cancelled, rest = group.split(trio.Cancelled)
    if cancelled is None:
        return group  # itself: what a split leaves is another one
    return rest or asyncio.CancelledError()

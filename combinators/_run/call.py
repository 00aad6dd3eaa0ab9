"""What goes down the tree with one call beside its input."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, final

from combinators._run.concurrency.budget import UNLIMITED, budget, checked_limit
from combinators._run.concurrency.pool import POOL

if TYPE_CHECKING:
    from collections.abc import (
        AsyncGenerator,
        AsyncIterable,
        AsyncIterator,
        Awaitable,
        Callable,
        Iterable,
    )
    from contextlib import AbstractAsyncContextManager

    from combinators._run.concurrency.budget import Budget
    from combinators._run.concurrency.pool import Pool
    from combinators._run.concurrency.scopes import Scope


@final
@dataclass(slots=True)  # not frozen: every fan-out makes one, and freezing doubles its price
class Call:
    """The options of a call, and where in the tree of its branches we are."""

    budget: Budget = UNLIMITED
    bound: int = 0  # runnables chosen by `bind` on the way here
    team: Scope | None = None  # of the branch that we are in

    def deeper(self) -> Call:
        """Return this call inside one more runnable chosen by `bind`."""
        return Call(self.budget, self.bound + 1, self.team)

    def within(self, scope: Scope) -> Call:
        """Return this call inside a scope of its own."""
        return Call(self.budget, self.bound, scope)


class Host(Protocol):
    """Who turns the event loop, where that is another one, and runs what steps await."""

    async def call(self, body: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        """Return what the async body of a step returns."""
        ...

    def read(
        self, chunks: AsyncIterable[Any], end: Callable[[], Awaitable[Any]] | None = None
    ) -> AsyncGenerator[Any, None]:
        """Yield what an async iterator of the user's yields; await `end` at the end."""
        ...

    def given(self, inputs: Iterable[Any] | AsyncIterable[Any]) -> Any:
        """Return inputs of a call as its event loop can read them, until the call is over."""
        ...

    def lend(self, chunks: AsyncGenerator[Any, None]) -> AsyncIterator[Any]:
        """Return a generator of ours as an iterator that the body of a step may read."""
        ...


@final
@dataclass(frozen=True, slots=True)
class Turn:
    """The options of a call on an event loop."""

    gate: AbstractAsyncContextManager[Any] = field(default_factory=nullcontext)
    bound: int = 0  # runnables chosen by `bind` on the way here
    host: Host | None = None

    def on(self, host: Host | None) -> Turn:
        """Return this call on an event loop that has a host."""
        return self if host is None else replace(self, host=host)

    def deeper(self) -> Turn:
        """Return this call inside one more runnable chosen by `bind`."""
        return replace(self, bound=self.bound + 1)


# Those of calls without options.
CALL = Call()
TURN = Turn()


def limited(limit: object, pool: Pool = POOL) -> Call:
    """Return the options of a call.

    Raises:
        OptionError: it cannot have this limit.
    """
    return CALL if limit is None and pool is POOL else Call(budget(limit, pool))


def turn(limit: object, bound: int = 0, host: Host | None = None) -> Turn:
    """Return the options of a call on an event loop, as `limited` does those of a sync one."""
    checked = checked_limit(limit)
    if checked is None:
        return Turn(bound=bound, host=host) if bound or host else TURN
    from asyncio import Semaphore  # noqa: PLC0415 - asyncio is loaded where it is needed

    return Turn(Semaphore(checked), bound, host)

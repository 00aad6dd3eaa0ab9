"""Items of a batch on the workers of an executor: observers see them leave and come back."""

from __future__ import annotations

from contextlib import aclosing, closing
from typing import TYPE_CHECKING, Any, final

from combinators._run.executors.aio import each_of
from combinators._run.observing.items import Tracked

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator

    from combinators._run.batches import abatch, batch


@final
class Drain:
    """Items on their way through a pipeline elsewhere, for a sync caller."""

    def __init__(self, start: Callable[[Any], batch.Outcomes], inputs: Any) -> None:
        self._tracked = Tracked()
        self._inner = start(self._begun(inputs))

    def stop(self) -> None:
        """Begin no further item."""
        self._inner.stop()

    def outcomes(self) -> Generator[batch.Outcome, None, None]:
        """Yield the outcome of every item as it is ready."""
        try:
            with closing(self._inner.outcomes()) as outcomes:
                for outcome in outcomes:
                    self._tracked.end(*outcome)
                    yield outcome
        finally:
            self._tracked.give_up()

    def _begun(self, inputs: Any) -> Generator[Any, None, None]:
        for position, item in enumerate(inputs):
            yield self._tracked.begin(position, item)


@final
class AsyncDrain:
    """The same, for a caller on an event loop."""

    def __init__(self, start: Callable[[Any], abatch.Outcomes], inputs: Any) -> None:
        self._tracked = Tracked()
        self._inner = start(self._begun(inputs))

    def stop(self) -> None:
        """Begin no further item."""
        self._inner.stop()

    async def outcomes(self) -> AsyncGenerator[batch.Outcome, None]:
        """Yield the outcome of every item as it is ready."""
        try:
            async with aclosing(self._inner.outcomes()) as outcomes:
                async for outcome in outcomes:
                    self._tracked.end(*outcome)
                    yield outcome
        finally:
            self._tracked.give_up()

    async def _begun(self, inputs: Any) -> AsyncGenerator[Any, None]:
        position = 0
        async with aclosing(each_of(inputs)) as items:
            async for item in items:
                yield self._tracked.begin(position, item)
                position += 1

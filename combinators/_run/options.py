"""The options of a batch: checked before anything runs, they say which machinery runs it."""

from __future__ import annotations

from collections.abc import AsyncIterable, Sized
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast, final

from combinators._errors import OptionError
from combinators._run import entry
from combinators._run.batches import batch
from combinators._run.call import limited
from combinators._run.calling import opened
from combinators._run.concurrency.pool import POOL, Pool, Using
from combinators._run.hosts import called, readable, streamed
from combinators._run.journals.journal import Journal
from combinators._words import a_kind

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterable

    from combinators._run.batches import abatch
    from combinators._run.call import Host
    from combinators._run.choice import Choice
    from combinators._run.code.program import Program
    from combinators._run.executors.worker import Invocable, Order
    from combinators._run.observing.watching import Watch

    Inputs = Iterable[Any] | AsyncIterable[Any]


@final
@dataclass(frozen=True, slots=True)
class Options:
    """The options of one batch."""

    limit: int | None
    errors: object
    check_mutation: bool
    executor: object
    chunk: object
    journal: object
    observers: object = ()

    @property
    def collect(self) -> bool:
        """Return whether failures are collected, rather than raised.

        Raises:
            OptionError: it is said in a way that has no meaning.
        """
        return batch.checked_errors(self.errors)

    def gathered(self, pipeline: Choice, inputs: Iterable[Any]) -> list[Any]:
        """Return the results of a batch, or its outcomes, in the order of the inputs.

        Raises:
            BatchError: an item failed, and failures are not collected.
            OptionError: an option has a value that it cannot have.
        """
        gather, watch = self._gathering(pipeline, inputs), self._opened("batch", inputs)
        if watch is None:
            return gather()
        from combinators._run.observing import items  # noqa: PLC0415 - only observers need it

        return cast("list[Any]", watch.result(lambda *_: gather(), items.shown(inputs)))

    def _gathering(self, pipeline: Choice, inputs: Iterable[Any]) -> Callable[[], list[Any]]:
        """Return what runs a batch whose options are checked."""
        collect, pool = self.collect, self._checked_pool()
        if pool is None or self.journal is not None:
            drain = self.drain(pipeline, inputs, "batch")
            return lambda: batch.gathered(drain(), collect=collect)
        gather = pipeline.compiled(
            entry.gathering, watch=self.check_mutation, observed=self.observed
        )
        call = limited(self.limit, pool)

        def gathered() -> list[Any]:
            with Using(pool):
                return cast("list[Any]", gather(self._numbered(inputs), call, collect))

        return gathered

    async def agathered(self, pipeline: Choice, inputs: Inputs) -> list[Any]:
        """Return the results of a batch, as `gathered` does, to a caller on an event loop."""
        gather, watch = self._agathering(pipeline, inputs), self._opened("abatch", inputs)
        if watch is None:
            return cast("list[Any]", await called(gather))
        from combinators._run.observing import awatching, items  # noqa: PLC0415 - only observers need it

        shown = items.shown(inputs)
        return cast("list[Any]", await awatching.result(watch, lambda *_: called(gather), shown))

    def _agathering(
        self, pipeline: Choice, inputs: Inputs
    ) -> Callable[[Host | None], Coroutine[Any, Any, list[Any]]]:
        from combinators._run.batches import abatch, agathering  # noqa: PLC0415 - asyncio is loaded where it is needed

        collect, pool = self.collect, self._checked_pool()
        if pool is None or self.journal is not None:
            drain = self.adrain(pipeline, inputs)
            return lambda host: abatch.gathered(drain(host), collect=collect)
        loop = self._itemwise(pipeline, agathering.loop)

        def gathered(host: Host | None) -> Coroutine[Any, Any, list[Any]]:
            with Using(pool):
                items = self._numbered(readable(inputs, host))
                gathering = agathering.gathering(
                    loop(host), items, self.limit, collect=collect, host=host
                )
            return gathering.results()

        return gathered

    def as_completed(
        self, pipeline: Choice, inputs: Iterable[Any]
    ) -> Generator[tuple[int, Any], None, None]:
        """Yield the index and result of every item, or its outcome, as they are ready.

        Raises:
            BatchError: an item failed, and failures are not collected.
            OptionError: an option has a value that it cannot have.
        """
        called = "batch_as_completed"
        drain, watch = self.drain(pipeline, inputs, called), self._opened(called, inputs)
        if watch is None:
            return batch.as_completed(drain(), collect=self.collect)
        from combinators._run.observing import items  # noqa: PLC0415 - only observers need it

        def outcomes() -> Generator[tuple[int, Any], None, None]:
            yield from batch.as_completed(drain(), collect=self.collect)

        return watch.given(items.shown(inputs), outcomes())

    def aas_completed(
        self, pipeline: Choice, inputs: Inputs
    ) -> AsyncGenerator[tuple[int, Any], None]:
        """Yield what `as_completed` does, to a caller on an event loop."""
        from combinators._run.batches import abatch  # noqa: PLC0415 - asyncio is loaded where it is needed

        def start(host: Host | None) -> AsyncGenerator[tuple[int, Any], None]:
            return abatch.as_completed(drain(host), collect=self.collect)

        name = "abatch_as_completed"
        drain, watch = self.adrain(pipeline, inputs), self._opened(name, inputs)
        if watch is None:
            return streamed(start)
        from combinators._run.observing import awatching, items  # noqa: PLC0415 - only observers need it

        async def outcomes() -> AsyncGenerator[tuple[int, Any], None]:
            async with aclosing(streamed(start)) as found:
                async for outcome in found:
                    yield outcome

        return awatching.given(watch, items.shown(inputs), outcomes())

    def drain(
        self, pipeline: Choice, inputs: Iterable[Any], called: str
    ) -> Callable[[], batch.Outcomes]:
        """Return what starts what gives the outcomes of a batch to a sync caller.

        Raises:
            OptionError: an option has a value that it cannot have.
        """
        collect, journal = self.collect, _checked_journal(self.journal)
        start = self._start(pipeline, called)
        if journal is None:
            return lambda: start(self._numbered(inputs))
        from combinators._run.journals.sync import Drain  # noqa: PLC0415 - only journals need it

        return partial(Drain, journal, inputs, start, collect=collect, observed=self.observed)

    def adrain(self, pipeline: Choice, inputs: Inputs) -> Callable[[Host | None], abatch.Outcomes]:
        """Return the same for a caller on an event loop, which may have a host.

        Raises:
            OptionError: an option has a value that it cannot have.
        """
        collect, journal = self.collect, _checked_journal(self.journal)
        start = self._astart(pipeline)
        if journal is None:
            return lambda host: start(host, self._numbered(readable(inputs, host)))
        from combinators._run.journals.aio import Drain  # noqa: PLC0415 - only journals need it

        return lambda host: Drain(
            journal,
            readable(inputs, host),
            partial(start, host),
            collect=collect,
            observed=self.observed,
        )

    def _start(self, pipeline: Choice, called: str) -> Callable[[Iterable[Any]], batch.Outcomes]:
        pool = self._checked_pool()
        if pool is None:
            from combinators._run.executors import sync as executors  # noqa: PLC0415 - only executors need it

            executor, order, size = self._sent(pipeline)
            return self._tracked(lambda inputs: executors.Drain(executor, inputs, order, size))
        start = pipeline.compiled(entry.drain, watch=self.check_mutation, observed=self.observed)
        call = limited(self.limit, pool)

        def started(inputs: Iterable[Any]) -> batch.Outcomes:
            with Using(pool):
                return cast("batch.Outcomes", start(inputs, call, called, self.collect))

        return started

    def _astart(self, pipeline: Choice) -> Callable[[Host | None, Inputs], abatch.Outcomes]:
        pool = self._checked_pool()
        if pool is None:
            from combinators._run.executors import aio as aexecutors  # noqa: PLC0415 - only executors need it

            executor, order, size = self._sent(pipeline)
            start = self._atracked(lambda inputs: aexecutors.Drain(executor, inputs, order, size))
            return lambda _, inputs: start(inputs)
        from combinators._run import aio  # noqa: PLC0415 - as above
        from combinators._run.batches import abatch  # noqa: PLC0415 - asyncio is loaded where it is needed

        program = self._itemwise(pipeline, aio.itemwise)

        def started(host: Host | None, inputs: Inputs) -> abatch.Outcomes:
            with Using(pool):
                return abatch.drain(
                    program(host), inputs, self.limit, collect=self.collect, host=host
                )

        return started

    @property
    def observed(self) -> bool:
        """Return whether anybody observes the batch.

        Raises:
            OptionError: those who should are no observers.
        """
        return opened(self.observers, "batch") is not None

    def _opened(self, called: str, inputs: object) -> Watch | None:
        return opened(self.observers, called, len(inputs) if isinstance(inputs, Sized) else None)

    def _numbered(self, inputs: Any) -> Any:
        """Return inputs as items that are observed take them: each with its index."""
        if not self.observed:
            return inputs
        from combinators._run.observing.items import NumberedLater, numbered  # noqa: PLC0415 - only observers need it

        later = isinstance(cast("object", inputs), AsyncIterable)
        return NumberedLater(inputs) if later else numbered(inputs)

    def _tracked(self, start: Callable[[Any], batch.Outcomes]) -> Callable[[Any], batch.Outcomes]:
        """Return what starts items elsewhere; observers see them leave and come back."""
        if not self.observed:
            return start
        from combinators._run.observing.elsewhere import Drain  # noqa: PLC0415 - only observers need it

        return partial(Drain, start)

    def _atracked(
        self, start: Callable[[Any], abatch.Outcomes]
    ) -> Callable[[Any], abatch.Outcomes]:
        """Return the same, for a caller on an event loop."""
        if not self.observed:
            return start
        from combinators._run.observing.elsewhere import AsyncDrain  # noqa: PLC0415 - only observers need it

        return partial(AsyncDrain, start)

    def _itemwise(
        self, pipeline: Choice, compile_: Callable[..., Program]
    ) -> Callable[[Host | None], Program]:
        """Return what gives what runs items on an event loop, which may have a host."""
        from combinators._run.concurrency.budget import checked_limit  # noqa: PLC0415 - only here it is loaded already

        variant = {
            "watch": self.check_mutation,
            "limited": checked_limit(self.limit) is not None,
            "observed": self.observed,
        }
        return lambda host: pipeline.compiled(compile_, hosted=host is not None, **variant)

    def _checked_pool(self) -> Pool | None:
        """Return the pool that runs the batch here, None where an executor runs it elsewhere."""
        if self.executor is not None and not isinstance(self.executor, Pool):
            return None
        if self.chunk is not None:
            accepted = "None, unless executor= is one that runs items elsewhere, in chunks"
            raise OptionError("chunk", a_kind(self.chunk), accepted)
        return self.executor or POOL

    def _sent(self, pipeline: Choice) -> tuple[Any, Order, int | None]:
        from combinators._run.concurrency.budget import checked_limit  # noqa: PLC0415 - only executors need it
        from combinators._run.executors.dispatch import checked_executor, checked_size  # noqa: PLC0415 - as above
        from combinators._run.executors.worker import Order  # noqa: PLC0415 - as above

        order = Order(
            cast("Invocable", pipeline),
            limit=checked_limit(self.limit),
            check_mutation=self.check_mutation,
            collect=self.collect,
        )
        return checked_executor(self.executor), order, checked_size(self.chunk)


def _checked_journal(journal: object) -> Journal | None:
    if not isinstance(journal, Journal | None):
        raise OptionError("journal", a_kind(journal), "a Journal, or None to keep nothing")
    return journal

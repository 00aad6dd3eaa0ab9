"""The options of a batch: checked before anything runs, they say which machinery runs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast, final

from combinators._errors import OptionError
from combinators._run import entry
from combinators._run.batches import batch
from combinators._run.call import limited
from combinators._run.concurrency.pool import POOL, Pool, using
from combinators._run.hosts import called, streamed
from combinators._run.journals.journal import Journal
from combinators._words import a_kind

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Callable, Generator, Iterable

    from combinators._run.batches import abatch
    from combinators._run.call import Host
    from combinators._run.choice import Choice
    from combinators._run.executors.worker import Invocable, Order

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
        collect, pool = self.collect, self._checked_pool()
        if pool is None or self.journal is not None:
            return batch.gathered(self.drain(pipeline, inputs, "batch"), collect=collect)
        gather = pipeline.compiled(entry.gathering, watch=self.check_mutation)
        with using(pool):
            return cast("list[Any]", gather(inputs, limited(self.limit, pool), collect))

    async def agathered(self, pipeline: Choice, inputs: Inputs) -> list[Any]:
        """Return the results of a batch, as `gathered` does, to a caller on an event loop."""
        return cast("list[Any]", await called(lambda host: self._agathered(pipeline, inputs, host)))

    async def _agathered(self, pipeline: Choice, inputs: Inputs, host: Host | None) -> list[Any]:
        from combinators._run.batches import abatch, agathering  # noqa: PLC0415 - asyncio is loaded where it is needed

        collect, pool = self.collect, self._checked_pool()
        if host is not None:
            inputs = host.given(inputs)
        if pool is None or self.journal is not None:
            return await abatch.gathered(self.adrain(pipeline, inputs, host), collect=collect)
        with using(pool):
            gathering = agathering.gathering(
                pipeline, inputs, self.limit, collect=collect, watch=self.check_mutation, host=host
            )
        return await gathering.results()

    def as_completed(
        self, pipeline: Choice, inputs: Iterable[Any]
    ) -> Generator[tuple[int, Any], None, None]:
        """Yield the index and result of every item, or its outcome, as they are ready.

        Raises:
            BatchError: an item failed, and failures are not collected.
            OptionError: an option has a value that it cannot have.
        """
        drain = self.drain(pipeline, inputs, "batch_as_completed")
        return batch.as_completed(drain, collect=self.collect)

    def aas_completed(
        self, pipeline: Choice, inputs: Inputs
    ) -> AsyncGenerator[tuple[int, Any], None]:
        """Yield what `as_completed` does, to a caller on an event loop."""
        from combinators._run.batches import abatch  # noqa: PLC0415 - asyncio is loaded where it is needed

        def start(host: Host | None) -> AsyncGenerator[tuple[int, Any], None]:
            given = drain if host is None else self.adrain(pipeline, host.given(inputs), host)
            return abatch.as_completed(given, collect=self.collect)

        drain = self.adrain(pipeline, inputs)
        return streamed(start)

    def drain(self, pipeline: Choice, inputs: Iterable[Any], called: str) -> batch.Outcomes:
        """Return what gives the outcomes of a batch to a sync caller.

        Raises:
            OptionError: an option has a value that it cannot have.
        """
        collect, journal = self.collect, _checked_journal(self.journal)
        start = self._start(pipeline, called)
        if journal is None:
            return start(inputs)
        from combinators._run.journals.sync import Drain  # noqa: PLC0415 - only journals need it

        return Drain(journal, inputs, start, collect=collect)

    def adrain(self, pipeline: Choice, inputs: Inputs, host: Host | None = None) -> abatch.Outcomes:
        """Return what gives the outcomes of a batch to a caller on an event loop.

        Raises:
            OptionError: an option has a value that it cannot have.
        """
        collect, journal = self.collect, _checked_journal(self.journal)
        start = self._astart(pipeline, host)
        if journal is None:
            return start(inputs)
        from combinators._run.journals.aio import Drain  # noqa: PLC0415 - only journals need it

        return Drain(journal, inputs, start, collect=collect)

    def _start(self, pipeline: Choice, called: str) -> Callable[[Iterable[Any]], batch.Outcomes]:
        pool = self._checked_pool()
        if pool is None:
            from combinators._run.executors import sync as executors  # noqa: PLC0415 - only executors need it

            executor, order, size = self._sent(pipeline)
            return lambda inputs: executors.Drain(executor, inputs, order, size)
        start = pipeline.compiled(entry.drain, watch=self.check_mutation)
        call = limited(self.limit, pool)

        def started(inputs: Iterable[Any]) -> batch.Outcomes:
            with using(pool):
                return cast("batch.Outcomes", start(inputs, call, called))

        return started

    def _astart(self, pipeline: Choice, host: Host | None) -> Callable[[Inputs], abatch.Outcomes]:
        pool = self._checked_pool()
        if pool is None:
            from combinators._run.executors import aio as aexecutors  # noqa: PLC0415 - only executors need it

            executor, order, size = self._sent(pipeline)
            return lambda inputs: aexecutors.Drain(executor, inputs, order, size)
        from combinators._run.batches import abatch  # noqa: PLC0415 - asyncio is loaded where it is needed

        def started(inputs: Inputs) -> abatch.Outcomes:
            with using(pool):
                return abatch.drain(
                    pipeline, inputs, self.limit, watch=self.check_mutation, host=host
                )

        return started

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

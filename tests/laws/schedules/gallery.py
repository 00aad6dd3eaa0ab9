"""Systems that are wrong under some schedule: at least one for each law, which it breaks.

Most of them are right as long as nobody is in their way.
"""

import asyncio
import threading
from collections.abc import AsyncGenerator, Generator, Iterable
from functools import partial
from typing import Any, Final

from typing_extensions import override

from combinators import FanoutError, Runnable, runnable
from combinators._run.concurrency.pool import POOL
from combinators.laws import Law, Ours
from combinators.laws.schedules import endings, flows, interleavings

Pipeline = Runnable[Any, Any]


# --- fan-outs -----------------------------------------------------------------------


class FirstDoneFirst(Ours):
    """Gives the results of branches in the order in which they are ready."""

    @override
    def row(self, *branches: Pipeline) -> Pipeline:
        async def run(x: object) -> tuple[Any, ...]:
            ready: list[Any] = []

            async def one(branch: Pipeline) -> None:
                ready.append(await branch.ainvoke(x))

            await asyncio.gather(*map(one, branches))
            return tuple(ready)

        return runnable(run)


class TakesJobsTwice(Ours):
    """Looks for a job that nobody has begun, and begins it: two threads may find the same."""

    @override
    def row(self, *branches: Pipeline) -> Pipeline:
        def run(x: object) -> tuple[Any, ...]:
            begun, results = set[int](), dict[int, Any]()
            ended = threading.Semaphore(0)

            def work() -> None:
                while left := [job for job in range(len(branches)) if job not in begun]:
                    job = left[0]
                    begun.add(job)
                    results[job] = branches[job].invoke(x)
                ended.release()

            helped = POOL.spawn(work)
            work()
            for _ in range(1 + helped):
                ended.acquire()
            return tuple(results[index] for index in range(len(branches)))

        return runnable(run, aio=super().row(*branches).ainvoke)


class AsksTwice(Ours):
    """Asks two threads, and keeps answers: the second may ask while the first has none to keep."""

    @override
    def row(self, *branches: Pipeline) -> Pipeline:
        def run(x: object) -> tuple[Any, ...]:
            known: dict[int, Any] = {}

            def ask() -> None:
                for index, branch in enumerate(branches):
                    if index not in known:
                        known[index] = branch.invoke(x)

            POOL.spawn(ask)
            ask()
            return tuple(known[index] for index in range(len(branches)))

        return runnable(run, aio=super().row(*branches).ainvoke)


class ForgetsToWakeUp(Ours):
    """Waits to be woken once for every branch: of two who wake it at once, it notices one."""

    @override
    def row(self, *branches: Pipeline) -> Pipeline:
        def run(x: object) -> tuple[Any, ...]:
            ended, results = threading.Event(), dict[int, Any]()

            def work(index: int) -> None:
                results[index] = branches[index].invoke(x)
                ended.set()

            for index in range(len(branches)):
                if not POOL.spawn(partial(work, index)):
                    work(index)
            for _ in branches:
                ended.wait()
                ended.clear()
            return tuple(results[index] for index in range(len(branches)))

        return runnable(run, aio=super().row(*branches).ainvoke)


class OneAfterTheOther(Ours):
    """Runs branches in turn."""

    @override
    def row(self, *branches: Pipeline) -> Pipeline:
        return runnable(lambda x: tuple(branch.invoke(x) for branch in branches))


class LimitOffByOne(Ours):
    """Lets one more in than the limit says."""

    @override
    def invoke(self, p: Pipeline, x: object, /, **options: Any) -> Any:
        return super().invoke(p, x, **_more(options, 1))

    @override
    async def ainvoke(self, p: Pipeline, x: object, /, **options: Any) -> Any:
        return await super().ainvoke(p, x, **_more(options, 1))


class LimitOffByOneBelow(Ours):
    """Lets one fewer in than the limit says, if that leaves anybody."""

    @override
    def invoke(self, p: Pipeline, x: object, /, **options: Any) -> Any:
        return super().invoke(p, x, **_more(options, -1))

    @override
    async def ainvoke(self, p: Pipeline, x: object, /, **options: Any) -> Any:
        return await super().ainvoke(p, x, **_more(options, -1))

    @override
    def completed(
        self, p: Pipeline, xs: Iterable[Any], /, **options: Any
    ) -> Generator[tuple[int, Any], None, None]:
        return super().completed(p, xs, **_more(options, -1))


def _more(options: dict[str, Any], difference: int) -> dict[str, Any]:
    limit = options.get("limit")
    return {**options, "limit": None if limit is None else max(limit + difference, 1)}


# --- endings ------------------------------------------------------------------------


class Orphans(Ours):
    """Raises the first failure, and leaves the other branches to themselves."""

    @override
    def row(self, *branches: Pipeline) -> Pipeline:
        async def run(x: object) -> tuple[Any, ...]:
            return tuple(await asyncio.gather(*(branch.ainvoke(x) for branch in branches)))

        return runnable(run)


class SwallowsCancellation(Ours):
    """Answers a cancellation as if it were any exception."""

    @override
    async def ainvoke(self, p: Pipeline, x: object, /, **options: Any) -> Any:
        try:
            return await super().ainvoke(p, x, **options)
        except asyncio.CancelledError:
            return None


class _Told(Ours):
    """Runs all branches to their end and tells of some failures."""

    def told(self, errors: dict[int, Exception]) -> dict[int, Exception]:
        return errors

    @override
    def row(self, *branches: Pipeline) -> Pipeline:
        async def run(x: object) -> tuple[Any, ...]:
            errors: dict[int, Exception] = {}

            async def one(index: int) -> object:
                try:
                    return await branches[index].ainvoke(x)
                except Exception as error:  # noqa: BLE001 - kept under its key
                    errors[index] = error
                    return None

            results = await asyncio.gather(*map(one, range(len(branches))))
            if errors:
                raise FanoutError(self.told(errors), len(branches))
            return tuple(results)

        return runnable(run)


class TellsTheLastFailure(_Told):
    """Keeps failures in one place, where the next one overwrites it."""

    @override
    def told(self, errors: dict[int, Exception]) -> dict[int, Exception]:
        return dict([*errors.items()][-1:])


class TellsTheFirstFailure(_Told):
    """Keeps the first failure and forgets the others."""

    @override
    def told(self, errors: dict[int, Exception]) -> dict[int, Exception]:
        return dict([*errors.items()][:1])


class GoesOnAfterAFailure(Ours):
    """Begins what is left though a branch has failed."""

    @override
    def row(self, *branches: Pipeline) -> Pipeline:
        def run(x: object) -> tuple[Any, ...]:
            results, errors = list[Any](), dict[int, Exception]()
            for index, branch in enumerate(branches):
                try:
                    results.append(branch.invoke(x))
                except Exception as error:  # noqa: BLE001 - kept under its key
                    errors[index] = error
            if errors:
                raise FanoutError(errors, len(branches))
            return tuple(results)

        return runnable(run)


class GroupsInterrupts(Ours):
    """Takes Ctrl-C for a failure like any other."""

    @override
    def row(self, *branches: Pipeline) -> Pipeline:
        def run(x: object) -> tuple[Any, ...]:
            try:
                return tuple(branch.invoke(x) for branch in branches)
            except KeyboardInterrupt as error:
                raise FanoutError({0: RuntimeError(error)}, len(branches)) from error

        return runnable(run)


# --- flows --------------------------------------------------------------------------


class NeighboursAnswer(Ours):
    """Keeps the item at work in one place, where the next one overwrites it."""

    @override
    def completed(
        self, p: Pipeline, xs: Iterable[Any], /, **options: Any
    ) -> Generator[tuple[int, Any], None, None]:
        current: list[Any] = [None]

        def keep(x: object) -> object:
            current[0] = x
            return x

        def answer(result: object) -> object:
            return current[0], result

        step = self.pipe(self.lift(keep), p, self.lift(answer))
        for index, (x, result) in super().completed(step, xs, **options):
            yield x if isinstance(x, int) else index, result


class AllAtTheEnd(Ours):
    """Gives items and chunks when the last one is ready."""

    @override
    def completed(
        self, p: Pipeline, xs: Iterable[Any], /, **options: Any
    ) -> Generator[tuple[int, Any], None, None]:
        yield from [*super().completed(p, xs, **options)]

    @override
    def stream(self, p: Pipeline, x: object, /, **options: Any) -> Generator[Any, None, None]:
        yield from [*super().stream(p, x, **options)]


class ReadsAhead(Ours):
    """Lets a task read the stream, which nobody stops when the reader has gone."""

    @override
    async def astream(self, p: Pipeline, x: object, /, **options: Any) -> AsyncGenerator[Any, None]:
        chunks: asyncio.Queue[list[Any]] = asyncio.Queue()

        async def read() -> None:
            async for chunk in super(ReadsAhead, self).astream(p, x, **options):
                chunks.put_nowait([chunk])
            chunks.put_nowait([])

        reader = asyncio.ensure_future(read())
        while chunk := await chunks.get():
            yield chunk[0]
        await reader


MUTANTS: Final[tuple[tuple[Law, Ours], ...]] = (
    (interleavings.every_schedule_gives_the_same_result, FirstDoneFirst()),
    (interleavings.every_schedule_gives_the_same_result, ForgetsToWakeUp()),
    (interleavings.every_step_runs_once, TakesJobsTwice()),
    (interleavings.every_step_runs_once, AsksTwice()),
    (interleavings.a_fanout_takes_as_long_as_its_slowest_branch, OneAfterTheOther()),
    (interleavings.the_limit_is_kept_at_every_moment, LimitOffByOne()),
    (interleavings.no_time_is_wasted, LimitOffByOneBelow()),
    (interleavings.no_time_is_wasted, OneAfterTheOther()),
    (endings.nothing_outlives_the_call, Orphans()),
    (endings.a_cancelled_call_awaits_what_it_began, SwallowsCancellation()),
    (endings.the_first_failure_is_reported, TellsTheLastFailure()),
    (endings.every_failure_is_reported_and_no_other, TellsTheFirstFailure()),
    (endings.no_branch_begins_after_a_failure, GoesOnAfterAFailure()),
    (endings.an_interrupt_is_in_no_group, GroupsInterrupts()),
    (flows.every_item_comes_once_with_its_own_result, NeighboursAnswer()),
    (flows.items_come_as_they_are_ready, AllAtTheEnd()),
    (flows.a_batch_keeps_its_limit_and_wastes_no_time, LimitOffByOneBelow()),
    (flows.chunks_come_as_they_are_ready, AllAtTheEnd()),
    (flows.closing_a_stream_awaits_its_cleanup, ReadsAhead()),
)

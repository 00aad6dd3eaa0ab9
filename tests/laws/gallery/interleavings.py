"""Fan-outs that are wrong, most of them only when somebody is in their way."""

import asyncio
import threading
from collections.abc import Generator, Iterable, Mapping
from functools import partial
from typing import Any, Final

from typing_extensions import override

from combinators import runnable
from combinators._run.concurrency.pool import POOL
from combinators.laws import Ours, limits
from combinators.laws.schedules import interleavings
from tests.laws.gallery.wrong import Exhibits, Pipeline


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
        return super().invoke(p, x, **more(options, 1))

    @override
    async def ainvoke(self, p: Pipeline, x: object, /, **options: Any) -> Any:
        return await super().ainvoke(p, x, **more(options, 1))


class LimitsEachFanout(Ours):
    """Each fan-out has the limit of the call to itself: where two nest, twice as many run."""

    limit: int | None = None

    @override
    def fanout(self, branches: Mapping[str, Pipeline], /) -> Pipeline:
        def under_keys(found: tuple[Any, ...]) -> dict[str, Any]:
            return dict(zip(branches, found, strict=True))

        return self.pipe(self.row(*branches.values()), self.lift(under_keys))

    @override
    def row(self, *branches: Pipeline) -> Pipeline:
        def run(x: object) -> tuple[Any, ...]:
            jobs, results = iter(range(len(branches))), dict[int, Any]()
            ended = threading.Semaphore(0)

            def work() -> None:
                for job in jobs:
                    results[job] = branches[job].invoke(x)
                ended.release()

            workers = min(self.limit or len(branches), len(branches))
            helped = sum(POOL.spawn(work) for _ in range(workers - 1))
            work()
            for _ in range(1 + helped):
                ended.acquire()
            return tuple(results[index] for index in range(len(branches)))

        async def arun(x: object) -> tuple[Any, ...]:
            turns = asyncio.Semaphore(self.limit or len(branches))

            async def one(branch: Pipeline) -> object:
                async with turns:
                    return await branch.ainvoke(x)

            return tuple(await asyncio.gather(*map(one, branches)))

        return runnable(run, aio=arun)

    @override
    def invoke(self, p: Pipeline, x: object, /, **options: Any) -> Any:
        self.limit = options.get("limit")
        return super().invoke(p, x)

    @override
    async def ainvoke(self, p: Pipeline, x: object, /, **options: Any) -> Any:
        self.limit = options.get("limit")
        return await super().ainvoke(p, x)

    @override
    def batch(self, p: Pipeline, xs: Iterable[Any], /, **options: Any) -> list[Any]:
        self.limit = options.get("limit")
        return super().batch(p, xs, **options)


class LimitOffByOneBelow(Ours):
    """Lets one fewer in than the limit says, if that leaves anybody."""

    @override
    def invoke(self, p: Pipeline, x: object, /, **options: Any) -> Any:
        return super().invoke(p, x, **more(options, -1))

    @override
    async def ainvoke(self, p: Pipeline, x: object, /, **options: Any) -> Any:
        return await super().ainvoke(p, x, **more(options, -1))

    @override
    def completed(
        self, p: Pipeline, xs: Iterable[Any], /, **options: Any
    ) -> Generator[tuple[int, Any], None, None]:
        return super().completed(p, xs, **more(options, -1))


def more(options: dict[str, Any], difference: int) -> dict[str, Any]:
    """Return options with another limit, if there is one."""
    limit = options.get("limit")
    return {**options, "limit": None if limit is None else max(limit + difference, 1)}


EXHIBITS: Final[Exhibits] = (
    (interleavings.every_schedule_gives_the_same_result, FirstDoneFirst()),
    (interleavings.every_schedule_gives_the_same_result, ForgetsToWakeUp()),
    (interleavings.every_step_runs_once, TakesJobsTwice()),
    (interleavings.every_step_runs_once, AsksTwice()),
    (interleavings.a_fanout_takes_as_long_as_its_slowest_branch, OneAfterTheOther()),
    (interleavings.the_limit_is_kept_at_every_moment, LimitOffByOne()),
    (interleavings.the_limit_is_kept_at_every_moment, LimitsEachFanout()),
    (limits.no_more_bodies_run_at_once_than_the_limit, LimitsEachFanout()),
    (interleavings.no_time_is_wasted, LimitOffByOneBelow()),
    (interleavings.no_time_is_wasted, OneAfterTheOther()),
)

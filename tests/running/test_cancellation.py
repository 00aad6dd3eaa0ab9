"""A cancelled call ends bare, with everything that it started over."""

import asyncio
import time
from typing import Any

import pytest

from combinators import Runnable, each, fanout, pipe, runnable
from tests.running.ways import AnyStep, Gauge, awaiting, collected, inc, within

pytestmark = pytest.mark.race


class Finals:
    """An async step that waits for long, and tells when its cleanup is over."""

    def __init__(self) -> None:
        self.begun = 0
        self.ended = 0

    async def step(self, x: object) -> object:
        self.begun += 1
        try:
            await asyncio.sleep(30)
        finally:
            await asyncio.sleep(0.02)
            self.ended += 1
        return x


def shapes(step: AnyStep) -> list[Runnable[Any, Any]]:
    return [
        runnable(step),
        pipe(inc, step, inc),
        fanout(a=step, b=step),
        fanout(a=fanout(b=step, c=pipe(inc, step))),
        fanout(a=step, b=inc).attempt(),
    ]


@pytest.mark.parametrize("shape", range(5))
def test_a_timeout_around_a_call_ends_it_and_joins_it(shape: int) -> None:
    finals = Finals()
    r = shapes(finals.step)[shape]

    async def main() -> int:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await r.ainvoke(1)
        assert finals.ended == finals.begun >= 1
        return len(asyncio.all_tasks())

    assert within(10, main()) == 1


@pytest.mark.parametrize("shape", range(5))
def test_wait_for_ends_a_call_and_joins_it(shape: int) -> None:
    finals = Finals()
    r = shapes(finals.step)[shape]

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(r.ainvoke(1), 0.05)
        assert finals.ended == finals.begun >= 1

    within(10, main())


@pytest.mark.parametrize("shape", range(5))
def test_a_cancelled_task_raises_cancelled_error_bare(shape: int) -> None:
    finals = Finals()
    r = shapes(finals.step)[shape]

    async def main() -> None:
        task = asyncio.ensure_future(r.ainvoke(1))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        assert not hasattr(caught.value, "__notes__")
        assert finals.ended == finals.begun >= 1

    within(10, main())


def test_a_task_cancelled_before_it_began_starts_nothing() -> None:
    finals = Finals()

    async def main() -> None:
        task = asyncio.ensure_future(fanout(a=finals.step, b=finals.step).ainvoke(1))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    within(10, main())
    assert finals.begun == 0


def test_a_second_cancellation_still_waits_for_cleanup() -> None:
    finals = Finals()

    async def main() -> None:
        task = asyncio.ensure_future(fanout(a=finals.step, b=awaiting(30)).ainvoke(1))
        await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}

    within(10, main())


@pytest.mark.parametrize("limit", [None, 1, 8])
def test_a_cancelled_call_waits_for_the_sync_step_that_runs(limit: int | None) -> None:
    gauge = Gauge(0.2)

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await fanout(a=gauge.step, b=gauge.step).ainvoke(1, limit=limit)
        assert (gauge.running, gauge.count) == (0, 1 if limit == 1 else 2)

    within(10, main())


def test_a_step_after_the_cancelled_one_does_not_begin() -> None:
    ran: list[object] = []

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await pipe(awaiting(10), ran.append).ainvoke(1)

    within(10, main())
    assert ran == []


def test_an_attempt_does_not_capture_a_cancellation() -> None:
    async def main() -> None:
        task = asyncio.ensure_future(runnable(awaiting(30)).attempt().ainvoke(1))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    within(10, main())


def test_a_cancelled_batch_joins_its_items() -> None:
    finals = Finals()

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await runnable(finals.step).abatch(range(20), limit=4)
        assert finals.begun == finals.ended == 4
        assert asyncio.all_tasks() == {asyncio.current_task()}

    within(10, main())


def test_a_cancelled_stream_joins_its_source() -> None:
    finals = Finals()

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await collected(pipe(inc, finals.step, str).astream(1))
        assert finals.begun == finals.ended == 1

    within(10, main())


def test_a_closed_batch_ends_where_the_cleanup_of_an_item_fails() -> None:
    begun: list[int] = []

    async def messy(n: int) -> int:
        begun.append(n)
        if n == 0:
            return 0
        try:
            await asyncio.sleep(30)
        finally:
            raise KeyError

    async def main() -> None:
        results = runnable(messy).abatch_as_completed(iter(range(10_000)), limit=2)
        assert await anext(results) == (0, 0)
        await asyncio.sleep(0.02)
        await results.aclose()

    within(5, main())
    assert len(begun) <= 4


def test_a_closed_batch_ends_where_an_item_swallows_its_cancellation() -> None:
    async def stubborn(n: int) -> int:
        if n:
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError:
                return -1
        return n

    async def main() -> None:
        results = runnable(stubborn).abatch_as_completed(iter(range(10_000)), limit=2)
        assert await anext(results) == (0, 0)
        await asyncio.sleep(0.02)
        await results.aclose()

    within(5, main())


def test_each_element_is_cancelled_and_joined() -> None:
    finals = Finals()

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await each(finals.step).ainvoke(range(5))

    begin = time.perf_counter()
    within(10, main())
    assert finals.begun == finals.ended == 5
    assert time.perf_counter() - begin < 5


def plain_task(loop: asyncio.AbstractEventLoop, coro: Any) -> asyncio.Task[Any]:  # noqa: ANN401 - as asyncio has it
    return asyncio.Task(coro, loop=loop)


def test_a_branch_that_somebody_cancels_before_it_began_cancels_the_call() -> None:
    finals = Finals()
    kept: set[Any] = set()

    async def meddle(_: object) -> None:
        for task in asyncio.all_tasks() - kept - {asyncio.current_task()}:
            task.cancel()

    async def main() -> None:
        # Tasks of a factory begin later, on every Python.
        asyncio.get_running_loop().set_task_factory(plain_task)
        call = asyncio.ensure_future(fanout(a=meddle, b=finals.step, c=finals.step).ainvoke(1))
        kept.update({asyncio.current_task(), call, *asyncio.all_tasks()})
        with pytest.raises(asyncio.CancelledError):
            await call

    within(10, main())
    assert finals.begun == finals.ended


def test_a_batch_that_is_cancelled_twice_still_joins_its_items() -> None:
    finals = Finals()

    async def main() -> None:
        task = asyncio.ensure_future(runnable(finals.step).abatch(range(4), limit=2))
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}

    within(10, main())

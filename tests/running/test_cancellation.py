"""A cancelled call ends bare, with everything that it started over."""

import asyncio
import time
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from combinators import Runnable, each, fanout, pipe, runnable
from tests.running.ways import (
    AnyStep,
    Gauge,
    Loop,
    awaiting,
    begun,
    collected,
    inc,
    on_asyncio,
    tasks_left,
    timeout,
)


class Finals:
    """An async step that waits for long, and tells when its cleanup is over."""

    def __init__(self) -> None:
        self.begun = 0
        self.ended = 0

    async def step(self, x: object) -> object:
        self.begun += 1
        try:
            await anyio.sleep(30)
        finally:
            with anyio.CancelScope(shield=True):  # on trio, whatever is cancelled stays so
                await anyio.sleep(0.02)
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
def test_a_timeout_around_a_call_ends_it_and_joins_it(run: Loop, shape: int) -> None:
    finals = Finals()
    r = shapes(finals.step)[shape]

    async def main() -> int:
        with pytest.raises(TimeoutError):
            async with timeout(0.5):
                await r.ainvoke(1)
        assert finals.ended == finals.begun >= 1
        return tasks_left()

    assert run(main(), seconds=10) == 0


@pytest.mark.race
@pytest.mark.parametrize("shape", range(5))
def test_wait_for_ends_a_call_and_joins_it(shape: int) -> None:
    finals = Finals()
    r = shapes(finals.step)[shape]

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(r.ainvoke(1), 0.05)
        assert finals.ended == finals.begun >= 1

    on_asyncio(main(), seconds=10)


@pytest.mark.race
@pytest.mark.parametrize("shape", range(5))
def test_a_cancelled_task_raises_what_cancels_it_bare(run: Loop, shape: int) -> None:
    finals = Finals()
    r = shapes(finals.step)[shape]
    seen: list[BaseException] = []

    async def call() -> None:
        try:
            await r.ainvoke(1)
        except BaseException as error:
            seen.append(error)
            raise

    async def main() -> None:
        async with begun(call()) as task:
            await anyio.sleep(0.05)
            task.cancel()
            assert await task.was_cancelled()
        assert [type(error) for error in seen] == [anyio.get_cancelled_exc_class()]
        assert not hasattr(seen[0], "__notes__")
        assert finals.ended == finals.begun >= 1

    run(main(), seconds=10)


@pytest.mark.race
def test_a_task_cancelled_before_it_began_starts_nothing() -> None:
    finals = Finals()

    async def main() -> None:
        async with begun(fanout(a=finals.step, b=finals.step).ainvoke(1)) as task:
            task.cancel()
            assert await task.was_cancelled()

    on_asyncio(main(), seconds=10)  # trio begins a task before it cancels it
    assert finals.begun == 0


@pytest.mark.race
def test_a_second_cancellation_still_waits_for_cleanup(run: Loop) -> None:
    finals = Finals()

    async def main() -> None:
        async with begun(fanout(a=finals.step, b=awaiting(30)).ainvoke(1)) as task:
            await anyio.sleep(0.02)
            task.cancel()
            await anyio.lowlevel.checkpoint()
            await anyio.lowlevel.checkpoint()
            task.cancel()
            assert await task.was_cancelled()
            assert tasks_left() == 0

    run(main(), seconds=10)


@pytest.mark.race
@pytest.mark.parametrize("limit", [None, 1, 8])
def test_a_cancelled_call_waits_for_the_sync_step_that_runs(run: Loop, limit: int | None) -> None:
    gauge = Gauge(0.2)

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with timeout(0.05):
                await fanout(a=gauge.step, b=gauge.step).ainvoke(1, limit=limit)
        assert (gauge.running, gauge.count) == (0, 1 if limit == 1 else 2)

    run(main(), seconds=10)


def test_a_step_after_the_cancelled_one_does_not_begin(run: Loop) -> None:
    ran: list[object] = []

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with timeout(0.5):
                await pipe(awaiting(10), ran.append).ainvoke(1)

    run(main(), seconds=10)
    assert ran == []


@pytest.mark.race
def test_an_attempt_does_not_capture_a_cancellation(run: Loop) -> None:
    async def main() -> None:
        async with begun(runnable(awaiting(30)).attempt().ainvoke(1)) as task:
            await anyio.sleep(0.02)
            task.cancel()
            assert await task.was_cancelled()

    run(main(), seconds=10)


def test_a_cancelled_batch_joins_its_items(run: Loop) -> None:
    finals = Finals()

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with timeout(0.5):
                await runnable(finals.step).abatch(range(20), limit=4)
        assert finals.begun == finals.ended == 4
        assert tasks_left() == 0

    run(main(), seconds=10)


def test_a_cancelled_stream_joins_its_source(run: Loop) -> None:
    finals = Finals()

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with timeout(0.5):
                await collected(pipe(inc, finals.step, str).astream(1))
        assert finals.begun == finals.ended == 1

    run(main(), seconds=10)


@pytest.mark.race
def test_a_closed_batch_ends_where_the_cleanup_of_an_item_fails(run: Loop) -> None:
    begun: list[int] = []

    async def messy(n: int) -> int:
        begun.append(n)
        if n == 0:
            return 0
        try:
            await anyio.sleep(30)
        finally:
            raise KeyError

    async def main() -> None:
        results = runnable(messy).abatch_as_completed(iter(range(10_000)), limit=2)
        assert await anext(results) == (0, 0)
        await anyio.sleep(0.02)
        await results.aclose()

    run(main(), seconds=5)
    assert len(begun) <= 4


@pytest.mark.race
def test_a_closed_batch_ends_where_an_item_swallows_its_cancellation(run: Loop) -> None:
    async def stubborn(n: int) -> int:
        if n:
            try:
                await anyio.sleep(30)
            except anyio.get_cancelled_exc_class():
                return -1
        return n

    async def main() -> None:
        results = runnable(stubborn).abatch_as_completed(iter(range(10_000)), limit=2)
        assert await anext(results) == (0, 0)
        await anyio.sleep(0.02)
        await results.aclose()

    run(main(), seconds=5)


def test_each_element_is_cancelled_and_joined(run: Loop) -> None:
    finals = Finals()

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with timeout(0.5):
                await each(finals.step).ainvoke(range(5))

    begin = time.perf_counter()
    run(main(), seconds=10)
    assert finals.begun == finals.ended == 5
    assert time.perf_counter() - begin < 5


def plain_task(loop: asyncio.AbstractEventLoop, coro: Any) -> asyncio.Task[Any]:  # noqa: ANN401 - as asyncio has it
    return asyncio.Task(coro, loop=loop)


@pytest.mark.race
def test_a_branch_that_somebody_cancels_before_it_began_cancels_the_call() -> None:
    finals = Finals()
    kept: set[Any] = set()

    async def meddle(_: object) -> None:
        for task in asyncio.all_tasks() - kept - {asyncio.current_task()}:
            task.cancel()

    async def main() -> None:
        # Tasks of a factory begin later, on every Python.
        asyncio.get_running_loop().set_task_factory(plain_task)
        async with begun(fanout(a=meddle, b=finals.step, c=finals.step).ainvoke(1)) as call:
            kept.update({asyncio.current_task(), call, *asyncio.all_tasks()})
            assert await call.was_cancelled()

    on_asyncio(main(), seconds=10)
    assert finals.begun == finals.ended


@pytest.mark.race
def test_a_batch_that_is_cancelled_twice_still_joins_its_items(run: Loop) -> None:
    finals = Finals()

    async def main() -> None:
        async with begun(runnable(finals.step).abatch(range(4), limit=2)) as task:
            await anyio.sleep(0.05)
            task.cancel()
            await anyio.lowlevel.checkpoint()
            await anyio.lowlevel.checkpoint()
            task.cancel()
            assert await task.was_cancelled()
            assert tasks_left() == 0

    run(main(), seconds=10)

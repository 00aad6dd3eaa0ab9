"""An event loop under a schedule: time jumps, tasks take turns, the world outside is refused."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest
from hypothesis import given

from combinators.laws.schedules import DeadlockError, InputOutputError, Schedule, schedules


def now() -> float:
    return asyncio.get_running_loop().time()


def called(order: list[object], name: object) -> Callable[[object], None]:
    """Return a callback that signs."""
    return lambda _: order.append(name)


@given(schedules())
def test_time_jumps_to_the_next_that_somebody_waits_for(schedule: Schedule) -> None:
    async def main() -> tuple[float, float, float]:
        await asyncio.gather(asyncio.sleep(10**9), asyncio.sleep(0.1))
        return now(), time.monotonic(), time.perf_counter()

    assert schedule.run_async(main) == (10**9, 10**9, 10**9)


@given(schedules())
def test_who_waits_less_is_first_whatever_the_schedule(schedule: Schedule) -> None:
    async def main() -> list[int]:
        order: list[int] = []

        async def step(seconds: int) -> None:
            await asyncio.sleep(seconds)
            order.append(seconds)

        await asyncio.gather(*map(step, (3, 1, 2)))
        return order

    assert schedule.run_async(main) == [1, 2, 3]


@given(schedules())
def test_callbacks_run_in_the_order_that_asyncio_promises(schedule: Schedule) -> None:
    async def main() -> list[object]:
        loop, order = asyncio.get_running_loop(), list[object]()
        future = loop.create_future()
        for number in range(3):
            loop.call_soon(order.append, number)
            future.add_done_callback(called(order, 10 + number))
        future.set_result(None)
        await asyncio.sleep(1)
        return order

    assert schedule.run_async(main) == [0, 1, 2, 10, 11, 12]


@given(schedules())
def test_a_callback_is_called_before_the_tasks_that_came_after_it(schedule: Schedule) -> None:
    async def main() -> list[str]:
        loop, order = asyncio.get_running_loop(), list[str]()

        async def task() -> None:
            order.append("task")

        loop.call_soon(order.append, "callback")
        await asyncio.gather(task(), task())
        return order

    assert schedule.run_async(main) == ["callback", "task", "task"]


@given(schedules())
def test_cancelled_timers_keep_nobody_waiting(schedule: Schedule) -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        handles = [loop.call_later(seconds, print, "late") for seconds in (5, 1, 9)]
        await asyncio.sleep(0.5)
        for handle in handles:
            handle.cancel()
        await asyncio.sleep(10)
        return now()

    assert schedule.run_async(main) == 10.5


@given(schedules())
def test_time_limits_are_virtual(schedule: Schedule) -> None:
    async def main() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3600):
                await asyncio.Event().wait()
        return now()

    assert schedule.run_async(main) == 3600


@given(schedules())
def test_functions_in_threads_are_scheduled_too(schedule: Schedule) -> None:
    def fail() -> None:
        time.sleep(2)
        raise ValueError

    async def main() -> float:
        with pytest.raises(ValueError, match=r"^$"):
            await asyncio.to_thread(fail)
        await asyncio.gather(*(asyncio.to_thread(time.sleep, n) for n in range(3)))
        return now()

    assert schedule.run_async(main) == 4


@given(schedules())
def test_whoever_stops_waiting_for_a_thread_is_not_told_of_it(schedule: Schedule) -> None:
    complaints: list[object] = []

    async def main(seconds: float) -> float:
        asyncio.get_running_loop().set_exception_handler(lambda _, said: complaints.append(said))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await asyncio.to_thread(time.sleep, 5)
        await asyncio.sleep(seconds)
        return now()

    assert schedule.run_async(lambda: main(0)) == 1
    assert schedule.run_async(lambda: main(9)) == 10
    assert complaints == []


def test_sets_of_tasks_keep_an_order() -> None:
    async def main() -> list[str]:
        tasks = {asyncio.ensure_future(asyncio.sleep(1)) for _ in range(5)}
        await asyncio.wait(tasks)
        return [task.get_name() for task in tasks]

    assert Schedule().run_async(main) == ["task 2", "task 3", "task 4", "task 5", "task 6"]


def test_with_no_thread_to_be_had_there_is_the_error_that_python_gives() -> None:
    async def main() -> None:
        await asyncio.to_thread(time.sleep, 2)

    with pytest.raises(RuntimeError, match="can't start new thread"):
        Schedule().run_async(main, max_threads=0)


def test_tasks_that_start_eagerly_are_scheduled_where_they_go_on() -> None:
    async def main() -> str:
        order: list[str] = []

        async def step(name: str) -> None:
            order.append(name)
            await asyncio.sleep(0)
            order.append(name)

        # From Python 3.12 on; before, tasks begin with the next turn of the loop.
        eager = getattr(asyncio, "eager_task_factory", None)
        asyncio.get_running_loop().set_task_factory(eager)
        await asyncio.gather(step("a"), step("b"))
        return "".join(order)

    found = {Schedule.seeded(seed).run_async(main) for seed in range(50)}
    lazily = {"aabb", "baab", "baba", "bbaa"}
    assert found - lazily == {"abab", "abba"}


@given(schedules())
def test_generators_are_closed_at_the_end(schedule: Schedule) -> None:
    closed: list[str] = []

    async def endless() -> AsyncGenerator[int, None]:
        try:
            while True:
                yield 1
        finally:
            await asyncio.sleep(1)
            closed.append("closed")

    async def main() -> AsyncGenerator[int, None]:
        numbers = endless()
        assert await anext(numbers) == 1
        return numbers

    kept = schedule.run_async(main)
    assert closed == ["closed"]
    del kept


# --- what cannot go on ------------------------------------------------------------


def test_a_deadlock_says_where_each_task_waits() -> None:
    async def forever() -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        named = asyncio.create_task(forever(), name="the named one")
        await asyncio.gather(named, forever())

    with pytest.raises(DeadlockError) as caught:
        Schedule().run_async(main)
    (waiting,) = caught.value.waiting
    where = "test_a_deadlock_says_where_each_task_waits.<locals>"
    named, other, outer = waiting.removeprefix("main waits for its event loop, with ").split(", ")
    assert sorted(line.partition(" (")[0] for line in (named, other, outer)) == [
        f"task 1 in {where}.main",
        f"task 3 in {where}.forever",
        f"the named one in {where}.forever",
    ]


def test_tasks_of_a_deadlock_are_cancelled() -> None:
    ended: list[str] = []

    async def main() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("ended")

    with pytest.raises(DeadlockError):
        Schedule().run_async(main)
    assert ended == ["ended"]


def test_a_task_that_refuses_to_end_does_not_hold_up_the_error() -> None:
    async def main() -> None:
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                continue

    with pytest.raises(DeadlockError):
        Schedule().run_async(main)


REACHING_OUT: dict[str, Callable[[Any], Any]] = {
    "add_reader": lambda loop: loop.add_reader(0, print),
    "add_signal_handler": lambda loop: loop.add_signal_handler(2, print),
    "create_connection": lambda loop: loop.create_connection(asyncio.Protocol, "localhost", 80),
    "create_server": lambda loop: loop.create_server(asyncio.Protocol, "localhost", 0),
    "getaddrinfo": lambda loop: loop.getaddrinfo("localhost", 80),
    "sock_recv": lambda loop: loop.sock_recv(None, 1),
    "subprocess_exec": lambda loop: loop.subprocess_exec(asyncio.SubprocessProtocol, "true"),
}


@pytest.mark.parametrize("name", REACHING_OUT)
def test_what_reaches_out_of_the_process_is_refused(name: str) -> None:
    async def main() -> None:
        await REACHING_OUT[name](asyncio.get_running_loop())

    with pytest.raises(InputOutputError) as caught:
        Schedule().run_async(main)
    assert str(caught.value) == (
        f"loop.{name}() reaches outside of the process, where no schedule can say what comes "
        "first.\n"
        "Give the pipeline a step that answers from memory, after a sleep where it is to take time."
    )


@given(schedules())
def test_a_loop_that_is_busy_lets_threads_go_on(schedule: Schedule) -> None:
    async def main() -> int:
        answer = asyncio.ensure_future(asyncio.to_thread(int, "42"))
        while not answer.done():  # noqa: ASYNC110 - it is the impolite one that is tested
            await asyncio.sleep(0)
        return answer.result()

    assert schedule.run_async(main) == 42

"""Whatever waits by Python's own means waits under a schedule, in virtual time."""

import asyncio
import importlib
import queue
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given

from combinators import fanout
from combinators.laws.schedules import (
    DeadlockError,
    LivelockError,
    Schedule,
    schedules,
)

A = TypeVar("A")

YEAR = 365 * 24 * 3600


def both(a: Callable[[], object], b: Callable[[], object]) -> tuple[object, object]:
    """Return what two functions return that run at once."""

    async def main() -> tuple[object, object]:
        first, second = await asyncio.gather(asyncio.to_thread(a), asyncio.to_thread(b))
        return first, second

    with asyncio.Runner() as runner:
        return runner.run(main())


def sleeping(seconds: float) -> Callable[[object], object]:
    """Return a step that takes some time and gives what it was given."""

    def step(x: object) -> object:
        time.sleep(seconds)
        return x

    return step


# --- the clock --------------------------------------------------------------------


def test_sleeping_costs_no_time_and_the_clock_says_it_did() -> None:
    def main() -> tuple[float, float]:
        time.sleep(YEAR)
        return time.monotonic(), time.perf_counter()

    began = time.monotonic()
    assert Schedule().run(main) == (YEAR, YEAR)
    assert time.monotonic() - began < 10


@given(schedules())
def test_what_sleeps_at_once_sleeps_together(schedule: Schedule) -> None:
    def main() -> float:
        fanout(*map(sleeping, (3, 1, 2))).invoke(None)
        return time.monotonic()

    assert schedule.run(main) == 3


def test_a_sleep_of_less_than_nothing_is_refused_as_ever() -> None:
    with pytest.raises(ValueError, match="non-negative"):
        Schedule().run(lambda: time.sleep(-1))


def test_who_sleeps_no_time_lets_others_go_first() -> None:
    def main() -> list[int]:
        order: list[int] = []

        def step(number: int) -> None:
            time.sleep(1)
            for _ in range(2):
                order.append(number)
                time.sleep(0)

        both(lambda: step(1), lambda: step(2))
        return order

    assert Schedule().run(main) == [1, 2, 1, 2]


def test_who_can_go_on_goes_on() -> None:
    def main() -> list[int]:
        lock, order = threading.Lock(), list[int]()

        def step(number: int) -> None:
            time.sleep(1)
            for _ in range(2):
                with lock:
                    order.append(number)

        both(lambda: step(1), lambda: step(2))
        return order

    assert Schedule().run(main) == [1, 1, 2, 2]
    assert [1, 2, 1, 2] in [Schedule.seeded(seed).run(main) for seed in range(100)]


# --- locks, and what is built on them ------------------------------------------------


@given(schedules())
def test_a_lock_keeps_others_out(schedule: Schedule) -> None:
    def main() -> int:
        lock, total = threading.Lock(), 0

        def add() -> None:
            nonlocal total
            with lock:
                before = total
                time.sleep(1)
                total = before + 1

        both(add, add)
        assert not lock.locked()
        return total

    assert schedule.run(main) == 2


def test_without_a_lock_some_schedule_loses_an_update() -> None:
    def main() -> int:
        total = 0

        def add() -> None:
            nonlocal total
            before = total
            time.sleep(0)
            total = before + 1

        both(add, add)
        return total

    assert {Schedule.seeded(seed).run(main) for seed in range(20)} == {1, 2}


def test_a_lock_can_be_taken_again_by_its_owner_alone() -> None:
    def main() -> tuple[object, object]:
        lock = threading.RLock()

        def twice() -> bool:
            with lock, lock:
                time.sleep(2)
            return True

        def late() -> bool:
            time.sleep(1)
            return lock.acquire(blocking=False)

        return both(twice, late)

    assert Schedule().run(main) == (True, False)


def test_a_lock_is_waited_for_no_longer_than_said() -> None:
    def main() -> tuple[bool, float]:
        lock = threading.Lock()
        assert lock.acquire()
        return lock.acquire(timeout=YEAR), time.monotonic()

    assert Schedule().run(main) == (False, YEAR)


@given(schedules())
def test_an_event_wakes_those_who_wait(schedule: Schedule) -> None:
    def main() -> tuple[object, object]:
        event = threading.Event()

        def wake() -> None:
            time.sleep(1)
            event.set()

        return both(lambda: event.wait(YEAR) and time.monotonic(), wake)

    assert schedule.run(main) == (1.0, None)


@given(schedules())
def test_queues_hand_over(schedule: Schedule) -> None:
    def main() -> tuple[object, object]:
        there: queue.Queue[int] = queue.Queue(maxsize=1)
        back: queue.SimpleQueue[int] = queue.SimpleQueue()

        def ask() -> list[int]:
            for number in range(3):
                there.put(number)
            return [back.get() for _ in range(3)]

        def answer() -> None:
            for _ in range(3):
                back.put(there.get() + 10)

        return both(ask, answer)

    assert schedule.run(main) == ([10, 11, 12], None)


@given(schedules())
def test_barriers_and_semaphores_hold(schedule: Schedule) -> None:
    def main() -> float:
        barrier, places = threading.Barrier(2), threading.Semaphore(1)

        def work() -> None:
            barrier.wait()
            with places:
                time.sleep(1)

        both(work, work)
        return time.monotonic()

    assert schedule.run(main) == 2


def test_a_lock_made_under_a_schedule_is_a_lock_for_ever() -> None:
    lock = Schedule().run(threading.Lock)
    assert lock.acquire(timeout=1)
    assert not lock.acquire(blocking=False)
    lock.release()


def test_python_is_as_it_was_afterwards() -> None:
    def names() -> list[object]:
        return [
            threading.Lock, threading.RLock, threading.Thread.start, threading.Thread.join,
            queue.SimpleQueue, time.sleep, time.monotonic, time.perf_counter,
            asyncio.new_event_loop,
        ]  # fmt: skip

    before = names()
    with pytest.raises(ZeroDivisionError):
        Schedule().run(lambda: 1 // 0)
    assert names() == before


def test_threads_that_no_schedule_rules_notice_nothing() -> None:
    asked, told = threading.Lock(), threading.Lock()
    found: list[object] = []

    def look() -> None:
        asked.acquire()
        began = time.monotonic()
        time.sleep(0.001)
        found.append(time.monotonic() > began)
        found.append(type(threading.Lock()) is type(lock))
        found.append(threading.RLock().acquire())
        found.append(queue.SimpleQueue[int]().empty())
        asyncio.new_event_loop().close()
        other = threading.Thread(target=found.append, args=(True,))
        other.start()
        other.join()
        told.release()

    lock = threading.Lock()
    asked.acquire()
    told.acquire()
    outside = threading.Thread(target=look)
    outside.start()

    def main() -> None:
        asked.release()
        told.acquire()

    Schedule().run(main)
    outside.join()
    assert found == [True] * 5


# --- what cannot go on ------------------------------------------------------------


def test_a_deadlock_says_who_waits_for_what() -> None:
    def main() -> None:
        a, b = threading.Lock(), threading.Lock()

        def first() -> None:
            with a:
                time.sleep(1)
                with b:
                    pass

        def second() -> None:
            with b:
                time.sleep(1)
                with a:
                    pass

        both(first, second)

    with pytest.raises(DeadlockError) as caught:
        Schedule().run(main)
    where = "test_a_deadlock_says_who_waits_for_what.<locals>.main.<locals>"
    assert sorted(line.partition(" (")[0] for line in caught.value.waiting) == [
        "main waits for its event loop, with task 1 in both.<locals>.main",
        f"thread 1 waits for a lock in {where}.first",
        f"thread 2 waits for a lock in {where}.second",
    ]
    first, second, third = caught.value.waiting
    assert str(caught.value) == (
        "nobody can go on: all wait, and none of them for the clock.\n"
        f"  {first}\n  {second}\n  {third}\n"
        "Whoever was to wake one of them has ended, has not begun, or waits itself."
    )


def test_a_deadlock_comes_out_whoever_answers_every_exception() -> None:
    def main() -> str:
        lock = threading.Lock()
        lock.acquire()
        try:
            lock.acquire()
        except BaseException:  # noqa: BLE001 - as a step may do it
            return "all is well"
        return "taken twice"

    with pytest.raises(DeadlockError):
        Schedule().run(main)


def test_threads_of_a_deadlock_end() -> None:
    def main() -> None:
        lock = threading.Lock()
        lock.acquire()
        both(lock.acquire, lock.acquire)

    before = threading.active_count()
    with pytest.raises(DeadlockError):
        Schedule().run(main)
    for _ in range(1000):
        if threading.active_count() == before:
            return
        time.sleep(0.001)
    raise AssertionError(threading.enumerate())


def test_what_is_left_waiting_when_the_function_returns_is_a_deadlock() -> None:
    async def main() -> None:
        lock = threading.Lock()
        lock.acquire()
        waiting = asyncio.ensure_future(asyncio.to_thread(lock.acquire))
        await asyncio.sleep(1)
        waiting.cancel()

    with pytest.raises(DeadlockError) as caught:
        Schedule().run_async(main)
    assert "main waits for all threads to end" in caught.value.waiting


def test_a_loop_without_end_is_found_out() -> None:
    def main() -> None:
        while True:
            time.sleep(0)

    with pytest.raises(LivelockError) as caught:
        Schedule().run(main)
    assert str(caught.value) == (
        "the run is not over after 100,000 turns.\n"
        "Who asks again and again whether something has come needs somebody to bring it."
    )


# --- threads ----------------------------------------------------------------------


@pytest.mark.parametrize("max_threads", [0, 1, 2, 64])
@given(schedule=schedules())
def test_few_threads_are_enough_for_the_same_result(max_threads: int, schedule: Schedule) -> None:
    inner = fanout(a=sleeping(1), b=sleeping(1))
    nested = fanout(c=inner, d=sleeping(2), e=inner)
    given = schedule.run(lambda: nested.invoke("x"), max_threads=max_threads)
    assert given == {"c": {"a": "x", "b": "x"}, "d": "x", "e": {"a": "x", "b": "x"}}


def test_with_no_thread_to_be_had_the_caller_does_it_all() -> None:
    def main() -> float:
        fanout(a=sleeping(1), b=sleeping(2)).invoke(None)
        return time.monotonic()

    assert Schedule.seeded(1).run(main, max_threads=0) == 3
    assert Schedule.seeded(1).run(main, max_threads=1) == 2


def test_threads_of_the_steps_own_are_scheduled_too() -> None:
    def main() -> tuple[list[str], float]:
        order: list[str] = []

        def sign(name: str) -> None:
            time.sleep(1)
            order.append(name)

        threads = [threading.Thread(target=sign, args=(name,)) for name in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return order, time.monotonic()

    orders = {(*order, seconds) for order, seconds in map(run_seeded(main), range(20))}
    assert orders == {("a", "b", 1.0), ("b", "a", 1.0)}


def run_seeded(main: Callable[[], A]) -> Callable[[int], A]:
    """Return what runs a function under the schedule of a seed."""
    return lambda seed: Schedule.seeded(seed).run(main)


def test_a_thread_is_waited_for_no_longer_than_said() -> None:
    def main() -> tuple[float, bool]:
        thread = threading.Thread(target=time.sleep, args=(5,))
        thread.start()
        thread.join(timeout=2)
        return time.monotonic(), thread.is_alive()

    assert Schedule().run(main) == (2, True)


def test_a_thread_too_many_is_refused_in_pythons_own_words() -> None:
    def main() -> None:
        for _ in range(3):
            threading.Thread(target=time.sleep, args=(1,)).start()

    with pytest.raises(RuntimeError, match="can't start new thread"):
        Schedule().run(main, max_threads=2)


@given(schedule=schedules())
def test_executors_run_on_threads_that_are_scheduled(schedule: Schedule) -> None:
    def main() -> tuple[list[int], float]:
        with ThreadPoolExecutor(2) as executor:
            results = executor.map(doubled_later, range(4))
            return [*results], time.monotonic()

    assert schedule.run(main) == ([0, 2, 4, 6], 2)


def doubled_later(number: int) -> int:
    """Return the double of a number, after a second."""
    time.sleep(1)
    return 2 * number


def test_the_pool_has_the_threads_that_it_had_before() -> None:
    step = fanout(a=thread_name, b=thread_name)
    before = step.invoke(None)
    under = Schedule().run(lambda: step.invoke(None))
    assert step.invoke(None) == before
    assert under != before


def thread_name(_: object) -> int:
    """Return which thread a step runs on, after a while."""
    time.sleep(0.05)
    return threading.get_ident()


class Cache:
    """A cache with a race between the question and the answer."""

    def __init__(self) -> None:
        self._known: dict[object, object] = {}
        self.asked = 0

    def __call__(self, x: object) -> object:
        if x not in self._known:
            self.asked += 1
            self._known[x] = x
        return self._known[x]


def times_asked() -> int:
    cache = Cache()
    fanout(a=cache, b=cache).invoke(1)
    return cache.asked


def test_a_race_without_a_wait_is_seen_where_lines_may_be_interrupted() -> None:
    seeded = [Schedule.seeded(seed) for seed in range(30)]
    assert {schedule.run(times_asked) for schedule in seeded} == {1}
    assert {schedule.run(times_asked, preempt=[__name__]) for schedule in seeded} == {1, 2}


def test_only_the_modules_named_and_those_below_are_interrupted() -> None:
    package = __name__.rpartition(".")[0]
    seeded = [Schedule.seeded(seed) for seed in range(30)]
    assert {schedule.run(times_asked, preempt=[package]) for schedule in seeded} == {1, 2}
    assert {schedule.run(times_asked, preempt=[package[:-1]]) for schedule in seeded} == {1}


IMPORTED = """
def compute():
    number = 1
    return number + 1

a, b, c = compute(), compute(), compute()
"""


def test_nobody_is_interrupted_while_he_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "imported_by_two.py").write_text(IMPORTED, encoding="utf-8")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    def load() -> object:
        return importlib.import_module("imported_by_two")

    for seed in range(10):
        sys.modules.pop("imported_by_two", None)
        first, second = Schedule.seeded(seed).run(
            lambda: both(load, load), preempt=["imported_by_two", __name__]
        )
        assert first is second

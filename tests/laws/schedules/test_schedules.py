"""A schedule is a value that says who goes next: it runs things, again and again the same way."""

import asyncio
import itertools
import os
import signal
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import HealthCheck, find, given, settings, strategies as st
from typing_extensions import override

from combinators import FanoutError, fanout
from combinators.laws.schedules import NestedRunError, Schedule, delays, schedules

Order = list[str]

MANY = 20_000


def waiting(name: str, order: Order, *seconds: float) -> Callable[[object], None]:
    """Return a step that waits, several times, and then signs."""

    def step(_: object) -> None:
        for each in seconds:
            time.sleep(each)
        order.append(name)

    return step


def awaiting(
    name: str, order: Order, *seconds: float
) -> Callable[[object], Coroutine[Any, Any, None]]:
    """Return an async step that waits, several times, and then signs."""

    async def step(_: object) -> None:
        for each in seconds:
            await asyncio.sleep(each)
        order.append(name)

    return step


def order_of_threads() -> Order:
    order: Order = []
    fanout(*(waiting(name, order, 1) for name in "abc")).invoke(None)
    return order


async def order_of_tasks() -> Order:
    order: Order = []
    await fanout(*(awaiting(name, order, 1) for name in "abc")).ainvoke(None)
    return order


async def order_of_hops() -> Order:
    order: Order = []
    await fanout(*(waiting(name, order, 1) for name in "abc")).ainvoke(None)
    return order


def order_in_a_private_loop() -> Order:
    order: Order = []
    fanout(*(awaiting(name, order, 1) for name in "abc")).invoke(None)
    return order


MAINS: dict[str, Callable[[Schedule], Order]] = {
    "threads": lambda schedule: schedule.run(order_of_threads),
    "tasks": lambda schedule: schedule.run_async(order_of_tasks),
    "threads of tasks": lambda schedule: schedule.run_async(order_of_hops),
    "tasks of a sync call": lambda schedule: schedule.run(order_in_a_private_loop),
}


# --- as values --------------------------------------------------------------------


@given(st.lists(st.integers(0, 3)))
def test_its_repr_builds_it(choices: list[int]) -> None:
    schedule = Schedule(*choices)
    assert eval(repr(schedule)) == schedule  # noqa: S307 - of our own making


def test_a_long_way_to_the_first_departure_is_written_short() -> None:
    assert repr(Schedule()) == "Schedule()"
    assert repr(Schedule(0, 0, 1, 2)) == "Schedule(0, 0, 1, 2)"
    assert repr(Schedule(*[0] * 40, 1, 1)) == "Schedule(*[0] * 40, 1, 1)"


def test_trailing_zeros_say_nothing() -> None:
    assert Schedule(1, 0, 0) == Schedule(1)
    assert hash(Schedule(0, 0)) == hash(Schedule())


def test_a_seed_gives_a_schedule_and_another_one_another() -> None:
    assert Schedule.seeded(1) == Schedule.seeded(1)
    assert Schedule.seeded(1) != Schedule.seeded(2)


# --- exploring --------------------------------------------------------------------


@pytest.mark.parametrize("main", MAINS)
def test_without_departures_the_first_comes_first(main: str) -> None:
    assert MAINS[main](Schedule()) == ["a", "b", "c"]


@pytest.mark.parametrize("main", MAINS)
@given(schedule=schedules())
@settings(max_examples=20)
def test_the_same_schedule_runs_the_same_way_again(main: str, schedule: Schedule) -> None:
    assert MAINS[main](schedule) == MAINS[main](schedule)


@pytest.mark.parametrize("main", MAINS)
def test_every_order_is_reached(main: str) -> None:
    reached = {tuple(MAINS[main](Schedule.seeded(seed))) for seed in range(100)}
    assert reached == set(itertools.permutations("abc"))


def test_what_is_found_shrinks_to_few_departures() -> None:
    found = find(
        schedules(),
        lambda schedule: schedule.run_async(order_of_tasks)[0] == "c",
        settings=settings(database=None, derandomize=True),
    )
    assert sum(map(bool, found.choices)) <= 3, found


def test_delays_are_drawn_with_ties() -> None:
    @given(st.lists(delays(), min_size=2, max_size=2))
    @settings(database=None, derandomize=True, suppress_health_check=[HealthCheck.nested_given])
    def draw(pair: list[float]) -> None:
        seen.add(pair[0] == pair[1])

    seen: set[bool] = set()
    draw()
    assert seen == {True, False}


# --- what a failure says ------------------------------------------------------------


async def fails_unless_the_first_is_first() -> None:
    order: Order = []
    await asyncio.gather(*(awaiting(name, order, 0)(None) for name in "abc"))
    assert order == ["a", "b", "c"]


def test_a_failure_says_under_which_choices_it_came() -> None:
    with pytest.raises(AssertionError) as caught:
        Schedule(0, 1, 0, 5, 0, 0).run_async(fails_unless_the_first_is_first)
    (note,) = caught.value.__notes__
    assert note.splitlines() == [
        "under Schedule(0, 1, 0, 2)",
        "  choice 2: task 4, of task 3, task 4, task 2",
        "  choice 4: task 3, of task 2, task 4, task 3",
    ]


def test_what_it_says_is_enough_to_see_the_failure_again() -> None:
    with pytest.raises(AssertionError) as caught:
        Schedule.seeded(7).run_async(fails_unless_the_first_is_first)
    said = caught.value.__notes__[0].splitlines()[0].removeprefix("under ")
    with pytest.raises(AssertionError):
        eval(said).run_async(fails_unless_the_first_is_first)  # noqa: S307 - of our own making


def test_an_exception_that_refuses_notes_goes_without() -> None:
    class FrozenError(Exception):
        @override
        def __setattr__(self, name: str, value: object) -> None:
            raise AttributeError(name)

    def fail() -> None:
        raise FrozenError

    with pytest.raises(FrozenError):
        Schedule().run(fail)


def test_exceptions_come_out_as_they_are() -> None:
    def fail(_: object) -> None:
        raise ValueError

    with pytest.raises(FanoutError):
        Schedule().run(lambda: fanout(a=fail, b=fail).invoke(None))


def test_a_run_inside_a_run_is_refused() -> None:
    with pytest.raises(NestedRunError) as caught:
        Schedule().run(lambda: Schedule().run(int))
    assert str(caught.value) == (
        "a run under a schedule was started inside another one, which says already who goes next.\n"
        "Call the function itself."
    )


def test_ctrl_c_ends_a_run_in_which_another_thread_is_at_work() -> None:
    def interrupt(_: object) -> None:
        time.sleep(1)
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(MANY):  # or until it is thrown out, which takes some real time
            time.sleep(1)
            later.append(None)

    steps = [waiting("a", [], 10), interrupt]
    later: list[None] = []

    def main() -> None:
        lock = threading.Lock()
        try:
            fanout(*steps).invoke(None)
        finally:
            with lock:  # nobody waits any more, not even to tidy up
                later.extend([None] * MANY)

    with pytest.raises(KeyboardInterrupt):
        Schedule().run(main)
    assert len(later) < MANY
    assert Schedule().run(order_of_threads) == ["a", "b", "c"]

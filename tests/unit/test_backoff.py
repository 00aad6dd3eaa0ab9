"""Schedules of waits: values, composed of others, which say when to come back."""

import itertools
import pickle
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import pytest
from typing_extensions import override

from combinators import Backoff, BuilderError, exponential, runnable


@dataclass(frozen=True)
class Fibonacci(Backoff):
    """A schedule of somebody's own."""

    unit_seconds: float

    @override
    def __iter__(self) -> Iterator[float]:
        now, after = 0.0, self.unit_seconds
        while True:
            yield after
            now, after = after, now + after


SCHEDULES: list[tuple[str, list[float]]] = [
    ("exponential(first_seconds=0.1, factor=2.0, most_seconds=30.0)", [0.1, 0.2, 0.4, 0.8]),
    ("exponential(first_seconds=1.0, factor=1.0, most_seconds=1.0)", [1, 1, 1, 1]),
    ("exponential(first_seconds=9.0, factor=2.0, most_seconds=5.0)", [5, 5, 5, 5]),
    ("exponential(first_seconds=1.0, factor=2.0, most_seconds=30.0).first(2)", [1, 2]),
    (
        "exponential(first_seconds=1.0, factor=2.0, most_seconds=30.0).first(1).then((7.0,))",
        [1, 7],
    ),
]


@pytest.mark.parametrize(("written", "waits"), SCHEDULES)
def test_a_schedule_is_the_expression_that_builds_it(written: str, waits: list[float]) -> None:
    schedule: Backoff = eval(written)  # noqa: S307 - written right here
    assert repr(schedule) == written
    assert [*itertools.islice(schedule, 4)] == pytest.approx(waits)
    again: Backoff = eval(written)  # noqa: S307 - as above
    assert schedule == again == pickle.loads(pickle.dumps(schedule))  # noqa: S301 - as above
    assert hash(schedule) == hash(again)


def test_a_schedule_starts_anew_each_time() -> None:
    schedule = exponential().first(3).then([1])
    assert [*schedule] == [*schedule] == [0.1, 0.2, 0.4, 1.0]


def test_schedules_differ_by_their_numbers() -> None:
    schedules = [
        exponential(),
        exponential(first_seconds=1),
        exponential(factor=3),
        exponential(most_seconds=1),
        exponential().first(1),
        exponential().first(2),
        exponential().jittered(),
        exponential().then(exponential()),
    ]
    assert len(set(schedules)) == len(schedules)


def test_jitter_draws_each_wait_between_nothing_and_all_of_it() -> None:
    random.seed(7)
    waits = [*exponential(first_seconds=1, factor=1).jittered().first(500)]
    assert 0 <= min(waits) < 0.05
    assert 0.95 < max(waits) <= 1
    assert 0.4 < sum(waits) / len(waits) < 0.6
    assert repr(exponential().jittered()).endswith(".jittered()")


def test_a_schedule_of_ones_own_is_a_schedule() -> None:
    r = runnable(int).retry(on=OSError, backoff=Fibonacci(1.0).jittered())
    assert r == runnable(int).retry(on=OSError, backoff=Fibonacci(1.0).jittered())
    assert "backoff=Fibonacci(unit_seconds=1.0).jittered()" in repr(r)
    assert [*Fibonacci(1.0).first(5)] == [1, 1, 2, 3, 5]


def test_of_endless_seconds_as_many_are_kept_as_there_are_attempts() -> None:
    r = runnable(int).retry(on=OSError, attempts=4, backoff=itertools.count(1))
    assert repr(r).endswith("backoff=(1.0, 2.0, 3.0))")
    assert r == runnable(int).retry(on=OSError, attempts=4, backoff=[1, 2, 3])


def test_the_schedule_that_is_not_said_is_not_written() -> None:
    r = runnable(int).retry(on=(OSError, KeyError))
    assert repr(r) == "runnable(int).retry(on=(OSError, KeyError), attempts=3, total_seconds=60.0)"
    assert r == runnable(int).retry(on=(OSError, KeyError), backoff=exponential().jittered())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"first_seconds": -1},
            (
                "exponential() first_seconds was given a number below 0.\n"
                "It takes a finite number, at least 0."
            ),
        ),
        (
            {"factor": 0.5},
            (
                "exponential() factor was given a number below 1.\n"
                "It takes a finite number, at least 1."
            ),
        ),
        (
            {"most_seconds": None},
            "exponential() most_seconds was given None.\nIt takes a finite number, at least 0.",
        ),
    ],
)
def test_numbers_that_make_no_sense_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(BuilderError) as caught:
        exponential(**options)
    assert str(caught.value) == message


def test_what_is_no_count_is_refused() -> None:
    with pytest.raises(BuilderError, match="first\\(\\) argument 1 was given a number below 0"):
        exponential().first(-1)


def test_what_comes_after_another_schedule_is_named_where_it_is_none() -> None:
    with pytest.raises(BuilderError, match=r"^then\(\) argument 1 was given an int"):
        exponential().then(cast("Any", 3))

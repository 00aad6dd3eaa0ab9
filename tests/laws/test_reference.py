"""The oracle itself, held to values that were worked out by hand."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from returns.result import Failure, Success

import combinators
from combinators import (
    AbsentKeyError,
    EmptyStreamError,
    FanoutError,
    InputError,
    MergeError,
    NoMatchError,
    ResultError,
    Runnable,
    runnable,
)
from combinators.laws import Gave, Raised, meaning
from combinators.laws.strategies import Fault

# Most of these pipelines are wrong on purpose, which a type checker would say.
c: Any = combinators


def double(n: int) -> int:
    return 2 * n


async def adouble(n: int) -> int:
    return 2 * n


def raising(error: Exception) -> Callable[[object], Any]:
    def fail(_: object) -> Any:  # noqa: ANN401 - it never returns
        raise error

    return fail


def yielding(*chunks: object) -> Callable[[object], Iterator[Any]]:
    def generate(_: object) -> Iterator[Any]:
        yield from chunks

    return generate


def value_of_n(mapping: dict[str, int]) -> int:
    return mapping["n"]


def choose(n: int) -> Runnable[int, Any]:
    return runnable(double) if n else runnable(str)


def forgetful(n: int) -> Any:  # noqa: ANN401 - an awaitable, by mistake
    return adouble(n)


@pytest.mark.parametrize(
    ("pipeline", "given", "value"),
    [
        (c.pipe(double, adouble, str), 1, "4"),
        (c.fanout(b=double, a=str), 1, {"b": 2, "a": "1"}),
        (c.fanout(double, str), 1, (2, "1")),
        (c.assign(m=value_of_n), {"n": 1}, {"n": 1, "m": 1}),
        (c.update(n=c.pipe(value_of_n, double)), {"n": 1, "m": 0}, {"n": 2, "m": 0}),
        (c.rename(m="n"), {"n": 1, "o": 2}, {"m": 1, "o": 2}),
        (c.pick("b", "a"), {"a": 1, "b": 2, "c": 3}, {"b": 2, "a": 1}),
        (c.omit("a"), {"a": 1, "b": 2}, {"b": 2}),
        (c.each(double), (1, 2), [2, 4]),
        (c.branch(c.when(bool, double), otherwise=str), 0, "0"),
        (c.branch(c.case(int, double), otherwise=str), 3, 6),
        (c.route("k", {"x": c.pick("k")}, otherwise=len), {"k": "y"}, 1),
        (c.bind(choose), 0, "0"),
        (c.template("{a}{{b}}"), {"a": 1}, "1{b}"),
        (c.chat_template(user="{a}"), {"a": 1}, [{"role": "user", "content": "1"}]),
        (c.runnable(double).named("n").tap(str), 1, 2),
        (c.runnable(double).attempt(), 1, Success(2)),
        (c.runnable(raising(Fault("x"))).attempt(), 1, Failure(Fault("x"))),
        (c.runnable(yielding("a", "b")), 1, "ab"),
        (c.runnable(yielding({"a": [1]}, {"b": 0}, {"a": [2]})), 1, {"a": [1, 2], "b": 0}),
    ],
)
def test_what_a_pipeline_means(pipeline: Runnable[Any, Any], given: object, value: object) -> None:
    outcome = meaning(pipeline, given)
    assert isinstance(outcome, Gave)
    assert repr(outcome.value) == repr(value)


@pytest.mark.parametrize(
    ("pipeline", "given", "error"),
    [
        (c.pipe(double, raising(ValueError("v"))), 1, ValueError),
        (c.pick("a"), {}, AbsentKeyError),
        (c.pick("a"), 1, InputError),
        (c.assign(a=double), {"a": 1}, InputError),
        (c.rename(a="b"), {"a": 1, "b": 2}, InputError),
        (c.each(double), "text", InputError),
        (c.branch(c.case(str, len)), 1, NoMatchError),
        (c.route("k", {1: len}), {"k": True}, NoMatchError),
        (c.bind(double), 1, ResultError),
        (c.runnable(forgetful), 1, ResultError),
        (c.runnable(yielding()), 1, EmptyStreamError),
        (c.runnable(yielding("a", 1)), 1, MergeError),
        (c.runnable(raising(StopIteration())), 1, RuntimeError),
    ],
)
def test_how_a_pipeline_fails(
    pipeline: Runnable[Any, Any], given: object, error: type[Exception]
) -> None:
    outcome = meaning(pipeline, given)
    assert isinstance(outcome, Raised)
    assert type(outcome.error) is error


def test_all_branches_that_fail_are_in_the_meaning() -> None:
    x, y = Fault("x"), Fault("y")
    outcome = meaning(c.fanout(a=raising(x), b=double, c={"d": raising(y)}), 1)
    assert isinstance(outcome, Raised)
    assert isinstance(outcome.error, FanoutError)
    assert outcome.error.flat() == {("a",): x, ("c", "d"): y}

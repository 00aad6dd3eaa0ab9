"""`limit=` is one budget for the whole tree of a call."""

import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from combinators import (
    OptionError,
    Runnable,
    bind,
    each,
    fanout,
    passthrough,
    pipe,
    runnable,
    transform,
)
from combinators._run.chunks import merged
from tests.running.ways import (
    AnyStep,
    Gauge,
    Loop,
    collected,
    inc,
    tasks_left,
)

LIMITS = (1, 2, 5)


def trees(step: AnyStep) -> dict[str, Runnable[Any, Any]]:
    leaf = runnable(step)
    inner = fanout(a=leaf, b=leaf, c=leaf)
    return {
        "wide": fanout({f"k{i}": leaf for i in range(10)}),
        "nested": fanout(x=inner, y=pipe(leaf, inner), z=fanout(inner, inner)),
        "each": pipe(lambda x: [x] * 10, each(leaf)),
        "each of fan-outs": pipe(lambda x: [x] * 4, each(inner)),
        "chosen": fanout(p=bind(lambda _: inner), q=bind(lambda _: inner)),
        "attempted": fanout(p=inner.attempt(), q=leaf),
    }


TREES = tuple(trees(inc))


@pytest.mark.parametrize("tree", TREES)
@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("body", ["step", "astep"])
def test_invoke_never_runs_more_bodies_at_once(tree: str, limit: int, body: str) -> None:
    gauge = Gauge(0.003)
    trees(getattr(gauge, body))[tree].invoke(1, limit=limit)
    assert gauge.peak <= limit


@pytest.mark.parametrize("tree", TREES)
@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("body", ["step", "astep"])
def test_ainvoke_never_runs_more_bodies_at_once(
    run: Loop, tree: str, limit: int, body: str
) -> None:
    gauge = Gauge(0.003)
    run(trees(getattr(gauge, body))[tree].ainvoke(1, limit=limit))
    assert gauge.peak <= limit


@pytest.mark.parametrize("tree", TREES)
@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("body", ["step", "astep"])
def test_a_batch_shares_its_limit_among_all_items(tree: str, limit: int, body: str) -> None:
    gauge = Gauge(0.001)
    r = trees(getattr(gauge, body))[tree]
    r.batch(range(6), limit=limit)
    assert gauge.peak <= limit
    list(r.batch_as_completed(range(6), limit=limit))
    assert gauge.peak <= limit


@pytest.mark.parametrize("tree", TREES)
@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("body", ["step", "astep"])
def test_an_async_batch_shares_its_limit_among_all_items(
    run: Loop, tree: str, limit: int, body: str
) -> None:
    gauge = Gauge(0.001)
    run(trees(getattr(gauge, body))[tree].abatch(range(6), limit=limit))
    assert gauge.peak <= limit


@pytest.mark.parametrize("body", ["step", "astep"])
def test_a_stream_has_a_limit_too(run: Loop, body: str) -> None:
    gauge = Gauge(0.003)
    tree = trees(getattr(gauge, body))["nested"]
    list(tree.stream(1, limit=2))
    run(collected(tree.astream(1, limit=2)))
    assert gauge.peak == 2


@pytest.mark.race
@pytest.mark.parametrize("limit", LIMITS)
def test_streams_side_by_side_share_their_limit_chunk_by_chunk(limit: int) -> None:
    gauge = Gauge(0.0005)

    def source(n: int) -> Iterator[int]:
        for _ in range(8):
            gauge.step(n)
            yield n

    def change(chunks: Iterator[int]) -> Iterator[int]:
        for chunk in chunks:
            gauge.step(chunk)
            yield chunk

    several = fanout({f"k{i}": source for i in range(4)})
    both: Runnable[int, Any] = fanout(a=several, b=several, c=transform(change), d=inc)
    chunks = [*both.stream(1, limit=limit)]
    total = {f"k{i}": 8 for i in range(4)}
    assert merged(chunks) == {"a": total, "b": total, "c": 1, "d": 2}
    assert gauge.peak == limit
    changed = pipe(source, fanout(a=transform(change), b=transform(change), c=passthrough()))
    assert merged([*changed.stream(1, limit=limit)]) == {"a": 8, "b": 8, "c": 8}
    assert gauge.peak == limit


@pytest.mark.parametrize("body", ["step", "astep"])
def test_a_limit_is_made_use_of(body: str) -> None:
    gauge = Gauge(0.1)
    wide = trees(getattr(gauge, body))["wide"]
    wide.invoke(1, limit=5)
    assert gauge.peak == 5


def test_threads_and_tasks_share_one_limit(run: Loop) -> None:
    gauge = Gauge(0.005)
    mixed = fanout({f"k{i}": gauge.astep if i % 2 else gauge.step for i in range(12)})
    mixed.invoke(1, limit=3)
    run(mixed.ainvoke(1, limit=3))
    mixed.batch(range(4), limit=3)
    assert gauge.peak == 3


@pytest.mark.parametrize("limit", [1, 2])
def test_waits_between_attempts_make_no_room_for_more(run: Loop, limit: int) -> None:
    gauge = Gauge(0.002)
    many = fanout({f"k{i}": fails_once(gauge) for i in range(8)})
    many.invoke(1, limit=limit)
    assert (gauge.peak, gauge.count) == (limit, 16)
    run(fanout({f"k{i}": fails_once(gauge) for i in range(8)}).ainvoke(1, limit=limit))
    assert (gauge.peak, gauge.count) == (limit, 32)
    pipe(fails_once(gauge), {f"k{i}": gauge.step for i in range(8)}).invoke(1, limit=limit)
    assert gauge.peak == limit


def fails_once(gauge: Gauge) -> Runnable[Any, Any]:
    errors = [OSError()]

    def step(x: object) -> object:
        gauge.step(x)
        if errors:
            raise errors.pop()
        return x

    return runnable(step).retry(on=OSError, attempts=2, backoff=[0.001])


def test_a_run_inside_a_step_has_a_limit_of_its_own() -> None:
    gauge = Gauge(0.05)
    inner = fanout(a=gauge.step, b=gauge.step)

    def run_inner(x: object) -> object:
        return inner.invoke(x)

    runnable(run_inner).invoke(1, limit=1)
    assert gauge.peak == 2


def test_without_a_limit_everything_runs_at_once() -> None:
    gauge = Gauge(0.3)
    fanout({f"k{i}": gauge.step for i in range(40)}).invoke(1)
    assert gauge.peak == 40


def test_a_batch_runs_thirty_two_items_at_once_where_nothing_is_said() -> None:
    gauge = Gauge(0.1)
    runnable(gauge.step).batch(range(80))
    assert gauge.peak == 32


@pytest.mark.parametrize("method", ["batch", "abatch", "batch_as_completed", "abatch_as_completed"])
def test_every_way_to_run_a_batch_has_the_same_limit(method: str) -> None:
    assert inspect.signature(getattr(Runnable, method)).parameters["limit"].default == 32


def test_generators_that_stream_at_once_share_their_limit(run: Loop) -> None:
    gauge = Gauge(0.001)

    async def steps(x: int) -> AsyncIterator[list[int]]:
        for number in range(5):
            await gauge.astep(x)
            yield [number]

    both = fanout(a=steps, b=steps, c=steps)
    chunks = run(collected(both.astream(0, limit=2)))
    assert merged(chunks) == {key: [*range(5)] for key in "abc"}
    assert gauge.peak == 2


def test_a_batch_without_a_limit_runs_more() -> None:
    gauge, agauge = Gauge(0.3), Gauge(0.3)
    runnable(gauge.step).batch(range(50), limit=None)
    runnable(agauge.astep).batch(range(50), limit=None)
    assert (gauge.peak, agauge.peak) == (50, 50)


def test_a_limit_far_above_the_number_of_items_costs_nothing(run: Loop) -> None:
    tasks: list[int] = []

    async def count(x: object) -> object:
        tasks.append(tasks_left())
        await anyio.lowlevel.checkpoint()
        return x

    async def main() -> None:
        results = runnable(count).abatch_as_completed([1, 2, 3], limit=50_000)
        assert [result async for result in results]

    run(main())
    assert max(tasks) < 100


BAD: tuple[tuple[object, str], ...] = (
    (0, "a number below 1"),
    (-1, "a number below 1"),
    ("2", "a str"),
    (1.5, "a float"),
    (True, "a bool"),
)


@pytest.mark.parametrize(("limit", "given"), BAD)
def test_a_bad_limit_is_refused_before_anything_runs(run: Loop, limit: Any, given: str) -> None:  # noqa: ANN401 - what no type allows
    ran: list[object] = []
    r = runnable(ran.append)
    said = f"limit= was given {given}. It takes a positive whole number, or None for no limit."
    for call in (
        lambda: r.invoke(1, limit=limit),
        lambda: r.batch([1], limit=limit),
        lambda: r.batch_as_completed([1], limit=limit),
        lambda: r.stream(1, limit=limit),
        lambda: run(r.ainvoke(1, limit=limit)),
        lambda: run(r.abatch([1], limit=limit)),
        lambda: r.abatch_as_completed([1], limit=limit),
        lambda: r.astream(1, limit=limit),
    ):
        with pytest.raises(OptionError) as caught:
            call()
        assert str(caught.value) == said
    assert ran == []


def test_a_misspelt_option_is_a_type_error() -> None:
    r: Any = runnable(inc)
    calls: tuple[Callable[[], object], ...] = (
        lambda: r.invoke(1, limt=1),
        lambda: r.ainvoke(1, limt=1),
        lambda: r.batch([1], limt=1),
        lambda: r.abatch([1], limt=1),
        lambda: r.batch_as_completed([1], limt=1),
        lambda: r.abatch_as_completed([1], limt=1),
        lambda: r.stream(1, limt=1),
        lambda: r.astream(1, limt=1),
    )
    for call in calls:
        with pytest.raises(TypeError, match="unexpected keyword argument 'limt'"):
            call()

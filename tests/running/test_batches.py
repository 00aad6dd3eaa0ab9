"""Batches keep their order, read lazily, and lose nothing that was finished."""

import asyncio
import contextlib
import contextvars
import gc
import itertools
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextvars import ContextVar, copy_context
from typing import Any, Literal

import anyio
import anyio.lowlevel
import pytest
from returns.result import Failure, Success
from typing_extensions import override

from combinators import BatchError, Observer, OptionError, Pool, fanout, pipe, runnable
from tests.running.ways import (
    AnyStep,
    Gauge,
    LaterResuming,
    Loop,
    Resuming,
    afailing,
    ainc,
    arriving,
    collected,
    failing,
    inc,
    is_trio,
    note_of,
    on_asyncio,
    tasks_left,
    waiting,
)


def odd_fails(n: int) -> int:
    if n % 2:
        raise ValueError
    return n


async def aodd_fails(n: int) -> int:
    await anyio.lowlevel.checkpoint()
    return odd_fails(n)


BODIES = [odd_fails, aodd_fails]
COUNTERS = [inc, ainc]


async def listed(results: AsyncIterator[tuple[int, Any]]) -> list[tuple[int, Any]]:
    return [result async for result in results]


@pytest.mark.parametrize("step", COUNTERS)
def test_an_empty_batch_gives_an_empty_list(run: Loop, step: AnyStep) -> None:
    r = runnable(step)
    assert r.batch([]) == r.batch(iter(())) == r.batch([], errors="collect") == []
    assert list(r.batch_as_completed([])) == []
    assert run(r.abatch([])) == []
    assert run(listed(r.abatch_as_completed([]))) == []


@pytest.mark.race
@pytest.mark.parametrize("limit", [1, 3, 32, None])
def test_results_are_in_the_order_of_the_inputs(limit: int | None) -> None:
    def backwards(n: int) -> int:
        time.sleep((20 - n) * 0.001)
        return n

    assert runnable(backwards).batch(range(20), limit=limit) == [*range(20)]


@pytest.mark.parametrize("step", COUNTERS)
def test_async_inputs_are_fine_for_an_async_batch(run: Loop, step: AnyStep) -> None:
    assert run(runnable(step).abatch(arriving([1, 2, 3]))) == [2, 3, 4]
    results = runnable(step).abatch_as_completed(arriving([1, 2, 3]))
    assert sorted(run(listed(results))) == [(0, 2), (1, 3), (2, 4)]


@pytest.mark.parametrize("step", BODIES)
def test_collected_outcomes_keep_their_places(run: Loop, step: AnyStep) -> None:
    r = runnable(step)
    for outcomes in (
        r.batch(range(4), errors="collect"),
        run(r.abatch(range(4), errors="collect")),
    ):
        assert [type(outcome).__name__ for outcome in outcomes] == ["Success", "Failure"] * 2
        assert [outcomes[0].unwrap(), outcomes[2].unwrap()] == [0, 2]
        assert isinstance(outcomes[1].failure(), ValueError)


@pytest.mark.parametrize("step", BODIES)
def test_collected_outcomes_come_as_completed_too(run: Loop, step: AnyStep) -> None:
    r = runnable(step)
    found = dict(r.batch_as_completed(range(4), errors="collect"))
    afound = dict(run(listed(r.abatch_as_completed(range(4), errors="collect"))))
    for outcomes in (found, afound):
        assert sorted(outcomes) == [0, 1, 2, 3]
        assert outcomes[2].unwrap() == 2
        assert isinstance(outcomes[3].failure(), ValueError)


@pytest.mark.race
@pytest.mark.parametrize("step", COUNTERS)
def test_items_come_as_they_are_ready(step: AnyStep) -> None:
    release = threading.Event()

    def first_waits(n: int) -> int:
        if n == 0:
            release.wait(10)
        return n

    results = pipe(first_waits, step).batch_as_completed(range(3), limit=3)
    assert {next(results), next(results)} == {(1, 2), (2, 3)}
    release.set()
    assert list(results) == [(0, 1)]


# --- Failures ---------------------------------------------------------------------------


@pytest.mark.parametrize("step", BODIES)
def test_a_failed_batch_keeps_what_was_finished(step: AnyStep) -> None:
    def ran(n: int) -> int:
        return n

    with pytest.raises(BatchError) as caught:
        pipe(ran, step).batch([0, 2, 4, 1, 6, 8], limit=1)
    error = caught.value
    assert error.index == 3
    assert {0: 0, 1: 2, 2: 4}.items() <= error.results.items()
    assert [*error.errors] == [3]
    assert error.__cause__ is error.errors[3]
    assert note_of(error.errors[3]) == f"at pipe step 2 ({step.__name__})"
    assert str(error) == (
        "item 3 of the batch failed: ValueError.\n"
        f"{len(error.results)} finished items are kept in `.results`, all failures in "
        '`.errors` (3). Pass errors="collect" to get an outcome for every item.'
    )


@pytest.mark.parametrize("step", BODIES)
def test_a_failed_async_batch_keeps_what_was_finished(run: Loop, step: AnyStep) -> None:
    with pytest.raises(BatchError) as caught:
        run(runnable(step).abatch([0, 2, 4, 1, 6, 8], limit=1))
    assert caught.value.index == 3
    assert {0: 0, 1: 2, 2: 4}.items() <= caught.value.results.items()
    assert caught.value.__cause__ is caught.value.errors[3]


@pytest.mark.race
def test_nothing_begins_after_a_failure(run: Loop) -> None:
    gauge, agauge = Gauge(0.005), Gauge(0.005)

    def step(n: int) -> object:
        return gauge.step(odd_fails(n) if n == 11 else n)

    async def astep(n: int) -> object:
        return await agauge.astep(odd_fails(n) if n == 11 else n)

    with pytest.raises(BatchError) as caught:
        runnable(step).batch(range(5000), limit=4)
    assert gauge.count == len(caught.value.results) < 100
    assert gauge.running == 0
    with pytest.raises(BatchError):
        run(runnable(astep).abatch(range(5000), limit=4))
    assert agauge.count < 100


@pytest.mark.parametrize("aio", [False, True])
def test_a_source_is_asked_for_nothing_after_a_failure_nor_after_its_end(
    run: Loop, *, aio: bool
) -> None:
    class Source:
        """An iterator that would go on behind its end."""

        def __init__(self, last: int) -> None:
            self.asked = 0
            self._last = last

        def __iter__(self) -> Iterator[int]:
            return self

        def __next__(self) -> int:
            self.asked += 1
            if self.asked > self._last:
                raise StopIteration
            return self.asked

    def batch(step: Callable[[int], int], source: Source) -> object:
        r: Any = runnable(step)
        return run(r.abatch(source, limit=1)) if aio else r.batch(source, limit=1)

    ends, fails = Source(3), Source(30)
    assert batch(inc, ends) == [2, 3, 4]
    assert ends.asked == 4
    with pytest.raises(BatchError):
        batch(odd_fails, fails)
    assert fails.asked == 1


@pytest.mark.race
def test_results_that_come_after_a_failure_are_kept_in_the_error() -> None:
    failed = threading.Event()

    def step(n: int) -> int:
        if n == 1:
            failed.set()
            raise ValueError
        failed.wait(10)
        time.sleep(0.05)
        return n

    got: list[tuple[int, int]] = []
    with pytest.raises(BatchError) as caught:
        got.extend(runnable(step).batch_as_completed([0, 1], limit=2))
    assert (got, caught.value.results) == ([], {0: 0})


@pytest.mark.race
def test_async_results_that_come_after_a_failure_are_kept_in_the_error(run: Loop) -> None:
    async def step(n: int) -> int:
        if n == 1:
            raise ValueError
        await anyio.sleep(0.05)
        return n

    with pytest.raises(BatchError) as caught:
        run(listed(runnable(step).abatch_as_completed([0, 1], limit=2)))
    assert (caught.value.index, caught.value.results) == (1, {0: 0})


@pytest.mark.parametrize("step", COUNTERS)
def test_a_source_that_fails_midway_fails_as_the_item_that_was_to_come(
    run: Loop, step: AnyStep
) -> None:
    def source() -> Iterator[int]:
        yield 1
        yield 2
        raise LookupError("source")

    r = runnable(step)
    with pytest.raises(BatchError) as caught:
        r.batch(source())
    assert (caught.value.index, caught.value.results) == (2, {0: 2, 1: 3})
    assert isinstance(caught.value.errors[2], LookupError)
    *done, last = r.batch(source(), errors="collect")
    assert [outcome.unwrap() for outcome in done] == [2, 3]
    assert isinstance(last.failure(), LookupError)
    with pytest.raises(BatchError) as acaught:
        run(r.abatch(source()))
    assert (acaught.value.index, acaught.value.results) == (2, {0: 2, 1: 3})
    *_, (index, _) = r.batch_as_completed(source(), errors="collect", limit=1)
    assert index == 2


class Halt(BaseException):
    """Somebody's own way to stop everything."""


@pytest.mark.race
@pytest.mark.parametrize("kind", [SystemExit, Halt])
@pytest.mark.parametrize("errors", ["raise", "collect"])
def test_what_is_no_exception_ends_a_batch_bare_and_at_once(
    run: Loop, kind: type[BaseException], errors: Literal["raise", "collect"]
) -> None:
    for fail in (failing, afailing):
        gauge = Gauge(0.01)
        after = pipe(lambda n: n, fail(kind()))
        chain = fanout(a=gauge.step, b=runnable(after))
        with pytest.raises(kind):
            chain.batch(range(500), limit=2, errors=errors)
        with pytest.raises(kind):
            run(chain.abatch(range(500), limit=2, errors=errors))
        with pytest.raises(kind):
            list(chain.batch_as_completed(range(500), limit=2, errors=errors))
        assert gauge.count < 50


@pytest.mark.race
@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, Halt])
@pytest.mark.parametrize("collects", [True, False])
def test_what_ends_two_items_at_once_is_raised_where_they_are_awaited_and_told_once(
    run: Loop, kind: type[BaseException], *, collects: bool
) -> None:
    reported: list[object] = []
    waiting: list[object] = []

    async def halt(n: object) -> None:
        waiting.append(n)
        while len(waiting) < 2:
            await anyio.lowlevel.checkpoint()
        raise kind

    async def main() -> None:
        if not is_trio():  # which has nowhere to report to
            loop = asyncio.get_running_loop()
            loop.set_exception_handler(lambda _, found: reported.append(found))
        chain = runnable(halt)
        with pytest.raises(kind):
            await (
                chain.abatch([1, 2]) if collects else collected(chain.abatch_as_completed([1, 2]))
            )

    run(main(), seconds=10)
    gc.collect()
    assert reported == []


@pytest.mark.race
def test_what_is_no_exception_in_another_thread_ends_a_batch_in_that_of_the_caller() -> None:
    both = threading.Barrier(2)
    mine = threading.get_ident()

    def step(n: int) -> int:
        both.wait(10)
        if threading.get_ident() != mine:
            raise Halt
        return n

    with pytest.raises(Halt):
        runnable(step).batch(range(2))


@pytest.mark.race
def test_items_end_where_two_threads_come_to_the_end_of_the_inputs() -> None:
    both = threading.Barrier(2)

    def source() -> Iterator[int]:
        yield 0
        yield 1
        time.sleep(0.05)  # for the other thread to come, too

    def step(n: int) -> int:
        both.wait(10)
        return n

    assert runnable(step).batch(source()) == [0, 1]


@pytest.mark.race
def test_what_a_source_gives_after_its_end_is_no_item() -> None:
    both = threading.Barrier(2)

    def step(n: int) -> int:
        both.wait(10)
        return n

    assert runnable(step).batch(Resuming(StopIteration())) == [0, 1]
    completed = runnable(step).batch_as_completed(Resuming(StopIteration()))
    assert sorted(completed) == [(0, 0), (1, 1)]


def test_what_an_async_source_gives_after_its_end_is_no_item(run: Loop) -> None:
    r = runnable(ainc)
    assert run(r.abatch(LaterResuming(StopIteration()))) == [1, 2]
    completed = r.abatch_as_completed(LaterResuming(StopIteration()))
    assert sorted(run(collected(completed))) == [(0, 1), (1, 2)]


def test_what_an_async_source_gives_after_it_has_failed_is_no_item(run: Loop) -> None:
    r, error = runnable(ainc), LookupError()
    outcomes = run(r.abatch(LaterResuming(error), errors="collect"))
    assert outcomes == [Success(1), Success(2), Failure(error)]
    completed = r.abatch_as_completed(LaterResuming(error), errors="collect")
    assert sorted(index for index, _ in run(collected(completed))) == [0, 1, 2]


@pytest.mark.race
def test_no_item_begins_after_a_failure_that_nobody_has_seen_yet() -> None:
    ran: list[int] = []
    is_taken = threading.Event()

    def step(n: int) -> int:
        ran.append(n)
        if n == 1:
            is_taken.wait(10)
            raise ValueError
        return n

    outcomes = runnable(step).batch_as_completed(range(9), limit=1)
    assert next(outcomes) == (0, 0)
    is_taken.set()
    time.sleep(0.05)  # who takes the outcomes is busy with the first
    with pytest.raises(BatchError):
        next(outcomes)
    assert ran == [0, 1]


@pytest.mark.race
def test_no_item_begins_on_a_loop_after_a_failure_that_nobody_has_seen_yet(run: Loop) -> None:
    ran: list[int] = []

    async def step(n: int) -> int:
        ran.append(n)
        return 0 // (n - 1)

    async def main() -> None:
        batch = runnable(step).abatch_as_completed(range(9), limit=1)
        async with contextlib.aclosing(batch) as outcomes:
            assert await anext(outcomes) == (0, 0)
            await anyio.sleep(0.05)
            with pytest.raises(BatchError):
                await anext(outcomes)

    run(main())
    assert ran == [0, 1]


@pytest.mark.race
def test_where_no_thread_is_to_be_had_who_takes_the_outcomes_runs_the_items() -> None:
    outcomes = runnable(inc).batch_as_completed(range(5), executor=Pool(max_threads=0))
    assert [*outcomes] == [(index, index + 1) for index in range(5)]


@pytest.mark.race
def test_an_item_that_is_cancelled_by_itself_ends_an_async_batch_at_once() -> None:
    ran: list[int] = []

    async def step(n: int) -> int:
        if n == 0:
            raise asyncio.CancelledError
        ran.append(n)
        await anyio.sleep(0.01)
        return n

    with pytest.raises(asyncio.CancelledError):
        on_asyncio(runnable(step).abatch(range(500), limit=2))
    assert len(ran) < 50


class Incomparable:
    """A value that is equal to nothing, and says so by an error, as arrays do."""

    __hash__ = object.__hash__

    @override
    def __eq__(self, other: object) -> bool:
        raise TypeError


@pytest.mark.parametrize("observers", [(), (Observer(),)])
@pytest.mark.parametrize("aio", [False, True])
def test_a_context_that_does_not_compare_is_changed(
    run: Loop, *, aio: bool, observers: Sequence[Observer]
) -> None:
    var = ContextVar[object]("var")
    seen: list[object] = []
    outside = Incomparable()

    def step(n: int) -> int:
        seen.append(var.get())
        var.set(Incomparable())
        return n

    async def astep(n: int) -> int:
        return step(n)

    def main() -> list[int]:
        var.set(outside)
        if aio:
            return run(runnable(astep).abatch(range(3), limit=1, observers=observers))
        return runnable(step).batch(range(3), limit=1, observers=observers)

    assert copy_context().run(main) == [0, 1, 2]
    assert all(value is outside for value in seen)


def test_items_that_arrive_fail_at_their_places(run: Loop) -> None:
    outcomes = run(runnable(aodd_fails).abatch(arriving(range(4)), errors="collect"))
    assert [isinstance(outcome, Success) for outcome in outcomes] == [True, False, True, False]


def test_what_is_no_exception_in_the_source_is_bare(run: Loop) -> None:
    def source() -> Iterator[int]:
        yield 1
        raise Halt

    for step in COUNTERS:
        with pytest.raises(Halt):
            runnable(step).batch(source())
        with pytest.raises(Halt):
            run(runnable(step).abatch(source()))


def test_an_exit_in_the_source_is_raised_where_the_batch_is_awaited(run: Loop) -> None:
    def source() -> Iterator[int]:
        yield 1
        raise SystemExit

    async def main() -> None:
        chain = runnable(ainc)
        with pytest.raises(SystemExit):
            await chain.abatch(source())
        with pytest.raises(SystemExit):
            await collected(chain.abatch_as_completed(source()))

    run(main(), seconds=10)


def test_the_way_of_errors_is_checked_before_anything_runs(run: Loop) -> None:
    wrong: Any = "ignore"
    r: Any = runnable(inc)
    calls: tuple[Callable[[], object], ...] = (
        lambda: r.batch([1], errors=wrong),
        lambda: r.batch_as_completed([1], errors=wrong),
        lambda: run(r.abatch([1], errors=wrong)),
        lambda: r.abatch_as_completed([1], errors=wrong),
    )
    for call in calls:
        with pytest.raises(OptionError) as caught:
            call()
        assert str(caught.value) == 'errors= was given a str. It takes "raise" or "collect".'


# --- Laziness -----------------------------------------------------------------------------


class Counted:
    """Inputs without an end, which count how many were read."""

    def __init__(self) -> None:
        self.read = 0

    def __iter__(self) -> Iterator[int]:
        for n in itertools.count():
            self.read += 1
            yield n


@pytest.mark.race
@pytest.mark.parametrize("step", COUNTERS)
@pytest.mark.parametrize("limit", [1, 4])
def test_inputs_are_read_within_a_window(step: AnyStep, limit: int) -> None:
    inputs = Counted()
    with contextlib.closing(runnable(step).batch_as_completed(inputs, limit=limit)) as results:
        assert inputs.read == 0
        for taken in range(1, 11):
            next(results)
            time.sleep(0.002)
            assert inputs.read <= taken + 2 * limit


def test_items_see_what_was_set_when_the_batch_began(run: Loop) -> None:
    seen = contextvars.ContextVar("seen", default="begun")

    def look(_: int) -> str:
        return seen.get()

    async def alook(_: int) -> str:
        return seen.get()

    def source() -> Iterator[int]:
        for n in range(9):
            seen.set("read")
            yield n

    async def main() -> list[str]:
        found: list[str] = []
        async for _, result in runnable(alook).abatch_as_completed(source(), limit=1):
            seen.set("changed")
            found.append(result)
        return found

    assert run(main()) == ["begun"] * 9
    results = runnable(look).batch_as_completed(source(), limit=1)
    found = [next(results)[1]]
    token = seen.set("changed")
    found += [result for _, result in results]
    seen.reset(token)
    assert found == ["begun"] * 9


@pytest.mark.race
@pytest.mark.parametrize("step", COUNTERS)
def test_async_batches_read_within_a_window(run: Loop, step: AnyStep) -> None:
    inputs = Counted()

    async def main() -> None:
        async with contextlib.aclosing(
            runnable(step).abatch_as_completed(inputs, limit=4)
        ) as results:
            for taken in range(1, 11):
                await anext(results)
                await anyio.sleep(0.002)
                assert inputs.read <= taken + 2 * 4 + 1
        assert tasks_left() == 0

    run(main(), seconds=10)


@pytest.mark.race
def test_closing_waits_for_what_runs() -> None:
    gauge = Gauge(0.05)
    results = runnable(gauge.step).batch_as_completed(itertools.count(), limit=4)
    next(results)
    results.close()
    assert gauge.running == 0
    begun = gauge.count
    time.sleep(0.08)
    assert gauge.count == begun


@pytest.mark.race
@pytest.mark.parametrize("step", COUNTERS)
def test_a_finished_item_does_not_wait_for_the_next_input(step: AnyStep) -> None:
    taken = threading.Event()

    def source() -> Iterator[int]:
        yield 1
        assert taken.wait(5), "the first result was not given"
        yield 2

    got: list[int] = []
    for _, value in runnable(step).batch_as_completed(source(), limit=2):
        got.append(value)
        taken.set()
    assert got == [2, 3]


def test_a_batch_of_many_items_needs_few_threads() -> None:
    assert runnable(inc).batch(range(5000), limit=8) == [*range(1, 5001)]


def test_an_exception_that_is_returned_is_a_value() -> None:
    error = ValueError("a value")

    def give(_: object) -> ValueError:
        return error

    assert pipe(give, waiting(0)).batch([1]) == [error]
    assert runnable(give).batch([1], errors="collect")[0].unwrap() is error


@pytest.mark.race
def test_items_run_at_the_same_time() -> None:
    barrier = threading.Barrier(4)

    def together(_: object) -> int:
        return barrier.wait(10)

    assert sorted(runnable(together).batch(range(4), limit=4)) == [0, 1, 2, 3]

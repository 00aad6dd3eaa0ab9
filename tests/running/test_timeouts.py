"""`timeout`: so many seconds and no more, on threads and on event loops; `cancelled()`."""

import asyncio
import pickle
import threading
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextvars import ContextVar
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from typing_extensions import override

from combinators import (
    AbandonedError,
    BuilderError,
    DeadlineError,
    FanoutError,
    Runnable,
    cancelled,
    each,
    fanout,
    pipe,
    runnable,
)
from combinators._run.concurrency.pool import POOL
from combinators._run.concurrency.threads import Gate, SystemThreads
from combinators.laws.schedules import Schedule
from tests.running.ways import (
    ONCE,
    WAYS,
    Loop,
    Way,
    ainc,
    awaiting,
    begun,
    by_ainvoke,
    by_invoke,
    by_stream,
    collected,
    failing,
    inc,
    note_of,
    python,
    seconds_of,
    timeout,
    waiting,
)

SOON = 0.03


class Patient:
    """A step that waits until somebody tells it, or it is not wanted any more."""

    def __init__(self) -> None:
        self.told = threading.Event()
        self.begun = threading.Event()
        self.ended = threading.Event()
        self.was_cancelled: bool | None = None

    def step(self, x: object) -> object:
        self.begun.set()
        while not self.told.wait(0.002) and not cancelled():
            pass
        self.was_cancelled = cancelled()
        self.ended.set()
        return x

    def stubborn(self, x: object) -> object:
        self.told.wait(30)
        self.ended.set()
        return x


def nobody_is_left_behind() -> None:
    """Return when the threads that were given up have ended."""
    deadline = time.monotonic() + 10
    while POOL.given_up and time.monotonic() < deadline:
        time.sleep(0.001)
    assert POOL.given_up == 0


@pytest.fixture
def patient() -> Generator[Patient]:
    """Return a step that has ended when the test has."""
    nobody_is_left_behind()
    made = Patient()
    yield made
    made.told.set()
    nobody_is_left_behind()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("step", [inc, ainc])
def test_what_is_done_in_time_is_what_it_is(way: Way, step: Callable[[int], Any]) -> None:
    assert way(pipe(inc, runnable(step).timeout(seconds=30), inc), 1) == 4


@pytest.mark.parametrize("way", WAYS)
def test_what_fails_in_time_fails_as_it_is(way: Way) -> None:
    error = TimeoutError("of the step itself")
    with pytest.raises(TimeoutError) as caught:
        way(pipe(inc, runnable(failing(error)).timeout(seconds=30)), 1)
    assert caught.value is error
    assert note_of(error) == "at pipe step 2 (fail timeout)"


@pytest.mark.race
@pytest.mark.parametrize("way", WAYS)
def test_a_thread_that_takes_too_long_is_left_behind(way: Way, patient: Patient) -> None:
    r = pipe(inc, runnable(patient.stubborn).timeout(seconds=SOON))
    begin = time.monotonic()
    with pytest.raises(DeadlineError) as caught:
        way(r, 1)
    assert SOON <= time.monotonic() - begin < 5
    assert str(caught.value) == "stubborn timeout took longer than 0.03 s."
    assert note_of(caught.value) == "at pipe step 2 (stubborn timeout)"
    assert not patient.ended.is_set()
    assert POOL.given_up == 1


@pytest.mark.race
@pytest.mark.parametrize("way", WAYS)
def test_who_is_left_behind_may_ask_and_stop(way: Way, patient: Patient) -> None:
    with pytest.raises(DeadlineError):
        way(runnable(patient.step).timeout(seconds=SOON), 1)
    assert patient.ended.wait(10)
    assert patient.was_cancelled


@pytest.mark.race
def test_branches_of_what_is_left_behind_may_ask_too(patient: Patient) -> None:
    other = Patient()
    with pytest.raises(DeadlineError):
        fanout(a=patient.step, b=pipe(inc, other.step)).timeout(seconds=SOON).invoke(1)
    assert patient.ended.wait(10)
    assert other.ended.wait(10)
    assert (patient.was_cancelled, other.was_cancelled) == (True, True)


@pytest.mark.race
def test_an_async_step_is_cancelled_and_awaited() -> None:
    ended: list[str] = []

    async def slow(_: object) -> None:
        try:
            await anyio.sleep(30)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.01)
            ended.append("slow")

    r = fanout(a=slow, b=pipe(inc, slow)).timeout(seconds=SOON)
    for way in ONCE:
        ended.clear()
        with pytest.raises(DeadlineError) as caught:
            way(r, 1)
        assert ended == ["slow", "slow"]
        assert str(caught.value) == "timeout took longer than 0.03 s."


@pytest.mark.parametrize("way", ONCE)
def test_the_time_is_that_of_one_step(way: Way) -> None:
    r = pipe(waiting(0.06), runnable(inc).timeout(seconds=0.05), awaiting(0.06))
    assert way(r, 1) == 2


@pytest.mark.race
def test_a_deadline_around_a_task_is_not_ours(run: Loop) -> None:
    async def main() -> None:
        with pytest.raises(TimeoutError) as caught:
            async with timeout(SOON):
                await runnable(awaiting(30)).timeout(seconds=20).ainvoke(1)
        assert type(caught.value) is TimeoutError

    run(main(), seconds=10)


@pytest.mark.race
def test_timeouts_nest_and_the_first_to_pass_is_raised() -> None:
    async def main() -> float:
        r = runnable(awaiting(30)).timeout(seconds=1).named("inner").timeout(seconds=2)
        with pytest.raises(DeadlineError) as caught:
            await r.ainvoke(1)
        assert caught.value.seconds == 1
        return asyncio.get_running_loop().time()

    assert Schedule().run_async(main) == pytest.approx(1)


@pytest.mark.parametrize("way", [by_invoke, by_ainvoke])
def test_retry_answers_a_timeout(way: Way) -> None:
    calls: list[int] = []

    def slow_at_first(x: int) -> int:
        calls.append(x)
        time.sleep(5 if len(calls) < 3 else 0)
        return x

    r = runnable(slow_at_first).timeout(seconds=1).retry(on=TimeoutError, backoff=[1.0, 1.0])

    def main() -> float:
        assert way(r, 7) == 7
        return time.monotonic()

    assert Schedule().run(main) <= 7  # when the last thread that was left behind ends
    assert calls == [7, 7, 7]


@pytest.mark.parametrize("way", ONCE)
def test_what_a_step_sets_in_the_context_is_set_after_it(way: Way) -> None:
    variable: ContextVar[str] = ContextVar("variable", default="unset")

    def write(x: object) -> object:
        variable.set("set")
        return x

    def read(_: object) -> str:
        return variable.get()

    assert way(pipe(runnable(write).timeout(seconds=30), read), 1) == "set"


@pytest.mark.race
def test_a_limit_counts_what_is_waited_for() -> None:
    steps = {str(n): runnable(waiting(1.0)).timeout(seconds=30) for n in range(4)}

    def main() -> float:
        fanout(steps).invoke(1, limit=2)
        return time.monotonic()

    assert Schedule().run(main) == pytest.approx(2)


@pytest.mark.race
def test_a_limit_does_not_count_what_was_given_up() -> None:
    slow = fanout(a=waiting(10.0), b=waiting(10.0)).timeout(seconds=1)

    def main() -> float:
        with pytest.raises(FanoutError):
            fanout(a=slow).invoke(1, limit=1)
        assert fanout(a=slow.attempt(), b=each(waiting(1.0))).invoke([1], limit=1)["b"] == [1]
        return time.monotonic()

    assert Schedule().run(main) < 25


@pytest.mark.race
def test_above_a_bound_nothing_more_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Patient()
    monkeypatch.setattr(POOL, "max_given_up", 2)
    r = runnable(told.stubborn).timeout(seconds=0.001)
    for _ in range(2):
        with pytest.raises(DeadlineError):
            r.invoke(1)
    with pytest.raises(AbandonedError) as caught:
        pipe(inc, r).invoke(1)
    assert str(caught.value) == (
        "stubborn timeout was not begun: 2 threads still run what ran out of time.\n"
        "No thread can be stopped from outside. A long step can ask cancelled(), and return."
    )
    assert note_of(caught.value) == "at pipe step 2 (stubborn timeout)"
    told.told.set()
    nobody_is_left_behind()
    assert runnable(told.stubborn).timeout(seconds=30).invoke(1) == 1  # there is room again


class LateGate:
    """A gate of which it is said that nobody has opened it in time."""

    def __init__(self) -> None:
        self._opened = threading.Event()

    def acquire(self, *_: object) -> bool:
        self._opened.wait(10)
        return False

    def release(self) -> None:
        self._opened.set()


class LateThreads(SystemThreads):
    @override
    def gate(self) -> Gate:
        return LateGate()


@pytest.mark.race
def test_what_is_done_at_the_last_moment_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    r = runnable(inc).timeout(seconds=30)
    assert r.invoke(1) == 2
    monkeypatch.setattr(POOL, "threads", LateThreads())
    assert r.invoke(1) == 2
    assert POOL.given_up == 0


def nobody(_: object) -> bool:
    return False


def test_without_a_thread_to_be_had_the_caller_does_the_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(POOL, "spawn", nobody)
    assert runnable(inc).timeout(seconds=30).invoke(1) == 2
    with pytest.raises(DeadlineError):
        runnable(waiting(0.002)).timeout(seconds=0.001).invoke(1)


def test_ctrl_c_does_not_wait_for_the_time() -> None:
    done = python(
        """
import os, signal, threading, time
from combinators import runnable
from combinators._run.concurrency.pool import POOL
threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
begin = time.monotonic()
try:
    runnable(lambda x: time.sleep(20)).timeout(seconds=15).invoke(1)
except KeyboardInterrupt as error:
    assert not hasattr(error, "__notes__")
    print("interrupted", time.monotonic() - begin < 5, POOL.given_up)
"""
    )
    assert done.stdout == "interrupted True 1\n", done.stderr


# --- Streams ------------------------------------------------------------------------


def test_chunks_go_on_as_they_come(run: Loop) -> None:
    def source(_: object) -> Iterator[str]:
        yield from "abc"

    async def asource(_: object) -> AsyncIterator[str]:
        for chunk in "abc":
            await anyio.lowlevel.checkpoint()
            yield chunk

    for step in (source, asource):
        r: Any = runnable(step).timeout(seconds=30)
        assert [*r.stream(1)] == run(collected(r.astream(1))) == ["a", "b", "c"]


def test_the_time_between_chunks_is_the_readers() -> None:
    def source(_: object) -> Iterator[int]:
        for n in range(3):
            time.sleep(1)
            yield n

    def main() -> list[int]:
        seen: list[int] = []
        for chunk in runnable(source).timeout(seconds=5).stream(1):
            time.sleep(10)
            seen.append(chunk)
        return seen

    assert Schedule().run(main) == [0, 1, 2]


def test_all_chunks_share_the_time() -> None:
    closed: list[float] = []

    def source(_: object) -> Iterator[int]:
        try:
            for n in range(9):
                time.sleep(2)
                yield n
        finally:
            closed.append(time.monotonic())

    def main() -> list[int]:
        seen: list[int] = []
        with pytest.raises(DeadlineError):
            seen.extend(runnable(source).timeout(seconds=5).stream(1))
        assert time.monotonic() == pytest.approx(5)
        return seen

    assert Schedule().run(main) == [0, 1]
    assert closed == [pytest.approx(6)]  # by the thread that was left behind


def test_all_chunks_share_the_time_on_an_event_loop() -> None:
    closed: list[float] = []

    async def source(_: object) -> AsyncIterator[int]:
        try:
            for n in range(9):
                await anyio.sleep(2)
                yield n
        finally:
            closed.append(asyncio.get_running_loop().time())

    async def main() -> list[int]:
        seen: list[int] = []

        async def read() -> None:
            async for chunk in runnable(source).timeout(seconds=5).astream(1):
                seen.append(chunk)  # noqa: PERF401 - what was seen before a failure is kept

        with pytest.raises(DeadlineError):
            await read()
        return seen

    assert Schedule().run_async(main) == [0, 1]
    assert closed == [5]


def test_a_stream_that_is_closed_closes_its_source() -> None:
    closed: list[str] = []

    def source(_: object) -> Iterator[str]:
        try:
            yield from "abc"
        finally:
            closed.append("source")

    chunks = runnable(source).timeout(seconds=30).stream(1)
    next(chunks)
    chunks.close()
    assert closed == ["source"]


# --- cancelled() --------------------------------------------------------------------


def test_outside_of_a_run_nothing_is_cancelled() -> None:
    assert not cancelled()


@pytest.mark.parametrize("way", WAYS)
def test_in_a_run_that_goes_well_nothing_is_cancelled(way: Way) -> None:
    seen: list[bool] = []

    def ask(_: object) -> int:
        seen.append(cancelled())
        return 1

    way(pipe(ask, fanout(a=ask, b=ask, c=fanout(d=ask)), ask), 1)
    way(runnable(ask).timeout(seconds=30), 1)
    assert not any(seen)
    assert len(seen) == 6
    assert not cancelled()


@pytest.mark.race
@pytest.mark.parametrize("way", ONCE)
def test_a_step_learns_that_a_sibling_has_failed(way: Way, patient: Patient) -> None:
    def fail(_: object) -> None:
        time.sleep(SOON)
        raise ValueError

    shapes: list[Runnable[Any, Any]] = [
        fanout(a=patient.step, b=fail),
        fanout(a=fail, b=fanout(c=pipe(inc, patient.step), d=inc)),
        fanout(a=patient.step, b=fanout(c=fail)),
        fanout(a=pipe(fanout(c=inc, d=inc), patient.step), b=fail),
    ]
    for r in shapes:
        patient.ended.clear()
        patient.was_cancelled = None
        assert seconds_of(lambda r=r: raises_group(way, r)) < 10  # type: ignore[misc]  # bound at once
        assert patient.was_cancelled


@pytest.mark.race
@pytest.mark.parametrize("way", [by_invoke, by_stream])
def test_a_call_inside_a_step_learns_that_the_step_was_left_behind(
    way: Way, patient: Patient
) -> None:
    def source(x: object) -> Iterator[object]:
        yield patient.step(x)

    inner = runnable(source).timeout(seconds=60)

    def step(x: object) -> object:
        return way(inner, x)

    with pytest.raises(DeadlineError):
        runnable(step).timeout(seconds=SOON).invoke(1)
    assert patient.ended.wait(10)
    assert patient.was_cancelled


@pytest.mark.race
def test_a_stream_with_a_deadline_learns_that_a_sibling_has_failed(patient: Patient) -> None:
    def fail(_: object) -> Iterator[int]:
        assert patient.begun.wait(10)
        yield 1
        raise ValueError

    def source(x: object) -> Iterator[object]:
        yield patient.step(x)

    both = fanout(a=runnable(source).timeout(seconds=60), b=fail)
    assert seconds_of(lambda: raises_group(by_stream, both)) < 10
    assert patient.was_cancelled


def test_the_time_that_a_step_gives_itself_is_not_that_of_the_deadline() -> None:
    async def step(_: object) -> None:
        async with asyncio.timeout(0.001):
            await asyncio.sleep(60)

    with pytest.raises(TimeoutError) as caught:
        runnable(step).timeout(seconds=60).invoke(1)
    assert type(caught.value) is TimeoutError


def raises_group(way: Way, r: Runnable[Any, Any]) -> None:
    with pytest.raises(FanoutError):
        way(r, 1)
    assert not cancelled()


@pytest.mark.race
def test_a_step_learns_that_its_task_was_cancelled(run: Loop, patient: Patient) -> None:
    async def main() -> None:
        async with begun(pipe(inc, patient.step).ainvoke(1)) as task:
            assert await anyio.to_thread.run_sync(patient.begun.wait, 10)
            task.cancel()
            assert await task.was_cancelled()

    run(main(), seconds=10)
    assert patient.was_cancelled


@pytest.mark.race
def test_a_step_learns_that_its_stream_was_closed(run: Loop, patient: Patient) -> None:
    def source(x: object) -> Iterator[object]:
        yield 1
        yield patient.step(x)

    async def main() -> None:
        async def read() -> None:
            async for _ in runnable(source).astream(1):
                pass

        async with begun(read()) as task:
            assert await anyio.to_thread.run_sync(patient.begun.wait, 10)
            task.cancel()
            assert await task.was_cancelled()

    run(main(), seconds=10)
    assert patient.was_cancelled


@pytest.mark.race
def test_a_thread_that_has_done_with_one_call_knows_nothing_of_it_in_the_next() -> None:
    seen: list[bool] = []

    def ask(_: object) -> None:
        seen.append(cancelled())

    for _ in range(50):
        with pytest.raises(FanoutError):
            fanout(a=failing(ValueError()), b=inc, c=inc).invoke(1)
        fanout(a=ask, b=ask).invoke(1)
    assert not any(seen)


@pytest.mark.race
def test_a_fanout_in_a_thread_whose_task_was_cancelled_ends_with_it(
    run: Loop, patient: Patient
) -> None:
    inner = fanout(a=patient.step, b=pipe(patient.step, str)).timeout(seconds=20)

    async def main() -> None:
        async with begun(runnable(inner.invoke).ainvoke(1)) as task:
            assert await anyio.to_thread.run_sync(patient.begun.wait, 10)
            task.cancel()
            assert await task.was_cancelled()

    run(main(), seconds=10)
    assert patient.was_cancelled


# --- Building, and the errors --------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "given"),
    [
        (0, "a number not above 0"),
        (-1, "a number not above 0"),
        (None, "None"),
        (True, "a bool"),
        (float("nan"), "a float that is not finite"),
    ],
)
def test_what_is_no_time_is_refused(seconds: Any, given: str) -> None:  # noqa: ANN401 - of any type
    with pytest.raises(BuilderError) as caught:
        runnable(inc).timeout(seconds=seconds)
    assert str(caught.value) == (
        f"timeout() seconds= was given {given}.\nIt takes a finite number above 0."
    )


def test_more_seconds_than_a_clock_has_are_enough() -> None:
    assert runnable(inc).timeout(seconds=1e300).invoke(1) == 2
    assert by_ainvoke(runnable(ainc).timeout(seconds=1e300), 1) == 2


@pytest.mark.parametrize("error", [DeadlineError("a step", 0.5), AbandonedError("a step", 64)])
def test_its_errors_pickle(error: Exception) -> None:
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - written in this very line
    assert (type(again), again.args, str(again)) == (type(error), error.args, str(error))

"""`retry`: again after a failure, so often, for so long, and only for what may be better then."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeAlias

import anyio
import anyio.lowlevel
import pytest

from combinators import (
    BuilderError,
    FanoutError,
    Runnable,
    bind,
    exponential,
    fanout,
    pipe,
    runnable,
)
from combinators._run.concurrency.scopes import LOOK_UP_SECONDS
from combinators.laws.schedules import Schedule
from tests.running.ways import (
    WAYS,
    Loop,
    Way,
    by_ainvoke,
    by_invoke,
    collected,
    failing,
    note_of,
)

AnyClass: TypeAlias = type[Exception] | tuple[type[Exception], ...]

# No test waits for time to pass: either there are no waits, or time is virtual.
AT_ONCE = exponential(first_seconds=0)


class Flaky:
    """Steps that fail so many times, and count how often they were called and when."""

    def __init__(self, failures: int, error: Callable[[], BaseException] = ConnectionError) -> None:
        self._failures = failures
        self._error = error
        self.times: list[float] = []

    @property
    def calls(self) -> int:
        return len(self.times)

    def step(self, x: object) -> object:
        self.times.append(time.monotonic())
        if self.calls <= self._failures:
            raise self._error()
        return x

    async def astep(self, x: object) -> object:
        await anyio.lowlevel.checkpoint()
        return self.step(x)

    def kinds(self) -> list[Runnable[Any, Any]]:
        return [runnable(self.step), runnable(self.astep)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", [0, 1])
def test_a_step_is_run_again_until_it_succeeds(way: Way, kind: int) -> None:
    flaky = Flaky(2)
    r = flaky.kinds()[kind].retry(on=ConnectionError, backoff=AT_ONCE)
    assert way(pipe(r, str), 7) == "7"
    assert flaky.calls == 3


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", [0, 1])
def test_after_the_last_attempt_its_own_exception_is_raised(way: Way, kind: int) -> None:
    raised: list[ConnectionError] = []

    def error() -> ConnectionError:
        raised.append(ConnectionError(f"number {len(raised) + 1}"))
        return raised[-1]

    flaky = Flaky(9, error)
    step = flaky.kinds()[kind]
    with pytest.raises(ConnectionError) as caught:
        way(pipe(str, step.retry(on=ConnectionError, attempts=3, backoff=AT_ONCE)), 7)
    assert caught.value is raised[-1]
    assert flaky.calls == len(raised) == 3
    name = ["step", "astep"][kind]
    assert note_of(caught.value) == f"at pipe step 2 ({name} retry) > retry attempt 3"


@pytest.mark.parametrize("way", WAYS)
def test_what_is_not_listed_is_not_tried_again(way: Way) -> None:
    flaky = Flaky(9, ZeroDivisionError)
    with pytest.raises(ZeroDivisionError) as caught:
        way(runnable(flaky.step).retry(on=(ConnectionError, KeyError), backoff=AT_ONCE), 7)
    assert flaky.calls == 1
    assert note_of(caught.value) == "at retry attempt 1"


@pytest.mark.parametrize("way", WAYS)
def test_one_exception_raised_each_time_says_once_where(way: Way) -> None:
    r = pipe(failing(OSError("always the same")), str).retry(on=OSError, backoff=AT_ONCE)
    with pytest.raises(OSError, match="always the same") as caught:
        way(r, 7)
    assert note_of(caught.value) == "at retry attempt 3 > pipe step 1 (fail)"


@pytest.mark.parametrize("signal", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
@pytest.mark.parametrize("way", [by_invoke, by_ainvoke])
def test_what_is_no_exception_is_never_tried_again(way: Way, signal: type[BaseException]) -> None:
    flaky = Flaky(9, signal)
    with pytest.raises(signal):
        way(runnable(flaky.step).retry(on=Exception, backoff=AT_ONCE), 7)
    assert flaky.calls == 1


@pytest.mark.parametrize(
    ("other", "on", "calls"),
    [
        (ConnectionError, ConnectionError, 3),
        (ConnectionRefusedError, ConnectionError, 3),
        (ValueError, ConnectionError, 1),
        (ValueError, (ConnectionError, ValueError), 3),
        (ValueError, FanoutError, 3),
        (ValueError, ExceptionGroup, 3),
    ],
)
@pytest.mark.parametrize("way", [by_invoke, by_ainvoke])
def test_a_group_is_tried_again_if_each_of_its_leaves_is(
    way: Way, other: type[Exception], on: AnyClass, calls: int
) -> None:
    both = threading.Barrier(2)

    def fails(error: type[Exception]) -> Callable[[object], object]:
        def fail(_: object) -> object:
            both.wait(10)
            raise error

        return fail

    begun: list[object] = []
    inner = fanout(a=fails(ConnectionError), b=fanout(c=fails(other)))
    with pytest.raises(FanoutError) as caught:
        way(pipe(runnable(begun.append), inner).retry(on=on, backoff=AT_ONCE), 7)
    assert len(begun) == calls
    assert set(caught.value.flat()) == {("a",), ("b", "c")}


def test_a_retry_goes_back_to_its_own_step_alone() -> None:
    before, flaky = Flaky(0), Flaky(2)
    r = pipe(before.step, runnable(flaky.step).retry(on=ConnectionError, backoff=AT_ONCE))
    assert (r.invoke(7), before.calls, flaky.calls) == (7, 1, 3)


def test_in_a_batch_each_item_keeps_its_place() -> None:
    failed: set[int] = set()
    calls: list[int] = []

    def once(n: int) -> int:
        calls.append(n)
        if n % 3 == 0 and n not in failed:
            failed.add(n)
            raise ConnectionError
        return 10 * n

    r = runnable(once).retry(on=ConnectionError, backoff=AT_ONCE)
    assert r.batch(range(9)) == [10 * n for n in range(9)]
    assert sorted(calls) == sorted([*range(9), 0, 3, 6])


# --- Time ---------------------------------------------------------------------------


def times(r: Callable[[], object], flaky: Flaky) -> list[float]:
    """Return when the attempts began, on a clock that starts at zero."""
    Schedule().run(r)
    return flaky.times


@pytest.mark.parametrize("way", [by_invoke, by_ainvoke])
@pytest.mark.parametrize("kind", [0, 1])
def test_between_attempts_it_waits_as_the_schedule_says(way: Way, kind: int) -> None:
    flaky = Flaky(3)
    waits = exponential(first_seconds=1, factor=3, most_seconds=8)
    r = flaky.kinds()[kind].retry(on=ConnectionError, attempts=4, backoff=waits)
    assert times(lambda: way(r, 7), flaky) == pytest.approx([0, 1, 4, 12])


@pytest.mark.parametrize("way", [by_invoke, by_ainvoke])
def test_no_attempt_begins_after_the_time_for_all(way: Way) -> None:
    flaky = Flaky(9)
    r = runnable(flaky.step).retry(
        on=ConnectionError, attempts=9, total_seconds=10, backoff=[4.0] * 8
    )

    def main() -> None:
        with pytest.raises(ConnectionError) as caught:
            way(r, 7)
        assert note_of(caught.value) == "at retry attempt 3"
        assert time.monotonic() == pytest.approx(8)

    assert times(main, flaky) == pytest.approx([0, 4, 8])


@pytest.mark.parametrize("way", [by_invoke, by_ainvoke])
def test_where_the_schedule_ends_so_do_the_attempts(way: Way) -> None:
    flaky = Flaky(9)
    r = runnable(flaky.step).retry(on=ConnectionError, attempts=9, backoff=[1.0])

    def main() -> None:
        with pytest.raises(ConnectionError):
            way(r, 7)

    assert times(main, flaky) == pytest.approx([0, 1])


def test_waiting_holds_no_right_of_a_limit() -> None:
    def main() -> float:
        flaky = Flaky(1)

        def slow(x: object) -> object:
            time.sleep(5)
            return x

        both = fanout(a=runnable(flaky.step).retry(on=ConnectionError, backoff=[5.0]), b=slow)
        both.invoke(7, limit=1)
        return time.monotonic()

    assert Schedule().run(main) == pytest.approx(5, abs=0.2)


def test_on_an_event_loop_waiting_holds_no_right_of_a_limit() -> None:
    async def main() -> float:
        flaky = Flaky(1)
        waiting = runnable(flaky.astep).retry(on=ConnectionError, backoff=[5.0])

        async def slow(x: object) -> object:
            await anyio.sleep(5)
            return x

        await fanout(a=waiting, b=slow).ainvoke(7, limit=1)
        return asyncio.get_running_loop().time()

    assert Schedule().run_async(main) == pytest.approx(5)


@pytest.mark.parametrize("chosen", [False, True])
def test_who_waits_gives_up_when_a_sibling_has_failed(*, chosen: bool) -> None:
    flaky = Flaky(1)
    waits = runnable(flaky.step).retry(on=ConnectionError, total_seconds=7200, backoff=[3600])

    def main() -> float:
        r = fanout(
            a=bind(lambda _: waits) if chosen else waits,
            b=failing(ValueError("b"), 1.0),
        )
        with pytest.raises(FanoutError) as caught:
            r.invoke(7)
        assert set(caught.value.errors) == {"b"}
        return time.monotonic()

    assert Schedule().run(main) < 1 + 2 * LOOK_UP_SECONDS
    assert flaky.calls == 1


def test_a_wait_is_cancelled_with_its_task() -> None:
    flaky = Flaky(9)

    async def main() -> float:
        r = runnable(flaky.step).retry(on=ConnectionError, total_seconds=7200, backoff=[3600])
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(r.ainvoke(7), 1)
        return asyncio.get_running_loop().time()

    assert Schedule().run_async(main) == pytest.approx(1)
    assert flaky.calls == 1


def test_retries_agree_under_every_schedule() -> None:
    def main() -> object:
        flaky = {key: Flaky(2) for key in "abc"}
        steps = {
            key: runnable(each.step).retry(on=ConnectionError, backoff=exponential())
            for key, each in flaky.items()
        }
        return fanout(steps).invoke(7, limit=2)

    for seed in range(20):
        assert Schedule.seeded(seed).run(main) == {"a": 7, "b": 7, "c": 7}


# --- Streams ------------------------------------------------------------------------


class Source:
    """Streams that fail after so many chunks, so many times, and tell when they are closed."""

    def __init__(self, chunks: int, failures: int) -> None:
        self._chunks = chunks
        self._failures = failures
        self.begun = 0
        self.closed = 0

    def step(self, _: object) -> Iterator[str]:
        self.begun += 1
        try:
            for n in range(3):
                if n == self._chunks and self.begun <= self._failures:
                    raise ConnectionError
                yield str(n)
        finally:
            self.closed += 1

    async def astep(self, x: object) -> AsyncIterator[str]:
        for chunk in self.step(x):
            await anyio.lowlevel.checkpoint()
            yield chunk

    def streamed(self, kind: int, r: Runnable[Any, str], seen: list[str]) -> None:
        if kind:
            seen.extend(asyncio.run(collected(r.astream(7))))
        else:
            for chunk in r.stream(7):
                seen.append(chunk)  # noqa: PERF402 - what was seen before a failure is kept


@pytest.mark.parametrize("kind", [0, 1])
@pytest.mark.parametrize("on_loop", [0, 1])
def test_a_stream_is_begun_again_before_its_first_chunk(kind: int, on_loop: int) -> None:
    source, seen = Source(0, 2), list[str]()
    step = runnable([source.step, source.astep][kind])
    r: Any = pipe(str, step.retry(on=ConnectionError, backoff=AT_ONCE), passthrough_of_text)
    source.streamed(on_loop, r, seen)
    assert "".join(seen) == "012"
    assert source.begun == source.closed == 3


def passthrough_of_text(text: object) -> str:
    return str(text)


@pytest.mark.parametrize("on_loop", [0, 1])
def test_its_chunks_go_on_as_they_come(on_loop: int) -> None:
    source, seen = Source(0, 1), list[str]()
    r: Any = runnable(source.step).retry(on=ConnectionError, backoff=AT_ONCE)
    source.streamed(on_loop, r, seen)
    assert seen == ["0", "1", "2"]


@pytest.mark.parametrize("on_loop", [0, 1])
def test_after_the_first_chunk_a_failure_is_raised(on_loop: int) -> None:
    source, seen = Source(1, 9), list[str]()
    r: Any = runnable(source.step).retry(on=ConnectionError, backoff=AT_ONCE)
    with pytest.raises(ConnectionError) as caught:
        source.streamed(on_loop, r, seen)
    assert note_of(caught.value) == "at retry attempt 1"
    assert source.begun == source.closed == 1
    assert seen == ([] if on_loop else ["0"])


def test_closing_a_stream_closes_what_was_begun() -> None:
    source = Source(0, 1)
    chunks = runnable(source.step).retry(on=ConnectionError, backoff=AT_ONCE).stream(7)
    assert source.begun == 0
    next(chunks)
    chunks.close()
    assert source.begun == source.closed == 2


def test_closing_an_async_stream_closes_what_was_begun(run: Loop) -> None:
    source = Source(0, 1)

    async def main() -> None:
        chunks = runnable(source.step).retry(on=ConnectionError, backoff=AT_ONCE).astream(7)
        await anext(chunks)
        await chunks.aclose()

    run(main())
    assert source.begun == source.closed == 2


# --- Building -----------------------------------------------------------------------


EXCEPTIONS = (
    "It takes a class of exceptions, or a tuple of them. What is no `Exception`, such as "
    "KeyboardInterrupt or a cancellation, is never answered."
)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"on": ()}, f"retry() on= was given no class.\n{EXCEPTIONS}"),
        ({"on": OSError()}, f"retry() on= was given an OSError.\n{EXCEPTIONS}"),
        ({"on": int}, f"retry() on= was given the class int.\n{EXCEPTIONS}"),
        (
            {"on": (OSError, KeyboardInterrupt)},
            f"retry() on= was given the class KeyboardInterrupt.\n{EXCEPTIONS}",
        ),
        (
            {"on": BaseExceptionGroup},
            f"retry() on= was given the class BaseExceptionGroup.\n{EXCEPTIONS}",
        ),
        (
            {"on": OSError, "attempts": 0},
            "retry() attempts= was given a number below 1.\nIt takes a whole number, at least 1.",
        ),
        (
            {"on": OSError, "attempts": True},
            "retry() attempts= was given a bool.\nIt takes a whole number, at least 1.",
        ),
        (
            {"on": OSError, "total_seconds": 0},
            (
                "retry() total_seconds= was given a number not above 0.\n"
                "It takes a finite number above 0."
            ),
        ),
        (
            {"on": OSError, "total_seconds": float("inf")},
            (
                "retry() total_seconds= was given a float that is not finite.\n"
                "It takes a finite number above 0."
            ),
        ),
        (
            {"on": OSError, "backoff": 3},
            (
                "retry() backoff= was given an int.\n"
                "It takes a schedule such as exponential(), or an iterable of seconds."
            ),
        ),
        (
            {"on": OSError, "backoff": [1, "2"]},
            "retry() backoff=, wait 2 was given a str.\nIt takes a finite number, at least 0.",
        ),
        (
            {"on": OSError, "backoff": [-1]},
            (
                "retry() backoff=, wait 1 was given a number below 0.\n"
                "It takes a finite number, at least 0."
            ),
        ),
    ],
)
def test_what_makes_no_sense_is_refused_when_built(options: dict[str, Any], message: str) -> None:
    with pytest.raises(BuilderError) as caught:
        runnable(str).retry(**options)
    assert str(caught.value) == message


def test_what_to_answer_has_to_be_said() -> None:
    step: Any = runnable(str)
    with pytest.raises(TypeError, match="'on'"):
        step.retry()

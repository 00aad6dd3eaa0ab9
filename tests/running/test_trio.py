"""What is trio's own: its cancellation, clock and tasks. All other tests run on trio as well."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Any

import anyio
import pytest
import trio
import trio.lowlevel
import trio.testing

from combinators import FanoutError, Runnable, fanout, pipe, runnable, transform
from tests.running.ways import (
    ainc,
    arriving,
    awaiting,
    collected,
    failing,
    inc,
    on_asyncio,
    on_trio,
    python,
    tasks_left,
    waiting,
)


async def tinc(n: int) -> int:
    """Return the next number, after a moment of trio's."""
    await trio.lowlevel.checkpoint()
    return n + 1


async def tone_two(_: object) -> AsyncIterator[int]:
    for n in (1, 2):
        await trio.lowlevel.checkpoint()
        yield n


def test_steps_await_what_is_trios() -> None:
    both = fanout(a=tinc, b=pipe(inc, tinc), c=pipe(tone_two, inc))
    assert on_trio(both.ainvoke(1)) == {"a": 2, "b": 3, "c": 4}


def test_anyio_runs_pipelines_on_either_loop() -> None:
    r = fanout(a=ainc, b=inc)

    async def main() -> object:
        return await r.ainvoke(1)

    for backend in ("asyncio", "trio"):
        assert anyio.run(main, backend=backend) == {"a": 2, "b": 2}
        assert anyio.run(r.ainvoke, 1, backend=backend) == {"a": 2, "b": 2}


def test_a_row_of_async_steps_runs_in_the_task_that_awaits_it() -> None:
    async def task(_: object) -> trio.lowlevel.Task:
        return trio.lowlevel.current_task()

    async def main() -> None:
        assert await pipe(inc_inline, task).ainvoke(1) is trio.lowlevel.current_task()

    on_trio(main())


inc_inline = runnable(inc, inline=True)


def test_a_step_sees_no_event_loop_of_asyncios() -> None:
    async def look(_: object) -> bool:
        with contextlib.suppress(RuntimeError):
            asyncio.get_running_loop()
            return True
        return False

    assert on_trio(fanout(a=look, b=look).ainvoke(1)) == {"a": False, "b": False}


def test_on_asyncio_nothing_changes_when_trio_is_there() -> None:
    async def loop(_: object) -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    async def main() -> None:
        here = asyncio.get_running_loop()
        both: Runnable[int, Any] = fanout(a=loop, b=loop)
        assert await both.ainvoke(1) == {"a": here, "b": here}
        assert await both.abatch([1]) == [{"a": here, "b": here}]
        assert len(await collected(both.astream(1))) == 2

    on_asyncio(main())


# --- Cancellation --------------------------------------------------------------------


@pytest.mark.race
def test_what_is_cancelled_stays_so() -> None:
    log: list[str] = []

    async def untidy(_: object) -> None:
        try:
            await trio.sleep(30)
        finally:
            log.append("begins to clear up")
            await trio.lowlevel.checkpoint()  # trio raises here again
            log.append("is done")

    with pytest.raises(FanoutError):
        on_trio(fanout(untidy=untidy, bad=failing(ValueError(), 0.02)).ainvoke(1))
    assert log == ["begins to clear up"]


@pytest.mark.race
def test_a_scope_around_a_call_cancels_it() -> None:
    async def main() -> None:
        with trio.move_on_after(0.02) as scope:
            await fanout(a=awaiting(30), b=pipe(inc, awaiting(30))).ainvoke(1)
        assert scope.cancelled_caught
        assert tasks_left() == 0

    on_trio(main())


@pytest.mark.race
def test_what_fails_while_it_clears_up_is_told_to_who_has_given_up() -> None:
    async def messy(_: object) -> None:
        try:
            await trio.sleep(30)
        finally:
            raise KeyError

    async def call() -> None:
        r: Runnable[int, Any] = fanout(a=messy, b=awaiting(30))
        await r.ainvoke(1)

    async def main() -> None:
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(call)
                await trio.sleep(0.02)
                scope.cancel()

    with pytest.RaisesGroup(pytest.RaisesGroup(KeyError)):
        on_trio(main())


@pytest.mark.race
def test_a_group_of_a_nursery_is_told_without_its_cancellations() -> None:
    async def raises() -> None:
        try:
            await trio.sleep(30)
        finally:
            raise KeyError

    async def nested(_: object) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(raises)
            nursery.start_soon(trio.sleep, 30)

    with pytest.raises(FanoutError) as caught:
        on_trio(fanout(nested=nested, bad=failing(ValueError(), 0.02)).ainvoke(1))
    assert repr(caught.value.errors["nested"]).endswith("[KeyError()])")


def test_a_group_without_cancellations_is_told_itself() -> None:
    group = ExceptionGroup("several", [ValueError(), KeyError()])

    async def fails(_: object) -> None:
        raise group

    with pytest.raises(FanoutError) as caught:
        on_trio(fanout(a=fails, b=awaiting(0)).ainvoke(None))
    assert caught.value.errors["a"] is group


def test_a_nursery_of_which_nothing_but_cancellations_is_left_is_cancelled() -> None:
    async def nested(_: object) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep, 30)
            nursery.start_soon(trio.sleep, 30)

    with pytest.raises(FanoutError) as caught:
        on_trio(fanout(nested=nested, bad=failing(ValueError(), 0.02)).ainvoke(1))
    assert [*caught.value.errors] == ["bad"]


@pytest.mark.race
def test_a_stream_that_is_closed_in_a_scope_that_was_cancelled_clears_up() -> None:
    ended: list[object] = []

    async def endless(x: object) -> AsyncIterator[object]:
        try:
            while True:
                yield x
        finally:
            ended.append(x)

    async def main() -> None:
        stream = runnable(endless).astream(1)
        assert await anext(stream) == 1
        with trio.CancelScope() as scope:
            scope.cancel()
            await stream.aclose()
        assert ended == [1]
        assert tasks_left() == 0

    on_trio(main())


def test_a_generator_keeps_a_scope_open_between_its_chunks() -> None:
    async def slow(_: object) -> AsyncIterator[int]:
        with trio.move_on_after(0.2) as scope:
            yield 1
            await trio.sleep(30)
        yield 2 if scope.cancelled_caught else 3

    async def main() -> None:
        found = await collected(fanout(a=slow, b=inc).astream(1))
        assert [chunk["a"] for chunk in found if "a" in chunk] == [1, 2]

    on_trio(main())


def test_a_transform_that_leaves_its_chunks_before_the_end_leaves_nothing_else() -> None:
    ended: list[str] = []

    async def source(_: object) -> AsyncIterator[str]:
        try:
            while True:
                await trio.lowlevel.checkpoint()
                yield "a"
        finally:
            ended.append("source")

    @transform
    async def first(chunks: AsyncIterator[str]) -> AsyncIterator[str]:
        async for chunk in chunks:
            yield chunk
            return

    async def main() -> None:
        assert await collected(pipe(source, first).astream(1)) == ["a"]
        assert tasks_left() == 0

    on_trio(main())
    assert ended == ["source"]


# --- The end of a run ----------------------------------------------------------------


@pytest.mark.race
def test_a_run_that_ends_with_a_stream_open_ends_what_the_stream_has_begun() -> None:
    begun: list[object] = []
    ended: list[object] = []

    async def endless(x: object) -> AsyncIterator[object]:
        begun.append(x)
        try:
            while True:
                yield x
                await trio.lowlevel.checkpoint()
        finally:
            ended.append(x)

    streams: list[Any] = []

    async def main() -> None:
        streams.append(fanout(a=endless, b=pipe(waiting(0), endless)).astream(1))
        await anext(streams[0])

    trio.run(main)
    assert ended == begun != []


def test_a_batch_that_nobody_has_closed_leaves_its_inputs_to_who_made_them() -> None:
    async def main() -> None:
        inputs = arriving(range(10))
        results = runnable(tinc).abatch_as_completed(inputs, limit=1)
        assert await anext(results) == (0, 1)
        await results.aclose()
        rest = await collected(inputs)
        assert rest
        assert rest[-1] == 9

    on_trio(main())


# --- Time, and who makes what where -----------------------------------------------------


def test_time_is_what_trios_clock_says() -> None:
    async def slow(_: object) -> None:
        await trio.sleep(1000)

    calls: list[float] = []

    async def fails(_: object) -> None:
        calls.append(trio.current_time())
        raise KeyError

    failing_twice = runnable(fails).retry(on=KeyError, total_seconds=600, backoff=[60, 120])

    async def main() -> None:
        begin = trio.current_time()
        with pytest.raises(TimeoutError):
            await runnable(slow).timeout(seconds=500).ainvoke(1)
        assert trio.current_time() - begin == pytest.approx(500)
        with pytest.raises(KeyError):
            await failing_twice.ainvoke(1)
        assert [call - calls[0] for call in calls] == pytest.approx([0, 60, 180])

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0.01))


@pytest.mark.race
def test_a_step_that_is_over_when_its_time_is_up_gives_its_result_or_an_error() -> None:
    async def slow(x: int) -> int:
        await trio.sleep(5)
        return x

    async def main() -> None:
        for _ in range(30):  # trio begins what is ready in any order
            outcome = await runnable(slow).timeout(seconds=5).attempt().ainvoke(1)
            assert repr(outcome).startswith(("<Success: 1>", "<Failure: slow timeout took"))
        assert tasks_left() == 0

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


def test_what_was_made_before_a_run_began_runs_in_it() -> None:
    r = fanout(a=tinc, b=inc)
    assert on_trio(r.ainvoke(1)) == {"a": 2, "b": 2}
    assert on_trio(r.abatch([1])) == [{"a": 2, "b": 2}]
    assert sorted(on_trio(collected(r.abatch_as_completed([1, 2])))) == [
        (0, {"a": 2, "b": 2}),
        (1, {"a": 3, "b": 3}),
    ]


def test_a_context_variable_that_a_step_sets_is_seen_by_the_next() -> None:
    variable: ContextVar[int] = ContextVar("variable", default=0)

    async def sets(x: int) -> int:
        await trio.lowlevel.checkpoint()
        variable.set(variable.get() + x)
        return x

    def reads(_: object) -> int:
        return variable.get()

    async def chunks(x: int) -> AsyncIterator[list[int]]:
        for _ in range(2):
            variable.set(variable.get() + x)
            yield [variable.get()]

    async def main() -> None:
        assert await pipe(sets, reads, sets, reads).ainvoke(2) == 4
        assert variable.get() == 4
        assert await fanout(a=sets, b=sets).ainvoke(3) == {"a": 3, "b": 3}
        assert variable.get() == 4
        assert [(chunk, variable.get()) async for chunk in runnable(chunks).astream(1)] == [
            ([5], 5),
            ([6], 6),
        ]

    on_trio(main())


def test_bodies_run_on_the_thread_of_the_run() -> None:
    async def here(_: object) -> int:
        return threading.get_ident()

    mine = threading.get_ident()
    assert on_trio(fanout(a=here, b=pipe(inc, here)).ainvoke(1)) == {"a": mine, "b": mine}


def test_a_call_inside_a_step_has_a_loop_of_its_own() -> None:
    inner = fanout(a=tinc, b=inc)

    async def outer(x: int) -> object:
        return await inner.ainvoke(x)

    assert on_trio(fanout(x=outer, y=outer).ainvoke(1)) == {
        "x": {"a": 2, "b": 2},
        "y": {"a": 2, "b": 2},
    }


def test_trio_may_be_a_guest_of_asyncios_itself() -> None:
    both = fanout(a=tinc, b=inc)

    async def main() -> Any:  # noqa: ANN401 - an outcome of trio's
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        outcomes: list[Any] = []

        def done(outcome: Any) -> None:  # noqa: ANN401 - as above
            outcomes.append(outcome)
            over.set()

        trio.lowlevel.start_guest_run(
            both.ainvoke, 1,
            run_sync_soon_threadsafe=loop.call_soon_threadsafe,
            done_callback=done,
        )  # fmt: skip
        await over.wait()
        assert asyncio.get_running_loop() is loop
        return outcomes[0].unwrap()

    assert asyncio.run(main()) == {"a": 2, "b": 2}


def test_ctrl_c_comes_through_a_step_that_computes() -> None:
    done = python("""
import os, signal, threading, time, trio
from combinators import fanout
async def busy(_):
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    end = time.monotonic() + 20
    while time.monotonic() < end:
        pass
async def other(_):
    await trio.sleep(30)
begin = time.monotonic()
try:
    trio.run(fanout(a=busy, b=other).ainvoke, 1)
except KeyboardInterrupt:
    print(time.monotonic() - begin < 10)
""")
    assert done.stdout == "True\n", done.stderr


def test_without_trio_nothing_of_it_is_loaded() -> None:
    done = python("""
import asyncio, sys
from combinators import fanout
async def inc(n): return n + 1
print(asyncio.run(fanout(a=inc, b=abs).ainvoke(1)))
print([name for name in sys.modules if "trio" in name or "guests" in name])
""")
    assert done.stdout == "{'a': 2, 'b': 1}\n[]\n", done.stderr

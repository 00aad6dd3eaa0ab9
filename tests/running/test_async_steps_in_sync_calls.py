"""`invoke` runs async steps on a loop of its own, and refuses only where it would block one."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from combinators import Journal, RunningLoopError, bind, fanout, pipe, runnable
from tests.running.ways import (
    Loop,
    ainc,
    aone_two_three,
    failing,
    inc,
    note_of,
)


def test_an_async_step_works_in_a_sync_call() -> None:
    assert runnable(ainc).invoke(1) == 2
    assert fanout(a=ainc, b=inc, c=pipe(inc, ainc)).invoke(1) == {"a": 2, "b": 2, "c": 3}
    assert runnable(ainc).batch([1, 2, 3]) == [2, 3, 4]
    assert list(runnable(aone_two_three).stream(1)) == [1, 2, 3]


def test_one_call_has_one_loop_and_the_next_another() -> None:
    async def loop_of(_: object) -> asyncio.AbstractEventLoop:
        await anyio.lowlevel.checkpoint()
        return asyncio.get_running_loop()

    both = fanout(loop_of, loop_of)
    first, second = both.invoke(1), both.invoke(1)
    assert first[0] is first[1]
    assert first[0] is not second[0]
    assert first[0].is_closed()


def test_the_loop_is_not_in_the_thread_of_the_caller() -> None:
    async def thread(_: object) -> int:
        return threading.get_ident()

    assert runnable(thread).invoke(1) != threading.get_ident()


def test_a_step_with_both_bodies_uses_the_one_that_fits(run: Loop) -> None:
    async def aio(_: object) -> str:
        return "async"

    def sync(_: object) -> str:
        return "sync"

    both = runnable(sync, aio=aio)
    assert both.invoke(1) == "sync"
    assert run(both.ainvoke(1)) == "async"
    assert pipe(both, str).batch([1]) == ["sync"]


CALLS: dict[str, Callable[[Any, Journal], object]] = {
    "invoke": lambda r, _: r.invoke(1),
    "batch": lambda r, _: r.batch([1]),
    "batch with a journal": lambda r, journal: r.batch([1], journal=journal),
    "batch_as_completed": lambda r, _: r.batch_as_completed([1]),
    "stream": lambda r, _: r.stream(1),
    "transform": lambda r, _: r.transform([1]),
}


@pytest.mark.parametrize("call", CALLS)
def test_inside_a_running_loop_it_says_what_to_call(run: Loop, call: str, tmp_path: Path) -> None:
    async def main() -> None:
        CALLS[call](pipe(inc, ainc), Journal(tmp_path / "journal.db", version="1"))

    with pytest.raises(RunningLoopError) as caught:
        run(main())
    called = call.split(maxsplit=1)[0]
    assert str(caught.value) == (
        f"{called}() of a pipeline with async steps was called inside a running event loop, "
        "which would stand still.\n"
        f"Use a{called}() there: with `await` where it gives one result, with `async for` where "
        "it gives several."
    )


def test_a_runnable_called_inside_a_running_loop_says_so_too(run: Loop) -> None:
    async def main() -> None:
        runnable(ainc)(1)

    with pytest.raises(RunningLoopError, match=r"Use ainvoke\(\) there"):
        run(main())


def test_a_pipeline_of_sync_steps_runs_inside_a_loop(run: Loop) -> None:
    async def main() -> object:
        return fanout(a=inc, b=inc).invoke(1)

    assert run(main()) == {"a": 2, "b": 2}


def test_a_sync_step_on_a_thread_may_run_an_async_pipeline(run: Loop) -> None:
    def call(n: int) -> int:
        return runnable(ainc).invoke(n)

    assert run(runnable(call).ainvoke(1)) == 2


def test_a_sync_call_may_choose_an_async_pipeline() -> None:
    chain = bind(lambda _: runnable(ainc))
    assert chain.invoke(1) == 2
    assert chain.batch([1, 2]) == [2, 3]
    assert list(chain.stream(1)) == [2]


def test_what_is_no_exception_comes_out_of_the_loop_bare() -> None:
    for error in (KeyboardInterrupt(), SystemExit(3), asyncio.CancelledError()):
        with pytest.raises(type(error)) as caught:
            pipe(ainc, failing(error)).invoke(1)
        assert caught.value is error


def test_inputs_are_not_read_on_the_loop_that_the_items_run_on() -> None:
    def source() -> Iterator[int]:
        for n in range(3):
            yield runnable(ainc).invoke(n)

    assert runnable(ainc).batch(source()) == [2, 3, 4]
    assert sorted(runnable(ainc).batch_as_completed(source())) == [(0, 2), (1, 3), (2, 4)]


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_tasks_of_a_step_that_end_like_it_are_left_to_nobody(kind: type[BaseException]) -> None:
    tasks: list[asyncio.Task[None]] = []

    async def halt() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise kind

    async def step(_: object) -> None:
        tasks.extend(asyncio.create_task(halt()) for _ in range(4))
        await asyncio.sleep(0)
        raise kind

    with pytest.raises(kind):
        runnable(step).invoke(1)
    assert [type(task.exception()) for task in tasks] == [kind] * 4


def test_the_note_leads_through_the_loop() -> None:
    with pytest.raises(ValueError, match="mine") as caught:
        pipe(ainc, inc, failing(ValueError("mine"))).invoke(1)
    assert note_of(caught.value) == "at pipe step 3 (fail)"

"""Batches on the workers of executors: in order, in chunks, and each failure by itself."""

import contextlib
import contextvars
import functools
import itertools
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from pathlib import Path
from typing import Any

import anyio
import loky
import pytest
from returns.result import Failure, Success
from typing_extensions import override

from combinators import (
    BatchError,
    FanoutError,
    MutationError,
    OptionError,
    Pool,
    RecordedError,
    TransferError,
    WorkerError,
    fanout,
    pipe,
    runnable,
)
from combinators._run.concurrency import pool
from combinators._run.executors import dispatch, sync as executors, worker
from combinators._run.executors.worker import Chunk, Order, work
from tests.running.ways import (
    ROOT,
    Loop,
    Resuming,
    ainc,
    arriving,
    collected,
    double,
    inc,
    note_of,
    python,
)
from tests.unit.subjects import pickled


class Copying(ThreadPoolExecutor):
    """Threads that see nothing but copies, as processes do."""

    @override
    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        return super().submit(lambda: pickled(fn(*pickled(args), **kwargs)))


EXECUTORS: dict[str, Callable[[], Executor]] = {
    "threads": lambda: ThreadPoolExecutor(2),
    "copies": lambda: Copying(2),
    "spawn": lambda: processes("spawn"),
    "forkserver": lambda: processes("forkserver"),
    "loky": lambda: loky.ProcessPoolExecutor(2),
}


def processes(method: str) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(method))


@pytest.fixture(params=EXECUTORS, scope="module")
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    with EXECUTORS[request.param]() as opened:
        yield opened


@pytest.fixture(params=["copies", "spawn"], scope="module")
def elsewhere(request: pytest.FixtureRequest) -> Iterator[Executor]:
    with EXECUTORS[request.param]() as opened:
        yield opened


# --- What is given -----------------------------------------------------------------------


def test_results_are_those_of_a_local_run(executor: Executor) -> None:
    r = pipe(inc, {"double": double, "text": str})
    assert r.batch(range(600), executor=executor) == r.batch(range(600))
    assert r.batch([], executor=executor) == []


def test_items_come_with_their_index(executor: Executor) -> None:
    found = runnable(double).batch_as_completed(range(50), executor=executor)
    assert sorted(found) == [(n, 2 * n) for n in range(50)]


def test_async_callers_have_the_same(run: Loop, executor: Executor) -> None:
    r = pipe(inc, ainc)

    async def main() -> None:
        assert await r.abatch(range(60), executor=executor) == [*range(2, 62)]
        assert await r.abatch(arriving([1, 2, 3]), executor=executor) == [3, 4, 5]
        found = await collected(r.abatch_as_completed(range(9), executor=executor, chunk=2))
        assert sorted(found) == [(n, n + 2) for n in range(9)]

    run(main())


def test_async_steps_run_on_loops_of_the_workers(executor: Executor) -> None:
    assert runnable(ainc).batch(range(9), executor=executor) == [*range(1, 10)]


def test_lambdas_and_closures_travel(elsewhere: Executor) -> None:
    by = 3

    def times(n: int) -> int:
        return n * by

    same: Callable[[int], int] = lambda n: n  # noqa: E731 - a lambda is what travels
    r = pipe(times, fanout(same=same, more=times))
    assert r.batch([1, 2], executor=elsewhere) == [{"same": 3, "more": 9}, {"same": 6, "more": 18}]
    # Inputs and results as well.
    assert [f(1) for f in runnable(_adder).batch([lambda: 1], executor=elsewhere)] == [2]


def _adder(one: Callable[[], int]) -> Callable[[int], int]:
    return lambda n: n + one()


def test_the_options_of_a_call_hold_where_the_items_run(elsewhere: Executor) -> None:
    broken = fanout(grow=_grow, same=len)
    (outcome,) = broken.batch([[1]], executor=elsewhere, check_mutation=True, errors="collect")
    error = outcome.failure()
    assert isinstance(error, FanoutError)
    assert isinstance(error.errors["grow"], MutationError)
    assert fanout(a=_running, b=_running, c=_running).batch(
        [0.05], executor=elsewhere, limit=1
    ) == [{"a": 1, "b": 1, "c": 1}]


def _grow(numbers: list[int]) -> None:
    numbers.append(1)


_RUNNING: list[int] = []


def _running(seconds: float) -> int:
    _RUNNING.append(1)
    time.sleep(seconds)
    most = len(_RUNNING)
    _RUNNING.pop()
    return most


def test_threads_of_an_executor_see_a_copy_of_the_context() -> None:
    variable = contextvars.ContextVar[int]("variable", default=0)

    def count(_: object) -> int:
        variable.set(variable.get() + 1)
        return variable.get()

    variable.set(5)
    with ThreadPoolExecutor(2) as threads:
        assert runnable(count).batch(range(4), executor=threads) == [6, 6, 6, 6]
    assert variable.get() == 5


def test_threads_of_an_executor_are_given_the_very_objects() -> None:
    lock = threading.Lock()  # which no pickle can write
    with ThreadPoolExecutor(1) as threads:
        assert runnable(_same).batch([lock], executor=threads) == [lock]


def _same(x: object) -> object:
    return x


def test_the_executor_is_left_open() -> None:
    with ThreadPoolExecutor(1) as threads:
        runnable(inc).batch(range(3), executor=threads)
        assert threads.submit(inc, 1).result() == 2


# --- Failures -------------------------------------------------------------------------------


class OddError(Exception):
    """An exception that pickles."""


class HardError(Exception):
    """An exception that pickles, and does not come back."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(one)


class LockedError(Exception):
    """An exception that does not pickle."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()


class ChangedError(Exception):
    """An exception that comes back as something else."""

    @override
    def __reduce__(self) -> tuple[Any, ...]:
        return str, ()


class FrozenError(Exception):
    """An exception that refuses what is not its own."""

    @override
    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(name)


def fails(kind: str) -> object:
    raise {"odd": OddError("no"), "hard": HardError(1, 2), "locked": LockedError()}.get(kind) or {
        "changed": ChangedError(),
        "frozen": FrozenError(),
    }[kind]


def test_an_exception_comes_back_with_its_path_and_its_traceback(elsewhere: Executor) -> None:
    with pytest.raises(BatchError) as caught:
        pipe(str, fails).batch(["odd"], executor=elsewhere)
    error = caught.value.__cause__
    assert isinstance(error, OddError)
    assert error.args == ("no",)
    assert note_of(error) == "at pipe step 2 (fails)"
    record = error.__cause__
    assert isinstance(record, RecordedError)
    assert (record.kind, record.where) == (f"{__name__}.OddError", "in another process")
    assert "in fails\n    raise" in record.text
    assert record.text.endswith("OddError: no\nat pipe step 2 (fails)")


@pytest.mark.parametrize("kind", ["hard", "locked", "changed"])
def test_an_exception_that_cannot_come_back_is_recorded(elsewhere: Executor, kind: str) -> None:
    r = pipe(str, fails)
    (outcome,) = r.batch([kind], executor=elsewhere, errors="collect")
    error = outcome.failure()
    assert isinstance(error, RecordedError)
    assert error.kind == f"{__name__}.{kind.capitalize()}Error"
    assert note_of(error) == "at pipe step 2 (fails)"
    assert "in fails\n" in error.text


def test_a_frozen_exception_comes_back(elsewhere: Executor) -> None:
    (outcome,) = runnable(fails).batch(["frozen"], executor=elsewhere, errors="collect")
    assert isinstance(outcome.failure(), FrozenError)
    assert isinstance(outcome.failure().__cause__, RecordedError)


def test_error_trees_keep_their_keys(elsewhere: Executor) -> None:
    inner = fanout(odd=_constantly("odd") | runnable(fails), fine=len)
    r = fanout(inner=inner, hard=_constantly("hard") | runnable(fails))
    for outcome in r.batch(["x", "y"], executor=elsewhere, errors="collect"):
        error = outcome.failure()
        assert isinstance(error, FanoutError)
        kinds = {path: type(leaf).__name__ for path, leaf in error.flat().items()}
        assert set(kinds.items()) <= {(("inner", "odd"), "OddError"), (("hard",), "RecordedError")}
        assert kinds
        for path, leaf in error.flat().items():
            assert note_of(leaf).startswith(f"at fanout[{path[0]!r}]")


def _constantly(kind: str) -> Any:  # noqa: ANN401 - a step of any input
    return runnable(functools.partial(_given, kind))


def _given(kind: str, _: object) -> str:
    return kind


def test_groups_nest_as_deep_as_fanouts_do(elsewhere: Executor) -> None:
    (outcome,) = runnable(_deep).batch([200], executor=elsewhere, errors="collect")
    error = outcome.failure()
    assert isinstance(error, FanoutError)
    ((path, leaf),) = error.flat().items()
    assert (len(path), type(leaf)) == (200, ValueError)


def _deep(levels: int) -> object:
    error: Exception = ValueError()
    for _ in range(levels):
        error = FanoutError({"a": error}, 1)
    raise error


def test_one_failure_is_that_of_one_item(executor: Executor) -> None:
    r = runnable(_third_fails)
    outcomes = r.batch(range(90), executor=executor, errors="collect", chunk=10)
    assert [type(outcome) for outcome in outcomes] == [Success, Success, Failure] * 30
    assert [outcome.unwrap() for outcome in outcomes[::3]] == [*range(0, 90, 3)]


def _third_fails(n: int) -> int:
    if n % 3 == 2:
        raise ValueError
    return n


def test_a_failed_batch_keeps_what_was_finished(executor: Executor) -> None:
    with pytest.raises(BatchError) as caught:
        runnable(_third_fails).batch([0, 1, 3, 2, 4, 6], executor=executor, chunk=5)
    error = caught.value
    assert (error.index, [*error.errors]) == (3, [3])
    assert {0: 0, 1: 1, 2: 3}.items() <= error.results.items()
    assert 4 not in error.results  # nothing in the chunk begins after the failure


def test_what_cannot_travel_is_the_failure_of_its_item(elsewhere: Executor) -> None:
    inputs = [1, threading.Lock(), 3]
    one, two, three = runnable(str).batch(inputs, executor=elsewhere, errors="collect", chunk=3)
    assert (one.unwrap(), three.unwrap()) == ("1", "3")
    assert isinstance(two.failure(), TransferError)
    assert str(two.failure()) == (
        "an input is a lock that cannot be pickled (TypeError).\n"
        "Make what cannot be pickled (a lock, a connection, an open file) inside of a step."
    )
    first, second = runnable(_lock).batch([0, 1], executor=elsewhere, errors="collect", chunk=2)
    assert first.unwrap() is None
    assert str(second.failure()).startswith("a result is a lock that cannot be pickled")


def _lock(n: int) -> object:
    return threading.Lock() if n else None


def test_a_pipeline_that_cannot_travel_is_said_so(elsewhere: Executor) -> None:
    lock = threading.Lock()

    def held(n: int) -> object:
        return lock, n

    with pytest.raises(BatchError) as caught:
        runnable(held).batch([1], executor=elsewhere)
    assert str(caught.value.__cause__).startswith(
        "the pipeline is a Runnable that cannot be pickled"
    )


class Vanishing:
    """A callable that is never unpickled."""

    def __call__(self, n: int) -> int:
        return n

    @override
    def __reduce__(self) -> tuple[Any, ...]:
        return _vanished, ()


def _vanished() -> None:
    raise LookupError


def test_what_cannot_be_unpickled_is_said_where_it_arrives(elsewhere: Executor) -> None:
    with pytest.raises(BatchError) as caught:
        runnable(Vanishing()).batch([1], executor=elsewhere)
    assert str(caught.value.__cause__) == (
        "the pipeline cannot be unpickled where it arrived (LookupError).\n"
        "Both processes must be able to import what it is made of, in the same version."
    )
    outcome, fine = runnable(_kind).batch([Vanishing(), 1], executor=elsewhere, errors="collect")
    assert str(outcome.failure()).startswith("an input cannot be unpickled where it arrived")
    assert fine.unwrap() == "int"


def _kind(x: object) -> str:
    return type(x).__name__


def test_without_cloudpickle_lambdas_ask_for_it(
    elsewhere: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    assert pipe(inc, str).batch([1], executor=elsewhere) == ["2"]

    def local(n: int) -> int:
        return n

    with pytest.raises(BatchError) as caught:
        runnable(local).batch([1], executor=elsewhere)
    assert str(caught.value.__cause__).endswith(
        "Lambdas and closures travel by an extra: pip install 'typed-combinators[executors]'"
    )


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
def test_what_is_no_exception_is_bare(run: Loop, kind: type[BaseException]) -> None:
    def stop(n: int) -> int:
        if n == 5:
            raise kind
        return n

    with ThreadPoolExecutor(1) as threads:
        with pytest.raises(kind):
            runnable(stop).batch(range(9), executor=threads)

        async def main() -> None:
            with pytest.raises(kind):
                await runnable(stop).abatch(range(9), executor=threads)

        run(main())


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
def test_what_is_no_exception_in_the_source_is_raised_where_the_batch_is_awaited(
    run: Loop,
    kind: type[BaseException],
) -> None:
    def source() -> Iterator[int]:
        yield 1
        raise kind

    async def main() -> None:
        with pytest.raises(kind):
            await runnable(inc).abatch(source(), executor=threads)

    with ThreadPoolExecutor(1) as threads:
        run(main())


# --- Workers that die --------------------------------------------------------------------------


def _dies_at_7(n: int) -> int:
    if n == 7:
        os._exit(1)
    return n


def test_the_death_of_a_worker_is_said_and_what_is_finished_is_kept() -> None:
    with processes("forkserver") as broken:
        with pytest.raises(BatchError) as caught:
            runnable(_dies_at_7).batch(range(30), executor=broken, chunk=1)
        error = caught.value
        cause = error.__cause__
        assert isinstance(cause, WorkerError)
        assert (cause.executor, cause.index) == ("ProcessPoolExecutor", error.index)
        assert isinstance(cause.__cause__, BrokenExecutor)
        assert all(error.results[n] == n for n in error.results)
        assert 7 not in error.results
        # No item can run there any more, and each one says so.
        outcomes = runnable(inc).batch(range(3), executor=broken, errors="collect")
        assert [type(outcome.failure()) for outcome in outcomes] == [WorkerError] * 3


class Mortal(Executor):
    """Threads that lose a chunk with an item of 7 in it, as dask does after a few tries."""

    def __init__(self) -> None:
        self.threads = ThreadPoolExecutor(2)
        self.sizes: list[int] = []

    @override
    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        chunk: Chunk = args[0]
        self.sizes.append(len(chunk))
        if 7 in chunk.inputs:
            lost: Future[Any] = Future()
            lost.set_exception(ProcessLookupError())
            return lost
        return self.threads.submit(fn, *args, **kwargs)


def test_a_chunk_that_is_lost_is_sent_again_in_halves(run: Loop) -> None:
    mortal = Mortal()
    outcomes = runnable(inc).batch(range(16), executor=mortal, chunk=16, errors="collect")
    assert [n for n, outcome in enumerate(outcomes) if isinstance(outcome, Failure)] == [7]
    assert sorted(mortal.sizes) == [1, 1, 1, 1, 2, 2, 4, 4, 8, 8, 16]

    async def main() -> None:
        results = await runnable(inc).abatch(range(16), executor=mortal, chunk=16, errors="collect")
        assert [n for n, each in enumerate(results) if isinstance(each, Failure)] == [7]

    run(main())


class Broken(Executor):
    """Threads all of which have died."""

    @override
    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        lost: Future[Any] = Future()
        lost.set_exception(BrokenExecutor("dead"))
        return lost


def test_each_item_of_a_chunk_that_a_broken_executor_had_is_lost() -> None:
    outcomes = runnable(inc).batch(range(4), executor=Broken(), chunk=2, errors="collect")
    lost = [outcome.failure() for outcome in outcomes]
    assert [each.index for each in lost if isinstance(each, WorkerError)] == [0, 1, 2, 3]
    assert {type(each.__cause__) for each in lost} == {BrokenExecutor}


def test_inputs_without_an_end_are_read_until_an_item_fails(run: Loop) -> None:
    watched, r = Watched(), runnable(_fails_at_7)
    with pytest.raises(BatchError) as caught:
        r.batch(itertools.count(), executor=watched)
    assert caught.value.index == 7
    for inputs in (itertools.count(), arriving(itertools.count())):
        with pytest.raises(BatchError) as acaught:
            run(r.abatch(inputs, executor=watched))
        assert acaught.value.index == 7


def _fails_at_7(n: int) -> int:
    if n == 7:
        raise ValueError
    return n


def test_an_executor_that_is_shut_down_is_said_so() -> None:
    threads = ThreadPoolExecutor(1)
    threads.shutdown()
    with pytest.raises(BatchError) as caught:
        runnable(inc).batch([1], executor=threads)
    assert str(caught.value.__cause__).startswith(
        "the ThreadPoolExecutor lost item 0 of the batch: RuntimeError."
    )


# --- Chunks and laziness ------------------------------------------------------------------------


class Watched(Executor):
    """An executor that counts the items of its chunks."""

    def __init__(self, threads: int = 2) -> None:
        self.inner = ThreadPoolExecutor(threads)
        self.sizes: list[int] = []

    @override
    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.sizes.append(len(args[0]))
        return self.inner.submit(fn, *args, **kwargs)


def test_the_size_of_chunks_can_be_said(run: Loop) -> None:
    watched, awatched = Watched(), Watched()
    assert runnable(inc).batch(range(10), executor=watched, chunk=4) == [*range(1, 11)]
    assert watched.sizes == [4, 4, 2]
    assert run(runnable(inc).abatch(range(10), executor=awatched, chunk=4)) == [*range(1, 11)]
    assert awatched.sizes == [4, 4, 2]


def test_items_that_take_long_travel_alone_and_short_ones_together() -> None:
    short, long = Watched(), Watched()
    runnable(inc).batch(range(5000), executor=short)
    runnable(_slowly).batch(range(12), executor=long)
    assert 16 < max(short.sizes) <= dispatch.MOST_ITEMS
    assert len(short.sizes) < 1000
    assert long.sizes == [1] * 12


def _slowly(n: int) -> int:
    time.sleep(0.06)
    return n


def test_large_inputs_travel_in_small_chunks(elsewhere: Executor) -> None:
    sizes: list[int] = []

    class Counting(Executor):
        @override
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            sizes.append(len(args[0]))
            return elsewhere.submit(fn, *args, **kwargs)

    inputs = (bytes(1 << 17) for _ in range(200))
    assert runnable(len).batch(inputs, executor=Counting()) == [1 << 17] * 200
    assert max(sizes) <= 8


@pytest.mark.parametrize("size", [1, 4])
def test_a_source_is_asked_for_nothing_behind_its_end(size: int) -> None:
    r, error = runnable(inc), LookupError()
    with ThreadPoolExecutor(2) as threads:
        ends = r.batch(Resuming(StopIteration()), executor=threads, chunk=size)
        fails = Resuming(error)
        outcomes = r.batch(fails, executor=threads, chunk=size, errors="collect")
    assert ends == [1, 2]
    assert outcomes == [Success(1), Success(2), Failure(error)]


def test_inputs_are_read_within_a_window() -> None:
    read = 0

    def source() -> Iterator[int]:
        nonlocal read
        for n in itertools.count():
            read += 1
            yield n

    with ThreadPoolExecutor(2) as threads:
        results = runnable(inc).batch_as_completed(source(), executor=threads, chunk=512)
        assert read == 0
        with contextlib.closing(results):
            for _ in range(1000):
                next(results)
            time.sleep(0.05)
            assert read <= 1000 + dispatch.MOST_AHEAD + 2 * 512


def test_async_batches_read_within_a_window(run: Loop) -> None:
    read = 0

    def source() -> Iterator[int]:
        nonlocal read
        for n in itertools.count():
            read += 1
            yield n

    async def main() -> None:
        with ThreadPoolExecutor(2) as threads:
            results = runnable(inc).abatch_as_completed(source(), executor=threads, chunk=512)
            async with contextlib.aclosing(results):
                for _ in range(1000):
                    await anext(results)
                assert read <= 1000 + dispatch.MOST_AHEAD + 2 * 512

    run(main())


def test_a_finished_item_does_not_wait_for_the_next_input() -> None:
    taken: list[int] = []

    def source() -> Iterator[int]:
        for n in range(20):
            assert _soon(functools.partial(_has_length, taken, n))
            yield n

    with ThreadPoolExecutor(2) as threads:
        for _, value in runnable(inc).batch_as_completed(source(), executor=threads):
            taken.append(value)
    assert taken == [*range(1, 21)]


def _has_length(items: list[int], length: int) -> bool:
    return len(items) == length


def _soon(holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + 5
    while not holds() and time.monotonic() < end:
        time.sleep(0.001)
    return holds()


def test_an_async_source_that_waits_for_results_gets_them(run: Loop) -> None:
    async def main() -> None:
        taken = anyio.Semaphore(1)

        async def source() -> AsyncIterator[int]:
            for n in range(20):
                with anyio.fail_after(5):
                    await taken.acquire()
                yield n

        with ThreadPoolExecutor(2) as threads:
            results = runnable(inc).abatch_as_completed(source(), executor=threads)
            found: list[int] = []
            async for _, value in results:
                found.append(value)
                taken.release()
        assert found == [*range(1, 21)]

    run(main())


def test_a_source_that_fails_fails_as_the_item_that_was_to_come(
    run: Loop, elsewhere: Executor
) -> None:
    def source() -> Iterator[int]:
        yield 1
        yield 2
        raise LookupError

    with pytest.raises(BatchError) as caught:
        runnable(inc).batch(source(), executor=elsewhere)
    assert caught.value.index == 2
    *done, last = runnable(inc).batch(source(), executor=elsewhere, errors="collect")
    assert [outcome.unwrap() for outcome in done] == [2, 3]
    assert isinstance(last.failure(), LookupError)
    *done, last = run(runnable(inc).abatch(source(), executor=elsewhere, errors="collect"))
    assert [outcome.unwrap() for outcome in done] == [2, 3]
    assert isinstance(last.failure(), LookupError)


class Halt(BaseException):
    """Somebody's own way to stop everything."""


def test_what_is_no_exception_in_the_source_is_bare(run: Loop) -> None:
    def source() -> Iterator[int]:
        yield 1
        raise Halt

    with ThreadPoolExecutor(1) as threads:
        with pytest.raises(Halt):
            runnable(inc).batch(source(), executor=threads)
        with pytest.raises(Halt):
            run(runnable(inc).abatch(source(), executor=threads))


def test_the_caller_reads_where_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "POOL", Pool(max_threads=0))
    with ThreadPoolExecutor(1) as threads:
        assert runnable(inc).batch(range(200), executor=threads) == [*range(1, 201)]


# --- Ending early --------------------------------------------------------------------------------


def test_closing_takes_back_what_has_not_begun_and_waits_for_the_rest(run: Loop) -> None:
    begun: list[int] = []
    ended: list[int] = []

    def step(n: int) -> int:
        begun.append(n)
        time.sleep(0.05)
        ended.append(n)
        return n

    with ThreadPoolExecutor(1) as threads:
        results = runnable(step).batch_as_completed(itertools.count(), executor=threads, chunk=1)
        next(results)
        results.close()
        assert begun == ended
        assert len(begun) < 5

        async def main() -> None:
            found = runnable(step).abatch_as_completed(itertools.count(), executor=threads, chunk=1)
            await anext(found)
            await found.aclose()
            assert begun == ended

        run(main())
    assert len(begun) < 10


def test_nothing_begins_after_a_failure(run: Loop) -> None:
    begun: list[int] = []

    def step(n: int) -> int:
        begun.append(n)
        if n > 3:
            time.sleep(0.01)  # or all would be over before anybody could look at the failure
        return 1 // (n - 3)

    with ThreadPoolExecutor(1) as threads:
        with pytest.raises(BatchError):
            runnable(step).batch(range(1000), executor=threads, chunk=1)
        with pytest.raises(BatchError):
            run(runnable(step).abatch(range(1000), executor=threads, chunk=1))
    assert len(begun) < 1000


def test_a_chunk_that_is_sent_while_the_batch_stops_is_taken_back() -> None:
    events: list[dispatch.Event] = []
    stopping: list[dispatch.Dispatch] = []

    class Stops(Executor):
        @override
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            stopping[0].stop()
            return Future()

    order = Order(runnable(inc), limit=None, check_mutation=False, collect=False)
    stopping.append(dispatch.Dispatch(Stops(), order, 1, events.append))
    stopping[0].send([1])
    (event,) = events
    assert [*event()] == []
    stopping[0].send([2])
    assert (stopping[0].is_idle(), len(events)) == (True, 1)


SLOW = """
import itertools, sys, time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from combinators import runnable

def slow(n):
    time.sleep(0.5)
    return n

if __name__ == "__main__":
    with {executor}(2) as executor:
        print("begun", flush=True)
        try:
            runnable(slow).batch(itertools.count(), executor=executor, chunk=1)
        except KeyboardInterrupt:
            print("bare", flush=True)
            raise
"""


@pytest.mark.parametrize("name", ["ProcessPoolExecutor", "ThreadPoolExecutor"])
def test_ctrl_c_takes_back_what_has_not_begun(name: str, tmp_path: Path) -> None:
    script = tmp_path / "slow.py"
    script.write_text(SLOW.format(executor=name))
    with subprocess.Popen(
        [sys.executable, script],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(1)
        begin = time.perf_counter()
        child.send_signal(signal.SIGINT)
        told, said = child.communicate(timeout=30)
    assert told == "bare\n"
    assert said.rstrip().endswith("KeyboardInterrupt")
    assert time.perf_counter() - begin < 10  # of the endless inputs


# --- How pipelines travel ------------------------------------------------------------------------


def test_a_large_pipeline_travels_once_a_worker(elsewhere: Executor) -> None:
    carried: list[bool] = []

    class Looking(Executor):
        @override
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            carried.append(args[0].carries)
            return elsewhere.submit(fn, *args, **kwargs)

    r = runnable(functools.partial(_plus, 1, ballast=BALLAST))
    assert r.batch(range(300), executor=Looking(), chunk=1) == [*range(1, 301)]
    assert carried[0]
    assert sum(carried) < 300


BALLAST = bytes(2 * worker.MOST_CARRIED)


def _plus(more: int, n: int, ballast: bytes = b"") -> int:
    return n + more


def test_a_worker_that_has_not_seen_the_pipeline_asks_for_it() -> None:
    r = runnable(functools.partial(_plus, 1, ballast=BALLAST))
    order = Order(r, limit=None, check_mutation=False, collect=False)
    order.packed()
    chunk = Chunk(order, 0, [1, 2], carries=False)
    order.digest = b"never seen"
    arrived = pickled(chunk)
    assert work(arrived).unknown

    class Forgetful(Executor):
        """An executor whose workers forget what they have seen."""

        @override
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            worker.PIPELINES.clear()
            done: Future[Any] = Future()
            done.set_result(pickled(fn(pickled(args[0]))))
            return done

    assert r.batch(range(99), executor=Forgetful(), chunk=1) == [*range(1, 100)]


def test_a_worker_keeps_few_pipelines() -> None:
    for n in range(20):
        order = Order(
            runnable(functools.partial(_plus, n)), limit=None, check_mutation=False, collect=False
        )
        answer = work(pickled(Chunk(order, 0, [1], carries=True)))
        assert [parcel.open() for parcel in answer.outcomes] == [n + 1]
    assert len(worker.PIPELINES) <= worker.MOST_PIPELINES


def test_tasks_differ_for_dask_even_where_their_inputs_do_not() -> None:
    order = Order(runnable(inc), limit=None, check_mutation=False, collect=False)
    one, two = (Chunk(order, 0, [1], carries=True) for _ in range(2))
    assert one.__dask_tokenize__() != two.__dask_tokenize__()


# --- Pools ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [None, 8])
def test_a_pool_runs_a_batch_on_its_own_threads(limit: int | None) -> None:
    mine = Pool(max_threads=2)
    seen: set[threading.Thread] = set()

    def step(n: int) -> int:
        seen.add(threading.current_thread())
        time.sleep(0.01)
        return n

    assert runnable(step).batch(range(20), limit=limit, executor=mine) == [*range(20)]
    helpers = seen - {threading.current_thread()}  # who asks works, too
    assert len(helpers) in {1, 2}
    assert {thread.name for thread in helpers} == {"combinators"}


def test_sync_steps_of_an_async_batch_run_on_the_threads_of_its_pool(run: Loop) -> None:
    mine = Pool(max_threads=2)
    running, peak = 0, 0
    lock = threading.Lock()

    def step(n: int) -> int:
        nonlocal running, peak
        with lock:
            running += 1
            peak = max(peak, running)
        time.sleep(0.01)
        with lock:
            running -= 1
        return n

    r = pipe(ainc, step)
    assert run(runnable(step).abatch(range(20), executor=mine)) == [*range(20)]
    assert r.batch(range(20), executor=mine) == [*range(1, 21)]
    assert peak <= 3  # where no thread is to be had, the loop's own does the work
    assert pool.IN_USE.get() is pool.POOL


# --- Options -------------------------------------------------------------------------------------


EXECUTOR = "It takes a concurrent.futures.Executor, what has its methods, or a Pool."
SIZE = "It takes a positive whole number, or None to go by the time that items take."
UNUSED = "It takes None, unless executor= is one that runs items elsewhere, in chunks."
LIMIT = "It takes a positive whole number, or None for no limit."
THREADS = ThreadPoolExecutor(1)
REFUSED: tuple[tuple[dict[str, Any], str], ...] = (
    ({"executor": 8}, f"executor= was given an int. {EXECUTOR}"),
    ({"executor": THREADS, "chunk": 0}, f"chunk= was given a number below 1. {SIZE}"),
    ({"executor": THREADS, "chunk": "all"}, f"chunk= was given a str. {SIZE}"),
    ({"chunk": 5}, f"chunk= was given an int. {UNUSED}"),
    ({"executor": THREADS, "limit": 0}, f"limit= was given a number below 1. {LIMIT}"),
    ({"journal": "a"}, "journal= was given a str. It takes a Journal, or None to keep nothing."),
)


@pytest.mark.parametrize(("options", "message"), REFUSED)
def test_options_that_cannot_be_are_refused(
    run: Loop, options: dict[str, Any], message: str
) -> None:
    r: Any = runnable(inc)
    ways: tuple[Callable[..., object], ...] = (
        r.batch,
        r.batch_as_completed,
        r.abatch_as_completed,
        lambda *given, **named: run(r.abatch(*given, **named)),
    )
    for way in ways:
        with pytest.raises(OptionError) as caught:
            way([1], **options)
        assert str(caught.value) == message


def test_a_batch_here_loads_nothing_of_executors() -> None:
    done = python(
        """
import sys
from combinators import runnable
runnable(len).batch(["a"])
print({"concurrent.futures", "multiprocessing", "sqlite3"} & {*sys.modules})
""",
        measured=False,
    )
    assert done.stdout == "set()\n"

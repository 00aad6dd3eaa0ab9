"""`cached`: results that are kept, and one run for all who ask for the same at the same time."""

import asyncio
import copy
import copyreg
import pickle
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from typing import Any

import anyio
import pytest
from typing_extensions import override

from combinators import (
    BuilderError,
    FanoutError,
    InputError,
    Runnable,
    each,
    fanout,
    pick,
    pipe,
    runnable,
)
from combinators._failures import copied
from combinators._memory import Flight, Kept, Memory
from combinators.laws.schedules import Schedule
from tests.running.ways import (
    ONCE,
    WAYS,
    Loop,
    Way,
    begun,
    by_ainvoke,
    by_invoke,
    collected,
    inc,
    note_of,
    on_asyncio,
    on_trio,
    python,
)


class Counted:
    """Steps that count their calls, and may take some time or fail."""

    def __init__(self, seconds: float = 0.0, failures: int = 0) -> None:
        self._seconds = seconds
        self._failures = failures
        self.inputs: list[Any] = []

    def step(self, x: Any) -> Any:  # noqa: ANN401 - whatever it is given
        self.inputs.append(x)
        time.sleep(self._seconds)
        return self._result(x)

    async def astep(self, x: Any) -> Any:  # noqa: ANN401 - as above
        self.inputs.append(x)
        await anyio.sleep(self._seconds)
        return self._result(x)

    def _result(self, x: Any) -> Any:  # noqa: ANN401 - as above
        if len(self.inputs) <= self._failures:
            raise ConnectionError(len(self.inputs))
        return "result", x

    def of_kind(self, kind: int) -> Runnable[Any, Any]:
        return [runnable(self.step), runnable(self.astep)][kind]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("other", WAYS)
@pytest.mark.parametrize("kind", [0, 1])
def test_a_result_is_kept_for_every_way_of_running(way: Way, other: Way, kind: int) -> None:
    counted = Counted()
    r = pipe(inc, counted.of_kind(kind).cached())
    assert way(r, 1) == other(r, 1) == ("result", 2)
    assert other(r, 2) == ("result", 3)
    assert counted.inputs == [2, 3]


@pytest.mark.parametrize(
    ("one", "other"), [(1, True), (1, 1.0), (0, False), ((1,), (True,)), ("1", b"1"), (None, 0)]
)
@pytest.mark.parametrize("way", ONCE)
def test_equal_values_of_other_types_are_other_inputs(way: Way, one: object, other: object) -> None:
    counted = Counted()
    r = runnable(counted.step).cached()
    for x in (one, other, one, other):
        _, given = way(r, x)
        assert (type(given), given) == (type(x), x)
    assert len(counted.inputs) == 2


@pytest.mark.parametrize("way", ONCE)
def test_a_failure_is_not_kept(way: Way) -> None:
    counted = Counted(failures=2)
    r = runnable(counted.step).cached()
    for number in (1, 2):
        with pytest.raises(ConnectionError, match=str(number)) as caught:
            way(r, 7)
        assert not hasattr(caught.value, "__notes__")
    assert way(r, 7) == way(r, 7) == ("result", 7)
    assert len(counted.inputs) == 3


def test_what_was_asked_for_longest_ago_makes_room() -> None:
    counted = Counted()
    r = runnable(counted.step).cached(maxsize=2)
    for x in (1, 2, 1, 3, 1, 2):
        r.invoke(x)
    assert counted.inputs == [1, 2, 3, 2]


@pytest.mark.parametrize("way", WAYS)
def test_what_is_not_hashable_asks_for_a_key(way: Way) -> None:
    counted = Counted()
    with pytest.raises(InputError) as caught:
        way(pipe(list, runnable(counted.step).cached()), "ab")
    assert str(caught.value) == (
        "step cached was given a list. To keep results, its input has to be hashable: say what "
        "tells inputs apart, as in cached(key=lambda x: …)."
    )
    assert note_of(caught.value) == "at pipe step 2 (step cached)"
    assert counted.inputs == []


@pytest.mark.parametrize("way", WAYS)
def test_a_key_tells_inputs_apart(way: Way) -> None:
    counted = Counted()
    r = runnable(counted.step).cached(key=pick("id"))
    first = way(r, {"id": 1, "text": "one"})
    assert way(r, {"id": 1, "text": "another"}) == first
    assert way(r, {"id": 2, "text": "one"}) != first
    assert len(counted.inputs) == 2


def listed(x: object) -> Any:  # noqa: ANN401 - what a checker would refuse
    return [x]


def test_a_key_that_is_not_hashable_is_refused() -> None:
    with pytest.raises(InputError, match=r"a list\. To keep results, what key= gives has to be"):
        runnable(inc).cached(key=listed).invoke(1)


def test_every_value_has_results_of_its_own() -> None:
    counted = Counted()
    r = runnable(counted.step).cached()
    twin = runnable(counted.step).cached()
    assert r == twin
    assert hash(r) == hash(twin)
    r.invoke(1)
    twin.invoke(1)
    assert len(counted.inputs) == 2
    assert copy.copy(r) is r
    kept = runnable(inc).cached(maxsize=7, key=str)
    assert kept.invoke(1) == 2
    again = pickle.loads(pickle.dumps(kept))  # noqa: S301 - written in this very line
    assert again == kept
    assert repr(again) == repr(kept) == "runnable(inc).cached(maxsize=7, key=str)"
    assert again.invoke(2) == 3


def test_a_step_that_is_used_twice_has_one_memory() -> None:
    counted = Counted(0.01)
    kept = runnable(counted.step).cached()
    r = fanout(a=kept, b=pipe(inc, kept), c=pipe(lambda x: [x, x], each(kept)))
    assert r.invoke(1)["b"] == ("result", 2)
    assert sorted(counted.inputs) == [1, 2]


# --- One run for all ------------------------------------------------------------------


@pytest.mark.race
def test_threads_that_ask_for_the_same_share_one_run() -> None:
    def main() -> None:
        counted = Counted(5.0)
        kept = runnable(counted.step).cached()
        results = kept.batch([1, 1, 2, 1, 2] * 4)
        assert results == [("result", x) for x in [1, 1, 2, 1, 2] * 4]
        assert sorted(counted.inputs) == [1, 2]
        assert time.monotonic() == pytest.approx(5)

    for seed in range(20):
        Schedule.seeded(seed).run(main)


@pytest.mark.race
@pytest.mark.parametrize("kind", [0, 1])
def test_tasks_that_ask_for_the_same_share_one_run(kind: int) -> None:
    async def main() -> None:
        counted = Counted(5.0)
        kept = counted.of_kind(kind).cached()
        results = await kept.abatch([1, 1, 2, 1, 2] * 4)
        assert results == [("result", x) for x in [1, 1, 2, 1, 2] * 4]
        assert sorted(counted.inputs) == [1, 2]
        assert time.monotonic() == pytest.approx(5)

    for seed in range(20):
        Schedule.seeded(seed).run_async(main)


@pytest.mark.race
@pytest.mark.parametrize("kind", [0, 1])
@pytest.mark.parametrize("first", [0, 1])
def test_threads_and_loops_share_one_run(kind: int, first: int) -> None:
    def main() -> None:
        counted = Counted(5.0)
        kept = counted.of_kind(kind).cached()
        results: list[object] = []

        def ask(way: Way, after_seconds: float) -> None:
            time.sleep(after_seconds)
            results.append(way(kept, 1))

        ways = [by_invoke, by_ainvoke, by_ainvoke, by_invoke]
        threads = [
            threading.Thread(target=ask, args=(way, 0 if index % 2 == first else 1.0))
            for index, way in enumerate(ways)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == [("result", 1)] * 4
        assert counted.inputs == [1]

    for seed in range(10):
        Schedule.seeded(seed).run(main)


@pytest.mark.race
def test_streams_wait_for_a_call_that_runs() -> None:
    counted = Counted(5.0)
    kept = runnable(counted.step).cached()

    def main() -> None:
        caller = threading.Thread(target=kept.invoke, args=(1,))
        caller.start()
        time.sleep(1)
        assert [*kept.stream(1)] == [("result", 1)]
        caller.join()

    Schedule().run(main)
    assert counted.inputs == [1]


@pytest.mark.race
def test_async_streams_wait_for_a_call_that_runs() -> None:
    async def main() -> None:
        counted = Counted(5.0)
        kept = runnable(chunky(counted)).cached()
        caller = asyncio.ensure_future(kept.ainvoke(1))
        await anyio.sleep(1)
        assert await collected(kept.astream(1)) == ["1-2"]
        await caller
        assert counted.inputs == [1]

    Schedule().run_async(main)


def chunky(counted: Counted) -> Callable[[int], AsyncIterator[str]]:
    async def chunks(x: int) -> AsyncIterator[str]:
        counted.inputs.append(x)
        await anyio.sleep(5)
        yield f"{x}-"
        yield f"{x + 1}"

    return chunks


class OddError(Exception):
    """An error that no copy can be made of."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(one + other)


def failing_together(raised: Callable[[], Exception]) -> list[Exception]:
    """Return the errors of two branches that share one run."""
    calls: list[object] = []

    def fail(x: object) -> object:
        calls.append(x)
        time.sleep(5)
        raise raised()

    kept = pipe(inc, fail).cached()

    def main() -> FanoutError:
        threads = [threading.Thread(target=ask, args=(key,)) for key in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return FanoutError(errors, 2)

    errors: dict[str, Exception] = {}

    def ask(key: str) -> None:
        try:
            pipe(inc, kept).named(key).invoke(1)
        except Exception as error:  # noqa: BLE001 - it is what is looked at
            errors[key] = error

    Schedule().run(main)
    assert len(calls) == 1
    return [errors["a"], errors["b"]]


@pytest.mark.race
def test_who_waits_for_a_run_that_fails_is_told_the_same() -> None:
    cause = ValueError("cause")

    def raised() -> Exception:
        error = KeyError("key")
        error.__cause__ = cause
        error.add_note("a note of its own")
        return error

    first, second = failing_together(raised)
    assert first is not second
    assert type(first) is type(second) is KeyError
    assert first.args == second.args == ("key",)
    assert first.__cause__ is second.__cause__ is cause
    path = "at pipe step 2 (cached) > pipe step 2 (fail)"
    assert first.__notes__ == second.__notes__ == ["a note of its own", path]


def test_groups_are_told_leaf_by_leaf() -> None:
    first, second = failing_together(lambda: FanoutError({"k": KeyError("key")}, 2))
    assert isinstance(first, FanoutError)
    assert isinstance(second, FanoutError)
    assert first.errors["k"] is not second.errors["k"]
    assert (second.total, second.errors["k"].args) == (2, ("key",))
    path = "at pipe step 2 (cached) > pipe step 2 (fail)"
    assert note_of(first.errors["k"]) == note_of(second.errors["k"]) == path


class Changing(Exception):  # noqa: N818 - its name is not the point
    """An error of which a copy is something else."""

    @override
    def __reduce__(self) -> tuple[Any, ...]:
        return ValueError, ("something else",)


class Listing(Exception):  # noqa: N818 - as above
    """An error that writes its fields, and no items after them, as a list would."""

    @override
    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.args, vars(self), None


class Frozen(Exception):  # noqa: N818 - as above
    """An error that cannot be changed."""

    @override
    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(name)


@pytest.mark.parametrize("raised", [lambda: OddError("a", "b"), Changing, Frozen])
def test_what_cannot_be_copied_is_told_itself(raised: Callable[[], Exception]) -> None:
    first, second = failing_together(raised)
    assert first is second


def test_an_error_is_copied_however_it_writes_its_fields() -> None:
    error = Listing("a")
    error.__dict__["field"] = 1
    copy = copied(error)
    assert copy is not error
    assert (type(copy), copy.args, vars(copy)) == (Listing, ("a",), {"field": 1})


def test_a_copy_of_a_failure_has_its_traceback() -> None:
    with pytest.raises(ValueError, match="invalid") as caught:
        int("no number")
    assert copied(caught.value).__traceback__ is caught.value.__traceback__


def test_copies_share_no_notes_where_others_have_a_say_in_how_exceptions_are_copied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def sharing(error: Exception) -> tuple[Callable[[Exception], Exception], tuple[Exception]]:
        return twin_with_the_same_fields, (error,)

    monkeypatch.setitem(copyreg.dispatch_table, ValueError, sharing)
    first, second = failing_together(lambda: ValueError("a"))
    assert first is not second
    assert first.__notes__ == second.__notes__
    assert first.__notes__ is not second.__notes__


def twin_with_the_same_fields(error: Exception) -> Exception:
    twin = type(error)(*error.args)
    twin.__dict__ = error.__dict__
    return twin


@pytest.mark.race
def test_when_who_leads_is_cancelled_somebody_else_goes_on() -> None:
    counted = Counted(5.0)
    kept = runnable(counted.astep).cached()

    async def main() -> float:
        leader = asyncio.ensure_future(kept.ainvoke(1))
        others = [asyncio.ensure_future(kept.ainvoke(1)) for _ in range(3)]
        await anyio.sleep(1)
        leader.cancel()
        assert await asyncio.gather(*others) == [("result", 1)] * 3
        assert leader.cancelled()
        return asyncio.get_running_loop().time()

    assert Schedule().run_async(main) == pytest.approx(6)
    assert counted.inputs == [1, 1]


@pytest.mark.race
def test_when_who_leads_ends_without_a_result_a_thread_goes_on() -> None:
    class Signal(BaseException):
        pass

    calls: list[object] = []

    def step(x: object) -> object:
        calls.append(x)
        time.sleep(5)
        if len(calls) == 1:
            raise Signal
        return x

    kept = runnable(step).cached()

    def lead() -> None:
        with pytest.raises(Signal):
            kept.invoke(1)

    def main() -> None:
        leader = threading.Thread(target=lead)
        leader.start()
        time.sleep(1)
        assert kept.invoke(1) == 1
        leader.join()

    Schedule().run(main)
    assert calls == [1, 1]


@pytest.mark.race
def test_who_waits_may_give_up() -> None:
    counted = Counted(5.0)
    kept = runnable(counted.astep).cached()

    async def main() -> None:
        leader = asyncio.ensure_future(kept.ainvoke(1))
        await anyio.sleep(1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(kept.ainvoke(1), 1)
        assert asyncio.get_running_loop().time() == pytest.approx(2)
        assert await leader == ("result", 1)

    Schedule().run_async(main)
    assert counted.inputs == [1]


@pytest.mark.race
def test_waiting_holds_no_right_of_a_limit() -> None:
    def main() -> None:
        counted = Counted(5.0)
        kept = runnable(counted.step).cached()

        def other(x: object) -> object:
            time.sleep(5)
            return x

        fanout(a=kept, b=kept, c=other).invoke(1, limit=2)
        assert time.monotonic() == pytest.approx(5)
        assert counted.inputs == [1]

    for seed in range(20):
        Schedule.seeded(seed).run(main)


def test_a_step_that_asks_for_itself_does_not_wait_for_itself(run: Loop) -> None:
    depth = ContextVar("depth", default=0)

    def ask_again(x: object) -> object:
        if depth.get() >= 3:
            return x
        depth.set(depth.get() + 1)
        return both[0].invoke(x)

    async def ask_again_async(x: object) -> object:
        if depth.get() >= 3:
            return x
        depth.set(depth.get() + 1)
        return await both[1].ainvoke(x)

    def ask_in_parallel(x: object) -> object:
        if depth.get() >= 3:
            return x
        depth.set(depth.get() + 1)
        return fanout(a=both[2], b=pipe(both[2], str)).invoke(x)["a"]

    both: list[Any] = [
        runnable(each).cached() for each in (ask_again, ask_again_async, ask_in_parallel)
    ]
    for r in both:
        depth.set(0)
        assert run(r.ainvoke(1), seconds=20) == 1
        depth.set(0)
        assert r.invoke(2) == 2
        assert r.node.memory.find((int, (int, 2))) == Kept(2)


def test_a_fanout_that_asks_for_itself_does_not_wait_for_itself() -> None:
    calls: list[int] = []

    def ask_again(x: int) -> Any:  # noqa: ANN401 - nested as deep as it asks
        calls.append(x)
        return x if len(calls) == 3 else both.invoke(x)

    both: Runnable[int, Any] = fanout(a=ask_again, b=inc).cached()
    assert both.invoke(1) == {"a": {"a": {"a": 1, "b": 2}, "b": 2}, "b": 2}


@pytest.mark.race
def test_a_loop_does_not_stand_still_for_what_only_it_can_end(run: Loop) -> None:
    calls: list[object] = []
    has_begun = anyio.Event()

    async def slow(x: object) -> object:
        calls.append(x)
        has_begun.set()
        await anyio.sleep(0.1)
        return x

    def fast(x: object) -> object:
        calls.append(x)
        return x

    both = runnable(fast, aio=slow).cached()

    async def main() -> None:
        async with begun(both.ainvoke(1)) as leader:
            await has_begun.wait()
            assert both.invoke(1) == 1  # blocking the loop, as one should not
            assert [*both.stream(1)] == [1]
            assert not await leader.was_cancelled()

    run(main(), seconds=10)
    assert calls == [1, 1, 1]


def test_a_child_of_a_fork_waits_for_nobody() -> None:
    done = python(
        """
import os, threading, time
from combinators import runnable
begun = threading.Event()
def slow(x):
    begun.set()
    time.sleep(1.0 if os.getpid() == parent else 0)
    return x
parent = os.getpid()
kept = runnable(slow).cached()
kept.invoke(0)
leader = threading.Thread(target=kept.invoke, args=(1,))
begun.clear()
leader.start()
begun.wait()
child = os.fork()
if not child:
    assert list(kept.stream(0)) == [0]
    assert kept.invoke(1) == 1
    os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
leader.join()
""",
        measured=False,
    )
    assert done.stdout == "7\n", done.stderr


# --- Streams ------------------------------------------------------------------------


def test_a_stream_that_finds_nothing_gives_its_chunks_and_keeps_the_whole(run: Loop) -> None:
    counted = Counted()

    def chunks(x: int) -> Iterator[str]:
        counted.inputs.append(x)
        yield from f"{x}-{x}"

    kept: Any = runnable(chunks).cached()
    assert [*kept.stream(1)] == ["1", "-", "1"]
    assert [*kept.stream(1)] == ["1-1"]
    assert kept.invoke(1) == "1-1"
    assert run(collected(kept.astream(1))) == ["1-1"]
    assert run(collected(kept.astream(2))) == ["2", "-", "2"]
    assert [*kept.stream(2)] == ["2-2"]
    assert counted.inputs == [1, 2]


@pytest.mark.race
def test_streams_side_by_side_do_not_wait_for_one_another() -> None:
    def chunks(x: int) -> Iterator[int]:
        yield x
        yield x

    kept: Any = runnable(chunks).cached()
    assert [*zip(kept.stream(1), kept.stream(1), strict=True)] == [(1, 1), (1, 1)]


def test_a_stream_that_is_closed_early_keeps_nothing() -> None:
    counted = Counted()

    def chunks(x: int) -> Iterator[int]:
        counted.inputs.append(x)
        yield 1
        yield 2

    kept: Any = runnable(chunks).cached()
    stream = kept.stream(1)
    next(stream)
    stream.close()
    assert kept.invoke(1) == 3
    assert counted.inputs == [1, 1]


# --- Building -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"maxsize": 0},
            "cached() maxsize= was given a number below 1.\nIt takes a whole number, at least 1.",
        ),
        (
            {"maxsize": None},
            "cached() maxsize= was given None.\nIt takes a whole number, at least 1.",
        ),
        (
            {"key": Counted().astep},
            (
                "cached() key= was given an async step.\n"
                "It is called in place, before anything runs: give it a plain function."
            ),
        ),
    ],
)
def test_what_makes_no_sense_is_refused_when_built(options: dict[str, Any], message: str) -> None:
    with pytest.raises(BuilderError) as caught:
        runnable(inc).cached(**options)
    assert str(caught.value) == message


def test_a_run_that_has_ended_is_not_waited_for() -> None:
    counted = Counted()
    kept = runnable(counted.step).cached()
    memory: Any = kept.node
    flight, leads = memory.memory.enter(1)
    assert leads
    assert isinstance(flight, Flight)
    assert memory.memory.find(1) is flight
    memory.memory.leave(1, flight)
    assert not memory.memory.wait(flight, lambda: None)
    assert memory.memory.find(1) is None


def test_a_memory_of_another_process_has_no_runs() -> None:
    memory: Any = Memory()
    memory.keep("kept", 1, 8)
    flight, leads = memory.enter("led")
    assert leads
    memory._process = -1  # as it is in the child of a fork
    assert memory.find("led") is None
    memory._process = -1
    again, leads = memory.enter("led")
    assert leads
    assert memory.find("kept") == Kept(1)
    memory.leave("led", flight)  # it is not there any more
    assert memory.find("led") is again


# --- The same without a schedule -------------------------------------------------------


class Held:
    """A step that waits until somebody waits for it, and a little longer."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.calls = 0
        self._error = error

    def step(self, x: object) -> str:
        self.calls += 1
        self.begun.set()
        self.go_on.wait(10)
        if self.calls == 1 and self._error is not None:
            raise self._error
        return f"held {x}"

    def chunks(self, x: object) -> Iterator[str]:
        yield from self.step(x)


def side_by_side(held: Held, ask: Callable[[Runnable[Any, Any]], object]) -> tuple[object, object]:
    """Return what a thread gets that leads a run, and what another gets that waits for it."""
    kept: Any = runnable(held.chunks).cached()
    node = kept.node
    got: dict[str, object] = {}

    def lead() -> None:
        try:
            got["leads"] = kept.invoke(1)
        except BaseException as error:  # noqa: BLE001 - it is what is looked at
            got["leads"] = error

    def follow() -> None:
        got["follows"] = ask(kept)

    leader, follower = threading.Thread(target=lead), threading.Thread(target=follow)
    leader.start()
    assert held.begun.wait(10)
    flight = node.memory.find((int, (int, 1)))
    follower.start()
    deadline = time.monotonic() + 10
    while not flight.waiting and time.monotonic() < deadline:
        time.sleep(0.001)
    held.go_on.set()
    leader.join()
    follower.join()
    return got["leads"], got["follows"]


ASKED_BY = ("invoke", "ainvoke", "ainvoke on trio", "stream", "astream", "astream on trio")
ASKED: list[Callable[[Runnable[Any, Any]], object]] = [
    lambda kept: kept.invoke(1),
    lambda kept: on_asyncio(kept.ainvoke(1)),
    lambda kept: on_trio(kept.ainvoke(1)),
    lambda kept: "".join(kept.stream(1)),
    lambda kept: "".join(on_asyncio(collected(kept.astream(1)))),
    lambda kept: "".join(on_trio(collected(kept.astream(1)))),
]


@pytest.mark.race
@pytest.mark.parametrize("ask", ASKED, ids=ASKED_BY)
def test_who_comes_later_waits(ask: Callable[[Runnable[Any, Any]], object]) -> None:
    held = Held()
    assert side_by_side(held, ask) == ("held 1", "held 1")
    assert held.calls == 1


@pytest.mark.parametrize("ask", ASKED, ids=ASKED_BY)
def test_who_waits_for_nothing_goes_on(ask: Callable[[Runnable[Any, Any]], object]) -> None:
    held = Held(SystemExit())
    led, followed = side_by_side(held, ask)
    assert isinstance(led, SystemExit)
    assert followed == "held 1"
    assert held.calls == 2


def test_who_waits_for_a_run_that_fails_is_told_so() -> None:
    def ask(kept: Runnable[Any, Any]) -> object:
        with pytest.raises(ValueError, match="held") as caught:
            kept.invoke(1)
        return caught.value

    held = Held(ValueError("held"))
    led, followed = side_by_side(held, ask)
    assert led is not followed
    assert held.calls == 1


@pytest.mark.race
@pytest.mark.parametrize("ask", ASKED, ids=ASKED_BY)
def test_a_run_that_ends_just_before_is_not_waited_for(
    ask: Callable[[Runnable[Any, Any]], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    held, real = Held(), Memory.wait
    kept = runnable(held.chunks).cached()
    leader = threading.Thread(target=kept.invoke, args=(1,))

    def late(memory: Memory, flight: Flight, wake: Callable[[], None]) -> bool:
        held.go_on.set()
        leader.join()
        return real(memory, flight, wake)

    leader.start()
    assert held.begun.wait(10)
    monkeypatch.setattr(Memory, "wait", late)
    assert ask(kept) == "held 1"
    assert held.calls == 1


@pytest.mark.race
def test_a_branch_that_waits_in_vain_is_not_begun_after_a_failure() -> None:
    held = Held(SystemExit())
    kept = runnable(held.step).cached()

    def lead() -> None:
        with pytest.raises(SystemExit):
            kept.invoke(1)

    def fail(_: object) -> None:
        time.sleep(0.01)
        threading.Timer(0.05, held.go_on.set).start()
        raise ValueError

    leader = threading.Thread(target=lead)
    leader.start()
    assert held.begun.wait(10)
    with pytest.raises(FanoutError) as caught:
        fanout(a=kept, b=fail).invoke(1)
    leader.join()
    assert sorted(caught.value.errors) == ["b"]
    assert held.calls == 1

"""Branches that fail travel as a group under their keys, and stop what has not begun."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from combinators import (
    FanoutError,
    Runnable,
    assign,
    each,
    fanout,
    passthrough,
    pick,
    pipe,
    runnable,
)
from tests.running.ways import (
    ONCE,
    WAYS,
    AnyStep,
    Gauge,
    Loop,
    Way,
    afailing,
    awaiting,
    failing,
    inc,
    note_of,
    notes_of,
    on_asyncio,
    tasks_left,
    waiting,
)


def rendezvous(error: Exception) -> tuple[Callable[[object], int], Callable[[object], int]]:
    """Return two steps that fail together: `error`, and a KeyError."""
    barrier = threading.Barrier(2)

    def first(_: object) -> int:
        barrier.wait(10)
        raise error

    def second(_: object) -> int:
        barrier.wait(10)
        raise KeyError

    return first, second


@pytest.mark.parametrize("way", WAYS)
def test_one_failure_is_a_group_too(way: Way) -> None:
    error = ValueError("mine")
    with pytest.raises(FanoutError) as caught:
        way(fanout(a=failing(error), b=inc), 1)
    assert caught.value.errors == {"a": error}
    assert caught.value.exceptions == (error,)
    assert caught.value.message == "1 of 2 branches failed"


@pytest.mark.parametrize("way", WAYS)
def test_a_fanout_of_one_branch_fails_as_a_group(way: Way) -> None:
    with pytest.raises(FanoutError) as caught:
        way(fanout(a=failing(ValueError())), 1)
    assert [*caught.value.errors] == ["a"]


@pytest.mark.parametrize("way", ONCE)
def test_a_cheap_branch_fails_as_a_group(way: Way) -> None:
    with pytest.raises(FanoutError) as caught:
        way(fanout(a=pick("k"), b=passthrough()), {})
    assert notes_of(caught.value) == {("a",): "at fanout['a']"}
    assert isinstance(caught.value.errors["a"], KeyError)


@pytest.mark.parametrize("way", ONCE)
def test_nothing_begins_when_a_cheap_branch_fails(way: Way) -> None:
    ran: list[object] = []
    with pytest.raises(FanoutError):
        way(fanout(a=ran.append, b=ran.append, c=pick("k")), {})
    assert ran == []


@pytest.mark.race
@pytest.mark.parametrize("way", ONCE)
def test_all_that_failed_are_kept_in_the_order_written(way: Way) -> None:
    first, second = rendezvous(ValueError())
    with pytest.raises(FanoutError) as caught:
        way(fanout(z=first, a=second), 1)
    assert [type(error) for error in caught.value.errors.values()] == [ValueError, KeyError]
    assert [*caught.value.errors] == ["z", "a"]


@pytest.mark.parametrize("way", ONCE)
def test_groups_nest_as_fanouts_do(way: Way) -> None:
    first, second = rendezvous(ValueError())
    with pytest.raises(FanoutError) as caught:
        way(fanout(a=fanout(b=first, c=second)), 1)
    assert notes_of(caught.value) == {
        ("a", "b"): "at fanout['a'] > fanout['b']",
        ("a", "c"): "at fanout['a'] > fanout['c']",
    }
    assert isinstance(caught.value.errors["a"], FanoutError)


@pytest.mark.parametrize("way", ONCE)
@pytest.mark.parametrize(
    ("group", "value", "path"),
    [
        (fanout(inc, failing(ValueError())), 1, "at fanout[1]"),
        (each(failing(ValueError())), [1], "at each[0]"),
        (assign(a=failing(ValueError())), {}, "at assign['a']"),
    ],
)
def test_every_group_names_its_branches(
    way: Way, group: Runnable[Any, Any], value: object, path: str
) -> None:
    with pytest.raises(FanoutError) as caught:
        way(group, value)
    assert [*notes_of(caught.value).values()] == [path]


def test_a_group_has_no_context_of_our_own() -> None:
    with pytest.raises(FanoutError) as caught:
        fanout(a=failing(ValueError())).invoke(1)
    assert caught.value.__context__ is None


@pytest.mark.race
def test_a_branch_that_failed_late_is_kept_when_its_fanout_is_inside_another() -> None:
    inner = fanout(c=failing(KeyError(), 0.15), d=waiting(0.15))
    with pytest.raises(FanoutError) as caught:
        fanout(a=failing(ValueError(), 0.05), b=inner).invoke(1)
    assert {path: type(leaf) for path, leaf in caught.value.flat().items()} == {
        ("a",): ValueError,
        ("b", "c"): KeyError,
    }


@pytest.mark.race
def test_a_sync_branch_that_failed_late_is_kept_under_ainvoke(run: Loop) -> None:
    chain = fanout(a=afailing(ValueError(), 0.05), b=failing(KeyError(), 0.2))
    with pytest.raises(FanoutError) as caught:
        run(chain.ainvoke(1))
    assert {path: type(leaf) for path, leaf in caught.value.flat().items()} == {
        ("a",): ValueError,
        ("b",): KeyError,
    }


# --- Nothing begins after a failure ----------------------------------------------


@pytest.mark.race
def test_no_branch_begins_after_a_failure() -> None:
    gauge = Gauge(0.2)
    many = {f"s{i}": gauge.step for i in range(100)}
    with pytest.raises(FanoutError):
        fanout({"bad": failing(ValueError(), 0.05), **many}).invoke(1, limit=4)
    begun = gauge.count
    assert begun <= 8
    time.sleep(0.25)
    assert gauge.count == begun


@pytest.mark.race
def test_branches_that_run_are_awaited() -> None:
    gauge = Gauge(0.2)
    barrier = threading.Barrier(2)

    def slow(x: object) -> object:
        barrier.wait(10)
        return gauge.step(x)

    def fail(_: object) -> object:
        barrier.wait(10)
        raise ValueError

    with pytest.raises(FanoutError):
        fanout(bad=fail, slow=slow).invoke(1)
    assert (gauge.count, gauge.running) == (1, 0)


def one(f: Callable[[object], None]) -> AnyStep:
    return fanout(f)


def two(f: Callable[[object], None]) -> AnyStep:
    return fanout(f, f)


def every(f: Callable[[object], None]) -> AnyStep:
    return each(f)


@pytest.mark.race
@pytest.mark.parametrize("inner", [one, two, every])
def test_no_branch_of_an_inner_group_begins_after_a_failure_outside(inner: AnyStep) -> None:
    ran: list[object] = []
    late = pipe(waiting(0.15), inner(ran.append))
    with pytest.raises(FanoutError) as caught:
        fanout(a=failing(ValueError(), 0.02), b=late).invoke([1, 2])
    assert ran == []
    assert [*caught.value.errors] == ["a"]


@pytest.mark.race
def test_a_failure_deep_inside_stops_the_siblings_of_its_ancestors() -> None:
    ran: list[object] = []
    quick = fanout(x=fanout(y=failing(ValueError(), 0.02)))
    late = pipe(waiting(0.2), fanout(ran.append, ran.append))
    with pytest.raises(FanoutError) as caught:
        fanout(a=quick, b=late).invoke(1)
    assert ran == []
    assert [*caught.value.flat()] == [("a", "x", "y")]


@pytest.mark.race
@pytest.mark.parametrize("way", ONCE)
def test_an_attempt_captures_the_group_while_its_siblings_go_on(way: Way) -> None:
    gauge = Gauge(0.15)
    tried = fanout(x=failing(ValueError()), y=inc).attempt()
    result = way(fanout(tried=tried, slow=gauge.step), 1)
    assert isinstance(result["tried"].failure(), FanoutError)
    assert result["slow"] == 1


@pytest.mark.parametrize("way", WAYS)
def test_an_attempt_that_succeeds_is_a_success(way: Way) -> None:
    assert way(runnable(inc).attempt(), 1).unwrap() == 2


@pytest.mark.parametrize("way", ONCE)
def test_an_attempt_lets_through_what_is_no_exception(way: Way) -> None:
    with pytest.raises(SystemExit):
        way(runnable(failing(SystemExit())).attempt(), 1)


# --- Under ainvoke the others are cancelled, and joined ----------------------------


@pytest.mark.race
def test_async_siblings_are_cancelled_and_joined(run: Loop) -> None:
    log: list[str] = []

    async def slow(_: object) -> None:
        try:
            await anyio.sleep(30)
        except anyio.get_cancelled_exc_class():
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.05)
            log.append("cleaned up")
            raise

    async def main() -> None:
        with pytest.raises(FanoutError) as caught:
            await fanout(slow=slow, bad=afailing(ValueError(), 0.02)).ainvoke(1)
        assert [*caught.value.errors] == ["bad"]
        assert log == ["cleaned up"]
        assert tasks_left() == 0

    run(main(), seconds=10)


@pytest.mark.race
def test_errors_of_cleanup_are_kept(run: Loop) -> None:
    async def messy(_: object) -> None:
        try:
            await anyio.sleep(30)
        finally:
            raise KeyError

    with pytest.raises(FanoutError) as caught:
        run(fanout(messy=messy, bad=afailing(ValueError(), 0.02)).ainvoke(1), seconds=10)
    assert {key: type(e) for key, e in caught.value.errors.items()} == {
        "messy": KeyError,
        "bad": ValueError,
    }


@pytest.mark.race
def test_a_sibling_in_an_inner_group_is_cancelled_too(run: Loop) -> None:
    log: list[str] = []

    async def slow(_: object) -> None:
        try:
            await anyio.sleep(30)
        finally:
            log.append("cleaned up")

    inner = fanout(x=slow, y=each(slow))
    with pytest.raises(FanoutError):
        run(fanout(a=inner, bad=afailing(ValueError(), 0.05)).ainvoke([1, 2]), seconds=10)
    assert log == ["cleaned up"] * 3


@pytest.mark.race
def test_a_sync_step_that_runs_is_awaited_under_ainvoke(run: Loop) -> None:
    gauge = Gauge(0.2)
    with pytest.raises(FanoutError):
        run(fanout(slow=gauge.step, bad=afailing(ValueError(), 0.02)).ainvoke(1), seconds=10)
    assert (gauge.count, gauge.running) == (1, 0)


# --- What is no Exception is bare ---------------------------------------------------


class Halt(BaseException):
    """Somebody's own way to stop everything."""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, Halt])
@pytest.mark.parametrize("fail", [failing, afailing])
def test_what_is_no_exception_is_never_grouped(
    way: Way, kind: type[BaseException], fail: AnyStep
) -> None:
    error = kind()
    with pytest.raises(kind) as caught:
        way(fanout(a=fail(ValueError()), b=fail(error), c=awaiting(0.05)), 1)
    assert caught.value is error


@pytest.mark.race
@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, Halt])
def test_what_is_no_exception_is_not_lost_where_it_meets_a_cancellation(
    run: Loop,
    kind: type[BaseException],
) -> None:
    async def halts_when_it_is_cancelled(_: object) -> None:
        try:
            await anyio.sleep(30)
        finally:
            raise kind

    inner = fanout(a=halts_when_it_is_cancelled)
    with pytest.raises(kind):
        run(fanout(inner=inner, bad=afailing(ValueError(), 0.02)).ainvoke(1), seconds=10)


@pytest.mark.race
@pytest.mark.parametrize("kind", [SystemExit, Halt])
def test_what_is_no_exception_does_not_wait_for_threads(kind: type[BaseException]) -> None:
    release, begun = threading.Event(), threading.Event()
    me = threading.get_ident()

    def here_or_there(_: object) -> None:
        if threading.get_ident() == me:
            begun.wait(10)
            raise kind
        begun.set()
        release.wait(10)

    begin = time.perf_counter()
    with pytest.raises(kind):
        fanout(here_or_there, here_or_there).invoke(1)
    assert time.perf_counter() - begin < 5
    release.set()


@pytest.mark.race
@pytest.mark.parametrize("kind", [SystemExit, Halt])
def test_what_is_no_exception_on_a_helping_thread_reaches_the_caller(
    kind: type[BaseException],
) -> None:
    release = threading.Event()
    me = threading.get_ident()

    def here_or_there(_: object) -> None:
        if threading.get_ident() == me:
            release.wait(10)
            return
        release.set()
        raise kind

    with pytest.raises(kind):
        fanout(here_or_there, here_or_there).invoke(1)


@pytest.mark.race
@pytest.mark.parametrize("kind", [SystemExit, Halt])
def test_a_caller_that_waits_is_woken_by_what_is_no_exception(kind: type[BaseException]) -> None:
    release = threading.Event()
    me, all_begun = threading.get_ident(), threading.Barrier(3)
    slow = threading.Lock()

    def step(_: object) -> None:
        all_begun.wait(10)
        if threading.get_ident() == me:
            return  # nothing is left to begin: from now on the caller waits
        if slow.acquire(blocking=False):
            release.wait(10)
            return
        time.sleep(0.1)
        raise kind

    begin = time.perf_counter()
    with pytest.raises(kind):
        fanout(step, step, step).invoke(1)
    assert time.perf_counter() - begin < 5
    release.set()


@pytest.mark.race
@pytest.mark.parametrize(
    "fail", [failing(asyncio.CancelledError()), afailing(asyncio.CancelledError())]
)
def test_a_branch_that_is_cancelled_by_itself_cancels_all_at_once(fail: AnyStep) -> None:
    async def main() -> float:
        begin = time.perf_counter()
        with pytest.raises(asyncio.CancelledError):
            await fanout(a=fail, b=awaiting(8)).ainvoke(1)
        return time.perf_counter() - begin

    assert on_asyncio(main(), seconds=20) < 4


def test_the_note_of_a_group_says_where_the_group_is() -> None:
    with pytest.raises(FanoutError) as caught:
        pipe(inc, fanout(a=failing(ValueError()))).invoke(1)
    assert note_of(caught.value) == "at pipe step 2 (fanout)"

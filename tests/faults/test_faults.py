"""What goes wrong elsewhere, each fault in a few lines: none may come back."""

import contextlib
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import anyio
import pytest

from combinators import (
    FanoutError,
    MutationError,
    OptionError,
    fanout,
    passthrough,
    pipe,
    runnable,
    template,
)
from tests.running.ways import (
    Gauge,
    Loop,
    afailing,
    failing,
    inc,
    on_asyncio,
    python,
    tasks_left,
)


def test_branches_that_have_not_begun_never_begin_after_a_failure() -> None:
    gauge = Gauge(0.1)
    slow: dict[str, Any] = {f"s{i}": gauge.step for i in range(200)}
    begin = time.perf_counter()
    with pytest.raises(FanoutError) as caught:
        fanout({"b": failing(ValueError(), 0.05), **slow}).invoke(1, limit=4)
    assert time.perf_counter() - begin < 3
    assert isinstance(caught.value.errors["b"], ValueError)
    begun = gauge.count
    time.sleep(0.15)
    assert gauge.count == begun <= 16


def test_an_async_failure_cancels_its_siblings_and_joins_them(run: Loop) -> None:
    log: list[str] = []

    async def slow(_: object) -> None:
        try:
            await anyio.sleep(30)
        finally:
            log.append("over")

    async def main() -> None:
        with pytest.raises(FanoutError):
            await fanout(s=slow, b=afailing(ValueError(), 0.05)).ainvoke(1)
        assert log == ["over"]
        assert tasks_left() == 0

    run(main(), seconds=5)


def test_two_failures_are_both_reported() -> None:
    barrier = threading.Barrier(2)

    def together(error: Exception) -> Callable[[object], None]:
        def fail(_: object) -> None:
            barrier.wait(10)
            raise error

        return fail

    with pytest.raises(FanoutError) as caught:
        fanout(a=together(ValueError()), c=together(KeyError())).invoke(1)
    assert {key: type(error) for key, error in caught.value.errors.items()} == {
        "a": ValueError,
        "c": KeyError,
    }


def test_an_error_of_cleanup_during_cancellation_is_kept(run: Loop) -> None:
    async def messy(_: object) -> None:
        with contextlib.ExitStack() as stack:
            stack.callback(failing(KeyError()), None)
            await anyio.sleep(30)

    with pytest.raises(FanoutError) as caught:
        run(fanout(s=messy, b=afailing(ValueError(), 0.05)).ainvoke(1), seconds=5)
    assert {type(error) for error in caught.value.errors.values()} == {ValueError, KeyError}


def test_ctrl_c_does_not_wait_for_branches() -> None:
    begin = time.perf_counter()
    done = python(
        """
import os, signal, threading, time
from combinators import fanout
def slow(x):
    time.sleep(20)
threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
fanout(a=slow, b=slow, c=slow).invoke(1)
"""
    )
    assert done.stderr.rstrip().endswith("KeyboardInterrupt")
    assert time.perf_counter() - begin < 8


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_what_is_no_exception_is_raised_bare(kind: type[BaseException]) -> None:
    with pytest.raises(kind):
        fanout(a=failing(kind()), b=failing(ValueError())).invoke(1)


def test_nested_fanouts_under_a_limit_neither_deadlock_nor_flood() -> None:
    gauge = Gauge(0.002)
    before, threads = threading.active_count(), [0]

    def leaf(x: object) -> object:
        threads.append(threading.active_count())
        return gauge.step(x)

    tree: Any = runnable(leaf)
    for _ in range(6):
        tree = fanout(left=tree, right=tree)
    tree.invoke(1, limit=2)
    assert (gauge.count, gauge.peak) == (64, 2)
    assert max(threads) - before <= 16


def test_an_async_limit_holds_for_the_whole_tree(run: Loop) -> None:
    gauge = Gauge(0.005)
    chain = fanout({f"k{i}": gauge.astep for i in range(10)})
    run(chain.abatch(range(30), limit=4))
    assert (gauge.count, gauge.peak) == (300, 4)


@pytest.mark.parametrize("limit", [0, -1, "2", 1.5, True], ids=repr)
def test_a_limit_that_makes_no_sense_is_refused(limit: Any) -> None:  # noqa: ANN401 - what no type allows
    with pytest.raises(OptionError):
        runnable(inc).batch([1, 2], limit=limit)
    with pytest.raises(OptionError):
        on_asyncio(runnable(inc).abatch([1, 2], limit=limit))


def test_an_exception_that_is_a_value_is_no_failure() -> None:
    def give(_: object) -> Exception:
        return ValueError("value")

    def name(error: Exception) -> str:
        return type(error).__name__

    chain = pipe(give, name)
    assert chain.invoke(1) == "ValueError"
    outcomes = chain.batch([1, 2], errors="collect")
    assert [outcome.unwrap() for outcome in outcomes] == ["ValueError"] * 2


def stops_at_two(n: int) -> int:
    if n == 2:
        raise StopIteration
    return n


def test_a_stop_iteration_does_not_cut_a_batch_short() -> None:
    outcomes = runnable(stops_at_two).batch(range(5), errors="collect")
    assert [outcome.value_or(None) for outcome in outcomes] == [0, 1, None, 3, 4]


def test_a_stop_iteration_does_not_end_a_stream() -> None:
    with pytest.raises(FanoutError) as caught:
        list(fanout(a=stops_at_two, b=stops_at_two).stream(2))
    assert {type(error) for error in caught.value.errors.values()} == {RuntimeError}


LEVEL: ContextVar[int] = ContextVar("LEVEL", default=0)


def test_what_a_branch_writes_into_a_context_variable_does_not_leak() -> None:
    def write(_: object) -> int:
        LEVEL.set(9)
        time.sleep(0.03)
        return LEVEL.get()

    def read(_: object) -> int:
        time.sleep(0.02)
        return LEVEL.get()

    token = LEVEL.set(1)
    assert fanout(w=write, r=read).invoke(0) == {"w": 9, "r": 1}
    assert LEVEL.get() == 1
    LEVEL.reset(token)


def test_the_branch_that_changes_the_shared_input_is_named() -> None:
    def change(mapping: dict[str, list[int]]) -> int:
        mapping["a"].append(2)
        return 0

    quiet = fanout(p=passthrough(), q=len)
    assert quiet.invoke({"a": [1]}, check_mutation=True) == {"p": {"a": [1]}, "q": 1}
    with pytest.raises(FanoutError) as caught:
        fanout(m=change, r=len).invoke({"a": [1]}, check_mutation=True)
    assert isinstance(caught.value.errors["m"], MutationError)


REACHING = (
    "{x.__class__.__mro__}",
    "{x[0]}",
    "{}",
    "{0}",
    "{x:{y}}",
    "{x!z}",
    "{ x }",
    "{x=}",
    "{a\nb}",
    "{x!r:>{y}}",
    "{",
    "}",
    "{x:>1000000000}",
    "{\u200bx}",
    "{x!}",
)


@pytest.mark.parametrize("text", REACHING, ids=ascii)
def test_a_template_that_reaches_into_objects_is_refused_when_built(text: str) -> None:
    with pytest.raises(ValueError, match="at character"):
        template(text)


@pytest.mark.parametrize("value", ["{y.__class__}", "{{z}}", "{0}", "%s", "${x}", "{{x}}"])
def test_the_value_of_a_variable_is_never_parsed(value: str) -> None:
    assert template("A {x} {{x}}").invoke({"x": value}) == f"A {value} {{x}}"


def test_a_child_of_a_fork_has_threads_of_its_own() -> None:
    done = python(
        """
import os, signal, warnings
warnings.simplefilter("ignore")
from combinators import fanout
chain = fanout(a=lambda x: x, b=lambda x: -x)
chain.invoke(1)
bad = 0
for _ in range(20):
    child = os.fork()
    if child == 0:
        signal.alarm(5)
        os._exit(chain.invoke(2) != {"a": 2, "b": -2})
    bad += os.waitpid(child, 0)[1] != 0
print(bad)
"""
    )
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_an_unknown_option_is_a_type_error() -> None:
    wrong: Any = runnable(inc).invoke
    with pytest.raises(TypeError, match="max_concurency"):
        wrong(1, max_concurency=3)

"""Context variables: a pipe is like a function call, a branch writes into a copy."""

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from functools import reduce
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from combinators import Observer, Runnable, branch, each, fanout, pipe, runnable, when
from combinators._run.call import Call
from combinators._run.concurrency import contexts
from combinators._run.concurrency.contexts import on_a_stack_of_its_own
from combinators._run.concurrency.pool import Pool
from combinators._run.concurrency.scopes import HERE, Scope, Stopped
from combinators._run.sync import compiled
from tests.running.ways import (
    ONCE,
    WAYS,
    AnyStep,
    Loop,
    Way,
    afailing,
    by_ainvoke,
    failing,
)

USER: ContextVar[str] = ContextVar("USER", default="nobody")


def same(x: object) -> object:
    return x


def login(name: str) -> str:
    USER.set(name)
    return name


async def alogin(name: str) -> str:
    USER.set(name)
    await anyio.lowlevel.checkpoint()
    return name


def who(_: object) -> str:
    return USER.get()


async def awho(_: object) -> str:
    await anyio.lowlevel.checkpoint()
    return USER.get()


@pytest.fixture(autouse=True)
def _somebody() -> Iterator[None]:
    token = USER.set("caller")
    yield
    USER.reset(token)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("write", [login, alogin])
@pytest.mark.parametrize("read", [who, awho])
def test_what_a_step_writes_reaches_the_next(way: Way, write: AnyStep, read: AnyStep) -> None:
    assert way(pipe(write, read), "ada") == "ada"


@pytest.mark.parametrize("write", [login, alogin])
def test_what_a_step_writes_reaches_the_caller_of_invoke(write: AnyStep) -> None:
    runnable(write).invoke("ada")
    assert USER.get() == "ada"


@pytest.mark.parametrize("write", [login, alogin])
def test_what_a_step_writes_reaches_the_caller_of_ainvoke(run: Loop, write: AnyStep) -> None:
    async def main() -> str:
        await pipe(write, str).ainvoke("ada")
        return USER.get()

    assert run(main()) == "ada"


@pytest.mark.parametrize("write", [login, alogin])
def test_what_a_step_writes_before_it_fails_reaches_the_caller(write: AnyStep) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        pipe(write, int).invoke("ada")
    assert USER.get() == "ada"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("read", [who, awho])
def test_every_branch_sees_what_the_caller_wrote(way: Way, read: AnyStep) -> None:
    assert way(fanout(a=read, b=pipe(str, read)), "x") == {"a": "caller", "b": "caller"}


@pytest.mark.parametrize("way", ONCE)
@pytest.mark.parametrize("write", [login, alogin])
@pytest.mark.parametrize(
    "wide", [True, False], ids=["two dispatched branches", "one dispatched branch"]
)
def test_what_a_branch_writes_stays_inside(way: Way, write: AnyStep, wide: bool) -> None:  # noqa: FBT001 - a parameter of the test
    inside = {"write": pipe(write, who)} | ({"read": pipe(str, who)} if wide else {})
    result = way(pipe(fanout(inside), fanout(before=same, after=who)), "ada")
    assert result["before"]["write"] == "ada"
    assert result["before"].get("read", "caller") == "caller"
    assert result["after"] == "caller"


@pytest.mark.parametrize("way", ONCE)
@pytest.mark.parametrize("write", [login, alogin])
def test_what_an_element_writes_stays_inside(way: Way, write: AnyStep) -> None:
    result = way(pipe(each(pipe(write, who)), fanout(inside=same, after=who)), ["ada", "bob"])
    assert result == {"inside": ["ada", "bob"], "after": "caller"}


@pytest.mark.parametrize("way", ONCE)
def test_an_inline_branch_runs_in_the_context_of_the_caller(way: Way) -> None:
    inline = runnable(login, inline=True)
    assert way(pipe(fanout(inline), who), "ada") == "ada"


@pytest.mark.parametrize("write", [login, alogin])
def test_items_of_a_batch_do_not_see_one_another(write: AnyStep) -> None:
    read_first = pipe(fanout(seen=who, name=str), lambda both: both, dict)
    first = pipe(read_first, lambda both: both["seen"])
    chain = fanout(seen=first, wrote=pipe(write, who))
    assert chain.batch(["ada", "bob"], limit=1) == [
        {"seen": "caller", "wrote": "ada"},
        {"seen": "caller", "wrote": "bob"},
    ]


def look_and_write(name: str) -> str:
    seen = USER.get()
    USER.set(name)
    return seen


async def alook_and_write(name: str) -> str:
    return look_and_write(name)


@pytest.mark.parametrize("observers", [(), (Observer(),)])
@pytest.mark.parametrize("step", [look_and_write, alook_and_write])
def test_an_item_of_a_batch_writes_into_a_copy(
    step: AnyStep, observers: tuple[Observer, ...]
) -> None:
    names = ["ada", "bob", "eve"]
    assert runnable(step).batch(names, limit=1, observers=observers) == ["caller"] * 3
    assert USER.get() == "caller"


@pytest.mark.parametrize("observers", [(), (Observer(),)])
@pytest.mark.parametrize("step", [look_and_write, alook_and_write])
def test_an_item_of_an_async_batch_writes_into_a_copy(
    run: Loop, step: AnyStep, observers: tuple[Observer, ...]
) -> None:
    names = ["ada", "bob", "eve"]

    async def main() -> str:
        seen = await runnable(step).abatch(names, limit=1, observers=observers)
        assert seen == ["caller"] * 3
        return USER.get()

    assert run(main()) == "caller"


def writing(names: str) -> Iterator[str]:
    for name in names:
        USER.set(name)
        yield name


async def awriting(names: str) -> AsyncIterator[str]:
    for name in names:
        USER.set(name)
        yield name


@pytest.mark.parametrize("step", [writing, awriting])
def test_what_a_generator_writes_reaches_the_next_step(step: AnyStep) -> None:
    for way in WAYS:
        assert way(pipe(step, who), "abc") == "c"


def test_what_a_stream_wrote_reaches_its_caller() -> None:
    assert list(pipe(str, awriting).stream("abc")) == ["a", "b", "c"]
    assert USER.get() == "c"


def test_a_hop_to_a_thread_keeps_what_was_written_before() -> None:
    chain = pipe(alogin, who, awho, who)
    assert by_ainvoke(chain, "ada") == "ada"


# --- Below the levels that one stack is trusted with ------------------------------------------

LEVELS = 60
PLACE: ContextVar[str] = ContextVar("PLACE", default="outside")


def nested(leaf: AnyStep) -> Runnable[Any, Any]:
    """Return a step that stands at the bottom of so many choices."""
    around: Any = branch
    start: Any = runnable(leaf)
    return reduce(lambda r, _: around(when(bool, r), otherwise=len), range(LEVELS), start)


def enters(x: object) -> object:
    PLACE.set("on the way")
    return x


def down_there(x: object) -> object:
    found = PLACE.get()
    PLACE.set("from below")
    return x, found


def leaves(x: object) -> object:
    return x, PLACE.get()


async def adown_there(x: object) -> object:
    return down_there(x)


@pytest.mark.parametrize("way", ONCE)
@pytest.mark.parametrize("leaf", [down_there, adown_there])
def test_deep_down_the_context_is_that_of_a_function_call(way: Way, leaf: AnyStep) -> None:
    chain = pipe(enters, nested(leaf), leaves)
    assert way(chain, 1) == ((1, "on the way"), "from below")


@pytest.mark.parametrize("way", ONCE)
@pytest.mark.parametrize("fails", [failing, afailing])
def test_a_failure_deep_down_comes_up(way: Way, fails: Callable[[Exception], AnyStep]) -> None:
    with pytest.raises(ValueError, match="deep"):
        way(nested(fails(ValueError("deep"))), 1)


# --- On another stack ------------------------------------------------------------------------


def asked(x: object, call: Call) -> tuple[object, ...]:
    """Return what a program is given, and where it is."""
    USER.set(f"{USER.get()}, changed")
    return x, call, HERE.scope, threading.get_ident()


def test_what_runs_on_another_stack_is_where_it_was_called() -> None:
    call, scope = Call(), Scope(None)
    HERE.scope = scope
    try:
        *seen, thread = on_a_stack_of_its_own(asked)(1, call)
    finally:
        HERE.scope = None
    assert seen == [1, call, scope]
    assert thread != threading.get_ident()
    assert USER.get() == "caller, changed"


def test_where_there_is_no_other_stack_it_runs_on_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contexts, "POOL", Pool(max_threads=0))
    call = Call()
    seen = on_a_stack_of_its_own(asked)(1, call)
    assert seen == (1, call, None, threading.get_ident())
    assert USER.get() == "caller, changed"


# --- Scopes of work --------------------------------------------------------------------------


def test_a_fanout_leaves_the_scope_that_its_thread_works_in() -> None:
    HERE.scope = scope = Scope(None)
    try:
        assert fanout(a=same, b=same).invoke(1) == {"a": 1, "b": 1}
        assert HERE.scope is scope
    finally:
        HERE.scope = None


def test_a_fanout_in_a_scope_that_has_ended_has_no_result() -> None:
    ended = Scope(None)
    ended.end()
    with pytest.raises(Stopped):
        compiled(fanout(a=same, b=same).node)(1, Call(team=ended))

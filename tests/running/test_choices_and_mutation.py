"""Choosing while running, and finding the branch that changes what all share."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from functools import partial
from operator import eq
from typing import Any

import pytest
from returns.result import Success

from combinators import (
    BatchError,
    BindDepthError,
    FanoutError,
    MutationError,
    NoMatchError,
    OptionError,
    ResultError,
    Runnable,
    assign,
    bind,
    branch,
    case,
    each,
    fanout,
    passthrough,
    pipe,
    route,
    runnable,
    when,
)
from tests.running.ways import (
    ONCE,
    WAYS,
    AnyStep,
    Loop,
    Way,
    afailing,
    ainc,
    failing,
    inc,
    note_of,
    on_trio,
    one_two_three,
)


def again(_: object) -> Runnable[Any, Any]:
    return bind(again)


async def aagain(_: object) -> Runnable[Any, Any]:
    return bind(aagain)


@pytest.mark.parametrize("way", ONCE)
@pytest.mark.parametrize("choose", [again, aagain])
def test_choices_without_an_end_are_an_error(way: Way, choose: AnyStep) -> None:
    with pytest.raises(BindDepthError) as caught:
        way(bind(choose), 1)
    name = choose.__name__
    assert str(caught.value) == (
        f"bind {name} was reached through 64 runnables, each chosen by the one before.\n"
        "Return a runnable that does not choose again when the work is done."
    )


@pytest.mark.parametrize("way", ONCE)
def test_choices_without_an_end_inside_other_steps_are_an_error_too(way: Way) -> None:
    def deeper(_: object) -> Runnable[Any, Any]:
        return pipe(inc, fanout(a=bind(deeper), b=passthrough())).named("inside")

    with pytest.raises(FanoutError) as caught:
        way(bind(deeper), 1)
    (leaf,) = caught.value.flat().values()
    assert isinstance(leaf, BindDepthError)


def less(n: int) -> int:
    return n - 1


async def aless(n: int) -> int:
    return n - 1


@pytest.mark.parametrize("way", ONCE)
@pytest.mark.parametrize("step", [less, aless])
def test_a_chain_of_choices_that_ends_is_fine(way: Way, step: AnyStep) -> None:
    def down(n: int) -> Runnable[int, Any]:
        return runnable(str) if n == 0 else pipe(step, bind(down))

    assert way(bind(down), 63) == "0"
    with pytest.raises(BindDepthError):
        way(bind(down), 64)


def first_of_three(arm: AnyStep) -> Runnable[Any, Any]:
    """Return a choice by equality with 0, 1 and 2, whose arms are all the same."""
    arms = [when(partial(eq, n), arm) for n in range(3)]
    return branch(arms[0], arms[1], arms[2], otherwise=arm)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("x", range(4))
def test_the_arm_that_fails_is_named_however_many_came_before(way: Way, x: int) -> None:
    places = ["branch case 1", "branch case 2", "branch case 3", "branch otherwise"]
    for arm in (failing(ValueError()), afailing(ValueError())):
        with pytest.raises(ValueError) as caught:  # noqa: PT011 - its place is what is tested
            way(first_of_three(arm), x)
        assert note_of(caught.value) == f"at {places[x]}"


@pytest.mark.parametrize("way", WAYS)
def test_tests_and_arms_may_be_fanouts(way: Way) -> None:
    both: Runnable[Any, Any] = fanout(a=inc, b=inc)
    assert way(first_of_three(both), 0) == way(branch(when(both, both), otherwise=inc), 0)
    assert way(first_of_three(both), 3) == {"a": 4, "b": 4}
    assert way(route("k", {1: fanout(a=len, b=len)}), {"k": 1}) == {"a": 1, "b": 1}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("arm", [inc, ainc])
def test_otherwise_runs_where_no_case_holds(way: Way, arm: AnyStep) -> None:
    build: Any = branch
    choice = build(when(str.isdigit, len), when(str.isspace, len), otherwise=pipe(len, arm))
    assert [way(choice, text) for text in ("12", " ", "abc")] == [2, 1, 4]


@pytest.mark.parametrize("way", ONCE)
def test_choosing_something_else_is_an_error(way: Way) -> None:
    build: Any = bind
    with pytest.raises(ResultError) as caught:
        way(build(inc), 1)
    assert str(caught.value) == (
        "bind inc chose an int. Return a Runnable: runnable(f) makes one of f."
    )


def spelt(text: str) -> Iterator[str]:
    yield from text


@pytest.mark.parametrize("way", WAYS)
def test_no_match_says_what_to_add(way: Way) -> None:
    narrow: Any = branch(case(str, spelt))
    with pytest.raises(NoMatchError) as caught:
        way(narrow, 1)
    assert str(caught.value) == (
        "branch has no arm for an int. Add a case for it, or otherwise=… for all the rest."
    )


@pytest.mark.parametrize("way", ONCE)
def test_an_unknown_route_lists_the_known_ones(way: Way) -> None:
    with pytest.raises(NoMatchError) as caught:
        way(route("k", {"a": len, "b": len}), {"k": "c"})
    assert str(caught.value) == (
        "route has no arm for the value under 'k', a str. It has arms for 'a' and 'b'."
    )


@pytest.mark.parametrize("way", ONCE)
def test_a_route_tells_true_from_one(way: Way) -> None:
    chain = route("k", {1: str}, otherwise=len)
    assert way(chain, {"k": 1}) == "{'k': 1}"
    assert way(chain, {"k": True}) == 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("step", [inc, ainc])
def test_what_chooses_may_be_a_pipeline_itself(way: Way, step: AnyStep) -> None:
    def chosen(found: dict[str, int]) -> Runnable[Any, Any]:
        return pipe(lambda n: n + found["a"], one_two_three)

    choose = pipe(fanout(a=step, b=inc), chosen).timeout(seconds=60)
    assert way(bind(choose), 1) == 6


# --- check_mutation ---------------------------------------------------------------------


def append(values: list[int]) -> int:
    values.append(0)
    return 0


async def aappend(values: list[int]) -> int:
    values.append(0)
    return 0


def checked(way: str, r: Runnable[Any, Any], x: object) -> object:
    if way == "ainvoke":
        return asyncio.run(r.ainvoke(x, check_mutation=True))
    if way == "ainvoke on trio":
        return on_trio(r.ainvoke(x, check_mutation=True))
    if way == "batch":
        (outcome,) = r.batch([x], check_mutation=True, errors="collect")
        if isinstance(outcome, Success):
            return outcome.unwrap()
        raise outcome.failure()
    return r.invoke(x, check_mutation=True)


CHECKED = ("invoke", "ainvoke", "ainvoke on trio", "batch")


@pytest.mark.parametrize("way", CHECKED)
@pytest.mark.parametrize(
    "step", [append, aappend, runnable(append, inline=True)], ids=["sync", "async", "inline"]
)
def test_the_branch_that_changes_its_input_is_named(way: str, step: AnyStep) -> None:
    with pytest.raises(FanoutError) as caught:
        checked(way, fanout(ok=len, bad=pipe(step, str), last=len), [1])
    assert [*caught.value.errors] == ["bad"]
    error = caught.value.errors["bad"]
    assert isinstance(error, MutationError)
    assert str(error) == (
        "fanout['bad'] changed its input, a list, which its siblings share.\n"
        "Return a new object instead, as in `{**x, 'key': value}`."
    )


@pytest.mark.parametrize("way", CHECKED)
def test_cheap_branches_are_watched_too(way: str) -> None:
    inline = runnable(append, inline=True)
    with pytest.raises(FanoutError):
        checked(way, fanout(a=inline, b=inline), [1])


@pytest.mark.parametrize("way", CHECKED)
def test_branches_that_change_nothing_pass(way: str) -> None:
    chain = fanout(same=passthrough(), n=len, m=pipe(len, ainc))
    assert checked(way, chain, [1, 2]) == {"same": [1, 2], "n": 2, "m": 3}


@pytest.mark.parametrize("way", CHECKED)
def test_branches_of_assign_are_watched(way: str) -> None:
    def change(mapping: dict[str, int]) -> int:
        mapping["b"] = 1
        return 1

    with pytest.raises(FanoutError) as caught:
        checked(way, assign(c=change), {"a": 1})
    assert str(caught.value.errors["c"]).startswith("assign['c'] changed its input, a dict,")


@pytest.mark.parametrize("way", CHECKED)
def test_inner_fanouts_are_watched(way: str) -> None:
    with pytest.raises(FanoutError) as caught:
        checked(way, pipe(list, fanout(a=each(str), b=fanout(c=append))), [1])
    assert [*caught.value.flat()] == [("b", "c")]


@pytest.mark.parametrize("way", CHECKED)
def test_what_bind_chooses_is_watched(way: str) -> None:
    with pytest.raises(FanoutError) as caught:
        checked(way, bind(lambda _: fanout(a=append, b=len)), [1])
    assert [*caught.value.errors] == ["a"]


@pytest.mark.parametrize("way", CHECKED)
def test_failures_while_watching_are_grouped_as_ever(way: str) -> None:
    def fail(_: object) -> int:
        raise LookupError

    with pytest.raises(FanoutError) as caught:
        checked(way, fanout(a=len, b=fail), [1])
    assert isinstance(caught.value.errors["b"], LookupError)


@pytest.mark.parametrize("way", CHECKED)
def test_an_input_that_cannot_be_watched_is_refused(way: str) -> None:
    with pytest.raises(OptionError) as caught:
        checked(way, fanout(a=str, b=str), lambda: None)
    assert str(caught.value) == (
        "check_mutation= was given a function to watch, which cannot be pickled. "
        "It takes inputs that can."
    )


def arms(arm: Runnable[Any, Any]) -> dict[str, Runnable[Any, Any]]:
    def choose(_: object) -> Runnable[Any, Any]:
        return arm

    def holds(_: object) -> bool:
        return True

    return {
        "route['x']": route("k", {"x": arm}),
        "route otherwise": route("k", {"y": len}, otherwise=arm),
        "bind choose": bind(choose),
        "branch case 1": branch(when(holds, arm), otherwise=len),
    }


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fail", [failing, afailing])
@pytest.mark.parametrize("path", arms(passthrough()))
def test_the_note_names_the_arm_in_every_way(way: Way, fail: AnyStep, path: str) -> None:
    step: AnyStep = fail(ConnectionError())
    with pytest.raises(ConnectionError) as caught:
        way(arms(runnable(step))[path], {"k": "x"})
    assert note_of(caught.value) == f"at {path}"


def lists(_: object) -> Iterator[list[int]]:
    yield [1]


async def alists(_: object) -> AsyncIterator[list[int]]:
    yield [1]


@pytest.mark.parametrize("source", [lists, alists])
@pytest.mark.parametrize("tapped", [False, True], ids=["piped", "tapped"])
def test_a_stream_is_looked_after_wherever_the_fanout_stands(
    run: Loop, source: AnyStep, *, tapped: bool
) -> None:
    changing: Runnable[Any, Any] = fanout(bad=append, good=len)
    chain: Any = runnable(source).tap(changing) if tapped else pipe(source, changing)
    with pytest.raises(FanoutError) as caught:
        list(chain.stream(0, check_mutation=True))
    assert isinstance(caught.value.errors["bad"], MutationError)

    async def main() -> None:
        async for _ in chain.astream(0, check_mutation=True):
            pass

    with pytest.raises(FanoutError) as caught:
        run(main())
    assert isinstance(caught.value.errors["bad"], MutationError)


def test_batches_look_for_changes_only_where_they_are_asked_to(run: Loop) -> None:
    chain: Any = fanout(a=append, b=append)

    async def listed(**options: bool) -> list[Any]:
        return [each async for each in chain.abatch_as_completed([[1]], **options)]

    unharmed = {"a": 0, "b": 0}
    assert list(chain.batch_as_completed([[1]])) == run(listed()) == [(0, unharmed)]
    with pytest.raises(BatchError):
        list(chain.batch_as_completed([[1]], check_mutation=True))
    with pytest.raises(BatchError):
        run(listed(check_mutation=True))

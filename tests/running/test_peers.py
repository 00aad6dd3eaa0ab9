"""Behaviours that users of the best known peer rely on, in our spelling."""

from collections.abc import Callable
from functools import partial
from operator import itemgetter
from typing import Any

import pytest

from combinators import (
    BindDepthError,
    BuilderError,
    InputError,
    NoMatchError,
    NotAMappingError,
    NotAStepError,
    Runnable,
    assign,
    bind,
    branch,
    case,
    each,
    fanout,
    pipe,
    route,
    runnable,
    when,
)
from tests.running.ways import (
    WAYS,
    Gauge,
    Loop,
    Way,
    by_astream,
    by_astream_on_trio,
    by_stream,
    collected,
    double,
    inc,
    waiting,
)


@pytest.mark.parametrize("way", WAYS)
def test_inc_then_double_gives_four_in_every_way(way: Way) -> None:
    assert way(runnable(inc) | double, 1) == 4


def test_how_a_pipe_is_bracketed_does_not_matter() -> None:
    a, b, c, d = runnable(inc), runnable(double), runnable(inc), runnable(hex)
    assert (a | b) | (c | d) == a | (b | (c | d))


def test_a_dict_on_the_right_is_a_fanout() -> None:
    chain = runnable(inc) | {"a": double, "b": str}
    assert chain.invoke(1) == {"a": 4, "b": "2"}


def total(parts: dict[str, int]) -> int:
    return parts["a"] + parts["b"]


def test_a_dict_on_the_left_feeds_the_next_step() -> None:
    chain: Any = {"a": inc, "b": double} | runnable(total)
    assert chain.invoke(3) == 10


def test_nested_dicts_give_nested_results() -> None:
    chain: Any = runnable(inc) | {"a": {"b": double, "c": {"d": str}}}
    assert chain.invoke(1) == {"a": {"b": 4, "c": {"d": "2"}}}


def test_an_itemgetter_feeds_a_step() -> None:
    chain: Any = itemgetter("input") | runnable(inc)
    assert chain.invoke({"input": 1}) == 2


def test_an_itemgetter_of_two_keys_gives_a_tuple() -> None:
    chain: Any = runnable(dict) | itemgetter("a", "b")
    assert chain.invoke({"a": 1, "b": 2, "c": 3}) == (1, 2)


@pytest.mark.parametrize(
    "wrong", [1, "a", None, [inc], (inc,)], ids=["int", "str", "None", "list", "tuple"]
)
def test_what_is_no_step_is_a_type_error_when_building(wrong: Any) -> None:  # noqa: ANN401 - what no type allows
    r = runnable(inc)
    for build in (
        lambda: r | wrong,
        lambda: wrong | r,
        lambda: pipe(wrong, r),
        lambda: fanout(a=wrong),
        lambda: r | {"a": {"b": wrong}},
    ):
        with pytest.raises(TypeError) as caught:
            build()
        assert isinstance(caught.value, NotAStepError)


def by_sign(n: int) -> Runnable[int, Any]:
    return runnable(double) if n > 0 else runnable(abs) | str


def test_each_item_of_a_batch_chooses_its_own_pipeline() -> None:
    assert bind(by_sign).batch([1, -2, 3, -4]) == [2, "2", 6, "4"]


def test_a_chosen_pipeline_runs_its_async_bodies_under_ainvoke(run: Loop) -> None:
    async def aio(n: int) -> str:
        return f"async {n}"

    def sync(n: int) -> str:
        return f"sync {n}"

    chosen = runnable(sync, aio=aio)
    chain = bind(lambda _: chosen)
    assert run(chain.ainvoke(1)) == "async 1"
    assert chain.invoke(1) == "sync 1"


def test_a_chain_of_choices_that_never_ends_is_an_error_at_a_bound() -> None:
    def again(_: object) -> Runnable[Any, Any]:
        return bind(again)

    with pytest.raises(BindDepthError):
        bind(again).invoke(1)


WHOLE = [way for way in WAYS if way not in {by_stream, by_astream, by_astream_on_trio}]


@pytest.mark.parametrize("way", WHOLE)
def test_a_slow_first_key_still_comes_first(way: Way) -> None:
    result = way(fanout(slow=waiting(0.05), fast=inc), 1)
    assert list(result.items()) == [("slow", 1), ("fast", 2)]


@pytest.mark.parametrize("way", WAYS)
def test_a_step_sees_a_slow_first_key_first_in_every_way(way: Way) -> None:
    assert way(fanout(slow=waiting(0.05), fast=inc) | list, 1) == ["slow", "fast"]


@pytest.mark.parametrize("way", WAYS)
def test_a_tap_sees_the_input_before_and_the_output_after(way: Way) -> None:
    seen: list[object] = []
    chain = runnable(inc).tap(seen.append) | runnable(double).tap(seen.append)
    assert way(chain, 1) == 4
    assert seen == [2, 4]


@pytest.mark.parametrize("way", WAYS)
def test_assigning_to_what_is_no_mapping_is_a_clear_error(way: Way) -> None:
    with pytest.raises(InputError) as caught:
        way(assign(a=inc), 1)  # type: ignore[runnable-types]  # refused when run, too
    assert str(caught.value) == (
        "assign was given an int. It takes a mapping, such as a dict or the result of a fan-out."
    )


def test_assigning_to_what_is_known_to_be_no_mapping_is_an_error_when_building() -> None:
    with pytest.raises(NotAMappingError):
        pipe(inc, assign(a=inc))  # type: ignore[runnable-types]  # pyright: ignore[reportArgumentType, reportUnknownArgumentType]  # the point


def inverse(n: int) -> int:
    return 1 // n


def test_failed_items_of_a_collected_batch_keep_their_slots() -> None:
    outcomes = runnable(inverse).batch([1, 0, 1], errors="collect")
    assert [outcome.value_or(None) for outcome in outcomes] == [1, None, 1]
    assert isinstance(outcomes[1].failure(), ZeroDivisionError)


def test_batch_as_completed_yields_an_index_with_each_result(run: Loop) -> None:
    assert sorted(runnable(inc).batch_as_completed([5, 6])) == [(0, 6), (1, 7)]
    pairs = run(collected(runnable(inc).abatch_as_completed([5, 6])))
    assert sorted(pairs) == [(0, 6), (1, 7)]


def test_all_forms_of_batch_respect_the_limit(run: Loop) -> None:
    gauge = Gauge(0.005)
    r = fanout(a=gauge.step, b=gauge.step)
    r.batch(range(8), limit=3)
    list(r.batch_as_completed(range(8), limit=3))
    run(r.abatch(range(8), limit=3))
    run(collected(r.abatch_as_completed(range(8), limit=3)))
    assert (gauge.count, gauge.peak) == (64, 3)


def test_an_empty_batch_gives_an_empty_list(run: Loop) -> None:
    assert runnable(inc).batch([]) == []
    assert run(runnable(inc).abatch([])) == []


@pytest.mark.parametrize("way", WAYS)
def test_a_branch_stops_at_the_first_test_that_holds(way: Way) -> None:
    asked: list[str] = []

    def asks(name: str, *, answer: bool) -> Callable[[int], bool]:
        def ask(_: int) -> bool:
            asked.append(name)
            return answer

        return ask

    chain: Any = branch(
        when(asks("first", answer=False), str),
        when(asks("second", answer=True), double),
        when(asks("third", answer=True), abs),
        otherwise=inc,
    )
    assert way(chain, 5) == 10
    assert asked == ["first", "second"]


@pytest.mark.parametrize("way", WAYS)
def test_a_branch_has_a_default(way: Way) -> None:
    chain: Any = branch(case(str, len), otherwise=inc)
    assert way(chain, 1) == 2


def test_a_branch_without_arms_is_an_error() -> None:
    empty: Any = branch
    with pytest.raises(BuilderError):
        empty()


@pytest.mark.parametrize("way", WAYS)
def test_a_route_on_an_unknown_key_is_a_clear_error(way: Way) -> None:
    with pytest.raises(NoMatchError, match="It has arms for 'a'"):
        way(route("kind", {"a": len}), {"kind": "b"})


@pytest.mark.parametrize("way", WAYS)
def test_each_runs_over_lists_and_lists_of_lists(way: Way) -> None:
    assert way(each(inc), [1, 2]) == [2, 3]
    assert way(each(each(inc)), [[1, 2], [], [3]]) == [[2, 3], [], [4]]


def power(base: int, *, exponent: int = 1, offset: int = 0) -> int:
    return int(base**exponent) + offset


@pytest.mark.parametrize("way", WAYS)
def test_bound_arguments_merge_and_the_later_wins(way: Way) -> None:
    once = partial(power, exponent=2, offset=1)
    assert way(runnable(partial(once, exponent=3)), 2) == 9

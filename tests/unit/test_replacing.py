"""`replace`: one step is another, and everything else is as it was."""

from operator import itemgetter
from typing import Any

import pytest

from combinators import BuilderError, MissingKeyError, NotAStepError, Runnable
from tests.unit.subjects import (
    Untyped,
    assign,
    bind,
    branch,
    case,
    chat_template,
    each,
    fanout,
    passthrough,
    pick,
    pipe,
    route,
    runnable,
    template,
    update,
    when,
)


def search(x: object) -> object:
    return [x]


def clean(x: object) -> object:
    return x


def stub(_: object) -> object:
    return "stub"


PLACES: list[tuple[Untyped, str, Untyped]] = [
    (fanout(context=search, q=clean), "context", fanout(context=stub, q=clean)),
    (fanout(context=search, q=clean), "search", fanout(context=stub, q=clean)),
    (fanout(context=search, q=clean), "fanout['context']", fanout(context=stub, q=clean)),
    (fanout(search, clean), "fanout[0]", fanout(stub, clean)),
    (fanout(search=search), "search", fanout(search=stub)),
    (assign(context=search), "assign['context']", assign(context=stub)),
    (pipe(clean, search, clean), "search", pipe(clean, stub, clean)),
    (pipe(clean, search), "pipe step 2 (search)", pipe(clean, stub)),
    (runnable(search), "search", runnable(stub)),
    (runnable(search).named("find"), "find", runnable(stub).named("find")),
    (runnable(search).named("find"), "search", runnable(stub).named("find")),
    (each(search), "search", each(stub)),
    (route("k", {"a": search, 1: clean}), "a", route("k", {"a": stub, 1: clean})),
    (route("k", {"a": clean, 1: search}), "route[1]", route("k", {"a": clean, 1: stub})),
    (
        route("k", {"a": clean}, otherwise=search),
        "route otherwise",
        route("k", {"a": clean}, otherwise=stub),
    ),
    (
        branch(case(int, search), otherwise=clean),
        "branch case 1",
        branch(case(int, stub), otherwise=clean),
    ),
    (
        branch(when(bool, search), otherwise=clean),
        "branch otherwise",
        branch(when(bool, search), otherwise=stub),
    ),
    (branch(when(bool, search), otherwise=clean), "bool", None),
    (bind(search), "search", bind(stub)),
    (passthrough().tap(search), "search", passthrough().tap(stub)),
    (runnable(search).attempt(), "search", runnable(stub).attempt()),
    (runnable(search).timeout(seconds=1), "search", runnable(stub).timeout(seconds=1)),
    (runnable(search).cached(key=clean), "search", runnable(stub).cached(key=clean)),
    (runnable(search).retry(on=OSError), "search", runnable(stub).retry(on=OSError)),
    (runnable(search).fallback(clean), "search", runnable(stub).fallback(clean)),
    (runnable(search).fallback(clean), "fallback[1]", runnable(search).fallback(stub)),
    (
        fanout(a=fanout(q=search), b=fanout(q=clean)),
        "a > q",
        fanout(a=fanout(q=stub), b=fanout(q=clean)),
    ),
    (
        fanout(a=fanout(q=search), b=fanout(q=search)),
        "fanout['b'] > fanout['q']",
        fanout(a=fanout(q=search), b=fanout(q=stub)),
    ),
    (fanout(a=pipe(clean, fanout(b=search))), "a > search", None),
    (
        fanout(a=fanout(b=fanout(c=search)), b=fanout(c=search)),
        "a > b > c",
        fanout(a=fanout(b=fanout(c=stub)), b=fanout(c=search)),
    ),
    (
        branch(when(bool, clean), when(bool, clean), when(bool, search), otherwise=clean),
        "branch case 3",
        branch(when(bool, clean), when(bool, clean), when(bool, stub), otherwise=clean),
    ),
    (update(context=search), "update['context']", update(context=stub)),
]


@pytest.mark.parametrize(("r", "at", "expected"), PLACES)
def test_a_step_is_found_by_any_of_its_names(r: Untyped, at: str, expected: Untyped) -> None:
    replaced = r.replace(at=at, with_=stub)
    assert replaced != r
    if expected is not None:
        assert replaced == expected
    assert repr(stub.__name__)[1:-1] in repr(replaced)


def test_what_is_replaced_is_in_normal_form() -> None:
    r = pipe(clean, search, clean)
    assert r.replace(at="search", with_=pipe(stub, stub)) == pipe(clean, stub, stub, clean)
    assert r.replace(at="search", with_=passthrough()) == pipe(clean, clean)
    both: Untyped = runnable(clean).fallback(search)
    other = runnable(stub).fallback(stub)
    assert both.replace(at="search", with_=other) == pipe(clean).fallback(stub).fallback(stub)


def test_the_pipeline_itself_is_as_it_was() -> None:
    r = fanout(context=search)
    r.replace(at="context", with_=stub)
    assert r == fanout(context=search)


def test_what_is_beside_a_replaced_step_keeps_its_results() -> None:
    calls: list[object] = []
    measured: Runnable[Any, Any] = runnable(calls.append).cached()
    r = fanout(kept=measured, context=search)
    r.invoke(1)
    r.replace(at="context", with_=stub).invoke(1)
    assert calls == [1]


def test_keys_are_checked_again() -> None:
    r: Untyped = fanout(context=fanout(text=clean)) | pick("context") | pick("text")
    with pytest.raises(MissingKeyError):
        r.replace(at="context", with_=fanout(other=clean))


def test_a_pipeline_of_ten_thousand_steps_is_no_exception() -> None:
    r = pipe(*[clean] * 10_000, search)
    assert r.replace(at="search", with_=stub) == pipe(*[clean] * 10_000, stub)
    deep: Untyped = runnable(search)
    for _ in range(2_000):
        deep = each(deep)
    assert "stub" in repr(deep.replace(at="search", with_=stub))


def test_a_name_that_nothing_has_is_refused_with_those_that_there_are() -> None:
    r = pipe(fanout(context=search, question=passthrough()), template("{context}"))
    with pytest.raises(BuilderError) as caught:
        r.replace(at="contxt", with_=stub)
    assert str(caught.value) == (
        "replace() was given at='contxt', where nothing is.\n"
        "It has 'context', 'question' and 'search'. Did you mean 'context'?"
    )


BOTH, ONE = "'clean' and 'search'", "'search'"
NAMELESS: list[tuple[Untyped, str]] = [
    (pipe(search, pick("key")), ONE),
    (fanout(search, clean), BOTH),
    (branch(when(search, clean), otherwise=clean), BOTH),
    (route("k", {1: search}, otherwise=clean), BOTH),
    (runnable(search).fallback(clean), BOTH),
    (runnable(search).retry(on=OSError), ONE),
    (pipe(chat_template(system="x"), runnable(search).cached(key=clean)), ONE),
]


@pytest.mark.parametrize(("r", "names"), NAMELESS)
def test_steps_without_a_name_are_not_offered(r: Untyped, names: str) -> None:
    with pytest.raises(BuilderError) as caught:
        r.replace(at="nobody", with_=stub)
    assert str(caught.value).split("\n")[1] == f"It has {names}."


def test_a_path_into_another_branch_is_refused() -> None:
    with pytest.raises(BuilderError, match="where nothing is"):
        fanout(a=search, b=clean).replace(at="a > clean", with_=stub)


def test_a_name_of_several_is_refused_with_the_places_of_all() -> None:
    with pytest.raises(BuilderError) as caught:
        fanout(a=pipe(clean, search), b=search).replace(at="search", with_=stub)
    assert str(caught.value) == (
        "replace() was given at='search', which 2 steps are called.\n"
        "They are: fanout['a'] > pipe step 2 (search); fanout['b']. "
        "Say which by a path, as in 'outer > inner'."
    )


def test_the_whole_may_be_one_of_several() -> None:
    r = runnable(search).fallback(search).named("search")
    with pytest.raises(BuilderError, match=r"They are: the whole; fallback\[0\]; fallback\[1\]"):
        r.replace(at="search", with_=stub)


def test_a_condition_is_said_to_be_where_its_branch_is() -> None:
    condition = runnable(bool).named("same")
    r = branch(when(condition, runnable(str).named("same")), otherwise=str)
    with pytest.raises(BuilderError, match=r"They are: the whole; branch case 1\."):
        r.replace(at="same", with_=stub)


@pytest.mark.parametrize("at", ["system", "chat_template", "itemgetter", "step", "clean"])
def test_what_is_no_step_of_its_own_has_no_name(at: str) -> None:
    r = pipe(chat_template(system="x"), itemgetter(0), runnable(search).cached(key=clean))
    with pytest.raises(BuilderError, match="where nothing is"):
        r.replace(at=at, with_=stub)


def test_a_place_is_said_in_words() -> None:
    for at, given in ((3, "an int"), (" ", "an empty string")):
        with pytest.raises(BuilderError) as caught:
            runnable(search).replace(at=at, with_=stub)
        assert str(caught.value) == (
            f"replace() at= was given {given}.\nIt takes the name of a step, or a path to it."
        )


def test_what_takes_the_place_is_a_step() -> None:
    with pytest.raises(NotAStepError, match="replace\\(\\) with_= is an int"):
        runnable(search).replace(at="search", with_=4)

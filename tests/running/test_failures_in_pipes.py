"""A step's own exception comes out of a pipe as it is, with one note of its path."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from typing_extensions import override

from combinators import (
    FanoutError,
    Runnable,
    assign,
    bind,
    branch,
    case,
    each,
    fanout,
    pick,
    pipe,
    route,
    runnable,
    template,
    when,
)
from tests.running.ways import (
    ONCE,
    WAYS,
    AnyStep,
    Way,
    afailing,
    ainc,
    by_invoke,
    failing,
    inc,
    note_of,
    notes_of,
)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fail", [failing, afailing])
def test_the_exception_of_a_step_comes_out_itself(way: Way, fail: AnyStep) -> None:
    error = ValueError("mine")
    with pytest.raises(ValueError, match="mine") as caught:
        way(pipe(inc, fail(error)), 1)
    assert caught.value is error


@pytest.mark.parametrize("way", WAYS)
def test_the_note_says_which_step_failed(way: Way) -> None:
    with pytest.raises(ValueError, match="mine") as caught:
        way(pipe(inc, ainc, failing(ValueError("mine")), inc), 1)
    assert caught.value.__notes__ == ["at pipe step 3 (fail)"]


@pytest.mark.parametrize("way", WAYS)
def test_a_path_leads_through_everything_that_nests(way: Way) -> None:
    def retriever(_: object) -> int:
        raise ConnectionError

    inner = fanout(context=pipe(retriever, inc), question=inc)
    chain = pipe(inc, pipe(inner, len).named("answer"))
    with pytest.raises(FanoutError) as caught:
        way(chain, 1)
    assert note_of(caught.value) == "at pipe step 2 (answer) > pipe step 1 (fanout)"
    assert notes_of(caught.value) == {
        ("context",): (
            "at pipe step 2 (answer) > pipe step 1 (fanout) > fanout['context'] "
            "> pipe step 1 (retriever)"
        )
    }


def fails(_: object) -> int:
    raise ConnectionError


def doubts(_: int) -> bool:
    raise ConnectionError


def is_positive(n: int) -> bool:
    return n > 0


def always(_: object) -> Runnable[object, int]:
    return runnable(fails)


@pytest.mark.parametrize("way", ONCE)
@pytest.mark.parametrize(
    ("failing_step", "value", "path"),
    [
        (runnable(fails).named("load"), 1, "at pipe step 1 (load)"),
        (branch(case(int, fails)), 1, "at pipe step 1 (branch) > branch case 1"),
        (
            branch(case(str, len), when(doubts, inc), otherwise=inc),
            1,
            "at pipe step 1 (branch) > branch case 2",
        ),
        (
            branch(when(is_positive, inc), otherwise=fails),
            -1,
            "at pipe step 1 (branch) > branch otherwise",
        ),
        (route("k", {"a": fails}), {"k": "a"}, "at pipe step 1 (route) > route['a']"),
        (
            route("k", {"a": template("{k}")}, otherwise=fails),
            {"k": "b"},
            "at pipe step 1 (route) > route otherwise",
        ),
        (bind(always), 1, "at pipe step 1 (bind always) > bind always"),
        (runnable(inc).tap(fails), 1, "at pipe step 2 (tap) > tap"),
    ],
)
def test_every_kind_of_step_has_its_segment(
    way: Way, failing_step: AnyStep, value: object, path: str
) -> None:
    with pytest.raises(ConnectionError) as caught:
        way(pipe(failing_step, str), value)
    assert note_of(caught.value) == path


@pytest.mark.parametrize("way", ONCE)
@pytest.mark.parametrize(
    ("group", "value", "path"),
    [
        (fanout(fails, inc), 1, "at pipe step 1 (fanout) > fanout[0]"),
        (each(fails), [1], "at pipe step 1 (each) > each[0]"),
        (assign(a=fails), {}, "at pipe step 1 (assign) > assign['a']"),
    ],
)
def test_every_kind_of_group_has_its_segment(
    way: Way, group: AnyStep, value: object, path: str
) -> None:
    with pytest.raises(FanoutError) as caught:
        way(pipe(group, str), value)
    assert [*notes_of(caught.value).values()] == [path]


@pytest.mark.parametrize("way", WAYS)
def test_an_exception_that_is_raised_again_has_the_note_of_its_last_way_only(way: Way) -> None:
    kept = ValueError("kept")
    once, again = pipe(failing(kept), inc), pipe(inc, inc, failing(kept))
    for chain in (once, again, again):
        with pytest.raises(ValueError, match="kept"):
            way(chain, 1)
    assert note_of(kept) == "at pipe step 3 (fail)"


@pytest.mark.parametrize("way", ONCE)
def test_a_group_that_is_raised_again_has_the_note_of_its_last_way_only(way: Way) -> None:
    with pytest.raises(FanoutError) as caught:
        fanout(a=fails).invoke(1)
    chain = pipe(inc, failing(caught.value))
    for _ in range(2):
        with pytest.raises(FanoutError):
            way(chain, 1)
    assert note_of(caught.value) == "at pipe step 2 (fail)"
    assert notes_of(caught.value) == {("a",): "at pipe step 2 (fail) > fanout['a']"}


@pytest.mark.parametrize("way", ONCE)
def test_a_run_inside_a_step_leaves_one_note(way: Way) -> None:
    inner = pipe(inc, fails)

    def run_inner(n: int) -> int:
        return inner.invoke(n)

    with pytest.raises(ConnectionError) as caught:
        way(pipe(inc, inc, run_inner), 1)
    assert note_of(caught.value) == "at pipe step 3 (run_inner)"


@pytest.mark.parametrize("way", ONCE)
def test_the_notes_of_the_user_stay(way: Way) -> None:
    error = LookupError()
    error.add_note("mine")
    with pytest.raises(LookupError):
        way(pipe(inc, failing(error)), 1)
    assert error.__notes__ == ["mine", "at pipe step 2 (fail)"]


class FrozenError(Exception):
    """An exception that refuses to be changed, as a frozen dataclass does."""

    @override
    def __setattr__(self, name: str, value: object) -> None:
        if name in {"__notes__", "code"}:
            raise AttributeError(name)
        super().__setattr__(name, value)


@pytest.mark.parametrize("way", ONCE)
def test_an_exception_that_refuses_notes_comes_out_without(way: Way) -> None:
    error = FrozenError()
    with pytest.raises(FrozenError) as caught:
        way(pipe(inc, failing(error)), 1)
    assert caught.value is error
    assert not hasattr(error, "__notes__")


class NotedError(Exception):
    """An exception whose notes are no list."""

    __notes__ = ("fixed",)  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]  # what somebody may do


@pytest.mark.parametrize("way", ONCE)
def test_notes_that_are_no_list_are_left_alone(way: Way) -> None:
    with pytest.raises(NotedError) as caught:
        way(pipe(inc, failing(NotedError())), 1)
    assert tuple(caught.value.__notes__) == ("fixed",)


def test_a_note_never_shows_a_value() -> None:
    def secretive(_: str) -> int:
        raise LookupError

    with pytest.raises(LookupError) as caught:
        pipe(str, secretive).invoke("hunter2")
    assert "hunter2" not in note_of(caught.value)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3), GeneratorExit()])
def test_what_is_no_exception_comes_out_bare_and_without_a_note(
    way: Way, error: BaseException
) -> None:
    with pytest.raises(type(error)) as caught:
        way(pipe(inc, failing(error)), 1)
    assert caught.value is error
    assert not hasattr(error, "__notes__")


@pytest.mark.parametrize("way", WAYS)
def test_a_stop_iteration_is_a_runtime_error(way: Way) -> None:
    def stops(_: int) -> int:
        raise StopIteration

    with pytest.raises(RuntimeError, match="stops raised StopIteration") as caught:
        way(pipe(inc, stops), 1)
    assert note_of(caught.value) == "at pipe step 2 (stops)"
    assert isinstance(caught.value.__cause__, StopIteration)


@pytest.mark.parametrize("way", WAYS)
def test_a_stop_iteration_in_a_generator_is_a_runtime_error(way: Way) -> None:
    def stops(_: int) -> Iterator[int]:
        yield 1
        raise StopIteration  # noqa: PLR1708 - the mistake under test

    with pytest.raises(RuntimeError, match="generator raised StopIteration"):
        way(pipe(inc, stops), 1)


@pytest.mark.parametrize("way", WAYS)
def test_an_async_stop_is_one_error_in_every_way(way: Way) -> None:
    async def stops(_: int) -> int:
        raise StopAsyncIteration

    with pytest.raises(RuntimeError):
        way(pipe(inc, stops), 1)


@pytest.mark.parametrize("way", WAYS)
def test_an_awaitable_that_a_plain_function_returns_is_refused(way: Way) -> None:
    def hidden(n: int) -> object:
        return ainc(n)

    with pytest.raises(TypeError) as caught:
        way(pipe(inc, hidden), 1)
    assert str(caught.value) == (
        "hidden is a plain function, but it returned an awaitable.\n"
        "Make it `async def`, or pass the async body as runnable(f, aio=…)."
    )


def test_any_awaitable_is_refused_not_only_coroutines() -> None:
    loop = asyncio.new_event_loop()
    future: asyncio.Future[int] = loop.create_future()

    def give(_: object) -> object:
        return future

    try:
        with pytest.raises(TypeError, match="it returned an awaitable"):
            runnable(give).invoke(1)
    finally:
        loop.close()


@pytest.mark.parametrize("way", WAYS)
def test_steps_after_a_failure_do_not_run(way: Way) -> None:
    ran: list[object] = []
    with pytest.raises(ConnectionError):
        way(pipe(fails, ran.append), 1)
    assert ran == []


def test_an_error_is_the_same_object_across_threads() -> None:
    error = ValueError()
    seen: list[int] = []

    def fail(_: object) -> int:
        seen.append(threading.get_ident())
        raise error

    with pytest.raises(FanoutError) as caught:
        fanout(a=fail, b=lambda x: x).invoke(1)
    assert caught.value.errors["a"] is error


def test_a_missing_key_is_named_with_what_is_there() -> None:
    with pytest.raises(KeyError) as caught:
        by_invoke(pipe(dict, pick("contxt")), {"context": 1})
    assert str(caught.value) == (
        "pick 'contxt' reads the key 'contxt', missing from its input, which has 'context'. "
        "Did you mean 'context'?"
    )
    assert note_of(caught.value) == "at pipe step 2 (pick 'contxt')"

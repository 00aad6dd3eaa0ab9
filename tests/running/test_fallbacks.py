"""`fallback`: something else on the same input, where a step fails; all failing, all failures."""

import asyncio
import copy
import pickle
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from combinators import (
    BuilderError,
    FallbackError,
    FanoutError,
    Runnable,
    fanout,
    pipe,
    runnable,
)
from combinators.laws.schedules import Schedule
from tests.running.ways import (
    ONCE,
    WAYS,
    AnyStep,
    Loop,
    Way,
    afailing,
    ainc,
    by_ainvoke,
    by_invoke,
    collected,
    failing,
    inc,
    note_of,
)


def text(x: object) -> str:
    return f"text {x}"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("other", [inc, ainc])
@pytest.mark.parametrize("fails", [failing, afailing])
def test_where_a_step_fails_the_other_runs_on_its_input(
    way: Way, other: AnyStep, fails: AnyStep
) -> None:
    broken: Callable[[int], int] = fails(ValueError())
    first = runnable(broken)
    r: Any = pipe(inc, first.fallback(other), inc)
    assert way(r, 1) == 4


@pytest.mark.parametrize("way", WAYS)
def test_where_nothing_fails_nothing_else_runs(way: Way) -> None:
    seen: list[object] = []
    assert way(runnable(inc).fallback(seen.append), 1) == 2
    assert seen == []


@pytest.mark.parametrize("way", WAYS)
def test_all_failing_is_a_group_of_all_errors(way: Way) -> None:
    first, second, third = ValueError("1"), KeyError("2"), OSError("3")
    r = pipe(text, runnable(failing(first)).fallback(failing(second)).fallback(failing(third)))
    with pytest.raises(FallbackError) as caught:
        way(r, 1)
    assert caught.value.errors == {0: first, 1: second, 2: third}
    assert caught.value.exceptions == (first, second, third)
    step = "pipe step 2 (fail fallback)"
    assert note_of(caught.value) == f"at {step}"
    notes = [note_of(each) for each in caught.value.exceptions]
    assert notes == [f"at {step} > fallback[{n}]" for n in range(3)]
    assert str(caught.value) == (
        "3 of 3 steps failed\n├─ 0: ValueError\n├─ 1: KeyError\n└─ 2: OSError"
    )


@pytest.mark.parametrize("way", WAYS)
def test_what_is_not_listed_is_raised_as_it_is(way: Way) -> None:
    error, seen = ValueError("not listed"), list[object]()
    with pytest.raises(ValueError, match="not listed") as caught:
        way(runnable(failing(error)).fallback(seen.append, on=(KeyError, OSError)), 1)
    assert caught.value is error
    assert note_of(error) == "at fallback[0]"
    assert seen == []


@pytest.mark.parametrize("way", ONCE)
def test_what_a_fallback_does_not_answer_ends_the_search_and_loses_nothing(way: Way) -> None:
    first, second, seen = KeyError("1"), ValueError("2"), list[object]()
    r = runnable(failing(first)).fallback(failing(second), on=KeyError)
    with pytest.raises(FallbackError) as caught:
        way(r.fallback(seen.append, on=KeyError), 1)
    assert caught.value.errors == {0: first, 1: second}
    assert caught.value.total == 3
    assert seen == []


@pytest.mark.parametrize("signal", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
@pytest.mark.parametrize("way", ONCE)
def test_what_is_no_exception_is_not_answered(way: Way, signal: type[BaseException]) -> None:
    seen: list[object] = []
    with pytest.raises(signal):
        way(runnable(failing(signal())).fallback(seen.append), 1)
    assert seen == []


@pytest.mark.parametrize("way", ONCE)
def test_the_failures_of_a_fanout_are_answered_together(way: Way) -> None:
    both = fanout(a=failing(KeyError()), b=inc)
    assert way(both.fallback(text, on=KeyError), 1) == "text 1"
    with pytest.raises(FanoutError) as caught:
        way(both.fallback(text, on=OSError), 1)
    assert note_of(caught.value.errors["a"]) == "at fallback[0] > fanout['a']"


@pytest.mark.parametrize("way", ONCE)
def test_failures_of_fallbacks_keep_their_paths_in_a_fanout(way: Way) -> None:
    r = runnable(failing(KeyError())).fallback(failing(OSError()))
    with pytest.raises(FanoutError) as caught:
        way(fanout(a=r), 1)
    flat = caught.value.flat()
    assert [*flat] == [("a", 0), ("a", 1)]
    assert note_of(flat["a", 1]) == "at fanout['a'] > fallback[1]"
    assert str(caught.value) == (
        "1 of 1 branches failed\n└─ 'a': 2 of 2 steps failed\n   ├─ 0: KeyError\n   └─ 1: OSError"
    )


def test_how_fallbacks_are_bracketed_does_not_matter() -> None:
    a, b, c = runnable(inc), runnable(text), runnable(str)
    assert a.fallback(b).fallback(c) == a.fallback(b.fallback(c))
    assert repr(a.fallback(b).fallback(c)) == "runnable(inc).fallback(text).fallback(str)"
    others = a.fallback(b, on=OSError).fallback(c)
    assert others != a.fallback(b.fallback(c, on=OSError))
    assert repr(others) == "runnable(inc).fallback(text, on=OSError).fallback(str)"


def test_after_a_sibling_has_failed_no_fallback_begins() -> None:
    seen: list[object] = []

    def main() -> None:
        slow = runnable(failing(KeyError(), 2.0)).fallback(seen.append)
        with pytest.raises(FanoutError) as caught:
            fanout(a=slow, b=failing(ValueError(), 1.0)).invoke(1)
        assert set(caught.value.errors) == {"b"}

    Schedule().run(main)
    assert seen == []


def test_in_a_batch_each_item_falls_back_by_itself() -> None:
    number: Runnable[str, int] = runnable(int)
    r = number.fallback(len, on=ValueError)
    assert r.batch(["1", "one", "3", "three"]) == [1, 3, 3, 5]


# --- Streams ------------------------------------------------------------------------


def breaking(after: int, error: Exception, *, aio: bool) -> AnyStep:
    """Return a step that streams so many chunks, and then fails."""

    def chunks(_: object) -> Iterator[str]:
        yield from "abcdef"[:after]
        raise error

    async def achunks(_: object) -> AsyncIterator[str]:
        for chunk in "abcdef"[:after]:
            await anyio.lowlevel.checkpoint()
            yield chunk
        raise error

    return achunks if aio else chunks


def whole(_: object) -> Iterator[str]:
    yield from "xyz"


def seen_of(r: Runnable[Any, Any], way: Way, seen: list[str]) -> None:
    if way is by_ainvoke:

        async def main() -> None:
            async for chunk in r.astream(1):
                seen.append(chunk)  # noqa: PERF401 - what was seen before a failure is kept

        asyncio.run(main())
    else:
        for chunk in r.stream(1):
            seen.append(chunk)  # noqa: PERF402 - as above


@pytest.mark.parametrize("aio", [False, True])
@pytest.mark.parametrize("way", [by_invoke, by_ainvoke])
def test_before_the_first_chunk_it_falls_back(way: Way, aio: bool) -> None:  # noqa: FBT001 - drawn
    seen: list[str] = []
    seen_of(runnable(breaking(0, OSError(), aio=aio)).fallback(whole), way, seen)
    assert seen == ["x", "y", "z"]


@pytest.mark.parametrize("aio", [False, True])
@pytest.mark.parametrize("way", [by_invoke, by_ainvoke])
def test_after_the_first_chunk_it_raises(way: Way, aio: bool) -> None:  # noqa: FBT001 - drawn
    seen: list[str] = []
    error = OSError("too late")
    with pytest.raises(OSError, match="too late") as caught:
        seen_of(runnable(breaking(2, error, aio=aio)).fallback(whole), way, seen)
    assert caught.value is error
    assert note_of(error) == "at fallback[0]"
    assert seen == ["a", "b"]


@pytest.mark.parametrize("way", [by_invoke, by_ainvoke])
def test_the_fallback_itself_may_break_off(way: Way) -> None:
    seen: list[str] = []
    error = OSError("too late")
    r = runnable(failing(KeyError())).fallback(breaking(1, error, aio=False))
    with pytest.raises(OSError, match="too late"):
        seen_of(r, way, seen)
    assert note_of(error) == "at fallback[1]"
    assert seen == ["a"]


@pytest.mark.parametrize("way", [by_invoke, by_ainvoke])
def test_all_failing_before_the_first_chunk_is_a_group(way: Way) -> None:
    r = runnable(breaking(0, KeyError(), aio=False)).fallback(breaking(0, OSError(), aio=True))
    with pytest.raises(FallbackError) as caught:
        seen_of(r, way, [])
    assert [type(each) for each in caught.value.exceptions] == [KeyError, OSError]


@pytest.mark.parametrize("way", [by_invoke, by_ainvoke])
def test_what_is_not_listed_ends_a_stream(way: Way) -> None:
    seen: list[str] = []
    with pytest.raises(KeyError):
        seen_of(runnable(breaking(0, KeyError(), aio=False)).fallback(whole, on=OSError), way, seen)
    assert seen == []


def test_a_stream_that_is_closed_closes_the_step_that_gives_it(run: Loop) -> None:
    closed: list[str] = []

    def source(_: object) -> Iterator[str]:
        try:
            yield from "abc"
        finally:
            closed.append("source")

    chunks = runnable(failing(OSError())).fallback(source).stream(1)
    next(chunks)
    chunks.close()
    assert closed == ["source"]
    chunks = runnable(failing(OSError())).fallback(source).stream(1)
    chunks.close()
    assert run(collected(runnable(source).fallback(str).astream(1))) == ["a", "b", "c"]


# --- The error ----------------------------------------------------------------------


def test_the_group_pickles_and_copies() -> None:
    error = FallbackError({0: KeyError("a"), 1: OSError("b")}, 2)
    error.add_note("a note")
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301 - written here
        assert type(again) is FallbackError
        assert [type(each) for each in again.exceptions] == [KeyError, OSError]
        assert (again.total, str(again), again.__notes__) == (2, str(error), ["a note"])


def test_the_group_can_be_split() -> None:
    error = FallbackError({0: KeyError("a"), 1: OSError("b")}, 2)
    parts: Any = error.split(OSError)
    matched, rest = parts
    assert isinstance(matched, FallbackError)
    assert isinstance(rest, FallbackError)
    assert ([*matched.errors], [*rest.errors]) == ([1], [0])


def test_what_to_answer_has_to_be_exceptions() -> None:
    with pytest.raises(BuilderError) as caught:
        runnable(inc).fallback(text, on=())
    assert str(caught.value) == (
        "fallback() on= was given no class.\n"
        "It takes a class of exceptions, or a tuple of them. What is no `Exception`, such as "
        "KeyboardInterrupt or a cancellation, is never answered."
    )

"""Streams give chunks as they come, lose none, and stop their source when closed."""

import contextlib
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from decimal import Decimal
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given, settings, strategies as st

from combinators import (
    EmptyStreamError,
    MergeError,
    Runnable,
    fanout,
    passthrough,
    pick,
    pipe,
    runnable,
)
from tests.running.ways import (
    LOOPS,
    WAYS,
    AnyStep,
    Loop,
    Way,
    aone_two_three,
    begun,
    by_ainvoke,
    by_astream,
    by_astream_on_trio,
    by_invoke,
    by_stream,
    collected,
    failing,
    inc,
    note_of,
    one_two_three,
    tasks_left,
)


def words(text: str) -> Iterator[str]:
    yield from text.split()


async def awords(text: str) -> AsyncIterator[str]:
    for word in text.split():
        await anyio.lowlevel.checkpoint()
        yield word


def yielding(*chunks: object) -> Runnable[Any, Any]:
    def source(_: object) -> Iterator[Any]:
        yield from chunks

    return runnable(source)


def ayielding(*chunks: object) -> Runnable[Any, Any]:
    async def source(_: object) -> AsyncIterator[Any]:
        for chunk in chunks:
            yield chunk

    return runnable(source)


def streamed(r: Runnable[Any, Any], x: object = 1) -> list[list[Any]]:
    """Return the chunks by `stream` and by `astream`, on either loop."""
    return [list(r.stream(x)), *(loop(collected(r.astream(x))) for loop in LOOPS)]


@pytest.mark.parametrize("source", [words, awords])
def test_the_chunks_of_a_generator_come_one_by_one(source: AnyStep) -> None:
    for chunks in streamed(pipe(str, source), "to be or"):
        assert chunks == ["to", "be", "or"]


@pytest.mark.parametrize("source", [words, awords])
def test_a_stream_is_lazy(source: AnyStep) -> None:
    def counted(_: object) -> Iterator[int]:
        for n in range(1000):
            produced.append(n)
            yield n

    produced: list[int] = []
    with contextlib.closing(pipe(inc, counted).stream(1)) as chunks:
        assert produced == []
        assert [next(chunks), next(chunks)] == [0, 1]
        assert produced == [0, 1]


def test_a_bridged_stream_is_lazy() -> None:
    produced: list[int] = []

    async def counted(_: object) -> AsyncIterator[int]:
        for n in range(1000):
            produced.append(n)
            yield n

    with contextlib.closing(runnable(counted).stream(1)) as chunks:
        assert [next(chunks), next(chunks)] == [0, 1]
        time.sleep(0.02)
        assert produced == [0, 1]


@pytest.mark.parametrize("source", [one_two_three, aone_two_three])
def test_a_plain_step_collects_what_comes_first(source: AnyStep) -> None:
    for chunks in streamed(pipe(source, inc)):
        assert chunks == [7]


@pytest.mark.parametrize("source", [one_two_three, aone_two_three])
def test_a_passthrough_and_a_name_keep_the_chunks(source: AnyStep) -> None:
    chain: Any = pipe(runnable(source).named("numbers"), passthrough(int))
    for chunks in streamed(chain):
        assert chunks == [1, 2, 3]
    for chunks in streamed(passthrough(), 5):
        assert chunks == [5]


@pytest.mark.parametrize("source", [one_two_three, aone_two_three])
def test_a_tap_keeps_the_chunks_and_sees_the_whole_once(source: AnyStep) -> None:
    seen: list[object] = []
    for chunks in streamed(runnable(source).tap(seen.append)):
        assert chunks == [1, 2, 3]
    assert seen == [6] * 3


@pytest.mark.parametrize("source", [one_two_three, aone_two_three])
def test_a_tap_may_be_a_fanout(source: AnyStep) -> None:
    for chunks in streamed(runnable(source).tap(fanout(a=str, b=str))):
        assert chunks == [1, 2, 3]


@pytest.mark.parametrize("source", [one_two_three, aone_two_three])
def test_steps_after_a_source_are_counted_from_the_first_of_the_pipe(source: AnyStep) -> None:
    for way in (by_stream, by_astream, by_astream_on_trio):
        with pytest.raises(ValueError, match="late") as caught:
            way(pipe(source, str, failing(ValueError("late"))), 1)
        assert note_of(caught.value) == "at pipe step 3 (fail)"


@pytest.mark.parametrize("source", [one_two_three, aone_two_three])
def test_an_error_of_a_tap_comes_after_the_chunks(source: AnyStep) -> None:
    chain: Runnable[object, int] = runnable(source).tap(failing(ValueError("seen")))
    got: list[int] = []
    with pytest.raises(ValueError, match="seen") as caught:
        got.extend(chain.stream(1))
    assert got == [1, 2, 3]
    assert note_of(caught.value) == "at pipe step 2 (tap) > tap"


@pytest.mark.parametrize("make", [yielding, ayielding])
def test_a_pick_streams_the_chunks_of_its_key(make: AnyStep) -> None:
    chain = make({"a": 1}, {"b": 2}, {"a": 3, "b": 4}) | pick("a")
    for chunks in streamed(chain):
        assert chunks == [1, 3]


@pytest.mark.parametrize("make", [yielding, ayielding])
@pytest.mark.parametrize("way", WAYS)
def test_a_pick_of_a_key_that_never_comes_is_an_error(make: AnyStep, way: Way) -> None:
    with pytest.raises(KeyError, match=r"pick 'c' reads the key 'c', .* which has 'a' and 'b'"):
        way(make({"a": 1}, {"b": 2}) | pick("c"), 1)


@pytest.mark.parametrize("way", WAYS)
def test_a_generator_without_a_chunk_is_an_error_everywhere(way: Way) -> None:
    for make in (yielding, ayielding):
        with pytest.raises(EmptyStreamError) as caught:
            way(pipe(str, make()), 1)
        assert str(caught.value) == (
            "source yielded no chunk. Yield at least one: '' or [] where there is nothing."
        )
        assert note_of(caught.value) == "at pipe step 2 (source)"


@pytest.mark.parametrize("way", WAYS)
def test_an_empty_fanout_streams_one_empty_mapping(way: Way) -> None:
    assert way(fanout(), 1) == {}
    assert streamed(fanout()) == [[{}]] * 3


# --- Merging ------------------------------------------------------------------------


def sums(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(strategy, min_size=1, max_size=5)


chunk_lists = st.one_of(
    sums(st.text(max_size=3)),
    sums(st.binary(max_size=3)),
    sums(st.integers() | st.fractions()),
    sums(st.lists(st.integers(), max_size=2)),
    sums(st.lists(st.integers(), max_size=2).map(tuple)),
)


@settings(max_examples=60)
@given(chunk_lists)
def test_chunks_of_one_type_merge_by_plus(chunks: list[Any]) -> None:
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole = whole + chunk
    assert by_invoke(yielding(*chunks), 1) == whole
    assert by_ainvoke(ayielding(*chunks), 1) == whole


@settings(max_examples=40)
@given(
    st.lists(st.dictionaries(st.sampled_from("ab"), st.text(max_size=2)), min_size=1, max_size=5)
)
def test_mappings_merge_key_by_key(chunks: list[dict[str, str]]) -> None:
    expected: dict[str, str] = {}
    for chunk in chunks:
        for key, text in chunk.items():
            expected[key] = expected.get(key, "") + text
    assert by_invoke(yielding(*chunks), 1) == expected


def test_mappings_inside_mappings_merge_too() -> None:
    source = yielding({"a": {"b": "x"}}, {"a": {"b": "y", "c": 1}}, {"d": object})
    assert source.invoke(1) == {"a": {"b": "xy", "c": 1}, "d": object}


def test_a_single_chunk_of_any_type_is_the_value() -> None:
    only = object()
    assert yielding(only).invoke(1) is only


UNMERGEABLE: tuple[tuple[tuple[object, object], str, str], ...] = (
    ((object(), object()), "object", "object"),
    ((None, None), "NoneType", "NoneType"),
    (("a", b"a"), "str", "bytes"),
    ((1, "a"), "int", "str"),
    (([1], (1,)), "list", "tuple"),
    (({"a": 1}, [1]), "dict", "list"),
    (({"a": 1}, {"a": "x"}), "int", "str"),
    ((1.5, Decimal(1)), "float", "Decimal"),
)


@pytest.mark.parametrize(("chunks", "first", "second"), UNMERGEABLE)
def test_chunks_that_cannot_be_merged_are_a_type_error(
    chunks: tuple[object, object], first: str, second: str
) -> None:
    for way in (by_invoke, by_ainvoke):
        with pytest.raises(MergeError) as caught:
            way(yielding(*chunks), 1)
        assert str(caught.value) == (
            f"a chunk of type {second} cannot be merged into one of type {first}.\n"
            "Strings, bytes, tuples, lists and numbers merge by `+`, mappings key by key. "
            "Yield chunks of one such type, or a single chunk."
        )
        assert isinstance(caught.value, TypeError)


def fails_streaming(_: object) -> Iterator[int]:
    yield 1
    raise ValueError("mine")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("source", [one_two_three, aone_two_three])
def test_the_note_names_one_step_of_several_that_run_as_one(way: Way, source: AnyStep) -> None:
    fail = failing(ValueError("mine"))
    places = {
        "pipe step 5 (fail)": pipe(inc, source, inc, inc, fail, inc),
        "pipe step 2 (part) > pipe step 3 (fail)": pipe(
            inc, pipe(inc, source, fail).named("part"), inc, source
        ),
        "pipe step 4 (fail)": pipe(inc, pipe(inc, source).named("part"), inc, fail, source),
        "pipe step 2 (part)": pipe(inc, runnable(fails_streaming).named("part"), inc, source),
    }
    for place, chain in places.items():
        with pytest.raises(ValueError, match="mine") as caught:
            way(chain, 1)
        assert note_of(caught.value) == f"at {place}"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("after", [str, words, awords])
def test_the_note_blames_the_step_whose_chunks_cannot_be_merged(way: Way, after: AnyStep) -> None:
    with pytest.raises(MergeError) as caught:
        way(pipe(str, yielding(object(), object()), after), 1)
    assert note_of(caught.value) == "at pipe step 2 (source)"


# --- Failures and closing -------------------------------------------------------------


def chunks_then_failure(_: object) -> Iterator[int]:
    yield 1
    yield 2
    raise ValueError("later")


async def achunks_then_failure(_: object) -> AsyncIterator[int]:
    yield 1
    yield 2
    raise ValueError("later")


@pytest.mark.parametrize("source", [chunks_then_failure, achunks_then_failure])
def test_a_failure_comes_after_the_chunks_before_it(run: Loop, source: AnyStep) -> None:
    got: list[int] = []
    chain = pipe(inc, source)
    with pytest.raises(ValueError, match="later") as caught:
        got.extend(chain.stream(1))
    assert got == [1, 2]
    assert note_of(caught.value) == f"at pipe step 2 ({source.__name__})"

    async def main() -> None:
        async for chunk in chain.astream(1):
            got.append(chunk)  # noqa: PERF401 - what came before the failure is wanted

    with pytest.raises(ValueError, match="later"):
        run(main())
    assert got == [1, 2, 1, 2]
    assert note_of(caught.value) == f"at pipe step 2 ({source.__name__})"


@pytest.mark.parametrize("source", [chunks_then_failure, achunks_then_failure])
def test_a_failure_that_passes_through_other_stages_keeps_its_place(source: AnyStep) -> None:
    chain: Any = pipe(source, passthrough(int)).tap(str)
    for way in (by_stream, by_astream, by_astream_on_trio):
        with pytest.raises(ValueError, match="later") as caught:
            way(chain, 1)
        assert note_of(caught.value) == f"at pipe step 1 ({source.__name__})"


class Source:
    """Generators without an end that tell when they are over."""

    def __init__(self) -> None:
        self.produced = 0
        self.finals = 0

    def step(self, _: object) -> Iterator[Mapping[str, int]]:
        try:
            while True:
                self.produced += 1
                yield {"a": 1}
        finally:
            self.finals += 1

    async def astep(self, _: object) -> AsyncIterator[Mapping[str, int]]:
        try:
            while True:
                self.produced += 1
                yield {"a": 1}
                await anyio.lowlevel.checkpoint()
        finally:
            await anyio.sleep(0.01)
            self.finals += 1


CHAINS = ("alone", "piped", "picked", "tapped")


def around(step: AnyStep) -> dict[str, Any]:
    step_seen: Runnable[Any, Any] = runnable(step)
    seen = step_seen.tap(str)
    return {
        "alone": runnable(step),
        "piped": pipe(inc, step),
        "picked": pipe(step, pick("a")),
        "tapped": pipe(inc, seen.named("seen"), passthrough(object)),
    }


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("body", ["step", "astep"])
def test_closing_a_stream_stops_the_source_and_runs_its_cleanup(chain: str, body: str) -> None:
    source = Source()
    chunks = around(getattr(source, body))[chain].stream(1)
    next(chunks)
    next(chunks)
    chunks.close()
    assert (source.produced, source.finals) == (2, 1)
    assert list(chunks) == []


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("body", ["step", "astep"])
def test_closing_an_async_stream_does_so_too(run: Loop, chain: str, body: str) -> None:
    source = Source()

    async def main() -> None:
        chunks = around(getattr(source, body))[chain].astream(1)
        await anext(chunks)
        await anext(chunks)
        await chunks.aclose()
        assert (source.produced, source.finals) == (2, 1)
        assert tasks_left() == 0

    run(main(), seconds=10)


@pytest.mark.parametrize("body", ["step", "astep"])
def test_a_failure_downstream_closes_the_source(body: str) -> None:
    source = Source()
    chain = pipe(getattr(source, body), pick("a"))
    stream: Any = pipe(chain, passthrough(int)).tap(str).stream(1)
    with contextlib.closing(stream) as chunks:
        assert next(chunks) == 1
        with pytest.raises(ValueError, match="enough"):
            chunks.throw(ValueError("enough"))
    assert source.finals == 1


@pytest.mark.parametrize("body", ["step", "astep"])
def test_a_stream_that_was_never_begun_runs_nothing(body: str) -> None:
    source = Source()
    step: AnyStep = getattr(source, body)
    runnable(step).stream(1).close()
    assert (source.produced, source.finals) == (0, 0)


def test_a_stream_closed_while_an_async_step_waits_cancels_it(run: Loop) -> None:
    log: list[str] = []

    async def then_waits(_: object) -> AsyncIterator[int]:
        yield 1
        try:
            await anyio.sleep(30)
        finally:
            log.append("cleaned up")

    async def main() -> None:
        chunks = runnable(then_waits).astream(1)
        assert await anext(chunks) == 1
        async with begun(anext(chunks)) as waiting:
            await anyio.sleep(0.02)
            waiting.cancel()
            assert await waiting.was_cancelled()
            assert log == ["cleaned up"]

    run(main(), seconds=10)


def test_a_step_with_two_bodies_uses_the_one_that_fits() -> None:
    def sync(_: object) -> Iterator[str]:
        yield "sync"

    async def aio(_: object) -> AsyncIterator[str]:
        yield "async"

    both = runnable(sync, aio=aio)
    assert streamed(both) == [["sync"], ["async"], ["async"]]
    assert [by_invoke(both, 1), by_ainvoke(both, 1)] == ["sync", "async"]

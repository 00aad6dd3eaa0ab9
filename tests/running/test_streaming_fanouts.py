"""Fan-outs stream their branches as they are ready, under their keys, and lose nothing."""

import contextlib
import gc
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, NamedTuple

import anyio
import anyio.lowlevel
import pytest

from combinators import (
    AbsentKeyError,
    EmptyStreamError,
    FanoutError,
    InputError,
    MutationError,
    NoMatchError,
    ResultError,
    Runnable,
    assign,
    bind,
    branch,
    case,
    each,
    fanout,
    omit,
    passthrough,
    pick,
    pipe,
    rename,
    route,
    runnable,
    transform,
    update,
    when,
)
from combinators._run.chunks import merged
from tests.running.ways import (
    LOOPS,
    AnyStep,
    Gauge,
    Loop,
    Way,
    afailing,
    awaiting,
    begun,
    by_astream,
    by_astream_on_trio,
    by_stream,
    collected,
    failing,
    inc,
    is_trio,
    note_of,
    notes_of,
    on_asyncio,
    python,
    tasks_left,
)


class Pair(NamedTuple):
    a: int
    b: int


STREAMS = (by_stream, by_astream, by_astream_on_trio)


def both(r: Runnable[Any, Any], x: object = 1) -> list[list[Any]]:
    """Return the chunks by `stream` and by `astream`, on either loop."""
    return [list(r.stream(x)), *(loop(collected(r.astream(x))) for loop in LOOPS)]


def yielding(*chunks: object) -> Runnable[Any, Any]:
    def source(_: object) -> Iterator[Any]:
        yield from chunks

    return runnable(source)


def ayielding(*chunks: object) -> Runnable[Any, Any]:
    async def source(_: object) -> AsyncIterator[Any]:
        for chunk in chunks:
            await anyio.lowlevel.checkpoint()
            yield chunk

    return runnable(source)


MAKERS = (yielding, ayielding)


@pytest.mark.parametrize("make", MAKERS)
def test_a_fanout_streams_one_key_mappings_that_merge_to_the_result(make: AnyStep) -> None:
    chain = fanout(a=make("x", "y"), b=make(1, 2, 3), c=passthrough())
    for chunks in both(chain):
        assert all(len(chunk) == 1 for chunk in chunks)
        assert [chunk["a"] for chunk in chunks if "a" in chunk] == ["x", "y"]
        assert [chunk["b"] for chunk in chunks if "b" in chunk] == [1, 2, 3]
        assert merged(chunks) == chain.invoke(1) == {"a": "xy", "b": 6, "c": 1}


@pytest.mark.race
@pytest.mark.parametrize("way", STREAMS)
def test_what_is_ready_comes_first(way: Way) -> None:
    release = threading.Event()

    def slow(_: object) -> str:
        assert release.wait(10)
        return "slow"

    chain = fanout(slow=slow, quick=yielding("a", "b"))
    with contextlib.closing(chain.stream(1)) as chunks:
        assert [next(chunks), next(chunks)] == [{"quick": "a"}, {"quick": "b"}]
        release.set()
        assert list(chunks) == [{"slow": "slow"}]
    assert way(chain, 1) == {"slow": "slow", "quick": "ab"}


@pytest.mark.parametrize("make", MAKERS)
def test_a_pick_of_a_fanout_streams_only_the_chunks_of_its_key(make: AnyStep) -> None:
    for chunks in both(fanout(a=make("x", "y"), b=make(1, 2)) | pick("a")):
        assert chunks == ["x", "y"]


@pytest.mark.parametrize("make", MAKERS)
def test_assign_streams_the_chunks_of_its_input_first(make: AnyStep) -> None:
    source = make({"a": "x"}, {"b": 1}, {"a": "y"})
    for chunks in both(source | assign(whole=str, same=pick("b"))):
        assert chunks[0] == {"a": "x"}
        assert chunks[-1] == {"whole": "{'a': 'xy', 'b': 1}"}
        assert merged(chunks) == (source | assign(whole=str, same=pick("b"))).invoke(1)
        assert [chunk for chunk in chunks if "a" in chunk] == [{"a": "x"}, {"a": "y"}]


def test_assign_and_then_pick_streams_only_those_keys() -> None:
    chain = yielding({"a": "x", "b": 1}, {"a": "y"}) | assign(h=len) | pick("a", "h")
    for chunks in both(chain):
        assert chunks == [{"a": "x"}, {"a": "y"}, {"h": 2}]


@pytest.mark.parametrize("make", MAKERS)
def test_a_branch_beside_a_replaced_key_sees_the_old_value(make: AnyStep) -> None:
    def twice(d: Mapping[str, str]) -> str:
        return d["a"] * 2

    chain = make({"a": "x"}, {"b": "y"}) | update(a=twice, b=pick("a"))
    for chunks in both(chain):
        assert merged(chunks) == chain.invoke(1) == {"a": "xx", "b": "x"}


@pytest.mark.parametrize("make", MAKERS)
def test_passing_branches_keep_chunks_while_collecting_ones_see_the_whole(make: AnyStep) -> None:
    seen: list[object] = []

    def collect(text: str) -> int:
        seen.append(text)
        return len(text)

    chain = make("a", "b", "c") | {"same": passthrough(str), "n": collect, "m": collect}
    for chunks in both(chain):
        assert chunks[:3] == [{"same": "a"}, {"same": "b"}, {"same": "c"}]
        assert sorted(map(str, chunks[3:])) == ["{'m': 3}", "{'n': 3}"]
    assert seen == ["abc"] * 6


@pytest.mark.parametrize("make", MAKERS)
def test_nested_fanouts_stream_nested_mappings(make: AnyStep) -> None:
    chain = make("a", "b") | {"in": {"same": passthrough(str), "n": len}, "n": {"n": len}}
    for chunks in both(chain):
        assert {"in": {"same": "a"}} in chunks
        assert merged(chunks) == {"in": {"same": "ab", "n": 2}, "n": {"n": 2}}


def test_tuples_objects_and_lists_stream_as_one_value() -> None:
    def one_two(_: object) -> list[int]:
        return [1, 2]

    for chain, whole in (
        (fanout(yielding(1, 2), inc), (3, 2)),
        (fanout(Pair, a=yielding(1, 2), b=inc), Pair(3, 2)),
        (runnable(one_two) | each(yielding(1, 2)), [3, 3]),
    ):
        for chunks in both(chain):
            assert chunks == [whole]


@pytest.mark.parametrize("way", STREAMS)
def test_an_empty_fanout_takes_its_input_and_gives_one_empty_mapping(way: Way) -> None:
    for chunks in both(yielding(1, 2) | fanout()):
        assert chunks == [{}]
    with pytest.raises(EmptyStreamError):
        way(yielding() | fanout(), 1)


# --- Steps that chunks pass -----------------------------------------------------------------


NOTHING: list[dict[str, Any]] = [{}]
RECORDS: tuple[Mapping[str, Any], ...] = ({"a": "x"}, {"b": 1, "c": 2}, {"a": "y", "c": 3})


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (pick("a", "c"), [{"a": "x"}, {"c": 2}, {"a": "y", "c": 3}]),
        (omit("a"), [{"b": 1, "c": 2}, {"c": 3}]),
        (omit("a", "b", "c"), NOTHING),
        (omit("a", "b", "c").tap(len).tap(len), NOTHING),
        (passthrough().tap(len) | omit("a", "b", "c"), NOTHING),
        (rename(d="a"), [{"d": "x"}, {"b": 1, "c": 2}, {"d": "y", "c": 3}]),
        (pick("a").tap(str).named("it"), ["x", "y"]),
    ],
)
def test_steps_that_rearrange_mappings_do_so_chunk_by_chunk(
    make: AnyStep, step: Runnable[Any, Any], expected: list[Any]
) -> None:
    for chunks in both(make(*RECORDS) | step):
        assert chunks == expected
    for chunks in both(make(*({"all": record} for record in RECORDS)) | pick("all") | step):
        assert chunks == expected


@pytest.mark.parametrize("way", STREAMS)
@pytest.mark.parametrize(
    ("step", "error"),
    [
        (pick("a", "d"), AbsentKeyError),
        (omit("d"), AbsentKeyError),
        (rename(e="d"), AbsentKeyError),
        (rename(b="a"), InputError),
        (update(d=len), AbsentKeyError),
        (assign(b=len), InputError),
    ],
)
def test_steps_that_rearrange_mappings_fail_as_they_do_in_calls(
    way: Way, step: Runnable[Any, Any], error: type[Exception]
) -> None:
    for make in MAKERS:
        chain = make(*RECORDS) | step
        with pytest.raises(error) as called:
            chain.invoke(1)
        with pytest.raises(error) as streamed:
            way(chain, 1)
        assert note_of(streamed.value) == note_of(called.value)


@pytest.mark.parametrize("way", STREAMS)
def test_a_key_is_found_however_it_is_normalised(way: Way) -> None:
    assert way(yielding({"\ufb01": 1}, {"b": 2}) | pick("fi"), 1) == 1
    assert way(yielding({"\ufb01": 1}, {"b": 2}) | pick("b", "fi"), 1) == {"fi": 1, "b": 2}


@pytest.mark.race
@pytest.mark.parametrize("make", MAKERS)
def test_a_stream_without_an_end_is_read_no_further_than_branches_want(make: AnyStep) -> None:
    def two(numbers: Iterator[int]) -> Iterator[int]:
        yield from (number for _, number in zip(range(2), numbers, strict=False))

    for way in STREAMS:
        source = Endless()
        endless = source.step if make is yielding else source.astep
        chain = pipe(endless, fanout(a=transform(two), b=transform(two)))
        assert way(chain, 1) == {"a": 3, "b": 3}


# --- Choices --------------------------------------------------------------------------------


@pytest.mark.parametrize("make", MAKERS)
def test_what_chooses_a_pipeline_streams_its_chunks(make: AnyStep) -> None:
    chosen: Runnable[Any, Any] = make("a", "b")

    def choose(_: object) -> Runnable[Any, Any]:
        return chosen

    def keyed(n: int) -> dict[str, int]:
        return {"n": n}

    for chain in (
        bind(choose),
        branch(when(lambda n: n > 0, chosen), otherwise=inc),
        branch(when(lambda n: n > 1, inc), otherwise=chosen),
        runnable(keyed) | route("n", {1: chosen}, otherwise=len),
    ):
        for chunks in both(chain):
            assert chunks == ["a", "b"]


@pytest.mark.parametrize("way", STREAMS)
def test_failures_of_choices_have_the_path_that_they_have_in_calls(way: Way) -> None:
    def fails(_: object) -> bool:
        raise ValueError("no")

    bad = runnable(fails) | yielding(1)
    no_choice: Any = inc
    fails_to_choose: Any = fails
    only_text: Any = branch(case(str, yielding(1)))
    chains: tuple[Runnable[Any, Any], ...] = (
        pipe(inc, bind(lambda _: bad)),
        pipe(inc, bind(fails_to_choose)),
        pipe(inc, bind(no_choice)),
        pipe(inc, branch(when(lambda n: n > 0, bad), otherwise=inc)),
        pipe(inc, branch(when(fails, yielding(1)), otherwise=inc)),
        pipe(inc, only_text),
        pipe(lambda n: {"n": n}, route("n", {1: bad})),
        pipe(lambda n: {"n": n}, route("n", {2: bad})),
    )
    for chain in chains:
        with pytest.raises((ValueError, ResultError, NoMatchError)) as called:
            chain.invoke(1)
        with pytest.raises(type(called.value)) as streamed:
            way(chain, 1)
        assert note_of(streamed.value) == note_of(called.value)


# --- Failures -------------------------------------------------------------------------------


def then_fails(_: object) -> Iterator[int]:
    yield 1
    yield 2
    raise ValueError("later")


async def athen_fails(_: object) -> AsyncIterator[int]:
    yield 1
    yield 2
    raise ValueError("later")


@pytest.mark.race
@pytest.mark.parametrize("source", [then_fails, athen_fails])
def test_a_failure_of_a_branch_comes_after_its_chunks_and_has_its_path(
    run: Loop, source: AnyStep
) -> None:
    chain: Runnable[int, Any] = pipe(inc, fanout(a=pipe(inc, source), b=inc))
    got: list[Any] = []
    with pytest.raises(FanoutError) as caught:
        got.extend(chain.stream(1))
    assert [chunk for chunk in got if "a" in chunk] == [{"a": 1}, {"a": 2}]
    path = f"at pipe step 2 (fanout) > fanout['a'] > pipe step 2 ({source.__name__})"
    assert notes_of(caught.value) == {("a",): path}
    assert note_of(caught.value) == "at pipe step 2 (fanout)"
    with pytest.raises(FanoutError) as acaught:
        run(collected(chain.astream(1)))
    assert notes_of(acaught.value) == {("a",): path}


@pytest.mark.parametrize("way", STREAMS)
@pytest.mark.parametrize("make", MAKERS)
def test_branches_that_read_an_input_without_chunks_fail_as_it_does(
    way: Way, make: AnyStep
) -> None:
    def same(chunks: Iterator[Any]) -> Iterator[Any]:
        return chunks

    with pytest.raises(EmptyStreamError) as caught:
        way(pipe(make(), fanout(a=transform(same), b=transform(same))), 1)
    assert note_of(caught.value) == "at pipe step 1 (source)"


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("inline", [False, True])
def test_what_watches_a_branch_sees_what_is_left_of_it(make: AnyStep, *, inline: bool) -> None:
    told: list[object] = []
    watch = runnable(told.append, inline=inline)
    watched = omit("a", "b", "c").tap(watch).tap(watch)
    for chunks in both(make(*RECORDS) | fanout(k=watched, same=passthrough())):
        assert {"k": {}} in chunks
    assert told == [{}] * 6  # twice by each way


@pytest.mark.race
@pytest.mark.parametrize("way", STREAMS)
@pytest.mark.parametrize("source", [then_fails, athen_fails])
def test_a_failure_of_the_input_is_not_one_of_the_branches(way: Way, source: AnyStep) -> None:
    def same(chunks: Iterator[Any]) -> Iterator[Any]:
        return chunks

    def record(numbers: Iterator[int]) -> Iterator[dict[str, int]]:
        return ({"n": number} for number in numbers)

    for step in (
        fanout(a=passthrough(), b=str, c=transform(same)),
        fanout(a=transform(same), b=transform(same)),
        assign(a=passthrough()),
    ):
        with pytest.raises(ValueError, match="later") as caught:
            way(pipe(source, transform(record), step), 1)
        assert note_of(caught.value) == f"at pipe step 1 ({source.__name__})"


@pytest.mark.parametrize("way", STREAMS)
def test_branches_that_pass_chunks_fail_under_their_keys(way: Way) -> None:
    chain = yielding({"a": 1}, {"b": 2}) | fanout(x=pick("a"), y=pick("c"), z=len)
    with pytest.raises(FanoutError) as caught:
        way(chain, 1)
    assert notes_of(caught.value) == {("y",): "at pipe step 2 (fanout) > fanout['y']"}
    seen = yielding("a", "b") | fanout(x=passthrough().tap(runnable(int, inline=True)), z=len)
    with pytest.raises(FanoutError) as caught:
        way(seen, 1)
    assert notes_of(caught.value) == {("x",): "at pipe step 2 (fanout) > fanout['x'] > tap"}


class Halt(BaseException):
    """Somebody's own way to stop everything."""


@pytest.mark.race
@pytest.mark.parametrize("kind", [Halt, SystemExit, KeyboardInterrupt])
def test_what_is_no_exception_ends_a_stream_bare(kind: type[BaseException]) -> None:
    def halts(_: object) -> int:
        source.await_begin()
        raise kind

    source = Endless()
    with pytest.raises(kind):
        list(fanout(a=halts, b=source.step).stream(1))
    source.await_end()


@pytest.mark.race
@pytest.mark.parametrize("way", STREAMS)
@pytest.mark.parametrize("fail", [failing, afailing])
def test_what_fails_inside_a_branch_is_told_although_another_had_failed_before(
    way: Way, fail: AnyStep
) -> None:
    late = fanout(c=failing(KeyError(), 0.1), d=failing(OSError(), 0.1))
    with pytest.raises(FanoutError) as caught:
        way(fanout(a=fail(ValueError(), 0.02), b=late), 1)
    assert {path: type(error) for path, error in caught.value.flat().items()} == {
        ("a",): ValueError,
        ("b", "c"): KeyError,
        ("b", "d"): OSError,
    }


@pytest.mark.race
@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_what_is_no_exception_is_not_lost_where_it_meets_the_end_of_a_stream(
    kind: type[BaseException],
) -> None:
    async def halts_when_it_is_cancelled(_: object) -> None:
        try:
            await anyio.sleep(30)
        finally:
            raise kind

    inner = fanout(a=halts_when_it_is_cancelled, b=ayielding(1))
    with pytest.raises(kind):
        by_astream(fanout(inner=inner, bad=afailing(ValueError(), 0.02)), 1)


@pytest.mark.race
def test_a_cancelled_stream_is_no_empty_one_to_those_who_share_it(run: Loop) -> None:
    async def source() -> AsyncIterator[int]:
        await anyio.sleep(30)
        yield 1

    def reading(chunks: Iterator[int]) -> Iterator[int]:
        yield from chunks

    async def main() -> None:
        chain = fanout(a=transform(areading), b=transform(reading) | inc, c=transform(reading))
        async with begun(collected(chain.atransform(source()))) as task:
            await anyio.sleep(0.05)
            task.cancel()
            assert await task.was_cancelled()

    run(main(), seconds=10)


def test_branches_that_pass_chunks_on_show_the_whole_to_those_who_watch(run: Loop) -> None:
    watched: list[object] = []
    watching: Runnable[Any, Any] = passthrough().tap(runnable(watched.append, inline=True))
    run(collected(pipe(pieces, fanout(one=watching, other=watching)).astream(1)))
    assert watched == [{"b": 1, "c": 2}] * 2


async def pieces(_: object) -> AsyncIterator[dict[str, int]]:
    yield {"b": 1}
    yield {"c": 2}


async def areading(chunks: AsyncIterator[Any]) -> AsyncIterator[Any]:
    async for chunk in chunks:
        yield chunk


@pytest.mark.race
@pytest.mark.parametrize("takes", [1, 2, 3])
@pytest.mark.parametrize(
    "chain",
    [
        pipe(fanout(b=passthrough()), omit("b")),
        pipe(fanout(b=passthrough()), omit("b"), transform(areading)),
        pipe(fanout(b=passthrough()), fanout(a=omit("b"), b=omit("b"), c=str)),
        pipe(fanout(b=passthrough()), fanout(x=omit("b"), y=passthrough())),
        pipe(pieces, fanout(x=pick("b"), y=omit("b", "c"))),
        pipe(pieces, fanout(x=transform(areading), y=omit("b", "c")), transform(areading)),
    ],
    ids=str,
)
def test_a_stream_that_is_closed_leaves_no_generator_for_the_loop_to_close(
    chain: Runnable[Any, Any], takes: int
) -> None:
    left: list[object] = []

    async def main() -> None:
        sys.set_asyncgen_hooks(finalizer=left.append)
        async with contextlib.aclosing(chain.astream(1)) as chunks:
            for _ in range(takes):
                await anext(chunks, None)

    on_asyncio(main())
    assert left == []


@pytest.mark.parametrize("takes", [1, 2, 3])
@pytest.mark.parametrize("pauses", range(5))
@pytest.mark.parametrize(
    "chain",
    [
        pipe(rename(z="a"), fanout(x=transform(areading), y=passthrough())),
        pipe(rename(z="a"), update(b=transform(areading))),
        pipe(passthrough().tap(len), *[rename(a="a")] * 3, assign(z=transform(areading))),
        fanout(x=pipe(omit("b"), fanout(y=transform(areading)))),
        fanout(x=pipe(*[transform(areading)] * 40, fanout(y=transform(areading)))),
        pipe(rename(z="a").named("part"), assign(a=pipe(omit("z"), transform(areading)))),
    ],
    ids=str,
)
def test_a_stream_is_closed_from_its_end_on_while_branches_wait_for_the_next_chunk(
    run: Loop, chain: Runnable[Any, Any], pauses: int, takes: int
) -> None:
    closed: list[bool] = []

    async def source(_: object) -> AsyncIterator[dict[str, str]]:
        try:
            for key in "abcd":
                yield {key: key}
                for _ in range(pauses):
                    await anyio.lowlevel.checkpoint()
        finally:
            closed.append(True)

    async def main() -> None:
        async with contextlib.aclosing(pipe(source, chain).astream(1)) as chunks:
            for _ in range(takes):
                await anext(chunks)

    run(main())
    assert closed == [True]


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_what_is_no_exception_comes_through_a_sync_transform(
    run: Loop, kind: type[BaseException]
) -> None:
    async def halting(_: object) -> AsyncIterator[int]:
        yield 1
        raise kind

    def same(chunks: Iterator[int]) -> Iterator[int]:
        yield from chunks

    async def main() -> None:
        chunks = pipe(halting, transform(same)).astream(0)
        with pytest.raises(kind):
            await collected(chunks)

    run(main(), seconds=10)


@pytest.mark.race
def test_what_is_no_exception_is_not_lost_where_a_stream_is_closed(run: Loop) -> None:
    async def halts_when_it_is_closed(_: object) -> AsyncIterator[int]:
        try:
            yield 1
            await anyio.sleep(30)
        finally:
            raise Halt

    async def main() -> None:
        stream = fanout(a=halts_when_it_is_closed, b=awaiting(30)).astream(1)
        assert await anext(stream) == {"a": 1}
        await stream.aclose()

    with pytest.raises(Halt):
        run(main(), seconds=10)


@pytest.mark.race
def test_what_is_no_exception_on_a_thread_is_not_lost_where_a_stream_is_closed() -> None:
    def halts_when_it_is_closed(_: object) -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            raise Halt

    stream = fanout(a=halts_when_it_is_closed, b=halts_when_it_is_closed).stream(1)
    next(stream)
    with pytest.raises(Halt):
        stream.close()


# --- Buffers, closing and what is left ------------------------------------------------------


class Endless:
    """Generators without an end that tell how far they came, and when they are over."""

    def __init__(self) -> None:
        self.produced = 0
        self.finals = 0

    def step(self, _: object) -> Iterator[int]:
        try:
            while True:
                self.produced += 1
                yield self.produced
        finally:
            self.finals += 1

    async def astep(self, _: object) -> AsyncIterator[int]:
        try:
            while True:
                self.produced += 1
                yield self.produced
                await anyio.lowlevel.checkpoint()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.01)
            self.finals += 1

    def await_begin(self) -> None:
        until = time.monotonic() + 5
        while not self.produced and time.monotonic() < until:
            time.sleep(0.001)

    def await_end(self) -> None:
        until = time.monotonic() + 5
        while not self.finals and time.monotonic() < until:
            time.sleep(0.001)
        assert self.finals == 1


@pytest.mark.race
@pytest.mark.parametrize("body", ["step", "astep"])
def test_who_takes_slowly_stops_branches_that_are_quick(body: str) -> None:
    sources = Endless(), Endless()
    chain = fanout({str(i): getattr(each, body) for i, each in enumerate(sources)})
    with contextlib.closing(chain.stream(1)) as chunks:
        for taken in range(1, 6):
            next(chunks)
            time.sleep(0.01)
            assert max(source.produced for source in sources) <= taken + 4
    assert [source.finals for source in sources] == [1, 1]


@pytest.mark.parametrize("body", ["step", "astep"])
def test_nothing_is_lost_or_overtaken_however_far_ahead_branches_run(body: str) -> None:
    def count(_: object) -> Iterator[list[int]]:
        for number in range(2000):
            yield [number]

    async def acount(_: object) -> AsyncIterator[list[int]]:
        for number in range(2000):
            yield [number]

    counted = count if body == "step" else acount
    for chunks in both(fanout(a=counted, b=counted)):
        assert merged(chunks) == {"a": [*range(2000)], "b": [*range(2000)]}


@pytest.mark.race
@pytest.mark.parametrize("body", ["step", "astep"])
@pytest.mark.parametrize("taken", [0, 1, 7])
def test_closing_stops_all_branches_and_awaits_their_cleanup(body: str, taken: int) -> None:
    sources = Endless(), Endless(), Endless()
    a, b, c = (getattr(source, body) for source in sources)
    chain = fanout(a=a, inner=fanout(b=b, c=c)) | pick("a", "inner")
    chunks = chain.stream(1)
    for _ in range(taken):
        next(chunks)
    chunks.close()
    ended = [source.finals for source in sources]
    produced = [source.produced for source in sources]
    assert all(final == (1 if made else 0) for final, made in zip(ended, produced, strict=True))
    time.sleep(0.005)
    assert [source.produced for source in sources] == produced


@pytest.mark.race
@pytest.mark.parametrize("body", ["step", "astep"])
def test_an_async_stream_that_is_closed_leaves_no_task(run: Loop, body: str) -> None:
    sources = Endless(), Endless()
    chain = fanout({str(i): getattr(each, body) for i, each in enumerate(sources)})

    async def main() -> None:
        async with contextlib.aclosing(chain.astream(1)) as chunks:
            await anext(chunks)
            await anext(chunks)
        # trio begins what is ready in any order: there, one of them may not have begun.
        began = [bool(each.produced) for each in sources] if is_trio() else [True, True]
        assert [source.finals for source in sources] == began
        assert tasks_left() == 0

    run(main(), seconds=10)


def test_a_stream_that_nobody_holds_any_more_is_closed() -> None:
    source = Endless()
    chunks = fanout(a=source.step, b=source.step).stream(1)
    next(chunks)
    del chunks
    gc.collect()
    assert source.finals in {1, 2}
    assert not [t for t in threading.enumerate() if t.name == "combinators" and not t.daemon]


@pytest.mark.race
def test_an_async_stream_that_is_cancelled_awaits_its_branches(run: Loop) -> None:
    log: list[str] = []

    async def waits(_: object) -> AsyncIterator[int]:
        try:
            await anyio.sleep(30)
            yield 1
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.01)
            log.append("cleaned up")

    async def main() -> None:
        chunks = fanout(a=waits, b=waits).astream(1)
        async with begun(anext(chunks)) as waiting:
            await anyio.sleep(0.02)
            waiting.cancel()
            assert await waiting.was_cancelled()
            assert log == ["cleaned up"] * 2

    run(main(), seconds=10)


def test_interrupting_a_stream_does_not_wait_for_its_branches() -> None:
    code = """
import os, signal, threading, time
from combinators import fanout
def waits(_):
    time.sleep(20)
    yield 1
def interrupts(_):
    time.sleep(0.1)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(20)
    yield 1
begin = time.monotonic()
try:
    list(fanout(a=waits, b=interrupts).stream(1))
except KeyboardInterrupt:
    print(time.monotonic() - begin < 5)
"""
    assert python(code, seconds=15).stdout == "True\n"


@pytest.mark.race
@pytest.mark.parametrize("body", ["step", "astep"])
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_streaming_fanout_keeps_its_limit(run: Loop, body: str, limit: int) -> None:
    gauge = Gauge(0.002)

    def step(x: int) -> Iterator[list[object]]:
        for _ in range(3):
            yield [gauge.step(x)]

    async def astep(x: int) -> AsyncIterator[list[object]]:
        for _ in range(3):
            yield [await gauge.astep(x)]

    made: AnyStep = step if body == "step" else astep
    wide: Runnable[int, Any] = fanout({f"k{i}": made for i in range(4)})
    chain = fanout(a=wide, b=pipe(made, len, wide), c=made)
    whole = chain.invoke(1)
    assert merged(list(chain.stream(1, limit=limit))) == whole
    assert merged(run(collected(chain.astream(1, limit=limit)))) == whole
    if limit == 1:
        gauge.peak = 0
        list(chain.stream(1, limit=limit))
        assert gauge.peak == 1


USER: ContextVar[str] = ContextVar("user", default="nobody")


@pytest.mark.parametrize("way", STREAMS)
def test_what_a_branch_writes_stays_in_it(way: Way) -> None:
    def login(name: object) -> Iterator[str]:
        USER.set(f"user {name}")
        yield ""
        yield USER.get()

    async def alogin(name: object) -> AsyncIterator[str]:
        USER.set(f"user {name}")
        yield ""
        yield USER.get()

    for step in (login, alogin):
        chain = fanout(a=step, b=lambda _: USER.get(), c=step)
        assert way(chain, 1) == {"a": "user 1", "b": "nobody", "c": "user 1"}
        assert way(fanout(a=step), 1) == {"a": "user 1"}
        assert USER.get() == "nobody"


@pytest.mark.race
@pytest.mark.parametrize("threads", [0, 1, 2])
def test_few_threads_are_enough_for_any_stream(threads: int) -> None:
    code = f"""
from combinators import assign, fanout, passthrough, pipe, runnable, transform
from combinators._run.chunks import merged
from combinators._run.concurrency.pool import POOL
POOL._max_threads = {threads}
def count(_):
    for number in range(200):
        yield [number]
def same(chunks):
    yield from chunks
def pairs(chunks):
    for chunk in chunks:
        yield chunk + next(chunks, [])
inner = fanout(a=count, b=count, c=len)
chain = runnable(lambda n: [n]) | fanout(x=inner, y=inner, z=pipe(count, inner))
assert merged(list(chain.stream(1))) == chain.invoke(1)
beside = fanout(a=transform(same), b=passthrough(), c=len, d=transform(pairs), e=inner)
assert merged(list(pipe(count, beside).stream(1))) == pipe(count, beside).invoke(1)
print("done")
"""
    done = python(code, seconds=20)
    assert (done.stdout, done.stderr) == ("done\n", "")


def test_deep_fanouts_stream() -> None:
    deep: Runnable[Any, Any] = yielding("a", "b")
    for _ in range(300):
        deep = fanout(a=deep)
    for chunks in both(deep):
        assert len(chunks) == 2


def test_check_mutation_finds_the_branch_while_streaming(run: Loop) -> None:
    def changes(x: list[int]) -> int:
        x.append(1)
        return 1

    chain = fanout(a=len, b=changes)
    with pytest.raises(FanoutError) as caught:
        list(chain.stream([], check_mutation=True))
    assert isinstance(caught.value.errors["b"], MutationError)
    with pytest.raises(FanoutError) as caught:
        run(collected(chain.astream([], check_mutation=True)))
    assert isinstance(caught.value.errors["b"], MutationError)


# --- What is closed tells what failed ----------------------------------------------------


def fails_to_clear_up(_: object) -> Iterator[str]:
    try:
        while True:
            yield "chunk"
            time.sleep(0.001)
    finally:
        raise OSError


async def afails_to_clear_up(_: object) -> AsyncIterator[str]:
    try:
        while True:
            yield "chunk"
            await anyio.sleep(0.001)
    finally:
        raise OSError


CLEARING = (
    fails_to_clear_up,
    afails_to_clear_up,
    runnable(fails_to_clear_up, inline=True),
)


def closed_when(r: Runnable[Any, Any], keys: set[str]) -> FanoutError:
    """Return the error of a stream that is closed when it has given chunks under all these keys."""
    missing, chunks = set(keys), r.stream(1)
    while missing:
        missing -= next(chunks).keys()
    with pytest.raises(FanoutError) as caught:
        chunks.close()
    return caught.value


async def aclosed_when(r: Runnable[Any, Any], keys: set[str]) -> FanoutError:
    missing = set(keys)
    chunks = r.astream(1)
    while missing:
        missing -= (await anext(chunks)).keys()
    with pytest.raises(FanoutError) as caught:
        await chunks.aclose()
    return caught.value


@pytest.mark.parametrize("body", CLEARING)
def test_a_branch_alone_that_is_closed_tells_that_its_cleanup_failed(
    run: Loop, body: AnyStep
) -> None:
    r = fanout(a=body)
    for error in (closed_when(r, {"a"}), run(aclosed_when(r, {"a"}))):
        assert [*error.flat()] == [("a",)]


def test_a_branch_alone_that_is_closed_has_nothing_else_to_tell() -> None:
    source = Endless()
    chunks = fanout(a=source.step).stream(1)
    next(chunks)
    chunks.close()
    assert source.finals == 1


@pytest.mark.race
@pytest.mark.parametrize("body", [fails_to_clear_up, afails_to_clear_up])
def test_a_fanout_that_is_closed_tells_which_cleanups_failed(run: Loop, body: AnyStep) -> None:
    r = fanout(a=body, b=fanout(c=body, d=Endless().step))
    for error in (closed_when(r, {"a", "b"}), run(aclosed_when(r, {"a", "b"}))):
        assert ("a",) in error.flat()
        assert {*error.flat()} <= {("a",), ("b", "c")}  # unless only `d` had begun by then


@pytest.mark.race
@pytest.mark.parametrize("read", STREAMS)
def test_a_failure_and_the_cleanups_that_fail_because_of_it_are_told_together(read: Way) -> None:
    def fails_then(_: object) -> Iterator[str]:
        time.sleep(0.05)
        yield "chunk"
        raise ValueError

    with pytest.raises(FanoutError) as caught:
        read(fanout(a=fails_then, b=fanout(c=fails_to_clear_up, d=fails_to_clear_up)), 1)
    assert [*caught.value.flat()] == [("a",), ("b", "c"), ("b", "d")]


@pytest.mark.race
def test_a_cheap_branch_that_fails_is_told_with_what_failed_beside_it() -> None:
    def fails_then(_: object) -> Iterator[str]:
        yield "chunk"
        time.sleep(0.05)
        raise ValueError

    cheap = runnable(fails_then, inline=True)
    with pytest.raises(FanoutError) as caught:
        by_stream(fanout(a=cheap, b=fails_to_clear_up, c=fails_to_clear_up), 1)
    assert [*caught.value.flat()] == [("a",), ("b",), ("c",)]


@pytest.mark.race
@pytest.mark.parametrize("failing", [failing(ValueError()), afailing(ValueError())])
def test_what_is_no_exception_in_a_cheap_branch_is_bare_although_another_has_failed(
    run: Loop, failing: AnyStep
) -> None:
    def halts_then(_: object) -> Iterator[str]:
        yield "chunk"
        raise Halt

    r = fanout(a=runnable(halts_then, inline=True), b=failing, c=Endless().step)

    async def main() -> None:
        chunks = r.astream(1)
        assert await anext(chunks) == {"a": "chunk"}
        await anyio.sleep(0.02)
        with pytest.raises(Halt):
            await anext(chunks)

    run(main())
    read = r.stream(1)
    assert next(read) == {"a": "chunk"}
    time.sleep(0.02)
    with pytest.raises(Halt):
        next(read)


@pytest.mark.race
def test_who_fails_as_it_is_stopped_is_told_beside_who_has_failed_before(run: Loop) -> None:
    raised: list[object] = []

    def fails(x: object) -> None:
        raised.append(x)
        raise ValueError

    cheap = runnable(fails, inline=True)
    inner = pipe(awaiting(0), fanout(x=cheap, y=Endless().astep, z=Endless().astep))
    for _ in range(10):
        raised.clear()
        with pytest.raises(FanoutError) as caught:
            run(collected(fanout(a=inner, b=inner).astream(1, limit=1)))
        assert len(caught.value.flat()) == len(raised)

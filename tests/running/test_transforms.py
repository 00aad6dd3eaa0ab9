"""Steps from chunks to chunks, and pipelines whose input comes in chunks."""

import contextlib
import pickle
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from combinators import (
    AbsentKeyError,
    BuilderError,
    EmptyStreamError,
    FanoutError,
    MergeError,
    NotAStepError,
    ResultError,
    Runnable,
    RunningLoopError,
    each,
    fanout,
    omit,
    passthrough,
    pick,
    pipe,
    runnable,
    transform,
    update,
)
from combinators._run.chunks import merged
from tests.running.ways import (
    LOOPS,
    WAYS,
    AnyStep,
    LaterResuming,
    Loop,
    Resuming,
    Way,
    begun,
    by_astream,
    by_astream_on_trio,
    by_stream,
    collected,
    inc,
    note_of,
    notes_of,
)


def upper(chunks: Iterator[str]) -> Iterator[str]:
    for chunk in chunks:
        yield chunk.upper()


async def aupper(chunks: AsyncIterator[str]) -> AsyncIterator[str]:
    async for chunk in chunks:
        await anyio.lowlevel.checkpoint()
        yield chunk.upper()


@transform
def shout(chunks: Iterator[str]) -> Iterator[str]:
    yield from upper(chunks)


ashout = transform(aupper)


def words(text: str) -> Iterator[str]:
    yield from text.split()


async def awords(text: str) -> AsyncIterator[str]:
    for word in text.split():
        yield word


SHOUTS = (shout, ashout)
SOURCES = (words, awords)


def both(r: Runnable[Any, Any], x: object) -> list[list[Any]]:
    """Return the chunks by `stream` and by `astream`, on either loop."""
    return [list(r.stream(x)), *(loop(collected(r.astream(x))) for loop in LOOPS)]


def changed(r: Runnable[Any, Any], chunks: list[Any]) -> list[list[Any]]:
    """Return the chunks by `transform` and by `atransform`."""
    return [
        list(r.transform(iter(chunks))),
        *(loop(collected(r.atransform(iter(chunks)))) for loop in LOOPS),
        *(loop(collected(r.atransform(arriving(chunks)))) for loop in LOOPS),
    ]


async def arriving(chunks: list[Any]) -> AsyncIterator[Any]:
    for chunk in chunks:
        await anyio.lowlevel.checkpoint()
        yield chunk


@pytest.mark.parametrize("way", [by_stream, by_astream, by_astream_on_trio])
@pytest.mark.parametrize("step", SHOUTS)
def test_a_thousand_transforms_read_one_another(way: Way, step: AnyStep) -> None:
    assert way(pipe(words, *[step] * 1000), "to be") == "TOBE"


@transform
def refusing(chunks: Iterator[str]) -> Iterator[int]:
    if not list(chunks):
        raise LookupError
    yield 1


@pytest.mark.race
@pytest.mark.parametrize("other", [passthrough(), refusing])
def test_an_empty_input_is_told_whoever_comes_to_its_end_first(
    run: Loop, other: Runnable[str, object]
) -> None:
    beside = fanout(a=refusing, b=other)
    for _ in range(10):
        with pytest.raises(EmptyStreamError):
            list(beside.transform([]))
        with pytest.raises(EmptyStreamError):
            run(collected(beside.atransform([])))


def test_a_source_that_goes_on_behind_its_end_is_the_same_to_every_reader(run: Loop) -> None:
    @transform
    def listing(chunks: Iterator[int]) -> Iterator[list[int]]:
        for chunk in chunks:
            yield [chunk]

    three = fanout(a=listing, b=listing, c=listing)
    expected = {key: [0, 1] for key in "abc"}
    assert merged(list(three.transform(Resuming(StopIteration())))) == expected
    later = three.atransform(LaterResuming(StopIteration()))
    assert merged(run(collected(later))) == expected


def test_what_taps_of_several_branches_watch_with_runs_at_once() -> None:
    meeting = threading.Barrier(2)

    def watch(_: object) -> None:
        meeting.wait(10)

    watched = passthrough().tap(watch)
    for chunks in changed(fanout(a=watched, b=watched), ["x"]):
        assert merged(chunks) == {"a": "x", "b": "x"}


def test_what_chunks_pass_need_not_merge() -> None:
    for chunks in changed(fanout(a=passthrough()), [1, "a", None]):
        assert chunks == [{"a": 1}, {"a": "a"}, {"a": None}]


@pytest.mark.parametrize("step", SHOUTS)
@pytest.mark.parametrize("source", SOURCES)
def test_transforms_chain_chunk_by_chunk(step: AnyStep, source: AnyStep) -> None:
    for chunks in both(pipe(source, step, shout, step), "to be or"):
        assert chunks == ["TO", "BE", "OR"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("step", SHOUTS)
def test_what_is_there_as_a_whole_is_one_chunk(way: Way, step: AnyStep) -> None:
    assert way(pipe(str, step, len), "to be") == 5
    assert way(fanout(a=step, b=pipe(step, step)), "to be") == {"a": "TO BE", "b": "TO BE"}
    assert way(each(step), ["to", "be"]) == ["TO", "BE"]


@pytest.mark.parametrize("source", SOURCES)
def test_what_a_transform_does_not_read_is_not_made(source: AnyStep) -> None:
    made: list[int] = []

    def endless(_: object) -> Iterator[str]:
        while True:
            made.append(1)
            yield "a"

    def two(chunks: Iterator[str]) -> Iterator[str]:
        for _, chunk in zip(range(2), chunks, strict=False):
            yield chunk

    chain = pipe(source, endless, transform(two), shout, len)
    assert list(chain.stream("x")) == [2]
    assert len(made) == 2


def test_any_callable_that_gives_an_iterator_will_do(run: Loop) -> None:
    def mapped(chunks: Iterator[str]) -> Iterator[str]:
        return map(str.upper, chunks)

    for chunks in both(pipe(words, transform(mapped)), "to be"):
        assert chunks == ["TO", "BE"]

    async def never(chunks: AsyncIterator[str]) -> AsyncIterator[str]:
        async for chunk in chunks:
            yield chunk

    step = transform(upper, aio=never)
    assert list(step.transform(["a"])) == ["A"]
    assert run(collected(step.atransform(["a"]))) == ["a"]


@pytest.mark.parametrize("step", SHOUTS)
def test_a_pipeline_takes_chunks(step: AnyStep) -> None:
    for chunks in changed(pipe(passthrough(str), step).named("it"), ["to ", "be"]):
        assert chunks == ["TO ", "BE"]
    for chunks in changed(pipe(step, len), ["to ", "be"]):
        assert chunks == [5]
    for chunks in changed(pick("a") | step, [{"a": "x"}, {"b": 1}, {"a": "y"}]):
        assert chunks == ["X", "Y"]
    for chunks in changed(fanout(a=step, b=passthrough(), n=len), ["x", "y"]):
        assert merged(chunks) == {"a": "XY", "b": "xy", "n": 2}
        assert [chunk["a"] for chunk in chunks if "a" in chunk] == ["X", "Y"]


def test_a_chunk_is_taken_when_it_is_needed() -> None:
    given: list[str] = []

    def source() -> Iterator[str]:
        for chunk in "abc":
            given.append(chunk)
            yield chunk

    with contextlib.closing(pipe(shout, shout).transform(source())) as chunks:
        assert given == []
        assert next(chunks) == "A"
        assert given == ["a"]


@pytest.mark.parametrize("step", SHOUTS)
def test_an_input_without_a_chunk_is_an_error(run: Loop, step: AnyStep) -> None:
    chains = (
        passthrough(),
        runnable(step),
        pipe(step, len),
        runnable(inc),
        fanout(a=step),
        passthrough().tap(id),
        passthrough().tap(id) | step,
    )
    for chain in chains:
        step_of_any: Runnable[Any, Any] = chain
        with pytest.raises(EmptyStreamError) as caught:
            list(step_of_any.transform([]))
        assert str(caught.value).startswith("the input of transform() yielded no chunk.")
        with pytest.raises(EmptyStreamError) as caught:
            run(collected(step_of_any.atransform([])))
        assert str(caught.value).startswith("the input of transform() yielded no chunk.")


def test_an_input_that_fails_or_does_not_merge_is_nobodys_fault() -> None:
    def source() -> Iterator[str]:
        yield "a"
        raise LookupError("source")

    for step in (shout, ashout, runnable(len), fanout(a=shout, b=len)):
        with pytest.raises(LookupError) as caught:
            list(step.transform(source()))
        assert not hasattr(caught.value, "__notes__")
    with pytest.raises(MergeError) as unmerged:
        list(runnable(len).transform(["a", 1]))  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]  # the point
    assert not hasattr(unmerged.value, "__notes__")


def silent(chunks: Iterator[str]) -> Iterator[str]:
    for _ in chunks:
        yield from ()


async def asilent(chunks: AsyncIterator[str]) -> AsyncIterator[str]:
    async for chunk in chunks:
        if not chunk:
            yield chunk


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("body", [silent, asilent])
def test_a_transform_without_a_chunk_is_an_error_everywhere(way: Way, body: AnyStep) -> None:
    step: Runnable[Any, Any] = transform(body)
    for chain in (pipe(words, step), pipe(words, step, shout)):
        with pytest.raises(EmptyStreamError) as caught:
            way(chain, "to be")
        assert note_of(caught.value) == f"at pipe step 2 (transform {body.__name__})"


def fails(chunks: Iterator[str]) -> Iterator[str]:
    yield next(chunks)
    raise ValueError("later")


async def afails(chunks: AsyncIterator[str]) -> AsyncIterator[str]:
    yield await anext(chunks)
    raise ValueError("later")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("body", [fails, afails])
def test_the_note_says_which_transform_has_failed(way: Way, body: AnyStep) -> None:
    step: Runnable[Any, Any] = transform(body)
    for chain in (pipe(words, shout, step), pipe(words, shout, step, shout)):
        with pytest.raises(ValueError, match="later") as caught:
            way(chain, "to be")
        assert note_of(caught.value) == f"at pipe step 3 (transform {body.__name__})"
    with pytest.raises(FanoutError) as group:
        way(pipe(words, fanout(a=step, b=passthrough())), "to be")
    assert notes_of(group.value) == {("a",): "at pipe step 2 (fanout) > fanout['a']"}


def number(_: object) -> int:
    return 5


def text(_: object) -> str:
    return "ab"


async def later() -> Iterator[str]:
    return iter("ab")


def forgotten(_: object) -> Coroutine[Any, Any, Iterator[str]]:
    return later()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("body", "kind"), [(number, "an int"), (text, "a str"), (forgotten, "a coroutine")]
)
def test_what_gives_no_chunks_is_an_error_that_says_so(way: Way, body: AnyStep, kind: str) -> None:
    step: Runnable[Any, Any] = transform(body)
    with pytest.raises(ResultError) as caught:
        way(pipe(str, step), "a")
    name = f"transform {body.__name__}"
    assert str(caught.value) == f"{name} returned {kind}. Return an iterator of chunks."
    assert note_of(caught.value) == f"at pipe step 2 ({name})"


@pytest.mark.parametrize("way", WAYS)
def test_stop_iteration_from_a_body_is_a_runtime_error(way: Way) -> None:
    def stops(_: Iterator[str]) -> Iterator[str]:
        raise StopIteration

    with pytest.raises(RuntimeError) as caught:
        way(pipe(str, transform(stops)), "a")
    assert str(caught.value) == "transform stops raised StopIteration"


def test_what_is_no_transform_is_refused_when_building() -> None:
    async def coroutine(chunks: AsyncIterator[str]) -> str:
        return "".join([chunk async for chunk in chunks])

    wrong: Any = coroutine
    with pytest.raises(BuilderError) as caught:
        transform(wrong)
    assert str(caught.value) == (
        "transform() was given a coroutine function.\n"
        "Yield the chunks: an async generator function takes an async iterator and gives one."
    )
    bodies: Any = {"an iterator": silent, "an async iterator": aupper}
    for kind, body in bodies.items():
        with pytest.raises(BuilderError) as caught:
            transform(body, aio=body)
        assert str(caught.value) == (
            f"transform() was given bodies over {kind} and {kind}.\n"
            "The first body takes an iterator, and aio= is an async generator function."
        )
    nothing: Any = 5
    with pytest.raises(NotAStepError, match=r"^transform\(\) argument 1 is an int"):
        transform(nothing)
    with pytest.raises(NotAStepError, match=r"^transform\(\) aio is an int"):
        transform(silent, aio=nothing)


def test_a_transform_is_a_value() -> None:
    assert repr(pipe(words, shout)) == "pipe(words, transform(shout))"
    assert pickle.loads(pickle.dumps(shout | ashout)) == shout | ashout  # noqa: S301 - our own
    both_bodies = transform(silent, aio=asilent)
    assert repr(both_bodies) == "transform(silent, aio=asilent)"
    assert both_bodies == transform(silent, aio=asilent) != transform(silent)
    assert (runnable(words) | shout).draw() == "pipe\n├─ 1. words\n└─ 2. transform shout"


class Endless:
    """Chunks without an end that tell when they are over."""

    def __init__(self) -> None:
        self.finals = 0

    def source(self, _: object) -> Iterator[str]:
        try:
            while True:
                yield "a"
        finally:
            self.finals += 1

    def change(self, chunks: Iterator[str]) -> Iterator[str]:
        try:
            yield from chunks
        finally:
            self.finals += 1

    async def achange(self, chunks: AsyncIterator[str]) -> AsyncIterator[str]:
        try:
            async for chunk in chunks:
                yield chunk
        finally:
            await anyio.sleep(0.001)
            self.finals += 1


@pytest.mark.race
@pytest.mark.parametrize("change", ["change", "achange"])
def test_closing_runs_every_cleanup(run: Loop, change: str) -> None:
    made = Endless()
    step: AnyStep = transform(getattr(made, change))
    chain = pipe(made.source, step, shout, step)
    with contextlib.closing(chain.stream(1)) as chunks:
        assert next(chunks) == "A"
    assert made.finals == 3

    async def main() -> None:
        async with contextlib.aclosing(chain.astream(1)) as chunks:
            assert await anext(chunks) == "A"

    run(main(), seconds=10)
    assert made.finals == 6
    wide = pipe(made.source, fanout(a=step, b=step))
    with contextlib.closing(wide.stream(1)) as pieces:
        next(pieces)
        next(pieces)
    assert made.finals >= 8


@pytest.mark.race
def test_a_transform_on_the_pool_that_waits_for_a_chunk_is_stopped_with_its_stream(
    run: Loop,
) -> None:
    ended: list[str] = []

    async def source() -> AsyncIterator[str]:
        try:
            yield "a"
            await anyio.sleep(30)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.lowlevel.checkpoint()
            ended.append("source")

    def waits(chunks: Iterator[str]) -> Iterator[str]:
        try:
            yield from chunks
            ended.append("chunks")  # these were not all
        finally:
            ended.append("transform")

    async def main() -> None:
        stream = transform(waits).atransform(source())
        assert await anext(stream) == "a"
        async with begun(anext(stream)) as task:
            await anyio.sleep(0.02)
            task.cancel()
            assert await task.was_cancelled()

    run(main(), seconds=10)
    assert ended == ["source", "transform"]


def test_every_cleanup_runs_though_one_fails() -> None:
    made = Endless()

    def careless(chunks: Iterator[str]) -> Iterator[str]:
        try:
            yield from chunks
        finally:
            raise LookupError("cleanup")

    chunks = pipe(made.source, transform(careless), shout).stream(1)
    next(chunks)
    with pytest.raises(LookupError, match="cleanup"):
        chunks.close()
    assert made.finals == 1


def test_ten_thousand_steps_stream(run: Loop) -> None:
    long = pipe(words, *[passthrough(str).tap(id)] * 5000, *[shout] * 5000)
    assert list(long.stream("to be")) == ["TO", "BE"]
    alike = pipe(words, *[passthrough(str).tap(id)] * 200, *[shout] * 200)
    assert run(collected(alike.astream("to be"))) == ["TO", "BE"]


def test_what_fails_far_up_a_long_stream_has_its_path() -> None:
    def fails(chunks: Iterator[str]) -> Iterator[str]:
        yield next(chunks)
        raise LookupError

    long = pipe(words, transform(fails), *[shout] * 100)
    for way in (by_stream, by_astream):
        with pytest.raises(LookupError) as caught:
            way(long, "a b")
        assert note_of(caught.value) == "at pipe step 2 (transform fails)"


def test_a_generator_of_the_whole_takes_chunks() -> None:
    for chunks in changed(runnable(words), ["to ", "be"]):
        assert chunks == ["to", "be"]


def test_chunks_that_do_not_merge_are_refused_where_they_are_collected(run: Loop) -> None:
    def same(chunks: Iterator[Any]) -> Iterator[Any]:
        yield from chunks

    for chain in (fanout(a=len, b=passthrough()), fanout(a=len, b=transform(same))):
        step: Runnable[Any, Any] = chain
        with pytest.raises(MergeError):
            list(step.transform([1, "a"]))
        with pytest.raises(MergeError):
            run(collected(step.atransform([1, "a"])))


def test_what_has_nothing_left_of_a_chunk_says_so_in_the_end() -> None:
    for chunks in changed(fanout(a=omit("a"), b=passthrough()), [{"a": 1}]):
        assert merged(chunks) == {"a": {}, "b": {"a": 1}}


def test_a_key_that_never_came_is_an_error_beside_a_transform_too(run: Loop) -> None:
    def same(chunks: Iterator[Any]) -> Iterator[Any]:
        yield from chunks

    for chain in (update(a=transform(same)), update(a=len)):
        step: Runnable[Any, Any] = chain
        with pytest.raises(AbsentKeyError):
            list(step.transform([{"b": 1}]))
        with pytest.raises(AbsentKeyError):
            run(collected(step.atransform([{"b": 1}])))


def test_what_fails_beside_a_transform_fails_under_its_key(run: Loop) -> None:
    def same(chunks: Iterator[Any]) -> Iterator[Any]:
        yield from chunks

    step: Runnable[Any, Any] = fanout(a=transform(same), b=pick("absent"), c=words_of)
    with pytest.raises(FanoutError) as caught:
        list(step.transform([{"a": "b"}]))
    assert caught.value.errors.keys() == {"b"}
    with pytest.raises(FanoutError) as caught:
        run(collected(step.atransform([{"a": "b"}])))
    assert caught.value.errors.keys() == {"b"}
    beside: Runnable[Any, Any] = fanout(b=pick("absent"), c=words_of)
    for way in (by_stream, by_astream):
        with pytest.raises(FanoutError) as caught:
            way(beside, {"a": "b"})
        assert caught.value.errors.keys() == {"b"}


def test_an_update_of_every_key_streams_no_chunk_of_its_input() -> None:
    for chunks in both(update(a=words_of), {"a": "to be"}):
        assert chunks == [{"a": "to"}, {"a": "be"}]


def words_of(given: dict[str, str]) -> Iterator[str]:
    yield from words(given["a"])


def test_async_steps_refuse_to_block_an_event_loop(run: Loop) -> None:
    async def main() -> None:
        with pytest.raises(RunningLoopError):
            list(ashout.transform(["a"]))

    run(main())


@pytest.mark.parametrize("way", [by_stream, by_astream, by_astream_on_trio])
def test_what_a_transform_raises_before_its_first_chunk_comes_first_in_a_stream(way: Way) -> None:
    def fails(_: object) -> Iterator[str]:
        yield "".index("missing") * ""

    def refuses(chunks: Iterator[str]) -> Iterator[str]:
        yield str(1 // 0)
        yield from chunks

    chain = pipe(fails, transform(refuses))
    with pytest.raises(ArithmeticError):
        way(chain, 1)
    with pytest.raises(ValueError, match="substring"):
        chain.invoke(1)

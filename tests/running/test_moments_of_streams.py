"""Streams at moments that come seldom: each is made to come, by holding a thread where it is.

A gate is where a thread is about to wait. Whoever makes one here is held until what matters
has happened meanwhile.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from typing_extensions import override

from combinators import FanoutError, Runnable, cancelled, fanout, pipe, runnable, transform
from combinators._run.call import limited
from combinators._run.chunks import merged
from combinators._run.concurrency.pool import Pool
from combinators._run.concurrency.threads import Gate, SystemThreads
from combinators._run.streams import sharing
from combinators._run.streams.merging import FEWEST, Merged, Strand
from combinators._run.streams.stream import runner
from tests.running.ways import (
    Gauge,
    Loop,
    begun,
    collected,
    notes_of,
    on_asyncio,
)

pytestmark = pytest.mark.race

MANY = 3 * sharing.FURTHEST


class Held(SystemThreads):
    """Threads of which one is held where it is about to wait, for the first time."""

    def __init__(self) -> None:
        self.holds: int | None = None  # the thread to be held
        self.arrived = threading.Event()
        self.go_on = threading.Event()

    @override
    def gate(self) -> Gate:
        if threading.get_ident() == self.holds:
            self.holds = None
            self.arrived.set()
            assert self.go_on.wait(10)
        return super().gate()

    def hold_me(self) -> None:
        """Hold the thread that calls this."""
        self.holds = threading.get_ident()


def until(condition: Callable[[], bool]) -> None:
    """Return when something holds."""
    latest = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < latest
        time.sleep(0.0001)


def on(pool: Pool, r: Runnable[Any, Any], x: object, limit: int | None = None) -> Iterator[Any]:
    """Return a stream that runs on threads of its own."""
    return runner(r.node, watch=False).on(x, limited(limit, pool))


def counting(_: object) -> Iterator[list[int]]:
    for number in range(10):
        yield [number]


def test_a_branch_goes_on_if_there_was_room_before_it_could_wait() -> None:
    threads = Held()

    def quick(x: object) -> Iterator[list[int]]:
        threads.hold_me()
        yield from counting(x)

    chunks = on(Pool(threads=threads), fanout(a=quick, b=lambda _: 1), 1)
    taken = [next(chunks)]
    assert threads.arrived.wait(10)  # as many chunks are waiting as may
    while {"a": [1]} not in taken:
        taken.append(next(chunks))
    threads.go_on.set()
    assert merged([*taken, *chunks]) == {"a": [*range(10)], "b": 1}


def test_who_is_woken_before_it_waits_gives_back_the_right_that_came_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    has_news, stay = vars(Merged)["_has_news"], vars(Merged)["_stay"]
    given_back: list[bool] = []

    def late(merged: Merged, strands: Sequence[Strand]) -> bool:
        until(lambda: vars(merged)["_taker"] is None or not vars(merged)["_helping"])
        found: bool = has_news(merged, strands)
        return found

    def staying(merged: Merged) -> None:
        given_back.append(vars(merged)["_has_right"])
        stay(merged)

    monkeypatch.setattr(Merged, "_has_news", late)
    monkeypatch.setattr(Merged, "_stay", staying)
    gauge = Gauge(0.001)

    def steps(x: int) -> Iterator[list[int]]:
        for number in range(20):
            gauge.step(x)
            yield [number]

    chain = fanout(dict.fromkeys("abc", steps))
    call = limited(2, Pool())
    chunks = [*runner(chain.node, watch=False).on(0, call)]
    assert merged(chunks) == {key: [*range(20)] for key in "abc"}
    assert any(given_back)
    assert gauge.peak <= 2
    until(lambda: vars(call.budget)["_free"] >= 1)
    assert vars(call.budget)["_free"] == 1  # and the caller has the other right


def test_a_failed_branch_is_told_where_no_thread_is_to_be_had() -> None:
    def fails(_: object) -> Iterator[int]:
        yield 1
        raise LookupError

    taken: list[Any] = []
    with pytest.raises(FanoutError) as caught:
        taken.extend(on(Pool(max_threads=0), fanout(a=fails, b=counting), 1))
    assert notes_of(caught.value) == {("a",): "at fanout['a']"}


def test_what_fails_while_it_is_closed_is_told_beside_what_failed_before() -> None:
    def fails(_: object) -> Iterator[int]:
        yield 1
        raise LookupError

    def fails_at_the_end(_: object) -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            raise KeyError

    with pytest.raises(FanoutError) as caught:
        list(on(Pool(max_threads=0), fanout(a=fails, b=fails_at_the_end), 1))
    assert {key: type(error) for key, error in caught.value.errors.items()} == {
        "a": LookupError,
        "b": KeyError,
    }


def test_a_stream_inside_a_branch_stops_when_another_branch_has_failed() -> None:
    begun = threading.Event()

    def fails(_: object) -> Iterator[int]:
        assert begun.wait(10)
        yield 1
        raise LookupError

    def stops(_: object) -> Iterator[int]:
        yield 1
        begun.set()
        until(cancelled)

    inner = fanout(b=stops, c=stops)
    with pytest.raises(FanoutError) as caught:
        list(on(Pool(), fanout(a=fails, inner=inner), 1))
    assert caught.value.errors.keys() == {"a"}


def test_branches_on_threads_stop_inside_when_another_one_has_failed() -> None:
    together = threading.Barrier(3)  # so at most one of them is made by the one who takes

    def fails(_: object) -> Iterator[int]:
        yield together.wait(10)
        raise LookupError

    def stops(_: object) -> int:
        together.wait(10)
        until(cancelled)
        return 1

    begun: list[object] = []
    inside = pipe(stops, fanout(x=begun.append, y=begun.append))
    with pytest.raises(FanoutError) as caught:
        list(on(Pool(), fanout(a=fails, b=inside, c=inside), 1))
    assert caught.value.errors.keys() == {"a"}
    assert not begun


def test_a_sync_transform_that_nobody_wants_gets_no_chunk_that_comes_after_all(run: Loop) -> None:
    got: list[int] = []

    async def stubborn(_: object) -> AsyncIterator[int]:
        yield 1
        with contextlib.suppress(anyio.get_cancelled_exc_class()):
            await anyio.sleep(30)
        yield 2

    def keeps(chunks: Iterator[int]) -> Iterator[int]:
        for chunk in chunks:
            got.append(chunk)
            yield chunk

    async def main() -> None:
        stream = pipe(stubborn, transform(keeps)).astream(0)
        assert await anext(stream) == 1
        async with begun(anext(stream)) as task:
            await anyio.sleep(0.05)
            task.cancel()
            assert await task.was_cancelled()
        await stream.aclose()

    run(main(), seconds=10)
    assert got == [1]


def test_a_branch_learns_that_its_stream_was_closed() -> None:
    learned: list[bool] = []

    def quick(_: object) -> Iterator[int]:
        yield 1

    def patient(_: object) -> int:
        until(cancelled)
        learned.append(True)
        return 1

    with contextlib.closing(fanout(a=quick, b=patient).stream(1)) as chunks:
        assert next(chunks) == {"a": 1}
    assert learned == [True]


# --- One input for several readers -----------------------------------------------------------


def test_a_reader_goes_on_if_others_have_read_before_it_could_wait() -> None:
    threads = Held()

    def ahead(chunks: Iterator[list[int]]) -> Iterator[list[int]]:
        threads.hold_me()
        yield from chunks
        threads.go_on.set()

    def behind(chunks: Iterator[list[int]]) -> Iterator[list[int]]:
        yield next(chunks)
        assert threads.arrived.wait(10)
        for _, chunk in zip(range(sharing.FURTHEST), chunks, strict=False):
            yield chunk
        threads.go_on.set()
        yield from chunks

    # What flows out of the first would make it wait for room: it gives nothing until the end.
    def collecting(chunks: Iterator[list[int]]) -> Iterator[list[int]]:
        yield [number for chunk in ahead(chunks) for number in chunk]

    chain = pipe(numbers, fanout(a=transform(collecting), b=transform(behind)))
    chunks = list(on(Pool(threads=threads), chain, 1))
    assert merged(chunks) == {"a": [*range(MANY)], "b": [*range(MANY)]}


def numbers(_: object) -> Iterator[list[int]]:
    for number in range(MANY):
        yield [number]


def test_every_reader_is_told_that_the_input_has_failed() -> None:
    def broken(_: object) -> Iterator[int]:
        yield 1
        raise LookupError

    both = threading.Barrier(2)
    told: list[str] = []

    def careful(chunks: Iterator[int]) -> Iterator[int]:
        yield next(chunks)
        both.wait(10)
        try:
            yield from chunks
        except LookupError as error:
            told.append(type(error).__name__)
            both.wait(10)  # until the other one knows
            yield 2

    step: Runnable[Any, Any] = transform(careful)
    with pytest.raises(LookupError):
        list(on(Pool(), pipe(broken, fanout(a=step, b=step)), 1))
    assert told == ["LookupError"] * 2


def test_an_async_reader_waits_for_one_that_is_far_behind(run: Loop) -> None:
    furthest = 0
    read = {"ahead": 0, "behind": 0}

    async def ahead(chunks: AsyncIterator[list[int]]) -> AsyncIterator[int]:
        nonlocal furthest
        async for _ in chunks:
            read["ahead"] += 1
            furthest = max(furthest, read["ahead"] - read["behind"])
        yield read["ahead"]

    async def behind(chunks: AsyncIterator[list[int]]) -> AsyncIterator[int]:
        async for _ in chunks:
            read["behind"] += 1
            await anyio.sleep(0.001)
        yield read["behind"]

    chain = pipe(numbers, fanout(a=transform(ahead), b=transform(behind)))
    assert merged(run(collected(chain.astream(1)))) == {"a": MANY, "b": MANY}
    assert 1 < furthest <= sharing.FURTHEST + 1


# --- Ends ------------------------------------------------------------------------------------


def test_what_is_thrown_into_a_stream_from_outside_is_nobodys_fault() -> None:
    closed: list[int] = []

    def source(_: object) -> Iterator[int]:
        try:
            yield 1
            yield 2
        finally:
            closed.append(1)

    chunks = runnable(source).stream(1)
    assert next(chunks) == 1
    with pytest.raises(LookupError) as caught:
        chunks.throw(LookupError())
    assert not hasattr(caught.value, "__notes__")
    assert closed == [1]


def test_a_branch_that_is_cancelled_by_itself_ends_an_async_stream() -> None:
    ended: list[int] = []

    async def cancels(_: object) -> AsyncIterator[int]:
        await anyio.sleep(0.01)
        yield 1
        raise asyncio.CancelledError

    async def endless(_: object) -> AsyncIterator[int]:
        try:
            while True:
                await anyio.lowlevel.checkpoint()
                yield 1
        finally:
            ended.append(1)

    with pytest.raises(asyncio.CancelledError):
        on_asyncio(collected(fanout(a=cancels, b=endless).astream(1)))
    assert ended == [1]


def test_what_was_ready_before_another_branch_failed_is_given(run: Loop) -> None:
    async def quick(_: object) -> AsyncIterator[list[int]]:
        for number in range(10):
            yield [number]

    async def fails(_: object) -> AsyncIterator[int]:
        await anyio.sleep(0.01)
        yield 1
        raise LookupError

    async def slowly() -> list[Any]:
        taken: list[Any] = []
        chunks = fanout(a=quick, b=fails).astream(1)
        with contextlib.suppress(FanoutError):
            while True:
                taken.append(await anext(chunks))
                await anyio.sleep(0.05)
        return taken

    taken = [chunk["a"] for chunk in run(slowly()) if "a" in chunk]
    assert taken == [[number] for number in range(len(taken))]
    assert len(taken) >= FEWEST

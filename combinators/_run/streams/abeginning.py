"""How each stage of a stream begins on an event loop: the twin of `beginning`."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import threading
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Any, Final, final

from combinators import _nodes as n
from combinators._failures import locate
from combinators._labels import label
from combinators._run.choice import arm_index, chosen, no_match
from combinators._run.concurrency.scopes import LOOK_UP_SECONDS, Stopped, cancelled
from combinators._run.concurrency.tasks import contained, in_thread, result_of
from combinators._run.steps import achanged, changed
from combinators._run.streams.aflow import Begin, Chunks, Flow
from combinators._run.streams.amerging import Merged, Strand
from combinators._run.streams.aspreading import run_at, spread
from combinators._run.streams.fans import Fan
from combinators._run.streams.flows import SKIP
from combinators._run.streams.merging import raise_only
from combinators._run.streams.trail import blame_inside, blame_nobody, blame_step

if TYPE_CHECKING:
    from collections.abc import (
        Awaitable,
        Callable,
        Generator,
        Iterator,
        Sequence,
    )

    from combinators._run.call import Turn
    from combinators._run.choice import Choice
    from combinators._run.code.places import Place
    from combinators._run.code.program import Program
    from combinators._run.concurrency.tasks import Contained
    from combinators._run.robust.arecovering import Start
    from combinators._run.streams.aflow import Running
    from combinators._run.streams.flows import Passage
    from combinators._run.streams.trail import Blame

NOTHING: Final = object()  # no chunk


def whole(program: Program, place: Place) -> Begin:
    """Return what runs a part whole."""

    async def begin(flow: Flow) -> None:
        x = await flow.given.folded()
        try:
            value = await program(x, flow.turn)
        except Exception as error:
            flow.trail.blamed(error, place.failed)
            raise
        flow.gives(value)

    return begin


def generator(node: n.Step, place: Place) -> Begin:
    """Return what begins a generator function of the whole input."""
    body = partial(_stepped, node)
    name, blame = label(node), partial(blame_step, place)

    async def begin(flow: Flow) -> None:
        flow.opens(body(await flow.given.folded(), flow.turn), name, blame)

    return begin


def _stepped(node: n.Step, x: Any, turn: Turn) -> Chunks:
    """Return the chunks of a generator function, of which only so many run at once."""
    chunks: Chunks = _threaded(node, x) if node.aio is None else hosted(node.aio(x), turn)
    return chunks if isinstance(turn.gate, contextlib.nullcontext) else _gated(chunks, turn)


async def _gated(chunks: Chunks, turn: Turn) -> Chunks:
    async with aclosing(chunks):
        while True:
            async with turn.gate:
                chunk = await anext(chunks, NOTHING)
            if chunk is NOTHING:
                return
            yield chunk


def hosted(chunks: Chunks, turn: Turn) -> Chunks:
    """Return the chunks of an async generator of the user's, as this event loop can read them."""
    return chunks if turn.host is None else turn.host.read(chunks, chunks.aclose)


async def _threaded(node: n.Step, x: Any) -> Chunks:
    """Yield the chunks of a sync generator: every one of them is computed on the pool."""
    source: Generator[Any, None, None] = node.function(x)
    try:
        while (chunk := await in_thread(next, source, NOTHING)) is not NOTHING:
            yield chunk
    finally:
        await _closed(source)


def guarded(start: Start, name: str, place: Place) -> Begin:
    """Return what begins a stream that may begin again, or be another one, or be too late."""

    async def begin(flow: Flow) -> None:
        flow.opens(start(await flow.given.folded(), flow.turn), name, place.failed)

    return begin


def bind(node: n.Bind, place: Place, choose: Program, run: Callable[[Choice], Running]) -> Begin:
    """Return what begins the stream of a runnable that is chosen by the whole input."""
    name, blame = label(node), partial(blame_inside, place, label(node))

    async def begin(flow: Flow) -> None:
        x = await flow.given.folded()
        try:
            choice = await choose(x, flow.turn)
        except Exception as error:
            flow.trail.blamed(error, place.failed)
            raise
        try:
            inner = run(chosen(node, choice, flow.turn.bound))
        except Exception as error:
            flow.trail.blamed(error, blame)
            raise
        flow.opens(inner.on(x, flow.turn.deeper()), name, blame)

    return begin


def chosen_arm(
    choose: Callable[[Any, Flow], Awaitable[int]],
    node: n.Branch | n.Route,
    place: Place,
    arms: Sequence[tuple[Running, Blame]],
) -> Begin:
    """Return what begins the stream of an arm that is chosen by the whole input."""

    async def begin(flow: Flow) -> None:
        x = await flow.given.folded()
        try:
            streaming, blame = arms[await choose(x, flow)]
        except Exception as error:
            flow.trail.blamed(error, place.failed)
            raise
        flow.opens(streaming.on(x, flow.turn), label(node), blame)

    return begin


async def route(node: n.Route, x: Any, _: Flow) -> int:
    """Return the position of the arm that the input names."""
    return arm_index(node, x)


async def case(
    node: n.Branch, tests: Sequence[Program], segments: Sequence[str], x: Any, flow: Flow
) -> int:
    """Return the position of the arm whose test holds first, or of the default."""
    for at, test in enumerate(tests):
        try:
            if await test(x, flow.turn):
                return at
        except Exception as error:
            locate(error, segments[at])
            raise
    if node.otherwise is None:
        raise no_match(node, x)
    return len(tests)


async def through(begin_passage: Callable[[], Passage], flow: Flow) -> None:
    """Let chunks pass some steps on their way."""
    flow.passes(passed(flow, flow.given.each(), begin_passage()))


async def passed(flow: Flow, chunks: Chunks, passage: Passage) -> Chunks:
    """Yield what becomes of chunks on their way through some steps."""
    async for chunk in chunks:
        try:
            result = passage.through(chunk)
        except Exception as error:
            flow.trail.blamed(error, blame_nobody)
            raise
        if result is not SKIP:
            yield result
    async with aclosing(ended(flow, passage)) as last:
        async for chunk in last:
            yield chunk


async def ended(flow: Flow, passage: Passage) -> Chunks:
    """Yield what steps have to give when all chunks have passed them."""
    if passage.has_seen_nothing():
        raise flow.given.empty()
    try:
        for program, value, place in passage.ending():
            if program is None:
                yield value
            else:
                await run_at(place, program, value, flow.turn)
    except Exception as error:
        flow.trail.blamed(error, blame_nobody)
        raise


async def apart(flow: Flow) -> None:
    """Let the chunks up to here be made in a task of their own, which has a stack of its own."""
    flow.passes(_elsewhere(flow.given.each()))


async def _elsewhere(chunks: Chunks) -> Chunks:
    strand = Strand(0, None, chunks)
    async with aclosing(Merged(raise_only).chunks([strand])) as merged:
        async for chunk in merged:
            yield chunk


def changing(node: n.Transform, place: Place) -> Begin:
    """Return what begins a step from chunks to chunks."""
    name, blame = label(node), partial(blame_step, place)

    async def begin(flow: Flow) -> None:
        chunks = flow.given.each()
        made = _changed(node, chunks, flow.turn) if node.aio else _changed_elsewhere(node, chunks)
        flow.opens(made, name, blame)

    return begin


def _changed(node: n.Transform, chunks: Chunks, turn: Turn) -> Chunks:
    """Return what an async transform makes of chunks."""
    if turn.host is None:
        return achanged(node, chunks)
    return hosted(achanged(node, turn.host.lend(chunks)), turn)


async def _changed_elsewhere(node: n.Transform, chunks: Chunks) -> Chunks:
    """Yield what a sync transform makes of chunks, on the pool; those come from our loop."""
    made = await in_thread(changed, node, _pulled(chunks, asyncio.get_running_loop()))
    try:
        while (chunk := await in_thread(next, made, NOTHING)) is not NOTHING:
            yield chunk
    finally:
        await _closed(made)


async def _closed(source: Generator[Any, None, None]) -> None:
    """Close a generator on the pool, unless it has ended by itself."""
    # A wait for nothing would be where a cancellation overtakes the failure that it ended in.
    if inspect.getgeneratorstate(source) != inspect.GEN_CLOSED:
        await in_thread(source.close)


def _pulled(chunks: Chunks, loop: asyncio.AbstractEventLoop) -> Iterator[Any]:
    while (chunk := _Pull(chunks, loop).result()) is not NOTHING:
        yield chunk


@final
class _Pull:
    """The next chunk of an async stream, for a thread that waits as long as somebody wants it."""

    def __init__(self, chunks: Chunks, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._over = threading.Event()
        self._task: asyncio.Task[Contained]  # there before it can be over, or be cancelled
        loop.call_soon_threadsafe(self._begin, chunks)

    def _begin(self, chunks: Chunks) -> None:
        self._task = self._loop.create_task(contained(anext, chunks, NOTHING))
        self._task.add_done_callback(lambda _: self._over.set())

    def _cancel(self) -> None:
        self._task.cancel()

    def result(self) -> Any:
        """Return the chunk, or `NOTHING` at the end.

        Raises:
            Stopped: nobody wants it any more, which is no end of the chunks
        """
        while not self._over.wait(LOOK_UP_SECONDS):
            if cancelled():
                self._loop.call_soon_threadsafe(self._cancel)
                self._over.wait()  # who closes the chunks must not find them at work
        if self._task.cancelled():
            raise Stopped
        chunk = result_of(self._task.result())
        if cancelled():
            raise Stopped
        return chunk


def spreading(fan: Fan, name: str, place: Place) -> Begin:
    """Return what begins the branches of a fan-out."""

    async def begin(flow: Flow) -> None:
        flow.opens(await spread(fan, flow.given, flow.turn), name, place.failed)

    return begin

"""Runs that are watched on an event loop: the twin of `watching`."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any, final

from combinators._observer import STREAMED
from combinators._run.observing.watching import LEAVES, WATCHED, run_of, watched

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Coroutine

    from combinators._observer import Run, Subject
    from combinators._run.call import Turn
    from combinators._run.code.program import Program
    from combinators._run.observing.audience import Audience
    from combinators._run.observing.watching import Watch
    from combinators._run.robust.arecovering import Start


def observed(program: Program, subject: Subject) -> Program:
    """Return a program of which each run is watched."""

    # What it returns is not awaited here: that would be one coroutine more.
    def run(x: Any, turn: Turn) -> Coroutine[Any, Any, Any]:
        watch, x = watched(subject, x)
        return result(watch, program, x, turn)

    def run_leaf(x: Any, turn: Turn) -> Coroutine[Any, Any, Any]:
        outside = WATCHED.get()
        if outside.audience.follows_context:
            return result(outside.part(subject), program, x, turn)
        part = run_of(subject, outside.run)
        return _result_of_leaf(outside.audience, part, program, x, turn)

    return run_leaf if subject.kind in LEAVES else run


async def _result_of_leaf(
    audience: Audience, run: Run, program: Program, x: Any, turn: Turn
) -> Any:
    """Return the same of a step, in whose context nothing begins that is watched."""
    try:
        if (start := audience.start) is not None:
            audience.tell(start, run, x)
        value = await program(x, turn)
    except BaseException as error:
        if audience.error is not None:
            audience.tell(audience.error, run, error)
        raise
    if (end := audience.end) is not None:
        audience.tell(end, run, value)
    return value


async def result(watch: Watch, program: Program, x: Any, turn: Turn | None = None) -> Any:
    """Return what a program returns, while it is watched."""
    # In one frame, as its twin is.
    audience, run = watch.audience, watch.run
    try:
        if (start := audience.start) is not None:
            audience.tell(start, run, x)
        token = WATCHED.set(watch)
        if (enter := audience.enter) is not None:
            audience.call(enter, run)
        try:
            value = await program(x, turn)
        finally:
            if (leave := audience.leave) is not None:
                audience.call(leave, run)
            WATCHED.reset(token)
    except BaseException as error:
        if audience.error is not None:
            audience.tell(audience.error, run, error)
        raise
    if (end := audience.end) is not None:
        audience.tell(end, run, value)
    return value


def observed_chunks(start: Start, subject: Subject) -> Start:
    """Return what starts a stream of which each run is watched."""

    async def run(x: Any, turn: Turn) -> AsyncGenerator[Any, None]:
        watch, x = watched(subject, x)
        async with aclosing(given(watch, x, start(x, turn))) as chunks:
            async for chunk in chunks:
                yield chunk

    return run


async def given(
    watch: Watch, x: Any, stream: AsyncGenerator[Any, None]
) -> AsyncGenerator[Any, None]:
    """Yield what a stream gives, while it is watched from its first chunk on."""
    async with aclosing(Chunks(watch, stream)) as chunks:
        watch.start(x)
        async for chunk in chunks:
            yield chunk


@final
class Chunks:
    """Chunks on their way out of a run that is watched and has begun."""

    __slots__ = ("_chunks", "_watch")

    def __init__(self, watch: Watch, chunks: Any) -> None:
        self._watch = watch
        self._chunks = chunks

    def __aiter__(self) -> AsyncIterator[Any]:
        """Return itself."""
        return self

    async def __anext__(self) -> Any:
        """Return the next chunk."""
        watch = self._watch
        try:
            watch.enter()
            try:
                chunk = await anext(self._chunks)
            finally:
                watch.leave()
        except StopAsyncIteration:
            watch.end(STREAMED)
            raise
        except BaseException as error:
            watch.fail(error)
            raise
        watch.gave(chunk)
        return chunk

    async def aclose(self) -> None:
        """Close the stream: where it had more to give, that is how its run ends."""
        watch = self._watch
        try:
            watch.enter()
            try:
                await self._chunks.aclose()
            finally:
                watch.leave()
        except BaseException as error:
            watch.fail(error)
            raise
        watch.fail(GeneratorExit())

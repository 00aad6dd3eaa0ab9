"""Retry and fallback on an event loop: the twin of `recovering`."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from combinators._failures import locate
from combinators._run.robust.recovering import Alternatives, Attempts

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

    from combinators import _nodes as n
    from combinators._run.call import Turn
    from combinators._run.code.program import Program

Chunks: TypeAlias = "AsyncGenerator[Any, None]"
# What starts a stream from an input.
Start: TypeAlias = "Callable[[Any, Turn], Chunks]"
# The first chunk of a stream, and the rest of it.
Opened: TypeAlias = tuple[Any, "Chunks"]


def retry(node: n.Retry, program: Program) -> Program:
    """Return what runs a program again after failures."""

    async def run(x: Any, turn: Turn) -> Any:
        return await _retried(_attempts(node), partial(program, x, turn))

    return run


def fallback(node: n.Fallback, programs: Sequence[Program]) -> Program:
    """Return what runs the next program where one fails."""

    async def run(x: Any, turn: Turn) -> Any:
        attempts = [partial(program, x, turn) for program in programs]
        return await _first_of(Alternatives(node), attempts)

    return run


def retry_chunks(node: n.Retry, start: Start) -> Start:
    """Return what starts a stream again while it fails before its first chunk."""

    async def run(x: Any, turn: Turn) -> Chunks:
        attempts = _attempts(node)
        opened = await _retried(attempts, partial(_opened, start, x, turn))
        async with aclosing(_read(attempts, *opened)) as chunks:
            async for chunk in chunks:
                yield chunk

    return run


def fallback_chunks(node: n.Fallback, starts: Sequence[Start]) -> Start:
    """Return what starts the next stream where one fails before its first chunk."""

    async def run(x: Any, turn: Turn) -> Chunks:
        steps = Alternatives(node)
        attempts = [partial(_opened, start, x, turn) for start in starts]
        opened = await _first_of(steps, attempts)
        async with aclosing(_read(steps, *opened)) as chunks:
            async for chunk in chunks:
                yield chunk

    return run


def _attempts(node: n.Retry) -> Attempts:
    return Attempts(node, asyncio.get_running_loop().time())


async def _retried(attempts: Attempts, attempt: Callable[[], Awaitable[Any]]) -> Any:
    while True:
        try:
            return await attempt()
        except Exception as error:  # noqa: BLE001 - it is raised again, if it is not answered
            seconds = attempts.seconds_after(error, asyncio.get_running_loop().time())
        await asyncio.sleep(seconds)


async def _first_of(steps: Alternatives, attempts: Sequence[Callable[[], Awaitable[Any]]]) -> Any:
    while steps.left():
        try:
            return await attempts[steps.position]()
        except Exception as error:  # noqa: BLE001 - as above
            steps.add(error)
    raise steps.failed()


async def _opened(start: Start, x: Any, turn: Turn) -> Opened:
    chunks = start(x, turn)
    return await anext(chunks), chunks


async def _read(begun: Attempts | Alternatives, first: Any, rest: Chunks) -> Chunks:
    async with aclosing(rest):
        yield first
        try:
            async for chunk in rest:
                yield chunk
        except Exception as error:
            locate(error, begun.segment)
            raise

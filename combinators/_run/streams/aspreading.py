"""Branches of a fan-out that stream, on an event loop: the twin of `spreading`."""

from __future__ import annotations

from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from combinators._run.streams.amerging import Merged, Strand
from combinators._run.streams.asharing import Shared
from combinators._run.streams.fans import REST
from combinators._run.streams.flows import SKIP

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from combinators._run.call import Turn
    from combinators._run.code.places import Place
    from combinators._run.code.program import Program
    from combinators._run.streams.fans import Branch, Fan
    from combinators._run.streams.flows import Passage

    Chunks = AsyncGenerator[Any, None]


class Given(Protocol):
    """What flows into the fan-out."""

    chunks: Chunks

    def is_whole(self) -> bool:
        """Return whether it is there as a whole."""
        ...

    async def folded(self) -> Any:
        """Return it as a whole."""
        ...

    def fold(self, chunks: list[Any]) -> Any:
        """Return the whole that its chunks make."""
        ...

    def empty(self) -> Exception:
        """Return the error about a stream without a chunk."""
        ...


async def spread(fan: Fan, given: Given, turn: Turn) -> Chunks:
    """Return the chunks of all branches under their keys."""
    if given.is_whole():
        return _on(fan, await given.folded(), turn)
    if fan.changing:
        return _side_by_side(fan, given, turn)
    return _over(fan, given, given.chunks, turn)


async def _on(fan: Fan, x: Any, turn: Turn) -> Chunks:
    base = fan.assigned()
    if base is not None:
        chunk = base.each(x)
        base.last()
        if chunk is not SKIP:
            yield chunk
    async with aclosing(_together(fan, x, fan.branches, turn)) as chunks:
        async for chunk in chunks:
            yield chunk


async def _together(fan: Fan, x: Any, branches: Sequence[Branch], turn: Turn) -> Chunks:
    """Yield the chunks of branches that are given the same whole."""
    cheap = [branch for branch in branches if branch.cheap]
    strands = [
        Strand(branch.index, fan.keys[branch.index], branch.streaming.on(x, turn))
        for branch in branches
        if not branch.cheap
    ]
    merged = Merged(fan.raise_all)
    first = _in_turn(fan, cheap, x, turn, merged.errors)
    async with aclosing(merged.chunks(strands, first)) as chunks:
        async for chunk in chunks:
            yield chunk


async def _in_turn(
    fan: Fan, branches: Sequence[Branch], x: Any, turn: Turn, errors: dict[int, Exception]
) -> Chunks:
    """Yield the chunks of one branch after another. One that fails is the last one."""
    for branch in branches:
        key = fan.keys[branch.index]
        try:
            async with aclosing(branch.streaming.on(x, turn)) as chunks:
                async for chunk in chunks:
                    yield {key: chunk}
        except Exception as error:  # noqa: BLE001 - raised in a group, which is not its context
            errors[branch.index] = error
            return


async def _over(fan: Fan, given: Given, source: Chunks, turn: Turn) -> Chunks:
    """Yield what becomes of each chunk, and then the chunks of branches that collect."""
    base = fan.assigned()
    passages = [(index, begin()) for index, begin in fan.passing]
    kept: list[Any] = []
    idle = base is None and not passages and not fan.collecting  # but for there being a chunk
    async with aclosing(source):
        async for chunk in source:
            if idle:
                return
            kept.append(chunk)
            if base is not None and (rest := base.each(chunk)) is not SKIP:
                yield rest
            for index, passage in passages:
                passed = fan.passed(index, partial(passage.through, chunk))
                if passed is not SKIP:
                    yield {fan.keys[index]: passed}
            if not fan.collecting:
                del kept[1:]  # one is enough to know that there were any
    x = given.fold(kept)
    if base is not None:
        base.last()
    for index, passage in passages:
        async with aclosing(_ended(fan, index, passage, turn)) as last:
            async for chunk in last:
                yield chunk
    async with aclosing(_together(fan, x, fan.collecting, turn)) as chunks:
        async for chunk in chunks:
            yield chunk


async def _ended(fan: Fan, index: int, passage: Passage, turn: Turn) -> Chunks:
    ending = passage.ending()
    while (last := fan.passed(index, partial(next, ending, None))) is not None:
        program, value, place = last
        if program is None:
            yield {fan.keys[index]: value}
            continue
        failure = None
        try:
            await run_at(place, program, value, turn)
        except Exception as error:  # noqa: BLE001 - raised in a group, which is not its context
            failure = error
        if failure is not None:
            raise fan.failed({index: failure})


async def _side_by_side(fan: Fan, given: Given, turn: Turn) -> Chunks:
    """Yield the chunks of all branches, some of which read those of the input themselves."""
    shared = Shared(given.chunks, given.empty)
    rest = _over(fan, given, shared.reader(REST), turn)
    strands = [Strand(REST, None, shared.read_by(REST, rest))]
    for branch in fan.changing:
        index = branch.index
        chunks = branch.streaming.over(shared.reader(index), turn)
        strands.append(Strand(index, fan.keys[index], shared.read_by(index, chunks)))

    def raise_all(errors: Mapping[int, Exception]) -> None:
        if shared.error is not None:
            raise shared.error
        fan.raise_all(errors)

    async with aclosing(Merged(raise_all).chunks(strands)) as together:
        async for chunk in together:
            yield chunk


async def run_at(place: Place, program: Program, value: Any, turn: Turn) -> None:
    """Run a program for its effect; note the path of its error."""
    try:
        await program(value, turn)
    except Exception as error:
        place.failed(error)
        raise

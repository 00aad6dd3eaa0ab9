"""Branches of a fan-out that stream: each gives its chunks under its key, as they are ready.

Where the input is there as a whole, so is that of every branch. Where it comes in chunks,
steps that chunks pass are shown each of them in turn, branches that collect begin when all
are there, and share the whole; branches that work on chunks read it side by side.
"""

from __future__ import annotations

from contextlib import closing
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from combinators._run.streams.fans import REST
from combinators._run.streams.flows import SKIP
from combinators._run.streams.merging import Merged, Strand
from combinators._run.streams.sharing import Shared

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence
    from contextvars import Context

    from combinators._run.call import Call
    from combinators._run.code.places import Place
    from combinators._run.code.program import Program
    from combinators._run.streams.fans import Branch, Fan
    from combinators._run.streams.flows import Passage

    Chunks = Generator[Any, None, None]

_END: Final = object()


class Given(Protocol):
    """What flows into the fan-out."""

    def is_whole(self) -> bool:
        """Return whether it is there as a whole."""
        ...

    def folded(self) -> Any:
        """Return it as a whole."""
        ...

    def fold(self, chunks: list[Any]) -> Any:
        """Return the whole that its chunks make."""
        ...

    def empty(self) -> Exception:
        """Return the error about a stream without a chunk."""
        ...

    chunks: Iterator[Any]


def spread(fan: Fan, given: Given, call: Call) -> Chunks:
    """Return the chunks of all branches under their keys."""
    if given.is_whole():
        return _on(fan, given.folded(), call)
    if fan.changing:
        return _side_by_side(fan, given, call)
    return _over(fan, given, given.chunks, call)


# --- The input as a whole -------------------------------------------------------------


def _on(fan: Fan, x: Any, call: Call) -> Chunks:
    base = fan.assigned()
    if base is not None:
        chunk = base.each(x)
        base.last()
        if chunk is not SKIP:
            yield chunk
    yield from _together(fan, x, fan.branches, call)


def _together(fan: Fan, x: Any, branches: Sequence[Branch], call: Call) -> Chunks:
    """Yield the chunks of branches that are given the same whole."""
    others = [branch for branch in branches if not branch.cheap]
    cheap = [(branch, None) for branch in branches if branch.cheap]
    if len(others) <= 1 and not any(branch.apart for branch in others):
        alone = [(branch, copy_context()) for branch in others]
        yield from _one_by_one(fan, [*cheap, *alone], x, call)
        return
    merged = Merged(call, fan.raise_all)
    strands = [
        Strand(branch.index, fan.keys[branch.index], branch.streaming.on(x, merged.inside))
        for branch in others
    ]
    yield from merged.chunks(strands, _in_turn(fan, cheap, x, call, merged.errors))


def _one_by_one(
    fan: Fan, branches: Sequence[tuple[Branch, Context | None]], x: Any, call: Call
) -> Chunks:
    errors: dict[int, Exception] = {}
    try:
        yield from _in_turn(fan, branches, x, call, errors)
    except GeneratorExit:
        fan.raise_all(errors)
        raise
    fan.raise_all(errors)


def _in_turn(
    fan: Fan,
    branches: Sequence[tuple[Branch, Context | None]],
    x: Any,
    call: Call,
    errors: dict[int, Exception],
) -> Chunks:
    """Yield the chunks of one branch after another, each in its context or else in ours.

    One that fails is the last one.
    """
    for branch, context in branches:
        key, chunks = fan.keys[branch.index], branch.streaming.on(x, call)
        run: Any = next if context is None else partial(context.run, cast("Any", next))
        try:
            with closing(chunks):
                while (chunk := run(chunks, _END)) is not _END:
                    yield {key: chunk}
        except Exception as error:  # noqa: BLE001 - raised in a group, which is not its context
            errors[branch.index] = error
            return


# --- The input in chunks ---------------------------------------------------------------


def _over(fan: Fan, given: Given, source: Iterator[Any], call: Call) -> Chunks:
    """Yield what becomes of each chunk, and then the chunks of branches that collect."""
    base = fan.assigned()
    passages = [(index, begin()) for index, begin in fan.passing]
    kept: list[Any] = []
    idle = base is None and not passages and not fan.collecting  # but for there being a chunk
    for chunk in source:
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
        yield from _ended(fan, index, passage, call)
    yield from _together(fan, x, fan.collecting, call)


def _ended(fan: Fan, index: int, passage: Passage, call: Call) -> Chunks:
    ending = passage.ending()
    while (last := fan.passed(index, partial(next, ending, None))) is not None:
        program, value, place = last
        if program is None:
            yield {fan.keys[index]: value}
        else:
            fan.passed(index, partial(run_at, place, program, value, call))


def _side_by_side(fan: Fan, given: Given, call: Call) -> Chunks:
    """Yield the chunks of all branches, some of which read those of the input themselves."""

    def raise_all(errors: Mapping[int, Exception]) -> None:
        if shared.error is not None:
            raise shared.error
        fan.raise_all(errors)

    merged = Merged(call, raise_all)
    shared = Shared(given.chunks, given.empty, call.budget, merged.team)
    strands: dict[int, Strand] = {}

    def reader(index: int) -> Chunks:
        return shared.reader(index, lambda: strands[index].threaded)

    rest = _over(fan, given, reader(REST), merged.inside)
    strands[REST] = Strand(REST, None, shared.read_by(REST, rest))
    for branch in fan.changing:
        index = branch.index
        chunks = branch.streaming.over(reader(index), merged.inside)
        strands[index] = Strand(index, fan.keys[index], shared.read_by(index, chunks))
    yield from merged.chunks([*strands.values()], ())


def run_at(place: Place, program: Program, value: Any, call: Call) -> None:
    """Run a program for its effect; note the path of its error."""
    try:
        program(value, call)
    except Exception as error:
        place.failed(error)
        raise

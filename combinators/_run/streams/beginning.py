"""How each stage of a stream begins: what flows into it becomes what flows out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from combinators import _nodes as n
from combinators._failures import locate
from combinators._labels import label
from combinators._run.choice import arm_index, chosen, no_match
from combinators._run.steps import changed
from combinators._run.streams.fans import Fan
from combinators._run.streams.flow import Begin, Chunks, Flow
from combinators._run.streams.flows import SKIP
from combinators._run.streams.merging import Merged, Strand, raise_only
from combinators._run.streams.spreading import run_at, spread
from combinators._run.streams.trail import blame_inside, blame_nobody, blame_step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from combinators._run.choice import Choice
    from combinators._run.code.places import Place
    from combinators._run.code.program import Program
    from combinators._run.robust.recovering import Start
    from combinators._run.streams.flow import Running
    from combinators._run.streams.flows import Passage
    from combinators._run.streams.trail import Blame


def whole(program: Program, place: Place) -> Begin:
    """Return what runs a part whole."""

    def begin(flow: Flow) -> None:
        x = flow.given.folded()
        try:
            value = program(x, flow.call)
        except Exception as error:
            flow.trail.blamed(error, place.failed)
            raise
        flow.gives(value)

    return begin


def generator(node: n.Step, place: Place) -> Begin:
    """Return what begins a generator function of the whole input."""
    body, name, blame = node.function, label(node), partial(blame_step, place)

    def begin(flow: Flow) -> None:
        flow.opens(body(flow.given.folded()), name, blame)

    return begin


def guarded(start: Start, name: str, place: Place) -> Begin:
    """Return what begins a stream that may begin again, or be another one, or be too late."""

    def begin(flow: Flow) -> None:
        flow.opens(start(flow.given.folded(), flow.call), name, place.failed)

    return begin


def bind(node: n.Bind, place: Place, choose: Program, run: Callable[[Choice], Running]) -> Begin:
    """Return what begins the stream of a runnable that is chosen by the whole input."""
    name, blame = label(node), partial(blame_inside, place, label(node))

    def begin(flow: Flow) -> None:
        x = flow.given.folded()
        try:
            choice = choose(x, flow.call)
        except Exception as error:
            flow.trail.blamed(error, place.failed)
            raise
        try:
            inner = run(chosen(node, choice, flow.call.bound))
            chunks = inner.on(x, flow.call.deeper())
        except Exception as error:
            flow.trail.blamed(error, blame)
            raise
        flow.opens(chunks, name, blame)

    return begin


def chosen_arm(
    choose: Callable[[Any, Flow], int],
    node: n.Branch | n.Route,
    place: Place,
    arms: Sequence[tuple[Running, Blame]],
) -> Begin:
    """Return what begins the stream of an arm that is chosen by the whole input."""

    def begin(flow: Flow) -> None:
        x = flow.given.folded()
        try:
            streaming, blame = arms[choose(x, flow)]
        except Exception as error:
            flow.trail.blamed(error, place.failed)
            raise
        flow.opens(streaming.on(x, flow.call), label(node), blame)

    return begin


def route(node: n.Route, x: Any, _: Flow) -> int:
    """Return the position of the arm that the input names."""
    return arm_index(node, x)


def case(
    node: n.Branch, tests: Sequence[Program], segments: Sequence[str], x: Any, flow: Flow
) -> int:
    """Return the position of the arm whose test holds first, or of the default."""
    for at, test in enumerate(tests):
        try:
            if test(x, flow.call):
                return at
        except Exception as error:
            locate(error, segments[at])
            raise
    if node.otherwise is None:
        raise no_match(node, x)
    return len(tests)


def through(begin_passage: Callable[[], Passage], flow: Flow) -> None:
    """Let chunks pass some steps on their way."""
    flow.passes(passed(flow, flow.given.each(), begin_passage()))


def passed(flow: Flow, chunks: Iterator[Any], passage: Passage) -> Chunks:
    """Yield what becomes of chunks on their way through some steps."""
    for chunk in chunks:
        try:
            result = passage.through(chunk)
        except Exception as error:
            flow.trail.blamed(error, blame_nobody)
            raise
        if result is not SKIP:
            yield result
    yield from ended(flow, passage)


def ended(flow: Flow, passage: Passage) -> Chunks:
    """Yield what steps have to give when all chunks have passed them."""
    if passage.has_seen_nothing():
        raise flow.given.empty()
    try:
        for program, value, place in passage.ending():
            if program is None:
                yield value
            else:
                run_at(place, program, value, flow.call)
    except Exception as error:
        flow.trail.blamed(error, blame_nobody)
        raise


def apart(flow: Flow) -> None:
    """Let the chunks up to here be made on a thread of their own, which has a stack of its own."""
    flow.passes(_elsewhere(flow, flow.given.each()))


def _elsewhere(flow: Flow, chunks: Iterator[Any]) -> Chunks:
    strand = Strand(0, None, (chunk for chunk in chunks))
    yield from Merged(flow.call, raise_only).chunks([strand], ())


def changing(node: n.Transform, place: Place) -> Begin:
    """Return what begins a step from chunks to chunks."""
    name, blame = label(node), partial(blame_step, place)

    def begin(flow: Flow) -> None:
        try:
            chunks = changed(node, flow.given.each())
        except Exception as error:
            flow.trail.blamed(error, blame)
            raise
        flow.opens(chunks, name, blame)

    return begin


def spreading(fan: Fan, name: str, place: Place) -> Begin:
    """Return what begins the branches of a fan-out."""

    def begin(flow: Flow) -> None:
        flow.opens(spread(fan, flow.given, flow.call), name, place.failed)

    return begin

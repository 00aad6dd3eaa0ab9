"""Running chunk by chunk: a tree is compiled into a generator of what comes out of it.

Folding the chunks of `stream(x)` gives what `invoke(x)` gives. Each stage that works on
chunks is one generator, as one would write it by hand, and nothing is around it: which of
them has failed is read off the traceback. Closing the last one closes all before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, assert_never, final

from combinators import _nodes as n
from combinators._heap import Frame, on_heap
from combinators._labels import arm_segments, case_segments, label
from combinators._run import sync
from combinators._run.code.places import segment
from combinators._run.code.traits import needs_loop, traits
from combinators._run.observing.stages import Watched, enclosed, watched
from combinators._run.observing.subjects import (
    TRY,
    chosen_subject,
    joined,
    said_of_arm,
    subject_of,
)
from combinators._run.robust import sync as robust
from combinators._run.streams.beginning import (
    apart,
    bind,
    case,
    changing,
    chosen_arm,
    ended,
    generator,
    guarded,
    passed,
    route,
    spreading,
    through,
    whole,
)
from combinators._run.streams.fans import Branch, Fan
from combinators._run.streams.flow import Begin, Chunks, Flow
from combinators._run.streams.flows import Passage, passage
from combinators._run.streams.stages import (
    Changing,
    Chunked,
    Enclosed,
    Opening,
    Spread,
    Through,
    Whole,
    arms_of,
    stages,
)
from combinators._run.streams.straight import Straight
from combinators._run.streams.trail import blame_inside, blame_nobody

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from combinators._run.call import Call
    from combinators._run.choice import Choice
    from combinators._run.code.places import Part, Place
    from combinators._run.code.program import Program
    from combinators._run.code.traits import Traits
    from combinators._run.streams.flow import Running
    from combinators._run.streams.stages import Source, Stage
    from combinators._run.streams.trail import Blame


@final
class Streaming:
    """A tree as a stream: compiled once, begun for every run."""

    __slots__ = ("_begins", "_last", "collects", "passage")

    def __init__(
        self, begins: Sequence[Begin], last: Callable[[], Passage] | None, *, collects: bool
    ) -> None:
        self._begins = begins
        self._last = last  # the steps that chunks pass at the very end
        self.passage = None if begins else last or _nothing  # where there is nothing else
        self.collects = collects  # before it begins

    def on(self, x: Any, call: Call) -> Chunks:
        """Return the chunks for an input that is there as a whole."""
        flow = Flow(call)
        flow.gives(x)
        return self._run(flow)

    def over(self, chunks: Iterable[Any], call: Call, blame: Blame = blame_nobody) -> Chunks:
        """Return the chunks for an input that comes in chunks, and somebody to blame for them."""
        flow = Flow(call)
        flow.opens(_given(chunks), "the input of transform()", blame_nobody)
        flow.given.blame = blame  # for what the chunks are, and not for what they fail with
        return self._run(flow)

    def _run(self, flow: Flow) -> Chunks:
        try:
            for begin in self._begins:
                begin(flow)
            last = self._last() if self._last is not None else None
            if last is not None and (keep := last.keeps()) is not None:
                for chunk in flow.given.all():
                    keep(chunk)
                    yield chunk
                yield from ended(flow, last)
            elif last is not None:
                yield from passed(flow, flow.given.each(), last)
            elif flow.given.is_whole():
                yield flow.given.folded()
            else:
                yield from flow.given.each()
        except Exception as error:
            flow.trail.blame(error)
            raise
        finally:
            flow.close()


def _given(chunks: Iterable[Any]) -> Chunks:
    yield from chunks


def _nothing() -> Passage:
    return Passage((), ())


@final
@dataclass(frozen=True, slots=True)
class _Compiler:
    """What is known while a tree is compiled."""

    chunked: Chunked
    traits: Traits
    watch: bool
    observed: bool

    def at(self, said: str, place: Place) -> str:
        """Return where a place is, inside of the run that is told of."""
        return joined(said, place.path) if self.observed else ""

    def tapped(self, said: str) -> Callable[[n.Node, Place], Program]:
        """Return what gives the program of a step that watches, at a place."""
        return lambda node, place: self.program(node, self.at(said, place))

    def program(self, part: Part, said: str = "") -> Program:
        """Return the program of a part that runs whole."""
        return sync.compiled(part, said, watch=self.watch, observed=self.observed)

    def running(self, node: n.Bind, choice: Choice) -> Any:
        """Return the stream of a runnable that was chosen."""
        inner: Running = choice.compiled(runner, watch=self.watch, observed=self.observed)
        return Watched(inner, chosen_subject(node)) if self.observed else inner


# Generators that pull on one another share Python's stack; every so many, one has a thread.
DEEPEST: Final = 32
DEEPEST_WATCHED: Final = 8  # of those inside one another, where watches stand between them


def _compile(
    node: n.Node, known: _Compiler, depth: int = 0, said: str = ""
) -> Frame[Streaming | Straight]:
    found = stages(node, known.chunked)
    last = found[-1] if found and isinstance(found[-1], Through) else Through(())
    collects = False
    begins: list[Begin] = []
    nested = 0
    for stage in found[:-1] if last.steps else found:
        nested = 0 if isinstance(stage, Whole | Opening) else nested + 1
        if nested and nested % DEEPEST == 0:
            begins.append(apart)
        begin, wants_whole = yield _begun(stage, known, depth, said)
        begins.append(begin)
        collects = collects or (stage is found[0] and wants_whole)
    if known.observed and depth % DEEPEST_WATCHED == DEEPEST_WATCHED - 1:
        begins.append(apart)
    end = passage(last, known.tapped(said)) if last.steps else None
    streaming = Streaming(begins, end, collects=collects)
    match found:
        case [Opening(n.Step() as step, place)] if not known.observed:
            return Straight(None, step, place, streaming)
        case [Whole(part, before), Opening(n.Step() as step, place)] if not known.observed:
            return Straight((known.program(part), before), step, place, streaming)
        case _:
            return streaming


def _begun(stage: Stage, known: _Compiler, depth: int, said: str) -> Frame[tuple[Begin, bool]]:
    """Return what begins a stage, and whether that wants all of its input."""
    collects = isinstance(stage, Whole | Opening)
    match stage:
        case Whole(part, place):
            begin = whole(known.program(part, known.at(said, place)), place)
        case Opening(source, place):
            arms: list[Running] = []
            for index, arm in enumerate(arms_of(source)):
                at = said_of_arm(source, index)
                arms.append((yield _compile(arm, known, depth + 1, at)))
            begin = _opening(source, place, arms, known)
        case Through():
            begin = partial(through, passage(stage, known.tapped(said)))
        case Changing(step, place):
            begin = changing(step, place)
        case Spread(parallel, place):
            branches: list[Branch] = []
            for index, inner in enumerate(parallel.branches):
                streaming = yield _compile(inner, known, depth + 1, segment(parallel, inner, index))
                branches.append(_branch(index, inner, streaming, known, depth))
            fan = Fan(parallel, branches)
            collects = fan.collects
            begin = spreading(fan, label(parallel), place)
        case Enclosed(named, _):
            streaming = yield _compile(named.node, known, depth + 1)
            collects = streaming.collects
            begin = enclosed(streaming, stage)
        case _:
            assert_never(stage)
    if known.observed and not isinstance(stage, Whole | Through):
        subject = subject_of(stage.node, known.at(said, stage.place))
        begin = watched(begin, subject, collects=collects)
    return begin, collects


_streaming = on_heap(_compile)


def compiled(node: n.Node, *, watch: bool, observed: bool = False) -> Streaming | Straight:
    """Return the stream of a tree of sync steps."""
    chunked = Chunked(node, watch=watch, observed=observed)
    return _streaming(node, _Compiler(chunked, traits((node,)), watch, observed))


def runner(node: n.Node, *, watch: bool, observed: bool = False) -> Running:
    """Return the stream of a tree for a sync caller.

    asyncio is imported for the first tree that has a step which is async alone.
    """
    if needs_loop(node):
        from combinators._run import bridge  # noqa: PLC0415 - as said

        return bridge.Streaming(node, watch=watch, observed=observed)
    return compiled(node, watch=watch, observed=observed)


def _branch(
    index: int, node: n.Node, streaming: Streaming | Straight, known: _Compiler, depth: int
) -> Branch:
    cheap = id(node) in known.traits.cheap
    return Branch(
        index,
        streaming,
        cheap=cheap,
        passage=streaming.passage if cheap else None,
        collects=streaming.collects,
        apart=depth % DEEPEST == DEEPEST - 1,
    )


def _opening(node: Source, place: Place, arms: Sequence[Running], known: _Compiler) -> Begin:
    match node:
        case n.Step():
            return generator(node, place)
        case n.Bind(choose):
            return bind(node, place, known.program(choose), partial(known.running, node))
        case n.Route():
            blames = [partial(blame_inside, place, segment) for segment in arm_segments(node)]
            return chosen_arm(partial(route, node), node, place, [*zip(arms, blames, strict=True)])
        case n.Branch():
            segments = case_segments(node)
            blames = [partial(blame_inside, place, segment) for segment in segments]
            tests = [
                known.program(test, at) for (test, _), at in zip(node.cases, segments, strict=False)
            ]
            test = partial(case, node, tests, segments)
            return chosen_arm(test, node, place, [*zip(arms, blames, strict=False)])
        case n.Retry() | n.Fallback() | n.Timeout() | n.Cached():
            tries = known.observed and isinstance(node, n.Retry)
            starts = [(Watched(arm, TRY) if tries else arm).on for arm in arms]
            return guarded(robust.chunks(node, starts, sync.compiled), label(node), place)
        case _:
            assert_never(node)

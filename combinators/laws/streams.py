"""Streams: chunk by chunk what the whole would be, as soon as may be and no longer than wanted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import aclosing, closing
from typing import Any, TypeVar, final

from hypothesis import strategies as st

from combinators.laws import _cases as cases
from combinators.laws._comparing import (
    Plan,
    Witness,
    collected,
    expect,
    expect_meaning,
    expect_same,
    finished,
)
from combinators.laws._law import law
from combinators.laws._outcomes import outcome_of
from combinators.laws._reference import folded
from combinators.laws._systems import System
from combinators.laws.strategies import Function

P = TypeVar("P")


@law(cases.streaming())
def a_stream_folds_to_the_meaning(s: System[P], plan: Plan, x: object) -> None:
    """The chunks of a stream, merged, are what a call gives; it fails as a call does.

        fold(stream(x))  =  meaning(x)

    Source: Bird, An Introduction to the Theory of Lists (1987): fold after unfold.
    """
    p = plan.built(s)
    expect_meaning("stream", outcome_of(lambda: folded([*s.stream(p, x)])), plan.meaning(x))


@law(cases.streaming())
def an_async_stream_folds_to_the_meaning(s: System[P], plan: Plan, x: object) -> None:
    """The chunks of an async stream, merged, are what a call gives; it fails as a call does.

        fold(astream(x))  =  meaning(x)

    Source: Bird, An Introduction to the Theory of Lists (1987): fold after unfold.
    """
    p = plan.built(s)
    outcome = outcome_of(lambda: folded(finished(collected(s.astream(p, x)))))
    expect_meaning("astream", outcome, plan.meaning(x))


_CHUNKS = st.lists(st.text("ab", max_size=2), min_size=1, max_size=4)


@law(st.tuples(_CHUNKS))
def a_generator_step_streams_what_it_yields(s: System[P], chunks: list[str]) -> None:
    """The chunks of a generator come as they are, also through steps that pass them on.

        list(runnable(gen).stream(x))  =  list(gen(x))
        list((runnable(gen) | passthrough()).stream(x))  =  list(gen(x))
        list((runnable(gen).tap(f)).stream(x))  =  list(gen(x))

    Source: Kiselyov, Iteratees (2012): a stream transformer without work to do is the identity.
    """
    source, watch = s.lift(_Source(chunks)), s.tap(s.lift(Function(None)))
    for step in (source, s.pipe(source, s.passthrough()), s.pipe(source, watch)):
        expect_same(streamed=[*s.stream(step, None)], yielded=chunks)
        expect_same(streamed=finished(collected(s.astream(step, None))), yielded=chunks)


@law(st.tuples(_CHUNKS, st.text("ab", max_size=2)))
def a_plain_step_collects_its_input(s: System[P], chunks: list[str], result: str) -> None:
    """A plain function is given the whole of its input once, and its result is one chunk.

        list((runnable(gen) | f).stream(x))  =  [f(fold(gen(x)))]

    Source: Bird, An Introduction to the Theory of Lists (1987).
    """
    given = Witness()
    step = s.pipe(s.lift(_Source(chunks)), s.lift(given), s.lift(Function(result)))
    expect_same(streamed=[*s.stream(step, None)], expected=[result])
    expect_same(given=given.seen, whole=["".join(chunks)])


@law(st.tuples(st.lists(st.sampled_from("ab"), min_size=1, max_size=5)))
def a_picked_key_streams_its_own_chunks(s: System[P], keys: list[str]) -> None:
    """Of a streamed mapping, a pick gives the chunks under its key, one by one.

        list((runnable(gen) | pick("k")).stream(x))  =  [c["k"] for c in gen(x) if "k" in c]

    Source: Wadler, Theorems for Free! (1989): projection is natural in the chunks.
    """
    chunks = [{key: str(position)} for position, key in enumerate(keys)]
    step = s.pipe(s.lift(_Source(chunks)), s.pick(keys[0]))
    expected = [chunk[keys[0]] for chunk in chunks if keys[0] in chunk]
    expect_same(streamed=[*s.stream(step, None)], expected=expected)


@law(st.tuples(_CHUNKS, st.integers(1, 3)))
def a_chunk_comes_before_the_next_is_made(s: System[P], chunks: list[str], wanted: int) -> None:
    """The source is asked for no more than was taken from the end: each chunk as it is ready.

        after n chunks were taken, the source has made n

    Source: Henderson and Morris, A Lazy Evaluator (1976).
    """
    source = _Source(chunks)
    with closing(s.stream(s.pipe(s.lift(source), s.passthrough()), None)) as stream:
        for _ in range(min(wanted, len(chunks))):
            next(stream)
        expect(source.made <= wanted, made=source.made, taken=min(wanted, len(chunks)))


@law(st.tuples(_CHUNKS))
def closing_a_stream_stops_its_source(s: System[P], chunks: list[str]) -> None:
    """A stream that is closed early runs its source no further, and runs its cleanup.

        close() after the first chunk: the source has made one chunk and is closed

    Source: PEP 342 and PEP 525: a generator that is closed runs its finally blocks.
    """
    source = _Source(chunks)
    with closing(s.stream(s.pipe(s.lift(source), s.passthrough()), None)) as stream:
        next(stream)
    expect_same(after_stream=(source.made, source.closed), expected=(1, True))
    source = _Source(chunks)
    finished(_first_of(s, s.pipe(s.lift(source), s.passthrough())))
    expect_same(after_astream=(source.made, source.closed), expected=(1, True))


async def _first_of(s: System[P], p: P) -> None:
    async with aclosing(s.astream(p, None)) as stream:
        await anext(stream)


@final
class _Source:
    """A generator function that knows how far it came, and whether it was closed."""

    def __init__(self, chunks: list[Any]) -> None:
        self._chunks = chunks
        self.made = 0
        self.closed = False

    def __call__(self, _: object) -> Iterator[Any]:
        try:
            for chunk in self._chunks:
                self.made += 1
                yield chunk
        finally:
            self.closed = True

"""Streams: chunk by chunk what the whole would be, as soon as may be and no longer than wanted."""

from __future__ import annotations

import time
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

    Source: Bird, An Introduction to the Theory of Lists (1987): homomorphisms go by parts.
    """
    p = plan.built(s)
    expect_meaning("stream", outcome_of(lambda: folded([*s.stream(p, x)])), plan.meaning(x))


@law(cases.streaming())
def an_async_stream_folds_to_the_meaning(s: System[P], plan: Plan, x: object) -> None:
    """The chunks of an async stream, merged, are what a call gives; it fails as a call does.

        fold(astream(x))  =  meaning(x)

    Source: Bird, An Introduction to the Theory of Lists (1987): homomorphisms go by parts.
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

    Source: Kiselyov, Iteratees (2012): processors of streams compose by chaining.
    """
    source, watch = s.lift(_Source(chunks)), s.tap(s.lift(Function(None)))
    for step in (source, s.pipe(source, s.passthrough()), s.pipe(source, watch)):
        expect_same(streamed=[*s.stream(step, None)], yielded=chunks)
        expect_same(streamed=finished(collected(s.astream(step, None))), yielded=chunks)


@law(st.tuples(st.lists(st.sampled_from("ab"), min_size=1, max_size=4)))
def chunks_that_are_mappings_are_merged(s: System[P], keys: list[str]) -> None:
    """A call gives what the mappings of a generator make together, key by key.

        invoke(runnable(gen), x)  =  fold(gen(x))  =  the input of f in runnable(gen) | f

    Source: mappings into a monoid are a monoid, key by key.
    """
    chunks = [{key: str(position)} for position, key in enumerate(keys)]
    given, source = Witness(), s.lift(_Source(chunks))
    merged = folded(chunks)
    expect_same(invoke=s.invoke(source, None), merged=merged)
    expect_same(ainvoke=finished(s.ainvoke(source, None)), merged=merged)
    outcome_of(lambda: [*s.stream(s.pipe(source, s.lift(given)), None)])
    expect_same(given=given.seen, merged=[merged])


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


@law(st.tuples(_CHUNKS, _CHUNKS))
def a_fanout_streams_its_branches_under_their_keys(
    s: System[P], first: list[str], second: list[str]
) -> None:
    """Each chunk of a branch comes in a mapping with its key alone, and in the order of the branch.

        [c["a"] for c in fanout(a=gen, b=g).stream(x) if "a" in c]  =  list(gen(x))

    Source: Wadler, Theorems for Free! (1989): projection is natural in the chunks.
    """
    p = s.fanout({"a": s.lift(_Source(first)), "b": s.lift(_Source(second))})
    for chunks in ([*s.stream(p, None)], finished(collected(s.astream(p, None)))):
        expect_same(keys=sorted({len(chunk) for chunk in chunks}), each=[1])
        expect_same(a=[chunk["a"] for chunk in chunks if "a" in chunk], yielded=first)
        expect_same(b=[chunk["b"] for chunk in chunks if "b" in chunk], yielded=second)


@law(st.tuples(_CHUNKS))
def assign_streams_its_input_first(s: System[P], texts: list[str]) -> None:
    """The chunks of a mapping come as they are, and then those of the keys that are added.

        list((runnable(gen) | assign(k=f)).stream(x))  =  [*gen(x), {"k": f(fold(gen(x)))}]

    Source: the parallel map of LangChain's expression language, whose assign passes its input on.
    """
    chunks = [{"a": text} for text in texts]
    p = s.pipe(s.lift(_Source(chunks)), s.assign({"k": s.lift(Function("new"))}))
    expected = [*chunks, {"k": "new"}]
    expect_same(streamed=[*s.stream(p, None)], expected=expected)
    expect_same(streamed=finished(collected(s.astream(p, None))), expected=expected)


@law(st.tuples(_CHUNKS))
def a_transform_is_given_the_chunks_as_they_come(s: System[P], chunks: list[str]) -> None:
    """A step from chunks to chunks sees those of the step before; of a whole, it sees one.

        list((runnable(gen) | transform(f)).stream(x))  =  list(f(gen(x)))

    Source: Kiselyov, Iteratees (2012): processors of streams compose by layering.
    """
    step = s.transform(_marked)
    p = s.pipe(s.lift(_Source(chunks)), step)
    marked = [f"<{chunk}>" for chunk in chunks]
    expect_same(streamed=[*s.stream(p, None)], expected=marked)
    expect_same(streamed=finished(collected(s.astream(p, None))), expected=marked)
    expect_same(streamed=[*s.streamed(step, chunks)], expected=marked)
    expect_same(streamed=finished(collected(s.astreamed(step, chunks))), expected=marked)
    expect_same(called=s.invoke(step, "".join(chunks)), expected=f"<{''.join(chunks)}>")


@law(st.tuples(_CHUNKS))
def an_input_in_chunks_is_the_whole_input(s: System[P], chunks: list[str]) -> None:
    """How an input is cut into chunks changes nothing of what they make together.

        fold(p.transform(chunks))  =  invoke(p, fold(chunks))

    Source: Bird, An Introduction to the Theory of Lists (1987): homomorphisms go by parts.
    """
    p = s.fanout({"same": s.passthrough(), "size": s.lift(len), "marked": s.lift(repr)})
    called = s.invoke(p, "".join(chunks))
    expect_same(streamed=folded([*s.streamed(p, chunks)]), called=called)
    expect_same(streamed=folded(finished(collected(s.astreamed(p, chunks)))), called=called)


AHEAD = 4  # chunks that a branch may be ahead of those that were taken, at first


@law(st.tuples(st.integers(1, 5)))
def who_takes_slowly_stops_quick_branches(s: System[P], taken: int) -> None:
    """A branch runs no further ahead of whoever takes its chunks than a bound; closing ends it.

        after n chunks were taken, each source has made n + 4 at most

    Source: Dijkstra, Cooperating Sequential Processes (1965), the bounded buffer.
    """
    sources = _Source(["a"] * 100), _Source(["b"] * 100)
    p = s.fanout({"a": s.lift(sources[0]), "b": s.lift(sources[1])})
    with closing(s.stream(p, None)) as stream:
        for _ in range(taken):
            next(stream)
        time.sleep(0.001)
        made = [source.made for source in sources]
    expect(max(made) <= taken + AHEAD, made=made, taken=taken)
    expect_same(closed=[each.closed for each in sources], begun=[each.made > 0 for each in sources])


def _marked(chunks: Iterator[str]) -> Iterator[str]:
    for chunk in chunks:
        yield f"<{chunk}>"


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

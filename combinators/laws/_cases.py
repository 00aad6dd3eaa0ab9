"""What laws are about: pipelines that fit together, with an input for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from combinators import fanout, passthrough, pipe
from combinators.laws._comparing import Plan
from combinators.laws.strategies import _shapes as s
from combinators.laws.strategies._functions import (
    AsyncGenerator,
    Function,
    Generator,
    canonical,
)
from combinators.laws.strategies._pipelines import ANY, TOTAL, Taste, arrows, sequences
from combinators.laws.strategies._shapes import Fields, Shape

Case = st.SearchStrategy[tuple[Any, ...]]


@st.composite
def paths(draw: st.DrawFn, *tastes: Taste) -> tuple[Any, ...]:
    """Return pipelines of which each takes what the one before gives, and an input."""
    shape = start = draw(s.SHAPES)
    steps: list[Any] = []
    for taste in tastes:
        step, shape = draw(sequences(shape, _small(taste)))
        steps.append(step)
    return *steps, draw(s.values(start))


@st.composite
def fans(draw: st.DrawFn, *tastes: Taste) -> tuple[Any, ...]:
    """Return pipelines that take the same, and an input."""
    takes = draw(s.SHAPES)
    steps = [draw(sequences(takes, _small(taste)))[0] for taste in tastes]
    return *steps, draw(s.values(takes))


@st.composite
def forks(draw: st.DrawFn, before: Taste, *tastes: Taste) -> tuple[Any, ...]:
    """Return a pipeline, pipelines that all take what it gives, and an input."""
    takes = draw(s.SHAPES)
    first, middle = draw(sequences(takes, _small(before)))
    steps = [draw(sequences(middle, _small(taste)))[0] for taste in tastes]
    return first, *steps, draw(s.values(takes))


@st.composite
def ladders(draw: st.DrawFn, taste: Taste = ANY) -> tuple[Any, ...]:
    """Return two pipelines that take the same, one more to follow each, and an input."""
    takes = draw(s.SHAPES)
    f, left = draw(sequences(takes, _small(taste)))
    g, right = draw(sequences(takes, _small(taste)))
    h, k = draw(sequences(left, _small(taste)))[0], draw(sequences(right, _small(taste)))[0]
    return f, g, h, k, draw(s.values(takes))


@st.composite
def plans(draw: st.DrawFn, taste: Taste = ANY, inputs: int | None = None) -> tuple[Any, ...]:
    """Return a plan of any shape and an input; or, with `inputs`, a list of so many at most."""
    takes = draw(s.SHAPES)
    step, _ = draw(sequences(takes, taste))
    return Plan(step), draw(s.values(takes) if inputs is None else _several(takes, inputs))


@st.composite
def streaming(draw: st.DrawFn) -> tuple[Any, ...]:
    """Return a plan that ends in a step of several chunks, or in one that passes them on."""
    takes, gives = draw(s.SHAPES), draw(st.sampled_from(_IN_PIECES))
    before, _ = draw(sequences(takes, _small(ANY)))
    body = draw(st.sampled_from([Generator, AsyncGenerator]))
    outputs = draw(st.lists(s.with_faults(s.values(gives)), min_size=1, max_size=2))
    after = draw(sequences(gives, _small(ANY)))[0] if draw(st.booleans()) else passthrough()
    return Plan(pipe(before, body(*outputs), after)), draw(s.values(takes))


_IN_PIECES = [s.TEXT, s.Listed(s.NUMBER), s.Fields((("a", s.TEXT), ("b", s.NUMBER)))]


@st.composite
def telling(draw: st.DrawFn, inputs: int, *, fails: bool = False) -> tuple[Any, ...]:
    """Return a plan that tells some inputs from others, or fails on some, and several inputs."""
    takes, gives = draw(s.SHAPES), draw(s.SHAPES)
    before = draw(sequences(takes, _small(TOTAL)))[0]
    outputs = draw(st.lists(s.values(gives), min_size=2, max_size=3, unique_by=canonical))
    told = Function(*outputs, *([draw(s.faults())] if fails else []))
    # What comes before may make one of all inputs, so at times nothing does.
    step = pipe(before, told) if draw(st.booleans()) else pipe(told)
    return Plan(step), draw(_several(takes, inputs))


def _several(shape: Shape, most: int) -> st.SearchStrategy[list[Any]]:
    values = s.values(shape)
    return st.lists(values, max_size=1) | st.lists(values, min_size=2, max_size=most)


@st.composite
def mappings(draw: st.DrawFn, *tastes: Taste) -> tuple[Any, ...]:
    """Return a key, pipelines that take a mapping with it and others, and such a mapping."""
    fields = st.dictionaries(st.sampled_from("abc"), s.SCALARS, min_size=2, max_size=3)
    shape = Fields(tuple(draw(fields).items()))
    steps = [draw(sequences(shape, _small(taste)))[0] for taste in tastes]
    return draw(st.sampled_from(shape.keys)), *steps, draw(s.values(shape))


@st.composite
def choices(draw: st.DrawFn, tests: Taste, arms: int, after: int = 0) -> tuple[Any, ...]:
    """Return a step before, a test, so many arms, as many steps after, and an input.

    The step before is total; the test takes what it gives; the arms give one shape.
    """
    takes, gives = draw(s.SHAPES), draw(s.SHAPES)
    before, middle = draw(sequences(takes, _small(TOTAL)))
    test = draw(functions(s.TRUTH, tests))
    found = [draw(between(middle, gives, ANY)) for _ in range(arms)]
    found += [draw(sequences(gives, _small(ANY)))[0] for _ in range(after)]
    return before, test, *found, draw(s.values(takes))


def between(takes: Shape, gives: Shape, taste: Taste = TOTAL) -> st.SearchStrategy[Any]:
    """Return small pipelines between two shapes."""
    return arrows(takes, gives, _small(taste))


def lists(taste: Taste, count: int = 1) -> st.SearchStrategy[tuple[Any, ...]]:
    """Return pipelines in sequence for an element, and a list of elements."""

    @st.composite
    def drawn(draw: st.DrawFn) -> tuple[Any, ...]:
        shape = takes = draw(s.SHAPES)
        steps: list[Any] = []
        for _ in range(count):
            step, shape = draw(sequences(shape, _small(taste)))
            steps.append(step)
        elements = draw(st.lists(s.values(takes), max_size=3))
        again = elements[:1] if draw(st.booleans()) else []  # one of them twice
        return *steps, draw(st.permutations([*elements, *again]))

    return drawn()


def _small(taste: Taste) -> Taste:
    return replace(taste, depth=1)


def inputs() -> st.SearchStrategy[Any]:
    """Return values of any shape."""
    return s.SHAPES.flatmap(s.values)


def functions(gives: Shape | None = None, taste: Taste = ANY) -> st.SearchStrategy[Function]:
    """Return plain functions of any input."""
    shapes = s.SHAPES if gives is None else st.just(gives)
    return shapes.flatmap(lambda shape: _functions(s.values(shape), taste))


def _functions(output: st.SearchStrategy[Any], taste: Taste) -> st.SearchStrategy[Function]:
    either = s.with_faults(output) if taste.faults else output
    return st.lists(either, min_size=1, max_size=3).map(lambda found: Function(*found))


@st.composite
def arms(draw: st.DrawFn, count: int) -> tuple[Any, ...]:
    """Return so many tests less one, so many arms that give one shape, and an input."""
    takes, gives = draw(s.SHAPES), draw(s.SHAPES)
    tests = [draw(functions(s.TRUTH, TOTAL)) for _ in range(count - 1)]
    found = [draw(between(takes, gives, ANY)) for _ in range(count)]
    return *tests, *found, draw(s.values(takes))


@st.composite
def routes(draw: st.DrawFn) -> tuple[Any, ...]:
    """Return a key, values that it may have, two arms, and a mapping with the key."""
    key, f, g, x = draw(mappings(ANY, ANY))
    kind = s.Scalar(type(x[key]))
    names = draw(st.lists(s.values(kind), min_size=1, max_size=2, unique=True))
    return key, names, f, g, x


def twins() -> st.SearchStrategy[tuple[Any, ...]]:
    """Return two plans that differ in one place, if at all, and an input."""
    return fans(ANY, ANY).flatmap(lambda fan: st.sampled_from(_twins(*fan)))


def _twins(f: Any, g: Any, x: object) -> list[tuple[Plan, Plan, object]]:
    pairs = [
        (f, g),
        (fanout({"a": f, "b": g}), fanout({"a": g, "b": f})),
        (fanout({"a": f}), fanout({"b": f})),
        (fanout(f, g), fanout(g, f)),
        (f.attempt(), f),
        (pipe(f, Function(1)), pipe(f, Function(True))),  # noqa: FBT003 - it equals 1 to Python
        (pipe(f, Function(1)), pipe(g, Function(1))),
    ]
    return [(Plan(one), Plan(other), x) for one, other in pairs]

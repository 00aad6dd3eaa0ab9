"""What laws are about: pipelines that fit together, with an input for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from combinators import fanout, passthrough, pipe
from combinators.laws._comparing import Plan
from combinators.laws.strategies import ANY, TOTAL, Taste, _shapes as s
from combinators.laws.strategies._drawing import Drawing, drawn
from combinators.laws.strategies._functions import (
    AsyncGenerator,
    Function,
    Generator,
    canonical,
)
from combinators.laws.strategies._pipelines import Pipeline, arrow, sequence
from combinators.laws.strategies._shapes import Shape


@drawn
def inputs(d: Drawing) -> Any:
    """Return a value of any shape."""
    return d.value(d.shape())


@drawn
def scalars(d: Drawing) -> Any:
    """Return a number, a text, or a truth."""
    return d.value(d.one_of(s.SCALARS))


@drawn
def functions(d: Drawing, gives: Shape | None = None, taste: Taste = ANY) -> Function:
    """Return a plain function of any input."""
    return _function(d, d.shape() if gives is None else gives, taste)


@drawn
def paths(d: Drawing, *tastes: Taste) -> tuple[Any, ...]:
    """Return pipelines of which each takes what the one before gives, and an input."""
    shape = takes = d.shape()
    steps: list[Pipeline] = []
    for taste in tastes:
        step, shape = _small(d, shape, taste)
        steps.append(step)
    return *steps, d.value(takes)


@drawn
def fans(d: Drawing, *tastes: Taste) -> tuple[Any, ...]:
    """Return pipelines that take the same, and an input."""
    takes = d.shape()
    return *(_small(d, takes, taste)[0] for taste in tastes), d.value(takes)


@drawn
def forks(d: Drawing, before: Taste, *tastes: Taste) -> tuple[Any, ...]:
    """Return a pipeline, pipelines that all take what it gives, and an input."""
    takes = d.shape()
    first, middle = _small(d, takes, before)
    return first, *(_small(d, middle, taste)[0] for taste in tastes), d.value(takes)


@drawn
def ladders(d: Drawing, taste: Taste = ANY) -> tuple[Any, ...]:
    """Return two pipelines that take the same, one more to follow each, and an input."""
    takes = d.shape()
    (f, left), (g, right) = _small(d, takes, taste), _small(d, takes, taste)
    return f, g, _small(d, left, taste)[0], _small(d, right, taste)[0], d.value(takes)


@drawn
def lists(d: Drawing, *tastes: Taste) -> tuple[Any, ...]:
    """Return pipelines in sequence for an element, and a list of elements."""
    shape = takes = d.shape()
    steps: list[Pipeline] = []
    for taste in tastes:
        step, shape = _small(d, shape, taste)
        steps.append(step)
    return *steps, _several(d, takes, 4)


@drawn
def mappings(d: Drawing, *tastes: Taste) -> tuple[Any, ...]:
    """Return a key, pipelines that take a mapping with it and others, and such a mapping."""
    return _mapping(d, *tastes)


@drawn
def routes(d: Drawing) -> tuple[Any, ...]:
    """Return a key, values that it may have, two arms, and a mapping with the key."""
    key, f, g, x = _mapping(d, ANY, ANY)
    kind = s.Scalar(type(x[key]))
    names = d.several(lambda: d.value(kind), 1, 2)
    return key, [*dict.fromkeys(names)], f, g, x


@drawn
def arms(d: Drawing) -> tuple[Any, ...]:
    """Return two tests, three arms that give one shape, and an input."""
    takes, gives = d.shape(), d.shape()
    tests = [_function(d, s.TRUTH, TOTAL) for _ in range(2)]
    found = [_between(d, takes, gives) for _ in range(3)]
    return *tests, *found, d.value(takes)


@drawn
def choices(d: Drawing, tests: Taste, arms: int, after: int = 0) -> tuple[Any, ...]:
    """Return a step before, a test, so many arms, as many steps after, and an input.

    The step before is total; the test takes what it gives; the arms give one shape.
    """
    takes, gives = d.shape(), d.shape()
    before, middle = _small(d, takes, TOTAL)
    found = [_between(d, middle, gives) for _ in range(arms)]
    found += [_small(d, gives, ANY)[0] for _ in range(after)]
    return before, _function(d, s.TRUTH, tests), *found, d.value(takes)


@drawn
def plans(d: Drawing, taste: Taste = ANY) -> tuple[Plan, Any]:
    """Return a plan of any shape, and an input."""
    takes = d.shape()
    return Plan(sequence(d, takes, taste)[0]), d.value(takes)


@drawn
def steps(d: Drawing, inputs: int = 1) -> tuple[Any, ...]:
    """Return a pipeline of any shape, and so many inputs."""
    takes = d.shape()
    return sequence(d, takes, ANY)[0], *(d.value(takes) for _ in range(inputs))


@drawn
def plans_for_several(d: Drawing, taste: Taste = ANY) -> tuple[Plan, list[Any]]:
    """Return a plan of any shape, and inputs."""
    takes = d.shape()
    return Plan(sequence(d, takes, taste)[0]), _several(d, takes, 3)


@drawn
def streaming(d: Drawing) -> tuple[Plan, Any]:
    """Return a plan that ends in a step of several chunks, or in one that passes them on."""
    takes, gives = d.shape(), d.one_of(_IN_PIECES)
    outputs = d.several(partial(d.output, gives, faults=True), 1, 2)
    body = d.one_of([Generator, AsyncGenerator])(*outputs)
    after = _small(d, gives, ANY)[0] if d.one_of([False, True]) else passthrough()
    return Plan(pipe(_small(d, takes, ANY)[0], body, after)), d.value(takes)


_IN_PIECES: Final[tuple[Shape, ...]] = (
    s.TEXT,
    s.Listed(s.NUMBER),
    s.Fields((("a", s.TEXT), ("b", s.NUMBER))),
)


@drawn
def telling(d: Drawing, *, fails: bool = False) -> tuple[Plan, list[Any]]:
    """Return a plan that tells some inputs from others, or fails on some, and inputs."""
    takes, gives = d.shape(), d.shape()
    outputs = {canonical(y): y for y in d.several(lambda: d.value(gives), 2, 3)}.values()
    told = pipe(Function(*outputs, *([d.fault()] if fails else [])))
    # What comes before may make one of all inputs, so at times nothing does.
    before = _small(d, takes, TOTAL)[0] if d.one_of([False, True]) else passthrough()
    return Plan(pipe(before, told)), _several(d, takes, 5)


@drawn
def twins(d: Drawing) -> tuple[Plan, Plan, Any]:
    """Return two plans that differ in one place, if at all, and an input."""
    takes = d.shape()
    f, g = _small(d, takes, ANY)[0], _small(d, takes, ANY)[0]
    one, other = d.one_of(
        [
            (f, g),
            (fanout({"a": f, "b": g}), fanout({"a": g, "b": f})),
            (fanout({"a": f}), fanout({"b": f})),
            (fanout(f, g), fanout(g, f)),
            (f.attempt(), f),
            (pipe(f, Function(1)), pipe(f, Function(True))),  # noqa: FBT003 - it equals 1
            (pipe(f, Function(1)), pipe(g, Function(1))),
        ]
    )
    return Plan(one), Plan(other), d.value(takes)


def _small(d: Drawing, takes: Shape, taste: Taste) -> tuple[Pipeline, Shape]:
    return sequence(d, takes, replace(taste, depth=1))


def _between(d: Drawing, takes: Shape, gives: Shape) -> Pipeline:
    return arrow(d, takes, gives, replace(ANY, depth=1))


def _function(d: Drawing, gives: Shape, taste: Taste) -> Function:
    return Function(*d.several(partial(d.output, gives, faults=taste.faults), 1, 3))


def _mapping(d: Drawing, *tastes: Taste) -> tuple[Any, ...]:
    shape = d.fields(lambda: d.one_of(s.SCALARS), least=2)
    x: Mapping[str, Any] = d.value(shape)
    return d.one_of(shape.keys), *(_small(d, shape, taste)[0] for taste in tastes), x


def _several(d: Drawing, shape: Shape, most: int) -> list[Any]:
    """Return values of a shape; two of them may be the same."""
    found = d.several(lambda: d.value(shape), d.one_of([0, 2]), most - 1)
    return [*found, *(found[:1] if d.one_of([False, True]) else [])]

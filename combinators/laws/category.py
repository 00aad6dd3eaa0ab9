"""Pipelines in sequence: the laws of a category."""

from __future__ import annotations

from typing import Any, TypeVar

from hypothesis import strategies as st

from combinators.laws import _cases as cases
from combinators.laws._comparing import expect, expect_agreement, run
from combinators.laws._law import law
from combinators.laws._outcomes import agree, outcome_of
from combinators.laws._systems import System
from combinators.laws.strategies import ANY

P = TypeVar("P")


@law(cases.paths(ANY, ANY, ANY))
def pipe_is_associative(s: System[P], f: P, g: P, h: P, x: object) -> None:
    """How a pipe is bracketed makes no difference.

        (f | g) | h  =  f | (g | h)

    Source: Eilenberg and Mac Lane, General Theory of Natural Equivalences (1945).
    """
    expect_agreement(s, s.pipe(s.pipe(f, g), h), s.pipe(f, s.pipe(g, h)), x)


@law(cases.paths(ANY))
def passthrough_is_neutral_before(s: System[P], f: P, x: object) -> None:
    """A passthrough before a step changes nothing.

        passthrough() | f  =  f

    Source: Eilenberg and Mac Lane, General Theory of Natural Equivalences (1945).
    """
    expect_agreement(s, s.pipe(s.passthrough(), f), f, x)


@law(cases.paths(ANY))
def passthrough_is_neutral_after(s: System[P], f: P, x: object) -> None:
    """A passthrough after a step changes nothing.

        f | passthrough()  =  f

    Source: Eilenberg and Mac Lane, General Theory of Natural Equivalences (1945).
    """
    expect_agreement(s, s.pipe(f, s.passthrough()), f, x)


@law(st.tuples(cases.functions(), cases.functions(), cases.inputs()))
def lifting_keeps_composition(s: System[P], f: Any, g: Any, x: object) -> None:
    """Two functions in a pipe are the one function that calls them left to right.

        runnable(f) | runnable(g)  =  runnable(lambda x: g(f(x)))

    Associativity and neutrality are blind to direction: this law is not.

    Source: Hughes, Generalising Monads to Arrows (2000).
    """
    piped, composed = run(s, s.pipe(s.lift(f), s.lift(g)), x), outcome_of(lambda: g(f(x)))
    expect(agree(piped, composed), piped=piped, composed=composed)


@law(st.tuples(cases.inputs()))
def lifting_keeps_the_identity(s: System[P], x: object) -> None:
    """The function that returns its argument is a passthrough.

        runnable(lambda x: x)  =  passthrough()

    Source: Hughes, Generalising Monads to Arrows (2000).
    """
    expect_agreement(s, s.lift(_same), s.passthrough(), x)


def _same(x: object) -> object:
    return x

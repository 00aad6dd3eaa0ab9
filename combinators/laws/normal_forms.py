"""Normal forms: spellings of the same pipeline are equal values, before anything runs."""

from __future__ import annotations

from typing import TypeVar

from combinators.laws import _cases as cases
from combinators.laws._comparing import expect
from combinators.laws._law import law
from combinators.laws._systems import System
from combinators.laws.strategies import ANY

P = TypeVar("P")


@law(cases.paths(ANY, ANY, ANY))
def brackets_leave_no_trace(s: System[P], f: P, g: P, h: P, _: object) -> None:
    """However a pipe is bracketed, it is the same value.

        (f | g) | h  ==  f | (g | h)  ==  pipe(f, g, h)

    Source: lists are the free monoid: normal forms of a monoid have no brackets in them.
    """
    left, right = s.pipe(s.pipe(f, g), h), s.pipe(f, s.pipe(g, h))
    expect(s.equal(left, right), left=left, right=right)
    expect(s.equal(left, s.pipe(f, g, h)), left=left, flat=s.pipe(f, g, h))


@law(cases.paths(ANY))
def passthroughs_leave_no_trace(s: System[P], f: P, _: object) -> None:
    """A passthrough that declares no type vanishes from a pipe.

        passthrough() | f  ==  f  ==  f | passthrough()

    Source: normal forms of a monoid have no unit in them.
    """
    before, after = s.pipe(s.passthrough(), f), s.pipe(f, s.passthrough())
    expect(s.equal(before, f), before=before, alone=f)
    expect(s.equal(after, f), after=after, alone=f)


@law(cases.paths(ANY))
def short_pipes_are_what_is_in_them(s: System[P], f: P, _: object) -> None:
    """A pipe of one step is that step, and a pipe of none is a passthrough.

        pipe(f)  ==  f        pipe()  ==  passthrough()

    Source: the empty product is the unit.
    """
    expect(s.equal(s.pipe(f), f), pipe=s.pipe(f), alone=f)
    expect(s.equal(s.pipe(), s.passthrough()), pipe=s.pipe(), passthrough=s.passthrough())


@law(cases.paths(ANY, ANY))
def a_name_is_part_of_the_value(s: System[P], f: P, g: P, _: object) -> None:
    """A pipe under a name is kept as it is: it shows in paths, and is another value.

        (f | g).named("n")  !=  f | g        and stays whole inside a pipe

    Source: a name is a boundary, as `let` is.
    """
    whole = s.pipe(f, g)
    named = s.named("n", whole)
    expect(not s.equal(named, whole), named=named, whole=whole)
    outer, flat = s.pipe(named, s.lift(len)), s.pipe(whole, s.lift(len))
    expect(not s.equal(outer, flat), outer=outer, flat=flat)
    expect("'n'" in s.written(outer), written=s.written(outer))

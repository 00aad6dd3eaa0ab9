"""What is *not* a law, though it looks like one: each of these has a counterexample.

They are stated as laws are, and a test sees to it that each is broken.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

from hypothesis import strategies as st

from combinators.laws import _cases as cases
from combinators.laws._comparing import Witness, expect, expect_agreement, expect_same, run
from combinators.laws._law import Law, law
from combinators.laws._ledger import counted
from combinators.laws._systems import System
from combinators.laws.strategies import ANY, TOTAL, Function, Generator

P = TypeVar("P")


@law(cases.paths(ANY, ANY))
def steps_do_not_commute(s: System[P], f: P, g: P, x: object) -> None:
    """Two steps in a pipe cannot change places.

        f | g  /=  g | f

    Source: composition of functions is not commutative.
    """
    expect_agreement(s, s.pipe(f, g), s.pipe(g, f), x)


@law(cases.forks(TOTAL, TOTAL, TOTAL))
def effects_do_not_move_into_branches(s: System[P], f: P, g: P, h: P, x: object) -> None:
    """A step that moves into two branches runs twice: what it does, it does twice.

        f | fanout(a=g, b=h)  /=  fanout(a=f | g, b=f | h)        where effects count

    The values are the same, which is the law `a_total_step_moves_into_branches`.

    Source: Hughes, Generalising Monads to Arrows (2000): `first` of an impure arrow.
    """
    with counted() as before:
        run(s, s.pipe(f, s.fanout({"a": g, "b": h})), x)
    with counted() as inside:
        run(s, s.fanout({"a": s.pipe(f, g), "b": s.pipe(f, h)}), x)
    expect(before.calls == inside.calls, before=dict(before.calls), inside=dict(inside.calls))


@law(cases.fans(TOTAL, ANY))
def a_projection_does_not_spare_a_failing_sibling(s: System[P], f: P, g: P, x: object) -> None:
    """Every branch runs, also one that nobody looks at: where it fails, the fan-out fails.

        fanout(a=f, b=g) | pick("a")  /=  f        where g may fail

    Source: strict products have no projections; Danielsson et al., Fast and Loose Reasoning (2006).
    """
    expect_agreement(s, s.pipe(s.fanout({"a": f, "b": g}), s.pick("a")), f, x)


@law(cases.fans(ANY))
def a_failure_is_not_forgotten(s: System[P], f: P, x: object) -> None:
    """A step whose result nobody uses runs nevertheless, and may fail.

        f | fanout()  /=  fanout()        where f may fail

    Source: Danielsson et al., Fast and Loose Reasoning (2006).
    """
    expect_agreement(s, s.pipe(f, s.fanout({})), s.fanout({}), x)


@law(st.tuples(cases.inputs()))
def effects_of_branches_do_not_commute(s: System[P], x: object) -> None:
    """Branches that are run one after another are run in the order in which they are written.

        fanout(a=f, b=g)  /=  fanout(b=g, a=f)        where what they do meets outside

    Source: Bernstein, Analysis of Programs for Parallel Processing (1966).
    """
    one, other = _order(s, x, "ab"), _order(s, x, "ba")
    expect_same(one=one, other=other)


@law(cases.mappings(TOTAL, TOTAL).map(lambda m: (m[1], m[2], m[3])))
def updates_together_are_not_one_by_one(s: System[P], f: P, g: P, x: dict[str, Any]) -> None:
    """Keys that are replaced together see the old values; one by one, the second sees the new.

        update(k=f, m=g)  /=  update(k=f) | update(m=g)

    Source: concurrent assignment; Dijkstra, A Discipline of Programming (1976).
    """
    key, other = [*x][:2]
    apart = s.pipe(s.update({key: f}), s.update({other: g}))
    expect_agreement(s, s.update({key: f, other: g}), apart, x)


@law(cases.paths(ANY, ANY))
def attempts_do_not_compose(s: System[P], f: P, g: P, x: object) -> None:
    """A step that follows an attempt is given the outcome, and not the result.

        (f | g).attempt()  /=  f.attempt() | g.attempt()

    Source: Moggi, Notions of Computation and Monads (1991): Kleisli composition is another one.
    """
    apart = s.pipe(s.attempt(f), s.attempt(g))
    expect_agreement(s, s.attempt(s.pipe(f, g)), apart, x)


@law(st.tuples(st.text("ab", max_size=3)))
def a_function_that_does_nothing_is_no_passthrough_to_a_stream(s: System[P], text: str) -> None:
    """A plain function is given the whole: the value is the same, the chunks are not.

        list((gen | (lambda x: x)).stream(x))  /=  list((gen | passthrough()).stream(x))

    Source: chunks are how a value travels, and no part of it.
    """
    source = s.lift(Generator(text))
    same = s.pipe(source, s.lift(Witness()))
    expect_same(function=[*s.stream(same, 0)], passthrough=[*s.stream(source, 0)])


def _order(s: System[P], x: object, names: str) -> list[object]:
    """Return the order in which the branches with these names run where all are inline."""
    seen = Witness()
    steps = {
        name: s.pipe(s.lift(Function(name), inline=True), s.lift(seen, inline=True))
        for name in names
    }
    s.invoke(s.fanout(steps), x)
    return seen.seen


NON_LAWS: Final = tuple(each for each in [*globals().values()] if isinstance(each, Law))

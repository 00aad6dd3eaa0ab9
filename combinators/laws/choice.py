"""Steps that choose: branches, routes, and steps that a function of the value chooses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from hypothesis import strategies as st

from combinators.laws import _cases as cases
from combinators.laws._comparing import expect, expect_agreement, run
from combinators.laws._law import law
from combinators.laws._outcomes import Raised
from combinators.laws._systems import Kind, System
from combinators.laws.strategies import ANY, TOTAL, Function

P = TypeVar("P")


@law(cases.arms())
def the_first_arm_that_holds_is_taken(
    s: System[P], p: Any, q: Any, f: P, g: P, h: P, x: object
) -> None:
    """Tests are asked in their order, and the first that holds decides; if none does, the default.

        branch(when(p, f), when(q, g), otherwise=h)(x)  =  (f if p(x) else g if q(x) else h)(x)

    Source: McCarthy, Recursive Functions of Symbolic Expressions (1960), conditional expressions.
    """
    chosen = f if p(x) else g if q(x) else h
    expect_agreement(s, s.branch([(s.lift(p), f), (s.lift(q), g)], h), chosen, x)


@law(cases.choices(TOTAL, 1))
def a_choice_between_equals_is_none(s: System[P], _: P, p: Any, f: P, x: object) -> None:
    """Where both arms are the same, the test makes no difference.

        branch(when(p, f), otherwise=f)  =  f        where p does not fail

    Source: Bloom and Tindell, Varieties of if-then-else (1983).
    """
    expect_agreement(s, s.branch([(s.lift(p), f)], f), f, x)


@law(cases.choices(ANY, 2))
def a_step_before_moves_into_the_choice(s: System[P], f: P, p: Any, g: P, h: P, x: object) -> None:
    """A step before a choice may as well run in the test and in each arm.

        f | branch(when(p, g), otherwise=h)  =  branch(when(f | p, f | g), otherwise=f | h)

    Source: Bird and de Moor, Algebra of Programming (1997), conditionals.
    """
    inside = s.branch([(s.pipe(f, s.lift(p)), s.pipe(f, g))], s.pipe(f, h))
    expect_agreement(s, s.pipe(f, s.branch([(s.lift(p), g)], h)), inside, x)


@law(cases.choices(ANY, 2, 1))
def a_step_after_moves_into_the_arms(
    s: System[P], _: P, p: Any, g: P, h: P, k: P, x: object
) -> None:
    """A step after a choice may as well end each arm.

        branch(when(p, g), otherwise=h) | k  =  branch(when(p, g | k), otherwise=h | k)

    Source: Bird and de Moor, Algebra of Programming (1997), conditionals.
    """
    inside = s.branch([(s.lift(p), s.pipe(g, k))], s.pipe(h, k))
    expect_agreement(s, s.pipe(s.branch([(s.lift(p), g)], h), k), inside, x)


_FORMS: dict[str, Any] = {"int": int, "str | bool": str | bool, "None": None}


@law(st.tuples(st.sampled_from([*_FORMS]), cases.scalars()))
def a_case_takes_the_values_of_its_type(s: System[P], form: str, x: object) -> None:
    """A case is taken by the values of its type and by no others.

        branch(case(T, f), otherwise=g)(x)  =  f(x) if isinstance(x, T) else g(x)

    Source: Abadi, Cardelli, Pierce, Plotkin, Dynamic Typing in a Statically Typed Language (1991):
    the typecase.
    """
    kind = _FORMS[form]
    taken, other = s.lift(Function("taken")), s.lift(Function("other"))
    holds = x is None if kind is None else isinstance(x, kind)
    expect_agreement(s, s.branch([(Kind(kind), taken)], other), taken if holds else other, x)


@law(st.tuples(cases.inputs()))
def what_no_arm_takes_is_an_error(s: System[P], x: object) -> None:
    """A choice without a default fails where no arm takes the value.

        branch(case(bytes, f))(x)  raises  ValueError        for an x that is no bytes

    Source: The Definition of Standard ML (1990), `Match`: a match that fails is an exception.
    """
    outcomes = {
        "branch": run(s, s.branch([(Kind(bytes), s.lift(Function(1)))], None), x),
        "route": run(s, s.route("k", {"known": s.lift(Function(1))}, None), {"k": x}),
    }
    for choice, outcome in outcomes.items():
        holds = isinstance(outcome, Raised) and isinstance(outcome.error, ValueError)
        expect(holds, **{choice: outcome, "expected": "a ValueError"})


@law(cases.routes())
def a_route_is_a_choice_by_the_value_of_a_key(
    s: System[P], key: str, names: list[Any], f: P, g: P, x: Mapping[str, Any]
) -> None:
    """A route runs the arm that the value under the key names, on the whole input.

        route("k", {n: f}, otherwise=g)(x)  =  f(x) if x["k"] == n else g(x)

    Source: PEP 634, literal patterns: what is equal to the literal is matched.
    """
    routed = s.route(key, dict.fromkeys(names, f), g)
    expect_agreement(s, routed, f if x[key] in names else g, x)


@law(cases.fans(ANY))
def binding_a_constant_is_the_step_itself(s: System[P], f: P, x: object) -> None:
    """A step that is always the one chosen is that step.

        bind(lambda _: f)  =  f

    Source: Hughes, Generalising Monads to Arrows (2000): ArrowApply.
    """
    expect_agreement(s, s.bind(s.lift(Function(f))), f, x)


@law(cases.choices(ANY, 2))
def binding_a_test_is_a_branch(s: System[P], f: P, p: Any, g: P, h: P, x: object) -> None:
    """To choose by a function and to choose by a test are the same.

        bind(lambda x: g if p(x) else h)  =  branch(when(p, g), otherwise=h)

    Source: Hughes, Generalising Monads to Arrows (2000): `app` gives `left`.
    """
    bound = s.bind(s.lift(_choosing(p, g, h)))
    expect_agreement(s, s.pipe(f, bound), s.pipe(f, s.branch([(s.lift(p), g)], h)), x)


@law(cases.choices(TOTAL, 2, 1))
def a_step_after_moves_into_what_is_chosen(
    s: System[P], _: P, p: Any, g: P, h: P, k: P, x: object
) -> None:
    """A step after a bind may as well end each step that may be chosen.

        bind(choose) | k  =  bind(lambda x: choose(x) | k)

    Source: Haskell's `Control.Arrow`, a law of ArrowApply: operations move into what is applied.
    """
    after = s.pipe(s.bind(s.lift(_choosing(p, g, h))), k)
    inside = s.bind(s.lift(_choosing(p, s.pipe(g, k), s.pipe(h, k))))
    expect_agreement(s, after, inside, x)


def _choosing(test: Callable[[object], bool], yes: P, no: P) -> Callable[[object], P]:
    def choose(x: object) -> P:
        return yes if test(x) else no

    return choose

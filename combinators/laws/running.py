"""Every way of running a pipeline gives what it means: the reference is the judge."""

from __future__ import annotations

from typing import TypeVar

from hypothesis import strategies as st

from combinators.laws import _cases as cases
from combinators.laws._comparing import Plan, expect_meaning, finished, run
from combinators.laws._law import law
from combinators.laws._outcomes import outcome_of
from combinators.laws._systems import System

P = TypeVar("P")

_LIMITS = st.sampled_from([1, 2, 7])


@law(cases.plans())
def invoke_gives_the_meaning(s: System[P], plan: Plan, x: object) -> None:
    """A call gives what the pipeline means, for any pipeline and any input.

        invoke(x)  =  meaning(x)

    Source: Reynolds, Definitional Interpreters (1972): the simplest interpreter is the definition.
    """
    expect_meaning("invoke", run(s, plan.built(s), x), plan.meaning(x))


@law(cases.plans())
def ainvoke_gives_the_meaning(s: System[P], plan: Plan, x: object) -> None:
    """A call on an event loop gives what the pipeline means.

        await ainvoke(x)  =  meaning(x)

    Source: Reynolds, Definitional Interpreters (1972): the simplest interpreter is the definition.
    """
    p = plan.built(s)
    expect_meaning("ainvoke", outcome_of(lambda: finished(s.ainvoke(p, x))), plan.meaning(x))


@law(st.tuples(cases.plans(), _LIMITS).map(lambda drawn: (*drawn[0], drawn[1])))
def a_limit_changes_nothing_but_time(s: System[P], plan: Plan, x: object, limit: int) -> None:
    """However few steps may run at once, the outcome is the same.

        invoke(x, limit=n)  =  meaning(x)  =  await ainvoke(x, limit=n)

    Source: Brinch Hansen, Structured Multiprogramming (1972): time-dependent results are errors.
    """
    p, meant = plan.built(s), plan.meaning(x)
    expect_meaning("invoke", outcome_of(lambda: s.invoke(p, x, limit=limit)), meant)
    expect_meaning("ainvoke", outcome_of(lambda: finished(s.ainvoke(p, x, limit=limit))), meant)


@law(cases.plans())
def looking_for_mutation_changes_nothing_but_time(s: System[P], plan: Plan, x: object) -> None:
    """Where no step changes its input, to look whether one does has no effect.

        invoke(x, check_mutation=True)  =  meaning(x)  =  await ainvoke(x, check_mutation=True)

    Source: a check that passes is the identity.
    """
    p, meant = plan.built(s), plan.meaning(x)
    expect_meaning("invoke", outcome_of(lambda: s.invoke(p, x, check_mutation=True)), meant)
    awaited = outcome_of(lambda: finished(s.ainvoke(p, x, check_mutation=True)))
    expect_meaning("ainvoke", awaited, meant)


@law(cases.plans_for_several())
def runs_know_nothing_of_one_another(s: System[P], plan: Plan, xs: list[object]) -> None:
    """A pipeline gives the same for the same input, whatever it was run on before.

        invoke(x); invoke(y); invoke(x)  =  meaning(x); meaning(y); meaning(x)

    Source: Strachey, Fundamental Concepts in Programming Languages (1967).
    """
    p = plan.built(s)
    for x in [*xs, *reversed(xs)]:
        expect_meaning("again", run(s, p, x), plan.meaning(x))

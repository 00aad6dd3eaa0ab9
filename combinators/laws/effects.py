"""What is done, and how often: steps run exactly when the pipeline says so."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from dataclasses import replace
from functools import partial
from typing import Any, Final, TypeVar

from hypothesis import strategies as st

from combinators.laws import _cases as cases
from combinators.laws._comparing import Plan, Witness, collected, expect, expect_same, finished, run
from combinators.laws._law import law
from combinators.laws._ledger import counted
from combinators.laws._outcomes import outcome_of
from combinators.laws._systems import System
from combinators.laws.strategies import ANY, TOTAL, Function

P = TypeVar("P")


# What is kept is not run again, and with an earlier way of running something was kept.
KEEPING_NOTHING: Final = replace(TOTAL, keeps=False)


@law(cases.plans(KEEPING_NOTHING))
def each_step_runs_as_often_as_it_is_met(s: System[P], plan: Plan, x: object) -> None:
    """Where nothing fails, each step runs on each of its inputs exactly as often as is meant.

        calls of invoke(x)  =  calls of meaning(x)  =  calls of ainvoke(x), and of both streams

    Source: Launchbury, A Natural Semantics for Lazy Evaluation (1993): what is shared can be told.
    """
    p = plan.built(s)
    with counted() as meant:
        plan.meaning(x)
    ways = {
        "invoke": lambda: s.invoke(p, x),
        "ainvoke": lambda: finished(s.ainvoke(p, x)),
        "stream": lambda: [*s.stream(p, x)],
        "astream": lambda: finished(collected(s.astream(p, x))),
    }
    for name, way in ways.items():
        with counted() as done:
            outcome_of(way)
        expect(done.calls == meant.calls, **{name: dict(done.calls), "meaning": dict(meant.calls)})


@law(cases.plans(ANY))
def a_failure_repeats_nothing(s: System[P], plan: Plan, x: object) -> None:
    """Where something fails, no step runs more often than is meant: what is left out is all.

        calls of invoke(x)  <=  calls of meaning(x)

    Source: what has begun is not begun again, unless a retry says so.
    """
    p = plan.built(s)
    with counted() as meant:
        plan.meaning(x)
    for name, way in _calls(s).items():
        with counted() as done:
            outcome_of(partial(way, p, x))
        expect(done.calls <= meant.calls, **{name: dict(done.calls), "meaning": dict(meant.calls)})


@law(cases.plans())
def building_and_looking_run_nothing(s: System[P], plan: Plan, _: object) -> None:
    """A pipeline can be built, compared, hashed, pickled, written and drawn without being run.

        calls of build, ==, hash, pickle, repr, draw  =  none

    Source: Landin, The Next 700 Programming Languages (1966).
    """
    with counted() as done:
        p = plan.built(s)
        s.equal(p, s.copied(p))
        s.hashed(p)
        s.written(p)
        s.drawn(p)
    expect(not done.calls, calls=dict(done.calls), expected="none")


@law(cases.mappings(ANY))
def inputs_are_not_changed(s: System[P], key: str, f: P, x: object) -> None:
    """What goes in is the same afterwards, whatever is made of it.

        x after r(x)  =  x before

    Source: Strachey, Fundamental Concepts in Programming Languages (1967).
    """
    before = copy.deepcopy(x)
    rearranged = [s.omit(key), s.rename({"new": key}), s.assign({"new": f}), s.update({key: f})]
    for step in [f, *rearranged]:
        run(s, step, x)
        expect_same(after=x, before=before)


@law(st.tuples(cases.inputs()))
def branches_share_the_input(s: System[P], x: object) -> None:
    """Every branch is given the very object that the fan-out is given.

        fanout(a=passthrough(), b=f)(x)["a"] is x, and f is given x itself

    Source: Mac Lane, Categories for the Working Mathematician (1971): the diagonal.
    """
    given = Witness()
    kept = s.invoke(s.fanout({"a": s.passthrough(), "b": s.lift(given)}), x)["a"]
    expect(kept is x and given.seen[0] is x, passed=kept, given=given.seen, input=x)


@law(cases.fans(TOTAL))
def a_tap_is_shown_what_passes(s: System[P], f: P, x: object) -> None:
    """A tap is called once with the value, which goes on, whatever the tap returns.

        tap(f)  =  passthrough(), and f is called with x once

    Source: Unix, tee.
    """
    shown = Witness()
    watch = s.tap(s.pipe(s.lift(shown), s.lift(Function("dropped"))))
    expect_same(passed=s.invoke(s.pipe(watch, s.tap(f)), x), given=x)
    expect_same(shown=shown.seen, once=[x])


_SET: Final[ContextVar[str]] = ContextVar("set", default="unset")


@law(st.tuples(st.booleans(), st.booleans()))
def a_pipe_is_one_context_and_a_branch_its_own(
    s: System[P],
    first_waits: bool,  # noqa: FBT001 - drawn
    then_waits: bool,  # noqa: FBT001 - drawn
) -> None:
    """What a step sets in the context the next step sees, and no sibling of its branch does.

        set | get  =  "set"        fanout(a=set, b=get) | …  =  "unset" in b and after

    Source: PEP 567, context variables.
    """
    step = s.lift(_aset if first_waits else _set)
    get = s.lift(_aget if then_waits else _get)
    apart = s.pipe(s.fanout({"a": step, "b": s.passthrough()}), get)
    for name, way in _calls(s).items():
        expect_same(**{name: _apart(way, s.pipe(step, get)), "in a pipe": "set"})
        expect_same(**{name: _apart(way, apart), "after a branch": "unset"})


def _apart(way: Callable[[P, object], Any], p: P) -> object:
    return copy_context().run(way, p, "set")


def _calls(s: System[P]) -> dict[str, Callable[[P, object], Any]]:
    return {"invoke": s.invoke, "ainvoke": lambda p, x: finished(s.ainvoke(p, x))}


def _set(x: str) -> str:
    _SET.set(x)
    return x


async def _aset(x: str) -> str:
    return _set(x)


def _get(_: object) -> str:
    return _SET.get()


async def _aget(_: object) -> str:
    return _get(None)

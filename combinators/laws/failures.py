"""What becomes of an exception: nothing is lost, nothing is wrapped, everything has its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, final

from hypothesis import strategies as st
from returns.result import Failure, Success

from combinators import FanoutError
from combinators.laws import _cases as cases
from combinators.laws._comparing import (
    Plan,
    Witness,
    expect,
    expect_meaning,
    expect_same,
    finished,
    run,
)
from combinators.laws._law import law
from combinators.laws._outcomes import Gave, Outcome, Raised, outcome_of
from combinators.laws._systems import System
from combinators.laws.strategies import ANY, TOTAL, Fault

P = TypeVar("P")


@final
class Signal(BaseException):
    """Something like Ctrl-C: no `Exception`, so that no step may answer it."""


@law(cases.forks(TOTAL, ANY))
def an_exception_travels_unwrapped(s: System[P], f: P, g: P, x: object) -> None:
    """A pipe raises the very exception that its step raised, and runs no step after it.

        (f | raise error | g)(x)  raises  error        itself, and g never begins

    Source: Goodenough, Exception Handling (1975): a signaller's exception is the caller's.
    """
    error, after = Fault("raised"), Witness()
    outcome = run(s, s.pipe(f, s.lift(_raising(error)), s.lift(after), g), x)
    expect(isinstance(outcome, Raised) and outcome.error is error, raised=outcome, error=error)
    expect_same(begun_after=after.seen, expected=[])


@law(st.tuples(st.lists(st.booleans(), min_size=1, max_size=4), cases.inputs()))
def failures_stand_under_their_keys(s: System[P], failing: list[bool], x: object) -> None:
    """The exceptions of branches travel together, each under the key of its branch.

        fanout(a=raise A, b=f, c=raise C)(x)  raises  FanoutError of {a: A, c: C} or a part of it

    After the first failure, branches that have not begun never do: so the part is not empty, and
    which it is, time decides.

    Source: McBride and Paterson, Applicative Programming with Effects (2008): errors accumulate.
    """
    keys = [f"key{position}" for position in range(len(failing))]
    steps = {
        key: s.lift(_raising(Fault(key)) if fails else _same)
        for key, fails in zip(keys, failing, strict=True)
    }
    outcome = run(s, s.fanout(steps), x)
    errors = _errors(outcome)
    if not any(failing):
        expect(isinstance(outcome, Gave), outcome=outcome, expected="no failure")
        return
    expect(bool(errors), outcome=outcome, expected="a FanoutError")
    for key, error in errors.items():
        expect(isinstance(error, Fault) and error.args == (key,), key=key, error=error)


@law(st.tuples(st.lists(st.sampled_from("abc"), min_size=1, max_size=4), cases.inputs()))
def groups_nest_as_fanouts_do(s: System[P], keys: list[str], x: object) -> None:
    """The path of keys to an exception is the path of keys to the branch that raised it.

        fanout(a=fanout(b=raise E))(x)  raises  a FanoutError whose flat() is {("a", "b"): E}

    Source: McBride and Paterson, Applicative Programming with Effects (2008): applicatives compose.
    """
    step = s.lift(_raising(Fault("deep")))
    for key in reversed(keys):
        step = s.fanout({key: step})
    outcome = run(s, step, x)
    found = outcome.error if isinstance(outcome, Raised) else None
    paths = [*found.flat()] if isinstance(found, FanoutError) else []
    expect(paths == [tuple(keys)], outcome=outcome, path=keys)


@law(st.tuples(st.lists(st.sampled_from("abc"), max_size=3), cases.inputs()))
def an_exception_says_once_where_it_comes_from(s: System[P], keys: list[str], x: object) -> None:
    """An exception from inside has one note, which names the way to its step from the outside in.

        fanout(a=fanout(b=f | raise E))(x)  raises  E with "at fanout['a'] > fanout['b'] > …"

    Source: PEP 678, notes on exceptions.
    """
    step = s.pipe(s.passthrough(), s.lift(_same), s.lift(_raising(Fault("deep"))))
    for key in reversed(keys):
        step = s.fanout({key: step})
    for way in (s.invoke, _awaited(s)):
        outcome = outcome_of(lambda way=way: way(step, x))  # type: ignore[misc]  # bound at once
        (leaf,) = _leaves(outcome)
        notes = getattr(leaf, "__notes__", [])
        segments = [*(f"fanout[{key!r}]" for key in keys), "pipe step 2 (raises)"]
        expect(notes == [f"at {' > '.join(segments)}"], notes=notes, way=segments)


@law(cases.plans())
def an_attempt_never_raises(s: System[P], plan: Plan, x: object) -> None:
    """An attempt gives the outcome as a value, whatever it is.

        r.attempt()(x)  =  Success(r(x)), or Failure(the error)

    Source: Spivey, A Functional Theory of Exceptions (1990).
    """
    meant = plan.meaning(x)
    value = Success(meant.value) if isinstance(meant, Gave) else Failure(meant.error)
    expect_meaning("attempt", run(s, s.attempt(plan.built(s)), x), Gave(value))


@law(cases.fans(TOTAL))
def an_attempt_spares_its_siblings(s: System[P], f: P, x: object) -> None:
    """A failure that is attempted in a branch is the value of that branch; the others go on.

        fanout(a=(raise E).attempt(), b=f)(x)  =  {a: Failure(E), b: f(x)}

    Source: Effect and ZIO: a failure handled inside is none outside.
    """
    error = Fault("spared")
    both = s.fanout({"a": s.attempt(s.lift(_raising(error))), "b": f})
    expect_same(given=s.invoke(both, x), expected={"a": Failure(error), "b": s.invoke(f, x)})


@law(cases.fans(TOTAL))
def what_is_no_exception_passes_bare(s: System[P], f: P, x: object) -> None:
    """Ctrl-C, exit and their like pass through bare: no fan-out groups them, no attempt keeps them.

        fanout(a=raise KeyboardInterrupt, b=f).attempt()(x)  raises  KeyboardInterrupt

    Source: PEP 352: only what derives from Exception is meant to be handled.
    """
    signal = Signal()
    both = s.attempt(s.fanout({"a": s.lift(_raising(signal)), "b": f}))
    for name, way in {"invoke": s.invoke, "ainvoke": _awaited(s)}.items():
        try:
            passed: object = way(both, x)
        except BaseException as error:  # noqa: BLE001 - what it is, is the question
            passed = error
        expect(passed is signal, **{name: passed, "expected": "the signal itself"})


def _awaited(s: System[P]) -> Callable[[P, object], Any]:
    return lambda p, x: finished(s.ainvoke(p, x))


def _raising(error: BaseException) -> Callable[[object], Any]:
    def raises(_: object) -> Any:
        raise error

    return raises


def _same(x: object) -> object:
    return x


def _errors(outcome: Outcome) -> dict[Any, Exception]:
    error = outcome.error if isinstance(outcome, Raised) else None
    return dict(error.errors) if isinstance(error, FanoutError) else {}


def _leaves(outcome: Outcome) -> list[Exception]:
    error = outcome.error if isinstance(outcome, Raised) else Fault("none was raised")
    return [*error.flat().values()] if isinstance(error, FanoutError) else [error]

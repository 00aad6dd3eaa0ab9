"""Steps that outlive failures: run again, replaced by others, bounded in time, run once for all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final, TypeVar, final

from hypothesis import strategies as st

from combinators import FallbackError, FanoutError
from combinators.laws import _cases as cases
from combinators.laws._comparing import (
    Plan,
    Witness,
    expect,
    expect_agreement,
    expect_meaning,
    expect_same,
    finished,
    run,
)
from combinators.laws._law import law
from combinators.laws._outcomes import Gave, Raised, agree, as_outcome, outcome_of
from combinators.laws._systems import System
from combinators.laws.strategies import ANY, TOTAL, Fault

P = TypeVar("P")

AT_ONCE: Final = (0.0,) * 9
COUNTS: Final = st.tuples(st.integers(0, 4), st.integers(1, 4))


@final
class _Failing:
    """A function that fails so many times, and counts its calls."""

    def __init__(self, failures: int, error: Callable[[], Exception] = Fault) -> None:
        self._failures = failures
        self._error = error
        self.calls = 0

    def __call__(self, x: Any) -> Any:
        """Return the input, at last."""
        self.calls += 1
        if self.calls <= self._failures:
            raise self._error()
        return x


@final
class _FailingByItem:
    """A function that fails as often as each item says, and then gives its name."""

    def __init__(self) -> None:
        self._calls: Counter[int] = Counter()

    def __call__(self, item: tuple[int, int]) -> int:
        """Return the name of the item, at last."""
        name, failures = item
        self._calls[name] += 1
        if self._calls[name] <= failures:
            raise Fault(str(name))
        return name


@law(COUNTS)
def a_retry_ends_with_the_first_success(s: System[P], failures: int, attempts: int) -> None:
    """A step that fails k times succeeds within k + 1 attempts, and is not run once more.

        retry(f, attempts=n)(x)  =  f(x) at its (k + 1)th call, if k < n; else the nth failure

    Source: Gray, Why Do Computers Stop and What Can Be Done About It? (1985): most faults are
    transient, and gone when the same is tried again.
    """
    for name, way in _ways(s).items():
        step = _Failing(failures)
        outcome = outcome_of(
            lambda step=step, way=way: way(s.retry(s.lift(step), (Fault,), attempts, AT_ONCE), 7)  # type: ignore[misc]  # bound at once
        )
        succeeds = failures < attempts
        expect(isinstance(outcome, Gave) == succeeds, **{name: outcome, "failures": failures})
        expect_same(**{name: step.calls, "calls": min(failures + 1, attempts)})


@law(st.tuples(st.lists(st.integers(0, 2), max_size=3), st.integers(1, 3)))
def a_retried_batch_is_one_by_one(s: System[P], failures: list[int], attempts: int) -> None:
    """In a batch, each item is tried again by itself, and has the outcome that it has alone.

        retry(f).batch(xs)  =  [retry(f)(x) for x in xs]

    Source: langchain, issue 35475: an item that failed was given the result of another.
    """
    xs = [*enumerate(failures)]
    alone = [run(s, _retried(s, attempts), x) for x in xs]
    for by, found in {
        "batch": s.outcomes(_retried(s, attempts), xs),
        "abatch": finished(s.aoutcomes(_retried(s, attempts), xs)),
    }.items():
        outcomes = [*map(as_outcome, found)]
        holds = len(outcomes) == len(alone) and all(map(agree, outcomes, alone))
        expect(holds, **{by: outcomes, "alone": alone})


def _retried(s: System[P], attempts: int) -> P:
    return s.retry(s.lift(_FailingByItem()), (Fault,), attempts, AT_ONCE)


@law(st.tuples(st.sampled_from([KeyError, OSError]), st.booleans()))
def a_retry_answers_what_it_names(
    s: System[P],
    error: type[Exception],
    grouped: bool,  # noqa: FBT001 - drawn
) -> None:
    """What is not named is raised at once; a group is answered if all that is in it is.

        retry(raise E, on=F)  runs once, unless E is an F, or a group of nothing but Fs

    Source: Goodenough, Exception Handling (1975): who handles an exception says which.
    """
    step = _Failing(9, error)
    both = s.fanout({"a": s.lift(step)}) if grouped else s.lift(step)
    outcome = run(s, s.retry(both, (OSError,), 3, AT_ONCE), 7)
    raised = FanoutError if grouped else error
    expect(isinstance(outcome, Raised) and isinstance(outcome.error, raised), outcome=outcome)
    expect_same(calls=step.calls, expected=3 if error is OSError else 1)


@law(cases.plans(ANY))
def a_retry_of_a_function_changes_nothing(s: System[P], plan: Plan, x: object) -> None:
    """A step that always does the same comes to the same, however often it is tried.

        retry(f)  =  f        where f has no effects

    Source: Kozen, A Completeness Theorem for Kleene Algebras (1994): choice is idempotent.
    """
    again = s.retry(plan.built(s), (Exception,), 2, AT_ONCE)
    expect_meaning("retry", run(s, again, x), plan.meaning(x))


@law(cases.fans(ANY, ANY, ANY))
def a_fallback_is_associative(s: System[P], f: P, g: P, h: P, x: object) -> None:
    """How fallbacks are bracketed changes nothing, and the values are the same.

        fallback(fallback(f, g), h)  =  fallback(f, fallback(g, h))

    Source: Haskell's `Control.Arrow`, after Hughes (2000): `<+>` of ArrowPlus is associative.
    """
    on = (Exception,)
    left = s.fallback(s.fallback(f, g, on), h, on)
    right = s.fallback(f, s.fallback(g, h, on), on)
    expect(s.equal(left, right), left=left, right=right)
    expect_agreement(s, left, right, x)


@law(cases.fans(TOTAL))
def what_does_not_fail_needs_no_fallback(s: System[P], f: P, x: object) -> None:
    """Where a step succeeds, its fallback is not run.

        fallback(f, g)  =  f        where f does not fail, and g is not called

    Source: Gibbons and Hinze, Just Do It (2011): `catch (return x) h = return x`.
    """
    other = Witness()
    expect_agreement(s, s.fallback(f, s.lift(other), (Exception,)), f, x)
    expect_same(called=other.seen, expected=[])


@law(st.tuples(st.integers(0, 3), cases.inputs()))
def a_fallback_loses_no_failure(s: System[P], failures: int, x: object) -> None:
    """The first step that does not fail gives the value; if all fail, all failures are told.

        fallback(raise E, f)  =  f        and        fallback(raise E, raise F)  raises  E and F

    Source: ZIO, `Cause`: what has failed is kept, whatever is tried next.
    """
    names = [f"step {number}" for number in range(4)]
    steps = [
        s.lift(_raising(Fault(name)) if i <= failures else _same) for i, name in enumerate(names)
    ]
    first, *others = steps
    for other in others:
        first = s.fallback(first, other, (Exception,))
    outcome = run(s, first, x)
    if failures < len(others):
        expect_meaning("fallback", outcome, Gave(x))
        return
    error = outcome.error if isinstance(outcome, Raised) else None
    told = [each.args for each in error.exceptions] if isinstance(error, FallbackError) else []
    expect_same(told=told, expected=[(name,) for name in names])


@law(cases.plans(ANY))
def time_that_is_long_enough_changes_nothing(s: System[P], plan: Plan, x: object) -> None:
    """A step that is done in time is as if it had all the time there is.

        timeout(f, seconds)  =  f        where f takes less

    Source: a deadline is an event, and one that does not come changes nothing.
    """
    expect_meaning("timeout", run(s, s.timeout(plan.built(s), 600), x), plan.meaning(x))


@law(cases.plans(ANY))
def keeping_results_changes_none(s: System[P], plan: Plan, x: object) -> None:
    """A function whose results are kept gives the same results, the first time and the second.

        cached(f)  =  f        where f has no effects

    Source: Michie, Memo Functions and Machine Learning (1968).
    """
    kept = s.cached(plan.built(s), s.lift(repr))
    for time in ("first", "second"):
        expect_meaning(time, run(s, kept, x), plan.meaning(x))


@law(st.tuples(st.lists(st.sampled_from([1, True, 1.0, 2, "1", (1,)]), max_size=6)))
def a_kept_result_is_computed_once(s: System[P], xs: list[Any]) -> None:
    """A step runs once for each input that it has not had, one by one and in a batch.

        calls of cached(f) on xs  =  the types and values in xs, each once

    Source: Michie, Memo Functions and Machine Learning (1968).
    """
    seen = Witness()
    kept = s.cached(s.lift(seen))
    results = [s.invoke(kept, x) for x in xs]
    expect_same(results=results, expected=xs)
    expect_same(batch=s.batch(kept, xs), expected=xs)
    once = [*{(type(x), x): x for x in xs}.values()]
    expect_same(called=seen.seen, expected=once)


@law(COUNTS)
def a_failure_is_not_kept(s: System[P], failures: int, _: int) -> None:
    """What has failed is run again for the next who asks; what has succeeded is not.

        calls of cached(f), asked until it succeeds and then once more  =  failures + 1

    Source: Gray, Why Do Computers Stop and What Can Be Done About It? (1985).
    """
    step = _Failing(failures)
    kept = s.cached(s.lift(step))
    outcomes = [run(s, kept, 7) for _ in range(failures + 2)]
    expect_same(
        failed=[isinstance(each, Raised) for each in outcomes],
        expected=[True] * failures + [False] * 2,
    )
    expect_same(calls=step.calls, expected=failures + 1)


def _ways(s: System[P]) -> dict[str, Callable[[P, object], Any]]:
    return {"invoke": s.invoke, "ainvoke": lambda p, x: finished(s.ainvoke(p, x))}


def _raising(error: Exception) -> Callable[[object], Any]:
    def raises(_: object) -> Any:
        raise error

    return raises


def _same(x: object) -> object:
    return x

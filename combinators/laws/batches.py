"""Batches: many inputs at once are the same inputs one by one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from itertools import count
from typing import Any, TypeVar

from hypothesis import strategies as st

from combinators import BatchError
from combinators.laws import _cases as cases
from combinators.laws._comparing import Plan, collected, expect, expect_same, finished, run
from combinators.laws._law import LawBroken, law
from combinators.laws._outcomes import (
    Gave,
    Outcome,
    Raised,
    agree,
    as_outcome,
    may_come_from,
    outcome_of,
)
from combinators.laws._systems import System
from combinators.laws.strategies import Function

P = TypeVar("P")

_LIMIT = 3


@law(cases.telling())
def a_batch_is_one_by_one(s: System[P], plan: Plan, xs: list[Any]) -> None:
    """The outputs of a batch are those of its inputs, each in its place.

        batch([x, y])  =  [invoke(x), invoke(y)]  =  await abatch([x, y])

    Source: Bird and Wadler, Introduction to Functional Programming (1988), map.
    """
    p, meant = plan.built(s), [plan.meaning(x) for x in xs]
    _expect_all("batch", [Gave(y) for y in s.batch(p, xs)], meant)
    _expect_all("abatch", [Gave(y) for y in finished(s.abatch(p, xs))], meant)


@law(cases.telling(fails=True))
def a_collecting_batch_gives_each_item_its_outcome(s: System[P], plan: Plan, xs: list[Any]) -> None:
    """Where failures are collected, each item has its own outcome, and none its neighbour's.

        batch([x, y], errors="collect")  =  [attempt(x), attempt(y)]

    Source: McBride and Paterson, Applicative Programming with Effects (2008), traversal.
    """
    p, meant = plan.built(s), [plan.meaning(x) for x in xs]
    _expect_all("batch", [*map(as_outcome, s.outcomes(p, xs))], meant)
    _expect_all("abatch", [*map(as_outcome, finished(s.aoutcomes(p, xs)))], meant)


@law(st.tuples(st.sampled_from([KeyError, ValueError]), cases.inputs()))
def a_returned_exception_is_a_value(s: System[P], kind: type[Exception], x: object) -> None:
    """An exception that a step returns is its result: it has failed if it raises one.

        batch(f, [x], errors="collect")  =  [Success(f(x))]        where f(x) is an exception

    Source: Moggi, Notions of Computation and Monads (1991): a value is no computation.
    """
    returned = Gave(kind("returned"))
    step = s.lift(partial(_given, returned.value))
    called = run(s, step, x)
    expect(agree(called, returned), invoke=called, returned=returned)
    _expect_all("batch", [*map(as_outcome, s.outcomes(step, [x]))], [returned])
    _expect_all("abatch", [*map(as_outcome, finished(s.aoutcomes(step, [x])))], [returned])


def _given(result: object, _: object) -> object:
    return result


@law(cases.telling())
def completed_items_come_with_their_index(s: System[P], plan: Plan, xs: list[Any]) -> None:
    """Whatever the order in which items are ready, each comes once, under its index.

        dict(batch_as_completed([x, y]))  =  {0: invoke(x), 1: invoke(y)}

    Source: a batch is a mapping from positions to outputs.
    """
    p, meant = plan.built(s), [plan.meaning(x) for x in xs]
    for by, found in {
        "batch_as_completed": [*s.completed(p, xs)],
        "abatch_as_completed": finished(collected(s.acompleted(p, xs))),
    }.items():
        expect_same(**{by: sorted(index for index, _ in found), "indices": [*range(len(xs))]})
        _expect_all(by, [Gave(dict(found)[index]) for index in range(len(xs))], meant)


@law(st.tuples(cases.telling(), st.integers(0, 4)).map(lambda d: (*d[0], d[1])))
def batches_concatenate(s: System[P], plan: Plan, xs: list[Any], cut: int) -> None:
    """A batch may be cut anywhere.

        batch(xs + ys)  =  batch(xs) + batch(ys)

    Source: Bird, An Introduction to the Theory of Lists (1987): map is a homomorphism.
    """
    p = plan.built(s)
    apart = s.batch(p, xs[:cut]) + s.batch(p, xs[cut:])
    expect_same(together=s.batch(p, xs), apart=apart)


@law(st.tuples(cases.telling(), st.sampled_from([1, 2, 7])).map(lambda d: (*d[0], d[1])))
def a_limit_on_a_batch_changes_nothing_but_time(
    s: System[P], plan: Plan, xs: list[Any], limit: int
) -> None:
    """However few items may be under way at once, the outputs are the same.

        batch(xs, limit=n)  =  batch(xs)  =  await abatch(xs, limit=n)

    Source: Brinch Hansen, Structured Multiprogramming (1972): time-dependent results are errors.
    """
    p, meant = plan.built(s), [plan.meaning(x) for x in xs]
    _expect_all("batch", [Gave(y) for y in s.batch(p, xs, limit=limit)], meant)
    _expect_all("abatch", [Gave(y) for y in finished(s.abatch(p, xs, limit=limit))], meant)


@law(cases.telling(fails=True))
def a_failed_batch_keeps_what_was_finished(s: System[P], plan: Plan, xs: list[Any]) -> None:
    """A batch that fails says which item failed first, and keeps what was finished.

        batch(xs)  raises  BatchError of results and errors, each under its index, each its own

    Source: ZIO: no failure, and no success, is lost.
    """
    p, meant = plan.built(s), [plan.meaning(x) for x in xs]
    outcome = outcome_of(lambda: s.batch(p, xs))
    if all(isinstance(each, Gave) for each in meant):
        expect(isinstance(outcome, Gave), batch=outcome, meaning=meant)
        return
    error = outcome.error if isinstance(outcome, Raised) else None
    if not isinstance(error, BatchError):
        raise LawBroken({"batch": outcome, "expected": "a BatchError"})
    expect(error.index in error.errors, index=error.index, errors=error.errors)
    kept = {**{i: Gave(y) for i, y in error.results.items()}}
    failed = {i: Raised(e) for i, e in error.errors.items()}
    for index, found in (kept | failed).items():
        expect(may_come_from(found, meant[index]), item=found, meaning=meant[index])


@law(st.tuples(st.integers(1, 4), st.integers(1, 3)))
def a_batch_reads_its_inputs_as_there_is_room(s: System[P], taken: int, limit: int) -> None:
    """Of endless inputs no more are read than were taken, and a window of twice the limit.

        after n items were taken from batch_as_completed(count(), limit=k), at most n + 2k are read

    Source: Dijkstra, Cooperating Sequential Processes (1965), the bounded buffer.
    """
    read: list[int] = []

    def inputs() -> Iterator[int]:
        for number in count():
            read.append(number)
            yield number

    with closing(s.completed(s.lift(Function(0, 1)), inputs(), limit=limit)) as items:
        for _ in range(taken):
            next(items)
        seen = len(read)
    expect(seen <= taken + 2 * limit + 1, read=seen, taken=taken, limit=limit)


def _expect_all(by: str, found: list[Outcome], meant: list[Outcome]) -> None:
    holds = len(found) == len(meant) and all(map(may_come_from, found, meant))
    expect(holds, **{by: found, "one by one": meant})

"""An oracle: what a pipeline means, said by the shortest recursion there is.

It shares no code with the library. A plan is drawn first; from it come both the
pipeline under test and the value that it has to give.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, final

from hypothesis import strategies as st
from returns.result import Result

from combinators import (
    Runnable,
    assign,
    bind,
    branch,
    each,
    fanout,
    passthrough,
    pick,
    pipe,
    runnable,
    when,
)

# Every step takes an int and gives an int, so any of them may follow any other.
Meaning: TypeAlias = Callable[[int], int]


@final
@dataclass(frozen=True)
class Plan:
    """A pipeline on ints, and what it has to give."""

    pipeline: Runnable[Any, Any]
    meaning: Meaning


def inc(n: int) -> int:
    return n + 1


def double(n: int) -> int:
    return 2 * n


async def ainc(n: int) -> int:
    return n + 1


async def negate(n: int) -> int:
    return -n


async def square_slowly(n: int) -> int:
    await asyncio.sleep(0)
    return n * n % 1_000_003


def thrice(n: int) -> Iterator[int]:
    yield n
    yield 2 * n


async def athrice(n: int) -> AsyncIterator[int]:
    yield 2 * n
    await asyncio.sleep(0)
    yield n


def one_chunk(n: int) -> Iterator[int]:
    yield n - 1


def keyed(n: int) -> Iterator[dict[str, int]]:
    yield {"a": n}
    yield {"a": 1, "b": n}


def is_even(n: int) -> bool:
    return n % 2 == 0


def is_negative(n: int) -> bool:
    return n < 0


LEAVES: Final = (
    Plan(runnable(inc), lambda n: n + 1),
    Plan(runnable(double), lambda n: 2 * n),
    Plan(runnable(double, inline=True), lambda n: 2 * n),
    Plan(runnable(inc, aio=ainc), lambda n: n + 1),
    Plan(runnable(thrice, aio=athrice), lambda n: 3 * n),
    Plan(runnable(negate), lambda n: -n),
    Plan(runnable(square_slowly), lambda n: n * n % 1_000_003),
    Plan(runnable(thrice), lambda n: 3 * n),
    Plan(runnable(athrice), lambda n: 3 * n),
    Plan(runnable(one_chunk), lambda n: n - 1),
    Plan(runnable(keyed) | pick("a"), lambda n: n + 1),
    Plan(passthrough(), lambda n: n),
)


def in_sequence(plans: list[Plan]) -> Plan:
    def meaning(n: int) -> int:
        for plan in plans:
            n = plan.meaning(n)
        return n

    return Plan(pipe(*[plan.pipeline for plan in plans]), meaning)


def summed(plans: list[Plan]) -> Plan:
    branches: Any = fanout({f"k{i}": plan.pipeline for i, plan in enumerate(plans)})
    return Plan(branches | _total, lambda n: sum(plan.meaning(n) for plan in plans))


def paired(plans: list[Plan]) -> Plan:
    branches: Any = fanout(*[plan.pipeline for plan in plans])
    return Plan(branches | sum, lambda n: sum(plan.meaning(n) for plan in plans))


def assigned(plan: Plan) -> Plan:
    chain: Any = fanout(n=passthrough()) | assign(m=pick("n") | plan.pipeline) | pick("m")
    return Plan(chain, plan.meaning)


def over_elements(plan: Plan) -> Plan:
    chain: Any = pipe(_neighbours, each(plan.pipeline), sum)
    return Plan(chain, lambda n: sum(plan.meaning(m) for m in (n, n + 1, n + 2)))


def chosen(yes: Plan, no: Plan) -> Plan:
    def choose(n: int) -> Runnable[Any, Any]:
        return yes.pipeline if n > 0 else no.pipeline

    return Plan(bind(choose), lambda n: yes.meaning(n) if n > 0 else no.meaning(n))


def branched(even: Plan, negative: Plan, other: Plan) -> Plan:
    def meaning(n: int) -> int:
        if n % 2 == 0:
            return even.meaning(n)
        return (negative if n < 0 else other).meaning(n)

    return Plan(
        branch(
            when(is_even, even.pipeline),
            when(is_negative, negative.pipeline),
            otherwise=other.pipeline,
        ),
        meaning,
    )


def tapped(plan: Plan) -> Plan:
    return Plan(plan.pipeline.tap(str), plan.meaning)


def named(plan: Plan) -> Plan:
    return Plan(plan.pipeline.named("part"), plan.meaning)


def attempted(plan: Plan) -> Plan:
    chain: Any = plan.pipeline.attempt()
    return Plan(chain | _unwrapped, plan.meaning)


def _total(values: dict[str, int]) -> int:
    return sum(values.values())


def _neighbours(n: int) -> list[int]:
    return [n, n + 1, n + 2]


def _unwrapped(result: Result[int, Exception]) -> int:
    return result.unwrap()


def _around(inner: st.SearchStrategy[Plan]) -> st.SearchStrategy[Plan]:
    several = st.lists(inner, max_size=4)
    return st.one_of(
        several.map(in_sequence),
        several.map(summed),
        st.lists(inner, min_size=1, max_size=4).map(paired),
        inner.map(assigned),
        inner.map(over_elements),
        st.builds(chosen, inner, inner),
        st.builds(branched, inner, inner, inner),
        inner.map(tapped),
        inner.map(named),
        inner.map(attempted),
    )


def plans() -> st.SearchStrategy[Plan]:
    """Return pipelines of any shape, with their meaning."""
    return st.recursive(st.sampled_from(LEAVES), _around, max_leaves=12)

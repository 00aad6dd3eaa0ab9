"""A pool of one thread is enough: ten thousand random trees, with random failures, all end."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from combinators import FanoutError, Runnable, each, fanout, pipe, runnable
from combinators._run.call import Call
from combinators._run.concurrency.budget import Unlimited
from combinators._run.concurrency.pool import Pool
from combinators._run.sync import compiled
from tests.running.ways import double, inc

TREES = 10_000


class Refused(Exception):  # noqa: N818 - a step's own
    """What some steps raise."""


def refuse(_: object) -> int:
    raise Refused


def total(values: tuple[int, ...]) -> int:
    return sum(values)


def pair(n: int) -> list[int]:
    return [n, n + 1]


any_pipe: Any = pipe  # the trees are of any shape: no checker follows them

# A tree, and what it gives: None where it fails.
Plan = tuple[Runnable[Any, Any], Callable[[int], int | None]]


def nothing(_: int) -> None:
    return None


LEAVES: list[Plan] = [
    *[(runnable(inc), inc), (runnable(double), double)] * 9,
    (runnable(refuse), nothing),
]


def plan(chance: random.Random, depth: int) -> Plan:
    if not depth or chance.random() < 0.2:
        return chance.choice(LEAVES)
    inner = [plan(chance, depth - 1) for _ in range(chance.randint(2, 4))]
    trees, meanings = [tree for tree, _ in inner], [meaning for _, meaning in inner]
    match chance.randrange(4):
        case 0:
            return any_pipe(*trees), lambda n: _in_sequence(meanings, n)
        case 1:
            over = any_pipe(pair, each(trees[0]), total)
            return over, lambda n: _summed([meanings[0](n), meanings[0](n + 1)])
        case _:
            return any_pipe(fanout(*trees), total), lambda n: _summed([f(n) for f in meanings])


def _in_sequence(meanings: list[Callable[[int], int | None]], n: int | None) -> int | None:
    for meaning in meanings:
        if n is not None:
            n = meaning(n)
    return n


def _summed(values: list[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _leaves(error: Exception) -> list[Exception]:
    return [*error.flat().values()] if isinstance(error, FanoutError) else [error]


@pytest.mark.timeout(300)
def test_ten_thousand_trees_end_on_a_pool_of_one_thread() -> None:
    chance = random.Random(20)  # noqa: S311 - no secret
    call = Call(Unlimited(Pool(max_threads=1)))
    failed = 0
    for _ in range(TREES):
        tree, meaning = plan(chance, 2)
        expected = meaning(1)
        program = compiled(tree.node)
        if expected is not None:
            assert program(1, call) == expected
            continue
        failed += 1
        with pytest.raises((Refused, FanoutError)) as caught:
            program(1, call)
        assert {type(leaf) for leaf in _leaves(caught.value)} == {Refused}
    assert TREES * 0.1 < failed < TREES * 0.9

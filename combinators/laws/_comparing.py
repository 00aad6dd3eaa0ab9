"""What checks of laws share: running pipelines of a system, and comparing what they come to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar, final

from typing_extensions import override

from combinators import Runnable
from combinators.laws._law import LawBroken
from combinators.laws._outcomes import Outcome, agree, may_come_from, outcome_of, same
from combinators.laws._rebuilding import rebuilt
from combinators.laws._reference import meaning
from combinators.laws._systems import System

A = TypeVar("A")
P = TypeVar("P")


@final
@dataclass(frozen=True, slots=True, repr=False)
class Plan:
    """A pipeline of ours that a law both rebuilds in a system and asks the reference about."""

    pipeline: Runnable[Any, Any]

    def built(self, system: System[P]) -> P:
        """Return the pipeline in a system."""
        return rebuilt(self.pipeline, system)

    def meaning(self, x: object) -> Outcome:
        """Return what it has to come to."""
        return meaning(self.pipeline, x)

    @override
    def __repr__(self) -> str:
        return repr(self.pipeline)


@final
class Witness:
    """A plain function that remembers what it was given, and gives it on."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def __call__(self, x: Any) -> Any:
        """Return the input."""
        self.seen.append(x)
        return x


def run(system: System[P], p: P, x: object) -> Outcome:
    """Return what a pipeline comes to by `invoke`."""
    return outcome_of(lambda: system.invoke(p, x))


def finished(work: Coroutine[Any, Any, A]) -> A:
    """Return the result of a coroutine, on an event loop of its own."""
    return asyncio.run(work)


async def collected(chunks: AsyncIterator[A]) -> list[A]:
    """Return all chunks of an async stream."""
    return [chunk async for chunk in chunks]


def expect(holds: bool, /, **sides: object) -> None:  # noqa: FBT001 - a condition, as in `assert`
    """Return if a condition holds.

    Raises:
        LawBroken: it does not; the sides say what was compared
    """
    if not holds:
        raise LawBroken(sides)


def expect_same(**sides: object) -> None:
    """Return if two values are the same, types included."""
    left, right = sides.values()
    expect(same(left, right), **sides)


def expect_agreement(system: System[P], left: P, right: P, x: object) -> None:
    """Return if two pipelines come to the same on an input, by `invoke`."""
    one, other = run(system, left, x), run(system, right, x)
    expect(agree(one, other), left=one, right=other)


def expect_meaning(by: str, outcome: Outcome, meant: Outcome) -> None:
    """Return if an outcome is one that the reference allows."""
    expect(may_come_from(outcome, meant), **{by: outcome, "meaning": meant})

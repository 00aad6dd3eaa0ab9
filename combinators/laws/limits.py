"""Limits: how many function bodies run at once."""

from __future__ import annotations

import asyncio
import time
from typing import Any, TypeVar, final

from hypothesis import strategies as st

from combinators.laws import _cases as cases
from combinators.laws._comparing import Witness, expect, finished
from combinators.laws._law import law
from combinators.laws._outcomes import Raised, outcome_of
from combinators.laws._systems import System

P = TypeVar("P")

_HELD_SECONDS = 0.001
_SHAPES = st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 3))


@law(_SHAPES)
def no_more_bodies_run_at_once_than_the_limit(
    s: System[P], limit: int, width: int, depth: int
) -> None:
    """A limit is one number for the whole tree of calls, however fan-outs nest.

        at any time in invoke(x, limit=n), at most n function bodies run

    Source: Dijkstra, Cooperating Sequential Processes (1965), the general semaphore.
    """
    gauge = _Gauge()
    p = _nested(s, s.lift(gauge.hold, gauge.ahold), min(width, 3), min(depth, 2))
    s.invoke(p, 0, limit=limit)
    expect(gauge.peak <= limit, running_in_invoke=gauge.peak, limit=limit)
    finished(s.ainvoke(p, 0, limit=limit))
    expect(gauge.peak <= limit, running_in_ainvoke=gauge.peak, limit=limit)
    s.batch(p, range(width), limit=limit)
    expect(gauge.peak <= limit, running_in_batch=gauge.peak, limit=limit)


@law(st.tuples(st.sampled_from([0, -1, True, "3", 1.5]), cases.inputs()))
def a_limit_that_makes_no_sense_is_refused(s: System[P], limit: Any, x: object) -> None:
    """A limit is a positive whole number; anything else is refused before anything runs.

        invoke(x, limit=0)  raises  ValueError        and no step begins

    Source: PEP 20, "errors should never pass silently".
    """
    begun = Witness()
    outcome = outcome_of(lambda: s.invoke(s.lift(begun), x, limit=limit))
    refused = isinstance(outcome, Raised) and isinstance(outcome.error, ValueError)
    expect(refused and not begun.seen, outcome=outcome, begun=begun.seen)


def _nested(s: System[P], leaf: P, width: int, depth: int) -> P:
    step = leaf
    for _ in range(depth):
        step = s.fanout({f"k{position}": step for position in range(width)})
    return step


@final
class _Gauge:
    """A sync body and an async one that know how many of them run at once."""

    def __init__(self) -> None:
        self._running: list[None] = []
        self.peak = 0

    def _enter(self) -> None:
        self._running.append(None)
        self.peak = max(self.peak, len(self._running))

    def hold(self, x: object) -> object:
        """Run for a moment."""
        self._enter()
        time.sleep(_HELD_SECONDS)
        self._running.pop()
        return x

    async def ahold(self, x: object) -> object:
        """Run for a moment on an event loop."""
        self._enter()
        await asyncio.sleep(_HELD_SECONDS)
        self._running.pop()
        return x

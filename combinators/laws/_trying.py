"""Trying a law on a system: on examples that hypothesis draws, and shrinks where it fails."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, final

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import FlakyFailure

from combinators import OptionError
from combinators.laws._law import Law, LawBroken
from combinators.laws._systems import System
from combinators.laws._telling import a_kind

DEFAULT_EXAMPLES = 200

# A pipeline takes its time to draw; what matters is that it is drawn.
_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


@final
@dataclass(frozen=True, slots=True)
class Trial:
    """What came of trying a law: how many examples, how long, and the smallest that breaks it."""

    law: Law
    examples: int
    seconds: float
    broken: LawBroken | None


def hold(law: Law, system: System[Any], *, examples: int = DEFAULT_EXAMPLES) -> None:
    """Return if a law holds for a system, as far as so many examples show.

    Raises:
        LawBroken: it does not; with the smallest counterexample that was found
    """
    broken = tried(law, system, examples=examples).broken
    if broken is not None:
        raise broken


def tried(
    law: Law, system: System[Any], *, examples: int = DEFAULT_EXAMPLES, shrink: bool = True
) -> Trial:
    """Return what comes of trying a law on a system.

    The same law draws the same examples again, so that a failure can be seen again.

    Raises:
        OptionError: the number of examples is none
    """
    _expect_a_number(examples)
    count = 0
    phases = [Phase.generate, *([Phase.shrink] if shrink else [])]

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=phases,
        report_multiple_bugs=False,
        suppress_health_check=_SLOW,
        print_blob=False,
    )
    @given(law.arguments)
    def check(arguments: tuple[Any, ...]) -> None:
        nonlocal count
        count += 1
        law(system, *arguments)

    began = time.perf_counter()
    broken: LawBroken | None = None
    try:
        check()
    except LawBroken as error:
        broken = error
    except FlakyFailure as flaky:  # the same example broke it once, and another time did not
        broken = next((each for each in flaky.exceptions if isinstance(each, LawBroken)), None)
        if broken is None:
            raise
    return Trial(law, count, time.perf_counter() - began, broken and _afresh(broken))


def _afresh(broken: LawBroken) -> LawBroken:
    """Return the same without the frames and notes of the search, which say nothing more."""
    fresh = LawBroken(*broken.args)
    fresh.__cause__ = broken.__cause__
    return fresh


def _expect_a_number(examples: object) -> None:
    accepted = "a whole number of at least 1"
    if type(examples) is not int:
        raise OptionError("examples", a_kind(examples), accepted)
    if examples < 1:
        raise OptionError("examples", "a number below 1", accepted)

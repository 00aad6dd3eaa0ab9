"""What breaks a law about schedules is shown small, and the same again."""

import pytest
from hypothesis import given

from combinators.laws import OURS, Law, System, tried
from combinators.laws.schedules import (
    LAWS,
    Call,
    Fan,
    Merge,
    Schedule,
    Source,
    StepError,
    merges,
)
from combinators.laws.schedules._calls import observed
from combinators.laws.schedules._cases import calls
from tests.laws.gallery import GALLERY
from tests.laws.gallery.wrong import Pipeline

MUTANTS = [(law, system) for law, system in GALLERY if law in LAWS]


@pytest.mark.parametrize(
    ("law", "mutant"), MUTANTS, ids=[f"{law.name}-{type(m).__name__}" for law, m in MUTANTS]
)
def test_a_wrong_system_is_shown_small(law: Law, mutant: System[Pipeline]) -> None:
    broken = tried(law, mutant).broken
    assert broken is not None
    *_, case, schedule = broken.case.splitlines()
    assert len(case) < 100
    assert departures(schedule) <= 2


def departures(line: str) -> int:
    """Return how often a schedule that is shown lets somebody else go first."""
    schedule = eval(line.partition(" = ")[2], {"Schedule": Schedule})  # noqa: S307 - of our own making
    return sum(map(bool, schedule.choices))


@given(calls(StepError))
def test_a_call_that_is_looked_at_again_is_seen_the_same(case: tuple[Call, Schedule]) -> None:
    once, again = observed(OURS, *case), observed(OURS, *case)
    assert (once.value, once.events, once.late) == (again.value, again.events, again.late)
    assert once.seconds == again.seconds


@pytest.mark.parametrize(
    "fan",
    [
        # A failure, overtaken by a cancellation that came while its stream was closed.
        Fan(Source(waits=(1.0,), fails=True, aio=True), Source(waits=(0.0, 1.0), fails=True)),
        # A cleanup, cancelled itself when a second branch failed.
        Fan(Source(fails=True), Fan(Source(waits=(1.0,), aio=True)), Source(fails=True)),
    ],
    ids=["overtaken", "stopped twice"],
)
def test_what_the_laws_have_found_in_streams_stays_mended(fan: Fan) -> None:
    merges.a_failure_stops_all_branches(OURS, Merge(fan), Schedule())

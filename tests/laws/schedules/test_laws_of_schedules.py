"""The laws about schedules hold for this library, and for nothing in the gallery."""

import re
from pathlib import Path

import pytest
from hypothesis import given

from combinators.laws import OURS, Law, Ours, hold, tried
from combinators.laws.schedules import LAWS, Call, Schedule, StepError
from combinators.laws.schedules._calls import observed
from combinators.laws.schedules._cases import calls
from tests.laws.schedules.__main__ import told
from tests.laws.schedules.gallery import MUTANTS


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_the_law_holds(law: Law) -> None:
    hold(law, OURS, examples=200)


@pytest.mark.parametrize(
    ("law", "mutant"), MUTANTS, ids=[f"{type(m).__name__}-{law.name}" for law, m in MUTANTS]
)
def test_a_wrong_system_breaks_the_law_and_is_shown_small(law: Law, mutant: Ours) -> None:
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


def test_every_law_can_be_broken() -> None:
    assert {law.name for law in LAWS} == {law.name for law, _ in MUTANTS}


def test_the_page_shows_the_gallery() -> None:
    page = (Path(__file__).parents[3] / "docs" / "schedules.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\| `(\w+)` \| (.*) \| \d+ \|$", page, re.MULTILINE)
    assert shown == [(law.name, told(mutant)) for law, mutant in MUTANTS]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_the_law_is_stated_in_words_and_symbols_with_its_source(law: Law) -> None:
    assert law.statement.endswith(".")
    assert law.equation
    assert law.source.endswith(".")

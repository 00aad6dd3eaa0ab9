"""Strategies for schedules, and for the time that steps take under them."""

from __future__ import annotations

from hypothesis import strategies as st

from combinators.laws.schedules._schedule import Schedule

CHOICES = 128


def schedules(choices: int = CHOICES) -> st.SearchStrategy[Schedule]:
    """Return a strategy for schedules, which shrink towards the one without departures.

    Args:
        choices: how many are drawn; after those, the first goes on

    >>> from hypothesis import find
    >>> find(schedules(), lambda schedule: sum(schedule.choices) > 1)
    Schedule(2)
    """
    # One draw of many bytes is cheap to make and to shrink, and sixteen ways are choice enough.
    # The first bytes are the first to shrink: as the last choices, they leave a short schedule.
    return st.binary(min_size=choices, max_size=choices).map(
        lambda drawn: Schedule(*(byte % 16 for byte in reversed(drawn)))
    )


def delays() -> st.SearchStrategy[float]:
    """Return a strategy for virtual seconds: few different ones, for races come of ties."""
    return st.sampled_from((0.0, 1.0, 2.0, 3.0))

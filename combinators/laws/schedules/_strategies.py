"""Strategies for schedules, and for the time that steps take under them."""

from __future__ import annotations

from hypothesis import strategies as st

from combinators.laws.schedules._schedule import Schedule

CHOICES = 128
OPTIONS = 16  # one of so many at most: all that come later go on after another choice


def schedules(choices: int = CHOICES, *, sparse: bool = False) -> st.SearchStrategy[Schedule]:
    """Return a strategy for schedules, which shrink towards the one without departures.

    Args:
        choices: how many are drawn; after those, the first goes on
        sparse: whether departures are rare, so that one thread may run a long way while
            another stands still; good where threads are interrupted between lines

    >>> from hypothesis import find
    >>> find(schedules(), lambda schedule: sum(schedule.choices) > 1)
    Schedule(2)
    """
    # One draw of many bytes is cheap to make and to shrink. The first are the first to shrink:
    # as the last choices, they leave a short schedule.
    return st.binary(min_size=choices, max_size=choices).map(
        lambda drawn: Schedule(
            *(0 if sparse and byte >= OPTIONS else byte % OPTIONS for byte in reversed(drawn))
        )
    )


def delays() -> st.SearchStrategy[float]:
    """Return a strategy for virtual seconds: few different ones, for races come of ties."""
    return st.sampled_from((0.0, 1.0, 2.0, 3.0))

"""A plugin for pytest: a mutant meets the tests that reach it, quickest first, for ten seconds.

Thousands may reach it, and only to collect them takes seconds. So some come before the others are
collected: one in so many of those that are sorted by time, which most mutants do not survive.
"""

import json
import os
from collections.abc import Generator, Mapping, Sequence
from itertools import accumulate, pairwise
from pathlib import Path

import pytest

STATISTICS = Path("mutmut-stats.json")  # what mutmut notes down before it tries a mutant
SECONDS = 10.0  # of all that reach a mutant: one that lives meets them all
FEW = 100  # that come before the others, where they are many more

# What mutmut is about when no mutant is tried yet, and every test counts.
LOOKING = {"stats", "list_all_tests"}

OTHERS = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    # Before they are collected, which takes longer than most of them run.
    config.stash[OTHERS] = []
    if os.environ.get("MUTANT_UNDER_TEST") not in LOOKING and STATISTICS.exists():
        statistics = json.loads(STATISTICS.read_text(encoding="utf-8"))
        tests = quickest(config.args, statistics["duration_by_test"])
        config.args[:], config.stash[OTHERS] = in_two(tests)


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    looped = yield
    others = session.config.stash[OTHERS]
    if others and not session.testsfailed:
        for item, after in pairwise([*session.perform_collect(others), None]):
            session.ihook.pytest_runtest_protocol(item=item, nextitem=after)
            if session.shouldfail:
                raise session.Failed(session.shouldfail)
    return looped


def quickest(tests: Sequence[str], seconds: Mapping[str, float]) -> list[str]:
    """Return the quickest tests, as many as take `SECONDS` together."""
    order = sorted(tests, key=lambda test: seconds.get(test, 0.0))
    spent = accumulate(seconds.get(test, 0.0) for test in order)
    return [test for test, so_far in zip(order, spent, strict=True) if so_far <= SECONDS]


def in_two(tests: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return a few of many tests, evenly spread, and the others; or all of them, and none."""
    every = len(tests) // FEW
    if every < 2:
        return [*tests], []
    few = tests[::every]
    return [*few], [test for index, test in enumerate(tests) if index % every]

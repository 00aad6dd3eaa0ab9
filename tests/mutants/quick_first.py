"""A plugin for pytest: a mutant meets the tests that reach it, quickest first, for ten seconds.

Thousands may reach it, and only to collect them takes seconds. So some come before the others are
collected: one in so many of those that are sorted by time, which most mutants do not survive. One
that does, and is listed as harmless, meets no others: it lives.
"""

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path

import pytest

from tests.mutants.listing import PAGE, listed
from tests.mutants.results import change_of

STATISTICS = Path("mutmut-stats.json")  # what mutmut notes down before it tries a mutant
SECONDS = 10.0  # of all that reach a mutant: one that lives meets them all
FEW = 100  # that come before the others, where they are many more

# What mutmut is about when no mutant is tried yet, and every test counts.
LOOKING = {"stats", "list_all_tests"}


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    # Before they are collected, which takes longer than most of them run.
    mutant = os.environ.get("MUTANT_UNDER_TEST", "")
    if mutant in LOOKING or not STATISTICS.exists():
        return None
    statistics = json.loads(STATISTICS.read_text(encoding="utf-8"))
    few, others = in_two(quickest(config.args, statistics["duration_by_test"]))
    if others:
        tests = {*config.args}
        options = [each for each in config.invocation_params.args if each not in tests]
        if ended := pytest.main([*map(str, options), *few]):
            return ended
        if "__mutmut_" in mutant and is_listed(mutant):
            return 0
    config.args[:] = others or few
    return None  # and the others are collected


def is_listed(mutant: str) -> bool:
    """Return whether a mutant is one of those that are known to live."""
    with contextlib.chdir(".."):  # mutmut stands in `mutants/`
        change = change_of(mutant)
        return not {change, change.of_any_kind}.isdisjoint(listed(PAGE.read_text("utf-8")))


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

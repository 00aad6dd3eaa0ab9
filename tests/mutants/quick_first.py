"""A plugin for pytest: a mutant meets the tests that reach it, quickest first, for ten seconds."""

import json
import os
from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path

import pytest

STATISTICS = Path("mutmut-stats.json")  # what mutmut notes down before it tries a mutant
SECONDS = 10.0  # of all that reach a mutant: one that lives meets them all

# What mutmut is about when no mutant is tried yet, and every test counts.
LOOKING = {"stats", "list_all_tests"}


def pytest_configure(config: pytest.Config) -> None:
    # Before they are collected, which takes longer than most of them run.
    if os.environ.get("MUTANT_UNDER_TEST") not in LOOKING and STATISTICS.exists():
        statistics = json.loads(STATISTICS.read_text(encoding="utf-8"))
        config.args[:] = quickest(config.args, statistics["duration_by_test"])


def quickest(tests: Sequence[str], seconds: Mapping[str, float]) -> list[str]:
    """Return the quickest tests, as many as take `SECONDS` together."""
    order = sorted(tests, key=lambda test: seconds.get(test, 0.0))
    spent = accumulate(seconds.get(test, 0.0) for test in order)
    return [test for test, so_far in zip(order, spent, strict=True) if so_far <= SECONDS]

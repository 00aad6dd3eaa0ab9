"""A plugin for pytest: a mutant meets the tests that reach it, quickest first, for ten seconds."""

import json
import os
from itertools import accumulate
from pathlib import Path
from typing import TypeVar

import pytest

A = TypeVar("A")

STATISTICS = Path("mutmut-stats.json")  # what mutmut notes down before it tries a mutant
SECONDS = 10.0  # of all that reach a mutant: one that lives meets them all

# What mutmut is about when no mutant is tried yet, and every test counts.
LOOKING = {"stats", "list_all_tests"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get("MUTANT_UNDER_TEST") not in LOOKING and STATISTICS.exists():
        seconds = json.loads(STATISTICS.read_text(encoding="utf-8"))["duration_by_test"]
        items[:] = quickest(items, [seconds.get(item.nodeid, 0.0) for item in items])


def quickest(items: list[A], seconds: list[float]) -> list[A]:
    """Return the quickest items, as many as take `SECONDS` together."""
    order = sorted(range(len(items)), key=seconds.__getitem__)
    spent = accumulate(seconds[i] for i in order)
    return [items[i] for i, so_far in zip(order, spent, strict=True) if so_far <= SECONDS]

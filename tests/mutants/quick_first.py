"""A plugin for pytest: quick tests run first, so that most mutants are found out fast."""

import json
from pathlib import Path

import pytest

STATISTICS = Path("mutmut-stats.json")  # what mutmut notes down before it tries a mutant


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if STATISTICS.exists():
        seconds = json.loads(STATISTICS.read_text(encoding="utf-8"))["duration_by_test"]
        items.sort(key=lambda item: seconds.get(item.nodeid, 0.0))

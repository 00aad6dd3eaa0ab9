"""The comparison: our column holds what it says, and a figure can be wrong."""

import sys
from pathlib import Path

import pytest

from tests.benchmarks.mistakes import CASES, OURS, variants
from tests.benchmarks.static_peers import Column, by_mypy, run_right_ones, table, write


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Column:
    folder = tmp_path_factory.mktemp("cases") / "ours"
    write(folder, OURS, [each.ours for each in CASES])
    run_right_ones(Path(sys.executable), folder)
    return Column("ours", by_mypy(folder, sys.executable, ours=True))


def test_every_mistake_is_found_with_one_message_and_no_right_pipeline_is_refused(
    ours: Column,
) -> None:
    assert table([ours]) == (
        "| | ours |",
        "|---|---|",
        "| type mistakes found | 18 of 18 |",
        "| key mistakes found | 12 of 12 |",
        "| right pipelines refused | 0 of 30 |",
        "| key mistakes whose message names the key | 12 of 12 |",
        "| messages for one mistake | 1 |",
    )


def test_what_is_said_of_the_right_pipeline_too_is_not_counted_as_found() -> None:
    column = Column("", {"right_0.py": ["a"], "wrong_0.py": ["a"], "wrong_1.py": ["b", "c"]})
    assert [column.found(number) for number in range(3)] == [[], ["b", "c"], []]
    assert [column.refused(number) for number in range(3)] == [True, False, False]


def test_a_spelling_has_a_right_and_a_wrong_form() -> None:
    assert variants("pick('⟦size¦sise⟧')") == ("pick('size')\n", "pick('sise')\n")
    for case in CASES:
        for text in (case.ours, case.theirs):
            right, wrong = variants(text)
            assert right != wrong
            assert "⟦" not in right + wrong

"""Of the tests that reach a mutant the quickest are run, a few first, and for a bounded time."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants import quick_first
from tests.mutants.listing import PAGE, listed
from tests.mutants.quick_first import FEW, SECONDS, in_two, quickest

ROOT = Path(__file__).parents[2]
MANY = 3 * FEW

TESTS = f"""
import os, pathlib, pytest

@pytest.mark.parametrize("n", range({MANY}))
def test(n):
    with pathlib.Path("ran").open("a") as ran:
        print(n, file=ran)
    assert n != int(os.environ["FAILS"])
"""


def test_tests_run_quickest_first_until_the_time_is_spent() -> None:
    seconds = {"slow": SECONDS, "quick": 0.2, "quicker": 0.1}
    assert quickest(["slow", "quick", "quicker"], seconds) == ["quicker", "quick"]
    assert quickest(["slow"], seconds) == ["slow"]


def test_what_is_listed_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    one, *_ = listed((ROOT / PAGE).read_text("utf-8"))
    changes = {"listed": one, "not listed": one._replace(after=("another",))}
    monkeypatch.setattr(quick_first, "change_of", changes.__getitem__)
    monkeypatch.chdir(ROOT / "tests")
    assert quick_first.is_listed("listed")
    assert not quick_first.is_listed("not listed")


def test_a_few_of_many_are_spread_evenly() -> None:
    many = [str(n) for n in range(2 * FEW + 1)]
    assert in_two(many) == (many[::2], many[1::2])
    assert in_two(many[: 2 * FEW - 1]) == (many[: 2 * FEW - 1], [])
    assert in_two([]) == ([], [])


@pytest.mark.parametrize(
    ("fails", "ran"),
    [
        (-1, [*range(0, MANY, 3), *(n for n in range(MANY) if n % 3)]),
        (3, [0, 3]),
        (2, [*range(0, MANY, 3), 1, 2]),
    ],
)
def test_the_others_run_if_the_few_have_passed(tmp_path: Path, fails: int, ran: list[int]) -> None:
    (tmp_path / "test_many.py").write_text(TESTS, "utf-8")
    (tmp_path / "mutmut-stats.json").write_text(json.dumps({"duration_by_test": {}}), "utf-8")
    options = ["-x", "-ptests.mutants.quick_first", "-pno:cacheprovider", "-pno:randomly"]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            *options,
            *(f"test_many.py::test[{n}]" for n in range(MANY)),
        ],
        env=os.environ | {"PYTHONPATH": str(ROOT), "FAILS": str(fails), "MUTANT_UNDER_TEST": "one"},
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == (fails >= 0)
    assert [*map(int, (tmp_path / "ran").read_text("utf-8").split())] == ran

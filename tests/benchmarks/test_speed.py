"""Running stays about as fast as code by hand: rows of the table that are quick and steady."""

import sys

import pytest

from tests.benchmarks.speed import main
from tests.benchmarks.speed_rows import ROWS, Row
from tests.benchmarks.timing import OURS, ratios
from tests.running.ways import python

ROUNDS = 9
TRIES = 4

# A gate sits above the target, since the machine is busy. Where the target is missed, it sits
# above what is reached: docs/running.md says why.
LOOSER = 1.2
REACHED = {
    "`invoke`, chain of 1": 2.4,
    "`invoke`, chain of 3": 1.9,
    "`invoke`, chain of 10": 1.35,
    "fan-out of 8 cheap branches": 1.35,
    "`assign` of 4 keys to 8": 1.6,
    "`pick` of 8 keys": 1.45,
    "fan-out, `assign` and `pick`, of cheap branches": 1.3,
    "retrieval chain, one observer": 11,
    "2 async branches that never suspend": 0.35 if sys.version_info >= (3, 12) else 1.1,
    "8 async branches that never suspend": 0.35 if sys.version_info >= (3, 12) else 1.1,
}

GATED = [row for row in ROWS if row.gated]

MEASURE = """
from tests.benchmarks.speed_rows import ROWS
from tests.benchmarks.timing import OURS, ratios

(row,) = (row for row in ROWS if row.name == {name!r})
print(ratios(row.rounds(peers=False), {rounds})[OURS])
"""


@pytest.mark.xdist_group("timing")
@pytest.mark.parametrize("row", GATED, ids=[row.name for row in GATED])
def test_what_running_costs_stays_within_its_bound(row: Row) -> None:
    at_most = LOOSER * REACHED.get(row.name, row.target)
    found: list[float] = []
    # Noise only ever adds: one quiet moment is enough.
    while len(found) < TRIES and (not found or found[-1] > at_most):
        found.append(measured(row))
    assert min(found) <= at_most, found


def measured(row: Row) -> float:
    """Return the ratio of a row, in a process on which coverage does not look."""
    done = python(MEASURE.format(name=row.name, rounds=ROUNDS), seconds=100, measured=False)
    assert not done.returncode, done.stderr
    return float(done.stdout)


def test_the_table_has_a_line_for_every_row_that_is_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--rounds", "1", "--no-peers", "--rows", "chain of 3$"]) == 0
    *_, sync, aio = capsys.readouterr().out.splitlines()
    assert sync.startswith("| `invoke`, chain of 3 | plain calls | 1.7 | ")
    assert aio.startswith("| `ainvoke`, chain of 3 | plain awaits | 1.15 | ")


def test_a_slower_side_has_a_larger_ratio() -> None:
    row = next(row for row in ROWS if row.name == "`invoke`, chain of 100")
    slow = Row(
        "", "", 1.0, lambda: {**row.sides(), OURS: lambda runs: 2 * row.sides()["floor"](runs)}
    )
    assert 1.5 < ratios(slow.rounds(peers=False), ROUNDS)[OURS] < 2.7

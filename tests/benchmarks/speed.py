"""What running costs: every row beside the code by hand, and beside other libraries.

    python -m tests.benchmarks.speed [--rounds 15] [--rows REGEX] [--no-peers]

Ratios, measured side by side in one process: rounds by turns, and of their ratios the median.
"""

import argparse
import platform
import re
import sys
from collections.abc import Sequence
from typing import Final

from tests.benchmarks.speed_peers import PEERS
from tests.benchmarks.speed_rows import ROWS, Row, applied, chain
from tests.benchmarks.timing import FLOOR, OURS, by_turns, ratios

SLOW_ROUNDS: Final = 3

HEADER: Final = """\
| measure | beside | target | ours | langchain-core |
|---|---|---|---|---|"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.speed")
    parser.add_argument("--rounds", type=int, default=15, help="of their ratios, the median")
    parser.add_argument("--rows", default="", help="only rows whose name matches this expression")
    parser.add_argument("--no-peers", action="store_true", help="ours alone")
    given = parser.parse_args(arguments)
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}\n")
    print(HEADER)
    for row in ROWS:
        if re.search(given.rows, row.name):
            print(line(row, given.rounds, peers=not given.no_peers), flush=True)
    if not given.no_peers and re.search(given.rows, "peers"):
        print()
        for text in beside_all(given.rounds):
            print(text, flush=True)
    return 0


def line(row: Row, rounds: int, *, peers: bool) -> str:
    """Return a row of the table."""
    found = ratios(
        row.rounds(peers=False), min(rounds, SLOW_ROUNDS) if row.slow or not row.timed else rounds
    )
    theirs = ""
    if peers and row.langchain is not None:
        theirs = shown(ratios(row.rounds(peers=True), 1 if row.slow else SLOW_ROUNDS)["langchain"])
    missed = "" if found[OURS] <= row.target else " ✗"
    return (
        f"| {row.name} | {row.floor} | {row.target:g} | {shown(found[OURS])}{missed} | {theirs} |"
    )


def shown(ratio: float) -> str:
    """Return a ratio, in as many digits as mean something."""
    return f"{ratio:.3f}" if ratio < 10 else f"{ratio:,.0f}"


def beside_all(rounds: int) -> Sequence[str]:
    """Return the table of a chain of three steps in all libraries that are installed."""
    sides = dict(chain(3))
    missing: dict[str, float | None] = {}
    for name, make in PEERS.items():
        try:
            sides[name] = applied(make(), 1)
        except ImportError:
            missing[name] = None
    found = ratios(by_turns(sides), rounds)
    cells = {name: shown(ratio) for name, ratio in found.items()} | dict.fromkeys(missing, "-")
    return (
        f"| a chain of 3, beside plain calls | {' | '.join(cells)} |",
        f"|---|{'---|' * len(cells)}",
        f"| | {' | '.join(cells.values())} |",
    )


assert FLOOR not in PEERS

if __name__ == "__main__":
    sys.exit(main())

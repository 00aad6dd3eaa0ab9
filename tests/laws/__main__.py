"""`python -m tests.laws`: try every law on many examples, or every wrong system on its law."""

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import NamedTuple

from combinators.laws import LAWS, OURS, tried
from tests.laws.gallery import GALLERY, title
from tests.laws.page import page


class Row(NamedTuple):
    """What came of one law."""

    cells: tuple[str, ...]
    examples: int
    is_wrong: bool
    report: str = ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table, and return 1 if a law does not hold, or a wrong system is not caught."""
    parser = argparse.ArgumentParser(prog="python -m tests.laws", description=main.__doc__)
    parser.add_argument(
        "--examples", type=int, default=115_000, help="of all laws together, at most"
    )
    parser.add_argument("--gallery", action="store_true", help="try the wrong systems instead")
    parser.add_argument("--page", action="store_true", help="print docs/laws.md instead")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args(arguments)
    if options.page:
        print(page(), end="")
        return 0
    began = time.perf_counter()
    each = -(-options.examples // len(LAWS))
    rows, rounds = (caught, GALLERY) if options.gallery else (partial(held, each), LAWS)
    wrong, examples = 0, 0
    print(
        "| law | wrong system | examples |" if options.gallery else "| law | examples | seconds |"
    )
    print("| --- | --- | --- |")
    with ProcessPoolExecutor(options.processes) as pool:
        for row in pool.map(rows, range(len(rounds))):
            print(f"| {' | '.join(row.cells)} |{row.report}", flush=True)
            examples += row.examples
            wrong += row.is_wrong
    seconds = time.perf_counter() - began
    what = "wrong systems" if options.gallery else "laws"
    print(f"\n{len(rounds)} {what}, {examples:,} examples in {seconds:.0f} s, {wrong} unexpected")
    return 1 if wrong else 0


def held(examples: int, position: int) -> Row:
    """Return what comes of trying a law on this library, on so many examples at most."""
    trial = tried(LAWS[position], OURS, examples=examples)
    cells = trial.law.name, f"{trial.examples}", f"{trial.seconds:.1f}"
    report = f"\n{trial.broken}\n" if trial.broken else ""
    return Row(cells, trial.examples, trial.broken is not None, report)


def caught(position: int) -> Row:
    """Return how many examples it took until a law caught a system that is to break it."""
    law, system = GALLERY[position]
    trial = tried(law, system, shrink=False)
    needed = f"{trial.examples}" if trial.broken else "never caught"
    return Row((law.name, title(system), needed), trial.examples, trial.broken is None)


if __name__ == "__main__":
    sys.exit(main())

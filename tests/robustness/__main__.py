"""Check many malformed sources with the plugin, and print what came of them.

    python -m tests.robustness [--sources 10000] [--seed 0] [--jobs 2]

Exit status 1 means that the plugin made mypy break, or take too long.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory

from tests.robustness.fuzzing import SETTINGS, Bench, Failure, Findings, Limits
from tests.robustness.sources import reader, shrunk, source


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit status."""
    asked = _parser().parse_args(arguments)
    began = time.monotonic()
    with TemporaryDirectory() as folder:
        findings, failures = _checked(Path(folder), asked)
        _print_figures(findings, failures, time.monotonic() - began)
        ours = [each for each in failures if not each.mypys_own]
        bench = Bench(Path(folder) / "shrinking", limits=Limits(one=asked.seconds))
        for how, alike in groupby(sorted(ours, key=_cause), key=_cause):
            _print_cause(bench, how, list(alike))
    return 1 if ours else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.robustness")
    parser.add_argument("--sources", type=int, default=10_000, help="how many")
    parser.add_argument("--seed", type=int, default=0, help="other numbers, other sources")
    parser.add_argument("--jobs", type=int, default=2, help="runs of mypy at a time")
    parser.add_argument("--batch", type=int, default=250, help="sources in one run")
    parser.add_argument("--seconds", type=float, default=20.0, help="longer is too long for one")
    return parser


def _checked(folder: Path, asked: argparse.Namespace) -> tuple[Findings, list[Failure]]:
    """Return what came of all, every batch checked and then read from the cache."""
    folders: SimpleQueue[Path] = SimpleQueue()
    for job in range(asked.jobs):
        folders.put(folder / f"job_{job}")

    count: int = asked.sources
    size: int = asked.batch

    def batch(first: int) -> tuple[Findings, Findings]:
        mine = folders.get()
        bench = Bench(
            mine,
            limits=Limits(one=asked.seconds),
            settings=SETTINGS[first // size % len(SETTINGS)],
        )
        last = min(first + size, count)
        sources = [source(number, asked.seed) for number in range(first, last)]
        results = bench.examined(sources), bench.examined([reader(each) for each in sources])
        folders.put(mine)
        return results

    findings, failures = Findings(), list[Failure]()
    with ThreadPoolExecutor(asked.jobs) as jobs:
        for done, read in jobs.map(batch, range(0, count, size)):
            findings.add(done)
            failures += done.failures + read.failures
            print(f"{findings.checked} checked, {len(failures)} failed", file=sys.stderr)
    return findings, failures


def _print_figures(findings: Findings, failures: Sequence[Failure], seconds: float) -> None:
    own = sum(each.mypys_own for each in failures)
    figures = {
        "sources checked with the plugin": findings.checked,
        "  in which it reports a mistake": findings.reported,
        **{f"  mistakes of code {code}": n for code, n in sorted(findings.by_code.items())},
        "sources that mypy cannot analyse": findings.refused,
        "sources that break mypy without the plugin too": own,
        "sources with which the plugin breaks mypy": len(failures) - own,
        "longest time for one source": f"{findings.slowest[0]:.1f} s, {findings.slowest[1]}",
        "time": f"{seconds:.0f} s",
    }
    for what, figure in figures.items():
        print(f"{what:<50}{figure}")


def _cause(failure: Failure) -> str:
    return failure.how


def _print_cause(bench: Bench, how: str, alike: Sequence[Failure]) -> None:
    """Print how often it broke in some way, and a source that shows it."""
    least = min((each.source for each in alike), key=lambda each: len(each.text))
    small = shrunk(least, lambda each: bench.breaks(each) is not None)
    print(f"\n--- {len(alike)} times: {how}")
    for each in (small.reads, small):
        for name, text in ({} if each is None else each.files()).items():
            print(f"# {name}\n{text}")


if __name__ == "__main__":
    sys.exit(main())

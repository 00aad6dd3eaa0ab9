"""`python -m tests.mutants`: change floors 0 to 3 in every small way; a test has to fail."""

import argparse
import os
import subprocess
import sys
import sysconfig
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.mutants.listing import PAGE, listed
from tests.mutants.results import REFUSED, UNTRIED, counts, results, survivors

STATS = Path("mutants/mutmut-stats.json")  # mutmut's: which tests call which function
LEAST = 95.0  # per cent of the mutants that types let pass


def main(arguments: Sequence[str] | None = None) -> int:
    """Run mutmut, print what it found, and return 1 if too much survived or is not listed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=main.__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        help="of mutants to try again, such as 'combinators._keys.*'; without, all not yet tried",
    )
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--alive", action="store_true", help="try those again that lived")
    parser.add_argument("--report", action="store_true", help="print what is known, and try none")
    options = parser.parse_args(arguments)
    again = [name for module in results() for name, _ in survivors(module)] if options.alive else []
    if not options.report:
        run([*options.names, *again], options.processes)
    return report()


def run(names: Sequence[str], processes: int) -> None:
    """Let mutmut try mutants. What it finds stands in `mutants/`, so that a run can be resumed."""
    if is_stale(STATS):
        STATS.unlink()
    scripts = sysconfig.get_path("scripts")
    path = os.pathsep.join([scripts, os.environ.get("PATH", os.defpath)])
    subprocess.run(
        [os.path.join(scripts, "mutmut"), "run", f"--max-children={processes}", *names],  # noqa: PTH118
        env=os.environ | {"PATH": path},
        check=True,
    )


def is_stale(stats: Path) -> bool:
    """Return whether other tests may call a function now.

    mutmut looks only at tests that are new, and not at old ones whose way is another one now:
    what has changed would seem to be called by few, and its mutants to live.
    """
    sources = [each for root in ("combinators", "tests") for each in Path(root).rglob("*.py")]
    return stats.exists() and stats.stat().st_mtime < max(each.stat().st_mtime for each in sources)


def report() -> int:
    """Print the table and the survivors nobody has explained; return 1 if that is too much."""
    known, total, unknown = set(listed(PAGE.read_text("utf-8"))), Counter[str](), list[str]()
    print("| module | mutants | refused by mypy | killed | alive | killed of the rest |")
    print("| --- | --- | --- | --- | --- | --- |")
    for module in results():
        found, alive = counts(module), [*survivors(module)]
        # Functions that are listed whole are never called: mutmut cannot try their mutants.
        found["alive"] -= sum(change.of_any_kind in known for _, change in alive)
        total += found
        print(row(str(module.path), found))
        unknown += [
            f"{name}\n{change}\n"
            for name, change in alive
            if not known & {change, change.of_any_kind}
        ]
    print(row("**all**", total))
    print("", *unknown, sep="\n")
    print(f"{len(unknown)} survivors are not explained in {PAGE}; {total[UNTRIED]} mutants untried")
    return 1 if unknown or share(total) < LEAST else 0


def row(name: str, found: Counter[str]) -> str:
    """Return a line of the table."""
    ends = [found[REFUSED], found["killed"], found["alive"]]
    return f"| {' | '.join(map(str, [name, sum(ends), *ends]))} | {share(found):.1f} % |"


def share(found: Counter[str]) -> float:
    """Return how many per cent of the mutants that types let pass were killed by tests."""
    tried = found["killed"] + found["alive"]
    return 100 * found["killed"] / tried if tried else 100.0


if __name__ == "__main__":
    sys.exit(main())

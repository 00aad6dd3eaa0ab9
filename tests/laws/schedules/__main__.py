"""Prints after how many examples each system of the gallery is found out, and tries the laws.

Run it as `python -m tests.laws.schedules`; `--examples` says how many each law is tried on.
"""

import argparse

from combinators.laws import OURS, tried
from combinators.laws.schedules import LAWS
from tests.laws.schedules.gallery import MUTANTS


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.laws.schedules", description=__doc__)
    parser.add_argument("--examples", type=int, default=1000)
    examples = parser.parse_args().examples

    print("| law | what breaks it | after examples |\n|---|---|---|")
    for law, mutant in MUTANTS:
        needed = tried(law, mutant, shrink=False).examples
        print(f"| `{law.name}` | {told(mutant)} | {needed} |")

    print(f"\n| law | {examples} examples |\n|---|---|")
    for law in LAWS:
        trial = tried(law, OURS, examples=examples)
        print(
            f"| `{law.name}` | {'holds' if trial.broken is None else trial.broken} "
            f"({trial.seconds:.1f} s) |"
        )


def told(mutant: object) -> str:
    """Return what a wrong system does wrong."""
    said = (type(mutant).__doc__ or "").rstrip(".")
    return said[0].lower() + said[1:]


if __name__ == "__main__":
    main()

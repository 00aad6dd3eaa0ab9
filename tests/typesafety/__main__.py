"""`python -m tests.typesafety`: the figures of the static check, over generated programs."""

from __future__ import annotations

import argparse
import sys

from tests.typesafety.figures import as_report
from tests.typesafety.trying import tried


def main(arguments: list[str]) -> int:
    """Print the figures and the cases that fall short, and return whether there are any."""
    parser = argparse.ArgumentParser(prog="python -m tests.typesafety", description=__doc__)
    parser.add_argument("--pipelines", type=int, default=200, help="right programs (200)")
    parser.add_argument("--seed", type=int, default=0, help="other programs for another seed (0)")
    parser.add_argument("--twins", type=int, default=8, help="wrong twins of each at most (8)")
    parser.add_argument("--show", type=int, default=3, help="cases of each fault to print (3)")
    options = parser.parse_args(arguments)
    trial = tried(options.pipelines, options.seed, options.twins)
    sys.stdout.write(f"{as_report(trial, options.show)}\n")
    return 1 if trial.faulty() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

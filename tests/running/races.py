"""Tests of races, again and again: what depends on the order of events must never fail.

    python -m tests.running.races [--times 1000] [--at-once 50] [ARGUMENTS OF PYTEST]

They are those with the marker `race`. Each round is a process of its own, in which every one
of them runs so many times, in random order.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.running.races")
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--at-once", type=int, default=50, help="of which in one process")
    options, rest = parser.parse_known_args(arguments)
    begin, failed = time.monotonic(), 0
    for done in range(0, options.times, options.at_once):
        count = min(options.at_once, options.times - done)
        order = [sys.executable, "-m", "pytest", "--quiet", "-m", "race", "--count", str(count)]
        ended = subprocess.run([*order, *rest], capture_output=True, text=True, check=False)
        failed += ended.returncode != 0
        said = ended.stdout.rstrip()
        print(said if ended.returncode else said.splitlines()[-1], flush=True)
        print(f"{done + count:,} times in {time.monotonic() - begin:.0f} s", flush=True)
    print(f"{options.times:,} times each; {failed} rounds with a failure")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())

"""Tests of races, again and again: what depends on the order of events must never fail.

    python -m tests.running.races [--times 1000] [--at-once 50] [--processes N] [PYTEST'S OWN]

They are those with the marker `race`. Each round is a process of its own, in which every one
of them runs so many times, in random order; a few rounds run side by side, and disturb one
another, since most of the time such a test waits.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.running.races")
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--at-once", type=int, default=50, help="of which in one process")
    parser.add_argument(
        "--processes", type=int, default=3 * (os.cpu_count() or 1), help="side by side"
    )
    options, rest = parser.parse_known_args(arguments)
    begin, done, failed = time.monotonic(), 0, 0
    rounds = [
        min(options.at_once, options.times - before)
        for before in range(0, options.times, options.at_once)
    ]
    with ThreadPoolExecutor(options.processes) as processes:
        for count, ended in zip(rounds, processes.map(partial(_ended, rest), rounds), strict=True):
            done += count
            failed += ended.returncode != 0
            said = ended.stdout.rstrip()
            print(said if ended.returncode else said.splitlines()[-1], flush=True)
            print(f"{done:,} times in {time.monotonic() - begin:.0f} s", flush=True)
    print(f"{options.times:,} times each; {failed} rounds with a failure")
    return int(failed > 0)


def _ended(rest: Sequence[str], count: int) -> subprocess.CompletedProcess[str]:
    """Run a round, and return what it printed and how it ended."""
    order = [sys.executable, "-m", "pytest", "--quiet", "-m", "race", "--count", str(count)]
    return subprocess.run([*order, *rest], capture_output=True, text=True, check=False)


if __name__ == "__main__":
    sys.exit(main())

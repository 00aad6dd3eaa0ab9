"""What the static check costs: time, memory and growth beside the same code in plain functions.

    python -m tests.benchmarks.static_speed [--rounds 3]

Each figure is that of a process of mypy which finds what the programs have in common, the
library and the standard library, in its cache: as on every day but the first.
"""

import argparse
import math
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import final

from tests.benchmarks import static_code as code

ROOT = Path(__file__).parents[2]

NOISE = 0.05  # seconds by which runs differ for no reason of theirs

HEADER = """\
| program | size | pipelines | functions | ratio | pipelines | functions | ratio | growth |
|---|---|---|---|---|---|---|---|---|"""


@final
@dataclass(frozen=True, slots=True)
class Measure:
    """A program in two spellings, and three sizes, each as many times the one before."""

    name: str
    ours: code.Write
    plain: code.Write
    sizes: Sequence[int]


MEASURES = (
    Measure("a `pipe` of so many steps", code.piped, code.piped_plainly, (200, 800, 3200)),
    Measure("so many steps joined by `|`", code.joined, code.piped_plainly, (200, 400, 800)),
    Measure("a fragment of so many steps", code.fragment, code.piped_plainly, (50, 100, 200)),
    Measure(
        "a file of so many fan-outs", code.fanned_out, code.fanned_out_plainly, (500, 1000, 2000)
    ),
    Measure("a file of so many chains", code.chained, code.chained_plainly, (500, 1000, 2000)),
    Measure("a project of so many modules", code.project, code.project_plainly, (100, 200, 400)),
    Measure("pipes with lambdas, nested so deep", code.nested, code.nested_plainly, (2, 4, 8)),
)


@final
@dataclass(frozen=True, slots=True)
class Cost:
    """What a run took."""

    seconds: float  # of the processor's time: the machine may be busy
    megabytes: float  # at the peak


@final
class Side:
    """A folder in which one spelling is checked, with a cache that knows the library."""

    def __init__(self, folder: Path, settings: str) -> None:
        self.folder = folder
        self.runs = 0
        folder.mkdir()
        (folder / "mypy.ini").write_text(f"[mypy]\nstrict = true\n{settings}")

    def cost(self, program: code.Program) -> Cost:
        """Return what it costs to check a program that was never seen before."""
        self.runs += 1
        for name, text in program.items():
            path = self.folder / name
            path.write_text(f"{text}# {self.runs}\n")
            # mypy takes a file of the same size and the same second for the same file.
            os.utime(path, (self.runs, self.runs))
        process = os.posix_spawn(
            sys.executable,
            [sys.executable, "-m", "mypy", *self._options(), str(self.folder / "main.py")],
            {**os.environ, "PYTHONPATH": str(ROOT), "MYPYPATH": str(self.folder)},
            file_actions=[
                (
                    os.POSIX_SPAWN_OPEN,
                    1,
                    str(self.folder / "out"),
                    os.O_CREAT | os.O_WRONLY | os.O_TRUNC,
                    0o600,
                ),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
        )
        _, status, used = os.wait4(process, 0)
        said = (self.folder / "out").read_text()
        if os.waitstatus_to_exitcode(status) not in {0, 1} or "error:" in said:
            sys.exit(f"a right program was refused:\n{said[-2000:]}")
        kilobytes = used.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
        return Cost(used.ru_utime + used.ru_stime, kilobytes / 1024)

    def _options(self) -> Sequence[str]:
        cache = self.folder / "cache"
        return ["--config-file", str(self.folder / "mypy.ini"), "--cache-dir", str(cache)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.static_speed")
    parser.add_argument("--rounds", type=int, default=3, help="the median of them is shown")
    rounds = parser.parse_args(arguments).rounds
    with TemporaryDirectory() as folder:
        ours = Side(Path(folder) / "pipelines", "plugins = combinators.mypy\n")
        plain = Side(Path(folder) / "functions", "")
        floors: list[float] = []
        for side, text in ((ours, code.WITH), (plain, code.STEPS)):
            side.cost({"main.py": text})  # fills the cache
            floors.append(min(side.cost({"main.py": text}).seconds for _ in range(rounds)))
            print(f"checking nothing but the steps, {side.folder.name}: {floors[-1]:.2f} s")
        print()
        print(HEADER)
        for each in MEASURES:
            for line in _lines(each, ours, plain, floors[0], rounds):
                print(line, flush=True)
    return 0


def _lines(measure: Measure, ours: Side, plain: Side, floor: float, rounds: int) -> Iterator[str]:
    least: list[float] = []
    for size in measure.sizes:
        mine, theirs = measure.ours(size), measure.plain(size)
        pairs = [(ours.cost(mine), plain.cost(theirs)) for _ in range(rounds)]
        seconds = [median(cost.seconds for cost in side) for side in zip(*pairs, strict=True)]
        peaks = [median(cost.megabytes for cost in side) for side in zip(*pairs, strict=True)]
        ratio = median(one.seconds / other.seconds for one, other in pairs)
        least.append(min(one.seconds for one, _ in pairs))
        growth = _growth(measure.sizes, least, floor) if size == measure.sizes[-1] else ""
        yield (
            f"| {measure.name} | {size} | {seconds[0]:.2f} s | {seconds[1]:.2f} s | {ratio:.2f} "
            f"| {peaks[0]:.0f} MB | {peaks[1]:.0f} MB | {peaks[0] / peaks[1]:.2f} | {growth} |"
        )


def _growth(sizes: Sequence[int], seconds: Sequence[float], floor: float) -> str:
    """Return the exponent with which the time grows that does not go into every run."""
    before, last = (each - floor for each in seconds[-2:])
    if before < NOISE:
        return "too little to tell"
    return f"{math.log(max(last, NOISE) / before) / math.log(sizes[-1] / sizes[-2]):.1f}"


if __name__ == "__main__":
    sys.exit(main())

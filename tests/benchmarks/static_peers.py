"""What is found of thirty mistakes, here and in the same pipelines written with LangChain.

    python -m tests.benchmarks.static_peers [--whole]

`langchain-core` gets an environment of its own, under `build/langchain`. mypy and pyright
run with the settings they have by themselves. A mistake is found if something is said of
the wrong pipeline that is not said of the right one.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias, final

from uv import find_uv_bin

from tests.benchmarks.mistakes import CASES, GIVEN, OURS, THEIRS, variants

ROOT = Path(__file__).parents[2]
PEERS = ROOT / "build" / "langchain"

# The messages of errors, by the name of the file they are about.
Said: TypeAlias = Mapping[str, Sequence[str]]
Check: TypeAlias = Callable[[Path], Said]


@final
@dataclass(frozen=True, slots=True)
class Column:
    """A spelling and a checker, and what the checker says of each file."""

    name: str
    said: Said

    def found(self, number: int) -> Sequence[str]:
        """Return what is said of the wrong pipeline of a case, and not of the right one."""
        right = list(self.said.get(f"right_{number}.py", ()))
        return [each for each in self.said.get(f"wrong_{number}.py", ()) if each not in right]

    def refused(self, number: int) -> bool:
        """Tell whether an error is reported in the right pipeline of a case."""
        return bool(self.said.get(f"right_{number}.py"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.static_peers")
    parser.add_argument("--whole", action="store_true", help="every case, with what is said of it")
    whole = parser.parse_args(arguments).whole
    with TemporaryDirectory() as folder:
        columns = compared(Path(folder), _peers())
    for line in table(columns):
        print(line)
    if whole:
        _print_cases(columns)
    return 0


def compared(folder: Path, peers: Path) -> Sequence[Column]:
    """Return what three checks say of all cases. The right ones are run first: they are right."""
    ours, theirs = folder / "ours", folder / "theirs"
    write(ours, OURS, [each.ours for each in CASES])
    write(theirs, THEIRS, [each.theirs for each in CASES])
    run_right_ones(Path(sys.executable), ours)
    run_right_ones(peers, theirs)
    return (
        Column("combinators: mypy with the plugin", by_mypy(ours, sys.executable, ours=True)),
        Column("LangChain: mypy", by_mypy(theirs, str(peers))),
        Column("LangChain: pyright", by_pyright(theirs, str(peers))),
    )


def table(columns: Sequence[Column]) -> Sequence[str]:
    """Return the lines of the table, in Markdown."""
    kinds = {
        kind: [i for i, case in enumerate(CASES) if case.kind == kind] for kind in ("type", "key")
    }

    def row(what: str, figure: Callable[[Column], str]) -> str:
        return f"| {what} | {' | '.join(map(figure, columns))} |"

    def caught(kind: str) -> Callable[[Column], str]:
        numbers = kinds[kind]
        return lambda column: f"{sum(bool(column.found(i)) for i in numbers)} of {len(numbers)}"

    return (
        f"| | {' | '.join(each.name for each in columns)} |",
        f"|---|{'---|' * len(columns)}",
        row("type mistakes found", caught("type")),
        row("key mistakes found", caught("key")),
        row(
            "right pipelines refused",
            lambda c: f"{sum(map(c.refused, range(len(CASES))))} of {len(CASES)}",
        ),
        row(
            "key mistakes whose message names the key",
            lambda c: f"{sum(_named(c, i) for i in kinds['key'])} of {len(kinds['key'])}",
        ),
        row("messages for one mistake", _span),
    )


def write(folder: Path, header: str, texts: Sequence[str]) -> None:
    """Write a file for each right and each wrong pipeline."""
    folder.mkdir()
    (folder / "given.py").write_text(GIVEN)
    for number, text in enumerate(texts):
        for name, code in zip(("right", "wrong"), variants(text), strict=True):
            (folder / f"{name}_{number}.py").write_text(header + code)


def run_right_ones(python: Path, folder: Path) -> None:
    """Run the files of the right pipelines, in one process."""
    modules = [f"right_{number}" for number in range(len(CASES))]
    subprocess.run(
        [str(python), "-c", "\n".join(f"import {name}" for name in modules)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )


def by_mypy(folder: Path, python: str, *, ours: bool = False) -> Said:
    """Return the errors that mypy reports in the files of a folder."""
    (folder / "mypy.ini").write_text("[mypy]\n" + "plugins = combinators.mypy\n" * ours)
    command = [sys.executable, "-m", "mypy", "--config-file", "mypy.ini", "--output=json"]
    out = subprocess.run(
        [*command, f"--python-executable={python}", "."],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "MYPYPATH": str(ROOT) * ours},
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    said = [json.loads(line) for line in out.splitlines()]
    return _by_file((m["file"], m["message"]) for m in said if m["severity"] == "error")


def by_pyright(folder: Path, python: str) -> Said:
    """Return the errors that pyright reports in the files of a folder."""
    out = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", python, "."],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    said = json.loads(out)["generalDiagnostics"]
    return _by_file((m["file"], m["message"]) for m in said if m["severity"] == "error")


def _by_file(messages: Iterable[tuple[str, str]]) -> Said:
    said: dict[str, list[str]] = {}
    for file, message in messages:
        said.setdefault(Path(file).name, []).append(message)
    return said


def _named(column: Column, number: int) -> bool:
    """Tell whether a message names the key that was changed, or the one that is missing."""
    case = CASES[number]
    keys = _keys(case.ours)
    return any(key in message for message in column.found(number) for key in keys)


def _keys(text: str) -> Sequence[str]:
    choice = text.partition("⟦")[2].partition("⟧")[0]
    words = choice.replace("=", " ").replace(",", " ").replace("¦", " ").split()
    return [f'"{word}"' for word in words]


def _span(column: Column) -> str:
    counts = [len(found) for i in range(len(CASES)) if (found := column.found(i))]
    return f"{min(counts)} to {max(counts)}" if min(counts) != max(counts) else str(max(counts))


def _print_cases(columns: Sequence[Column]) -> None:
    for number, case in enumerate(CASES):
        print(f"\n## {case.kind}: {case.name}")
        for column in columns:
            refused = " (the right one is refused)" * column.refused(number)
            print(f"{column.name}{refused}: {list(column.found(number)) or 'nothing'}")


def _peers() -> Path:
    """Return the interpreter of the environment in which LangChain is, which is made if need be."""
    python = PEERS / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        subprocess.run(
            [find_uv_bin(), "venv", "--quiet", "--python", sys.executable, PEERS], check=True
        )
    constraints = ["--constraint", str(ROOT / "constraints.txt")]
    install = [find_uv_bin(), "pip", "install", "--quiet", "--python", str(python)]
    subprocess.run([*install, *constraints, "langchain-core"], check=True)
    return python


if __name__ == "__main__":
    sys.exit(main())

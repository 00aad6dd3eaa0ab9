"""The type checkers that people use, and what each of them says of some files."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]


class Finding(NamedTuple):
    """What a checker says, and of which lines of a file."""

    path: Path
    first: int
    last: int
    said: str


def mypy(files: Sequence[Path], config: str = "pyproject.toml") -> list[Finding]:
    """Return what mypy finds, in its strict mode, with or without the plugin."""
    # A cache for each configuration: a plugin more or less makes all of it stale.
    cache = f".mypy_cache/{Path(config).stem}"
    # A file elsewhere is a module by its name.
    elsewhere = {str(path.parent) for path in files if not path.is_relative_to(ROOT)}
    report = output(
        *("mypy", "--output=json", f"--config-file={config}", f"--cache-dir={cache}"),
        *map(str, files),
        MYPYPATH=os.pathsep.join([str(ROOT), *sorted(elsewhere)]),
    )
    found = [json.loads(line) for line in report.splitlines()]
    return [
        Finding(
            ROOT / each["file"], each["line"], each["line"], f"{each['code']}: {each['message']}"
        )
        for each in found
        if each["severity"] == "error"
    ]


def pyright(files: Sequence[Path]) -> list[Finding]:
    """Return what pyright finds, in its strict mode."""
    report = output(
        "pyright", "--outputjson", "--pythonpath", sys.executable, "-p", ".", *map(str, files)
    )
    return [
        Finding(
            Path(each["file"]),
            each["range"]["start"]["line"] + 1,
            each["range"]["end"]["line"] + 1,
            f"{each.get('rule')}: {each['message']}",
        )
        for each in json.loads(report)["generalDiagnostics"]
    ]


def ty(files: Sequence[Path]) -> list[Finding]:
    """Return what ty finds."""
    report = output(
        "ty", "check", "--python", sys.prefix, "--output-format=concise", *map(str, files)
    )
    return in_text(report, r"(?P<path>.+?):(?P<line>\d+):\d+: error\[(?P<said>.*)")


def pyrefly(files: Sequence[Path]) -> list[Finding]:
    """Return what pyrefly finds."""
    report = output(
        *("pyrefly", "check", "--preset=default", "--python-interpreter-path", sys.executable),
        *("--output-format=min-text", *map(str, files)),
    )
    return in_text(report, r"ERROR (?P<path>.+?):(?P<line>\d+):[\d:-]+ (?P<said>.*)")


def in_text(report: str, pattern: str) -> list[Finding]:
    """Return the findings in a report for people, one a line."""
    return [
        Finding(ROOT / found["path"], int(found["line"]), int(found["line"]), found["said"])
        for found in map(re.compile(pattern).fullmatch, report.splitlines())
        if found
    ]


def output(*command: str, **variables: str) -> str:
    """Return what a checker prints; where it finds something, it exits with 1."""
    program = Path(sys.executable).with_name(command[0])
    environment = {**os.environ, **variables}
    done = subprocess.run(
        [program, *command[1:]],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return done.stdout

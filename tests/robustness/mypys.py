"""Run the tests of the plugin with every mypy that it supports, on every Python.

    python -m tests.robustness.mypys [--mypy 2.4.1 …] [--python 3.12 …] [--sources 200]

Each pair gets an environment of its own under `build/mypys`, which is kept for the next time.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from uv import find_uv_bin

from tests.robustness.mypy_process import ROOT

# The last release of each minor version, from the lowest that the extra `mypy` allows.
MYPYS = ("2.2.0", "2.3.1", "2.4.1")
PYTHONS = ("3.11", "3.12", "3.13")
FOLDER = ROOT / "build" / "mypys"

TESTS = (
    "tests/typing/test_plugin.py",
    "tests/robustness/test_cache.py",
    "tests/robustness/test_other_plugins.py",
)
# What pytest needs to run them: of the suite's own environment, all but what is checked by others.
NEEDED = (
    *("hypothesis", "psutil", "pydantic", "pytest", "pytest-randomly", "pytest-socket"),
    *("pytest-timeout", "pytest-xdist", "sybil", "uv"),
)


@final
@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the tests in one environment."""

    mypy: str
    python: str
    tests: str
    sources: str

    @property
    def passed(self) -> bool:
        """Tell whether nothing failed."""
        return self.tests.endswith(" passed") and self.sources == "no crash"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.robustness.mypys")
    parser.add_argument("--mypy", nargs="+", default=MYPYS)
    parser.add_argument("--python", nargs="+", default=PYTHONS)
    parser.add_argument("--sources", type=int, default=200, help="malformed ones")
    asked = parser.parse_args(arguments)
    print(f"{'mypy':<10}{'Python':<10}{'malformed sources':<20}tests")
    outcomes: list[Outcome] = []
    for python in asked.python:
        for mypy in asked.mypy:
            outcomes.append(_tested(mypy, python, asked.sources))
            made = outcomes[-1]
            print(f"{made.mypy:<10}{made.python:<10}{made.sources:<20}{made.tests}", flush=True)
    return 0 if all(each.passed for each in outcomes) else 1


def _tested(mypy: str, python: str, sources: int) -> Outcome:
    interpreter = _environment(mypy, python)
    if interpreter is None:
        return Outcome(mypy, python, "no such Python on this machine", "")
    log = interpreter.parents[1] / "tests.log"
    options = ["-q", "--color=no", "-p", "no:cacheprovider", *TESTS]
    ran = _run([str(interpreter), "-m", "pytest", *options])
    fuzzed = _run([str(interpreter), "-m", "tests.robustness", f"--sources={sources}"])
    log.write_text(ran.stdout + ran.stderr + fuzzed.stdout + fuzzed.stderr)
    last = ran.stdout.strip().splitlines()[-1:] or [f"status {ran.returncode}"]
    said = last[0].partition(" in ")[0].strip("= ")
    return Outcome(mypy, python, said, "no crash" if fuzzed.returncode == 0 else "crash")


def _environment(mypy: str, python: str) -> Path | None:
    """Return the interpreter of an environment, None where there is no such Python."""
    folder = FOLDER / f"python-{python}-mypy-{mypy}"
    interpreter = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = folder / "installed"
    if done.exists():
        return interpreter
    shutil.rmtree(folder, ignore_errors=True)
    if _run([find_uv_bin(), "venv", "--quiet", "--python", python, str(folder)]).returncode:
        return None
    install = [find_uv_bin(), "pip", "install", "--quiet", "--python", str(interpreter)]
    constraints = FOLDER / "constraints.txt"
    constraints.write_text(_constraints())
    _run(
        [*install, "--constraint", str(constraints), f"mypy=={mypy}", *_dependencies(), *NEEDED],
        check=True,
    )
    done.touch()
    return interpreter


def _constraints() -> str:
    """Return the versions of the suite, apart from those that mypy chooses."""
    free = ("mypy", "librt", "ast-serialize", "pathspec")
    lines = (ROOT / "constraints.txt").read_text().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(free))


def _dependencies() -> Sequence[str]:
    project: Mapping[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return [str(each) for each in project["project"]["dependencies"]]


def _run(command: Sequence[str], *, check: bool = False) -> subprocess.CompletedProcess[str]:
    ran = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "UV_PYTHON_DOWNLOADS": "never", "PYTHONPATH": str(ROOT)}
        | _every_pyenv(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if check and ran.returncode:
        sys.exit(ran.stderr)
    return ran


def _every_pyenv() -> dict[str, str]:
    """Return what makes pyenv, where it is, start every Python that it has."""
    pyenv = shutil.which("pyenv")
    if pyenv is None:
        return {}
    listed = subprocess.run(
        [pyenv, "versions", "--bare"], capture_output=True, text=True, check=False
    ).stdout.split()
    versions = [each for each in listed if each.startswith(tuple(f"{p}." for p in PYTHONS))]
    return {"PYENV_VERSION": ":".join(versions)} if versions else {}


if __name__ == "__main__":
    sys.exit(main())

"""What the architecture tests share: the repository's place, and interpreters of their own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the root of the repository."""
    return Path(__file__).parents[2]


@pytest.fixture(scope="session")
def fresh_python(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Return a function that runs code in an interpreter of its own and gives what it prints."""
    # Coverage would load modules of its own and slow every import down. Bytecode is kept in a
    # place of its own, so that it is there whatever the surroundings say.
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("COV_", "COVERAGE_", "PYTHON"))
    }
    environment["PYTHONPYCACHEPREFIX"] = str(tmp_path_factory.mktemp("bytecode"))

    def run(code: str) -> str:
        finished = subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            cwd=root,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
        )
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    return run

"""Code in checked files is read and never run, not even what stands at the top of a module."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Wherever Python would run code: at import, in decorators, defaults, class bodies, annotations,
# and in what the plugin looks at most closely.
CANARY = """\
from pathlib import Path
from typing import TypedDict

from combinators import case, branch, fanout, passthrough, pipe, runnable, template

def sing(where: str) -> str:
    (Path({folder!r}) / where).touch()
    return where

sing("module")

class Keys(TypedDict):
    text: str
    sing("class")

@runnable
def step(x: str = sing("default")) -> str:
    return x

annotated: "Path({folder!r}).joinpath('annotation').touch()"
prompt = fanout(text=passthrough(), size=len) | template(sing("template"))
keyed = fanout(**{{sing("key"): step}}) | template("{{key}}")
chosen = branch(case(str, runnable(len, inline=bool(sing("option")))))
ran = pipe(step, sing).invoke(sing("argument"))
wrong = fanout(contxt=len) | template("{{context}}")
"""

COMMANDS = {
    "mypy": ("-m", "mypy", "--config-file=mypy.ini", "canary.py"),
    "check": ("-m", "combinators", "check", "canary.py"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sung").mkdir()
    (tmp_path / "mypy.ini").write_text("[mypy]\nplugins = combinators.mypy\n")
    (tmp_path / "canary.py").write_text(CANARY.format(folder=str(tmp_path / "sung")))
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
        text=True,
    )


def test_the_canary_sings_where_it_is_run(folder: Path) -> None:
    # It ends with the constructor's refusal of its last line, after all else.
    done = run(folder, "canary.py")
    assert "MissingKeyError" in done.stderr
    assert {"module", "class", "default", "template"} <= {
        path.name for path in (folder / "sung").iterdir()
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_that_is_checked_is_run(folder: Path, command: str) -> None:
    done = run(folder, *COMMANDS[command])
    assert '"contxt"' in done.stdout  # the file was read to its last line
    assert [*(folder / "sung").iterdir()] == []

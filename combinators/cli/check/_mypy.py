"""mypy with the plugin, in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from typing_extensions import override

from combinators.cli.check._child import ABSENT
from combinators.cli.check._findings import Finding, read
from combinators.steps import MissingExtraError

_HERE: Final = Path(__file__).parent
_LIBRARY: Final = Path(__file__).parents[3]

_OPTIONS: Final = (
    f"--config-file={_HERE / 'mypy.ini'}",
    "--output=json",
    "--no-color-output",
    "--no-error-summary",
    "--num-workers=0",  # several need a cache
)


@final
@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in the files, and what mypy says beside it.

    A check is not complete where mypy stops at a file that is not Python.
    """

    findings: Sequence[Finding]
    remarks: Sequence[str] = ()
    complete: bool = True


@final
class NotCheckedError(RuntimeError):
    """mypy ended without a result."""

    def __init__(self, status: int, words: Sequence[str]) -> None:
        super().__init__(status, words)
        self.status = status
        self.words = words

    @override
    def __str__(self) -> str:
        ended = f"nothing was checked: mypy ended with the exit status {self.status}."
        return "\n".join((ended, *self.words))


def check(paths: Iterable[str]) -> Checked:
    """Return what mypy finds in the files and folders named. None of them is run.

    Raises:
        MissingExtraError: mypy is not installed.
        NotCheckedError: it ended without a result, for what its words say, or by a crash.
    """
    done = subprocess.run(  # noqa: S603 - this Python, a file of our own, and paths as arguments
        [sys.executable, "-P", _HERE / "_child.py", _LIBRARY, *_options(), "--", *_named(paths)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
        check=False,
    )
    if done.returncode == ABSENT:
        raise MissingExtraError("python -m combinators check", "mypy", "mypy")
    findings, words = read(done.stdout, done.stderr)
    match done.returncode, any(each.is_mistake for each in findings):
        case (0, False) | (1, True):
            return Checked(findings, words)
        case (2, True) if not words:
            return Checked(findings, complete=False)
        case _:
            raise NotCheckedError(done.returncode, words)


def _options() -> Iterator[str]:
    yield from _OPTIONS
    # mypy knows a module again by its name and contents, and would report the file in which an
    # earlier run met it. So nothing is kept, unless mypy's own variable names a place.
    if not os.environ.get("MYPY_CACHE_DIR", "").strip():
        yield f"--cache-dir={os.devnull}"


def _named(paths: Iterable[str]) -> Iterator[str]:
    """Yield each path once, so written that mypy takes none for a file of arguments."""
    for path in dict.fromkeys(map(os.path.normpath, paths)):
        yield os.path.join(os.curdir, path) if path.startswith("@") else path  # noqa: PTH118 - a `Path` drops the dot

"""mypy with the plugin and no other configuration, in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, final

from typing_extensions import override

from combinators import MissingExtraError
from combinators.cli._child import ABSENT

_HERE: Final = Path(__file__).parent
_LIBRARY: Final = Path(__file__).parents[2]

_OPTIONS: Final = (
    f"--config-file={_HERE / 'mypy.ini'}",
    "--output=json",
    "--no-color-output",
    "--no-error-summary",
    "--num-workers=0",  # several need a cache
)


@final
class FailedError(RuntimeError):
    """mypy ended without a result."""

    def __init__(self, undone: str, status: int, words: Sequence[str]) -> None:
        super().__init__(undone, status, words)
        self.undone = undone
        self.status = status
        self.words = words

    @override
    def __str__(self) -> str:
        ended = f"{self.undone}: mypy ended with the exit status {self.status}."
        return "\n".join((ended, *self.words))


def run(command: str, paths: Iterable[str], *options: str) -> subprocess.CompletedProcess[str]:
    """Return what a command's task writes about the files and folders named. None of them is run.

    Raises:
        MissingExtraError: mypy is not installed.
    """
    task = f"{__package__}.{command}._task"
    with subprocess.Popen(  # noqa: S603 - this Python, a file of our own, and paths as arguments
        [
            *(sys.executable, "-P", _HERE / "_child.py", _LIBRARY, task),
            *(*_OPTIONS, *_cache(), *options, "--", *_named(paths)),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    ) as mypy:
        try:
            out, err = mypy.communicate()
        except KeyboardInterrupt:  # mypy may be slow to hear of it, and `with` would leave it alone
            mypy.kill()
            mypy.wait()
            raise
    done = subprocess.CompletedProcess(mypy.args, mypy.returncode, out, err)
    if done.returncode == ABSENT:
        raise MissingExtraError(f"python -m combinators {command}", "mypy", "mypy")
    return done


def _cache() -> Iterator[str]:
    # mypy knows a module again by its name and contents, and would report the file in which an
    # earlier run met it. So nothing is kept, unless mypy's own variable names a place.
    if not os.environ.get("MYPY_CACHE_DIR", "").strip():
        yield f"--cache-dir={os.devnull}"


def _named(paths: Iterable[str]) -> Iterator[str]:
    """Yield each path once, so written that mypy takes none for a file of arguments."""
    for path in dict.fromkeys(map(os.path.normpath, paths)):
        yield os.path.join(os.curdir, path) if path.startswith("@") else path  # noqa: PTH118 - a `Path` drops the dot

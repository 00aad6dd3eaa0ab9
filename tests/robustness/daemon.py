"""mypy's daemon, started for a folder and stopped at the end."""

import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import final

from tests.robustness.mypy_process import environment

CRASH = ("Daemon crashed", "INTERNAL ERROR", "Traceback (most recent call last)")


@final
@dataclass(frozen=True, slots=True)
class Daemon:
    """A daemon that checks the files of a folder. It ends by itself when nobody asks any more."""

    folder: Path

    def run(self, names: Sequence[str]) -> list[str]:
        """Start, or go on with, and return what is said of these files."""
        return self._said("run", "--timeout", "300", "--", "--config-file", "mypy.ini", *names)

    def recheck(self) -> list[str]:
        """Return what is said of the same files now."""
        return self._said("recheck")

    def stop(self) -> None:
        """End the daemon, whether it runs or not."""
        self._client("kill")

    def _said(self, *arguments: str) -> list[str]:
        finished = self._client(*arguments)
        report = finished.stdout + finished.stderr
        assert not any(sign in report for sign in CRASH), report
        assert finished.returncode in {0, 1, 2}, report
        places = (f"{path.name}:" for path in self.folder.glob("*.py"))
        starts = tuple(places)
        return sorted(line for line in report.splitlines() if line.startswith(starts))

    def _client(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        status = ["--status-file", str(self.folder / "daemon.json")]
        return subprocess.run(
            [sys.executable, "-m", "mypy.dmypy", *status, *arguments],
            cwd=self.folder,
            env=environment(),
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=100,
        )


@contextmanager
def daemon(folder: Path, configured: str) -> Generator[Daemon]:
    """Yield the daemon of a folder."""
    (folder / "mypy.ini").write_text(configured)
    running = Daemon(folder)
    try:
        yield running
    finally:
        running.stop()

"""mypy in a process of its own: what it says of files, and how it ends."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from typing_extensions import override

ROOT = Path(__file__).parents[2]
OURS = "combinators.mypy"

STRICT = "strict = true\nshow_error_code_links = false\n"
INTERNAL = re.compile(r"^(?:(?P<file>[^:\n]+)(?::\d+)?: )?error: INTERNAL ERROR", re.MULTILINE)


TEXT = re.compile(
    r"(?P<file>[^:]+\.py):(?P<line>\d+): (?P<severity>error|note): (?P<message>.*?)"
    r"(?:  \[(?P<code>[\w-]+)\])?"
)


@final
@dataclass(frozen=True, slots=True)
class Message:
    """What mypy says at one place."""

    file: str
    line: int
    severity: str
    code: str | None
    text: str

    @override
    def __str__(self) -> str:
        code = f"  [{self.code}]" if self.severity == "error" and self.code else ""
        return f"{self.file}:{self.line}: {self.severity}: {self.text}{code}"


@final
@dataclass(frozen=True, slots=True)
class Run:
    """How a run ended. A negative status is the signal that ended it."""

    status: int
    messages: Sequence[Message]
    stderr: str
    traceback: str
    timed_out: bool = False
    per_module: Mapping[str, float] = field(default_factory=dict[str, float])

    @property
    def crashed(self) -> bool:
        """Tell whether mypy broke, rather than refused or found something."""
        return (
            self.timed_out
            or self.status not in {0, 1, 2}
            or (self.status == 2 and INTERNAL.search(self.stderr) is not None)
            or "Traceback (most recent call last)" in self.stderr
        )

    @property
    def guilty(self) -> str | None:
        """Return the file in which mypy broke, where it says so."""
        found = INTERNAL.search(self.stderr)
        return None if found is None or found["file"] is None else Path(found["file"]).name

    def said(self) -> list[str]:
        """Return the messages as mypy writes them, sorted: modules may come in another order."""
        return sorted(map(str, self.messages))


def configuration(plugins: Sequence[str] = (OURS,), settings: str = STRICT) -> str:
    """Return the contents of a configuration file."""
    return f"[mypy]\nplugins = {', '.join(plugins)}\n{settings}"


def mypy(
    folder: Path,
    names: Sequence[str],
    configured: str,
    options: Sequence[str] = (),
    seconds: float = 600.0,
) -> Run:
    """Return what mypy makes of files of a folder; its cache stands in the same folder."""
    config = folder / "mypy.ini"
    config.write_text(configured)
    arguments, timing = folder / "arguments", folder / "timing"
    arguments.write_text("\n".join(names))
    timing.unlink(missing_ok=True)
    command = [
        *(
            sys.executable,
            "-m",
            "mypy",
            "--config-file",
            str(config),
            "--output=json",
            "--show-traceback",
        ),
        *("--timing-stats", str(timing), *options, f"@{arguments}"),
    ]
    status, out, err, timed_out = _finished(command, folder, seconds)
    return Run(
        status,
        tuple(_messages(out)),
        err,
        # It stands on stdout, between the messages.
        "\n".join(line for line in out.splitlines() if not line.startswith("{")),
        timed_out,
        dict(_timing(timing)),
    )


def environment() -> dict[str, str]:
    """Return variables for a process that finds the library in this tree, as if installed."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MYPY")} | {
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
    }


def _finished(command: Sequence[str], folder: Path, seconds: float) -> tuple[int, str, str, bool]:
    """Return status, output, errors, and whether it had to be ended, with all that it started."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            return process.returncode, out, err, True
        return process.returncode, out, err, False


def _messages(out: str) -> Iterator[Message]:
    for line in out.splitlines():
        if line.startswith("{"):
            said: dict[str, Any] = json.loads(line)
            place = Path(said["file"]).name, said["line"]
            yield Message(*place, said["severity"], said["code"], said["message"])
        elif text := TEXT.fullmatch(line):  # before mypy 2, what it cannot go on after
            place = Path(text["file"]).name, int(text["line"])
            yield Message(*place, text["severity"], text["code"], text["message"])


def _timing(path: Path) -> Iterator[tuple[str, float]]:
    if path.exists():
        for line in path.read_text().splitlines():
            module, _, microseconds = line.rpartition(" ")
            yield module, int(microseconds) / 1e6

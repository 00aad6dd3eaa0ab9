"""Stubs as files: what may be written where."""

import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from combinators.cli._findings import Finding, read
from combinators.cli._mypy import FailedError, run
from combinators.cli.stubs._reported import Report


@final
@dataclass(frozen=True, slots=True)
class Stub:
    """The stub of a module, and where it is to be written."""

    path: Path
    text: str


@final
@dataclass(frozen=True, slots=True)
class Made:
    """The stubs of some files; none where mypy stops at a file that is not Python."""

    stubs: Sequence[Stub]
    findings: Sequence[Finding]
    remarks: Sequence[str]


def made(paths: Iterable[str], folder: str) -> Made:
    """Return stubs of the files and folders named. None of these is run.

    Args:
        folder: where the stubs are to be; it may be within one of the folders

    Raises:
        MissingExtraError: mypy is not installed.
        FailedError: it ended without a result, for what its words say, or by a crash.
    """
    # What an earlier run wrote there would be the same modules once more.
    written = re.escape(Path(os.path.relpath(folder)).as_posix())
    # What comes from a cache has no syntax tree, and results without annotations would be lost.
    done = run("stubs", paths, f"--exclude=^{written}/", f"--cache-dir={os.devnull}")
    report = Report(findings=[], stubs=[], left=[])
    if not done.returncode:
        report = json.loads(done.stdout)
    findings, words = read("\n".join(report["findings"]), done.stderr)
    words += [f"{path} is a stub itself, and stays as it is." for path in report["left"]]
    if not report["stubs"] and not (findings and done.returncode in {0, 2}):
        raise FailedError("nothing was written", done.returncode, words)
    stubs = [Stub(Path(folder, *each["place"]), each["text"]) for each in report["stubs"]]
    return Made(stubs, findings, words)


def foreign(stubs: Iterable[Stub]) -> list[str]:
    """Return the paths of files that stand where a stub would, and were not written by us."""
    return [str(stub.path) for stub in stubs if stub.path.exists() and not _is_ours(stub)]


def write(stubs: Iterable[Stub]) -> None:
    """Write stubs, and the folders that they stand in."""
    for stub in stubs:
        stub.path.parent.mkdir(parents=True, exist_ok=True)
        stub.path.write_text(stub.text, encoding="utf-8", newline="\n")


def _is_ours(stub: Stub) -> bool:
    mark, _, _ = stub.text.partition("\n")
    try:
        first, _, _ = stub.path.read_text(encoding="utf-8").partition("\n")
    except (UnicodeDecodeError, IsADirectoryError):
        return False
    return first == mark

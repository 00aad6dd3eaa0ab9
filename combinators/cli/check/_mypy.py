"""What mypy finds in files, with the plugin."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import final

from combinators.cli._findings import Finding, read
from combinators.cli._mypy import FailedError, run


@final
@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in the files, and what mypy says beside it.

    A check is not complete where mypy stops at a file that is not Python.
    """

    findings: Sequence[Finding]
    remarks: Sequence[str] = ()
    complete: bool = True


def check(paths: Iterable[str]) -> Checked:
    """Return what mypy finds in the files and folders named. None of them is run.

    Raises:
        MissingExtraError: mypy is not installed.
        FailedError: it ended without a result, for what its words say, or by a crash.
    """
    done = run("check", paths)
    findings, words = read(done.stdout, done.stderr)
    match done.returncode, any(each.is_mistake for each in findings):
        case (0, False) | (1, True):
            return Checked(findings, words)
        case (1, False) if findings:  # notes alone, such as a revealed type
            return Checked(findings, words)
        case (2, True) if not words:
            return Checked(findings, complete=False)
        case _:
            raise FailedError("nothing was checked", done.returncode, words)

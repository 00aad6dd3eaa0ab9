"""What mypy writes, read: findings that stand somewhere in a file, and words that do not."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypedDict, final

# mypy writes this on stderr, in no format: it ends before a file is read.
_NO_TEXT: Final = re.compile(r"(?P<file>.+): error: (?P<message>Cannot decode file: .+)")

_ADVICE: Final = (
    "Name each file once. Files of the same name need packages of their own (an `__init__.py` "
    "beside each), or runs of their own."
)


@final
@dataclass(frozen=True, slots=True)
class Finding:
    """Something that mypy found in a file.

    Lines and columns count from 1. A file that is no text has neither, nor a code.
    """

    file: str
    line: int | None
    column: int | None
    code: str | None
    message: str
    hint: str | None = None
    is_mistake: bool = True


@final
class _Entry(TypedDict):
    """One line of `mypy --output=json`, as far as it is read here."""

    file: str
    line: int
    column: int
    code: str | None
    message: str
    hint: str | None
    severity: str


def read(report: str, failure: str) -> tuple[list[Finding], list[str]]:
    r"""Return what mypy found, and what else it says, in the order written.

    >>> read("", "a.py: error: Cannot decode file: no UTF-8\nout of luck\n")[1]
    ['out of luck']
    """
    findings: list[Finding] = []
    words: list[str] = []
    for each in (*_reported(report), *_failed(failure)):
        if isinstance(each, Finding):
            findings.append(each)
        else:
            words.append(each)
    return findings, words


def _reported(report: str) -> Iterator[Finding | str]:
    for line in report.splitlines():
        if line.startswith("{"):
            yield _entered(json.loads(line))
        elif line:
            yield line


def _entered(entry: _Entry) -> Finding | str:
    if entry["line"] < 1:  # it stands nowhere: mypy cannot tell which module a file is
        return f"{entry['file']}: {entry['message']}\n{_ADVICE}"
    return Finding(
        entry["file"],
        entry["line"],
        entry["column"] + 1,
        entry["code"],
        entry["message"],
        entry["hint"],
        is_mistake=entry["severity"] == "error",
    )


def _failed(failure: str) -> Iterator[Finding | str]:
    for line in failure.splitlines():
        if found := _NO_TEXT.fullmatch(line):
            yield Finding(found["file"], None, None, None, found["message"])
        else:
            yield line

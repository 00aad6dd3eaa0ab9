"""Findings as text for people, as JSON for programs, and as annotations on GitHub."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from combinators.cli._findings import Finding
from combinators.cli._screen import aside, heading


def as_text(findings: Sequence[Finding]) -> str:
    """Return the findings as mypy writes them, and how many mistakes there are."""
    return "\n".join((*map(_entry, findings), heading(_summary(findings))))


def as_json(findings: Sequence[Finding]) -> str:
    """Return one JSON object: mistakes, and notes such as those of `reveal_type`."""
    found: dict[str, list[dict[str, object]]] = {"mistakes": [], "notes": []}
    for finding in findings:
        fields = asdict(finding)
        found["mistakes" if fields.pop("is_mistake") else "notes"].append(fields)
    return json.dumps(found, indent=2)


def as_github(findings: Sequence[Finding]) -> str:
    """Return a workflow command a finding: GitHub shows it beside the line in question."""
    return "\n".join(map(_command, findings))


def _entry(finding: Finding) -> str:
    places = (finding.file, finding.line, finding.column)
    place = ":".join(str(each) for each in places if each is not None)
    severity = heading("error:") if finding.is_mistake else "note:"
    code = aside(f"  [{finding.code}]") if finding.is_mistake and finding.code else ""
    hints = (finding.hint or "").splitlines()
    return "\n".join(
        (
            f"{place}: {severity} {finding.message}{code}",
            *(f"{place}: note: {hint}" for hint in hints),
        )
    )


def _summary(findings: Sequence[Finding]) -> str:
    mistaken = [finding.file for finding in findings if finding.is_mistake]
    if not mistaken:
        return "No mistakes found"
    return f"Found {_counted(len(mistaken), 'mistake')} in {_counted(len(set(mistaken)), 'file')}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _command(finding: Finding) -> str:
    properties = {
        "file": finding.file,
        "line": finding.line,
        "col": finding.column,
        "title": finding.code or "mypy",
    }
    given = ",".join(
        f"{name}={_property(str(value))}" for name, value in properties.items() if value is not None
    )
    message = "\n".join(filter(None, (finding.message, finding.hint)))
    return f"::{'error' if finding.is_mistake else 'notice'} {given}::{_data(message)}"


def _data(text: str) -> str:
    # The percent sign first: it is what the others become.
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")

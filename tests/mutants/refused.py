"""Print what mypy has against the mutants, as mutmut reads it: one JSON object a line.

mutmut writes every mutant of a function beside it, and what is wrong with that file is no fault of
any mutant. So whatever is said of an original as well, or of the file, is left out, and so is what
two copies of one function have against one another.
"""

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

from mypy import api

# Of the way in which mutants are written: an attribute that is declared in each copy of `__init__`,
# comments of mutmut's own. `x and False` is no mistake of type: tests have to find it.
NO_MISTAKES = {"ignore-without-code", "no-redef", "redundant-expr"}


class Finding(TypedDict):
    """A line of mypy's report."""

    file: str
    line: int
    code: str
    message: str
    severity: str


def copies(path: Path) -> dict[int, tuple[str, bool]]:
    """Return, by line, the function that mutmut wrote there, and whether it is a mutant."""
    lines: dict[int, tuple[str, bool]] = {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and "__mutmut_" in node.name:
            name, _, number = node.name.partition("__mutmut_")
            for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                lines.setdefault(line, (name, number != "orig"))
    return lines


def refusals(findings: list[Finding]) -> Iterator[Finding]:
    """Yield what is said of mutants only."""
    functions = {file: copies(Path(file)) for file in {finding["file"] for finding in findings}}
    placed = [(found, functions[found["file"]].get(found["line"])) for found in findings]
    of_originals = {
        (found["file"], place[0], found["message"])
        for found, place in placed
        if place and not place[1]
    }
    for found, place in placed:
        if place and place[1] and (found["file"], place[0], found["message"]) not in of_originals:
            yield found


def main() -> None:
    # mutmut keeps a file of results beside every module with mutants.
    files = sorted(str(path.with_suffix("")) for path in Path("combinators").rglob("*.py.meta"))
    report, errors, _ = api.run(["--output=json", *files])
    if errors:
        sys.exit(errors)
    findings: list[Finding] = [json.loads(line) for line in report.splitlines() if line.strip()]
    mistakes = [
        found
        for found in findings
        if found["severity"] == "error" and found["code"] not in NO_MISTAKES
    ]
    for refusal in refusals(mistakes):
        print(json.dumps(refusal))


if __name__ == "__main__":
    main()

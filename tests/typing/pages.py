"""The Python code of a Markdown page, each line at the line that it has there."""

import doctest
import re
from pathlib import Path

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)

# Pages say what things are by writing them down, and use lambdas, whose types after `|` are
# unknown to pyright. What is meant to fail is left out, and with it the use of an import.
OFF = (
    *("reportUnusedExpression", "reportUnknownLambdaType", "reportUnknownMemberType"),
    *("reportUnknownVariableType", "reportUnknownArgumentType", "reportUnusedImport"),
)
# For the first two lines of a page, which hold its title. A name may be used again.
SETTINGS = [
    "# mypy: allow-redefinition",
    "# pyright: " + ", ".join(f"{rule}=false" for rule in OFF),
]


def code_of(page: Path) -> str:
    """Return a module that says what the blocks of a page say, blank where the page is text."""
    text = page.read_text()
    lines = [*SETTINGS, *[""] * (text.count("\n") - len(SETTINGS))]
    for block in BLOCK.finditer(text):
        first = text.count("\n", 0, block.start(1))
        code = _session(block[1]) if block[1].lstrip().startswith(">>>") else block[1].splitlines()
        lines[first : first + len(code)] = code
    return "\n".join(lines) + "\n"


def _session(block: str) -> list[str]:
    """Return the input of an interactive session, without what is meant to fail."""
    lines = [""] * block.count("\n")
    for example in doctest.DocTestParser().get_examples(block):
        if example.exc_msg is None:
            code = example.source.splitlines()
            lines[example.lineno : example.lineno + len(code)] = code
    return lines

"""The survivors that are known, and why they are harmless: `docs/mutants.md`, read as data."""

import difflib
import re
from pathlib import Path
from typing import NamedTuple

from typing_extensions import override

PAGE = Path("docs/mutants.md")
BLOCK = re.compile(r"^```diff\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Change(NamedTuple):
    """What a mutant is, wherever its function stands: lines without their indentation.

    Without lines, it is every mutant of the function.
    """

    function: str
    before: tuple[str, ...]
    after: tuple[str, ...]

    @override
    def __str__(self) -> str:
        removed, added = (f"- {line}" for line in self.before), (f"+ {line}" for line in self.after)
        return "\n".join([f"@@ {self.function}", *removed, *added])

    @property
    def of_any_kind(self) -> "Change":
        """Return what stands for all mutants of the function."""
        return Change(self.function, (), ())

    def is_there(self) -> bool:
        """Return whether the function's module still has the code that the mutant changes."""
        module = Path(*self.function.split(".")[:-1])
        # Of a method, the class comes in between.
        file = next((p for p in map(_source, (module, module.parent)) if p.exists()), None)
        if file is None:
            return False
        lines = [line.strip() for line in file.read_text("utf-8").splitlines()]
        if self == self.of_any_kind:
            return any(f"def {self.function.rpartition('.')[2]}(" in line for line in lines)
        width = len(self.before)
        return any(
            tuple(lines[i : i + width]) == self.before for i in range(len(lines) - width + 1)
        )


def _source(module: Path) -> Path:
    return module.with_suffix(".py")


def change(function: str, original: str, mutant: str) -> Change:
    """Return what turns one text of a function into another."""
    lines = difflib.ndiff(_stripped(original), _stripped(mutant))
    differing = [line for line in lines if line.startswith(("- ", "+ "))]
    return Change(
        function,
        tuple(line[2:] for line in differing if line.startswith("- ")),
        tuple(line[2:] for line in differing if line.startswith("+ ")),
    )


def _stripped(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines()]


def listed(page: str) -> list[Change]:
    """Return the changes that a page lists, in its order."""
    return [found for block in BLOCK.findall(page) for found in _changes(block)]


def _changes(block: str) -> list[Change]:
    found: list[Change] = []
    for part in re.split(r"^@@ ", block, flags=re.MULTILINE)[1:]:
        function, *lines = part.splitlines()
        before = tuple(line[2:] for line in lines if line.startswith("- "))
        after = tuple(line[2:] for line in lines if line.startswith("+ "))
        found.append(Change(function, before, after))
    return found

"""Sources for mypy, made by number: right ones spoilt, and others grown."""

import ast
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import final

from tests.robustness import tokens, trees
from tests.robustness.grammar import Grower
from tests.robustness.seeds import HEADER, SEEDS


@final
@dataclass(frozen=True, slots=True)
class Source:
    """A module, and now and then a second one: each imports the other.

    What it reads was checked before, and comes from mypy's cache.
    """

    name: str
    text: str
    beside: str | None = None
    reads: "Source | None" = None

    def files(self) -> dict[str, str]:
        """Return the text of each file by its name."""
        made = {f"{self.name}.py": self.text}
        return made if self.beside is None else made | {f"{self.name}_too.py": self.beside}


def source(number: int, seed: int = 0) -> Source:
    """Return the source of this number: the same one each time."""
    random = Random(f"{seed}.{number}")  # noqa: S311 - drawn, not secret
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # such as `1 is 1`, or calling a tuple
        statements = [_statement(random) for _ in range(random.randint(1, 5))]
    name = f"source_{number}"
    if random.random() < 0.9:
        return Source(name, HEADER + f"import {name}\n" + "".join(statements))
    half = len(statements) // 2
    here = f"{HEADER}from {name}_too import *\nimport {name}_too\n" + "".join(statements[:half])
    there = f"{HEADER}from {name} import *\nimport {name}\n" + "".join(statements[half:])
    return Source(name, here, there)


def reader(of: Source) -> Source:
    """Return a source that reads what another one defines, through mypy's cache."""
    names = "".join(f"reveal_type({of.name}.{name})\n" for name in ("chain", "other", "piece"))
    used = f"{of.name}.chain | {of.name}.piece\npipe({of.name}.piece, {of.name}.other)\n"
    return Source(f"reads_{of.name}", f"{HEADER}import {of.name}\n{names}{used}", reads=of)


def shrunk(source: Source, fails: Callable[[Source], bool]) -> Source:
    """Return the source without the statements that it fails without as well."""
    small = source
    for number in reversed(range(len(_spans(small.text)))):
        smaller = replace(small, text=_without(small.text, number))
        small = smaller if fails(smaller) else small
    for number in reversed(range(len(_spans(small.beside or "")))):
        smaller = replace(small, beside=_without(small.beside or "", number))
        small = smaller if fails(smaller) else small
    return small


def _without(text: str, number: int) -> str:
    """Return a module without the statement of this number."""
    lines = text.splitlines(keepends=True)
    start, end = _spans(text)[number]
    return "".join(lines[:start] + lines[end:])


def _spans(text: str) -> list[tuple[int, int | None]]:
    """Return where the statements of a module begin and end, in lines."""
    return [(each.lineno - 1, each.end_lineno) for each in ast.parse(text).body]


def _statement(random: Random) -> str:
    """Return a statement, or a few, that Python can read."""
    while True:
        text = _drawn(random)
        if is_python(text):
            return text.rstrip() + "\n"


def _drawn(random: Random) -> str:
    text = random.choice(SEEDS) if random.random() < 0.7 else Grower(random).statement()
    for _ in range(random.randint(0, 3)):
        if not is_python(text):
            break
        edit = tokens.edited if random.random() < 0.4 else trees.edited
        text = edit(text, random)
    return text


def is_python(text: str) -> bool:
    """Tell whether the text can be compiled, and says something; `await` may stand anywhere."""
    try:
        compile(text, "source", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except (SyntaxError, ValueError):  # a ValueError where there is a NUL
        return False
    return bool(text.strip())

"""Laws as data: a statement, where it comes from, what it is about, and what checks it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final, TypeAlias, final

from hypothesis import strategies as st
from typing_extensions import override

from combinators.laws._ledger import counted
from combinators.laws._rebuilding import rebuilt
from combinators.laws._systems import System
from combinators.laws._telling import is_pipeline

Arguments: TypeAlias = "st.SearchStrategy[tuple[Any, ...]]"
Table: TypeAlias = "Mapping[str, Mapping[str, str]]"


class LawBroken(AssertionError):  # noqa: N818 - what happened, in two words
    """A law does not hold: what was compared, and what each came to.

    Not an `assert`: under `python -O` every law would hold.
    """

    __module__ = "combinators.laws"  # tracebacks say where users import it from

    def __init__(self, sides: Mapping[str, object], case: str = "", rest: str = "") -> None:
        super().__init__(sides, case, rest)
        self.sides = sides
        self.case = case
        self.rest = rest

    @override
    def __str__(self) -> str:
        width = max(map(len, self.sides), default=0)
        sides = [f"  {name.ljust(width)}  {side!r}" for name, side in self.sides.items()]
        return "\n".join(line for line in [self.case, *sides, self.rest] if line)


@final
@dataclass(frozen=True, slots=True)
class Law:
    """Something that holds for every system, and how to draw what it is about.

    Called with a system and arguments, it checks them; pipelines among the arguments are
    rebuilt in the system first.
    """

    check: Callable[..., None]
    arguments: Arguments

    @property
    def name(self) -> str:
        """Return the name of the function."""
        return self.check.__name__

    @property
    def group(self) -> str:
        """Return what it is a law of: the name of its module."""
        return self.check.__module__.rpartition(".")[2]

    @property
    def statement(self) -> str:
        """Return the law in words."""
        return _joined(self._paragraphs()[0])

    @property
    def equation(self) -> str:
        """Return the law in symbols."""
        (equation,) = (inspect.cleandoc(p) for p in self._paragraphs() if p.startswith("    "))
        return equation

    @property
    def remarks(self) -> tuple[str, ...]:
        """Return what else there is to say."""
        paragraphs = self._paragraphs()[1:]
        plain = (p for p in paragraphs if not p.startswith(("    ", _SOURCE)))
        return tuple(map(_joined, plain))

    @property
    def source(self) -> str:
        """Return where the law comes from."""
        (source,) = (p for p in self._paragraphs() if p.startswith(_SOURCE))
        return _joined(source).removeprefix(_SOURCE).strip()

    @property
    def parameters(self) -> tuple[str, ...]:
        """Return the names of what the law is about."""
        return tuple(inspect.signature(self.check).parameters)[1:]

    def _paragraphs(self) -> list[str]:
        return (inspect.getdoc(self.check) or "").split("\n\n")

    def __call__(self, system: System[Any], *arguments: Any) -> None:
        """Return if the law holds for these arguments.

        Raises:
            LawBroken: it does not, or the system refuses what the law asks of it
        """
        with counted() as ledger:
            try:
                built = [rebuilt(a, system) if is_pipeline(a) else a for a in arguments]
                self.check(system, *built)
            except Exception as error:  # noqa: BLE001 - a law asks for nothing that may be refused
                sides = error.sides if isinstance(error, LawBroken) else {"raised": error}
                cause = None if isinstance(error, LawBroken) else error
                rest = [_written(ledger.table), *self.remarks]
                said = "\n".join(line for line in rest if line)
                raise LawBroken(sides, self._case(arguments), said) from cause

    def _case(self, arguments: tuple[Any, ...]) -> str:
        pairs = zip(self.parameters, arguments, strict=True)
        values = [f"  {name} = {value!r}" for name, value in pairs]
        said = f"{self.name}: {self.statement}\n{_indented(self.equation)}\nIt does not hold for"
        return "\n".join([said, *values])


def law(arguments: Arguments) -> Callable[[Callable[..., None]], Law]:
    """Return the decorator that makes a law of a function, given how to draw its arguments."""
    return lambda check: Law(check, arguments)


def laws_in(*groups: ModuleType) -> tuple[Law, ...]:
    """Return the laws of some modules, in the order in which they are written."""
    return tuple(each for group in groups for each in vars(group).values() if isinstance(each, Law))


_SOURCE: Final = "Source:"


def _joined(paragraph: str) -> str:
    return " ".join(paragraph.split())


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def _written(table: Table) -> str:
    """Return what each drawn function gave for each input: the function, as far as it matters."""
    if not table:
        return ""
    lines = [
        f"  {function}: {', '.join(f'{given} -> {gives}' for given, gives in pairs.items())}"
        for function, pairs in table.items()
    ]
    return "\n".join(["where the steps were asked", *lines])

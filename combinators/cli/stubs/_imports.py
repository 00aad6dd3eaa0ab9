"""The imports of a stub: those of its module that it needs, and those that others see there."""

import ast
import re
from collections.abc import Container, Iterable
from pathlib import Path
from typing import Final, final

from mypy.nodes import MypyFile

from combinators.cli.stubs._scope import unreachable_lines

_WORD: Final = re.compile(r"[^\W\d]\w*")


def names_in(lines: Iterable[str]) -> set[str]:
    """Return the names that some code uses, in annotations that are strings too.

    >>> sorted(names_in(["x: list['A']", "@b.c", "def f(d: E = ...): ..."]))
    ['A', 'E', 'b', 'list', 'x']
    """
    used: set[str] = set()
    for node in ast.walk(ast.parse("\n".join(lines))):
        match node:
            case ast.Name(name):
                used.add(name)
            case ast.Constant(str(text)):
                used.update(_WORD.findall(text))
            case _:
                pass
    return used


def merged(lines: Iterable[str]) -> list[str]:
    """Return imports in order, those from the same module in one line.

    >>> merged(["from b import z", "from b import *", "import c", "from b import y as x, w"])
    ['from b import w, y as x, z', 'from b import *', 'import c']
    """
    modules: dict[str, set[str]] = {}
    for line in lines:
        head, _, names = line.partition(" import ")
        modules.setdefault(head if names and names != "*" else line, set()).update(
            filter(None, names.split(", "))
        )
    return [
        f"{head} import {', '.join(sorted(names))}" if names and not head.endswith("*") else head
        for head, names in sorted(modules.items(), key=lambda each: each[0].split(" ")[:2])
    ]


@final
class Imports:
    """Collects the imports of a module that its stub repeats."""

    def __init__(self, module: MypyFile, own: Container[str], used: set[str]) -> None:
        """Look into a module.

        Args:
            own: the packages and modules of the project; what comes from there is passed on, as
                no stub does with what it imports otherwise
            used: the names that the stub needs
        """
        self._module = module
        self._own = own
        self._used = used
        self._dead = {*unreachable_lines(module.defs)}
        self._seen: set[str] = set()
        self.lines: list[str] = []

    def read(self, node: ast.AST) -> None:
        """Write the imports in a node of the source, down to functions and classes."""
        match node:
            case ast.stmt() if node.lineno in self._dead:
                pass
            case ast.Import(names):
                for alias in names:
                    if written := self._alias(alias, alias.name):
                        self.lines.append(f"import {written}")
            case ast.ImportFrom() if node.module != "__future__":
                origin = self._origin(node)
                several = [self._alias(alias, origin) for alias in node.names]
                if listed := ", ".join(filter(None, several)):
                    self.lines.append(f"from {origin} import {listed}")
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.expr():
                pass
            case _:
                for child in ast.iter_child_nodes(node):
                    self.read(child)

    def _alias(self, alias: ast.alias, origin: str) -> str | None:
        if alias.name == "*":
            return "*"
        name = alias.asname or alias.name.partition(".")[0]
        symbol = self._module.names.get(name)
        if symbol is None or (alias.asname or alias.name) in self._seen:
            return None
        passed_on = self._is_passed_on(alias, name, origin, public=symbol.module_public)
        if not passed_on and name not in self._used:
            return None
        self._seen.add(alias.asname or alias.name)
        renamed = alias.asname or (name if passed_on and name == alias.name else None)
        return f"{alias.name} as {renamed}" if renamed else alias.name

    def _is_passed_on(self, alias: ast.alias, name: str, origin: str, *, public: bool) -> bool:
        if "__all__" in self._module.names:
            return public
        ours = origin.partition(".")[0] in self._own
        return alias.asname == alias.name or (ours and not name.startswith("_"))

    def _origin(self, node: ast.ImportFrom) -> str:
        """Return the module in full: beside the stub, there may be no others of its package."""
        if not node.level:
            return node.module or ""
        is_package = Path(self._module.path).stem == "__init__"
        above = self._module.fullname.split(".")
        kept = above[: len(above) - node.level + is_package]
        return ".".join((*kept, *filter(None, [node.module])))

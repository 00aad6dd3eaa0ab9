"""What things are called in a stub, and the imports that it takes to call them so."""

import builtins
import collections.abc
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Final, final

from mypy.nodes import MypyFile, SymbolTableNode

# Newer than the `typing` of some Pythons, or than other checkers expect of it.
_LENT: Final = ("NotRequired", "ReadOnly", "TypedDict")
_BUILTIN: Final = frozenset(dir(builtins))


@final
class Names:
    """The names of one module, and those that its stub takes from others."""

    def __init__(self, module: MypyFile, modules: Mapping[str, MypyFile]) -> None:
        self._module = module
        self._modules = modules
        self._added: dict[str, tuple[str, str]] = {}
        self._known = {
            id(symbol.node): name for name, symbol in sorted(module.names.items(), reverse=True)
        }

    def __contains__(self, name: object) -> bool:
        """Return whether a name means something already."""
        return name in self._module.names or name in self._added or name in _BUILTIN

    def of(self, module: str, qualified: str) -> str | None:
        """Return what the stub calls something of a module, None if it is within a function."""
        first, dot, rest = qualified.partition(".")
        symbol = self._symbol(module, first)
        if symbol is None or "@" in qualified:
            return None
        if module == self._module.fullname:
            return qualified
        return self._first(module, first, symbol) + dot + rest

    def typing(self, name: str) -> str:
        """Return what the stub calls something of `typing`, however new."""
        for module in ("typing", "typing_extensions"):
            symbol = self._symbol(module, name)
            if symbol is not None and id(symbol.node) in self._known:
                return self._known[id(symbol.node)]
        return self._taken("typing_extensions" if name in _LENT else "typing", name)

    def imports(self, used: set[str]) -> Iterator[str]:
        """Yield the import of each name that was taken from elsewhere and is used."""
        for name, (module, original) in sorted(self._added.items(), key=lambda each: each[1]):
            if name in used:
                renamed = "" if name == original else f" as {name}"
                yield f"from {module} import {original}{renamed}"

    def _first(self, module: str, name: str, symbol: SymbolTableNode) -> str:
        if known := self._known.get(id(symbol.node)):
            return known
        if module == "builtins" and name not in self._module.names:
            return name
        return self._taken(self._public(module, name, symbol), name)

    def _taken(self, module: str, name: str) -> str:
        wanted = name
        while self._added.get(wanted, (module, name)) != (module, name) or (
            wanted not in self._added and wanted in self
        ):
            wanted = f"_{wanted}"
        self._added[wanted] = (module, name)
        return wanted

    def _public(self, module: str, name: str, symbol: SymbolTableNode) -> str:
        """Return the module that shows this to the world, as near to its own as there is."""
        if module == "typing" and hasattr(collections.abc, name):
            return "collections.abc"
        above = list(accumulate(module.split("."), lambda whole, part: f"{whole}.{part}"))
        public = ".".join(part.lstrip("_") for part in module.split("."))
        for place in (*reversed(above), public):
            if "._" not in f".{place}" and self._shows(place, name, symbol):
                return place
        return module

    def _shows(self, module: str, name: str, symbol: SymbolTableNode) -> bool:
        shown = self._symbol(module, name)
        return shown is not None and shown.module_public and shown.node is symbol.node

    def _symbol(self, module: str, name: str) -> SymbolTableNode | None:
        tree = self._modules.get(module)
        return None if tree is None else tree.names.get(name)

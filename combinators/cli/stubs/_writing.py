"""Stubs: what a module says to others, with the types that mypy and the plugin inferred."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, final

from mypy.erasetype import erase_typevars
from mypy.nodes import (
    Decorator,
    Expression,
    FuncDef,
    MypyFile,
    OverloadedFuncDef,
    SymbolNode,
    SymbolTable,
    TypeInfo,
    Var,
)
from mypy.types import FunctionLike, Type, get_proper_type

from combinators.cli.stubs._mappings import camel
from combinators.cli.stubs._scope import definitions_in, result_of, unreachable_lines, yields_of
from combinators.cli.stubs._types import Types, is_inferred

_DEFAULT_LENGTH: Final = 60
_ELLIPSIS: Final = ast.Expr(ast.Constant(...))

# A statement since Python 3.12; before, nothing is one.
_TypeAlias: type[ast.stmt] = getattr(ast, "TypeAlias", ast.Nonlocal)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@final
@dataclass(frozen=True, slots=True)
class Scope:
    """A module, or a class in it."""

    names: SymbolTable
    path: str = ""  # from the module to the class
    owner: TypeInfo | None = None

    @property
    def is_record(self) -> bool:
        """Return whether an annotated name is a field here, with a value or without."""
        return self.owner is not None and (
            self.owner.is_named_tuple
            or any({"dataclass", "attrs"} & {*base.metadata} for base in self.owner.mro)
        )

    def has_on_class(self, variable: Var) -> bool:
        """Return whether a name without an annotation would mean something else with a bare one."""
        bases = () if self.owner is None else self.owner.mro[1:]
        above = (base.names.get(variable.name) for base in bases)
        return variable.is_initialized_in_class and (
            self.is_record
            or any(isinstance(each.node, Var) and each.node.is_classvar for each in above if each)
        )


@final
class Writer:
    """Turns the statements of a scope into those of its stub."""

    def __init__(
        self, scope: Scope, types: Types, inferred: Mapping[Expression, Type], dead: set[int]
    ) -> None:
        self._scope = scope
        self._types = types
        self._inferred = inferred
        self._dead = dead
        self._seen: set[str] = set()
        self.lines: list[str] = []

    def read(self, node: ast.AST) -> None:
        """Write what a node of the source says to others, if anything."""
        match node:
            case ast.stmt() if node.lineno in self._dead:
                pass
            case ast.Name(name, ast.Store()) | ast.MatchStar(name):
                self.variable(name)
            case ast.MatchAs(_, name) | ast.MatchMapping(rest=name):
                self._within(node)
                self.variable(name)
            case ast.Assign():
                self._assign(node)
            case ast.AugAssign(ast.Name("__all__")) | _TypeAlias():
                self.lines.append(ast.unparse(node))
            case ast.AnnAssign(ast.Name(name)) if name not in self._seen:
                self._seen.add(name)
                self.lines.append(f"{name}: {self._annotated(node, name)}")
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._define(node)
            case ast.ClassDef():
                self._declare(node)
            case ast.If(test) if _is_main(test):
                pass
            case (
                ast.Lambda() | ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp()
            ):
                pass  # what has a name within an expression has none outside
            case _:
                self._within(node)

    def variable(self, name: str | None) -> None:
        """Write a name with the type that was inferred for it."""
        node = self._node(name)
        if name is None or name in self._seen or not isinstance(node, Var):
            return
        self._seen.add(name)
        known = node.type
        if known is not None and self._scope.owner is None:
            known = erase_typevars(known)
        written = self._written(known, name)
        if self._scope.has_on_class(node):
            self.lines.append(f"{name}: {self._types.typing('ClassVar')}[{written}]")
        elif self._scope.is_record:
            self.lines.extend(_attribute(name, written))
        else:
            self.lines.append(f"{name}: {written}")

    def _within(self, node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            self.read(child)

    def _assign(self, node: ast.Assign) -> None:
        names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        if names and all(self._stays(name, node.value) for name in names):
            self._seen.update(names)
            self.lines.append(ast.unparse(node))
        else:
            self._within(node)

    def _define(self, node: Function) -> None:
        symbol = self._node(node.name)
        here = (each for each in definitions_in(symbol) if each.line == node.lineno)
        definition = next(here, None)
        if definition is None or definition in _implementation(symbol):
            return
        if isinstance(symbol, Decorator) and _is_only_inferred(symbol.var.type):
            self.lines.append(f"{node.name}: {self._written(symbol.var.type, node.name)}")
        else:
            self.lines.append(self._function(node, definition))
        self._seen.add(node.name)

    def _declare(self, node: ast.ClassDef) -> None:
        owner = self._node(node.name)
        if not isinstance(owner, TypeInfo) or node.name in self._seen:
            return
        self._seen.add(node.name)
        scope = Scope(owner.names, f"{self._scope.path}{node.name}_", owner)
        dead = {*unreachable_lines(owner.defn.defs.body)}
        body = Writer(scope, self._types, self._inferred, dead)
        for statement in node.body:
            body.read(statement)
        for name, symbol in owner.names.items():
            if symbol.implicit and not symbol.plugin_generated:
                body.variable(name)
        node.body = [_ELLIPSIS]
        head = ast.unparse(node).removesuffix("\n    ...")
        inner = [f"    {line}" for text in body.lines for line in text.splitlines()]
        self.lines.append("\n".join((head, *inner)) if inner else f"{head} ...")

    # -- parts ------------------------------------------------------------------

    def _node(self, name: str | None) -> SymbolNode | None:
        symbol = self._scope.names.get(name or "")
        return None if symbol is None else symbol.node

    def _written(self, type_: Type | None, name: str) -> str:
        return self._types.written(type_, camel(f"{self._scope.path}{name}"))

    def _stays(self, name: str, value: ast.expr) -> bool:
        """Return whether an assignment says more than a type would."""
        node = self._node(name)
        if name.startswith("__") and name.endswith("__"):
            return _is_plain(value)
        if self._scope.owner is not None and self._scope.owner.is_enum:
            return True
        if not isinstance(node, Var):
            return node is not None and name not in self._seen
        alias = isinstance(value, ast.Name | ast.Attribute) and isinstance(node.type, FunctionLike)
        field = self._scope.is_record and isinstance(value, ast.Call) and "attrs" in str(node.type)
        return alias or field

    def _annotated(self, node: ast.AnnAssign, name: str) -> str:
        annotation, value = ast.unparse(node.annotation), node.value
        symbol = self._node(name)
        if value is None:
            return annotation
        if not isinstance(symbol, Var):  # an alias of a type
            return f"{annotation} = {ast.unparse(value)}"
        if symbol.is_final and "[" not in annotation:
            if isinstance(value, ast.Constant):
                return f"{annotation} = {ast.unparse(value)}"
            return f"{annotation}[{self._written(symbol.type, name)}]"
        if annotation.rpartition(".")[2] == "ClassVar":
            return f"{annotation}[{self._written(symbol.type, name)}]"
        if self._scope.is_record:
            return f"{annotation} = {ast.unparse(value) if isinstance(value, ast.Call) else '...'}"
        return annotation

    def _function(self, node: Function, definition: FuncDef) -> str:
        if node.returns is None:
            node.returns = self._result(node, definition)
        node.args.defaults = [*map(_default, node.args.defaults)]
        node.args.kw_defaults = [each and _default(each) for each in node.args.kw_defaults]
        node.body = [_ELLIPSIS]
        return ast.unparse(node).replace(":\n    ...", ": ...")

    def _result(self, node: Function, definition: FuncDef) -> ast.expr | None:
        if node.name == "__init__":
            return ast.Constant(None)
        if (given := yields_of(definition, self._inferred)) is not None:
            unknown = self._types.typing("Any")
            generator = self._types.generator(asynchronous=definition.is_async_generator)
            ends = unknown if definition.is_async_generator else f"{unknown}, {unknown}"
            return ast.Name(f"{generator}[{self._written(given, node.name)}, {ends}]")
        result = result_of(definition, node.body, self._inferred)
        return None if result is None else ast.Name(self._written(result, node.name))


def body_of(
    module: MypyFile, source: ast.Module, types: Types, inferred: Mapping[Expression, Type]
) -> list[str]:
    """Return what a module's stub says, but its imports and mappings."""
    dead = {*unreachable_lines(module.defs)}
    writer = Writer(Scope(module.names), types, inferred, dead)
    for statement in source.body:
        writer.read(statement)
    return writer.lines


def _attribute(name: str, written: str) -> Iterator[str]:
    """Yield what says that instances have an attribute, where an annotation would be a field."""
    yield f"@property\ndef {name}(self) -> {written}: ..."
    yield f"@{name}.setter\ndef {name}(self, value: {written}) -> None: ..."


def _implementation(symbol: SymbolNode | None) -> list[FuncDef]:
    """Return what runs behind overloads, which a stub does not show."""
    behind = symbol.impl if isinstance(symbol, OverloadedFuncDef) else None
    return [*definitions_in(behind)]


def _is_only_inferred(type_: Type | None) -> bool:
    """Return whether a decorator gives no function, but what other checkers cannot infer."""
    return not isinstance(get_proper_type(type_), FunctionLike) and is_inferred(type_)


def _default(value: ast.expr) -> ast.expr:
    short = _is_plain(value) and len(ast.unparse(value)) <= _DEFAULT_LENGTH
    return value if short else ast.Constant(...)


def _is_plain(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError):
        return False
    return True


def _is_main(test: ast.expr) -> bool:
    return any(isinstance(each, ast.Name) and each.id == "__name__" for each in ast.walk(test))

"""What mypy knows of the functions and statements of a scope, found by their lines."""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence

from mypy.nodes import (
    Block,
    Decorator,
    Expression,
    FuncDef,
    IfStmt,
    OverloadedFuncDef,
    Statement,
    SymbolNode,
)
from mypy.traverser import (
    all_return_statements,
    all_yield_expressions,
    has_yield_expression,
    has_yield_from_expression,
)
from mypy.typeops import make_simplified_union
from mypy.types import AnyType, NoneType, Type, TypeOfAny


def definitions_in(node: SymbolNode | None) -> Iterator[FuncDef]:
    """Yield the functions that a name stands for: one, or several that are overloads."""
    match node:
        case FuncDef():
            yield node
        case Decorator():
            yield node.func
        case OverloadedFuncDef():
            for item in (*node.items, *filter(None, [node.impl])):
                yield from definitions_in(item)
        case _:
            pass


def unreachable_lines(statements: Sequence[Statement]) -> Iterator[int]:
    """Yield the lines of statements that are for another Python, or another platform."""
    for statement in statements:
        if isinstance(statement, IfStmt):
            for block in (*statement.body, *filter(None, [statement.else_body])):
                yield from _unreachable_in(block)


def _unreachable_in(block: Block) -> Iterator[int]:
    if block.is_unreachable:
        yield from (each.line for each in block.body)
    else:
        yield from unreachable_lines(block.body)


def result_of(
    function: FuncDef, body: Sequence[ast.stmt], types: Mapping[Expression, Type]
) -> Type | None:
    """Return what a function without an annotation of its result gives, None if that is unknown."""
    given: list[Type | None] = [
        types.get(each.expr) if each.expr else NoneType()
        for each in all_return_statements(function)
    ]
    if _falls_through(body):
        given.append(NoneType())
    return _union(given)


def yields_of(function: FuncDef, types: Mapping[Expression, Type]) -> Type | None:
    """Return what a generator function without an annotation yields, None if it is no such."""
    if not has_yield_expression(function) or has_yield_from_expression(function):
        return None
    return _union(
        types.get(each.expr) if each.expr else NoneType()
        for each, _ in all_yield_expressions(function)
    )


def _union(types: Iterable[Type | None]) -> Type:
    """Return the union of types; what mypy has not looked into is `Any`."""
    return make_simplified_union(
        [AnyType(TypeOfAny.unannotated) if each is None else each for each in types]
    )


def _falls_through(statements: Sequence[ast.stmt]) -> bool:
    match statements[-1]:
        case ast.Return() | ast.Raise():
            return False
        case ast.If(_, body, orelse):
            return not orelse or _falls_through(body) or _falls_through(orelse)
        case ast.With(_, body) | ast.AsyncWith(_, body):
            return _falls_through(body)
        case ast.Try(body, handlers, orelse, final):
            ends = [orelse or body, *(each.body for each in handlers)]
            return all(map(_falls_through, filter(None, [final]))) and any(
                map(_falls_through, ends)
            )
        case ast.While(ast.Constant(True)):
            return False
        case _:
            return True

"""Asking mypy: what a call of something gives, with nothing around it bearing on the answer."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

from mypy.checker import TypeChecker
from mypy.errors import ErrorInfo
from mypy.nodes import ARG_NAMED, ARG_POS, Context, Expression, TempNode
from mypy.types import FunctionLike, Type


def result_of_call(
    checker: TypeChecker,
    function: FunctionLike,
    arguments: Sequence[Type],
    at: Context,
    names: Sequence[str | None] = (None,),
) -> Type | None:
    """Return the type of the result of a call, None where the arguments do not fit."""
    kinds = [ARG_POS if name is None else ARG_NAMED for name in names]
    nodes: list[Expression] = [TempNode(each, context=at) for each in arguments]
    with without_context(checker), checker.msg.filter_errors() as errors:
        result = checker.expr_checker.check_call(function, nodes, kinds, at, names)[0]
    return None if errors.has_new_errors() else result


def result_of_item(checker: TypeChecker, type_: Type, key: Type, at: Context) -> Type | None:
    """Return the type of an item, None where there is no such item."""
    node: list[Expression] = [TempNode(key, context=at)]
    with without_context(checker), checker.msg.filter_errors() as errors:
        result, _ = checker.expr_checker.check_method_call_by_name(
            "__getitem__", type_, node, [ARG_POS], at
        )
    return None if errors.has_new_errors() else result


def type_of(checker: TypeChecker, expression: Expression) -> Type:
    """Return the type that mypy gives, or gave, the expression."""
    if isinstance(expression, TempNode):
        return expression.type
    known = checker.lookup_type_or_none(expression)
    if known is not None:
        return known
    with without_context(checker):
        return checker.expr_checker.accept(expression)


@contextmanager
def without_context(checker: TypeChecker) -> Generator[None, None, None]:
    """Let what is wanted of the expression around it not bear on what is typed."""
    contexts = checker.expr_checker.type_context
    contexts.append(None)
    try:
        yield
    finally:
        contexts.pop()


def forget(
    checker: TypeChecker, at: Context, is_beside_the_point: Callable[[ErrorInfo], bool]
) -> bool:
    """Take back what mypy said within an expression when it did not know what that is for.

    Return whether there was anything.
    """
    begin, end = (at.line, at.column), (at.end_line or at.line, at.end_column or at.column + 1)
    said = checker.errors.error_info_map.get(checker.errors.file, [])
    kept = [
        each
        for each in said
        if not begin <= (each.line, each.column) < end or not is_beside_the_point(each)
    ]
    forgotten = len(kept) < len(said)
    said[:] = kept
    return forgotten

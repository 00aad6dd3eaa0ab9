"""Asking mypy: what a call of something gives, with nothing around it bearing on the answer."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from itertools import takewhile

from mypy.checker import TypeChecker
from mypy.errors import ErrorInfo, ErrorWatcher
from mypy.nodes import (
    ARG_NAMED,
    ARG_POS,
    Context,
    Expression,
    IndexExpr,
    IntExpr,
    LambdaExpr,
    OpExpr,
    TempNode,
)
from mypy.types import FunctionLike, Instance, LiteralValue, Type, get_proper_type

from combinators.mypy._records import literal


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


def result_of_item(
    checker: TypeChecker, type_: Type, key: LiteralValue, at: Context
) -> Type | None:
    """Return the type of an item, None where there is no such item."""
    # Of a number that is written there, mypy knows which item of a tuple it is.
    index = IntExpr(key) if type(key) is int else TempNode(literal(checker, key), context=at)
    item = IndexExpr(TempNode(type_, context=at), index)
    item.set_line(at)
    with without_context(checker), checker.msg.filter_errors() as errors:
        result = checker.expr_checker.visit_index_with_type(type_, item)
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


@contextmanager
def beyond_trials(checker: TypeChecker, at: Context) -> Generator[None, None, None]:
    """Let what is said of an expression be heard beyond mypy's trials of it.

    mypy tries an operator with nobody listening, then that of the other operand, and where
    both have said something it goes on with `Any`. It tries what is returned as the type that
    is declared, and where something was said, as any type at all. What we say is final.
    """
    watchers = list(checker.errors.get_watchers())
    if _is_returned(checker):  # nobody tries statements, but those of a loop are read repeatedly
        passed = list(takewhile(lambda each: type(each) is ErrorWatcher, watchers))
    elif isinstance(at, OpExpr):
        keeps = [_kept(each) is not None for each in watchers]
        passed = watchers[: keeps.index(True) + 1] if any(keeps) else []
    else:
        passed = []
    for each in passed:
        each.__exit__(None, None, None)
    try:
        yield
    finally:
        for each in reversed(passed):
            each.__enter__()


def _is_returned(checker: TypeChecker) -> bool:
    """Return whether the expression that is typed is the one that a function returns."""
    wanted = checker.expr_checker.type_context[-1]
    if wanted is None or isinstance(checker.scope.current_function(), LambdaExpr | None):
        return False
    declared = get_proper_type(checker.return_types[-1])
    inside = declared.args if isinstance(declared, Instance) else ()  # of a coroutine
    return any(wanted is each for each in (declared, *inside))


def forget(
    checker: TypeChecker,
    at: Context,
    is_beside_the_point: Callable[[ErrorInfo], bool],
    *,
    within: Context,
) -> bool:
    """Take back what mypy said of an expression when it did not know what that is for.

    Return whether there was anything.

    Args:
        within: the expression that is typed now: only what was said since it began counts
    """
    begin, end = (at.line, at.column), _end(at)
    forgotten = False
    for said in _heard(checker)[: 2 if isinstance(within, OpExpr) else 1]:
        kept = [
            each
            for each in said
            if not begin <= (each.line, each.column) < end or not is_beside_the_point(each)
        ]
        forgotten |= len(kept) < len(said)
        said[:] = kept
    return forgotten


def _end(at: Context) -> tuple[int, int]:
    """Return where an expression ends; before mypy 2.4, of a lambda only its body says so."""
    if at.end_line is None or at.end_column is None:
        return _end(at.expr()) if isinstance(at, LambdaExpr) else (at.line, at.column + 1)
    return at.end_line, at.end_column


def _heard(checker: TypeChecker) -> list[list[ErrorInfo]]:
    """Return what is said so far: in mypy's trials, the last first, and of the file."""
    kept = [each for each in map(_kept, checker.errors.get_watchers()) if each is not None]
    return [*kept, checker.errors.error_info_map.get(checker.errors.file, [])]


def _kept(watcher: ErrorWatcher) -> list[ErrorInfo] | None:
    """Return what a watcher has heard, None where it forgets."""
    # mypy shows it only of those that keep it, and nowhere whether they do.
    return watcher._filtered  # pyright: ignore[reportPrivateUsage] # noqa: SLF001 - as above

"""Joints: where one step's output is the next one's input."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from mypy.checker import TypeChecker
from mypy.nodes import ARG_POS, Context, Expression, LambdaExpr, TempNode
from mypy.subtypes import is_subtype
from mypy.types import AnyType, CallableType, Overloaded, Type, TypeOfAny, get_proper_type

from combinators.mypy import _messages
from combinators.mypy._kinds import given_by, taken_by, type_of


class Joined(NamedTuple):
    """A step in a sequence: what messages call it, its type, and where it stands."""

    name: str
    type: Type
    at: Context


def resolved(
    checker: TypeChecker, before: Joined | None, steps: Sequence[Expression], context: Context
) -> list[Expression]:
    """Return steps in sequence, those that depend on their input as they are for it.

    Of an overloaded step mypy would take the first overload, whatever flows into it,
    and the parameter of a lambda it would take for `Any`.
    """
    nodes: list[Expression] = []
    flowing = None if before is None else given_by(before.type)
    for step in steps:
        node = step if flowing is None else _at_input(checker, step, flowing, context)
        nodes.append(node)
        flowing = given_by(type_of(checker, node))
    return nodes


def _at_input(
    checker: TypeChecker, step: Expression, flowing: Type, context: Context
) -> Expression:
    def function(result: Type) -> CallableType:
        fallback = checker.named_type("builtins.function")
        return CallableType([flowing], [ARG_POS], [None], result, fallback)

    if isinstance(step, LambdaExpr):
        expected = function(AnyType(TypeOfAny.special_form))
        return TempNode(checker.expr_checker.accept(step, expected), context=step)
    overloaded = get_proper_type(type_of(checker, step))
    if not isinstance(overloaded, Overloaded):
        return step
    with checker.msg.filter_errors() as errors:
        arguments: list[Expression] = [TempNode(flowing, context=context)]
        result = checker.expr_checker.check_call(overloaded, arguments, [ARG_POS], context)[0]
    return step if errors.has_new_errors() else TempNode(function(result), context=step)


def misfit_reported(checker: TypeChecker, steps: Iterable[Joined]) -> bool:
    """Return whether a step does not take what the one before it gives, after reporting it.

    Only the first such joint is reported: what comes after it may follow from it.
    """
    for before, after in pairwise(steps):
        gives, takes = given_by(before.type), taken_by(after.type)
        if gives is not None and takes is not None and not is_subtype(gives, takes):
            _messages.misfit(checker, (before.name, gives), (after.name, takes), after.at)
            return True
    return False

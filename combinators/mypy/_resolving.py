"""Steps whose types depend on what flows into them: overloaded functions, classes, lambdas.

Of an overloaded step mypy takes the first overload, whatever its input, and the
parameter of a lambda it takes for `Any`. Where the input is known, both are typed for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from mypy.checker import TypeChecker
from mypy.erasetype import erase_typevars
from mypy.meet import meet_types
from mypy.nodes import ARG_POS, Context, Expression, LambdaExpr, TempNode
from mypy.typeops import make_simplified_union
from mypy.types import (
    AnyType,
    CallableType,
    Overloaded,
    Type,
    TypeOfAny,
    UninhabitedType,
    get_proper_type,
)

from combinators.mypy._kinds import given_by, taken_by, type_of

ANY = AnyType(TypeOfAny.special_form)


def in_sequence(
    checker: TypeChecker, before: Type | None, steps: Sequence[Expression], context: Context
) -> list[Expression]:
    """Return steps in sequence, each typed for what the one before it gives."""
    nodes: list[Expression] = []
    flowing = None if before is None else given_by(checker, before)
    for step in steps:
        node = None if flowing is None else _at_input(checker, step, flowing, context)
        nodes.append(node or step)
        flowing = given_by(checker, type_of(checker, nodes[-1]))
    return nodes


def with_input_in_common(
    checker: TypeChecker, steps: Sequence[Expression], context: Context
) -> list[Expression]:
    """Return steps that share an input, the overloaded ones typed for it, or for any of theirs."""
    taken = [taken_by(type_of(checker, step)) for step in steps]
    shared = get_proper_type(reduce(meet_types, [each for each in taken if each] or [ANY]))
    if isinstance(shared, AnyType | UninhabitedType):
        return [_loosened(checker, step) for step in steps]
    return [_at_input(checker, step, shared, context) or _loosened(checker, step) for step in steps]


def _at_input(
    checker: TypeChecker, step: Expression, flowing: Type, context: Context
) -> Expression | None:
    """Return a step typed for an input, None where that changes nothing or does not fit."""
    if isinstance(step, LambdaExpr):
        expected = _function(checker, flowing, ANY)
        return TempNode(checker.expr_checker.accept(step, expected), context=step)
    overloaded = get_proper_type(type_of(checker, step))
    if not isinstance(overloaded, Overloaded):
        return None
    with checker.msg.filter_errors() as errors:
        arguments: list[Expression] = [TempNode(flowing, context=context)]
        result = checker.expr_checker.check_call(overloaded, arguments, [ARG_POS], context)[0]
    if errors.has_new_errors():
        return None
    typed = _function(checker, flowing, result)
    typed.definition = overloaded.items[0].definition  # which says of what kind it is
    return TempNode(typed, context=step)


def _loosened(checker: TypeChecker, step: Expression) -> Expression:
    """Return an overloaded step as one that takes what any of its overloads takes alone."""
    overloaded = get_proper_type(type_of(checker, step))
    if not isinstance(overloaded, Overloaded):
        return step
    unary = [erase_typevars(each) for each in overloaded.items if _is_unary(each)]
    forms = [each for each in map(get_proper_type, unary) if isinstance(each, CallableType)]
    if not forms:
        return step
    taken = make_simplified_union([each.arg_types[0] for each in forms])
    result = make_simplified_union([each.ret_type for each in forms])
    return TempNode(_function(checker, taken, result), context=step)


def _is_unary(signature: CallableType) -> bool:
    return (
        bool(signature.arg_kinds)
        and signature.arg_kinds[0].is_positional()
        and not any(kind.is_required() for kind in signature.arg_kinds[1:])
    )


def _function(checker: TypeChecker, taken: Type, result: Type) -> CallableType:
    return CallableType([taken], [ARG_POS], [None], result, checker.named_type("builtins.function"))

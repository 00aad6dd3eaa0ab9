"""Signatures that let every argument through.

mypy types the arguments and complains of nothing. What is wrong is found when they are
read as steps, and said once.
"""

# mypy gives the parameters of `copy_modified` a type that pyright cannot follow.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, cast

from mypy.argmap import map_actuals_to_formals
from mypy.checker import TypeChecker
from mypy.nodes import ARG_NAMED, ARG_STAR, ARG_STAR2, ArgKind, CallExpr, DictExpr, Expression
from mypy.plugin import FunctionContext, FunctionSigContext, MethodContext, MethodSigContext
from mypy.types import CallableType, FunctionLike, Type, get_proper_type

from combinators.mypy._mistakes import nearest
from combinators.mypy._records import ANY

HookContext: TypeAlias = FunctionContext | FunctionSigContext | MethodContext | MethodSigContext


def checker_of(ctx: HookContext) -> TypeChecker:
    """Return the checker, of which hooks are shown a part."""
    return cast("TypeChecker", ctx.api)


def relaxed_call(fullname: str, ctx: FunctionSigContext) -> FunctionLike:
    """Return a signature that takes whatever it is given: of overloads, the first."""
    checker, signature = checker_of(ctx), ctx.default_signature
    first = _declared(checker, fullname)
    item = signature if first is None else first.items[0]
    if (item.arg_kinds, item.arg_names) != (signature.arg_kinds, signature.arg_names):
        return _never(signature)
    if isinstance(ctx.context, CallExpr) and len(getattr(first, "items", ())) > 1:
        return _mirrored(checker, signature, ctx.context)
    return relaxed(checker, signature)


def _mirrored(checker: TypeChecker, signature: CallableType, call: CallExpr) -> CallableType:
    """Return the signature of which a call is an example."""
    if any(kind.is_star() for kind in call.arg_kinds):
        anything: Type = checker.named_type("builtins.object")
        return signature.copy_modified(
            arg_types=[anything, anything],
            arg_kinds=[ARG_STAR, ARG_STAR2],
            arg_names=[None, None],
            ret_type=ANY,
            variables=[],
        )
    return signature.copy_modified(
        arg_types=[anything_like(checker, each) for each in call.args],
        arg_kinds=call.arg_kinds,
        arg_names=call.arg_names,
        ret_type=ANY,
        variables=[],
    )


def anything_like(checker: TypeChecker, expression: Expression) -> Type:
    """Return a type that the expression has, whatever it is.

    For a dict literal that is a dict of anything: mypy would look for a type that all
    values have in common, find one that some have not, and complain.
    """
    anything = checker.named_type("builtins.object")
    if not isinstance(expression, DictExpr):
        return anything
    values = [anything_like(checker, value) for _, value in expression.items]
    nested = len(set(values)) == 1 and isinstance(expression.items[0][1], DictExpr)
    value = values[0] if nested else anything
    return checker.named_generic_type("builtins.dict", [ANY, value])


# Parameters of methods that take no step: for them, mypy's own word is enough.
OPTIONS = frozenset({"on"})


def relaxed_method(ctx: MethodSigContext) -> FunctionLike:
    """Return a signature of the same parameters, of which each that is a step takes anything."""
    signature = relaxed(checker_of(ctx), ctx.default_signature)
    before = ctx.default_signature
    types = [
        declared if name in OPTIONS else anything
        for name, declared, anything in zip(
            before.arg_names, before.arg_types, signature.arg_types, strict=True
        )
    ]
    return signature.copy_modified(arg_types=types)


def relaxed(checker: TypeChecker, signature: CallableType) -> CallableType:
    """Return the same parameters, of which each takes anything."""
    return signature.copy_modified(
        arg_types=[checker.named_type("builtins.object")] * len(signature.arg_types),
        ret_type=ANY,
        variables=[],
    )


def _never(signature: CallableType) -> CallableType:
    """Return a signature that no call meets: the first overload answers for all."""
    return signature.copy_modified(
        arg_types=[ANY], arg_kinds=[ARG_NAMED], arg_names=["\N{BULLET}"], variables=[]
    )


def refused(
    checker: TypeChecker, fullname: str, kinds: list[ArgKind], names: Sequence[str | None]
) -> str | None:
    """Return why a function has no overload for arguments passed like this, None if it has one."""
    function = _declared(checker, fullname)
    if function is None or any(kind.is_star() for kind in kinds):
        return None
    if any(_meets(item, kinds, names) for item in function.items):
        return None
    known = {name for item in function.items for name in item.arg_names if name is not None}
    for name in names:
        if name is not None and name not in known:
            return f'takes no argument "{name}"{nearest(name, sorted(known))}'
    return f"cannot be called with {len(kinds)} {'argument' if len(kinds) == 1 else 'arguments'}"


def _meets(item: CallableType, kinds: list[ArgKind], names: Sequence[str | None]) -> bool:
    """Return whether each argument has a parameter, and each parameter that needs one has one."""
    met = map_actuals_to_formals(kinds, names, item.arg_kinds, item.arg_names, lambda _: ANY)
    filled = all(
        actuals or not kind.is_required() for kind, actuals in zip(item.arg_kinds, met, strict=True)
    )
    return filled and sorted(i for actuals in met for i in actuals) == [*range(len(kinds))]


def _declared(checker: TypeChecker, fullname: str) -> FunctionLike | None:
    module, _, name = fullname.rpartition(".")
    symbol = checker.modules[module].names.get(name) if module in checker.modules else None
    type_ = get_proper_type(symbol.type) if symbol else None
    return type_ if isinstance(type_, FunctionLike) else None

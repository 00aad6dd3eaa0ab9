"""`|`, with a dict, a lambda or a function of any kind on the other side.

For `{...} | r` Python asks the dict first, and so does mypy: `dict.__or__` takes only
dicts, so its error would hide ours. It gets a signature that also takes a Runnable.
"""

# mypy gives the parameters of `copy_modified` a type that pyright cannot follow.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from typing import Final

from mypy.nodes import Expression, OpExpr, TempNode
from mypy.plugin import MethodContext, MethodSigContext
from mypy.types import FunctionLike, Type, get_proper_type

from combinators.mypy import _steps as s
from combinators.mypy._asking import type_of
from combinators.mypy._calls import reader_of, settled
from combinators.mypy._composing import composed
from combinators.mypy._decoding import is_runnable
from combinators.mypy._relaxing import anything_like, checker_of, relaxed

NAMES: Final = frozenset({"__or__", "__ror__"})


def operator(name: str, ctx: MethodContext) -> Type:
    """Return the type of `r | step` or, for `__ror__`, of `step | r`."""
    other = _other(ctx)
    if other is None:
        return ctx.default_return_type
    receiver: Expression = TempNode(ctx.type, context=ctx.context)
    if isinstance(ctx.context, OpExpr):  # the operand was typed apart from its expression
        return _joined(ctx, ctx.context.left, ctx.context.right)
    left, right = (receiver, other) if name == "__or__" else (other, receiver)
    return _joined(ctx, left, right)


def relaxed_operand(ctx: MethodSigContext) -> FunctionLike:
    """Return a signature that takes anything on the other side."""
    checker, signature = checker_of(ctx), ctx.default_signature
    if not isinstance(ctx.context, OpExpr) or len(signature.arg_types) != 1:
        return relaxed(checker, signature)
    side = ctx.context.right if ctx.context.right in ctx.args[0] else _other(ctx)
    takes = checker.named_type("builtins.object") if side is None else anything_like(checker, side)
    return relaxed(checker, signature).copy_modified(arg_types=[takes])


def relaxed_other(ctx: MethodSigContext) -> FunctionLike:
    """Return a signature that takes anything where the other operand is a Runnable."""
    if not _beside_runnable(ctx):
        return ctx.default_signature
    return relaxed(checker_of(ctx), ctx.default_signature)


def other_operator(ctx: MethodContext) -> Type:
    """Return the type of `{...} | r`, or of `r | Class`; of other operands, what mypy says."""
    other = _other(ctx)
    if other is None or not _beside_runnable(ctx):
        return ctx.default_return_type
    if isinstance(ctx.context, OpExpr):
        return _joined(ctx, ctx.context.left, ctx.context.right)
    return ctx.default_return_type


def _other(ctx: MethodContext | MethodSigContext) -> Expression | None:
    return ctx.args[0][0] if ctx.args and ctx.args[0] else None


def _beside_runnable(ctx: MethodContext | MethodSigContext) -> bool:
    if isinstance(ctx.context, OpExpr):
        sides = ctx.context.left, ctx.context.right
        types = [get_proper_type(type_of(checker_of(ctx), side)) for side in sides]
        return any(map(is_runnable, types))
    other = _other(ctx)
    if other is None:
        return False
    return is_runnable(get_proper_type(type_of(checker_of(ctx), other)))


def _joined(ctx: MethodContext, left: Expression, right: Expression) -> Type:
    reader = reader_of(ctx)
    before = reader.chain(left, "the left side of |")
    after = reader.step(right, "the right side of |")
    written = _operands(left)
    first = written - len(before.how.steps) + 1 if isinstance(before.how, s.Pipe) else written
    how = composed(reader.mistakes, [before, after], ctx.context, max(first, 1))
    return settled(reader, how, "pipe", ctx.context)


def _operands(expression: Expression) -> int:
    """Return how many steps are written one after another, for messages to count."""
    number = 1
    while isinstance(expression, OpExpr) and expression.op == "|":
        number += _operands(expression.right)
        expression = expression.left
    return number

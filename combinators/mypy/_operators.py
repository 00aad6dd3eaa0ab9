"""`|`, with a dict, a lambda or a function of any kind on the other side.

For `{...} | r` Python asks the dict first, and so does mypy: `dict.__or__` takes only
dicts, so its error would hide ours. It gets a signature that also takes a Runnable.
"""

from __future__ import annotations

from mypy.nodes import Context, OpExpr, TempNode
from mypy.plugin import MethodContext, MethodSigContext
from mypy.types import FunctionLike, Type, get_proper_type

from combinators.mypy._arguments import as_step
from combinators.mypy._checks import Given, Site, checked, checker_of, member, relaxed
from combinators.mypy._joints import Joined
from combinators.mypy._kinds import RUNNABLE, is_a, type_of

LEFT, RIGHT = "the left side", "the right side"


def operator(name: str, ctx: MethodContext) -> Type:
    """Return the type of `r | step` or, for `__ror__`, of `step | r`."""
    (operand,) = ctx.args[0]
    if isinstance(ctx.context, OpExpr):  # the operand was typed apart from its expression
        operand = ctx.context.right if name == "__or__" else ctx.context.left
    return _applied(ctx, name, ctx.type, Given(operand))


def relaxed_dict(ctx: MethodSigContext) -> FunctionLike:
    """Return a signature that takes anything where the other operand is a Runnable."""
    if _runnable(ctx) is None:
        return ctx.default_signature
    return relaxed(ctx.default_signature, checker_of(ctx))


def dict_operator(ctx: MethodContext) -> Type:
    """Return the type of `{...} | r`; of `dict | dict`, what mypy says."""
    runnable = _runnable(ctx)
    if runnable is None:
        return ctx.default_return_type
    left = ctx.context.left if isinstance(ctx.context, OpExpr) else TempNode(ctx.type)
    return _applied(ctx, "__ror__", runnable, Given(left))


def _runnable(ctx: MethodContext | MethodSigContext) -> Type | None:
    """Return the type of the other operand if it is a Runnable."""
    (operand,) = ctx.args[0]
    other = get_proper_type(type_of(checker_of(ctx), operand))
    return other if is_a(other, RUNNABLE) else None


def _applied(ctx: MethodContext, name: str, runnable: Type, given: Given) -> Type:
    checker, at = checker_of(ctx), ctx.context
    if isinstance(at, OpExpr):
        at = at.right
    step = as_step(checker, given)
    if name == "__ror__" and step is not given:  # a dict: the fan-out it means is on the left
        name, runnable, step = "__or__", type_of(checker, step.expression), _node(runnable, at)
    callee = member(checker, runnable, name, ctx.context)
    if callee is None:
        return ctx.default_return_type
    if name == "__or__":
        before = Joined(LEFT, runnable, at)
        site = Site(ctx.context, [RIGHT], before=before, receiver=runnable)
    else:
        after = Joined(RIGHT, runnable, at)
        site = Site(ctx.context, [LEFT], after=after, receiver=runnable)
    return checked(checker, callee, [step], site)


def _node(type_: Type, at: Context) -> Given:
    return Given(TempNode(type_, context=at))

"""Calls of builders and of methods that take steps."""

from __future__ import annotations

from mypy.nodes import DictExpr, Expression
from mypy.plugin import FunctionContext, FunctionSigContext, MethodContext, MethodSigContext
from mypy.types import FunctionLike, Type, get_proper_type

from combinators.mypy._arguments import as_arms, as_step, fanned_out
from combinators.mypy._checks import (
    Given,
    Site,
    checked,
    checker_of,
    declared,
    member,
    relaxed,
)
from combinators.mypy._kinds import OPEN, is_a, type_of


def relaxed_call(ctx: FunctionSigContext | MethodSigContext) -> FunctionLike:
    """Return a signature that lets every argument through to the second check."""
    return relaxed(ctx.default_signature, checker_of(ctx))


def call(fullname: str, ctx: FunctionContext) -> Type:
    """Return the type of a call of the function of this name."""
    callee = declared(checker_of(ctx), fullname)
    return ctx.default_return_type if callee is None else _checked(ctx, callee)


def pipe(fullname: str, ctx: FunctionContext) -> Type:
    """Return the type of a pipe, without the open passthroughs: they change nothing."""
    checker, callee = checker_of(ctx), declared(checker_of(ctx), fullname)
    closed = {
        f"step {i}": as_step(checker, each)
        for i, each in enumerate(_given(ctx), start=1)
        if not is_a(get_proper_type(type_of(checker, each.expression)), OPEN)
    }
    if callee is None or not closed:
        return call(fullname, ctx)
    site = Site(ctx.context, labels=tuple(closed))
    return checked(checker, callee, tuple(closed.values()), site)


def fanout(fullname: str, ctx: FunctionContext) -> Type:
    """Return the type of a fan-out, which may be given as one dict."""
    match _given(ctx):
        case [Given(DictExpr() as display)]:
            made = fanned_out(checker_of(ctx), display)
            return call(fullname, ctx) if made is None else made
        case _:
            return call(fullname, ctx)


def route(fullname: str, ctx: FunctionContext) -> Type:
    """Return the type of a route, whose dict holds arms: one is run, on the whole input."""
    checker, callee = checker_of(ctx), declared(checker_of(ctx), fullname)
    if callee is None:
        return ctx.default_return_type
    given = [as_arms(checker, each) for each in _given(ctx)]
    return checked(checker, callee, given, Site(ctx.context))


def method(name: str, ctx: MethodContext) -> Type:
    """Return the type of a call of the method of this name."""
    callee = member(checker_of(ctx), ctx.type, name, ctx.context)
    return ctx.default_return_type if callee is None else _checked(ctx, callee)


def _checked(ctx: FunctionContext | MethodContext, callee: FunctionLike) -> Type:
    checker = checker_of(ctx)
    given = [as_step(checker, each) for each in _given(ctx)]
    return checked(checker, callee, given, Site(ctx.context))


def _given(ctx: FunctionContext | MethodContext) -> list[Given]:
    given: dict[Expression, Given] = {}  # a starred argument may meet several parameters
    for expressions, passed, names in zip(ctx.args, ctx.arg_kinds, ctx.arg_names, strict=True):
        for each in map(Given, expressions, passed, names):
            given[each.expression] = each
    return list(given.values())

"""Checking a call once more, now that the kinds of its arguments are known.

A hook gets here in two moves. Its signature hook relaxes every parameter to
`object`: mypy types the arguments and complains of nothing. Its result hook then
checks the call with the parameters that fit. So what is wrong is said once.
"""

# mypy gives the parameters of `copy_modified` a type that pyright cannot follow.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast, final

from mypy.checker import TypeChecker
from mypy.expandtype import expand_type
from mypy.nodes import (
    ARG_POS,
    ArgKind,
    Context,
    Expression,
    IndexExpr,
    LambdaExpr,
    NameExpr,
    OpExpr,
    StrExpr,
    TempNode,
)
from mypy.plugin import FunctionContext, FunctionSigContext, MethodContext, MethodSigContext
from mypy.types import (
    AnyType,
    CallableType,
    FunctionLike,
    Type,
    TypeOfAny,
    TypeVarId,
    get_proper_type,
)

from combinators.mypy._fitting import Arguments, fitting
from combinators.mypy._inputs import with_input
from combinators.mypy._joints import Joined, misfit_reported, misread
from combinators.mypy._kinds import Kind, as_far_as_known, kind_of, type_of
from combinators.mypy._resolving import in_sequence, with_input_in_common

HookContext: TypeAlias = FunctionContext | FunctionSigContext | MethodContext | MethodSigContext


@final
@dataclass(frozen=True, slots=True)
class Given:
    """An argument: the expression, and how it is passed."""

    expression: Expression
    passed: ArgKind = ARG_POS
    name: str | None = None


@final
@dataclass(frozen=True, slots=True)
class Site:
    """Where a call stands, and what is joined there."""

    context: Context
    labels: Sequence[str] = ()  # of the arguments, where they are steps in sequence
    before: Joined | None = None  # the step in front of them
    after: Joined | None = None
    receiver: Type | None = None  # whose method is called, for mypy's messages

    def joined(self, given: Sequence[Given], types: Sequence[Type]) -> list[Joined]:
        """Return the steps that are joined here, in order."""
        steps = [
            Joined(label, type_, each.expression)
            for label, type_, each in zip(self.labels, types, given, strict=False)
        ]
        return [each for each in (self.before, *steps, self.after) if each is not None]


def checker_of(ctx: HookContext) -> TypeChecker:
    """Return the checker, of which hooks are shown a part."""
    return cast("TypeChecker", ctx.api)


def declared(checker: TypeChecker, fullname: str) -> FunctionLike | None:
    """Return the signature that the source gives a function of a module."""
    module, _, name = fullname.rpartition(".")
    symbol = checker.modules[module].names.get(name) if module in checker.modules else None
    type_ = get_proper_type(symbol.type) if symbol else None
    return type_ if isinstance(type_, FunctionLike) else None


def member(checker: TypeChecker, type_: Type, name: str, context: Context) -> FunctionLike | None:
    """Return the signature of a method of a value of this type."""
    found = checker.expr_checker.analyze_external_member_access(name, type_, context)
    proper = get_proper_type(found)
    return proper if isinstance(proper, FunctionLike) else None


def relaxed(signature: CallableType, checker: TypeChecker) -> CallableType:
    """Return `signature` with the same parameters, of which each takes anything."""
    return signature.copy_modified(
        arg_types=[checker.named_type("builtins.object")] * len(signature.arg_types),
        ret_type=AnyType(TypeOfAny.special_form),
        variables=[],
    )


def checked(checker: TypeChecker, callee: FunctionLike, given: Sequence[Given], site: Site) -> Type:
    """Return the type that calling `callee` gives, after reporting what does not fit."""
    call = _Call(checker, callee, given, site)
    steps = [each.expression for each in given]
    if site.labels:
        before = None if site.before is None else site.before.type
        steps = in_sequence(checker, before, steps, site.context)
    type_ = call.attempted(steps)
    if type_ is None and not site.labels:
        type_ = call.attempted(with_input_in_common(checker, steps, site.context))
    return call.reported(steps) if type_ is None else type_


@final
@dataclass(frozen=True, slots=True)
class _Call:
    checker: TypeChecker
    callee: FunctionLike
    given: Sequence[Given]
    site: Site

    def attempted(self, steps: Sequence[Expression]) -> Type | None:
        """Return the type by the first overload that fits without an error."""
        if misread(self.checker, self.site.joined(self.given, self._types(steps))):
            return None
        for overload in self._fitting(steps):
            with self.checker.msg.filter_errors() as errors:
                type_ = self._type_by(overload, steps)
            if not errors.has_new_errors():
                types = self._types(steps)
                return with_input(self.checker, overload, types, type_, self.site.context)
        return None

    def reported(self, steps: Sequence[Expression]) -> Type:
        """Return a type after reporting why no overload fits."""
        if misfit_reported(self.checker, self.site.joined(self.given, self._types(steps))):
            return AnyType(TypeOfAny.from_error)
        # The first overload that fits in kind knows best what is wrong.
        overloads = self._fitting(steps)
        return self._type_by(overloads[0] if overloads else self.callee, steps)

    def _types(self, steps: Sequence[Expression]) -> list[Type]:
        return [type_of(self.checker, step) for step in steps]

    def _fitting(self, steps: Sequence[Expression]) -> list[CallableType]:
        types = self._types(steps)
        kinds = [
            _kind(self.checker, each.expression, type_)
            for each, type_ in zip(self.given, types, strict=True)
        ]
        passed, names = [each.passed for each in self.given], [each.name for each in self.given]
        return fitting(self.checker, self.callee, Arguments(types, kinds, passed, names))

    def _type_by(self, overload: FunctionLike, steps: Sequence[Expression]) -> Type:
        return self.checker.expr_checker.check_call(
            overload,
            [_node(self.checker, step) for step in steps],
            [each.passed for each in self.given],
            self.site.context,
            [each.name for each in self.given],
            object_type=self.site.receiver,
        )[0]


def _node(checker: TypeChecker, expression: Expression) -> Expression:
    """Return what stands for the argument in the second check.

    What may mean something else there is typed again: a lambda, whose parameter is
    known only now, and a type such as `int | None`. The rest has its type already;
    typing calls anew at each level of nesting would take time without bound.
    """
    if isinstance(expression, LambdaExpr) or _is_type(expression):
        return expression
    type_ = as_far_as_known(checker, type_of(checker, expression))
    return TempNode(_renamed(type_), context=expression)


def _is_type(expression: Expression) -> bool:
    if isinstance(expression, IndexExpr | OpExpr | StrExpr):
        return isinstance(expression.as_type, Type)
    return isinstance(expression, NameExpr) and expression.fullname == "builtins.None"


def _renamed(type_: Type) -> Type:
    """Return the type of a generic function with type variables of its own.

    Used twice in one call, its `T` is not the same `T`, and mypy takes it to be.
    """
    function = get_proper_type(type_)
    if not isinstance(function, CallableType) or not function.variables:
        return type_
    variables = [each.copy_modified(id=TypeVarId.new(0)) for each in function.variables]
    new = {old.id: each for old, each in zip(function.variables, variables, strict=True)}
    return expand_type(function, new).copy_modified(variables=variables)


def _kind(checker: TypeChecker, expression: Expression, type_: Type) -> Kind:
    # A lambda is neither async nor a generator function, whatever it returns.
    return Kind.PLAIN if isinstance(expression, LambdaExpr) else kind_of(checker, type_)

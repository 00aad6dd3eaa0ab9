"""What the type of a step says: its kind, what it takes, what it gives."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from typing import TypeGuard

from mypy.checker import TypeChecker
from mypy.maptype import map_instance_to_supertype
from mypy.nodes import Expression, FuncDef, TempNode
from mypy.subtypes import find_member
from mypy.typeops import get_type_vars
from mypy.types import (
    AnyType,
    CallableType,
    FunctionLike,
    Instance,
    Overloaded,
    ProperType,
    Type,
    TypedDictType,
    TypeType,
    UnionType,
    get_proper_type,
)

RUNNABLE = "combinators._runnable.Runnable"
OPEN = "combinators._runnable.OpenPassthrough"
WHEN = "combinators._build.choice.When"


class Kind(Enum):
    """How a pipeline gets the result out of what a step returns."""

    PLAIN = auto()  # it is the result
    COROUTINE = auto()
    ITERATOR = auto()  # chunks
    ASYNC_ITERATOR = auto()
    MAPPING = auto()  # not called at all: a fan-out
    UNKNOWN = auto()


DEFERRED = {
    "typing.Coroutine": Kind.COROUTINE,
    "typing.Iterator": Kind.ITERATOR,
    "typing.AsyncIterator": Kind.ASYNC_ITERATOR,
}


def type_of(checker: TypeChecker, expression: Expression) -> Type:
    """Return the type that mypy gave the expression."""
    if isinstance(expression, TempNode):
        return expression.type
    return checker.lookup_type_or_none(expression) or checker.expr_checker.accept(expression)


def kind_of(type_: Type) -> Kind:
    """Return the kind of step that a value of this type is."""
    proper = get_proper_type(type_)
    if isinstance(proper, UnionType):
        return _common(proper.items)
    if isinstance(proper, TypedDictType) or is_a(proper, "typing.Mapping"):
        return Kind.MAPPING
    if is_a(proper, RUNNABLE) or _is_class(proper):
        return Kind.PLAIN  # whatever it gives is a value, an iterator too
    called = _called(proper)
    if isinstance(called, Overloaded):
        return _common(called.items)
    return _kind_of_call(called) if isinstance(called, CallableType) else Kind.UNKNOWN


def taken_by(step: Type) -> Type | None:
    """Return the type that a step takes, None where it takes any or none is known."""
    called = _called(get_proper_type(step))
    if not isinstance(called, CallableType) or not called.arg_types:
        return None
    return _closed(called.arg_types[0])


def given_by(step: Type) -> Type | None:
    """Return the type that a step gives, None where it depends on the input or is not known."""
    called = _called(get_proper_type(step))
    if not isinstance(called, CallableType):
        return None
    result, kind = get_proper_type(called.ret_type), kind_of(step)
    for fullname, deferred in DEFERRED.items():
        if kind is deferred and isinstance(result, Instance):
            info = next(info for info in result.type.mro if info.fullname == fullname)
            return _closed(map_instance_to_supertype(result, info).args[-1])
    return _closed(result)


def is_a(type_: ProperType, fullname: str) -> TypeGuard[Instance]:
    """Return whether `type_` is an instance of the class, or of one below it."""
    return isinstance(type_, Instance) and type_.type.has_base(fullname)


def _common(types: Sequence[Type]) -> Kind:
    kinds = {kind_of(each) for each in types}
    return kinds.pop() if len(kinds) == 1 else Kind.UNKNOWN


def _closed(type_: Type) -> Type | None:
    """Return the type if nothing in it is open."""
    proper = get_proper_type(type_)
    return None if isinstance(proper, AnyType) or get_type_vars(proper) else proper


def _is_class(type_: ProperType) -> bool:
    return isinstance(type_, TypeType) or (isinstance(type_, FunctionLike) and type_.is_type_obj())


def _called(type_: ProperType) -> FunctionLike | None:
    """Return how a value of this type is called, None where it is not."""
    if isinstance(type_, Instance):
        call = find_member("__call__", type_, type_, is_operator=True)
        return None if call is None else _called(get_proper_type(call))
    return type_ if isinstance(type_, FunctionLike) else None


def _kind_of_call(signature: CallableType) -> Kind:
    if _only_returns(signature):
        return Kind.PLAIN
    result = get_proper_type(signature.ret_type)
    if isinstance(result, AnyType):
        return Kind.UNKNOWN
    found = [kind for fullname, kind in DEFERRED.items() if is_a(result, fullname)]
    return found[0] if found else Kind.PLAIN


def _only_returns(signature: CallableType) -> bool:
    """Return whether a function is seen to return its iterator or coroutine as a value."""
    definition = signature.definition
    return isinstance(definition, FuncDef) and not (
        definition.is_generator or definition.is_coroutine or definition.is_async_generator
    )

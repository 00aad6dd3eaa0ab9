"""What the type of a step says: its kind, what it takes, what it gives."""

# mypy gives the parameters of `copy_modified` a type that pyright cannot follow.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from typing import TypeGuard

from mypy.checker import TypeChecker
from mypy.expandtype import expand_type
from mypy.maptype import map_instance_to_supertype
from mypy.nodes import NOT_ABSTRACT, Decorator, Expression, FuncDef, TempNode
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
    TypeOfAny,
    TypeType,
    UnionType,
    get_proper_type,
)

PARTIAL = "functools.partial"
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
    """Return the type that mypy gave the expression, of a partial the signature that is left."""
    if isinstance(expression, TempNode):
        return expression.type
    type_ = checker.lookup_type_or_none(expression) or checker.expr_checker.accept(expression)
    return _left_of_partial(get_proper_type(type_)) or type_


def kind_of(checker: TypeChecker, type_: Type) -> Kind:
    """Return the kind of step that a value of this type is."""
    proper = get_proper_type(type_)
    if isinstance(proper, UnionType):
        return _common(checker, proper.items)
    if isinstance(proper, TypedDictType) or is_a(proper, "typing.Mapping"):
        return Kind.MAPPING
    if is_a(proper, RUNNABLE) or _is_class(proper):
        return Kind.PLAIN  # whatever it gives is a value, an iterator too
    called = _called(proper)
    if isinstance(called, Overloaded):
        return _common(checker, called.items)
    return _kind_of_call(checker, called) if isinstance(called, CallableType) else Kind.UNKNOWN


def taken_by(step: Type) -> Type | None:
    """Return the type that a step takes, None where it takes any or none is known."""
    called = _called(get_proper_type(step))
    if not isinstance(called, CallableType) or not called.arg_types:
        return None
    return _closed(called.arg_types[0]) if called.arg_kinds[0].is_positional(star=True) else None


def given_by(checker: TypeChecker, step: Type) -> Type | None:
    """Return the type that a step gives, None where it depends on the input or is not known."""
    given = may_be_given_by(checker, step)
    return given[0] if len(given) == 1 else None


def may_be_given_by(checker: TypeChecker, step: Type) -> list[Type]:
    """Return the types of which a step gives one, none where they depend on the input.

    They are two where nobody can know whether an iterator is the result or holds its chunks.
    """
    called = _called(get_proper_type(step))
    readings = (
        [] if called is None else [each for it in called.items for each in _readings(checker, it)]
    )
    closed = [proper for each in readings if (proper := _closed(each)) is not None]
    return closed if len(closed) == len(readings) else []


def as_far_as_known(checker: TypeChecker, step: Type) -> Type:
    """Return the type of a step, with `Any` for a result of which nobody can know the reading."""
    called = _called(get_proper_type(step))
    if called is None or kind_of(checker, step) is not Kind.UNKNOWN:
        return step
    known = [
        item.copy_modified(ret_type=AnyType(TypeOfAny.special_form))
        if _kind_of_call(checker, item) is Kind.UNKNOWN
        else item
        for item in called.items
    ]
    return known[0] if len(known) == 1 else Overloaded(known)


def is_a(type_: ProperType, fullname: str) -> TypeGuard[Instance]:
    """Return whether `type_` is an instance of the class, or of one below it."""
    return isinstance(type_, Instance) and type_.type.has_base(fullname)


def _common(checker: TypeChecker, types: Sequence[Type]) -> Kind:
    kinds = {kind_of(checker, each) for each in types}
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
        call = _left_of_partial(type_) or find_member("__call__", type_, type_, is_operator=True)
        return None if call is None else _called(get_proper_type(call))
    return type_ if isinstance(type_, FunctionLike) else None


def _left_of_partial(type_: ProperType) -> Type | None:
    """Return the signature that mypy keeps beside a partial, None where it kept none.

    The partial's own `__call__` takes anything, and nothing says of what kind it is.
    """
    if not is_a(type_, PARTIAL) or type_.extra_attrs is None:
        return None
    return type_.extra_attrs.attrs.get("__mypy_partial")


def _kind_of_call(checker: TypeChecker, signature: CallableType) -> Kind:
    definition = signature.definition
    if isinstance(definition, Decorator) and _is_stub(checker, definition):
        definition = definition.func
    kind = _deferred(get_proper_type(signature.ret_type))
    if not isinstance(definition, FuncDef) or definition.is_coroutine or definition.is_generator:
        return kind
    if _is_stub(checker, definition) or definition.abstract_status != NOT_ABSTRACT:
        return Kind.UNKNOWN if kind in {Kind.ITERATOR, Kind.ASYNC_ITERATOR} else kind
    return Kind.PLAIN  # it is seen to return its iterator or coroutine as a value


def _readings(checker: TypeChecker, signature: CallableType) -> list[Type]:
    kind, result = kind_of(checker, signature), get_proper_type(signature.ret_type)
    readings: list[Type] = [] if kind in DEFERRED.values() else [result]
    if kind is Kind.PLAIN:
        return readings
    # `Self` of a method that is not bound is at most its class.
    classes = {each.id: each.upper_bound for each in signature.variables if each.name == "Self"}
    return [expand_type(each, classes) for each in (*readings, *_waited_for(result))]


def _is_stub(checker: TypeChecker, definition: FuncDef | Decorator) -> bool:
    """Return whether a function stands in a file that shows no bodies."""
    module = definition.fullname
    while module and module not in checker.modules:
        module = module.rpartition(".")[0]
    return bool(module) and checker.modules[module].is_stub


def _deferred(result: ProperType) -> Kind:
    """Return the kind of function that has this result, as far as the result says."""
    if isinstance(result, AnyType):
        return Kind.UNKNOWN
    found = [kind for fullname, kind in DEFERRED.items() if is_a(result, fullname)]
    return found[0] if found else Kind.PLAIN


def _waited_for(result: ProperType) -> list[Type]:
    """Return what a coroutine comes to, or the type of an iterator's chunks."""
    for fullname in DEFERRED:
        if is_a(result, fullname):
            info = next(info for info in result.type.mro if info.fullname == fullname)
            return [map_instance_to_supertype(result, info).args[-1]]
    return []

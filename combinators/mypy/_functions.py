"""Callables as steps: how one is called, and what the pipeline goes on with.

A coroutine is awaited and the chunks of a generator are put together again, so of a
signature's result only the inside counts. Where nobody can tell a generator function
from a function that returns an iterator, the result is a union of both and `Any`.
"""

# mypy gives the parameters of `copy_modified` a type that pyright cannot follow.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Sequence

from mypy.checker import TypeChecker
from mypy.constraints import SUBTYPE_OF, infer_constraints
from mypy.erasetype import erase_typevars
from mypy.expandtype import expand_type
from mypy.maptype import map_instance_to_supertype
from mypy.nodes import (
    ARG_POS,
    NOT_ABSTRACT,
    Context,
    Decorator,
    FuncDef,
    SymbolNode,
)
from mypy.solve import solve_constraints
from mypy.subtypes import find_member
from mypy.typeops import get_type_vars, make_simplified_union
from mypy.types import (
    AnyType,
    CallableType,
    FunctionLike,
    Instance,
    LiteralType,
    Overloaded,
    ParamSpecType,
    ProperType,
    Type,
    TypeType,
    TypeVarId,
    TypeVarType,
    UnionType,
    UnpackType,
    get_proper_type,
)

from combinators.mypy._asking import result_of_call
from combinators.mypy._records import ANY, Flow, Row, as_dict, is_fresh
from combinators.mypy._steps import Closed, Function

PARTIAL = "functools.partial"
COROUTINE, ITERATOR, ASYNC_ITERATOR = "typing.Coroutine", "typing.Iterator", "typing.AsyncIterator"
AWAITABLE = "typing.Awaitable"
DEFERRED = (COROUTINE, ITERATOR, ASYNC_ITERATOR)
DEEPEST = 8  # `__call__` may be an object that has a `__call__`, and so on without end


def signature_of(checker: TypeChecker, type_: Type) -> FunctionLike | None:
    """Return how a value of this type is called with one argument, None where it is not.

    Results are those that the pipeline goes on with. Of overloads, those that take
    one argument are left; none where no call with one is right.
    """
    called = callable_of(checker, type_)
    return None if called is None else one_of([_plain(checker, item) for item in called.items])


def callable_of(checker: TypeChecker, type_: Type, depth: int = DEEPEST) -> FunctionLike | None:
    """Return how a value of this type is called, as that is declared, None where it is not."""
    proper = get_proper_type(type_)
    if isinstance(proper, TypeVarType):
        return callable_of(checker, proper.upper_bound, depth)
    if isinstance(proper, TypeType):
        return _constructor(checker, proper, depth)
    if isinstance(proper, Instance):
        called = _left_of_partial(proper) or find_member(
            "__call__", proper, proper, is_operator=True
        )
        return callable_of(checker, called, depth - 1) if called is not None and depth else None
    return proper if isinstance(proper, FunctionLike) else None


def _constructor(checker: TypeChecker, type_: TypeType, depth: int) -> FunctionLike | None:
    if not isinstance(type_.item, Instance):
        return None
    info = type_.item.type
    found = checker.expr_checker.analyze_type_type_callee(type_.item, info)
    return callable_of(checker, found, depth - 1) if depth else None


def one_of(forms: Sequence[CallableType]) -> FunctionLike:
    """Return those of several forms that take one argument, all of them where none does."""
    unary = [item for item in forms if takes_one(item)] or list(forms)
    return unary[0] if len(unary) == 1 else Overloaded(unary)


def takes_one(signature: CallableType) -> bool:
    """Return whether a call with one positional argument is complete."""
    kinds = signature.arg_kinds
    return (
        bool(kinds)
        and kinds[0].is_positional(star=True)
        and not any(kind.is_required() for kind in kinds[1:])
    )


def as_how(signature: FunctionLike) -> Closed | Function:
    """Return what a callable with this signature does: closed if its result has one type."""
    results = [get_proper_type(item.ret_type) for item in signature.items]
    own = {each.id for item in signature.items for each in item.variables}
    if any(each.id in own for result in results for each in get_type_vars(result)):
        return Function(signature)
    if any(result != results[0] for result in results):
        return Function(signature)
    return Closed(taken(signature), results[0])


def taken(signature: FunctionLike) -> Type:
    """Return the type of the first argument, with `Any` for what the call decides."""
    return make_simplified_union([_first(item) for item in signature.items])


def taken_for(signature: FunctionLike, wanted: Type) -> Type:
    """Return the type of the first argument for which the result is what is wanted."""
    proper = get_proper_type(wanted)
    if isinstance(proper, AnyType) or not isinstance(signature, CallableType):
        return taken(signature)
    if isinstance(proper, Instance) and proper.type.fullname == "builtins.object":
        return taken(signature)
    constraints = infer_constraints(signature.ret_type, wanted, SUBTYPE_OF)
    solved, _ = solve_constraints(signature.variables, constraints, strict=False)
    pairs = zip(signature.variables, solved, strict=True)
    known = {variable.id: each for variable, each in pairs if each is not None}
    return erase_typevars(expand_type(_first_of(signature), known), set(_own(signature)))


def _first(item: CallableType) -> Type:
    return erase_typevars(_first_of(item), set(_own(item)))


def _first_of(item: CallableType) -> Type:
    if not item.arg_types:
        return ANY
    first = get_proper_type(item.arg_types[0])
    return ANY if isinstance(first, UnpackType | ParamSpecType) else first


def _own(item: CallableType) -> list[TypeVarId]:
    return [each.id for each in item.variables]


def function_of(checker: TypeChecker, takes: Type, gives: Type) -> CallableType:
    """Return the type of a function of one argument."""
    return CallableType([takes], [ARG_POS], [None], gives, checker.named_type("builtins.function"))


def applied(checker: TypeChecker, function: FunctionLike, given: Flow, at: Context) -> Type | None:
    """Return the type of the result for an input of this type, None where it does not fit."""
    if isinstance(given, Row):
        given = ANY
    proper = get_proper_type(given)
    # A fresh mapping is as good as a dict of any kind.
    forms = [given, as_dict(checker, proper)] if is_fresh(proper) else [given]
    for form in forms:
        result = result_of_call(checker, function, [form], at)
        if result is not None:
            return result
    return None


def _left_of_partial(type_: Instance) -> Type | None:
    """Return the signature that mypy keeps beside a partial, None where it kept none.

    The partial's own `__call__` takes anything, and nothing says of what kind it is.
    """
    if not type_.type.has_base(PARTIAL) or type_.extra_attrs is None:
        return None
    return type_.extra_attrs.attrs.get("__mypy_partial")


def _plain(checker: TypeChecker, signature: CallableType) -> CallableType:
    """Return the signature with the result that the pipeline goes on with."""
    result = get_proper_type(signature.ret_type)
    kind = None if signature.is_type_obj() else deferred(result)
    if kind is None:
        return signature
    definition = signature.definition
    if isinstance(definition, Decorator):  # from mypy's cache it is the function at once
        definition = definition.func
    if not isinstance(definition, FuncDef) or definition.is_coroutine or definition.is_generator:
        return signature.copy_modified(ret_type=_waited_for(result, kind))
    if definition.is_decorated and not _is_stub(checker, definition):
        return signature.copy_modified(ret_type=_waited_for(result, kind))
    if kind in {COROUTINE, AWAITABLE}:
        return signature  # it is seen to return its coroutine as a value
    if _is_stub(checker, definition) or definition.abstract_status != NOT_ABSTRACT:
        readings = [ANY, result, _waited_for(result, kind)]
        return signature.copy_modified(ret_type=UnionType(readings))
    return signature


def _is_stub(checker: TypeChecker, definition: SymbolNode) -> bool:
    """Return whether a function stands in a file that shows no bodies."""
    module = definition.fullname
    while module and module not in checker.modules:
        module = module.rpartition(".")[0]
    return bool(module) and checker.modules[module].is_stub


def deferred(result: ProperType) -> str | None:
    """Return what kind of result it is of which the pipeline goes on with the inside."""
    if not isinstance(result, Instance):
        return None
    if result.type.fullname == AWAITABLE:  # of an async function, as a signature says it
        return AWAITABLE
    return next((each for each in DEFERRED if result.type.has_base(each)), None)


def _waited_for(result: ProperType, kind: str) -> Type:
    """Return what a coroutine comes to, or what chunks come to when they are put together."""
    if not isinstance(result, Instance):
        return ANY
    info = next(info for info in result.type.mro if info.fullname == kind)
    inside = map_instance_to_supertype(result, info).args[-1]
    proper = get_proper_type(inside)
    if kind in {ITERATOR, ASYNC_ITERATOR} and isinstance(proper, LiteralType):
        return proper.fallback  # literal chunks make a longer text
    return inside


def is_unsure(type_: Type) -> Sequence[Type]:
    """Return the readings of a result of which nobody can know the right one."""
    proper = get_proper_type(type_)
    if isinstance(proper, UnionType) and any(
        isinstance(get_proper_type(each), AnyType) for each in proper.items
    ):
        return [each for each in proper.items if not isinstance(get_proper_type(each), AnyType)]
    return []

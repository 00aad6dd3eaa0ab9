"""Taking from a table of overloads what fits the kinds of the arguments.

The overloads offer a step several forms in one: `Coroutine[Any, Any, B] | B` and the
like. Other checkers choose by themselves; mypy finds two solutions and takes none.
Here the kinds are known, so each argument meets only the form that is its own.
"""

# mypy gives the parameters of `copy_modified` a type that pyright cannot follow.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from mypy.argmap import map_actuals_to_formals
from mypy.checker import TypeChecker
from mypy.expandtype import expand_type
from mypy.maptype import map_instance_to_supertype
from mypy.nodes import ArgKind
from mypy.typeops import get_type_vars
from mypy.types import (
    CallableType,
    FunctionLike,
    Instance,
    ProperType,
    Type,
    TypeVarId,
    TypeVarType,
    UnionType,
    flatten_nested_unions,
    get_proper_type,
)

from combinators.mypy._kinds import DEFERRED, Kind, is_a, kind_of


@final
@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of a call: their types, which kinds of steps they are, how they are passed."""

    types: Sequence[Type]
    kinds: Sequence[Kind]
    passed: Sequence[ArgKind]
    names: Sequence[str | None]


def fitting(checker: TypeChecker, callee: FunctionLike, arguments: Arguments) -> list[CallableType]:
    """Return those overloads of `callee` that the arguments may be meant for, in order.

    Where the kinds fit none, those of which at least the number of parameters fits.
    """
    if any(passed.is_star() for passed in arguments.passed):
        return []
    meetings = [(item, _meeting(item, arguments)) for item in callee.items]
    met = [(item, meeting) for item, meeting in meetings if meeting is not None]
    fitted = [
        item
        for each, meeting in met
        if (item := _fitted(checker, each, arguments, meeting)) is not None
    ]
    return fitted or [item for item, _ in met]


def _meeting(item: CallableType, arguments: Arguments) -> list[list[int]] | None:
    """Return which arguments each parameter meets, None where they do not come out even."""
    passed, types = arguments.passed, arguments.types
    meeting = map_actuals_to_formals(
        list(passed), arguments.names, item.arg_kinds, item.arg_names, lambda i: types[i]
    )
    met: list[int] = []
    for kind, actuals in zip(item.arg_kinds, meeting, strict=True):
        if kind.is_required() and not actuals:
            return None
        if kind.is_named() and any(passed[actual].is_positional() for actual in actuals):
            return None
        met += actuals
    return meeting if sorted(met) == list(range(len(types))) else None


def _fitted(
    checker: TypeChecker, item: CallableType, arguments: Arguments, meeting: list[list[int]]
) -> CallableType | None:
    """Return `item` with one parameter for each argument, in the argument's own form."""
    forms: dict[int, Type] = {}
    variables, result = list(item.variables), item.ret_type
    for formal, actuals in zip(item.arg_types, meeting, strict=True):
        for actual in actuals:
            form = _form(checker, formal, arguments.kinds[actual], arguments.types[actual])
            if form is None:
                return None
            forms[actual] = form
        for output in _outputs(formal) if len(actuals) > 1 else ():
            copies = [output.copy_modified(id=TypeVarId.new(0)) for _ in actuals]
            for actual, copy in zip(actuals, copies, strict=True):
                forms[actual] = expand_type(forms[actual], {output.id: copy})
            result = expand_type(result, {output.id: UnionType.make_union(copies)})
            variables += copies
    return item.copy_modified(
        arg_types=[forms[i] for i in range(len(forms))],
        arg_kinds=list(arguments.passed),
        arg_names=list(arguments.names),
        variables=variables,
        ret_type=result,
    )


def _form(checker: TypeChecker, formal: Type, kind: Kind, actual: Type) -> Type | None:
    """Return the form of `formal` for a step of this kind, None where there is none."""
    proper = get_proper_type(formal)
    if isinstance(proper, Instance):
        return _instance_form(checker, proper, kind, get_proper_type(actual))
    if kind is Kind.UNKNOWN:
        return formal
    if isinstance(proper, UnionType):
        items = flatten_nested_unions(proper.items)
        forms = [form for item in items if (form := _form(checker, item, kind, actual)) is not None]
        return UnionType.make_union(forms) if forms else None
    if not isinstance(proper, CallableType):
        return formal
    result = _result(proper.ret_type, kind)
    return None if result is None else proper.copy_modified(ret_type=result)


def _instance_form(
    checker: TypeChecker, formal: Instance, kind: Kind, actual: ProperType
) -> Type | None:
    if kind is Kind.MAPPING and is_a(formal, "typing.Mapping") and isinstance(actual, Instance):
        step = map_instance_to_supertype(actual, formal.type).args[1]
        form = _form(checker, formal.args[1], kind_of(checker, step), step)
        return None if form is None else formal.copy_modified(args=[formal.args[0], form])
    return formal if _may_be(actual, formal) else None


def _may_be(actual: ProperType, formal: Instance) -> bool:
    """Return whether a value of the one type may be one of the other, by their classes."""
    if not isinstance(actual, Instance) or formal.type.is_protocol:
        return not isinstance(actual, FunctionLike)
    return actual.type.has_base(formal.type.fullname)


def _result(form: Type, kind: Kind) -> Type | None:
    """Return what is left of `B | Coroutine[Any, Any, B] | ...` for a step of this kind."""
    left = [item for item in flatten_nested_unions([form]) if _kind_of_form(item) is kind]
    return UnionType.make_union(left) if left else None


def _kind_of_form(form: Type) -> Kind:
    proper = get_proper_type(form)
    found = [kind for fullname, kind in DEFERRED.items() if is_a(proper, fullname)]
    return found[0] if found else Kind.PLAIN


def _outputs(formal: Type) -> list[TypeVarType]:
    """Return the variables that stand only for what a step gives.

    Where several arguments meet one parameter, each gets its own, and the result
    is the union: mypy would join `int` and `str` to `object`.
    """
    proper = get_proper_type(formal)
    if not isinstance(proper, CallableType):
        return []
    taken = {variable.id for each in proper.arg_types for variable in get_type_vars(each)}
    given = {variable.id: variable for variable in get_type_vars(proper.ret_type)}
    return [variable for id_, variable in given.items() if id_ not in taken]

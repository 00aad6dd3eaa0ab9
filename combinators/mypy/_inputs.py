"""Steps that share an input: whether any value could be one.

mypy solves `A` for steps that take a `str` and an `int` by the type of no value,
`Never`, and is content. Nobody can run such a fan-out.
"""

# mypy gives the parameters of `copy_modified` a type that pyright cannot follow.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from mypy.checker import TypeChecker
from mypy.nodes import Context
from mypy.type_visitor import TypeTranslator
from mypy.types import (
    AnyType,
    CallableType,
    Instance,
    Type,
    TypeAliasType,
    TypeOfAny,
    TypeVarType,
    UninhabitedType,
    get_proper_type,
)
from typing_extensions import override

from combinators.mypy import _messages
from combinators.mypy._kinds import RUNNABLE, WHEN, taken_by


def with_input(
    checker: TypeChecker,
    overload: CallableType,
    types: Sequence[Type],
    result: Type,
    context: Context,
) -> Type:
    """Return `result`, after reporting steps that share an input which cannot be.

    Where the input is only not known yet, as for passthroughs, it becomes `Any`.
    """
    proper = get_proper_type(result)
    if not isinstance(proper, Instance) or proper.type.fullname not in {RUNNABLE, WHEN}:
        return opened(proper)
    shared = get_proper_type(proper.args[0])
    if not isinstance(shared, UninhabitedType) or shared.ambiguous:
        return opened(proper, every=isinstance(shared, UninhabitedType))
    taken = [
        (_name(overload, i), type_)
        for i, formal in enumerate(overload.arg_types)
        if _takes_variable(formal) and (type_ := taken_by(types[i])) is not None
    ]
    if any(_is_never(type_) for _, type_ in taken):
        return proper  # a step that says so itself
    if len(taken) > 1:
        _messages.no_common_input(checker, taken, context)
    return proper.copy_modified(args=[AnyType(TypeOfAny.from_error), *proper.args[1:]])


def opened(type_: Type, *, every: bool = False) -> Type:
    """Return the type with `Any` for what inference left open, where it says `Never`.

    Args:
        every: where the input is open so is the output, but a union of open types says
            so no more
    """
    return get_proper_type(type_).accept(_Opener(every=every))


@final
class _Opener(TypeTranslator):
    def __init__(self, *, every: bool) -> None:
        super().__init__()
        self.every = every

    @override
    def visit_uninhabited_type(self, t: UninhabitedType) -> Type:
        return AnyType(TypeOfAny.special_form) if self.every or t.ambiguous else t

    @override
    def visit_type_alias_type(self, t: TypeAliasType) -> Type:
        return t.copy_modified(args=[arg.accept(self) for arg in t.args])


def _is_never(type_: Type) -> bool:
    return isinstance(get_proper_type(type_), UninhabitedType)


def _takes_variable(formal: Type) -> bool:
    proper = get_proper_type(formal)
    return (
        isinstance(proper, CallableType)
        and len(proper.arg_types) == 1
        and isinstance(get_proper_type(proper.arg_types[0]), TypeVarType)
    )


def _name(overload: CallableType, index: int) -> str:
    name = overload.arg_names[index]
    return f"step {index + 1}" if name is None else f'"{name}"'

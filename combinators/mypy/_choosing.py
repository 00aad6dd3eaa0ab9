"""Choices: which arms what flows in may take, and what no arm takes."""

from __future__ import annotations

from typing import NamedTuple

from mypy.subtypes import is_subtype
from mypy.typeops import make_simplified_union, try_expanding_sum_type_to_union
from mypy.types import (
    AnyType,
    Instance,
    LiteralType,
    Type,
    TypedDictType,
    UninhabitedType,
    UnionType,
    get_proper_type,
)

from combinators.mypy import _steps as s
from combinators.mypy._records import MAPPINGS, Flow, Row


class Narrowed(NamedTuple):
    """What of a flow a case takes, None for nothing, and what it leaves."""

    taken: Flow | None
    left: Flow


def narrowed(flow: Flow, case: Type) -> Narrowed:
    """Return what the case for a type takes of what flows, and what it leaves."""
    if isinstance(flow, Row):
        return Narrowed(flow, flow)
    taken: list[Type] = []
    left: list[Type] = []
    for item in members(flow):
        if (is_subtype(item, case) and not isinstance(get_proper_type(item), AnyType)) or _is_dict(
            item, case
        ):
            taken.append(item)
        elif is_subtype(case, item):  # a class below: a part of them
            taken.append(case)
            left.append(item)
        else:
            left.append(item)
    return Narrowed(
        make_simplified_union(taken) if taken else None,
        make_simplified_union(left) if left else UninhabitedType(),
    )


def members(type_: Type) -> list[Type]:
    """Return the types of which a value has one: of a union, a bool or an enum several."""
    whole = get_proper_type(try_expanding_sum_type_to_union(get_proper_type(type_), None))
    return list(whole.items) if isinstance(whole, UnionType) else [whole]


def is_never(flow: Flow) -> bool:
    """Return whether nothing is left."""
    return not isinstance(flow, Row) and isinstance(get_proper_type(flow), UninhabitedType)


def is_open_ended(flow: Flow) -> bool:
    """Return whether it is not known what may flow."""
    return isinstance(flow, Row) or isinstance(get_proper_type(flow), AnyType)


def not_routed(how: s.Route, key: Type) -> list[Type]:
    """Return the values under the key, as types, for which there is no arm."""
    return [
        each
        for each in members(key)
        if isinstance(get_proper_type(each), LiteralType)
        and not any(is_subtype(each, name) for name, _ in how.arms)
    ]


def _is_dict(item: Type, case: Type) -> bool:
    """Return whether a mapping known by its keys meets a case for dicts: it is one when run."""
    proper, wanted = get_proper_type(item), get_proper_type(case)
    return (
        isinstance(proper, TypedDictType)
        and isinstance(wanted, Instance)
        and wanted.type.fullname in MAPPINGS
    )


def arm_name(name: Type) -> str:
    """Return what messages call the arm of a route."""
    proper = get_proper_type(name)
    if isinstance(proper, LiteralType):
        return f'"{proper.value}"' if isinstance(proper.value, str) else str(proper.value)
    return str(proper)

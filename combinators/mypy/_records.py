"""Types of mappings by their keys: TypedDicts without a name, and what is done with them.

What a fan-out gives is fresh: nobody else holds it, so its values may be looked at one by one.
Its keys may be set. What a step demands of its input only needs reading.
"""

# mypy gives the parameters of `copy_modified` a type that pyright cannot follow.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, TypeGuard, final

from mypy.checker import TypeChecker
from mypy.maptype import map_instance_to_supertype
from mypy.nodes import TypeInfo
from mypy.typeops import make_simplified_union
from mypy.types import (
    TPDICT_FB_NAMES,
    AnyType,
    Instance,
    LiteralType,
    LiteralValue,
    ProperType,
    TupleType,
    Type,
    TypedDictType,
    TypeOfAny,
    TypeVarType,
    UninhabitedType,
    UnionType,
    get_proper_type,
)

from combinators._keys import normal

ANY = AnyType(TypeOfAny.special_form)
OPEN = "combinators._open"
MAPPINGS = frozenset({"builtins.dict", "typing.Mapping", "typing.MutableMapping"})
# What is one to `each`, though Python has elements of it.
WHOLE = ("builtins.str", "builtins.bytes", "typing.Mapping")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """A mapping of which some is known: values of some keys, and keys that are not there."""

    given: Mapping[str, Type] = field(default_factory=dict[str, Type])
    absent: frozenset[str] = frozenset()

    def plus(self, added: Mapping[str, Type]) -> Row:
        """Return the mapping with these keys set."""
        names = frozenset(map(normal, added))
        return Row({**self._without(names), **added}, self.absent - names)

    def minus(self, removed: Iterable[str]) -> Row:
        """Return the mapping without these keys."""
        names = frozenset(map(normal, removed))
        return Row(self._without(names), self.absent | names)

    def _without(self, names: frozenset[str]) -> dict[str, Type]:
        return {key: each for key, each in self.given.items() if normal(key) not in names}


Flow: TypeAlias = Type | Row


def instance_of(
    checker: TypeChecker, module: str, name: str, arguments: Sequence[Type] = ()
) -> Type:
    """Return an instance of a class by its module and name, `Any` where it is not loaded."""
    symbol = checker.modules[module].names.get(name) if module in checker.modules else None
    if symbol is None or not isinstance(symbol.node, TypeInfo):
        return ANY
    return Instance(symbol.node, list(arguments))


def lost(checker: TypeChecker) -> Type:
    """Return the type of what comes after a mistake: it fits wherever it is used.

    So does `Any`, which strict modes complain of.
    """
    return instance_of(checker, OPEN, "Unknown")


# The same inside another type, where a class would have to be exactly the one that is wanted.
_LOST_INSIDE = UnionType([ANY, UninhabitedType()])


def is_lost(type_: Type) -> bool:
    """Return whether a mistake has hidden what the type is."""
    proper = get_proper_type(type_)
    if isinstance(proper, UnionType):
        kinds = {type(get_proper_type(each)) for each in proper.items}
        return kinds == {AnyType, UninhabitedType}
    return isinstance(proper, Instance) and proper.type.fullname == f"{OPEN}.Unknown"


def inside(type_: Type) -> Type:
    """Return a type as a part of another one."""
    proper = get_proper_type(type_)
    if is_lost(proper):
        return _LOST_INSIDE
    if is_nameless(proper):
        return proper.copy_modified(item_types=[*map(inside, proper.items.values())])
    if isinstance(proper, TupleType):
        return proper.copy_modified(items=[*map(inside, proper.items)])
    if isinstance(proper, UnionType):
        return UnionType([*map(inside, proper.items)])
    return type_


def whole(checker: TypeChecker, type_: Type) -> Type:
    """Return a type as one that is a part of no other."""
    return lost(checker) if is_lost(type_) else inside(type_)


def union_of(types: Sequence[Type]) -> Type:
    """Return the type of values that have one of these types, hidden if one of them is."""
    hidden = next(filter(is_lost, types), None)
    return make_simplified_union(types) if hidden is None else hidden


def literal(checker: TypeChecker, value: LiteralValue) -> Type:
    """Return the type that only this value has."""
    return LiteralType(value, checker.named_type(f"builtins.{type(value).__name__}"))


def fresh(checker: TypeChecker, items: Mapping[str, Type]) -> TypedDictType:
    """Return the type of a new mapping with these values."""
    return TypedDictType(_in_order(items), set(items), set(), _nameless(checker))


def demand(checker: TypeChecker, items: Mapping[str, Type]) -> TypedDictType:
    """Return the type of any mapping that has these values."""
    return TypedDictType(_in_order(items), set(items), set(items), _nameless(checker))


def _in_order(items: Mapping[str, Type]) -> dict[str, Type]:
    # mypy's cache sorts keys: a message is the same whether a type comes from there or not.
    return dict(sorted(items.items()))


def _nameless(checker: TypeChecker) -> Instance:
    return checker.named_type("typing._TypedDict")


def is_nameless(type_: ProperType) -> TypeGuard[TypedDictType]:
    """Return whether the type is a TypedDict of ours."""
    return isinstance(type_, TypedDictType) and type_.fallback.type.fullname in TPDICT_FB_NAMES


def is_fresh(type_: ProperType) -> TypeGuard[TypedDictType]:
    """Return whether the type is that of a mapping which a step has just made."""
    return is_nameless(type_) and not type_.readonly_keys


def is_demand(type_: ProperType) -> TypeGuard[TypedDictType]:
    """Return whether the type is what a step demands of its input."""
    return is_nameless(type_) and bool(type_.readonly_keys)


def spelt(keys: Iterable[str], key: str) -> str | None:
    """Return the key as it is written among `keys`, None where it is not there."""
    wanted = normal(key)
    return next((each for each in keys if each == key or normal(each) == wanted), None)


def known_keys(type_: Flow) -> Mapping[str, Type] | None:
    """Return the keys of a mapping, None where they are not known or it is none."""
    if isinstance(type_, Row):
        return type_.given
    proper = get_proper_type(type_)
    return proper.items if isinstance(proper, TypedDictType) else None


def values_of(type_: ProperType) -> Type | None:
    """Return the type of a mapping's values if its keys may be any string."""
    if not isinstance(type_, Instance) or not type_.type.has_base("typing.Mapping"):
        return None
    info = next(info for info in type_.type.mro if info.fullname == "typing.Mapping")
    return map_instance_to_supertype(type_, info).args[1]


def element_of(type_: Type) -> Type | None:
    """Return the type of a collection's elements, None where the type is no collection."""
    proper = get_proper_type(type_)
    if isinstance(proper, AnyType):
        return ANY
    if isinstance(proper, TypeVarType):
        return element_of(proper.upper_bound)
    if isinstance(proper, TypedDictType):
        proper = proper.fallback
    fallback = getattr(proper, "partial_fallback", proper)
    if not isinstance(fallback, Instance):
        return None
    if (items := getattr(proper, "items", None)) is not None:
        return make_simplified_union(list(items)) if items else ANY
    for info in fallback.type.mro:
        if info.fullname in {"typing.Collection", "typing.Iterable"}:
            return map_instance_to_supertype(fallback, info).args[0]
    return None


def is_one(type_: Type) -> bool:
    """Return whether a value is one to `each`, though Python has elements of it."""
    proper = get_proper_type(type_)
    if isinstance(proper, Instance):
        return any(proper.type.has_base(name) for name in WHOLE)
    return isinstance(proper, TypedDictType)


def dict_of(checker: TypeChecker, values: Type) -> Instance:
    """Return the type of a dict with any keys."""
    return checker.named_generic_type("builtins.dict", [checker.str_type(), values])


def tuple_of(checker: TypeChecker, items: Sequence[Type]) -> TupleType:
    """Return the type of a tuple of these items."""
    return TupleType(list(items), checker.named_generic_type("builtins.tuple", [ANY]))


def is_absent(row: Row, key: str) -> bool:
    """Return whether a key is certainly not there."""
    return spelt(row.absent, key) is not None


def as_dict(checker: TypeChecker, type_: TypedDictType) -> Instance:
    """Return the type that a mapping has where its keys do not matter."""
    values = make_simplified_union(list(type_.items.values())) if type_.items else ANY
    return dict_of(checker, values)

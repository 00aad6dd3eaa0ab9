"""Whether what flows fits what a step takes, and if not, why.

mypy's own rules decide, but for mappings that a step has just made: nobody else can
write into those, so each value is compared by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, final

from mypy.checker import TypeChecker
from mypy.maptype import map_instance_to_supertype
from mypy.subtypes import is_subtype
from mypy.typeops import make_simplified_union, tuple_fallback
from mypy.types import (
    AnyType,
    Instance,
    ProperType,
    TupleType,
    Type,
    TypedDictType,
    UninhabitedType,
    UnionType,
    get_proper_type,
)

from combinators.mypy._functions import is_unsure
from combinators.mypy._records import (
    ANY,
    MAPPINGS,
    Flow,
    Row,
    demand,
    dict_of,
    element_of,
    fresh,
    is_absent,
    is_demand,
    is_fresh,
    is_nameless,
    known_keys,
    spelt,
    values_of,
)

# Where in a value something is: under a key, or, for None, in each element.
Path: TypeAlias = "tuple[str | None, ...]"


@final
@dataclass(frozen=True, slots=True, eq=False)
class Missing:
    """A key that is needed and not there, or not always there."""

    key: str
    offered: tuple[str, ...]
    removed: bool = False
    path: Path = ()


@final
@dataclass(frozen=True, slots=True, eq=False)
class Wrong:
    """A value of another type than is wanted: the whole, or what is under a path of keys."""

    given: Type
    wanted: Type
    path: Path = ()


Misfit: TypeAlias = Missing | Wrong


def misfit(checker: TypeChecker, given: Flow, wanted: Type) -> Misfit | None:
    """Return why what is given does not fit what is wanted, None where it does."""
    if isinstance(given, Row):
        return _of_row(checker, given, get_proper_type(wanted))
    source, target = get_proper_type(given), get_proper_type(wanted)
    if is_subtype(source, target):
        return None
    if readings := is_unsure(source):
        found = [misfit(checker, each, wanted) for each in readings]
        return found[-1] if all(found) else None
    if isinstance(source, UnionType):
        wrong = [each for item in source.items if (each := misfit(checker, item, target))]
        if wrong and not all(map(names_key, wrong)):
            return Wrong(source, target)
        return wrong[0] if wrong else None
    if isinstance(target, UnionType):
        return _of_union(checker, source, target)
    if isinstance(target, TypedDictType):
        return _of_record(checker, source, target)
    if is_fresh(source) and isinstance(target, Instance):
        return _of_fresh(checker, source, target)
    if _holds_fresh(checker, source, target):
        return None
    return _in_elements(checker, source, target) or Wrong(source, target)


def names_key(found: Misfit) -> bool:
    """Return whether what does not fit is at a key."""
    return isinstance(found, Missing) or bool(found.path)


def _in_elements(checker: TypeChecker, source: ProperType, target: ProperType) -> Misfit | None:
    """Return which key the elements of a collection lack, or hold a wrong value under."""
    given, wanted = element_of(source), element_of(target)
    if given is None or wanted is None or isinstance(source, TupleType):
        return None
    if not isinstance(get_proper_type(wanted), TypedDictType) or known_keys(given) is None:
        return None
    found = misfit(checker, given, wanted)
    return None if found is None else replace(found, path=(None, *found.path))


def _of_union(checker: TypeChecker, source: ProperType, target: UnionType) -> Misfit | None:
    found = [misfit(checker, source, item) for item in target.items]
    if not all(found):
        return None
    by_key = [each for each in found if each and names_key(each)]
    return by_key[0] if len(by_key) == 1 else Wrong(source, target)


def _of_row(checker: TypeChecker, row: Row, target: ProperType) -> Misfit | None:
    if isinstance(target, TypedDictType):
        for key in target.items:
            if is_absent(row, key) and key in target.required_keys:
                return Missing(key, tuple(row.given), removed=True)
            found = _under(checker, row.given, key, target.items[key])
            if found is not None:
                return found
        return None
    if isinstance(target, UnionType):
        found_all = [_of_row(checker, row, get_proper_type(item)) for item in target.items]
        return found_all[0] if all(found_all) else None
    return misfit(checker, fresh(checker, row.given), target)


def _under(
    checker: TypeChecker, given: Mapping[str, Type], key: str, wanted: Type
) -> Misfit | None:
    as_written = spelt(given, key)
    if as_written is None:
        return None
    found = misfit(checker, given[as_written], wanted)
    return None if found is None else replace(found, path=(key, *found.path))


def _of_record(checker: TypeChecker, source: ProperType, target: TypedDictType) -> Misfit | None:
    if isinstance(source, TypedDictType):
        for key, wanted in target.items.items():
            if spelt(source.items, key) is None and key in target.required_keys:
                return Missing(key, tuple(source.items))
            found = _under(checker, source.items, key, wanted)
            if found is not None:
                return found
        fits = is_nameless(source) or is_demand(target)
        return None if fits else _first_difference(source, target)
    if (values := values_of(source)) is None:
        return Wrong(source, target)
    proper = get_proper_type(values)
    if isinstance(proper, Instance) and proper.type.fullname == "builtins.object":
        return None  # which values are under which keys is not known
    for key, wanted in target.items.items():
        if (found := misfit(checker, values, wanted)) is not None:
            return replace(found, path=(key, *found.path))
    return None


def _first_difference(source: TypedDictType, target: TypedDictType) -> Misfit:
    for key, wanted in target.items.items():
        as_written = spelt(source.items, key)
        if key in target.required_keys and as_written not in source.required_keys:
            return Missing(key, tuple(source.items))
        if as_written is not None and not is_subtype(wanted, source.items[as_written]):
            return Wrong(source.items[as_written], wanted, (key,))
    return Wrong(source, target)


def _of_fresh(checker: TypeChecker, source: TypedDictType, target: Instance) -> Misfit | None:
    if target.type.fullname not in MAPPINGS:
        as_dict = dict_of(checker, checker.named_type("builtins.object"))
        return None if is_subtype(as_dict, target) else Wrong(source, target)
    key_type, value_type = target.args
    if not is_subtype(checker.str_type(), key_type):
        return Wrong(source, target)
    for key, value in source.items.items():
        if (found := misfit(checker, value, value_type)) is not None:
            return replace(found, path=(key, *found.path))
    return None


def _holds_fresh(checker: TypeChecker, source: ProperType, target: ProperType) -> bool:
    """Return whether a container of fresh mappings fits: it is as fresh as they are."""
    if isinstance(source, TupleType) and isinstance(target, TupleType):
        return len(source.items) == len(target.items) and not any(
            misfit(checker, each, wanted)
            for each, wanted in zip(source.items, target.items, strict=True)
        )
    if isinstance(source, TupleType) and isinstance(target, Instance):
        source = tuple_fallback(source)
    if not isinstance(source, Instance) or not isinstance(target, Instance):
        return False
    if not source.type.has_base(target.type.fullname) or not target.args:
        return False
    mapped = map_instance_to_supertype(source, target.type)
    return (
        any(is_subtype(a, b) or _is_made(a) for a, b in zip(mapped.args, target.args, strict=True))
        and not any(
            misfit(checker, each, wanted)
            for each, wanted in zip(mapped.args, target.args, strict=True)
        )
        and all(
            _is_made(a) or is_subtype(a, b) for a, b in zip(mapped.args, target.args, strict=True)
        )
    )


def _is_made(type_: Type) -> bool:
    proper = get_proper_type(type_)
    if isinstance(proper, Instance | TupleType):
        inside = proper.items if isinstance(proper, TupleType) else proper.args
        return any(map(_is_made, inside))
    return is_fresh(proper)


# -- the input that several steps share --------------------------------------------------


def common(checker: TypeChecker, types: Sequence[Type]) -> Type | None:
    """Return the type of the inputs that all of these types have in common, None for none."""
    if not types:
        return checker.named_type("builtins.object")
    found: Type | None = types[0]
    for type_ in types[1:]:
        found = None if found is None else _both(checker, found, type_)
    return found


def _both(checker: TypeChecker, left: Type, right: Type) -> Type | None:
    one, other = get_proper_type(left), get_proper_type(right)
    if isinstance(one, AnyType) or isinstance(other, AnyType):
        return right if isinstance(one, AnyType) else left
    if is_subtype(one, other):
        return left
    if is_subtype(other, one):
        return right
    if isinstance(one, UnionType) or isinstance(other, UnionType):
        items = [
            both
            for a in (one.items if isinstance(one, UnionType) else [one])
            for b in (other.items if isinstance(other, UnionType) else [other])
            if (both := _both(checker, a, b)) is not None
        ]
        return make_simplified_union(items) if items else None
    if isinstance(one, TypedDictType) and isinstance(other, TypedDictType):
        return _merged(checker, one, other)
    if isinstance(one, TypedDictType) or isinstance(other, TypedDictType):
        record, rest = (one, other) if isinstance(one, TypedDictType) else (other, one)
        if isinstance(record, TypedDictType) and (values := values_of(rest)) is not None:
            # A mapping made anew may be both, which no type says.
            meets = [_both(checker, values, each) for each in record.items.values()]
            return None if None in meets else ANY
        return None if misfit(checker, rest, record) else rest
    if isinstance(one, UninhabitedType) or isinstance(other, UninhabitedType):
        return left if isinstance(one, UninhabitedType) else right
    return _of_instances(checker, one, other)


def _merged(checker: TypeChecker, one: TypedDictType, other: TypedDictType) -> Type | None:
    items: dict[str, Type] = dict(one.items)
    for key, wanted in other.items.items():
        as_written = spelt(items, key)
        if as_written is None:
            items[key] = wanted
            continue
        both = _both(checker, items[as_written], wanted)
        if both is None:
            return None
        items[as_written] = both
    return demand(checker, items).copy_modified(
        required_keys=set(items) & (one.required_keys | other.required_keys)
    )


def _of_instances(checker: TypeChecker, one: ProperType, other: ProperType) -> Type | None:
    """Return `Any` where a value may be both and no type says so, None where none can."""
    if not isinstance(one, Instance) or not isinstance(other, Instance):
        return None
    if one.type.is_protocol and other.type.is_protocol:  # a class may be both
        return ANY
    if not one.type.has_base(other.type.fullname) and not other.type.has_base(one.type.fullname):
        return None
    elements = element_of(one), element_of(other)  # made anew, they may be both
    known = [each for each in elements if each is not None]
    return ANY if len(known) == len(elements) and common(checker, known) is not None else None


def odd_key(checker: TypeChecker, types: Sequence[Type]) -> str | None:
    """Return the first key under which mappings want values that no value could be."""
    records = [each for each in map(_record_of, types) if each is not None]
    if len(records) < len(types):
        return None
    keys = dict.fromkeys(key for record in records for key in record.items)
    for key in keys:
        wanted = [record.items[key] for record in records if key in record.items]
        if common(checker, wanted) is None:
            return key
    return None


def under(type_: Type, key: str) -> Type:
    """Return the type of the value under a key that is there."""
    record = _record_of(type_)
    return type_ if record is None else record.items[key]


def _record_of(type_: Type) -> TypedDictType | None:
    """Return the only mapping with known keys that a value may be, None where it is another."""
    proper = get_proper_type(type_)
    items = map(get_proper_type, proper.items if isinstance(proper, UnionType) else [proper])
    records = [each for each in items if isinstance(each, TypedDictType)]
    return records[0] if len(records) == 1 else None

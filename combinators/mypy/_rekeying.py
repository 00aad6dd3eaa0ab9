"""Mappings through the steps that read, add or take away keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, final

from mypy.types import (
    AnyType,
    Type,
    TypedDictType,
    TypeVarType,
    UninhabitedType,
    UnionType,
    get_proper_type,
)

from combinators.mypy import _steps as s
from combinators.mypy._asking import result_of_item
from combinators.mypy._fitting import Missing
from combinators.mypy._functions import is_unsure
from combinators.mypy._joint import Joint, type_of_flow
from combinators.mypy._records import (
    ANY,
    Flow,
    Row,
    dict_of,
    fresh,
    is_absent,
    lost,
    spelt,
    union_of,
    values_of,
)

Mapped: TypeAlias = s.Pick | s.Index | s.Select | s.Omit | s.Rename | s.Assign
Computed: TypeAlias = Callable[[Mapping[str, s.Step]], Mapping[str, Type]]


def rekeyed(joint: Joint, how: Mapped, computed: Computed) -> Flow:
    """Return what a step makes of a mapping, after adding which keys are wrong.

    Args:
        computed: gives the types of values that branches compute
    """
    flow = joint.flowing.type
    if isinstance(flow, Row):
        return _Rekeyed(joint, flow, computed).by(how)
    proper = get_proper_type(flow)
    if isinstance(proper, TypeVarType):
        return rekeyed(joint.at(joint.place, proper.upper_bound), how, computed)
    if isinstance(proper, AnyType) or is_unsure(proper):
        return _Rekeyed(joint, Row(), computed).by(how)
    if isinstance(proper, UnionType):
        each = [rekeyed(joint.at(joint.place, item), how, computed) for item in proper.items]
        return union_of([type_of_flow(item) for item in each])
    if isinstance(how, s.Index):
        return _item(joint, how)
    if isinstance(proper, TypedDictType):
        return _Rekeyed(joint, proper, computed).by(how)
    values = values_of(proper)
    if values is None:
        if not isinstance(proper, UninhabitedType):
            joint.mistakes.no_mapping(joint.place, joint.source, _read_by(how), proper)
        return lost(joint.checker)
    return _of_values(joint, how, values, computed)


def _of_values(
    joint: Joint,
    how: s.Pick | s.Select | s.Omit | s.Rename | s.Assign,
    values: Type,
    computed: Computed,
) -> Type:
    """Return what becomes of a mapping whose keys are not known."""
    match how:
        case s.Pick():
            return values
        case s.Select(keys):
            return fresh(joint.checker, dict.fromkeys(keys, values))
        case s.Assign(branches):
            computed(branches)
            return dict_of(joint.checker, ANY)
        case _:
            return dict_of(joint.checker, values)


def _item(joint: Joint, how: s.Index) -> Type:
    found = result_of_item(joint.checker, joint.given, how.key, joint.place.at)
    if found is None:
        joint.mistakes.no_item(joint.place, joint.source, how.key, joint.given)
    return found or lost(joint.checker)


@final
@dataclass(frozen=True, slots=True, eq=False)
class _Rekeyed:
    """A mapping of which some keys are known, at a joint."""

    joint: Joint
    mapping: Row | TypedDictType
    computed: Computed

    def by(self, how: Mapped) -> Flow:
        """Return what a step makes of the mapping, as far as nothing is wrong with it."""
        found = self.joint.mistakes.found
        before = len(found)
        flow = self.rekeyed(how)
        return flow if len(found) == before else lost(self.joint.checker)

    def rekeyed(self, how: Mapped) -> Flow:
        match how:
            case s.Index():
                return ANY
            case s.Pick(key):
                return self.value(key)
            case s.Select(keys):
                return fresh(self.joint.checker, {key: self.value(key) for key in keys})
            case s.Omit(keys):
                for key in keys:
                    self.value(key)
                return _without(self.joint, self.mapping, keys)
            case s.Rename(olds):
                return self.renamed(olds)
            case s.Assign(branches, update):
                for key in branches:
                    if update:
                        self.value(key)
                    else:
                        fix = f"choose another key, or replace its value with update({key}=...)"
                        self.free(self.mapping, key, fix)
                return _with(self.joint, self.mapping, self.computed(branches))

    def value(self, key: str) -> Type:
        """Return the type of the value under a key, after adding that it is missing."""
        items = _items(self.mapping)
        as_written = spelt(items, key)
        if as_written is not None:
            return items[as_written]
        removed = isinstance(self.mapping, Row)
        if not isinstance(self.mapping, Row) or is_absent(self.mapping, key):
            missing = Missing(key, tuple(items), removed)
            self.joint.mistakes.missing(self.joint.place, self.joint.source, missing)
        return ANY

    def free(self, mapping: Row | TypedDictType, key: str, fix: str) -> None:
        """Add that a key is there already, if it certainly is."""
        as_written = spelt(_items(mapping), key)
        if as_written is not None and (
            isinstance(mapping, Row) or as_written in mapping.required_keys
        ):
            self.joint.mistakes.twice(self.joint.place, self.joint.source, key, fix)

    def renamed(self, olds: Mapping[str, str]) -> Flow:
        values = {new: self.value(old) for new, old in olds.items()}
        staying = _without(self.joint, self.mapping, olds.values())
        for new in olds:
            fix = f'choose another name, or drop the old value with omit("{new}") first'
            self.free(staying, new, fix)
        return _with(self.joint, staying, values)


def _items(mapping: Row | TypedDictType) -> Mapping[str, Type]:
    return mapping.given if isinstance(mapping, Row) else mapping.items


def _with(
    joint: Joint, mapping: Row | TypedDictType, added: Mapping[str, Type]
) -> Row | TypedDictType:
    if isinstance(mapping, Row):
        return mapping.plus(added)
    kept = Row(mapping.items).minus(added).given
    replaced = {spelt(mapping.items, key): type_ for key, type_ in added.items()}
    items = {key: kept[key] if key in kept else replaced[key] for key in mapping.items}
    new = {key: type_ for key, type_ in added.items() if spelt(mapping.items, key) is None}
    return _as_before(joint, mapping, {**items, **new}, kept)


def _without(
    joint: Joint, mapping: Row | TypedDictType, keys: Iterable[str]
) -> Row | TypedDictType:
    if isinstance(mapping, Row):
        return mapping.minus(keys)
    left = Row(mapping.items).minus(keys).given
    return _as_before(joint, mapping, left, left)


def _as_before(
    joint: Joint, mapping: TypedDictType, items: Mapping[str, Type], kept: Iterable[str]
) -> TypedDictType:
    """Return a fresh mapping, in which a kept key that might be missing still might be."""
    unsure = set(kept) - mapping.required_keys
    return fresh(joint.checker, items).copy_modified(required_keys=set(items) - unsure)


def _read_by(how: Mapped) -> tuple[str, ...]:
    match how:
        case s.Pick(key):
            return (key,)
        case s.Select(keys) | s.Omit(keys):
            return keys
        case s.Rename(olds):
            return tuple(olds.values())
        case s.Assign(branches, True):
            return tuple(branches)
        case _:
            return ()

"""Types as plain data, and what fits what: small, and by other rules than the plugin's code.

Classes are told apart by name and have nothing to do with one another, but for those in
`BASES`, so that a wrong twin is wrong beyond doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias, final

BASES: Final = {"UserId": "int", "Admin": "User"}

RowStyle: TypeAlias = Literal["dataclass", "NamedTuple"]
MapStyle: TypeAlias = Literal["Mapping", "dict"]

# Types of which no value is a value of another one.
UNRELATED: Final = ("str", "int", "bytes", "Doc", "User", "Money", "Place")


@final
@dataclass(frozen=True, slots=True)
class Atom:
    """A class by its name; also `object`, `None` and `Sized`."""

    name: str


@final
@dataclass(frozen=True, slots=True)
class ListOf:
    item: Shape


@final
@dataclass(frozen=True, slots=True)
class TupleOf:
    items: tuple[Shape, ...]


@final
@dataclass(frozen=True, slots=True)
class Union:
    """One of several shapes, none of which is a union or fits another."""

    members: tuple[Shape, ...]


@final
@dataclass(frozen=True, slots=True)
class Lit:
    """`Literal[...]` of strings."""

    values: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True)
class Record:
    """A mapping with known keys: a TypedDict, with a name or without.

    One that a fan-out has just made is `fresh`: nobody else holds it.
    """

    fields: Mapping[str, Shape] = field(hash=False)
    fresh: bool = field(default=False, compare=False)
    optional: frozenset[str] = frozenset()
    read_only: frozenset[str] = field(default=frozenset(), compare=False)


@final
@dataclass(frozen=True, slots=True)
class Row:
    """A dataclass or a NamedTuple."""

    style: RowStyle
    fields: Mapping[str, Shape] = field(hash=False)


@final
@dataclass(frozen=True, slots=True)
class MapOf:
    """`Mapping[str, V]` or `dict[str, V]`: as what a step takes only."""

    style: MapStyle
    value: Shape


@final
@dataclass(frozen=True, slots=True)
class Outcome:
    """`Result[V, Exception]`."""

    value: Shape


@final
@dataclass(frozen=True, slots=True)
class Var:
    """What is not known yet: the input of a pipeline, or what is found on a way into it."""

    path: tuple[str, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class Unknown:
    """What comes out of a step with a mistake: it fits everything."""


Shape: TypeAlias = (
    Atom | ListOf | TupleOf | Union | Lit | Record | Row | MapOf | Outcome | Var | Unknown
)

OBJECT: Final = Atom("object")
NONE: Final = Atom("None")
SIZED: Final = Atom("Sized")
STR: Final = Atom("str")
INT: Final = Atom("int")
BYTES: Final = Atom("bytes")
ELEMENT: Final = "*"  # on a way into an input: any element of a list


def union(shapes: Iterable[Shape]) -> Shape:
    """Return the shape of a value that has one of these."""
    members: list[Shape] = []
    for shape in shapes:
        for member in members_of(shape):
            if member == Unknown():
                return member
            if not any(fits(member, other) for other in members):
                members = [other for other in members if not fits(other, member)]
                members.append(member)
    return members[0] if len(members) == 1 else Union(tuple(members))


def written(shape: Shape) -> Shape:
    """Return the shape of the one value that is written where a shape is wanted."""
    match shape:
        case Union(members):
            return written(members[0])
        case Lit(values):
            return Lit(values[:1])
        case _:
            return mapped(shape, written)


def parts_of(shape: Shape) -> tuple[Shape, ...]:
    """Return the shapes that a `branch` can tell apart, down to single literals."""
    return tuple(
        part
        for member in members_of(shape)
        for part in (map(Lit, zip(member.values)) if isinstance(member, Lit) else (member,))
    )


def members_of(shape: Shape) -> tuple[Shape, ...]:
    return shape.members if isinstance(shape, Union) else (shape,)


def fits(given: Shape, taken: Shape) -> bool:
    """Return whether a value of one shape may be handed to what takes the other."""
    match given, taken:
        case (Unknown(), _) | (_, Unknown()) | (_, Atom("object")):
            return True
        case Union(members), _:
            return all(fits(member, taken) for member in members)
        case Lit(values), Union() if len(values) > 1:
            return all(fits(Lit((value,)), taken) for value in values)
        case _, Union(members):
            return any(fits(given, member) for member in members)
        case Atom(name), Atom(wanted):
            return wanted in _with_bases(name) or (wanted == "Sized" and name in {"str", "bytes"})
        case (ListOf() | TupleOf() | Record(), Atom("Sized")):
            return True
        case Lit(values), Lit(others):
            return set(values) <= set(others)
        case Lit(), Atom(wanted):
            return wanted in {"str", "Sized"}
        case Record(), Record():
            return not wrong_keys(given, taken)
        case Record(fields), MapOf(style, value):
            if not given.fresh:
                return style == "Mapping" and value == OBJECT
            return all(fits(each, value) for each in fields.values())
        case ListOf(item), ListOf(other):
            return item == other or Unknown() in {item, other}
        case TupleOf(items), TupleOf(others) if len(items) == len(others):
            return all(map(fits, items, others))
        case Outcome(value), Outcome(other):
            return fits(value, other)
        case _:
            return given == taken


def wrong_keys(given: Record, taken: Record) -> list[str]:
    """Return the keys at which one mapping is not what the other has to be."""
    return [key for key in taken.fields if not _key_fits(given, taken, key)]


def _key_fits(given: Record, taken: Record, key: str) -> bool:
    there = given.fields.get(key)
    if there is None:
        # A fresh dict without the key really is without it; another may be more than it says.
        return key in taken.optional and given.fresh
    if given.fresh or key in taken.read_only:
        return fits(there, taken.fields[key])
    same = there == taken.fields[key] or Unknown() in {there, taken.fields[key]}
    return same and (key in given.optional) == (key in taken.optional)


def _with_bases(name: str) -> set[str]:
    return {name, *(_with_bases(BASES[name]) if name in BASES else ())}


def mapped(shape: Shape, change: Callable[[Shape], Shape]) -> Shape:
    """Return a shape with the shapes inside it changed."""
    match shape:
        case ListOf(item):
            return ListOf(change(item))
        case TupleOf(items):
            return TupleOf(tuple(map(change, items)))
        case Union(members):
            return union(map(change, members))
        case Outcome(value):
            return Outcome(change(value))
        case Record(fields):
            return replace(shape, fields={key: change(each) for key, each in fields.items()})
        case _:
            return shape


def is_known(shape: Shape) -> bool:
    """Return whether nothing in a shape is left open."""
    found: list[bool] = [not isinstance(shape, Var | Unknown)]

    def look(inner: Shape) -> Shape:
        found.append(is_known(inner))
        return inner

    mapped(shape, look)
    return all(found)


def shared(shape: Shape) -> Shape:
    """Return a shape as one of several holders sees it."""
    return replace(shape, fresh=False) if isinstance(shape, Record) else shape


def disjoint(one: Shape, other: Shape) -> bool:
    """Return whether no value has both shapes, as far as these shapes go."""
    pairs = [(a, b) for a in members_of(one) for b in members_of(other)]
    return not any(fits(a, b) or fits(b, a) for a, b in pairs)


def words(shape: Shape) -> tuple[str, ...]:
    """Return what a message that speaks of the shape has to name."""
    match shape:
        case Atom(name):
            return (name,)
        case ListOf(item):
            return words(item)
        case Union(members):
            return tuple(word for member in members for word in words(member))
        case TupleOf():
            return ("tuple",)
        case Outcome():
            return ("Result",)
        case _:
            return ()

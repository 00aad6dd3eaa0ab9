"""Work for schedules: trees of steps that take virtual time, and what they come to.

A tree says what is to be done and nothing of how. So any system can be asked to do it,
and what it has to come to can be read off it: its value, its time, who may begin.

A step is known by its place, the positions that lead to it from the root.
"""

from __future__ import annotations

from collections.abc import Iterator, Set as AbstractSet
from dataclasses import dataclass, fields
from typing import Any, TypeAlias, TypeGuard, assert_never, final

from typing_extensions import override

Place: TypeAlias = "tuple[int, ...]"

LONG = 4


@final
class StepError(Exception):
    """What a step raises that is to fail; its argument is the place of the step."""


def written(value: Any) -> str:
    """Return the expression that builds a dataclass, without what is as it is by default.

    >>> written(Leaf(2.0)), written(Leaf(raises=StepError))
    ('Leaf(seconds=2.0)', 'Leaf(raises=StepError)')

    What is the same many times is written once, as in `(0.0,) * 20`.
    """
    given = {
        field.name: part
        for field in fields(value)
        if (part := getattr(value, field.name)) != field.default
    }
    parts = [f"{name}={_part(part)}" for name, part in given.items()]
    return f"{type(value).__name__}({', '.join(parts)})"


def _part(part: object) -> str:
    if _is_tuple(part) and len(part) > LONG and len({*part}) == 1:
        return f"{part[:1]!r} * {len(part)}"
    return getattr(part, "__name__", repr(part))


def _is_tuple(part: object) -> TypeGuard[tuple[object, ...]]:
    return isinstance(part, tuple)


@final
@dataclass(frozen=True, slots=True, repr=False)
class Leaf:
    """A step that takes some time, and gives its place and its input, or raises.

    Args:
        seconds: of virtual time
        raises: what it ends in, with its place as the argument
        aio: whether it is async, or else blocks a thread
        cleanup_seconds: what it takes, if it is async, to end when it is cancelled
    """

    seconds: float = 0.0
    raises: type[BaseException] | None = None
    aio: bool = False
    cleanup_seconds: float = 0.0

    @override
    def __repr__(self) -> str:
        return written(self)


@final
@dataclass(frozen=True, slots=True, init=False, repr=False)
class InTurn:
    """Work done one after the other, each given what the one before it gave."""

    parts: tuple[Work, ...]

    def __init__(self, *parts: Work) -> None:
        object.__setattr__(self, "parts", parts)

    @override
    def __repr__(self) -> str:
        return f"InTurn({', '.join(map(repr, self.parts))})"


@final
@dataclass(frozen=True, slots=True, init=False, repr=False)
class AtOnce:
    """Work done at the same time, all of it given the same."""

    parts: tuple[Work, ...]

    def __init__(self, *parts: Work) -> None:
        object.__setattr__(self, "parts", parts)

    @override
    def __repr__(self) -> str:
        return f"AtOnce({', '.join(map(repr, self.parts))})"


Work: TypeAlias = Leaf | InTurn | AtOnce


def places(work: Work, at: Place = ()) -> Iterator[Place]:
    """Yield the places of all steps."""
    if isinstance(work, Leaf):
        yield at
    else:
        for position, part in enumerate(work.parts):
            yield from places(part, (*at, position))


def value_of(work: Work, given: object = (), at: Place = ()) -> object:
    """Return what the work gives, if nothing fails."""
    match work:
        case Leaf():
            return at, given
        case InTurn(parts):
            for position, part in enumerate(parts):
                given = value_of(part, given, (*at, position))
            return given
        case AtOnce(parts):
            return tuple(value_of(part, given, (*at, i)) for i, part in enumerate(parts))
        case _:
            assert_never(work)


def seconds_of(work: Work) -> float:
    """Return how long the work takes, if nothing fails and nobody is short of anything.

    >>> seconds_of(AtOnce(Leaf(2.0), InTurn(Leaf(1.0), Leaf(3.0))))
    4.0
    """
    match work:
        case Leaf(seconds):
            return seconds
        case InTurn(parts):
            return sum(map(seconds_of, parts))
        case AtOnce(parts):
            return max(map(seconds_of, parts))
        case _:
            assert_never(work)


def first_places(work: Work, at: Place = ()) -> set[Place]:
    """Return the places of the steps that the work begins with."""
    match work:
        case Leaf():
            return {at}
        case InTurn(parts):
            return first_places(parts[0], (*at, 0))
        case AtOnce(parts):
            return set[Place]().union(*(first_places(p, (*at, i)) for i, p in enumerate(parts)))
        case _:
            assert_never(work)


def may_begin(
    work: Work, begun: AbstractSet[Place], ended: AbstractSet[Place], at: Place = ()
) -> set[Place]:
    """Return the places of the steps that have not begun, and that no other one holds up."""
    match work:
        case Leaf():
            return {at} - begun
        case InTurn(parts):
            for position, part in enumerate(parts):
                if not ended >= {*places(part, (*at, position))}:
                    return may_begin(part, begun, ended, (*at, position))
            return set()
        case AtOnce(parts):
            each = (may_begin(part, begun, ended, (*at, i)) for i, part in enumerate(parts))
            return set[Place]().union(*each)
        case _:
            assert_never(work)


def keys_of(work: Work, place: Place) -> Place:
    """Return the positions of the branches around a step, which a fan-out's error has as keys."""
    return tuple(position for around, _, position in _around(work, place) if _forks(around))


def rivals(work: Work, place: Place) -> set[Place]:
    """Return the first steps of the other branches of the fan-out that is next around a step."""
    found: set[Place] = set()
    for around, at, position in _around(work, place):
        if _forks(around):
            beside = [i for i in range(len(around.parts)) if i != position]
            found = set[Place]().union(*(first_places(around.parts[i], (*at, i)) for i in beside))
    return found


def _around(work: Work, place: Place) -> Iterator[tuple[InTurn | AtOnce, Place, int]]:
    for depth, position in enumerate(place):
        if isinstance(work, Leaf):
            return
        yield work, place[:depth], position
        work = work.parts[position]


def _forks(work: Work) -> bool:
    return isinstance(work, AtOnce)

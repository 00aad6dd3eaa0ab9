"""What is known of a value that flows between two steps: which keys it has."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TypeAlias, final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@final
@dataclass(frozen=True, slots=True)
class Keys:
    """A mapping, or something that may be one, by what is known of its keys.

    `given` keys are there for sure, with what is known of their values. Of the
    others, `maybe` may be there. An `open` mapping may have any key but those
    that are `absent`; a closed one has no more. Keys that are read off the `head`
    are keys that the whole pipeline needs.
    """

    given: Mapping[str, Shape] = field(default_factory=dict[str, "Shape"])
    maybe: frozenset[str] = frozenset()
    open: bool = True
    absent: frozenset[str] = frozenset()
    head: bool = False
    depth: int = field(default=0, init=False, compare=False)

    def __post_init__(self) -> None:
        # Mappings nest as deep as users nest fan-outs; knowledge of them does not.
        given = {key: _shallow(value) for key, value in self.given.items()}
        depth = 1 + max((_depth(value) for value in given.values()), default=0)
        object.__setattr__(self, "given", given)
        object.__setattr__(self, "depth", depth)

    def lacks(self, key: str) -> bool:
        """Return whether the key is certainly not there."""
        if key in self.given or key in self.maybe:
            return False
        return not self.open or key in self.absent

    def value(self, key: str) -> Shape:
        """Return what is known of the value under a key."""
        return self.given.get(key, ANYTHING)

    def plus(self, added: Mapping[str, Shape]) -> Keys:
        """Return the mapping with these keys set."""
        names = frozenset(added)
        return replace(
            self,
            given={**self.given, **added},
            maybe=self.maybe - names,
            absent=self.absent - names,
        )

    def minus(self, removed: Iterable[str]) -> Keys:
        """Return the mapping without these keys."""
        names = frozenset(removed)
        return replace(
            self,
            given={key: value for key, value in self.given.items() if key not in names},
            maybe=self.maybe - names,
            absent=self.absent | names,
        )

    def only(self, kept: Iterable[str]) -> Keys:
        """Return the mapping with these keys and no others."""
        return Keys({key: self.value(key) for key in kept}, open=False)


@final
@dataclass(frozen=True, slots=True)
class Other:
    """Something that is no mapping; with the names of its attributes where known."""

    kind: str
    attributes: tuple[str, ...] = ()


Shape: TypeAlias = Keys | Other
ANYTHING: Final = Keys()
HEAD: Final = Keys(head=True)

_DEEPEST = 32


def _depth(shape: Shape) -> int:
    return shape.depth if isinstance(shape, Keys) else 0


def _shallow(shape: Shape) -> Shape:
    return shape if _depth(shape) < _DEEPEST else ANYTHING


def joined(shapes: Iterable[Shape]) -> Shape:
    """Return what holds of a value that is one of these shapes."""
    first, *rest = shapes
    for shape in rest:
        first = _either(first, shape)
    return first


def _either(left: Shape, right: Shape) -> Shape:
    if left == right:
        return left
    if isinstance(left, Other) or isinstance(right, Other):
        return ANYTHING
    both = {key: _joint(left, right, key) for key in left.given if key in right.given}
    some = (left.maybe | right.maybe | set(left.given) | set(right.given)) - set(both)
    absent = frozenset(
        key for key in left.absent | right.absent if left.lacks(key) and right.lacks(key)
    )
    return Keys(
        both, frozenset(some), left.open or right.open, absent, head=left.head and right.head
    )


def _joint(left: Keys, right: Keys, key: str) -> Shape:
    # One level is enough for messages, and keeps the join flat.
    return left.given[key] if left.given[key] == right.given[key] else ANYTHING

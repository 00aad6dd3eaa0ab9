"""A pipeline with one of its steps replaced: which step a name means, and the tree around another.

A step is called by what anybody calls it: the key of its branch, the name that it was given, the
name of its function, or what a path in a note says of it. `a > b` means a `b` inside of an `a`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast, final

from combinators import _nodes as n
from combinators._errors import BuilderError
from combinators._heap import Frame, on_heap
from combinators._keys import signature
from combinators._labels import (
    OTHERWISE,
    arm_segments,
    branch_of,
    case_segments,
    label,
    pipe_step,
)
from combinators._parts import part
from combinators._words import a_kind, did_you_mean, listed, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from combinators._keys import Signature
    from combinators._value import Value

SEPARATOR = " > "


@final
@dataclass(frozen=True, slots=True)
class _Place:
    """A node in a tree: the way to it by positions, what paths call it, and its names."""

    node: n.Node
    way: tuple[int, ...] = ()
    path: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    said: str = ""  # what paths say of this very node
    met: int = 0  # names of the path that is looked for that places around this one have met

    def is_called(self, name: str) -> bool:
        """Return whether this is a name of the node, or what a path says of it."""
        return name in (*self.names, self.said)

    def children(self, sought: Sequence[str]) -> Iterator[_Place]:
        """Yield the places of the nodes inside that can be replaced."""
        met = self.met
        if met < len(sought) - 1 and self.is_called(sought[met]):
            met += 1
        for index, (inner, key, said) in enumerate(_inside(self.node)):
            names = (*filter(None, (key,)), *_own_names(inner))
            path = (*self.path, said) if said else self.path
            yield _Place(inner, (*self.way, index), path, names, said, met)


def replaced(value: Value, at: object, step: object) -> tuple[n.Node, Signature]:
    """Return the tree in which another step is at a place, and its keys.

    Raises:
        BuilderError: nothing is there, or several steps are.
        KeyMismatchError: the keys of the other one do not line up with those around it.
    """
    if not isinstance(at, str) or not at.strip():
        given = "an empty string" if isinstance(at, str) else a_kind(at)
        raise BuilderError("replace() at=", given, "It takes the name of a step, or a path to it.")
    sought = [name.strip() for name in at.split(SEPARATOR)]
    places = list(_places(value.node, sought))
    found = [p for p in places if p.met == len(sought) - 1 and p.is_called(sought[-1])]
    if len(found) != 1:
        raise _nothing(at, sought[-1], places) if not found else _several(at, found)
    other = part(step, "replace() with_=").node
    tree = _rebuilt(value.node, found[0].way, other)
    return tree, signature(tree)


def _places(root: n.Node, sought: Sequence[str]) -> Iterator[_Place]:
    waiting = [_Place(root, names=tuple(_own_names(root)))]
    while waiting:
        place = waiting.pop()
        yield place
        waiting.extend(reversed([*place.children(sought)]))


def _inside(node: n.Node) -> Iterator[tuple[n.Node, str, str]]:
    """Yield the nodes inside, the key of each, and what paths say of it."""
    for index, inner in enumerate(_replaceable(node)):
        match node:
            case n.Fanout() | n.Assign():
                key = index if node.keys is None else node.keys[index]
                yield inner, key if isinstance(key, str) else "", branch_of(label(node), key)
            case n.Route(_, names):
                name = names[index] if index < len(names) else None
                yield inner, name if isinstance(name, str) else "", arm_segments(node)[index]
            case n.Branch():
                said = case_segments(node)[index // 2]
                is_test = index % 2 == 0 and said != OTHERWISE
                yield inner, "", "" if is_test else said
            case n.Pipe():
                yield inner, "", pipe_step(index + 1, inner)
            case n.Fallback():
                yield inner, "", branch_of("fallback", index)
            case _:
                yield inner, "", ""


def _replaceable(node: n.Node) -> tuple[n.Node, ...]:
    # Beside what is cached is what makes its key.
    return node.children[:1] if isinstance(node, n.Cached) else node.children


def _own_names(node: n.Node) -> Iterator[str]:
    if isinstance(node, n.Step | n.Named):
        yield label(node)


def _rebuild(node: n.Node, way: tuple[int, ...], other: n.Node) -> Frame[n.Node]:
    if not way:
        return n.Named(node.name, other) if isinstance(node, n.Named) else other
    index, *further = way
    children: list[n.Node] = [*node.children]
    children[index] = yield _rebuild(children[index], tuple(further), other)
    match node:
        case n.Pipe():
            return n.piped(children)
        case n.Fallback(on):
            return n.fallen_back(on, children)
        case _:
            return cast("n.Node", node.of(node.data, tuple(children)))


_rebuilt = on_heap(_rebuild)


def _nothing(at: str, last: str, places: Sequence[_Place]) -> BuilderError:
    said = sorted({name for place in places for name in place.names})
    return BuilderError(
        "replace()",
        f"at={shown(at)}, where nothing is",
        f"It has {listed(said)}.{did_you_mean(last, said)}",
    )


def _several(at: str, found: Sequence[_Place]) -> BuilderError:
    paths = [SEPARATOR.join(place.path) or "the whole" for place in found]
    return BuilderError(
        "replace()",
        f"at={shown(at)}, which {len(found)} steps are called",
        f"They are: {'; '.join(paths)}. Say which by a path, as in 'outer > inner'.",
    )

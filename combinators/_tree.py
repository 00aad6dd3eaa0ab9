"""What every node is: data that holds other nodes, and a flat list of tokens.

Equality, hash and pickling work on the list, so a tree may be nested deeper than Python's
stack, and whatever is said here of a node holds for all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeAlias

from combinators._compat import override
from combinators._identity import identity

if TYPE_CHECKING:
    from collections.abc import Iterator


class Tree:
    """A node without nodes inside. Subclasses say where theirs are: last."""

    __slots__ = ()
    __match_args__: ClassVar[tuple[str, ...]] = ()

    @property
    def data(self) -> tuple[Any, ...]:
        """Return the fields that hold no nodes, in the order of the class."""
        return tuple(getattr(self, name) for name in self.__match_args__)

    @property
    def children(self) -> tuple[Any, ...]:
        """Return the nodes inside, in the order they are written."""
        return ()

    @classmethod
    def of(cls, data: tuple[Any, ...], children: tuple[Any, ...]) -> Self:
        """Return the node with these fields: the inverse of the two above."""
        fields: tuple[Any, ...] = (*data, *children)
        return cls(*fields)

    @override
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tree):
            return NotImplemented
        return self is other or tokens(self) == tokens(other)

    @override
    def __hash__(self) -> int:
        return hash(tuple(tokens(self)))


class Wrapper(Tree):
    """A node around one other, which is its last field."""

    __slots__ = ()

    @property
    @override
    def data(self) -> tuple[Any, ...]:
        return super().data[:-1]

    @property
    @override
    def children(self) -> tuple[Any, ...]:
        return super().data[-1:]


class Compound(Tree):
    """A node around any number of others, a tuple in its last field."""

    __slots__ = ()

    @property
    @override
    def data(self) -> tuple[Any, ...]:
        return super().data[:-1]

    @property
    @override
    def children(self) -> tuple[Any, ...]:
        inside: tuple[Any, ...] = super().data[-1]
        return inside

    @classmethod
    @override
    def of(cls, data: tuple[Any, ...], children: tuple[Any, ...]) -> Self:
        fields: tuple[Any, ...] = (*data, children)
        return cls(*fields)


# The class of a node, its data, and how many nodes it holds.
Token: TypeAlias = tuple[type[Tree], tuple[Any, ...], int]


def walk(node: Tree) -> Iterator[Tree]:
    """Return every node of the tree, parents first, in the order they are written."""
    waiting: list[Tree] = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.children))


def raw_tokens(node: Tree) -> list[Token]:
    """Return the tree as a flat list, of which `grown` is the inverse."""
    return [(type(part), part.data, len(part.children)) for part in walk(node)]


def tokens(node: Tree) -> list[Token]:
    """Return the tree as a flat list that compares and hashes like the tree."""
    return [(kind, tuple(map(identity, data)), n) for kind, data, n in raw_tokens(node)]


def grown(flat: list[Token]) -> Any:
    """Return the tree of a flat list of tokens, children before parents."""
    made: list[Any] = []
    for kind, data, count in reversed(flat):
        children = tuple(reversed(made[len(made) - count :]))
        del made[len(made) - count :]
        made.append(kind.of(data, children))
    (node,) = made
    return node

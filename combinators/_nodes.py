"""The closed set of nodes that pipelines are made of.

Nodes are plain immutable data. They know neither types, nor how keys flow, nor
how they are run or shown: interpreters on the floors above read them with
`match` and end in `assert_never`, so that a forgotten node fails the type check.

Builders make nodes in normal form (see `_piping`), which is why the laws of
composition hold under plain `==`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeAlias, cast, final

from combinators._compat import override
from combinators._identity import identity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Types live on the face, `Runnable[In, Out]`; nodes forget them.
Function: TypeAlias = "Callable[..., Any]"
Key: TypeAlias = "str | int"


class _Node:
    """A node without nodes inside. Subclasses say where theirs are: last."""

    __slots__ = ()
    __match_args__: ClassVar[tuple[str, ...]] = ()

    @property
    def data(self) -> tuple[Any, ...]:
        """Return the fields that hold no nodes, in the order of the class."""
        return tuple(getattr(self, name) for name in self.__match_args__)

    @property
    def children(self) -> tuple[Node, ...]:
        """Return the nodes inside, in the order they are written."""
        return ()

    @classmethod
    def of(cls, data: tuple[Any, ...], children: tuple[Node, ...]) -> Self:
        """Return the node with these fields: the inverse of the two above."""
        fields: tuple[Any, ...] = (*data, *children)
        return cls(*fields)

    @override
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Node):
            return NotImplemented
        return self is other or tokens(self) == tokens(other)

    @override
    def __hash__(self) -> int:
        return hash(tuple(tokens(self)))


class _Wrapper(_Node):
    """A node around one other, which is its last field."""

    __slots__ = ()

    @property
    @override
    def data(self) -> tuple[Any, ...]:
        return super().data[:-1]

    @property
    @override
    def children(self) -> tuple[Node, ...]:
        return super().data[-1:]


class _Compound(_Node):
    """A node around any number of others, a tuple in its last field."""

    __slots__ = ()

    @property
    @override
    def data(self) -> tuple[Any, ...]:
        return super().data[:-1]

    @property
    @override
    def children(self) -> tuple[Node, ...]:
        inside: tuple[Node, ...] = super().data[-1]
        return inside

    @classmethod
    @override
    def of(cls, data: tuple[Any, ...], children: tuple[Node, ...]) -> Self:
        fields: tuple[Any, ...] = (*data, children)
        return cls(*fields)


class _Bodied(_Node):
    """A function: a sync body, an async one, or both."""

    __slots__ = ()
    sync: Function | None
    aio: Function | None

    @property
    def function(self) -> Function:
        """Return the body that names it: the sync one where there is one."""
        return cast("Function", self.sync or self.aio)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Passthrough(_Node):
    """The input itself; with a type, the declared head of a pipeline."""

    type: object = None


@final
@dataclass(frozen=True, slots=True, eq=False)
class Step(_Bodied):
    """A function of one argument, with a sync body, an async one, or both."""

    sync: Function | None
    aio: Function | None = None
    streams: bool = False  # bodies are generators of chunks
    inline: bool = False  # too cheap for a thread of its own


@final
@dataclass(frozen=True, slots=True, eq=False)
class Transform(_Bodied):
    """A function from an iterator of chunks to another, with bodies like a step's."""

    sync: Function | None
    aio: Function | None = None


@final
@dataclass(frozen=True, slots=True, eq=False)
class Pipe(_Compound):
    """Steps applied left to right, each fed the result of the one before.

    Always flat and at least two steps long, without untyped passthroughs: made
    by `_piping`.
    """

    steps: tuple[Node, ...]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Fanout(_Compound):
    """The same input to every branch; the results under `keys`, in that order.

    Without keys the results make a tuple; with a target, an object of that class.
    """

    keys: tuple[str, ...] | None
    target: type[Any] | None
    branches: tuple[Node, ...]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Assign(_Compound):
    """The input mapping with computed keys added, or, to update, replaced."""

    keys: tuple[str, ...]
    update: bool
    branches: tuple[Node, ...]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Pick(_Node):
    """The value under one key of a mapping, or at one index of a sequence."""

    key: Key


@final
@dataclass(frozen=True, slots=True, eq=False)
class Select(_Node):
    """The mapping with these keys alone, in this order."""

    keys: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Rename(_Node):
    """The mapping with each `olds[i]` called `news[i]`, in its old place."""

    news: tuple[str, ...]
    olds: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Omit(_Node):
    """The mapping without these keys."""

    keys: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Each(_Wrapper):
    """The list of results of one node on every element of the input."""

    element: Node


@final
@dataclass(frozen=True, slots=True, eq=False)
class IsInstance(_Node):
    """Whether the input is an instance of one of `kinds` or equals one of `values`."""

    kinds: tuple[type[Any], ...]
    values: tuple[object, ...]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Branch(_Compound):
    """The arm after the first test that holds, or the last arm where none does.

    Tests are nodes too. Without a default the number of nodes is even.
    """

    tests_and_arms: tuple[Node, ...]

    @property
    def cases(self) -> tuple[tuple[Node, Node], ...]:
        """Return each test with its arm."""
        return tuple(zip(self.tests_and_arms[::2], self.tests_and_arms[1::2], strict=False))

    @property
    def otherwise(self) -> Node | None:
        """Return the arm for inputs that no test holds for."""
        return self.tests_and_arms[-1] if len(self.tests_and_arms) % 2 else None


@final
@dataclass(frozen=True, slots=True, eq=False)
class Route(_Compound):
    """The arm named by the value under `key`, given the whole input.

    One arm more than names: the default.
    """

    key: str
    names: tuple[object, ...]
    arms: tuple[Node, ...]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Bind(_Wrapper):
    """Whatever runnable `choose` gives for the input, run on the input."""

    choose: Node


@final
@dataclass(frozen=True, slots=True, eq=False)
class Template(_Node):
    """Literal text alternating with variables, as (text before, variable or None)."""

    parts: tuple[tuple[str, str | None], ...]


@final
@dataclass(frozen=True, slots=True, eq=False)
class ChatTemplate(_Compound):
    """One message for each role, filled from its template."""

    roles: tuple[str, ...]
    templates: tuple[Template, ...]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Named(_Wrapper):
    """A node under a name of its own; never spliced into the pipe around it."""

    name: str
    node: Node


@final
@dataclass(frozen=True, slots=True, eq=False)
class Tap(_Wrapper):
    """The input itself, after it was shown to `watch`, whose result is dropped."""

    watch: Node


@final
@dataclass(frozen=True, slots=True, eq=False)
class Attempt(_Wrapper):
    """The outcome as a value: `Success(result)` or `Failure(exception)`."""

    node: Node


Node: TypeAlias = (
    Passthrough | Step | Transform | Pipe | Fanout | Assign | Pick | Select | Rename | Omit | Each
    | IsInstance | Branch | Route | Bind | Template | ChatTemplate | Named | Tap | Attempt
)  # fmt: skip

# The class of a node, its data, and how many nodes it holds.
Token: TypeAlias = tuple[type[_Node], tuple[Any, ...], int]


def walk(node: _Node) -> Iterator[_Node]:
    """Return every node of the tree, parents first, in the order they are written."""
    waiting: list[_Node] = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.children))


def raw_tokens(node: _Node) -> list[Token]:
    """Return the tree as a flat list, of which `grown` is the inverse."""
    return [(type(part), part.data, len(part.children)) for part in walk(node)]


def tokens(node: _Node) -> list[Token]:
    """Return the tree as a flat list that compares and hashes like the tree."""
    return [(kind, tuple(map(identity, data)), n) for kind, data, n in raw_tokens(node)]


def grown(flat: list[Token]) -> Node:
    """Return the tree of a flat list of tokens, children before parents."""
    made: list[Any] = []
    for kind, data, count in reversed(flat):
        children = tuple(reversed(made[len(made) - count :]))
        del made[len(made) - count :]
        made.append(kind.of(data, children))
    (node,) = made
    tree: Node = node
    return tree

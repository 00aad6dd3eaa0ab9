"""The closed set of nodes that pipelines are made of.

Nodes are plain immutable data. They know neither types, nor how keys flow, nor
how they are run or shown: interpreters on the floors above read them with
`match` and end in `assert_never`, so that a forgotten node fails the type check.

Builders make nodes in normal form (see `piped`), which is why the laws of
composition hold under plain `==`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, cast, final

from combinators._memory import Memory
from combinators._tree import Compound, Tree, Wrapper

if TYPE_CHECKING:
    from collections.abc import Callable

    from combinators._backoff import Backoff

# Types live on the face, `Runnable[In, Out]`; nodes forget them.
Function: TypeAlias = "Callable[..., Any]"
Key: TypeAlias = "str | int"


class _Bodied(Tree):
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
class Passthrough(Tree):
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
class Pipe(Compound):
    """Steps applied left to right, each fed the result of the one before.

    Always flat and at least two steps long, without untyped passthroughs: made
    by `piped`.
    """

    steps: tuple[Node, ...]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Fanout(Compound):
    """The same input to every branch; the results under `keys`, in that order.

    Without keys the results make a tuple; with a target, an object of that class.
    """

    keys: tuple[str, ...] | None
    target: type[Any] | None
    branches: tuple[Node, ...]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Assign(Compound):
    """The input mapping with computed keys added, or, to update, replaced."""

    keys: tuple[str, ...]
    update: bool
    branches: tuple[Node, ...]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Pick(Tree):
    """The value under one key of a mapping, or at one index of a sequence."""

    key: Key


@final
@dataclass(frozen=True, slots=True, eq=False)
class Select(Tree):
    """The mapping with these keys alone, in this order."""

    keys: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Rename(Tree):
    """The mapping with each `olds[i]` called `news[i]`, in its old place."""

    news: tuple[str, ...]
    olds: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Omit(Tree):
    """The mapping without these keys."""

    keys: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Each(Wrapper):
    """The list of results of one node on every element of the input."""

    element: Node


@final
@dataclass(frozen=True, slots=True, eq=False)
class IsInstance(Tree):
    """Whether the input is an instance of one of `kinds` or equals one of `values`."""

    kinds: tuple[type[Any], ...]
    values: tuple[object, ...]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Branch(Compound):
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
class Route(Compound):
    """The arm named by the value under `key`, given the whole input.

    One arm more than names: the default.
    """

    key: str
    names: tuple[object, ...]
    arms: tuple[Node, ...]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Bind(Wrapper):
    """Whatever runnable `choose` gives for the input, run on the input."""

    choose: Node


@final
@dataclass(frozen=True, slots=True, eq=False)
class Template(Tree):
    """Literal text alternating with variables, as (text before, variable or None)."""

    parts: tuple[tuple[str, str | None], ...]


@final
@dataclass(frozen=True, slots=True, eq=False)
class ChatTemplate(Compound):
    """One message for each role, filled from its template."""

    roles: tuple[str, ...]
    templates: tuple[Template, ...]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Named(Wrapper):
    """A node under a name of its own; never spliced into the pipe around it."""

    name: str
    node: Node


@final
@dataclass(frozen=True, slots=True, eq=False)
class Tap(Wrapper):
    """The input itself, after it was shown to `watch`, whose result is dropped."""

    watch: Node


@final
@dataclass(frozen=True, slots=True, eq=False)
class Attempt(Wrapper):
    """The outcome as a value: `Success(result)` or `Failure(exception)`."""

    node: Node


@final
@dataclass(frozen=True, slots=True, eq=False)
class Retry(Wrapper):
    """A node that is run again after a failure, so often and for so long."""

    on: tuple[type[Exception], ...]
    attempts: int
    total_seconds: float
    backoff: Backoff
    node: Node


@final
@dataclass(frozen=True, slots=True, eq=False)
class Fallback(Compound):
    """The first of several nodes that does not fail. Flat: made by `fallen_back`."""

    on: tuple[type[Exception], ...]
    steps: tuple[Node, ...]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Timeout(Wrapper):
    """A node that has so many seconds to run."""

    seconds: float
    node: Node


@final
@dataclass(frozen=True, slots=True, eq=False)
class Cached(Compound):
    """A node whose results are kept; a second node, if there is one, tells inputs apart."""

    maxsize: int
    node_and_key: tuple[Node, ...]

    # What is kept: neither data nor a node, so that no copy and no comparison sees it.
    memory: Memory = field(init=False, repr=False, default_factory=Memory)

    @property
    def key(self) -> tuple[Node, ...]:
        """Return the node that tells inputs apart, if there is one."""
        return self.node_and_key[1:]


Node: TypeAlias = (
    Passthrough | Step | Transform | Pipe | Fanout | Assign | Pick | Select | Rename | Omit | Each
    | IsInstance | Branch | Route | Bind | Template | ChatTemplate | Named | Tap | Attempt
    | Retry | Fallback | Timeout | Cached
)  # fmt: skip


def piped(steps: list[Node]) -> Node:
    """Return the normal form of steps in sequence.

    Nested pipes are spliced, and passthroughs that declare no type are dropped,
    so how steps are bracketed does not matter. Nothing left is a passthrough;
    one step left is that step.
    """
    flat: list[Node] = []
    for step in steps:
        flat.extend(step.steps if isinstance(step, Pipe) else (step,))
    kept = [step for step in flat if not (isinstance(step, Passthrough) and step.type is None)]
    if not kept:
        return Passthrough()
    return kept[0] if len(kept) == 1 else Pipe(tuple(kept))


def fallen_back(on: tuple[type[Exception], ...], steps: list[Node]) -> Node:
    """Return the normal form of steps of which the first that does not fail is enough.

    Those that answer the same exceptions are spliced, so how they are bracketed does not matter.
    """
    flat: list[Node] = []
    for step in steps:
        flat.extend(step.steps if isinstance(step, Fallback) and step.on == on else (step,))
    return Fallback(on, tuple(flat))

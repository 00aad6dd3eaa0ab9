"""What a Runnable is when its types are forgotten: a tree, and what is known of its keys.

Everything that makes it a value is here: equality, hash, pickle, `repr` and drawings.
"""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from types import FunctionType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias, TypeVar, cast, final

from combinators import _nodes as n
from combinators._compat import override
from combinators._errors import BuilderError
from combinators._keys import Signature, signature
from combinators._run import sync
from combinators._show.expression import expression
from combinators._tree import Token, grown, raw_tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from combinators._run.code.program import Program
    from combinators._run.options import Options

V = TypeVar("V", bound="Value")

# Two pipelines in sequence. `|` in a loop is linear because it makes only these;
# what reads the tree makes the flat tuple of steps, once.
Rope: TypeAlias = "tuple[Value | n.Node, Value | n.Node]"


class Value:
    """An immutable pipeline without types: the base of `Runnable`, and of nothing else."""

    __slots__ = ("__weakref__", "_arun", "_programs", "_run", "_signature", "_stream", "_tree")

    _tree: n.Node | Rope
    _signature: Signature

    # What the tree was compiled into: made when it is first asked for. Equality, hash, pickle
    # and `repr` do not see it.
    _run: Program | None  # for calls without options
    _arun: Program | None  # the same, on an event loop
    _stream: Program | None  # the same, chunk by chunk
    _programs: dict[object, Any] | None  # for everything else

    @property
    def node(self) -> n.Node:
        """Return the tree of the pipeline."""
        tree = self._tree
        if isinstance(tree, tuple):
            object.__setattr__(self, "_tree", tree := _flat(tree))
        return tree

    @property
    def signature(self) -> Signature:
        """Return the keys that the pipeline needs and gives."""
        return self._signature

    def compiled(self, compile_: Callable[..., Any], **variant: bool) -> Any:
        """Return what `compile_` makes of the tree, made once for each variant."""
        if self._programs is None:
            object.__setattr__(self, "_programs", {})
        programs = cast("dict[object, Any]", self._programs)
        key = (compile_, *variant.values())
        program = programs.get(key)
        if program is None:
            program = programs[key] = compile_(self.node, **variant)
        return program

    def _make_run(self) -> Program:
        object.__setattr__(self, "_run", run := sync.runner(self.node))
        return run

    def _make_stream(self) -> Program:
        from combinators._run.streams import stream  # noqa: PLC0415 - loaded where something streams

        object.__setattr__(self, "_stream", on := stream.runner(self.node, watch=False).on)
        return on

    def _options(self, *options: Any) -> Options:
        from combinators._run.options import Options  # noqa: PLC0415 - loaded where there are batches

        return Options(*options)

    def _make_arun(self) -> Program:
        from combinators._run import aio  # noqa: PLC0415 - asyncio is loaded where it is needed

        object.__setattr__(self, "_arun", run := aio.runner(self.node))
        return run

    def draw(self, style: Literal["text", "mermaid"] = "text", /) -> str:
        """Return a drawing of the pipeline; nothing is run, and nothing leaves the process.

        "text" is a tree, a line a step; "mermaid" is source for pages that render it.

        >>> from combinators import fanout, pick
        >>> print((fanout(low=min, high=max) | pick("low")).draw())
        pipe
        ├─ 1. fanout
        │  ├─ 'low': min
        │  └─ 'high': max
        └─ 2. pick 'low'
        """
        from combinators._show.styles import drawing  # noqa: PLC0415 - only drawings need it

        return drawing(style)(self.node)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        """Return what notebooks show: the tree, or the graph where they draw mermaid."""
        return {"text/plain": self.draw(), "text/vnd.mermaid": self.draw("mermaid")}

    @override
    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Runnable is immutable: {name!r} cannot be set")

    @override
    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a Runnable is immutable: {name!r} cannot be deleted")

    @override
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Value):
            return NotImplemented
        return self is other or self.node == other.node

    @override
    def __hash__(self) -> int:
        return hash(self.node)

    @override
    def __repr__(self) -> str:
        return expression(self.node)

    @override
    def __reduce__(self) -> tuple[Any, ...]:
        return revived, (type(self), [_packed(token) for token in raw_tokens(self.node)])

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: dict[int, Any]) -> Self:
        return self


def _flat(rope: Rope) -> n.Node:
    steps: list[n.Node] = []
    waiting: list[Value | n.Node | Rope] = [rope]
    while waiting:
        tree = waiting.pop()
        if isinstance(tree, Value):
            tree = tree._tree  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # of this very class
        if isinstance(tree, tuple):
            waiting.extend(reversed(tree))
        else:
            steps.append(tree)
    return n.piped(steps)


def made(face: type[V], tree: n.Node | Rope, keys: Signature) -> V:
    """Return the value of class `face` over a tree whose keys are known to line up."""
    value = object.__new__(face)
    object.__setattr__(value, "_tree", tree)
    object.__setattr__(value, "_signature", keys)
    for program in ("_run", "_arun", "_stream", "_programs"):
        object.__setattr__(value, program, None)
    return value


# --- Pickling -----------------------------------------------------------------


@final
@dataclass(frozen=True, slots=True)
class _ByName:
    """A function that `@runnable` took the name of: found again through that name."""

    module: str
    name: str
    body: str


def _packed(token: Token) -> Token:
    kind, data, count = token
    if kind not in {n.Step, n.Transform}:
        return token
    sync, aio, *rest = data
    return kind, (_by_name(sync, "sync"), _by_name(aio, "aio"), *rest), count


def _by_name(function: Any, body: str) -> Any:
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    if not isinstance(function, FunctionType) or module is None or name is None:
        return function
    reference = _ByName(module, name, body)
    return reference if _found(reference) is function else function


def _found(reference: _ByName) -> Any:
    """Return the body of the step under a name, None where there is no such step."""
    value: Any = sys.modules.get(reference.module)
    for name in reference.name.split("."):
        value = getattr(value, name, None)
    return getattr(value.node, reference.body, None) if isinstance(value, Value) else None


def _unpacked(token: Token) -> Token:
    kind, data, count = token
    return kind, tuple(_revived_function(item) for item in data), count


def _revived_function(item: Any) -> Any:
    if isinstance(item, Value) and isinstance(item.node, n.Step | n.Transform):
        return item.node.function  # a method made a step: what its object gives for its name
    if not isinstance(item, _ByName):
        return item
    importlib.import_module(item.module)
    function = _found(item)
    if function is None:
        given = f"a step that was {item.module}.{item.name}, which is not there any more"
        raise BuilderError("unpickling", given, "Pickle it again, or give the step its name back.")
    return function


def revived(face: type[V], packed: list[Token]) -> V:
    """Return the value whose tokens were pickled."""
    node = grown([_unpacked(token) for token in packed])
    return made(face, node, signature(node))

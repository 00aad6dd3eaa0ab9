"""How keys flow through a tree: what goes in decides what comes out, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, TypeAlias, assert_never, final

from combinators import _nodes as n
from combinators._errors import DuplicateKeyError, MissingKeyError, NotAMappingError
from combinators._heap import Frame, on_heap
from combinators._keys.annotations import returned, shape_of, taken
from combinators._keys.names import normal
from combinators._keys.shape import ANYTHING, HEAD, Keys, Other, Shape, joined
from combinators._labels import OTHERWISE, arm_segments, branch_of, case_of, label, pipe_step
from combinators._words import as_attribute, as_keyword, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@final
@dataclass(frozen=True, slots=True)
class Signature:
    """The keys that a pipeline gives, and those that it needs of its input."""

    gives: Shape
    needs: tuple[str, ...] = ()


class Known(Protocol):
    """A tree whose signature is known."""

    @property
    def node(self) -> n.Node:
        """Return the tree."""
        ...

    @property
    def signature(self) -> Signature:
        """Return the keys it needs and gives."""
        ...


def signature(node: n.Node, inside: Iterable[Known] = ()) -> Signature:
    """Return the keys that `node` needs and gives.

    The trees `inside` it whose signatures are known are not looked at again, so
    that building stays linear in the size of the pipeline.

    Raises:
        KeyMismatchError: the keys of two steps do not line up.
    """
    place = _Place({}, {id(part.node): part.signature for part in inside})
    gives = _flowed(node, HEAD, place)
    return Signature(gives, tuple(place.needed))


def then(before: Signature, after: Known) -> Signature:
    """Return the signature of `after` where its input is what `before` gives.

    Raises:
        KeyMismatchError: as `signature`; with paths that begin at `after`.
    """
    own = after.signature
    if before.gives == ANYTHING and not _from_head(own.gives):
        return Signature(own.gives, before.needs)  # without a look at the tree of `after`
    if before.gives == HEAD:
        return Signature(own.gives, tuple(dict.fromkeys((*before.needs, *own.needs))))
    place = _Place(dict.fromkeys(before.needs), {})
    gives = _flowed(after.node, before.gives, place)
    return Signature(gives, tuple(place.needed))


def _from_head(shape: Shape) -> bool:
    return isinstance(shape, Keys) and shape.head


@final
@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the tree a shape is looked at, and which step the shape comes from."""

    needed: dict[str, None]  # of the head; filled on the way, shared by all places
    known: Mapping[int, Signature]
    path: str = ""
    source: str = "its input"

    def inside(self, segment: str) -> _Place:
        return replace(self, path=f"{self.path} > {segment}" if self.path else segment)

    def name(self, node: n.Node) -> str:
        return self.path or label(node)

    def apart(self) -> _Place:
        """Return this place on one of several ways, which collects its own needs."""
        return replace(self, needed={})

    def need_common(self, ways: Sequence[Mapping[str, None]]) -> None:
        """Need what every way needs."""
        first, *rest = ways
        self.needed.update({key: None for key in first if all(key in way for way in rest)})


def _flow(node: n.Node, shape: Shape, at: _Place) -> Frame[Shape]:
    if shape is HEAD and (known := at.known.get(id(node))) is not None:
        at.needed.update(dict.fromkeys(known.needs))
        return known.gives
    match node:
        case n.Pipe(steps):
            shape = yield _sequence(steps, shape, at)
        case n.Fanout():
            values = yield _branches("fanout", node, node.keys, shape, at)
            shape = _built(node, values)
        case n.Assign(keys, update):
            _free(shape, () if update else keys, node, at)
            mapping = _mapping(shape, keys if update else (), node, at)
            values = yield _branches(label(node), node, keys, shape, at)
            shape = mapping.plus(dict(zip(map(normal, keys), values, strict=True)))
        case n.Each(element):
            if id(element) not in at.known:
                yield _flow(element, ANYTHING, at.inside("each"))
            shape = Other("a list")
        case n.Branch():
            shape = yield _choice(node, shape, at)
        case n.Route():
            shape = yield _routed(node, _mapping(shape, (node.key,), node, at), at)
        case n.Bind(choose):
            yield _flow(choose, shape, at)
            shape = ANYTHING
        case n.ChatTemplate(roles):
            yield _branches("chat_template", node, roles, shape, at)
            shape = Other("a list")
        case n.Named() | n.Retry() | n.Timeout():
            shape = yield _flow(node.node, shape, at)
        case n.Cached(_, inside):
            for key in inside[1:]:
                yield _flow(key, shape, at.inside("cached key"))
            shape = yield _flow(inside[0], shape, at)
        case n.Fallback():
            shape = joined((yield _branches("fallback", node, None, shape, at)))
        case n.Tap(watch):
            yield _flow(watch, shape, at.inside("tap"))
        case n.Attempt(inner):
            yield _flow(inner, shape, at)
            shape = Other("a Result")
        case _:
            shape = _through_leaf(node, shape, at)
    return shape


_flowed = on_heap(_flow)


Leaf: TypeAlias = (
    n.Passthrough
    | n.Step
    | n.Transform
    | n.Pick
    | n.Select
    | n.Rename
    | n.Omit
    | n.IsInstance
    | n.Template
)


def _through_leaf(node: Leaf, shape: Shape, at: _Place) -> Shape:
    match node:
        case n.Passthrough(kind):
            return _declared(shape, shape_of(kind), node, at)
        case n.Step():
            _demand(shape, taken(node.function), node, at)
            return ANYTHING if node.streams else returned(node.function)
        case n.Transform():
            return ANYTHING  # its annotations speak of iterators
        case n.Pick(str() as key):
            return _mapping(shape, (key,), node, at).value(normal(key))
        case n.Pick():
            return ANYTHING
        case n.Select(keys):
            return _mapping(shape, keys, node, at).only(map(normal, keys))
        case n.Rename(_, olds):
            return _renamed(_mapping(shape, olds, node, at), node, at)
        case n.Omit(keys):
            return _mapping(shape, keys, node, at).minus(map(normal, keys))
        case n.IsInstance():
            return Other("a bool")
        case n.Template(parts):
            _mapping(shape, [name for _, name in parts if name is not None], node, at)
            return Other("a str")
        case _:
            assert_never(node)


def _sequence(steps: Iterable[n.Node], shape: Shape, at: _Place) -> Frame[Shape]:
    for position, step in enumerate(steps, start=1):
        shape = yield _flow(step, shape, at.inside(pipe_step(position, step)))
        if not isinstance(step, n.Passthrough | n.Tap):
            at = replace(at, source=f"step {position} ({label(step)})")
    return shape


def _branches(
    builder: str, node: n.Node, keys: Iterable[object] | None, shape: Shape, at: _Place
) -> Frame[list[Shape]]:
    names = range(len(node.children)) if keys is None else keys
    shapes: list[Shape] = []
    for key, branch in zip(names, node.children, strict=True):
        shapes.append((yield _flow(branch, shape, at.inside(branch_of(builder, key)))))
    return shapes


def _choice(node: n.Branch, shape: Shape, at: _Place) -> Frame[Shape]:
    arms: list[Shape] = []
    needs: list[dict[str, None]] = []
    for position, (test, arm) in enumerate(node.cases):
        inside = at.inside(case_of(position)).apart()
        yield _flow(test, shape, inside)
        # A case says what its arm takes: only keys are known to pass through it.
        taken_on = shape if isinstance(shape, Keys) else ANYTHING
        arms.append((yield _flow(arm, taken_on, inside)))
        needs.append(inside.needed)
    if node.otherwise is not None:
        inside = at.inside(OTHERWISE).apart()
        arms.append((yield _flow(node.otherwise, shape, inside)))
        needs.append(inside.needed)
    at.need_common(needs)
    return joined(arms)


def _routed(node: n.Route, shape: Keys, at: _Place) -> Frame[Shape]:
    arms: list[Shape] = []
    needs: list[dict[str, None]] = []
    for segment, arm in zip(arm_segments(node), node.arms, strict=True):
        inside = at.inside(segment).apart()
        arms.append((yield _flow(arm, shape, inside)))
        needs.append(inside.needed)
    at.need_common(needs)
    return joined(arms)


def _built(node: n.Fanout, values: list[Shape]) -> Shape:
    if node.target is not None:
        return shape_of(node.target)
    if node.keys is None:
        return Other("a tuple")
    return Keys(dict(zip(map(normal, node.keys), values, strict=True)), open=False)


def _declared(shape: Shape, declared: Shape, node: n.Node, at: _Place) -> Shape:
    _demand(shape, declared, node, at)
    return shape if declared == ANYTHING else declared


def _demand(shape: Shape, wanted: Shape, node: n.Node, at: _Place) -> None:
    # Whether a function that wants a mapping may be given this is a matter of types.
    if isinstance(shape, Keys) and isinstance(wanted, Keys):
        _mapping(shape, wanted.given, node, at)


def _mapping(shape: Shape, keys: Iterable[str], node: n.Node, at: _Place) -> Keys:
    """Return `shape`, which has to be a mapping with these keys."""
    names = [normal(key) for key in keys]
    if isinstance(shape, Other):
        raise NotAMappingError(at.name(node), shape.kind, at.source, _fix(shape, names))
    for key in names:
        if shape.lacks(key):
            offered = (*shape.given, *sorted(shape.maybe))
            raise MissingKeyError(at.name(node), key, offered, at.source, removed=shape.open)
        if shape.head and key not in shape.given:
            at.needed[key] = None
    return shape


def _fix(other: Other, keys: list[str]) -> str:
    if keys and keys[0] in other.attributes:
        return f"To read an attribute, write `{as_attribute(keys[0])}`."
    return "Give it one: fanout(key=step, …) makes a mapping."


def _free(shape: Shape, keys: Iterable[str], node: n.Node, at: _Place) -> None:
    """Refuse keys that are there already."""
    for key in keys:
        if isinstance(shape, Keys) and normal(key) in shape.given:
            fix = f"Choose another key, or replace its value with update({as_keyword(key)})."
            raise DuplicateKeyError(at.name(node), key, fix)


def _renamed(mapping: Keys, node: n.Rename, at: _Place) -> Keys:
    staying = mapping.minus(map(normal, node.olds))
    for new in node.news:
        if normal(new) in staying.given:
            fix = f"Choose another name, or drop the old value with omit({shown(new)}) first."
            raise DuplicateKeyError(at.name(node), new, fix)
    pairs = zip(node.news, node.olds, strict=True)
    return staying.plus({normal(new): mapping.value(normal(old)) for new, old in pairs})

"""What drawings show of a tree: for every node a caption, and its parts under their roles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from combinators import _nodes as n
from combinators._heap import Frame, on_heap
from combinators._labels import OTHERWISE, label
from combinators._words import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@final
@dataclass(frozen=True, slots=True)
class Box:
    """A node as it is drawn.

    `parts` run one after another where `in_order`, else side by side or as a
    choice; each has a role such as the key it computes, or none.
    """

    caption: str
    parts: tuple[tuple[str, Box], ...] = ()
    in_order: bool = False


def _look(node: n.Node) -> Frame[Box]:
    match node:
        case n.Pipe(steps):
            inside = yield _parts([""] * len(steps), steps)
            return Box("pipe", inside, in_order=True)
        case n.Fanout(keys, target):
            caption = "fanout" if target is None else f"fanout {target.__name__}"
            names = range(len(node.branches)) if keys is None else keys
            return Box(caption, (yield _parts(map(shown, names), node.branches)))
        case n.Assign(keys):
            return Box(label(node), (yield _parts(map(shown, keys), node.branches)))
        case n.Branch():
            roles = [_test(test) for test, _ in node.cases]
            arms = [arm for _, arm in node.cases]
            if node.otherwise is not None:
                roles.append(OTHERWISE.removeprefix("branch "))
                arms.append(node.otherwise)
            return Box("branch", (yield _parts(roles, arms)))
        case n.Route(key, names):
            roles = [*map(shown, names), "otherwise"][: len(node.arms)]
            return Box(f"route {shown(key)}", (yield _parts(roles, node.arms)))
        case n.Named(name, inner):
            box = yield _look(inner)
            return Box(name, box.parts, box.in_order)
        case n.Each() | n.Tap() | n.Attempt():
            return Box(type(node).__name__.lower(), (yield _parts([""], node.children)))
        case n.Retry() | n.Timeout() | n.Cached():
            return Box(_guard(node), (yield _parts([""], node.children[:1])))
        case n.Fallback(_, steps):
            return Box("fallback", (yield _parts(map(shown, range(len(steps))), steps)))
        case _:
            return Box(_caption(node))


look = on_heap(_look)
look.__doc__ = "Return how a tree is drawn."


def _parts(roles: Iterable[str], nodes: Sequence[n.Node]) -> Frame[tuple[tuple[str, Box], ...]]:
    boxes: list[Box] = []
    for node in nodes:
        boxes.append((yield _look(node)))  # noqa: PERF401 - no comprehension can yield
    return tuple(zip(roles, boxes, strict=True))


def _guard(node: n.Retry | n.Timeout | n.Cached) -> str:
    match node:
        case n.Retry(on, attempts):
            return f"retry on {', '.join(kind.__name__ for kind in on)}, {attempts} attempts"
        case n.Timeout(seconds):
            return f"timeout {seconds:g} s"
        case _:
            return f"cached, {node.maxsize} results"


def _test(node: n.Node) -> str:
    if isinstance(node, n.IsInstance):
        return " | ".join([*(k.__name__ for k in node.kinds), *map(shown, node.values)])
    return f"when {label(node)}"


def _caption(node: n.Node) -> str:
    match node:
        case n.Select(keys) | n.Omit(keys):
            return f"{label(node)} {', '.join(map(shown, keys))}"
        case n.Rename(news, olds):
            pairs = zip(olds, news, strict=True)
            return "rename " + ", ".join(f"{shown(old)} to {shown(new)}" for old, new in pairs)
        case n.Template(parts):
            names = [name for _, name in parts if name is not None]
            return " ".join(["template", *(f"{{{name}}}" for name in names)])
        case _:
            return label(node)

"""`repr`: the expression that builds a value, without what is bound to its functions."""

from __future__ import annotations

import functools
import keyword
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias, assert_never

from combinators import _nodes as n
from combinators._backoff import DEFAULT
from combinators._heap import Frame, on_heap

if TYPE_CHECKING:
    from collections.abc import Iterable


def _write(node: n.Node, *, argument: bool = False) -> Frame[str]:
    """Write a node; as an argument, a function may stand for itself."""
    match node:
        case n.Pipe(steps):
            return _call("pipe", (yield _arguments(steps)))
        case n.Fanout(keys, target):
            branches = yield _arguments(node.branches)
            first = [] if target is None else [_type(target)]
            return _call("fanout", [*first, *_keyed(keys, branches, mapping=target is None)])
        case n.Assign(keys, update):
            branches = yield _arguments(node.branches)
            return _call("update" if update else "assign", _keyed(keys, branches))
        case n.Each(element):
            return _call("each", (yield _arguments([element])))
        case n.Branch():
            return _call("branch", (yield _arms(node)))
        case n.Route(key, names):
            arms = yield _arguments(node.arms)
            table = ", ".join(f"{_constant(k)}: {arm}" for k, arm in zip(names, arms, strict=False))
            default = [f"otherwise={arm}" for arm in arms[len(names) :]]
            return _call("route", [ascii(key), f"{{{table}}}", *default])
        case n.Bind(choose):
            return _call("bind", (yield _arguments([choose])))
        case n.Named(name, inner):
            return f"{yield _write(inner)}.named({name!a})"
        case n.Tap(watch):
            return _call("passthrough().tap", (yield _arguments([watch])))
        case n.Attempt(inner):
            return f"{yield _write(inner)}.attempt()"
        case n.Retry() | n.Timeout():
            return f"{yield _write(node.node)}.{_guard(node)}"
        case n.Cached(maxsize, inside):
            first = yield _write(inside[0])
            told = [f"key={key}" for key in (yield _arguments(inside[1:]))]
            return f"{first}.{_call('cached', [f'maxsize={maxsize}', *told])}"
        case n.Fallback(on, steps):
            first = yield _write(steps[0])
            only = [] if on == (Exception,) else [f"on={_types(on)}"]
            others = yield _arguments(steps[1:])
            calls = (_call("fallback", [other, *only]) for other in others)
            return ".".join([first, *calls])
        case _:
            return _write_leaf(node, argument=argument)


expression = on_heap(_write)


Leaf: TypeAlias = (
    n.Passthrough | n.Step | n.Transform | n.Pick | n.Select | n.Rename | n.Omit | n.IsInstance
    | n.Template | n.ChatTemplate
)  # fmt: skip


def _write_leaf(node: Leaf, *, argument: bool) -> str:
    match node:
        case n.Passthrough(kind):
            return f"passthrough({'' if kind is None else _type(kind)})"
        case n.Step():
            return _step(node, argument=argument)
        case n.Transform():
            return f"transform({_function(node.function)}{_aio(node)})"
        case n.Pick(key):
            return f"pick({key!a})" if isinstance(key, str) else f"runnable(itemgetter({key!r}))"
        case n.Select(keys):
            return _call("pick", map(ascii, keys))
        case n.Omit(keys):
            return _call("omit", map(ascii, keys))
        case n.Rename(news, olds):
            return _call("rename", _keyed(news, [*map(ascii, olds)]))
        case n.IsInstance(kinds, values):
            return " | ".join([*map(_type, kinds), *(f"Literal[{_constant(v)}]" for v in values)])
        case n.Template(parts):
            return f"template({_text(parts)!a})"
        case n.ChatTemplate(roles, templates):
            texts = [ascii(_text(template.parts)) for template in templates]
            return _call("chat_template", _keyed(roles, texts))
        case _:
            assert_never(node)


def _guard(node: n.Retry | n.Timeout) -> str:
    if isinstance(node, n.Timeout):
        return f"timeout(seconds={node.seconds})"
    bounds = f"attempts={node.attempts}, total_seconds={node.total_seconds}"
    backoff = "" if node.backoff == DEFAULT else f", backoff={node.backoff!r}"
    return f"retry(on={_types(node.on)}, {bounds}{backoff})"


def _types(kinds: tuple[type[Any], ...]) -> str:
    return _type(kinds[0]) if len(kinds) == 1 else f"({', '.join(map(_type, kinds))})"


def _arguments(nodes: Iterable[n.Node]) -> Frame[list[str]]:
    written: list[str] = []
    for node in nodes:
        written.append((yield _write(node, argument=True)))  # noqa: PERF401 - no comprehension can yield
    return written


def _arms(node: n.Branch) -> Frame[list[str]]:
    arms: list[str] = []
    for test, arm in node.cases:
        tested, chosen = yield _arguments([test, arm])
        arms.append(f"{'case' if isinstance(test, n.IsInstance) else 'when'}({tested}, {chosen})")
    if node.otherwise is not None:
        arms.append(f"otherwise={(yield _write(node.otherwise, argument=True))}")
    return arms


def _call(builder: str, arguments: Iterable[str]) -> str:
    return f"{builder}({', '.join(arguments)})"


def _keyed(keys: tuple[str, ...] | None, values: list[str], *, mapping: bool = False) -> list[str]:
    """Return branches as keywords; where one cannot be, in a dict, spread where it must be."""
    if keys is None:
        return values
    pairs = list(zip(keys, values, strict=True))
    if all(key.isidentifier() and not keyword.iskeyword(key) for key in keys):
        return [f"{key}={value}" for key, value in pairs]
    inside = "{" + ", ".join(f"{key!a}: {value}" for key, value in pairs) + "}"
    return [inside if mapping else f"**{inside}"]


def _text(parts: tuple[tuple[str, str | None], ...]) -> str:
    texts: list[str] = []
    for literal, name in parts:
        texts.append(literal.replace("{", "{{").replace("}", "}}"))
        texts.append("" if name is None else f"{{{name}}}")
    return "".join(texts)


def _type(kind: object) -> str:
    if kind is type(None):
        return "None"
    return kind.__qualname__ if isinstance(kind, type) else str(kind).replace("typing.", "")


def _constant(value: object) -> str:
    return f"{type(value).__qualname__}.{value.name}" if isinstance(value, Enum) else ascii(value)


def _step(node: n.Step, *, argument: bool) -> str:
    options = _aio(node) + (", inline=True" if node.inline else "")
    name = _function(node.function)
    return name if argument and not options else f"runnable({name}{options})"


def _aio(node: n.Step | n.Transform) -> str:
    return "" if node.sync is None or node.aio is None else f", aio={_function(node.aio)}"


def _function(function: Any) -> str:
    if isinstance(function, functools.partial):
        bound = ", ..." if function.args or function.keywords else ""
        return f"partial({_function(function.func)}{bound})"
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    return str(name).replace("<locals>.", "").replace("<lambda>", "lambda")

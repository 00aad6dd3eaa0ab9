"""The oracle: what a pipeline means, by the simplest recursion that can be right.

It runs one thing after another in the caller's thread, async bodies to their end and
streams to their last chunk, and shares no code with the engine: whatever is faster is
held to it. Like every interpreter it ends in `assert_never`.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import operator
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from itertools import islice
from numbers import Number
from typing import Any, TypeAlias, assert_never, final

from returns.result import Failure, Success

from combinators import (
    AbsentKeyError,
    EmptyStreamError,
    FallbackError,
    FanoutError,
    InputError,
    MergeError,
    NoMatchError,
    ResultError,
    Runnable,
    _nodes as n,
)
from combinators.laws._outcomes import Outcome, outcome_of
from combinators.laws._telling import is_collection, is_mapping, is_pipeline


def meaning(pipeline: Runnable[Any, Any], x: object) -> Outcome:
    """Return what a pipeline comes to on an input: its value, or all of its failures.

    A pipe fails with the exception of its first step that does; parallel branches with a
    `FanoutError` of *all* that fail, where a real engine may stop at the first.

    >>> from combinators import fanout
    >>> meaning(fanout(low=min, high=max), [3, 1, 2])
    Gave(value={'low': 1, 'high': 3})
    """
    runner = asyncio.Runner()  # makes its loop when it is first asked to run
    try:
        return outcome_of(lambda: _Reference(runner.run).value(pipeline.node, x))
    finally:
        runner.close()


Run: TypeAlias = "Callable[[Any], Any]"


@final
class _Reference:
    """The interpreter, with what runs a coroutine to its end."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def value(self, node: n.Node, x: Any) -> Any:
        """Return the value of a tree on an input.

        Raises:
            Exception: it has none
        """
        match node:
            case n.Passthrough():
                return x
            case n.Step():
                return self._step(node, x)
            case n.Transform():
                return self._changed(node, x)
            case n.Pipe(steps):
                return functools.reduce(lambda given, step: self.value(step, given), steps, x)
            case n.Fanout(keys, target, branches):
                values = self._all(range(len(branches)) if keys is None else keys, branches, x)
                if keys is None:
                    return tuple(values.values())
                return values if target is None else target(**values)
            case n.Assign(keys, update, branches):
                return {**_assignable(x, keys, update=update), **self._all(keys, branches, x)}
            case n.Each(element):
                items = _elements(x)
                return [*self._collected({i: (element, y) for i, y in enumerate(items)}).values()]
            case n.Branch():
                return self._branch(node, x)
            case n.Route(key, names, arms):
                return self.value(_arm(_read(x, key), names, arms), x)
            case n.Bind(choose):
                return self.value(_tree(self.value(choose, x)), x)
            case n.ChatTemplate(roles, templates):
                texts = [_text(template, x) for template in templates]
                return [{"role": r, "content": t} for r, t in zip(roles, texts, strict=True)]
            case n.Named(_, inner):
                return self.value(inner, x)
            case n.Tap(watch):
                self.value(watch, x)
                return x
            case n.Attempt(inner):
                return self._attempt(inner, x)
            case n.Retry() | n.Fallback() | n.Timeout() | n.Cached():
                return self._robust(node, x)
            case _:
                return _rearranged(node, x)

    def _step(self, node: n.Step, x: Any) -> Any:
        try:
            result = node.function(x)
            if node.sync is not None:
                result = folded([*result]) if node.streams else result
            else:
                result = self._run(_all_of(result) if node.streams else result)
        except (StopIteration, StopAsyncIteration) as error:
            raise RuntimeError from error
        if inspect.isawaitable(result):
            if inspect.iscoroutine(result):
                result.close()  # else Python complains, whenever it finds it
            raise ResultError(str(node.function), "returned an awaitable")
        return result

    def _changed(self, node: n.Transform, x: Any) -> Any:
        if node.sync is not None:
            return folded([*node.sync(iter([x]))])
        return self._run(_all_of(node.function(_only(x))))

    def _all(self, keys: Iterable[Any], branches: Sequence[n.Node], x: Any) -> dict[Any, Any]:
        return self._collected({k: (b, x) for k, b in zip(keys, branches, strict=True)})

    def _collected(self, work: Mapping[Any, tuple[n.Node, Any]]) -> dict[Any, Any]:
        """Return the value of each tree on its input, under its key."""
        values: dict[Any, Any] = {}
        errors: dict[Any, Exception] = {}
        for key, (node, x) in work.items():
            try:
                values[key] = self.value(node, x)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is kept under its key
                errors[key] = error
        if errors:
            raise FanoutError(errors, len(work))
        return values

    def _branch(self, node: n.Branch, x: Any) -> Any:
        for test, arm in node.cases:
            if self.value(test, x):
                return self.value(arm, x)
        if node.otherwise is None:
            raise NoMatchError("branch", type(x).__name__, "")
        return self.value(node.otherwise, x)

    def _robust(self, node: n.Retry | n.Fallback | n.Timeout | n.Cached, x: Any) -> Any:
        match node:
            case n.Retry():
                return self._retried(node, x)
            case n.Fallback():
                return self._first(node, x)
            case n.Timeout(_, inner):
                return self.value(inner, x)  # nothing takes time here
            case n.Cached(_, inside):
                self._hash(node, x)
                return self.value(inside[0], x)

    def _retried(self, node: n.Retry, x: Any) -> Any:
        for _ in islice(node.backoff, node.attempts - 1):
            try:
                return self.value(node.node, x)
            except Exception as error:
                if not _is_answered(error, node.on):
                    raise
        return self.value(node.node, x)

    def _first(self, node: n.Fallback, x: Any) -> Any:
        errors: dict[int, Exception] = {}
        for position, step in enumerate(node.steps):
            try:
                return self.value(step, x)
            except Exception as error:
                errors[position] = error
                answered = _is_answered(error, node.on)
                if not answered and not position:
                    raise
                if not answered:
                    break
        raise FallbackError(errors, len(node.steps))

    def _hash(self, node: n.Cached, x: Any) -> None:
        for value in [self.value(key, x) for key in node.key] or [x]:
            try:
                hash(value)
            except TypeError as error:
                raise InputError("cached", type(value).__name__, "") from error

    def _attempt(self, inner: n.Node, x: Any) -> Any:
        try:
            return Success(self.value(inner, x))
        except Exception as error:  # noqa: BLE001 - the outcome is the value
            return Failure(error)


def _is_answered(error: Exception, on: tuple[type[Exception], ...]) -> bool:
    inside: Sequence[Exception] = getattr(error, "exceptions", ())
    if not inside:
        return isinstance(error, on)
    named = any(issubclass(kind, ExceptionGroup) and isinstance(error, kind) for kind in on)
    return named or all(_is_answered(each, on) for each in inside)


Rearranging: TypeAlias = n.Pick | n.Select | n.Rename | n.Omit | n.IsInstance | n.Template


def _rearranged(node: Rearranging, x: Any) -> Any:
    match node:
        case n.Pick(str() as key):
            return _read(x, key)
        case n.Pick(index):
            return x[index]
        case n.Select(keys):
            return {key: _read(x, key) for key in keys}
        case n.Omit(keys):
            return {key: value for key, value in _having(x, keys).items() if key not in keys}
        case n.Rename(news, olds):
            new_of = dict(zip(olds, news, strict=True))
            if set(news) & (_having(x, olds).keys() - set(olds)):
                raise InputError("rename", "a mapping with a new key", "")
            return {new_of.get(key, key): value for key, value in x.items()}
        case n.IsInstance(kinds, values):
            return isinstance(x, kinds) or any(type(x) is type(v) and x == v for v in values)
        case n.Template():
            return _text(node, x)
        case _:
            assert_never(node)


def _having(x: Any, keys: Iterable[str]) -> Mapping[Any, Any]:
    if not is_mapping(x):
        raise InputError("a step", type(x).__name__, "")
    if missing := [key for key in keys if key not in x]:
        raise AbsentKeyError("a step", missing, [*x])
    return x


def _read(x: Any, key: str) -> Any:
    return _having(x, (key,))[key]


def _assignable(x: Any, keys: Sequence[str], *, update: bool) -> Mapping[Any, Any]:
    mapping = _having(x, keys if update else ())
    if not update and any(key in mapping for key in keys):
        raise InputError("assign", "a mapping with the key", "")
    return mapping


def _elements(x: Any) -> list[Any]:
    if not is_collection(x):
        raise InputError("each", type(x).__name__, "")
    return [*x]


def _arm(wanted: object, names: Sequence[object], arms: Sequence[n.Node]) -> n.Node:
    # A default stands behind the arms that have a name.
    for name, arm in zip(names, arms, strict=False):
        if type(name) is type(wanted) and name == wanted:
            return arm
    if len(arms) == len(names):
        raise NoMatchError("route", type(wanted).__name__, "")
    return arms[-1]


def _tree(choice: object) -> n.Node:
    if not is_pipeline(choice):
        raise ResultError("bind", "chose no Runnable")
    return choice.node


def _text(template: n.Template, x: Any) -> str:
    return "".join(t if name is None else f"{t}{_read(x, name)}" for t, name in template.parts)


async def _only(x: Any) -> AsyncIterator[Any]:
    yield x


async def _all_of(chunks: AsyncIterator[Any]) -> Any:
    return folded([chunk async for chunk in chunks])


def folded(chunks: Sequence[Any]) -> Any:
    """Return the value that chunks make together.

    >>> folded(["a", "b"]), folded([{"n": 1}, {"m": [2]}, {"n": 3}])
    ('ab', {'n': 4, 'm': [2]})
    """
    if not chunks:
        raise EmptyStreamError("a step")
    if len(chunks) == 1:
        return chunks[0]
    if all(isinstance(chunk, Mapping) for chunk in chunks):
        keys = dict.fromkeys(key for chunk in chunks for key in chunk)
        return {key: folded([chunk[key] for chunk in chunks if key in chunk]) for key in keys}
    for kind in (str, bytes, tuple, list, Number):
        if all(isinstance(chunk, kind) for chunk in chunks):
            return _sum(chunks)
    raise MergeError(type(chunks[0]).__name__, type(chunks[1]).__name__)


def _sum(chunks: Sequence[Any]) -> Any:
    try:
        return functools.reduce(operator.add, chunks)
    except TypeError as error:  # numbers of two kinds
        raise MergeError(type(chunks[0]).__name__, type(chunks[1]).__name__) from error

"""The parts that pipelines are built of: whatever stands for a step, as a tree with its keys.

Coercion is here, and one function for each combinator; the builders and the methods
of `Runnable` give them types. All of them check that keys line up.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast, final

from combinators import _nodes as n
from combinators._errors import BuilderError, KeyMismatchError, NotAStepError
from combinators._functions import (
    is_async,
    is_generator,
    is_method,
    required_arguments,
    takes_one_argument,
)
from combinators._heap import Frame, on_heap
from combinators._keys import Signature, as_key, as_keys, signature, then
from combinators._kinds import is_itemgetter, is_mapping
from combinators._labels import branch_of, function_name
from combinators._target import check_fields
from combinators._template import parsed
from combinators._value import Value
from combinators._words import a_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from operator import itemgetter


@final
@dataclass(frozen=True, slots=True)
class Part:
    """Something that a step was expected to be, as a tree."""

    node: n.Node
    signature: Signature


def part(value: object, where: str) -> Part | Value:
    """Return whatever stands where a step is expected, as a tree with its keys.

    Raises:
        NotAStepError: it is neither a Runnable, nor a callable of one argument, nor
            a dict of such things. `where` says where it stands.
    """
    if isinstance(value, Value):
        return value
    return _coerced(value, where, ())


def _coerce(value: object, where: str, around: tuple[object, ...]) -> Frame[Part | Value]:
    if isinstance(value, Value):
        return value
    if is_mapping(value):
        if any(value is outer for outer in around):
            raise NotAStepError(where, "a dict that contains itself", "Leave it out.")
        keys = as_keys(where, value)
        parts: list[Part | Value] = []
        for key, step in zip(keys, value.values(), strict=True):
            place = f"{where} > {branch_of('fanout', key)}"
            parts.append((yield _coerce(step, place, (*around, value))))
        return fanned(keys, parts)
    if is_itemgetter(value):
        return _picks(value)
    return known(step_of(value, where))


_coerced = on_heap(_coerce)


def known(node: n.Node, inside: Iterable[Part | Value] = ()) -> Part:
    """Return a node with its signature, given the parts that it was made of.

    Raises:
        KeyMismatchError: the keys of two steps inside do not line up.
    """
    return Part(node, signature(node, inside))


def fanned(keys: tuple[str, ...] | None, parts: Sequence[Part | Value], target: Any = None) -> Part:
    """Return the fan-out to these parts."""
    return known(n.Fanout(keys, target, tuple(inner.node for inner in parts)), parts)


def piped(before: Part | Value, after: Part | Value) -> Signature:
    """Return the signature of two parts in sequence.

    Raises:
        KeyMismatchError: their keys do not line up; the error counts all steps of both.
    """
    try:
        return then(before.signature, after)
    except KeyMismatchError:
        return signature(n.piped([before.node, after.node]))  # the same, counting all steps


def _picks(getter: itemgetter[Any]) -> Part:
    items = cast("tuple[Any, tuple[Any, ...]]", getter.__reduce__())[1]
    picks = [known(n.Pick(item)) for item in items]
    return picks[0] if len(picks) == 1 else fanned(None, picks)


def step_of(function: object, where: str, **options: Any) -> n.Step:
    """Return the step that calls `function`.

    Raises:
        NotAStepError: it cannot be called with one argument.
    """
    if not callable(function):
        raise NotAStepError(where, a_kind(function), _slip(function))
    if not takes_one_argument(function):
        raise NotAStepError(where, _odd_call(function), _bind(function))
    streams = is_generator(function)
    if is_async(function):
        return n.Step(None, function, streams, **options)
    return n.Step(function, None, streams, **options)


def transformed(function: object, aio: object = None) -> Part:
    """Return the step from chunks to chunks that a function is, or two bodies are.

    Raises:
        NotAStepError: one cannot be called with one argument.
        BuilderError: one gives no chunks, or the two do not go together.
    """
    given = {"transform() argument 1": function} | ({} if aio is None else {"transform() aio": aio})
    bodies = [step_of(body, where) for where, body in given.items()]
    for body in bodies:
        if body.aio is not None and not body.streams:
            raise BuilderError("transform()", "a coroutine function", _CHUNKS)
    first, *others = bodies
    if others and (first.sync is None or others[0].aio is None):
        kinds = [f"an {'async ' if body.aio else ''}iterator" for body in bodies]
        raise BuilderError("transform()", f"bodies over {' and '.join(kinds)}", _TWO_BODIES)
    return known(n.Transform(first.sync, others[0].aio if others else first.aio))


_CHUNKS = "Yield the chunks: an async generator function takes an async iterator and gives one."
_TWO_BODIES = "The first body takes an iterator, and aio= is an async generator function."


def _odd_call(function: Callable[..., Any]) -> str:
    name, needed = function_name(function), required_arguments(function)
    if needed == -1:
        return f"a function with required keyword arguments ({name})"
    return f"a function of {needed or 'no'} arguments ({name})"


def _bind(function: Callable[..., Any]) -> str:
    if is_method(getattr(function, "__wrapped__", function)):
        return "Take a method from an instance: `obj.method`, not `Class.method`."
    return "Bind the others: functools.partial(f, name=value), or `lambda x: f(x, …)`."


def _slip(value: object) -> str:
    if value is None:
        return "Did you pass the result of a function that returns nothing?"
    if isinstance(value, str):
        return "To read a key, write pick(…); to fill in a text, template(…)."
    if isinstance(value, list | tuple):
        return "To run several steps on the same input, write fanout(a, b)."
    if inspect.iscoroutine(value) or inspect.isgenerator(value):
        return "Did you call the function? Pass `f`, not `f(x)`."
    return "For a constant, write `lambda _: value`."


# --- Combinators ---------------------------------------------------------------


def in_sequence(steps: Sequence[object]) -> Part:
    """Return steps one after another."""
    return sequence([part(step, f"pipe() argument {i}") for i, step in enumerate(steps, start=1)])


def sequence(steps: Sequence[Part | Value]) -> Part:
    """Return steps one after another, in normal form."""
    if not steps:
        return known(n.Passthrough())
    keys = steps[0].signature
    for step in steps[1:]:
        try:
            keys = then(keys, step)
        except KeyMismatchError:
            return known(n.piped([each.node for each in steps]))  # the same, counting all steps
    return Part(n.piped([step.node for step in steps]), keys)


def tree_of(step: Part | Value) -> Value | n.Node:
    """Return what stands for a step in the tree of a pipeline: a pipeline, while it is not read."""
    return step if isinstance(step, Value) else step.node


def branches_of(
    builder: str, branches: Mapping[str, object]
) -> tuple[tuple[str, ...], list[Part | Value]]:
    """Return the keys of named branches, as they are written, and the branches."""
    keys = as_keys(f"{builder}()", branches)
    named = zip(keys, branches.values(), strict=True)
    return keys, [part(branch, branch_of(builder, key)) for key, branch in named]


def fan(branches: Sequence[object], named: Mapping[str, object]) -> Part:
    """Return a fan-out in any of its spellings.

    Raises:
        BuilderError: the spellings are mixed.
    """
    first = branches[0] if branches else None
    if len(branches) == 1 and is_mapping(first) and not named:
        return fanned(*branches_of("fanout", first))
    if not named and branches:
        return fanned(None, [part(step, branch_of("fanout", i)) for i, step in enumerate(branches)])
    keys, parts = branches_of("fanout", named)
    if not branches:
        return fanned(keys, parts)
    if len(branches) == 1 and isinstance(first, type):
        check_fields(first, keys)
        return fanned(keys, parts, first)
    raise BuilderError(
        "fanout()",
        "positional and named branches",
        "Name all branches for a mapping or none for a tuple; a class may stand before named ones.",
    )


def assigned(branches: Mapping[str, object], *, update: bool) -> Part:
    """Return the input mapping with computed keys, new ones or, to update, old ones."""
    keys, parts = branches_of("update" if update else "assign", branches)
    return known(n.Assign(keys, update, tuple(inner.node for inner in parts)), parts)


def picked(keys: Sequence[object]) -> Part:
    """Return the value under one key, or the mapping with several."""
    if not keys:
        raise BuilderError("pick()", "no key", "Name one key for its value, more for a mapping.")
    if len(keys) == 1:
        return known(n.Pick(as_key("pick()", keys[0])))
    return known(n.Select(as_keys("pick()", keys)))


def omitted(keys: Sequence[object]) -> Part:
    """Return the mapping without some keys."""
    return known(n.Omit(as_keys("omit()", keys)))


def renamed(olds: Mapping[str, object]) -> Part:
    """Return the mapping with keys called otherwise: `olds` maps new names to old ones."""
    news = as_keys("rename()", olds)
    return known(n.Rename(news, as_keys("rename()", olds.values())))


def elementwise(step: object) -> Part:
    """Return a step for every element of a collection."""
    inner = part(step, "each() argument 1")
    return known(n.Each(inner.node), [inner])


def tapped(watch: object) -> Part:
    """Return a passthrough that shows what passes."""
    inner = part(watch, "tap() argument 1")
    return known(n.Tap(inner.node), [inner])


def attempted(step: Value) -> Part:
    """Return a step with its outcome as a value."""
    return known(n.Attempt(step.node), [step])


def named(step: Value, name: object) -> Part:
    """Return a step under a name of its own.

    Raises:
        BuilderError: the name is not a string, or is empty.
    """
    if not isinstance(name, str) or not name or not name.isprintable():
        given = "a string that cannot be shown on a line" if isinstance(name, str) else a_kind(name)
        raise BuilderError("named()", given, "A name is a printable string that is not empty.")
    return known(n.Named(name, step.node), [step])


def bound(choose: object) -> Part:
    """Return a step that runs what a function chooses."""
    inner = part(choose, "bind() argument 1")
    return known(n.Bind(inner.node), [inner])


def identity(form: object) -> Part:
    """Return the passthrough, with a type or without."""
    return known(n.Passthrough(form))


def templated(text: object) -> Part:
    """Return a template."""
    return known(n.Template(parsed(text)))


def chat_templated(texts: Mapping[str, object]) -> Part:
    """Return a chat template of a text for each role.

    Raises:
        BuilderError: there is no text.
    """
    if not texts:
        raise BuilderError("chat_template()", "no message", "Give it system=… or user=… texts.")
    filled = [n.Template(parsed(text, f"chat_template({role}=…)")) for role, text in texts.items()]
    return known(n.ChatTemplate(tuple(texts), tuple(filled)))

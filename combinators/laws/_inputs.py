"""Which inputs a pipeline takes, as far as it says so itself."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Iterable
from types import GenericAlias
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.errors import HypothesisException

from combinators import OptionError, Runnable, _nodes as n
from combinators.laws._telling import a_kind, is_collection

Inputs: typing.TypeAlias = "st.SearchStrategy[Any] | Iterable[Any]"


def drawn_from(inputs: Inputs | None, pipeline: Runnable[Any, Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for what was given as inputs, or for what the pipeline says it takes.

    Raises:
        OptionError: nothing was given, and the pipeline does not say; or there is nothing to draw
    """
    if isinstance(inputs, st.SearchStrategy):
        if inputs.is_empty:
            raise OptionError("inputs", "a strategy that draws nothing", ACCEPTED)
        return inputs
    if inputs is not None:
        found = list(inputs) if is_collection(inputs) else None
        if not found:
            given = a_kind(inputs) if found is None else f"{a_kind(inputs)} with nothing in it"
            raise OptionError("inputs", given, ACCEPTED)
        return st.sampled_from(found)
    form = declared_input(pipeline)
    if form is not None:
        return _of_type(form)
    if pipeline.signature.needs:
        return st.fixed_dictionaries({key: st.text() for key in pipeline.signature.needs})
    raise OptionError("inputs", "nothing", f"{ACCEPTED}: the first step does not say what it takes")


ACCEPTED: Final = "a strategy of hypothesis, or a list of inputs"


def _of_type(form: Any) -> st.SearchStrategy[Any]:
    try:
        strategy = st.from_type(form)
        strategy.validate()
    except (HypothesisException, TypeError, NameError) as error:
        name = form.__qualname__ if isinstance(form, type) else str(form)
        given = f"nothing, and hypothesis cannot draw what the first step takes, {name}"
        raise OptionError("inputs", given, ACCEPTED) from error
    return strategy


def declared_input(pipeline: Runnable[Any, Any]) -> Any:
    """Return the type that the first step says it takes, None where it says nothing.

    >>> from combinators import runnable
    >>> def words(text: str) -> list[str]:
    ...     return text.split()
    >>> declared_input(runnable(words) | len)
    <class 'str'>
    """
    node, lists = pipeline.node, 0
    while (inside := _first_inside(node)) is not None:
        lists += isinstance(node, n.Each)
        node = inside
    form = _said_by(node)
    for _ in range(0 if form is None else lists):
        form = GenericAlias(list, (form,))
    return form


def _first_inside(node: n.Node) -> n.Node | None:
    """Return the node inside another one that is given what that takes, or an element of it."""
    match node:
        case n.Pipe((first, *_)) | n.Named(_, first) | n.Attempt(first) | n.Each(first):
            return first
        case n.Retry() | n.Timeout() | n.Fallback() | n.Cached():
            guarded: n.Node = node.children[0]
            return guarded
        case n.Fanout(branches=(first, *_)):
            return first  # all branches take the same
        case _:
            return None


def _said_by(node: n.Node) -> Any:
    match node:
        case n.Passthrough(kind):
            return kind
        case n.Step():
            return _annotated(node.function)
        case _:
            return None


def _annotated(function: Callable[..., Any]) -> Any:
    """Return the annotation of the first argument of a function."""
    if isinstance(function, functools.partial):
        return None  # which argument is the first, its parts do not say
    try:
        hints = typing.get_type_hints(function)
        first = next(iter(inspect.signature(function).parameters), None)
    except (TypeError, ValueError, NameError):
        return None  # written in C, or annotated with names that are not there
    return None if first is None else hints.get(first)

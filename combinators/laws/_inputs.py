"""Which inputs a pipeline takes, as far as it says so itself."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Iterable
from typing import Any

from hypothesis import strategies as st

from combinators import OptionError, Runnable, _nodes as n
from combinators.laws._telling import is_collection

Inputs: typing.TypeAlias = "st.SearchStrategy[Any] | Iterable[Any]"


def drawn_from(inputs: Inputs | None, pipeline: Runnable[Any, Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for what was given as inputs, or for what the pipeline says it takes.

    Raises:
        OptionError: nothing was given, and the pipeline does not say
    """
    if isinstance(inputs, st.SearchStrategy):
        return inputs
    if inputs is not None:
        found = list(inputs) if is_collection(inputs) else []
        if not found:
            raise OptionError("inputs", f"a {type(inputs).__name__}", _ACCEPTED)
        return st.sampled_from(found)
    form = declared_input(pipeline)
    if form is not None:
        return st.from_type(form)
    if pipeline.signature.needs:
        return st.fixed_dictionaries({key: st.text() for key in pipeline.signature.needs})
    raise OptionError(
        "inputs", "nothing", f"{_ACCEPTED}: the first step does not say what it takes"
    )


_ACCEPTED = "a strategy of hypothesis, or a list of inputs with something in it"


def declared_input(pipeline: Runnable[Any, Any]) -> Any:
    """Return the type that the first step says it takes, None where it says nothing.

    >>> from combinators import runnable
    >>> def words(text: str) -> list[str]:
    ...     return text.split()
    >>> declared_input(runnable(words) | len)
    <class 'str'>
    """
    node = pipeline.node
    while True:
        match node:
            case n.Pipe((first, *_)) | n.Named(_, first) | n.Attempt(first):
                node = first
            case n.Retry() | n.Timeout() | n.Fallback() | n.Cached():
                node = node.children[0]
            case n.Passthrough(kind):
                return kind
            case n.Step():
                return _annotated(node.function)
            case n.Fanout(branches=(first, *_)):
                node = first  # all branches take the same
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

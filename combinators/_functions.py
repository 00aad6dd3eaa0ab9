"""What can be read off a callable before it runs: its kind and whether it takes one argument."""

from __future__ import annotations

import functools
import inspect
from types import FunctionType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def body_of(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return what runs when `function` is called: under partials, or its `__call__`.

    >>> from functools import partial
    >>> body_of(partial(print, end="")) is print
    True
    """
    while isinstance(function, functools.partial):
        function = function.func
    if inspect.isroutine(function) or inspect.isclass(function):
        return function
    call: Callable[..., Any] = type(function).__call__
    return call


def is_async(function: Callable[..., Any]) -> bool:
    """Return whether a call gives a coroutine or an async generator."""
    body = body_of(function)
    return inspect.iscoroutinefunction(body) or inspect.isasyncgenfunction(body)


def is_generator(function: Callable[..., Any]) -> bool:
    """Return whether a call gives a generator, sync or async."""
    body = body_of(function)
    return inspect.isgeneratorfunction(body) or inspect.isasyncgenfunction(body)


def required_arguments(function: Callable[..., Any], *, wrapped: bool = False) -> int | None:
    """Return how many positional arguments a call must have, None where unknown.

    A callable that cannot be called with positional arguments alone needs -1. With
    `wrapped`, a function made by `functools.wraps` counts as the one it wraps.

    >>> required_arguments(lambda a, b=1: a), required_arguments(lambda *, k: k)
    (1, -1)
    """
    if type(function) is FunctionType and not (wrapped and hasattr(function, "__wrapped__")):
        code = function.__code__  # the quick way: `signature` costs 15 times as much
        if not code.co_kwonlyargcount:
            return code.co_argcount - len(function.__defaults__ or ())
    try:
        parameters = inspect.signature(function, follow_wrapped=wrapped).parameters.values()
    except (ValueError, TypeError):
        # Made by `functools.wraps` without being a function: as much as what it wraps.
        inner = getattr(function, "__wrapped__", None)
        return None if inner is None else required_arguments(inner)
    unset = [p for p in parameters if p.default is p.empty]
    if any(p.kind is p.KEYWORD_ONLY for p in unset):
        return -1
    return sum(p.kind in {p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD} for p in unset)


def is_method(function: Callable[..., Any]) -> bool:
    """Return whether a function was defined in a class body, to be called on instances."""
    if type(function) is not FunctionType:
        return False
    *outer, _ = function.__qualname__.split(".")
    if not outer or outer[-1] == "<locals>":
        return False
    with_self = 2
    named_self = inspect.unwrap(function).__code__.co_varnames[:1] in {("self",), ("cls",)}
    return named_self or required_arguments(function, wrapped=True) == with_self


def takes_one_argument(function: Callable[..., Any]) -> bool:
    """Return whether `function(x)` can work, as far as can be known without calling it."""
    needed = required_arguments(function)
    if needed is None or needed == 1:
        return True
    return needed == 0 and _accepts_one(function)


def _accepts_one(function: Callable[..., Any]) -> bool:
    positional = {
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.VAR_POSITIONAL,
    }
    parameters = inspect.signature(function, follow_wrapped=False).parameters.values()
    return any(p.kind in positional for p in parameters)

"""What the data of nodes are compared and hashed by, where their own `==` says too little."""

from __future__ import annotations

import functools
from types import BuiltinMethodType, MethodType, ModuleType
from typing import Any, cast


def identity(value: object) -> object:
    """Return what stands for `value` in a comparison.

    A partial is its parts, and a method its function and its object: Python compares
    both by identity, so they would differ after pickling. A number comes with its
    type: `1 == True`, but `Literal[1]` does not mean `True`.

    >>> from functools import partial
    >>> identity(partial(int, base=2)) == identity(partial(int, base=2))
    True
    """
    if isinstance(value, functools.partial):
        bound = tuple(sorted(value.keywords.items()))
        return functools.partial, identity(value.func), value.args, bound
    if isinstance(value, MethodType):
        return MethodType, value.__func__, value.__self__
    if isinstance(value, BuiltinMethodType) and not isinstance(value.__self__, ModuleType):
        return BuiltinMethodType, value.__name__, cast("Any", value.__self__)
    if isinstance(value, tuple):
        return tuple(map(identity, cast("tuple[object, ...]", value)))
    if isinstance(value, int | float | complex):
        return type(value), value
    return value

"""Pipelines by the names they have in modules."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any

from combinators import Runnable
from combinators.laws._telling import a_kind, is_pipeline


def pipelines_at(place: str) -> dict[str, Runnable[Any, Any]]:
    """Return the pipelines at `module:name`, or all public ones of `module`, by their names.

    The module is imported, also from the folder one is in.

    Raises:
        LookupError: there is no such module, or no pipeline there

    >>> pipelines_at("combinators.laws._modules")
    Traceback (most recent call last):
    LookupError: combinators.laws._modules has no pipeline under a public name.
    """
    module_name, _, name = place.partition(":")
    module = _imported(module_name)
    public = {each: value for each, value in vars(module).items() if not each.startswith("_")}
    found = {each: value for each, value in public.items() if is_pipeline(value)}
    if not name:
        if not found:
            raise LookupError(f"{module_name} has no pipeline under a public name.")
        return found
    value = _value(module, name, [*found])
    if not is_pipeline(value):
        has = f"The module has these: {', '.join(found)}." if found else "The module has none."
        raise LookupError(f"{place} is {a_kind(value)}, and no pipeline. {has}")
    return {name: value}


def value_at(place: str) -> object:
    """Return the value at `module:name`.

    Raises:
        LookupError: there is none
    """
    module_name, _, name = place.partition(":")
    if not name:
        raise LookupError(f"{place} names no value in a module. Write it as package.module:name.")
    module = _imported(module_name)
    return _value(module, name, [*vars(module)])


def _value(module: ModuleType, name: str, names: Sequence[str]) -> object:
    if name not in vars(module):
        near = [f" Did you mean {each!r}?" for each in get_close_matches(name, names, 1)]
        raise LookupError(f"{module.__name__} has no {name!r}.{''.join(near)}")
    return getattr(module, name)


def _imported(name: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        raise LookupError(_no_module(name))
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    except Exception as error:  # a module may fail in any way
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing and f"{name}.".startswith(f"{missing}."):
            raise LookupError(_no_module(name)) from error
        reason = f"{type(error).__name__}: {error}"
        shows = f'`python -c "import {name}"` shows where'
        raise LookupError(f"{name} cannot be imported: {reason}\n{shows}.") from error


def _no_module(name: str) -> str:
    return f"there is no module {name!r}. Write it as package.module, or package.module:name."

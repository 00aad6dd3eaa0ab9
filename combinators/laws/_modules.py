"""Pipelines by the names they have in modules."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

from combinators import Runnable
from combinators.laws._telling import is_pipeline


def pipelines_at(place: str) -> dict[str, Runnable[Any, Any]]:
    """Return the pipelines at `module:name`, or all public ones of `module`, by their names.

    The module is imported, also from the folder one is in.

    Raises:
        LookupError: there is no such module, or no pipeline there

    >>> pipelines_at("combinators.laws._modules")
    Traceback (most recent call last):
    LookupError: no pipeline in combinators.laws._modules
    """
    module_name, _, name = place.partition(":")
    module = _imported(module_name, place)
    if not name:
        public = {each: value for each, value in vars(module).items() if not each.startswith("_")}
        found = {each: value for each, value in public.items() if is_pipeline(value)}
        if not found:
            raise LookupError(f"no pipeline in {module_name}")
        return found
    value = getattr(module, name, None)
    if not is_pipeline(value):
        kind = "nothing" if value is None else f"a {type(value).__name__}"
        raise LookupError(f"{place} is {kind}, and no pipeline")
    return {name: value}


def value_at(place: str) -> object:
    """Return the value at `module:name`.

    Raises:
        LookupError: there is none
    """
    module_name, _, name = place.partition(":")
    module = _imported(module_name, place)
    if not name or not hasattr(module, name):
        raise LookupError(f"there is no {place}: write it as module:name")
    found: object = getattr(module, name)
    return found


def _imported(name: str, place: str) -> object:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.partition(".")[0] and error.name != name:
            raise  # it is there, and imports something that is not
        raise LookupError(f"there is no module {name!r}, for {place}") from error

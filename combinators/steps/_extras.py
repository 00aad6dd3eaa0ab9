"""Names that are loaded when they are first asked for, and what to say where that fails."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Final

from combinators import MissingExtraError

# Which extra brings which third party.
_EXTRAS: Final = {
    "faiss": "offline",
    "numpy": "offline",
    "openai": "openai",
    "pydantic": "openai",
    "sklearn": "offline",
}


def lazily(package: str, modules: Mapping[str, str]) -> Callable[[str], object]:
    """Return a `__getattr__` for `package` that finds each name in the module given for it.

    Raises (when called):
        MissingExtraError: the module needs a third party that is not installed.
    """

    def load(name: str) -> object:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        try:
            module = import_module(f"{package}.{modules[name]}")
        except ModuleNotFoundError as error:
            raise explained(f"{package}.{name}", error) from error
        found: object = getattr(module, name)
        setattr(sys.modules[package], name, found)  # the next time it is simply there
        return found

    return load


def explained(wanted: str, error: ModuleNotFoundError) -> ModuleNotFoundError:
    """Return what to raise where `wanted` cannot be had because of `error`.

    A module that no extra brings is missing for another reason: then `error` itself.

    >>> print(explained("combinators.steps.chat", ModuleNotFoundError(name="openai")))
    combinators.steps.chat needs the module 'openai', which is not installed.
    Install the extra that brings it: pip install 'typed-combinators[openai]'
    """
    top = (error.name or "").partition(".")[0]
    return MissingExtraError(wanted, top, _EXTRAS[top]) if top in _EXTRAS else error

"""Sources run for real: what the constructor says of them, and what right ones give."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import final

from combinators import (
    BuilderError,
    KeyMismatchError,
    MissingKeyError,
    NotAStepError,
    TemplateError,
)
from combinators._errors import DuplicateKeyError
from tests.typesafety import shapes as t
from tests.typesafety.names import has_shape
from tests.typesafety.sources import Source

REFUSALS = (KeyMismatchError, BuilderError, NotAStepError, TemplateError)


@final
@dataclass(frozen=True, slots=True)
class Refusal:
    """What the constructor says when it refuses to build."""

    said: str
    key: str | None


@contextmanager
def modules_of(source: Source) -> Generator[dict[str, ModuleType], None, None]:
    """Make the modules of a source importable for a while, empty as they are."""
    made = {name: ModuleType(name) for name in source.modules}
    sys.modules.update(made)
    try:
        yield made
    finally:
        for name in made:
            del sys.modules[name]


def refusal(source: Source) -> Refusal | None:
    """Build the pipelines of a source, run none, and return why they cannot be built."""
    with modules_of(source) as made:
        try:
            for name, text in source.modules.items():
                run = text.splitlines()[: source.first_use - 1] if name == source.name else [text]
                _execute("\n".join(run), made[name])
        except REFUSALS as error:
            # Only these two tell of one key.
            key = error.key if isinstance(error, MissingKeyError | DuplicateKeyError) else None
            return Refusal(str(error), key)
    return None


def failure(source: Source, results: dict[str, t.Shape]) -> str | None:
    """Build and run the pipelines of a source, and return what goes wrong."""
    with modules_of(source) as made:
        try:
            for name, text in source.modules.items():
                _execute(text, made[name])
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is asked for
            return f"{type(error).__name__}: {error}"
        found = vars(made[source.name])
        for name, shape in results.items():
            if not has_shape(found[name], shape):
                return f"{name} is {found[name]!r}, which is not of {shape}"
    return None


def _execute(text: str, module: ModuleType) -> None:
    code = compile(text, f"{module.__name__}.py", "exec", dont_inherit=True)
    exec(code, vars(module))  # noqa: S102 - our own text

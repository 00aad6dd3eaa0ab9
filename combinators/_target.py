"""Classes that a fan-out can build: TypedDicts, dataclasses and NamedTuples."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from combinators._compat import newest_typing
from combinators._errors import BuilderError
from combinators._keys import attributes_of, required_keys
from combinators._words import did_you_mean, listed, shown

if TYPE_CHECKING:
    from collections.abc import Sequence


def check_fields(target: type[Any], keys: Sequence[str]) -> None:
    """Return if branches under `keys` are what it takes to build a `target`.

    Raises:
        BuilderError: a field is missing, a branch has none, or it is no such class.
    """
    where = f"fanout({target.__name__}, …)"
    fields = _fields(target)
    if fields is None:
        accepted = "It builds a TypedDict, a dataclass or a NamedTuple."
        raise BuilderError(where, f"the class {target.__name__}", accepted)
    for key in keys:
        if key not in fields:
            accepted = f"Its fields are {listed([*fields])}.{did_you_mean(key, [*fields])}"
            raise BuilderError(where, f"a branch {shown(key)}, which is no field", accepted)
    missing = [field for field, required in fields.items() if required and field not in keys]
    if missing:
        given = f"no branch for {listed(missing, 'the field', 'the fields')}"
        raise BuilderError(where, given, "Every field without a default needs a branch.")


def _fields(target: type[Any]) -> dict[str, bool] | None:
    """Return the fields of a class and whether each is required."""
    if newest_typing().is_typeddict(target):
        required = required_keys(target)
        return {key: key in required for key in target.__annotations__}
    if attributes_of(target) is None:
        return None
    # Not the fields: `__init__` may take other things, and leave some out.
    parameters = inspect.signature(target).parameters.values()
    return {p.name: p.default is p.empty for p in parameters}

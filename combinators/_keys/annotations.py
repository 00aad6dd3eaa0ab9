"""What annotations say about keys: TypedDicts and dataclasses are known, the rest is not."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ForwardRef

from combinators._compat import newest_typing
from combinators._functions import body_of
from combinators._keys.shape import ANYTHING, Keys, Other, Shape
from combinators._words import a_class

if TYPE_CHECKING:
    from collections.abc import Callable

_NESTED = 4  # how deep TypedDicts inside TypedDicts are followed: they may be recursive
_NO_MAPPINGS = (str, bytes, int, float, complex, bool, list, tuple, set, frozenset)


def shape_of(annotation: object, nested: int = _NESTED) -> Shape:
    """Return what a type says about the keys of its values.

    >>> shape_of(str)
    Other(kind='a str', attributes=())
    """
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return shape_of(typing.get_args(annotation)[0], nested)
    kind = origin or annotation
    return _of_class(kind, nested) if isinstance(kind, type) else ANYTHING


def _of_class(kind: type[Any], nested: int) -> Shape:
    if newest_typing().is_typeddict(kind):
        return _typed_dict(kind, nested)
    if issubclass(kind, Mapping):
        return ANYTHING
    if (attributes := attributes_of(kind)) is not None:
        return Other(a_class(kind), attributes)
    return Other(a_class(kind)) if kind in _NO_MAPPINGS else ANYTHING


def attributes_of(kind: type[Any]) -> tuple[str, ...] | None:
    """Return the fields of a dataclass or a NamedTuple, None for other classes."""
    if dataclasses.is_dataclass(kind):
        return tuple(field.name for field in dataclasses.fields(kind))
    fields: tuple[str, ...] | None = getattr(kind, "_fields", None)
    return fields if issubclass(kind, tuple) else None


def _typed_dict(kind: Any, nested: int) -> Keys:
    if not nested:
        return ANYTHING
    hints = _hints(kind)
    required = required_keys(kind)
    given = {
        key: shape_of(hints.get(key), nested - 1)
        for key in hints or sorted(required)
        if key in required
    }
    return Keys(given, frozenset(kind.__annotations__) - required, open=False)


def required_keys(kind: Any) -> frozenset[str]:
    """Return the keys that every value of a TypedDict certainly has.

    Where annotations are strings, the class itself takes `NotRequired` for required. None
    is certain then, if they do not resolve (yet).
    """
    required: frozenset[str] = kind.__required_keys__
    if not any(isinstance(each, ForwardRef) for each in kind.__annotations__.values()):
        return required
    marks = {key: _marks(hint) for key, hint in _hints(kind, include_extras=True).items()}
    return frozenset(
        key
        for key, mark in marks.items()
        if "Required" in mark or (key in required and "NotRequired" not in mark)
    )


def _marks(hint: Any) -> set[str]:
    """Return the names of what is written around a type: `Required`, `ReadOnly`, `Annotated`."""
    origin = typing.get_origin(hint)
    name = "Annotated" if origin is typing.Annotated else getattr(origin, "_name", None)
    if name not in {"Annotated", "NotRequired", "ReadOnly", "Required"}:
        return set()
    return {name, *_marks(typing.get_args(hint)[0])}


def taken(function: Callable[..., Any]) -> Shape:
    """Return what the annotation of the first parameter says about the input."""
    hints = _hints(_speaking(function))
    if not hints:
        return ANYTHING
    try:
        first = next(iter(inspect.signature(function).parameters), None)
    except (ValueError, TypeError):
        return ANYTHING
    return shape_of(hints.get(first)) if first else ANYTHING


def returned(function: Callable[..., Any]) -> Shape:
    """Return what the return annotation of a function, or a class, says about the output."""
    if inspect.isclass(function):
        # A TypedDict called as a class gives whatever mapping it is given.
        return ANYTHING if newest_typing().is_typeddict(function) else shape_of(function)
    return shape_of(_hints(_speaking(function)).get("return"))


def _speaking(function: Callable[..., Any]) -> object:
    """Return what has the annotations of a callable, None where they are not its own.

    `functools.wraps` copies those of the function inside, which the wrapper may not keep to.
    """
    body = body_of(function)
    return None if inspect.isclass(body) or hasattr(body, "__wrapped__") else body


def _hints(thing: Any, *, include_extras: bool = False) -> dict[str, Any]:
    try:
        if not getattr(thing, "__annotations__", None):
            return {}
        found = newest_typing().get_type_hints(thing, include_extras=include_extras)
    except (NameError, TypeError, AttributeError, SyntaxError):
        return {}  # annotations that do not resolve (yet) say nothing
    hints: dict[str, Any] = found
    return hints

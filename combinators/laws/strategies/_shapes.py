"""The types of what flows through drawn pipelines, as data."""

from __future__ import annotations

import typing
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, final

from returns.result import Result
from typing_extensions import is_typeddict


@final
@dataclass(frozen=True, slots=True)
class Scalar:
    """Values of a class, or of any type that hypothesis can draw, with nothing to look into."""

    form: Any


@final
@dataclass(frozen=True, slots=True)
class Listed:
    """Lists."""

    element: Shape


@final
@dataclass(frozen=True, slots=True)
class Row:
    """Tuples of so many elements."""

    elements: tuple[Shape, ...]


@final
@dataclass(frozen=True, slots=True)
class Fields:
    """Mappings with these keys."""

    fields: tuple[tuple[str, Shape], ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys, in their order."""
        return tuple(key for key, _ in self.fields)

    def of(self, key: str) -> Shape:
        """Return the shape of the values under a key."""
        return dict(self.fields)[key]

    def having(self, key: str, shape: Shape) -> Fields:
        """Return these fields with one more, or with one of another shape."""
        return Fields(tuple({**dict(self.fields), key: shape}.items()))

    def only(self, keys: typing.Iterable[str]) -> Fields:
        """Return the fields with these keys."""
        return Fields(tuple((key, self.of(key)) for key in keys))


@final
@dataclass(frozen=True, slots=True)
class Attempted:
    """Outcomes of `attempt`."""

    success: Shape


Shape: TypeAlias = Scalar | Listed | Row | Fields | Attempted

NUMBER: Final = Scalar(int)
TEXT: Final = Scalar(str)
TRUTH: Final = Scalar(bool)

SCALARS: Final[tuple[Shape, ...]] = (NUMBER, TEXT, TRUTH)
KEYS: Final[tuple[str, ...]] = ("a", "b", "c", "two words")


def shape_of(form: Any) -> Shape:
    """Return a Python type as a shape.

    >>> shape_of(list[int])
    Listed(element=Scalar(form=<class 'int'>))
    """
    arguments = typing.get_args(form)
    match typing.get_origin(form):
        case None if is_typeddict(form):
            hints = typing.get_type_hints(form)
            return Fields(tuple((key, shape_of(hint)) for key, hint in hints.items()))
        case origin if origin is list:
            return Listed(shape_of(arguments[0]))
        case origin if origin is tuple and Ellipsis not in arguments:
            return Row(tuple(map(shape_of, arguments)))
        case origin if origin is Result:
            return Attempted(shape_of(arguments[0]))
        case _:
            return Scalar(int if form is Any or isinstance(form, typing.TypeVar) else form)

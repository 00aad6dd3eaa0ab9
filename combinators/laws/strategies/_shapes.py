"""The types of what flows through drawn pipelines, as data, and values of them."""

from __future__ import annotations

import functools
import typing
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, final

from hypothesis import strategies as st
from returns.result import Failure, Result, Success
from typing_extensions import is_typeddict

from combinators.laws.strategies._functions import Fault


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


@functools.lru_cache(1_000)
def values(shape: Shape) -> st.SearchStrategy[Any]:
    """Return values of a shape: few and small, so that they meet again."""
    match shape:
        case Scalar(form):
            return _SCALARS[form] if form in _SCALARS else st.from_type(form)
        case Listed(element):
            return st.lists(values(element), max_size=3)
        case Row(elements):
            return st.tuples(*map(values, elements))
        case Fields(fields):
            return st.fixed_dictionaries({key: values(inner) for key, inner in fields})
        case Attempted(success):
            return st.one_of(values(success).map(Success), faults().map(Failure))
        case _:
            typing.assert_never(shape)


def faults() -> st.SearchStrategy[Fault]:
    """Return what drawn functions raise."""
    return st.sampled_from("xyz").map(Fault)


def with_faults(output: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return outputs of which one in a few is raised."""
    return st.one_of(output, output, output, output, faults())


_SCALARS: Final[dict[Any, st.SearchStrategy[Any]]] = {
    int: st.integers(-2, 5),
    str: st.text("ab", max_size=3),
    bool: st.booleans(),
    type(None): st.none(),
    object: st.integers(-2, 5),
}


def _larger(inner: st.SearchStrategy[Shape]) -> st.SearchStrategy[Shape]:
    fields = st.dictionaries(st.sampled_from(KEYS), inner, min_size=1, max_size=3)
    return st.one_of(
        fields.map(lambda found: Fields(tuple(found.items()))),
        inner.map(Listed),
        st.lists(inner, min_size=1, max_size=2).map(lambda found: Row(tuple(found))),
    )


SCALARS: Final[st.SearchStrategy[Shape]] = st.sampled_from([NUMBER, TEXT, TRUTH])
SHAPES: Final[st.SearchStrategy[Shape]] = SCALARS | _larger(SCALARS) | _larger(_larger(SCALARS))

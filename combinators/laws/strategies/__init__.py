"""Strategies of hypothesis for functions, inputs and pipelines.

All pipelines are well typed by construction, shrink towards nothing at all, and print as
the expressions that build them.
"""

from __future__ import annotations

from typing import TypeVar

from hypothesis import strategies as st

from combinators import Runnable
from combinators.laws.strategies import _pipelines as pipelines
from combinators.laws.strategies._drawing import Drawing, drawn
from combinators.laws.strategies._functions import (
    AsyncFunction,
    AsyncGenerator,
    AsyncPassing,
    Fault,
    Function,
    Generator,
    Passing,
    canonical,
)
from combinators.laws.strategies._pipelines import ANY, TOTAL, Point, Taste
from combinators.laws.strategies._shapes import (
    Attempted,
    Fields,
    Listed,
    Row,
    Scalar,
    Shape,
    shape_of,
)

A = TypeVar("A")
B = TypeVar("B")


def runnables(
    takes: type[A], gives: type[B], *, taste: Taste = ANY
) -> st.SearchStrategy[Runnable[A, B]]:
    """Return pipelines of any shape from one type to another.

    Types are classes, lists, tuples, TypedDicts and `Result`; of any other, values are
    drawn by `st.from_type`. A pipeline may raise a `Fault`, unless `taste` says otherwise.

    >>> from hypothesis import given
    >>> @given(runnables(int, str, taste=TOTAL))
    ... def each_gives_a_text(r):
    ...     assert isinstance(r.invoke(3), str)
    >>> each_gives_a_text()
    """
    return drawn(pipelines.arrow)(shape_of(takes), shape_of(gives), taste)


def values(form: type[A]) -> st.SearchStrategy[A]:
    """Return values of a type: of few and small ones, so that they meet again.

    >>> from hypothesis import given
    >>> @given(values(list[str]))
    ... def each_is_a_list(texts):
    ...     assert all(set(text) <= {"a", "b"} for text in texts)
    >>> each_is_a_list()
    """
    return drawn(Drawing.value)(shape_of(form))


__all__ = [
    "ANY",
    "TOTAL",
    "AsyncFunction",
    "AsyncGenerator",
    "AsyncPassing",
    "Attempted",
    "Drawing",
    "Fault",
    "Fields",
    "Function",
    "Generator",
    "Listed",
    "Passing",
    "Point",
    "Row",
    "Scalar",
    "Shape",
    "Taste",
    "canonical",
    "drawn",
    "pipelines",
    "runnables",
    "shape_of",
    "values",
]

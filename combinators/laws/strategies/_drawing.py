"""Drawing by plain recursion from one source of choices.

Where what is drawn decides what is drawn next, a strategy would be made for every step,
which takes longer than to draw from it. Functions of a `Drawing` make none. The first of
several options is the one that examples shrink to.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, Final, ParamSpec, TypeVar, assert_never, final

from hypothesis import strategies as st
from returns.result import Failure, Success

from combinators.laws.strategies import _shapes as s
from combinators.laws.strategies._functions import Fault
from combinators.laws.strategies._shapes import Attempted, Fields, Listed, Row, Scalar, Shape

A = TypeVar("A")
Params = ParamSpec("Params")

_BELOW: Final = tuple(st.integers(0, most) for most in range(32))
_SELDOM: Final = (False, False, False, False, True)
_SCALARS: Final[dict[Any, st.SearchStrategy[Any]]] = {
    bool: st.booleans(),
    int: st.integers(-2, 5),
    object: st.integers(-2, 5),
    str: st.text("ab", max_size=3),
    type(None): st.none(),
}


@final
class Drawing:
    """What draws one example."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw

    def one_of(self, options: Sequence[A]) -> A:
        """Return one of several."""
        return options[self.draw(_BELOW[len(options) - 1])]

    def several(self, make: Callable[[], A], least: int, most: int) -> list[A]:
        """Return what was made so many times."""
        made = [make() for _ in range(least)]
        # Not a number, drawn first: any one of them can be left out when it shrinks.
        while len(made) < most and self.draw(_BELOW[2]) > 0:
            made.append(make())
        return made

    def some(self, options: Sequence[A], least: int, most: int) -> list[A]:
        """Return several of the options, each at most once, in any order."""
        left = [*options]

        def take() -> A:
            return left.pop(self.draw(_BELOW[len(left) - 1]))

        return self.several(take, least, min(most, len(left)))

    # -- shapes and values --------------------------------------------------------

    def shape(self, depth: int = 2) -> Shape:
        """Return the shape of some values."""
        kinds = [self._scalar] if not depth else [self._scalar, self._fields, self._compound]
        return self.one_of(kinds)(depth - 1)

    def _scalar(self, _: int) -> Shape:
        return self.one_of(s.SCALARS)

    def _fields(self, depth: int) -> Shape:
        return self.fields(lambda: self.shape(depth))

    def fields(self, inner: Callable[[], Shape], least: int = 1) -> Fields:
        """Return the shape of mappings with a few keys."""
        return Fields(tuple((key, inner()) for key in self.some(s.KEYS, least, 3)))

    def _compound(self, depth: int) -> Shape:
        if self.one_of([True, False]):
            return Listed(self.shape(depth))
        return Row(tuple(self.several(lambda: self.shape(depth), 1, 2)))

    def value(self, shape: Shape) -> Any:
        """Return a value of a shape: one of few and small ones, so that they meet again."""
        match shape:
            case Scalar(form):
                return self.draw(_scalars(form))
            case Listed(element):
                return self.several(lambda: self.value(element), 0, 3)
            case Row(elements):
                return tuple(map(self.value, elements))
            case Fields(fields):
                return {key: self.value(inner) for key, inner in fields}
            case Attempted(success):
                succeeds = self.one_of([True, False])
                return Success(self.value(success)) if succeeds else Failure(self.fault())
            case _:
                assert_never(shape)

    def fault(self) -> Fault:
        """Return what a drawn function raises."""
        return Fault(self.one_of("xyz"))

    def output(self, shape: Shape, *, faults: bool) -> Any:
        """Return a value of a shape or, one time in a few, a fault."""
        fails = faults and self.one_of(_SELDOM)
        return self.fault() if fails else self.value(shape)


@functools.lru_cache(1_000)
def _scalars(form: Any) -> st.SearchStrategy[Any]:
    return _SCALARS[form] if form in _SCALARS else st.from_type(form)


def drawn(
    make: Callable[Concatenate[Drawing, Params], A],
) -> Callable[Params, st.SearchStrategy[A]]:
    """Return the function of strategies that a function of a drawing is."""

    @st.composite
    def strategy(draw: st.DrawFn, /, *args: Params.args, **kwargs: Params.kwargs) -> A:
        return make(Drawing(draw), *args, **kwargs)

    return strategy

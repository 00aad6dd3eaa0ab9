"""A user's own pipeline, held to what every step promises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from combinators import Runnable
from combinators.laws._inputs import Inputs, drawn_from
from combinators.laws._law import Law
from combinators.laws._ours import OURS
from combinators.laws._trying import DEFAULT_EXAMPLES, Trial, hold, tried
from combinators.laws.promises import PROMISES


def check_laws(
    pipeline: Runnable[Any, Any],
    /,
    *,
    inputs: Inputs | None = None,
    laws: Iterable[Law] = PROMISES,
    examples: int = DEFAULT_EXAMPLES,
) -> None:
    """Return if a pipeline keeps the promises of a step, as far as so many inputs show.

    It is run, many times, on an event loop as well. The first law that does not hold is
    raised: a step that gives something else each time keeps none of the others either.

    Args:
        inputs: a strategy of hypothesis, or inputs; without, the annotations of the
            first step say what to draw
        laws: those to try, in this order; `PROMISES` without the ones that are not meant to hold

    Raises:
        LawBroken: a law does not hold; with the smallest input that shows it
        OptionError: nobody says which inputs there are

    >>> from combinators import runnable
    >>> from combinators.laws import check_laws
    >>> check_laws(runnable(len), inputs=["", "four"])
    """
    for law in laws:
        hold(about(law, pipeline, inputs), OURS, examples=examples)


def trials_of(
    pipeline: Runnable[Any, Any],
    /,
    *,
    inputs: Inputs | None = None,
    laws: Iterable[Law] = PROMISES,
    examples: int = DEFAULT_EXAMPLES,
) -> Iterator[Trial]:
    """Yield what comes of trying each law on a pipeline, also behind one that does not hold."""
    for law in laws:
        yield tried(about(law, pipeline, inputs), OURS, examples=examples)


def about(law: Law, pipeline: Runnable[Any, Any], inputs: Inputs | None = None) -> Law:
    """Return a promise as a law about one pipeline.

    Raises:
        OptionError: nobody says which inputs there are
    """
    values = drawn_from(inputs, pipeline)
    # A promise is about a step, and as many inputs as it has names for.
    several = [values for _ in law.parameters[1:]]
    return replace(law, arguments=st.tuples(st.just(pipeline), *several))

"""A user's own pipeline, held to what every step promises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, final

from hypothesis import strategies as st
from typing_extensions import override

from combinators import OptionError, Runnable
from combinators.laws._inputs import ACCEPTED, Inputs, drawn_from
from combinators.laws._law import Law
from combinators.laws._ours import Ours
from combinators.laws._telling import a_kind, is_collection, is_pipeline
from combinators.laws._trying import DEFAULT_EXAMPLES, Trial, tried
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
        OptionError: nobody says which inputs there are, the step fails on all of them, or
            another argument is not what it should be

    >>> from combinators import runnable
    >>> from combinators.laws import check_laws
    >>> check_laws(runnable(len), inputs=["", "four"])
    """
    __tracebackhide__ = True  # pytest shows who called this: the report says all the rest
    for trial in trials_of(pipeline, inputs=inputs, laws=laws, examples=examples):
        if trial.broken is not None:
            raise trial.broken


def trials_of(
    pipeline: Runnable[Any, Any],
    /,
    *,
    inputs: Inputs | None = None,
    laws: Iterable[Law] = PROMISES,
    examples: int = DEFAULT_EXAMPLES,
) -> Iterator[Trial]:
    """Yield what comes of trying each law on a pipeline, also behind one that does not hold.

    Raises:
        OptionError: as for `check_laws`
    """
    _expect_a_pipeline(pipeline)
    values = drawn_from(inputs, pipeline)  # once: an iterator has its inputs once
    for law in _checked(laws):
        calls = _Calls()
        trial = tried(about(law, pipeline, values), calls, examples=examples)
        if trial.broken is None and calls.raised is not None:  # where all fails alike, laws hold
            given = f"nothing that the step takes: it raised {a_kind(calls.raised)} each time"
            raise OptionError("inputs", given, ACCEPTED) from calls.raised
        yield trial


def about(law: Law, pipeline: Runnable[Any, Any], inputs: Inputs | None = None) -> Law:
    """Return a promise as a law about one pipeline.

    Raises:
        OptionError: nobody says which inputs there are, or it is no pipeline
    """
    _expect_a_pipeline(pipeline)
    values = drawn_from(inputs, pipeline)
    # A promise is about a step, and as many inputs as it has names for.
    several = [values for _ in law.parameters[1:]]
    return replace(law, arguments=st.tuples(st.just(pipeline), *several))


@final
class _Calls(Ours):
    """This library; and what calls raised, unless one gave a result."""

    def __init__(self) -> None:
        self.raised: Exception | None = None
        self._gave = False

    @override
    def invoke(self, p: Runnable[Any, Any], x: Any, /, **options: Any) -> Any:
        try:
            result = super().invoke(p, x, **options)
        except Exception as error:
            self.raised = None if self._gave else error
            raise
        self._gave, self.raised = True, None
        return result


def _checked(laws: object) -> list[Law]:
    accepted = "a list of laws about one step, such as PROMISES or some of them"
    if not is_collection(laws):
        raise OptionError("laws", a_kind(laws), accepted)
    found: list[Law] = []
    for each in laws:
        if not isinstance(each, Law):
            raise OptionError("laws", f"{a_kind(each)} in it", accepted)
        if each.parameters[:1] != ("step",):
            raise OptionError("laws", f"{each.name} in it, a law of combinators", accepted)
        found.append(each)
    return found


def _expect_a_pipeline(pipeline: object) -> None:
    if not is_pipeline(pipeline):
        accepted = "a Runnable: `runnable(f)` makes one of a function"
        raise OptionError("pipeline", a_kind(pipeline), accepted)

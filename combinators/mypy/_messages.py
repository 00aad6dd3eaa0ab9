"""What the plugin says in its own words, and the error code it says it under."""

from __future__ import annotations

from collections.abc import Sequence

from mypy.checker import TypeChecker
from mypy.errorcodes import ErrorCode
from mypy.messages import format_type, format_type_distinctly
from mypy.nodes import Context
from mypy.types import Type

TYPES = ErrorCode("runnable-types", "Check that steps of a pipeline fit together", "Combinators")


def no_common_input(
    checker: TypeChecker, taken: Sequence[tuple[str, Type]], context: Context
) -> None:
    """Report steps of which no value could be the input of all.

    Args:
        taken: the name of each step and the type it takes
    """
    options = checker.options
    takes = ", ".join(f"{name} takes {format_type(type_, options)}" for name, type_ in taken)
    checker.fail(f"No input fits all steps: {takes}", context, code=TYPES)


def misfit(
    checker: TypeChecker, before: tuple[str, Type], after: tuple[str, Type], context: Context
) -> None:
    """Report a step that does not take what the one before it gives.

    Args:
        before: the name of a step and the type it gives
        after: the name of the next and the type it takes
    """
    gives, takes = format_type_distinctly(before[1], after[1], options=checker.options)
    message = f"{after[0].capitalize()} takes {takes}, but {before[0]} gives {gives}"
    checker.fail(message, context, code=TYPES)

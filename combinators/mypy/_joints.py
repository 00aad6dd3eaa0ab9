"""Joints: where one step's output is the next one's input."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from mypy.checker import TypeChecker
from mypy.nodes import Context
from mypy.subtypes import is_subtype
from mypy.types import Type

from combinators.mypy import _messages
from combinators.mypy._kinds import Kind, kind_of, may_be_given_by, taken_by


class Joined(NamedTuple):
    """A step in a sequence: what messages call it, its type, and where it stands."""

    name: str
    type: Type
    at: Context


def misfit_reported(checker: TypeChecker, steps: Iterable[Joined]) -> bool:
    """Return whether a step does not take what the one before it gives, after reporting it.

    Only the first such joint is reported: what comes after it may follow from it.
    """
    for before, after in pairwise(steps):
        misfit = _misfit(checker, before, after)
        if misfit is not None:
            gives, takes = misfit
            _messages.misfit(checker, (before.name, gives), (after.name, takes), after.at)
            return True
    return False


def misread(checker: TypeChecker, steps: Iterable[Joined]) -> bool:
    """Return whether what a step gives fits the next in no reading, where it has several.

    mypy sees an `Any` there and is content.
    """
    return any(
        kind_of(checker, before.type) is Kind.UNKNOWN
        and _misfit(checker, before, after) is not None
        for before, after in pairwise(steps)
    )


def _misfit(checker: TypeChecker, before: Joined, after: Joined) -> tuple[Type, Type] | None:
    """Return what is given and what is taken, if none of what may be given fits."""
    given, takes = may_be_given_by(checker, before.type), taken_by(after.type)
    if not given or takes is None or any(is_subtype(gives, takes) for gives in given):
        return None
    return given[-1], takes

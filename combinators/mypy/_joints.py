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
from combinators.mypy._kinds import given_by, taken_by


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
        gives, takes = given_by(before.type), taken_by(after.type)
        if gives is not None and takes is not None and not is_subtype(gives, takes):
            _messages.misfit(checker, (before.name, gives), (after.name, takes), after.at)
            return True
    return False

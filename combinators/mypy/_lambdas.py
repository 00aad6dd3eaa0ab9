"""Lambdas, typed for what flows into them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from mypy.erasetype import remove_instance_last_known_values
from mypy.errors import ErrorInfo
from mypy.nodes import Context
from mypy.types import AnyType, CallableType, ErasedType, Type, get_proper_type

from combinators.mypy import _steps as s
from combinators.mypy._asking import without_context
from combinators.mypy._fitting import Missing
from combinators.mypy._functions import function_of
from combinators.mypy._joint import Joint
from combinators.mypy._mistakes import Place
from combinators.mypy._records import ANY, Row, as_dict, is_fresh, known_keys, lost


def typed(joint: Joint, how: s.Lambda) -> Type:
    """Return what a lambda gives, after adding what is wrong in its body."""
    proper = get_proper_type(joint.given)
    if isinstance(joint.flowing.type, Row) or isinstance(proper, AnyType):
        return how.type.items[0].ret_type
    messages = joint.checker.msg
    with messages.filter_errors(save_filtered_errors=True) as errors:
        result = _accepted(joint, how, proper)
    if not errors.has_new_errors():
        return result
    found = errors.filtered_errors()
    missing = [each for each in found if _missing_key(each) is not None]
    if is_fresh(proper) and not missing:
        # Values of a TypedDict as a whole are objects; those of a dict have a type.
        with messages.filter_errors() as errors_of_dict:
            of_dict = _accepted(joint, how, as_dict(joint.checker, proper))
        if not errors_of_dict.has_new_errors():
            return of_dict
    _blame(joint, missing or found, known_keys(proper) or ())
    return lost(joint.checker)


def _accepted(joint: Joint, how: s.Lambda, given: Type) -> Type:
    # Wanted is nothing of the result: `Any` would make a list of that.
    expected = function_of(joint.checker, given, ErasedType())
    with without_context(joint.checker):
        lambda_ = get_proper_type(joint.checker.expr_checker.accept(how.expression, expected))
    if not isinstance(lambda_, CallableType):
        return ANY
    return remove_instance_last_known_values(lambda_.ret_type)


def _blame(joint: Joint, found: Sequence[ErrorInfo], known: Iterable[str]) -> None:
    """Add what mypy says of a lambda's body, in our words where a key is missing."""
    keys = tuple(known)
    for each in _one_a_line(found):
        if (key := _missing_key(each)) is not None:
            place = Place(joint.place.name, Context(each.line, each.column))
            offered = tuple(_OFFERED.findall(each.message)) or keys
            joint.mistakes.missing(place, joint.source, Missing(key, offered))
        else:
            joint.mistakes.found.append(each)


def _one_a_line(found: Sequence[ErrorInfo]) -> Iterable[ErrorInfo]:
    """Return the first error of each line, without notes: of a union, mypy blames each member."""
    firsts: dict[int, ErrorInfo] = {}
    for each in sorted(found, key=lambda error: (error.column, len(error.message))):
        if each.severity == "error":
            firsts.setdefault(each.line, each)
    return firsts.values()


_OFFERED = re.compile(r'[(,] ?"([^"]*)"')
_NO_KEY = re.compile(r'has no key "(.*)"$|^"(.*)" is not a valid TypedDict key')


def _missing_key(error: ErrorInfo) -> str | None:
    """Return the key that mypy says a TypedDict has not, None where it says something else."""
    said = _NO_KEY.search(error.message)
    return None if said is None else said[1] or said[2]

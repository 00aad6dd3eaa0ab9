"""What a run came to, and when two runs came to the same."""

from __future__ import annotations

import cmath
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, final

from returns.result import Failure, Result, Success

from combinators import CombinatorError, FallbackError, FanoutError
from combinators.laws._telling import is_mapping, is_plain


@final
@dataclass(frozen=True, slots=True)
class Gave:
    """A run that gave a value."""

    value: Any


@final
@dataclass(frozen=True, slots=True)
class Raised:
    """A run that failed."""

    error: Exception


Outcome: TypeAlias = Gave | Raised


def outcome_of(run: Callable[[], object]) -> Outcome:
    """Return what a call comes to: an error is an outcome, too.

    >>> outcome_of(lambda: 3), outcome_of(lambda: int("x"))
    (Gave(value=3), Raised(error=ValueError("invalid literal for int() with base 10: 'x'")))
    """
    try:
        return Gave(run())
    except Exception as error:  # noqa: BLE001 - whatever a step raises is its outcome
        return Raised(error)


def as_outcome(result: Result[Any, Exception]) -> Outcome:
    """Return the outcome that a collecting batch gives as a `Result`."""
    return Gave(result.unwrap()) if isinstance(result, Success) else Raised(result.failure())


def agree(left: Outcome, right: Outcome) -> bool:
    """Return whether two runs may be runs of the same pipeline on the same input.

    Values are the same down to their types, errors are equal. Where branches failed,
    either run may have ended before the other's failures happened, so of two groups
    only what is under the same keys must agree.

    >>> agree(Gave(1), Gave(1)), agree(Gave(1), Gave(True)), agree(Gave(1), Raised(KeyError()))
    (True, False, False)
    """
    return _same_outcome(left, right, _overlap)


def may_come_from(run: Outcome, whole: Outcome) -> bool:
    """Return whether `run` is an outcome of what in full came to `whole`.

    Where branches fail, `whole` has all failures there are. A run has at least one
    of them and no other: after the first, branches that have not begun never do.

    >>> both = FanoutError({"a": KeyError(), "b": ValueError()}, 2)
    >>> one, other = FanoutError({"a": KeyError()}, 2), FanoutError({"a": TypeError()}, 2)
    >>> may_come_from(Raised(one), Raised(both)), may_come_from(Raised(other), Raised(both))
    (True, False)
    """
    return _same_outcome(run, whole, _part_of)


def same(left: object, right: object) -> bool:
    """Return whether two values are the same, types included, errors inside compatible.

    >>> same({"a": [1]}, {"a": [1]}), same([1], (1,)), same(1, 1.0)
    (True, False, False)
    >>> same([float("nan")], [float("nan")])
    True
    """
    return _same(left, right, _overlap)


Keyed: TypeAlias = FanoutError | FallbackError

# How the keys of two groups of failures have to compare.
Keys: TypeAlias = "Callable[[Mapping[Any, Exception], Mapping[Any, Exception]], bool]"


def _overlap(left: Mapping[Any, Exception], right: Mapping[Any, Exception]) -> bool:
    return bool(left) and bool(right)


def _part_of(left: Mapping[Any, Exception], right: Mapping[Any, Exception]) -> bool:
    return bool(left) and left.keys() <= right.keys()


def _same_outcome(left: Outcome, right: Outcome, keys: Keys) -> bool:
    match left, right:
        case Gave(one), Gave(other):
            return _same(one, other, keys)
        case Raised(one), Raised(other):
            return _same_error(one, other, keys)
        case _:
            return False


def _same(left: Any, right: Any, keys: Keys) -> bool:
    if isinstance(left, Exception):
        return isinstance(right, Exception) and _same_error(left, right, keys)
    if type(left) is not type(right):
        return False
    if is_mapping(left):
        return left.keys() == right.keys() and all(_same(left[k], right[k], keys) for k in left)
    if is_plain(left):
        return len(left) == len(right) and all(
            _same(a, b, keys) for a, b in zip(left, right, strict=True)
        )
    if isinstance(left, float | complex):
        return left == right or (cmath.isnan(left) and cmath.isnan(right))  # NaN is the same NaN
    if isinstance(left, Success):
        return _same(left.unwrap(), right.unwrap(), keys)
    if isinstance(left, Failure):
        return _same(left.failure(), right.failure(), keys)
    return bool(left == right)


def _same_error(left: Exception, right: Exception, keys: Keys) -> bool:
    if type(left) is not type(right):
        return False
    if isinstance(left, Keyed) and isinstance(right, Keyed):
        one, other = left.errors, right.errors
        common = one.keys() & other.keys()
        return keys(one, other) and all(_same_error(one[k], other[k], keys) for k in common)
    # Our own errors name places in a tree, where two spellings of a pipeline differ. For
    # the rest Python's `==` would ask whether they are one object.
    return isinstance(left, CombinatorError) or left.args == right.args

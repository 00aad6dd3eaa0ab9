"""TypedDicts whose annotations are strings: there, the class itself knows less of its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NotRequired, Required, TypedDict

import pytest
from typing_extensions import ReadOnly, TypedDict as NewestTypedDict

from combinators import BuilderError, MissingKeyError, fanout, pipe

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal


class Total(TypedDict):
    a: int
    b: NotRequired[int]
    c: Annotated[NotRequired[int], "with a note"]


class Partial(TypedDict, total=False):
    a: Required[int]
    b: int


class Reading(NewestTypedDict):
    a: ReadOnly[int]
    b: ReadOnly[NotRequired[int]]


class Unresolved(Total):
    d: Decimal  # there for type checkers alone


def total(given: Total) -> int:
    return given["a"]


def partial(given: Partial) -> int:
    return given["a"]


def reading(given: Reading) -> int:
    return given["a"]


def unresolved(given: Unresolved) -> int:
    return given["a"]


@pytest.mark.parametrize("step", [total, partial, reading])
def test_a_key_that_need_not_be_there_is_not_demanded(step: Callable[[Any], int]) -> None:
    assert pipe(fanout(a=len), step).invoke("four") == 4


@pytest.mark.parametrize("step", [total, partial, reading])
def test_a_key_that_must_be_there_is_demanded(step: Callable[[Any], int]) -> None:
    with pytest.raises(MissingKeyError, match="'a'"):
        pipe(fanout(b=len), step)


def test_of_annotations_that_do_not_resolve_nothing_is_demanded() -> None:
    assert pipe(fanout(a=len), unresolved).invoke("four") == 4  # type: ignore[runnable-keys]  # mypy knows the key


def test_a_target_needs_no_branch_for_a_key_that_need_not_be_there() -> None:
    assert fanout(Total, a=len).invoke("four") == {"a": 4}
    with pytest.raises(BuilderError, match="'a'"):
        fanout(Partial, b=len)  # type: ignore[runnable-keys]  # that is the point

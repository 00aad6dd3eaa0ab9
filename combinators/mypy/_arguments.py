"""What arguments stand for: dict literals for fan-outs, or for the arms of a route."""

# mypy gives the parameters of `copy_modified` a type that pyright cannot follow.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from mypy.checker import TypeChecker
from mypy.nodes import ARG_NAMED, DictExpr, StrExpr, TempNode
from mypy.types import Instance, Type, get_proper_type

from combinators.mypy._checks import Given, Site, checked, declared
from combinators.mypy._inputs import opened
from combinators.mypy._kinds import type_of

FANOUT = "combinators._build.fanout.fanout"


def as_step(checker: TypeChecker, given: Given) -> Given:
    """Return the argument as a step: a dict literal as the fan-out that it means."""
    if not isinstance(given.expression, DictExpr):
        return given
    made = fanned_out(checker, given.expression)
    if made is None:
        return given
    return replace(given, expression=TempNode(made, context=given.expression))


def fanned_out(checker: TypeChecker, display: DictExpr) -> Type | None:
    """Return the type of the fan-out that a dict literal means, None where keys are not literal."""
    names = [key.value for key, _ in display.items if isinstance(key, StrExpr)]
    return _fan_out(checker, display, names) if len(names) == len(display.items) else None


def as_arms(checker: TypeChecker, given: Given) -> Given:
    """Return the argument as a table of steps of which only one is run.

    They share the input, as in a fan-out; the types of their results become one.
    """
    display = given.expression
    if not isinstance(display, DictExpr) or any(key is None for key, _ in display.items):
        return given  # None is the key of `**`
    names = [
        key.value if isinstance(key, StrExpr) else f"arm {i}"
        for i, (key, _) in enumerate(display.items, start=1)
    ]
    made = get_proper_type(_fan_out(checker, display, names))
    table = get_proper_type(type_of(checker, display))
    if not isinstance(made, Instance) or not isinstance(table, Instance):
        return given
    taken, results = (get_proper_type(arg) for arg in made.args)
    if not isinstance(results, Instance):
        return given
    arm = made.copy_modified(args=[taken, results.args[1]])
    typed = table.copy_modified(args=[table.args[0], arm])
    return replace(given, expression=TempNode(typed, context=display))


def _fan_out(checker: TypeChecker, display: DictExpr, names: Sequence[str]) -> Type | None:
    fanout = declared(checker, FANOUT)
    if fanout is None:
        return None
    branches = dict(zip(names, (value for _, value in display.items), strict=True))
    given = [as_step(checker, Given(value, ARG_NAMED, name)) for name, value in branches.items()]
    with _without_context(checker):
        return opened(checked(checker, fanout, given, Site(display)))


@contextmanager
def _without_context(checker: TypeChecker) -> Generator[None, None, None]:
    """Let what surrounds the literal not bear on it: that is meant for the whole expression."""
    contexts = checker.expr_checker.type_context
    contexts.append(None)
    try:
        yield
    finally:
        contexts.pop()

"""From steps to types: the type that an expression gets which builds a step.

A closed step is a `Runnable`. An open one is a class below it: its first arguments say
what it takes and gives as far as that is known by itself, the third what it does, for
those it meets later. So checking a use costs as much as the step is large, and what is
known travels through variables, modules and mypy's cache.
"""

from __future__ import annotations

from collections.abc import Mapping

from mypy.checker import TypeChecker
from mypy.types import (
    NoneType,
    Type,
    TypedDictType,
)

from combinators.mypy import _steps as s
from combinators.mypy._backward import backward
from combinators.mypy._decoding import FACE
from combinators.mypy._forward import forward
from combinators.mypy._joint import Flowing, type_of_flow
from combinators.mypy._mistakes import Mistakes, Place
from combinators.mypy._records import ANY, OPEN, fresh, instance_of, literal, tuple_of, whole


def as_type(checker: TypeChecker, step: s.Step) -> Type:
    """Return the type of the pipeline that a step is."""
    if step.type is not None:
        return step.type
    match step.how:
        case s.Closed(takes, gives):
            return runnable(checker, takes, gives)
        case s.Passthrough():
            return instance_of(checker, FACE, "OpenPassthrough")
        case _:
            name, payload = _payload(checker, step.how)
            return instance_of(checker, OPEN, name, [*ends(checker, step), payload])


def ends(checker: TypeChecker, step: s.Step) -> tuple[Type, Type]:
    """Return what an open step takes and gives, as far as it is known by itself."""
    if isinstance(step.how, s.Closed):
        return step.how.takes, step.how.gives
    trial = Mistakes(checker)
    takes = backward(trial, step)
    gives = forward(trial, step, Flowing(ANY), Place(step.name, step.at))
    return takes, whole(checker, type_of_flow(gives))


def runnable(checker: TypeChecker, takes: Type, gives: Type) -> Type:
    """Return the type of a pipeline of which all is known."""
    return instance_of(checker, FACE, "Runnable", [takes, whole(checker, type_of_flow(gives))])


def _payload(checker: TypeChecker, how: s.How) -> tuple[str, Type]:
    match how:
        case s.Function(function) | s.Lambda(_, function):
            return "OpenFunction", function
        case s.Pick(key) | s.Index(key):
            return "OpenPick", literal(checker, key)
        case s.Select(keys):
            return "OpenSelect", tuple_of(checker, [literal(checker, key) for key in keys])
        case s.Omit(keys):
            return "OpenOmit", tuple_of(checker, [literal(checker, key) for key in keys])
        case s.Rename(olds):
            pairs = {new: literal(checker, old) for new, old in olds.items()}
            return "OpenRename", fresh(checker, pairs)
        case s.Assign(branches, update):
            return "OpenUpdate" if update else "OpenAssign", _record(checker, branches)
        case s.Fanout(branches):
            return "OpenFanout", _record(checker, branches)
        case s.Positional(steps) | s.Pipe(steps) | s.Fallback(steps):
            name = f"Open{type(how).__name__}"
            return name, tuple_of(checker, [as_type(checker, step) for step in steps])
        case s.Target(constructor, branches):
            return "OpenTarget", tuple_of(checker, [constructor, _record(checker, branches)])
        case s.Branch(arms, otherwise):
            made = tuple_of(checker, [arm_type(checker, arm) for arm in arms])
            return "OpenBranch", tuple_of(checker, [made, _maybe(checker, otherwise)])
        case s.Route(key, arms, otherwise):
            pairs_of = [tuple_of(checker, [name, as_type(checker, step)]) for name, step in arms]
            parts = [literal(checker, key), tuple_of(checker, pairs_of), _maybe(checker, otherwise)]
            return "OpenRoute", tuple_of(checker, parts)
        case s.Each(step) | s.Attempt(step) | s.Tap(step) | s.Bind(choose=step):
            return f"Open{type(how).__name__}", as_type(checker, step)
        case s.Closed() | s.Passthrough():
            return "OpenPipe", tuple_of(checker, [])


def arm_type(checker: TypeChecker, arm: s.Arm) -> Type:
    """Return the type that holds an arm of a branch."""
    step = as_type(checker, arm.step)
    if isinstance(arm.test, s.Step):
        return tuple_of(checker, [as_type(checker, arm.test), step])
    return fresh(checker, {"case": arm.test, "step": step})


def _record(checker: TypeChecker, branches: Mapping[str, s.Step]) -> TypedDictType:
    return fresh(checker, {key: as_type(checker, step) for key, step in branches.items()})


def _maybe(checker: TypeChecker, step: s.Step | None) -> Type:
    return NoneType() if step is None else as_type(checker, step)

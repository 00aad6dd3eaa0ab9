"""Walks through steps: what is inside a step, and a step with its insides changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.typesafety import steps as s


def inside(step: s.Step) -> tuple[s.Step, ...]:
    """Return the steps that a step is made of."""
    found: list[s.Step] = []

    def seen(inner: s.Step) -> s.Step:
        found.append(inner)
        return inner

    with_inside(step, seen)
    return tuple(found)


def walk(step: s.Step) -> Iterator[s.Step]:
    """Yield a step and all that are inside it."""
    yield step
    for inner in inside(step):
        yield from walk(inner)


def with_inside(step: s.Step, change: Callable[[s.Step], s.Step]) -> s.Step:
    """Return a step with each of those directly inside it changed."""
    match step:
        case s.Assign(branches=branches) | s.Fan(branches=branches):
            return replace(step, branches={key: change(each) for key, each in branches.items()})
        case s.Many(branches=branches):
            return replace(step, branches=tuple(map(change, branches)))
        case s.Each() | s.Named() | s.Attempt() | s.Robust() | s.Stored():
            return replace(step, step=change(step.step))
        case s.Fallback():
            return replace(step, step=change(step.step), other=change(step.other))
        case s.Branch(arms=arms, otherwise=otherwise):
            changed = tuple(replace(arm, step=change(arm.step)) for arm in arms)
            return replace(step, arms=changed, otherwise=otherwise and change(otherwise))
        case s.Route(arms=arms, otherwise=otherwise):
            by_name = {name: change(each) for name, each in arms.items()}
            return replace(step, arms=by_name, otherwise=otherwise and change(otherwise))
        case s.Seq(steps=steps):
            return replace(step, steps=tuple(map(change, steps)))
        case _:
            return step


def replaced(step: s.Step, at: int, by: s.Step) -> s.Step:
    """Return a step in which the one with the number `at` is another one, wherever it stands."""
    if step.at == at:
        return by
    return with_inside(step, lambda inner: replaced(inner, at, by))


def calls_of(step: s.Step) -> tuple[s.Call, ...]:
    """Return the functions that a step names beside the steps inside it."""
    match step:
        case s.Call():
            return (step,)
        case s.Lambda(function=function) if function:
            return (function,)
        case s.Bind(call=call) | s.Tap(watch=call):
            return (call,)
        case s.Branch(arms=arms):
            return tuple(arm.predicate for arm in arms if arm.predicate)
        case _:
            return ()

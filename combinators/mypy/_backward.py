"""Backward: what a step needs of its input for its output to be what is wanted.

What cannot be followed back is `Any`: then less is demanded than is needed, never more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import final

from mypy.checker import TypeChecker
from mypy.typeops import make_simplified_union
from mypy.types import (
    AnyType,
    ProperType,
    TupleType,
    Type,
    TypedDictType,
    get_proper_type,
)

from combinators.mypy import _steps as s
from combinators.mypy._fitting import common, misfit
from combinators.mypy._forward import field_of
from combinators.mypy._functions import taken, taken_for
from combinators.mypy._mistakes import Mistakes, Place
from combinators.mypy._records import ANY, demand, element_of, spelt, values_of


def backward(mistakes: Mistakes, step: s.Step, wanted: Type | None = None) -> Type:
    """Return the type of the inputs for which a step gives what is wanted."""
    backwards = _Backward(mistakes)
    return backwards.through(step, backwards.anything if wanted is None else wanted)


@final
@dataclass(frozen=True, slots=True, eq=False)
class _Backward:
    mistakes: Mistakes

    @property
    def checker(self) -> TypeChecker:
        return self.mistakes.checker

    @property
    def anything(self) -> Type:
        return self.checker.named_type("builtins.object")

    def through(self, step: s.Step, wanted: Type) -> Type:
        match step.how:
            case s.Closed(takes):
                return takes
            case s.Function(function):
                return taken_for(function, wanted)
            case s.Lambda(_, function):
                return taken(function)
            case s.Passthrough():
                return wanted
            case s.Index():
                return ANY
            case s.Pipe(steps):
                return reduce(
                    lambda given, each: self.through(each, given), reversed(steps), wanted
                )
            case s.Each(inner):
                takes = self.through(inner, element_of(wanted) or self.anything)
                return self.checker.named_generic_type("typing.Collection", [takes])
            case s.Attempt(inner) | s.Bind(inner):
                return self.through(inner, self.anything)
            case s.Tap(inner):
                return self._common([("what goes on", wanted), *self._named([inner])], step)
            case s.Fallback(steps):
                takes_each = [(each.name, self._one_of(each, wanted)) for each in steps]
                return self._common(takes_each, step)
            case s.Branch() | s.Route():
                return self._of_choice(step.how, wanted, step)
            case s.Fanout() | s.Positional() | s.Target():
                return self._common(self._branches(step.how, wanted), step)
            case _:
                return self._of_mapping(step.how, wanted)

    def _one_of(self, step: s.Step, wanted: Type) -> Type:
        """Return what one of several steps takes, of which any may give what is wanted.

        Forward, one whose result is not known yet would hide what is wrong with this one.
        """
        if isinstance(step.how, s.Closed):
            found = misfit(self.checker, step.how.gives, wanted)
            if found is not None:
                place = Place("the step after it", step.at)
                self.mistakes.misfit(place, step.name, step.how.gives, found, wanted)
        return self.through(step, wanted)

    def _common(self, steps: Sequence[tuple[str, Type]], at: s.Step) -> Type:
        """Return the input that steps of these names and inputs have in common."""
        found = common(self.checker, [takes for _, takes in steps])
        if found is not None:
            return found
        self.mistakes.no_common_input(self._at_odds(steps), at.at)
        return ANY

    def _at_odds(self, steps: Sequence[tuple[str, Type]]) -> Sequence[tuple[str, Type]]:
        """Return the first two steps that have no input in common."""
        for i, one in enumerate(steps):
            for other in steps[:i]:
                if common(self.checker, [other[1], one[1]]) is None:
                    return other, one
        return steps

    def _named(self, steps: Iterable[s.Step]) -> list[tuple[str, Type]]:
        return [(step.name, self.through(step, self.anything)) for step in steps]

    def _branches(
        self, how: s.Fanout | s.Positional | s.Target, wanted: Type
    ) -> list[tuple[str, Type]]:
        proper = get_proper_type(wanted)
        match how:
            case s.Fanout(branches):
                return [
                    (f'"{key}"', self.through(step, self._item(proper, key)))
                    for key, step in branches.items()
                ]
            case s.Target(constructor, branches):
                return [
                    (f'"{key}"', self.through(step, field_of(constructor, key) or self.anything))
                    for key, step in branches.items()
                ]
            case s.Positional(steps):
                items = proper.items if isinstance(proper, TupleType) else []
                wants = items if len(items) == len(steps) else [self.anything] * len(steps)
                return [
                    (f"branch {i}", self.through(step, each))
                    for i, (step, each) in enumerate(zip(steps, wants, strict=True), start=1)
                ]

    def _item(self, wanted: Type, key: str) -> Type:
        """Return what is wanted of the value under a key."""
        proper = get_proper_type(wanted)
        if isinstance(proper, AnyType):
            return ANY
        if isinstance(proper, TypedDictType):
            as_written = spelt(proper.items, key)
            return self.anything if as_written is None else proper.items[as_written]
        return values_of(proper) or self.anything

    def _of_mapping(
        self, how: s.Pick | s.Select | s.Omit | s.Rename | s.Assign, wanted: Type
    ) -> Type:
        proper = get_proper_type(wanted)
        known = dict(proper.items) if isinstance(proper, TypedDictType) else {}
        match how:
            case s.Pick(key):
                return demand(self.checker, {key: wanted})
            case s.Select(keys):
                return demand(self.checker, {key: self._item(proper, key) for key in keys})
            case s.Omit(keys):
                return demand(self.checker, {**dict.fromkeys(keys, self.anything), **known})
            case s.Rename(olds):
                needed = {old: self._item(proper, new) for new, old in olds.items()}
                rest = {key: each for key, each in known.items() if spelt(olds, key) is None}
                return demand(self.checker, {**rest, **needed})
            case s.Assign(branches, update):
                rest = {key: each for key, each in known.items() if spelt(branches, key) is None}
                if update:
                    rest |= dict.fromkeys(branches, self.anything)
                mapping = self._mapping(rest)
                takes = [mapping, *self._of_branches(how, proper, mapping)]
                return common(self.checker, takes) or ANY

    def _of_branches(self, how: s.Assign, wanted: ProperType, mapping: Type) -> list[Type]:
        """Return what the branches take that go with a mapping, after adding those that do not."""
        fitting: list[Type] = []
        for key, step in how.branches.items():
            takes = self.through(step, self._item(wanted, key))
            if common(self.checker, [mapping, takes]) is None:
                self.mistakes.whole_mapping(key, step, takes, mapping)
            else:
                fitting.append(takes)
        return fitting

    def _of_when(self, test: s.Step, step: s.Step) -> Type:
        """Return what both take; that there is no such thing is said where they are written."""
        takes = [self.through(each, self.anything) for each in (test, step)]
        return common(self.checker, takes) or ANY

    def _mapping(self, items: dict[str, Type]) -> Type:
        if items:
            return demand(self.checker, items)
        arguments = [self.checker.str_type(), self.anything]
        return self.checker.named_generic_type("typing.Mapping", list(arguments))

    def _of_choice(self, how: s.Branch | s.Route, wanted: Type, at: s.Step) -> Type:
        if isinstance(how, s.Route):
            arms = [(f"arm {number}", step) for number, (_, step) in enumerate(how.arms, start=1)]
            if how.otherwise is not None:
                arms.append(("otherwise", how.otherwise))
            takes = [(name, self._one_of(step, wanted)) for name, step in arms]
            key = demand(self.checker, {how.key: self.anything})
            return self._common([("the route", key), *takes], at)
        cases = [arm.test for arm in how.arms if isinstance(arm.test, Type)]
        predicates = [
            (f"case {number}", self._of_when(arm.test, arm.step))
            for number, arm in enumerate(how.arms, start=1)
            if isinstance(arm.test, s.Step)
        ]
        if how.otherwise is not None:
            predicates.append(("otherwise", self._one_of(how.otherwise, wanted)))
        rest = [self._common(predicates, at)] if predicates else []
        return make_simplified_union([*cases, *rest])

"""Joints: what flows into a step, where the step is, and whether it fits there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

from mypy.checker import TypeChecker
from mypy.erasetype import erase_typevars
from mypy.nodes import Context
from mypy.types import AnyType, FunctionLike, Type, get_proper_type

from combinators.mypy import _steps as s
from combinators.mypy._fitting import Wrong, misfit
from combinators.mypy._functions import applied, is_unsure, taken
from combinators.mypy._mistakes import Mistakes, Place
from combinators.mypy._records import ANY, Flow, Row, dict_of, inside, is_lost


@final
@dataclass(frozen=True, slots=True, eq=False)
class Flowing:
    """What flows: its type, and what messages call the step it comes from."""

    type: Flow
    source: str = "its input"


@final
@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """A place where something flows in, and where what is wrong with it is added up."""

    mistakes: Mistakes
    flowing: Flowing
    place: Place

    @property
    def checker(self) -> TypeChecker:
        """The type checker."""
        return self.mistakes.checker

    @property
    def source(self) -> str:
        """What messages call the step that what flows comes from."""
        return self.flowing.source

    @property
    def given(self) -> Type:
        """The type that flows, for messages and for steps that look into no mapping."""
        flow = self.flowing.type
        if isinstance(flow, Row):
            return dict_of(self.checker, ANY)
        return ANY if is_lost(flow) else inside((*is_unsure(flow), flow)[0])

    def at(self, place: Place, flow: Flow | None = None) -> Joint:
        """Return another place, into which the same flows, or what a step in between made of it."""
        flowing = self.flowing if flow is None else replace(self.flowing, type=flow)
        return replace(self, place=place, flowing=flowing)

    def inside(self, segment: str, step: s.Step, flow: Flow | None = None) -> Joint:
        """Return the place of a step inside the one that is here."""
        name = f"{segment} ({step.name})"
        place = self.place.inside(name, step.at, chooses=s.chooses(step))
        return self.at(place, flow)

    def need(self, wanted: Type) -> bool:
        """Return whether what flows in is what is wanted, after adding why it is not."""
        found = misfit(self.checker, self.flowing.type, wanted)
        if found is not None:
            self.mistakes.misfit(self.place, self.source, self.given, found, wanted)
        return found is None

    def called(self, function: FunctionLike, at: Context) -> Type:
        """Return what a generic or overloaded function gives."""
        flow = self.flowing.type
        given = flow if isinstance(flow, Row) else inside(flow)
        result = applied(self.checker, function, given, at)
        if result is not None:
            return result
        for item in function.items:  # one may take a mapping of just these keys
            wanted = taken(item)
            known = not isinstance(get_proper_type(wanted), AnyType)
            if known and misfit(self.checker, self.flowing.type, wanted) is None:
                return applied(self.checker, item, wanted, at) or ANY
        wanted = taken(function)
        found = misfit(self.checker, self.flowing.type, wanted) or Wrong(self.given, wanted)
        self.mistakes.misfit(self.place, self.source, self.given, found, wanted)
        return erase_typevars(function.items[0].ret_type)


def type_of_flow(flow: Flow) -> Type:
    """Return the type of what flows, `Any` where only some of it is known."""
    if isinstance(flow, Row):
        return ANY
    return ANY if is_unsure(flow) and not is_lost(flow) else flow

"""Putting steps together: what is checked, and what is known of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mypy.checker import TypeChecker
from mypy.nodes import Context
from mypy.types import AnyType, Instance, Type, get_proper_type

from combinators.mypy import _steps as s
from combinators.mypy._backward import backward
from combinators.mypy._forward import forward
from combinators.mypy._functions import function_of
from combinators.mypy._joint import Flowing, Joint, type_of_flow
from combinators.mypy._mistakes import Mistakes, Place
from combinators.mypy._records import ANY, Flow, is_demand


def composed(mistakes: Mistakes, steps: Sequence[s.Step], at: Context, first: int = 1) -> s.How:
    """Return what steps in sequence do, after adding what does not fit.

    Args:
        first: the number of the first step, for messages
    """
    flat = [each for step in steps for each in _flat(step)]
    if len(flat) == 1:
        return flat[0].how
    return _Sequence(mistakes, at).of(flat, first)


def _flat(step: s.Step) -> Sequence[s.Step]:
    return step.how.steps if isinstance(step.how, s.Pipe) else (step,)


class _Sequence:
    """Steps put one after another: the open ones in front, and what flows behind them."""

    def __init__(self, mistakes: Mistakes, at: Context) -> None:
        self.mistakes = mistakes
        self.at = at
        self.leading: list[s.Step] = []  # while it is not known what flows into the first
        self.takes: Type | None = None
        self.flowing = Flowing(ANY)
        self.number = 1
        self.blamed: Context | None = None  # of a pipeline made elsewhere, one mistake is enough

    def of(self, steps: Sequence[s.Step], first: int) -> s.How:
        for number, step in enumerate(steps, start=first):
            self.number = number
            self.add(step)
        if self.takes is not None:
            return s.Closed(self.takes, type_of_flow(self.flowing.type))
        if not self.leading:
            return s.Passthrough()
        return self.leading[0].how if len(self.leading) == 1 else s.Pipe(tuple(self.leading))

    def add(self, step: s.Step) -> None:
        """Add a step behind the others."""
        if isinstance(step.how, s.Passthrough):
            return
        name = self.name_of(step)
        place = Place(name, step.at, chooses=s.chooses(step))
        before = len(self.mistakes.found)
        flow = forward(self.mistakes, step, self.flowing, place)
        fits = len(self.mistakes.found) == before
        if step.at is self.blamed:
            del self.mistakes.found[before:]
        elif not fits:
            self.blamed = step.at
        if self.takes is None:
            self._lead(step, flow, fits=fits)
        self.flowing = Flowing(flow, name)

    def _lead(self, step: s.Step, flow: Flow, *, fits: bool) -> None:
        if isinstance(step.how, s.Closed) and all(
            s.is_invertible(each.how) for each in self.leading
        ):
            wanted = step.how.takes if fits else None
            self.takes = self._needed(wanted, step) if self.leading else wanted or ANY
            return
        last = self.leading[-1] if self.leading else None
        if (
            fits
            and last is not None
            and isinstance(step.how, s.Closed)
            and not s.is_closed(last.how)
        ):
            self._needed(
                step.how.takes, step
            )  # what they take stays open, but there may be nothing
        if last is not None and isinstance(last.how, s.Closed):  # what flows behind it is known
            how = s.Closed(last.how.takes, type_of_flow(flow))
            self.leading[-1] = replace(last, how=how, type=None)
        else:
            self.leading.append(step)

    def _needed(self, wanted: Type | None, step: s.Step) -> Type:
        """Return what the open steps take for the one behind them to get what it wants."""
        pipe = s.Step(s.Pipe(tuple(self.leading)), "pipe", self.at)
        trial, alone = (Mistakes(self.mistakes.checker) for _ in range(2))
        takes = backward(trial, pipe, wanted)
        if not trial.found:
            return takes
        takes = backward(alone, pipe)
        if alone.found or wanted is None:
            self.mistakes.found += alone.found
            return takes
        # By themselves they can do: what they then give is not what is wanted.
        flow = forward(alone, pipe, Flowing(takes), Place("", self.at))
        place = Place(self.name_of(step), step.at)
        before = len(self.mistakes.found)
        Joint(self.mistakes, Flowing(flow, self.flowing.source), place).need(wanted)
        if len(self.mistakes.found) == before:
            self.mistakes.found += trial.found[:1]
        return ANY  # what they take is half of what is wrong

    def name_of(self, step: s.Step) -> str:
        """Return what messages call the step that is added now."""
        return f"step {self.number} ({step.name})"


def finished(mistakes: Mistakes, step: s.Step) -> s.How:
    """Return what a step with steps inside does, closed if they are; and add what cannot be."""
    before = len(mistakes.found)
    takes = backward(mistakes, step)
    if len(mistakes.found) > before:
        return s.Closed(ANY, type_of_flow(_at_any(mistakes.checker, step)))
    inside = [each.how for each in s.children(step.how)]
    place = Place(f"the {step.name}", step.at)
    if _is_unsaid(takes, inside):
        return step.how  # no type says what they take: each is checked for itself
    if all(isinstance(each, s.Closed) for each in inside):
        gives = forward(mistakes, step, Flowing(takes), place)
        return s.Closed(takes, type_of_flow(gives))
    if isinstance(step.how, s.Target) and all(map(s.is_invertible, inside)):
        gives = forward(mistakes, step, Flowing(takes), place)  # one class, whatever flows in
        return s.Closed(takes, type_of_flow(gives))
    if isinstance(step.how, s.Target):  # its fields are known, whatever flows in
        forward(mistakes, step, Flowing(ANY), place)
    return step.how


def _is_unsaid(takes: Type, inside: Sequence[s.How]) -> bool:
    closed = [get_proper_type(each.takes) for each in inside if isinstance(each, s.Closed)]
    known = [each for each in closed if not isinstance(each, AnyType)]
    return isinstance(get_proper_type(takes), AnyType) and len(known) > 1


def with_lambdas_typed(mistakes: Mistakes, step: s.Step) -> s.How:
    """Return a step whose lambdas are typed for what the steps beside them take.

    Only where they can do with that: the input may yet be something narrower.
    """
    inside = s.children(step.how)
    if not any(isinstance(each.how, s.Lambda) for each in inside):
        return step.how
    takes = backward(Mistakes(mistakes.checker), step)
    if _says_nothing(takes):
        return step.how
    return s.mapped(step.how, lambda each: _typed_for(mistakes.checker, each, takes))


def _typed_for(checker: TypeChecker, step: s.Step, takes: Type) -> s.Step:
    if not isinstance(step.how, s.Lambda):
        return step
    trial = Mistakes(checker)
    gives = forward(trial, step, Flowing(takes), Place(step.name, step.at))
    if trial.found:
        return step
    function = function_of(checker, takes, type_of_flow(gives))
    return replace(step, how=replace(step.how, type=function))


def _says_nothing(type_: Type) -> bool:
    """Return whether no lambda can be typed by this: it is anything, or what a step reads of it."""
    proper = get_proper_type(type_)
    is_object = isinstance(proper, Instance) and proper.type.fullname == "builtins.object"
    return is_object or isinstance(proper, AnyType) or is_demand(proper)


def _at_any(checker: TypeChecker, step: s.Step) -> Type:
    trial = Mistakes(checker)
    return type_of_flow(forward(trial, step, Flowing(ANY), Place("", step.at)))


def closed_at(mistakes: Mistakes, step: s.Step, takes: Type, source: str) -> s.How:
    """Return what an open step does where it is known what flows in."""
    if s.is_closed(step.how) or isinstance(get_proper_type(takes), AnyType):
        return step.how
    gives = forward(mistakes, step, Flowing(takes, source), Place(f"the {step.name}", step.at))
    return s.Closed(takes, type_of_flow(gives))

"""What flows through a program by rights, and which mistakes are in it.

The reference that the plugin is held against. It follows shapes from step to step. What a
pipeline is given is not known at first: steps that look at it say what they demand, and a
run or a declaration has to meet all demands.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import reduce
from typing import final

from tests.typesafety import shapes as t, steps as s
from tests.typesafety.branching import choice, fallen_back, of_keys, parallel, routed
from tests.typesafety.leaves import KNOWN, applied, called, element, generic
from tests.typesafety.ledger import Kind, Ledger, Mistake, filled
from tests.typesafety.trees import inside


class NobodyKnowsError(Exception):
    """Whether a program is wrong cannot be seen by its types."""


def mistakes_of(program: s.Program, *, sharing: bool = True) -> list[Mistake]:
    """Return the mistakes of a program, each once, in the order of its text.

    Args:
        program: what is looked at
        sharing: what branches share is fresh for none of them; else it is for each

    Raises:
        NobodyKnowsError: mypy may find one more, or not
    """
    found: dict[Mistake, None] = {}
    for pipeline in program.pipelines:
        flow = Flow(sharing=sharing)
        out = flow.run(pipeline.step, t.Var())
        for use in sorted(pipeline.uses, key=lambda use: not isinstance(use, s.Declare)):
            flow.used(use, pipeline.step, out)
            if isinstance(use, s.Declare) and use.inline:
                # What is declared is believed from there on.
                flow.ledger.demands = []
                flow.ledger.take(t.Var(), use.takes, use.at)
                out = use.gives
        found |= dict.fromkeys(flow.all_mistakes())
    return list(found)


def shape_after(step: s.Step, given: t.Shape) -> t.Shape | None:
    """Return what a step gives for a shape, None if it does not take that or nobody knows."""
    flow = Flow()
    out = flow.run(step, given)
    return out if t.is_known(out) and not flow.all_mistakes() else None


@final
@dataclass(frozen=True, slots=True)
class Defined:
    """What was found out about a stored step where it is defined."""

    mistakes: list[Mistake]
    conflicts: frozenset[int]  # where it may be said that no input fits
    lambdas: dict[int, t.Shape]


@final
@dataclass(slots=True)
class Flow:
    """One pipeline while it is followed."""

    ledger: Ledger = field(default_factory=Ledger)
    defined: dict[str, Defined] = field(default_factory=dict[str, "Defined"])
    lambdas: dict[int, t.Shape] = field(default_factory=dict[int, t.Shape])  # what they give
    using: bool = False  # what was stored
    sharing: bool = True

    def all_mistakes(self) -> list[Mistake]:
        stored = [mistake for each in self.defined.values() for mistake in each.mistakes]
        return stored + self.ledger.as_told()

    # -- steps ------------------------------------------------------------------

    def run(self, step: s.Step, given: t.Shape) -> t.Shape:
        """Return what a step gives, and note what it demands and what is wrong."""
        before = len(self.ledger.mistakes)
        out = self._through(step, given)
        found = self.ledger.mistakes[before:]
        if found and inside(step) and not isinstance(given, t.Var | t.Unknown):
            self.ledger.mistakes[before:] = self._as_of_the_whole(step, found)
        elif found and inside(step) and isinstance(given, t.Var) and given.path:
            self.ledger.mistakes[before:] = self._by_itself(step, found)
        return out

    def _through(self, step: s.Step, given: t.Shape) -> t.Shape:
        match step:
            case s.Call(at):
                return called(self.ledger, step, given, at)
            case s.Bind(at, call):
                return called(self.ledger, call, given, at)
            case s.Known(at, name):
                self.ledger.take(given, KNOWN[name][0], at)
                return KNOWN[name][1]
            case s.Generic(at, name):
                return generic(self.ledger, name, given, at)
            case s.Lambda():
                return self._lambda(step, given)
            case s.Pass(at, form):
                if form is not None:
                    self.ledger.take(given, form, at)
                return given if form is None else form
            case s.Tap(at, watch):
                called(self.ledger, watch, given, at)
                return given
            case s.Each(at, inner):
                return t.ListOf(self.run(inner, element(self.ledger, given, at)))
            case s.Named(step=inner) | s.Robust(step=inner):
                return self.run(inner, given)
            case s.Attempt(step=inner):
                return t.Outcome(self.run(inner, given))
            case s.Seq(steps=steps):
                return reduce(lambda shape, inner: self.run(inner, shape), steps, given)
            case s.Many(at, branches):
                numbered = {str(number): each for number, each in enumerate(branches)}
                return t.TupleOf(tuple(parallel(self, numbered, given, at).values()))
            case s.Fallback():
                return fallen_back(self, step, given)
            case s.Branch():
                return choice(self, step, given)
            case s.Route():
                return routed(self, step, given)
            case s.Stored():
                return self._stored(step, given)
            case _:
                return of_keys(self, step, given)

    def _lambda(self, step: s.Lambda, given: t.Shape) -> t.Shape:
        # Where a stored step is used, nobody looks into the bodies of its lambdas again.
        if not self.using:
            self.lambdas[step.at] = applied(self.ledger, step, given)
        return self.lambdas.get(step.at, t.Unknown())

    def _by_itself(self, step: s.Step, found: list[Mistake]) -> list[Mistake]:
        """Return mistakes in what takes a part of the input, said of that alone."""
        alone = Flow(defined=dict(self.defined), sharing=self.sharing)
        alone.run(step, t.Var())
        said = {each.at: each for each in alone.ledger.mistakes if each.kind == "conflict"}
        return [
            replace(each, keys=said[each.at].keys, words=said[each.at].words)
            if each.kind == "conflict" and each.at in said
            else each
            for each in found
        ]

    def _as_of_the_whole(self, step: s.Step, found: list[Mistake]) -> list[Mistake]:
        """Return mistakes inside a step, with the whole as a place where that is as good.

        What is right by itself, and only does not take what it is given, is wrong as a
        whole. And where no input fits all branches, that is as true as which one does not
        take this input.
        """
        alone = Flow(defined=dict(self.defined), sharing=self.sharing)
        alone.run(step, t.Var())
        conflicts = [mistake for mistake in alone.ledger.mistakes if mistake.also]
        alone_said = [each for each in alone.ledger.mistakes if each not in conflicts]
        own = {(each.at, each.keys): each.words for each in alone_said}
        others = _places(conflicts)
        return [
            replace(mistake, words=own[mistake.at, mistake.keys])
            if (mistake.at, mistake.keys) in own
            else replace(mistake, also=mistake.also | others | {step.at}, odd=mistake.odd | others)
            for mistake in found
        ]

    # -- what is stored, and used -----------------------------------------------

    def _stored(self, step: s.Stored, given: t.Shape) -> t.Shape:
        """Return what a stored step gives here: what is wrong with it by itself is said once."""
        if step.name not in self.defined:
            self._define(step)
        if step.types:
            self.ledger.take(given, step.types[0], step.at)
            return step.types[1]
        defined = self.defined[step.name]
        here = Ledger(demands=self.ledger.demands, trail=self.ledger.trail)
        start = len(here.demands)
        inner = Flow(here, dict(self.defined), defined.lambdas, using=True)
        inner.sharing = self.sharing
        out = inner.run(step.step, given)
        demands = self.ledger.demands
        demands[start:] = [replace(demand, at=step.at) for demand in demands[start:]]
        if here.mistakes and not defined.mistakes:
            merged = _merged(here.mistakes, step.at)
            self.ledger.mistakes.append(replace(merged, also=merged.also | defined.conflicts))
        return out

    def _define(self, step: s.Stored) -> None:
        alone = Flow(sharing=self.sharing)
        alone.run(step.step, t.Var())
        # Of an open one, it is not said before it is used that no input fits. And a lambda in it
        # may yet be given something narrower than what the branches beside it take.
        untold = Flow(Ledger(telling=False), sharing=self.sharing)
        untold.run(step.step, t.Var())
        sure = [each for each in untold.ledger.mistakes if each.kind != "conflict"]
        if step.types:
            sure = self._as_declared(step.step, *step.types, sure)
        self.defined |= alone.defined
        conflicts = _places([each for each in alone.ledger.mistakes if each.kind == "conflict"])
        self.defined[step.name] = Defined(sure, conflicts, alone.lambdas)

    def _as_declared(
        self, step: s.Step, takes: t.Shape, gives: t.Shape, sure: list[Mistake]
    ) -> list[Mistake]:
        """Return the mistakes of what a function returns, with its types or without them."""
        declared = Flow(sharing=self.sharing)
        out = declared.run(step, takes)
        if not t.fits(out, gives):
            declared.ledger.wrong(step.at, "result", given=out)
        return [
            each if each in sure else replace(each, kind="result", also=each.also | {step.at})
            for each in declared.ledger.mistakes
        ]

    def used(self, use: s.Use, step: s.Step, out: t.Shape) -> None:
        """Note what is wrong with a run of a step, or with its declaration."""
        takes, gives = _ends(use)
        mistakes, before = self.ledger.mistakes, len(self.ledger.mistakes)
        self.ledger.meet(takes, use.at, "input" if isinstance(use, s.Invoke) else "result")
        if isinstance(use, s.Declare):
            inner = Flow(defined=dict(self.defined), sharing=self.sharing)
            declared = inner.run(step, takes)
            inline = use.inline and not _is_stored(step)
            if not inline and not t.is_known(out):
                # Nobody but mypy looks, and what it gives depends on what it is given.
                if inner.ledger.mistakes or not t.fits(declared, gives):
                    raise NobodyKnowsError
                return
            # Where it is built, it may be told which step does not take what is declared.
            if inline:
                out, also = declared, _places(inner.ledger.mistakes)
                mistakes[before:] = [replace(each, also=also) for each in mistakes[before:]]
        result = filled(self.ledger.seen(out), takes)
        # One line, one mistake: what is given for a wrong input says nothing more.
        if len(mistakes) == before and not t.fits(result, gives):
            self.ledger.take(result, gives, use.at, "result")


def _is_stored(step: s.Step) -> bool:
    """Return whether a step is but the name of a stored one."""
    if isinstance(step, s.Seq) and len(step.steps) == 1:
        return _is_stored(step.steps[0])
    return isinstance(step, s.Stored)


def _ends(use: s.Use) -> tuple[t.Shape, t.Shape]:
    match use:
        case s.Declare(_, takes, gives):
            return takes, gives
        case s.Invoke(_, takes, gives, "variable") if isinstance(takes, t.Record | t.ListOf):
            return takes, gives  # a variable is of the type that it is declared with
        case s.Invoke(_, argument, gives):
            return t.written(argument), gives


def _merged(mistakes: list[Mistake], at: int) -> Mistake:
    """Return the mistakes of a stored step in its place as one: it does not fit there."""
    first = mistakes[0].kind
    kind: Kind = first if all(each.kind == first for each in mistakes) else "both"
    keys = tuple(key for mistake in mistakes for key in mistake.keys)
    close = tuple(name for mistake in mistakes for name in mistake.near)
    conflicts = [each for each in mistakes if each.kind == "conflict"]
    if not all(each.keys for each in mistakes):
        keys = close = ()  # it may be said of what is not wrong by a key
    odd = frozenset[int]().union(*(each.odd for each in mistakes))
    return Mistake(at, kind, keys, close, (), _places(conflicts) | odd, odd)


def _places(mistakes: list[Mistake]) -> frozenset[int]:
    return frozenset[int]().union(*({each.at, *each.also} for each in mistakes))

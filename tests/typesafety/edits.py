"""Wrong twins: programs that differ from a right one by one edit, and are wrong by it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from random import Random
from typing import TypeAlias, TypeVar, final

from tests.typesafety import shapes as t, steps as s, vocabulary as v
from tests.typesafety.flow import NobodyKnowsError, mistakes_of
from tests.typesafety.ledger import Mistake
from tests.typesafety.trees import replaced, walk

A = TypeVar("A")
Edits: TypeAlias = Iterator[tuple[str, A]]


@final
@dataclass(frozen=True, slots=True)
class Twin:
    """A wrong program, the edit that made it so, and the one mistake in it."""

    program: s.Program
    edit: str
    mistake: Mistake


def twins_of(program: s.Program, rng: Random) -> Iterator[Twin]:
    """Yield the wrong twins of a right program.

    An edit that does no harm makes none, nor does one that makes several mistakes: a key
    that two steps need is two messages' worth.
    """
    seen: list[s.Program] = []
    for edit, edited in _edited(program, rng):
        if edited in seen:
            continue
        seen.append(edited)
        with suppress(NobodyKnowsError):
            mistakes = mistakes_of(edited)
            # It is wrong by either reading of who may take a fresh mapping.
            if len(mistakes) == 1 and mistakes_of(edited, sharing=False):
                yield Twin(edited, edit, mistakes[0])


def _edited(program: s.Program, rng: Random) -> Edits[s.Program]:
    for position, pipeline in enumerate(program.pipelines):
        for use in pipeline.uses:
            for edit, other in _of_use(use, rng):
                uses = tuple(other if each == use else each for each in pipeline.uses)
                pipelines = [*program.pipelines]
                pipelines[position] = replace(pipeline, uses=uses)
                yield edit, replace(program, pipelines=tuple(pipelines))
    # What is stored is the same in all pipelines.
    steps = {step.at: step for each in program.pipelines for step in walk(each.step)}
    for at, step in steps.items():
        for edit, changed in _of_step(step, rng):
            edited = tuple(
                replace(each, step=replaced(each.step, at, changed)) for each in program.pipelines
            )
            yield edit, replace(program, pipelines=edited)


# --- Steps ----------------------------------------------------------------------


def _of_step(step: s.Step, rng: Random) -> Edits[s.Step]:
    match step:
        case s.Call():
            yield from _of_call(step, rng)
        case s.Bind(at, call):
            yield from ((edit, s.Bind(at, other)) for edit, other in _of_call(call, rng))
        case s.Tap(at, watch):
            for edit, other in _of_call(watch, rng):
                if edit == "input type":
                    yield edit, s.Tap(at, other)
        case s.Fan() | s.Assign() | s.Branch() | s.Route():
            yield from _of_ways(step, rng)
        case s.Seq(steps=steps) if len(steps) > 1:
            for position in range(len(steps)):
                left = (*steps[:position], *steps[position + 1 :])
                yield "step dropped", replace(step, steps=left)
        case _:
            yield from _of_keys(step, rng)


def _of_keys(step: s.Step, rng: Random) -> Edits[s.Step]:
    match step:
        case s.Template(names=names):
            for wrong in _one_misspelt(names, rng):
                yield "template variable", replace(step, names=wrong)
        case s.Pick(keys=keys, form=form):
            for wrong in _one_misspelt(keys, rng):
                yield "itemgetter" if form == "itemgetter" else "pick", replace(step, keys=wrong)
        case s.Omit(keys=keys):
            for wrong in _one_misspelt(keys, rng):
                yield "omit", replace(step, keys=wrong)
        case s.Rename(olds=olds):
            for new, old in olds.items():
                yield "rename", replace(step, olds={**olds, new: v.misspelt(old, rng)})
        case s.Lambda(key=key) if key:
            yield "lambda key", replace(step, key=v.misspelt(key, rng))
        case _:
            pass


def _of_ways(step: s.Fan | s.Assign | s.Branch | s.Route, rng: Random) -> Edits[s.Step]:
    match step:
        case s.Fan(at, branches, _, target):
            word = "fanout" if target is None else "target"
            for edit, others in _of_branches(branches, rng):
                if others or target is None:  # a class by itself is a step
                    yield f"{word} {edit}", replace(step, branches=others)
            if target is not None:
                extra = rng.choice([key for key in v.KEYS if key not in branches])
                yield f"{word} key added", replace(step, branches={**branches, extra: s.Pass(-at)})
        case s.Assign(branches=branches, update=True):
            for key in branches:
                wrong = _renamed(branches, key, v.misspelt(key, rng))
                yield "update", replace(step, branches=wrong)
        case s.Assign(branches=branches):
            for key in branches:
                for old in rng.sample(v.KEYS, len(v.KEYS)):
                    yield "assign", replace(step, branches=_renamed(branches, key, old))
        case s.Branch(arms=arms, otherwise=None) if len(arms) > 1:
            for arm in arms:
                left = tuple(each for each in arms if each != arm)
                yield "case dropped", replace(step, arms=left)
        case s.Route(key=key, arms=by_name, otherwise=otherwise):
            yield "route key", replace(step, key=v.misspelt(key, rng))
            if otherwise is None and len(by_name) > 1:
                for name in by_name:
                    yield "arm dropped", replace(step, arms=_without(by_name, name))
        case _:
            pass


def _of_call(call: s.Call, rng: Random) -> Edits[s.Call]:
    if call.form == "class" or call.gives == t.Atom("bool"):
        return
    if call.takes != t.OBJECT:
        taken = t.union((call.takes, call.other[0])) if call.other else call.takes
        yield "input type", replace(call, takes=v.unrelated(taken, rng))
    yield "output type", replace(call, gives=v.unrelated(call.gives, rng))
    # What a function names then is another mapping, with nothing special about its keys.
    if isinstance(call.takes, t.Record):
        for edit, fields in _of_fields(call.takes.fields, rng):
            yield f"input {edit}", replace(call, takes=t.Record(fields))
    if isinstance(call.gives, t.Record):
        for edit, fields in _of_fields(call.gives.fields, rng):
            yield f"output {edit}", replace(call, gives=t.Record(fields))


def _of_branches(branches: Mapping[str, s.Step], rng: Random) -> Edits[dict[str, s.Step]]:
    for key in branches:
        yield "key renamed", _renamed(branches, key, v.misspelt(key, rng))
        yield "key dropped", _without(branches, key)
    yield from _swapped(branches)


# --- Shapes and uses ------------------------------------------------------------


def _of_fields(fields: Mapping[str, t.Shape], rng: Random) -> Edits[dict[str, t.Shape]]:
    for key, shape in fields.items():
        yield "key renamed", _renamed(fields, key, v.misspelt(key, rng))
        yield "key type", {**fields, key: v.unrelated(shape, rng)}
    yield from _swapped(fields)


def _of_use(use: s.Use, rng: Random) -> Edits[s.Use]:
    if isinstance(use, s.Declare):
        yield "declared input", replace(use, takes=v.unrelated(use.takes, rng))
        yield "declared output", replace(use, gives=v.unrelated(use.gives, rng))
        return
    yield "result", replace(use, result=v.unrelated(use.result, rng))
    yield "argument", replace(use, argument=v.unrelated(use.argument, rng))
    if isinstance(use.argument, t.Record):
        for edit, fields in _of_fields(use.argument.fields, rng):
            yield f"argument {edit}", replace(use, argument=t.Record(fields))
        for key in use.argument.fields:
            left = _without(use.argument.fields, key)
            yield "argument key dropped", replace(use, argument=t.Record(left))


# --- Keys -----------------------------------------------------------------------


def _one_misspelt(keys: tuple[str, ...], rng: Random) -> Iterator[tuple[str, ...]]:
    for key in keys:
        wrong = v.misspelt(key, rng)
        yield tuple(wrong if each == key else each for each in keys)


def _renamed(items: Mapping[str, A], key: str, new: str) -> dict[str, A]:
    return {new if each == key else each: value for each, value in items.items()}


def _without(items: Mapping[str, A], key: str) -> dict[str, A]:
    return {each: value for each, value in items.items() if each != key}


def _swapped(items: Mapping[str, A]) -> Edits[dict[str, A]]:
    for one, other in zip(items, [*items][1:], strict=False):
        yield "keys swapped", {**items, one: items[other], other: items[one]}

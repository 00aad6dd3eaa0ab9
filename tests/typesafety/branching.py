"""What flows through steps that have other steps in them, or read keys."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Final, Protocol, TypeAlias

from tests.typesafety import shapes as t, steps as s
from tests.typesafety.leaves import called
from tests.typesafety.ledger import Kind, Ledger, Mistake, near

MESSAGES: Final = t.ListOf(t.Atom("Message"))

MappingStep: TypeAlias = s.Template | s.Pick | s.Rename | s.Omit | s.Assign | s.Fan


class Following(Protocol):
    """A pipeline that is followed from step to step."""

    @property
    def ledger(self) -> Ledger: ...

    @property
    def sharing(self) -> bool: ...

    def run(self, step: s.Step, given: t.Shape) -> t.Shape: ...


def parallel(
    flow: Following, branches: Mapping[str, s.Step], given: t.Shape, at: int
) -> dict[str, t.Shape]:
    """Return what each branch gives."""
    given = t.shared(given) if flow.sharing else given
    outs: dict[str, t.Shape] = {}
    with _inside(flow.ledger, at):
        # A lambda is given what the others take, so it comes after them.
        for key in sorted(branches, key=lambda key: isinstance(branches[key], s.Lambda)):
            branch = branches[key]
            known = flow.ledger.seen(given) if isinstance(branch, s.Lambda) else given
            outs[key] = flow.run(branch, known)
    return {key: outs[key] for key in branches}


def of_keys(flow: Following, step: MappingStep, given: t.Shape) -> t.Shape:
    """Return what a step gives that reads keys or makes a mapping."""
    match step:
        case s.Template(at, names, chat):
            _reads(flow, given, names, at)
            return MESSAGES if chat else t.STR
        case s.Fan(at, branches, _, target):
            made = t.Record(parallel(flow, branches, given, at), fresh=True)
            return made if target is None else _target(flow.ledger, made, target, step)
        case s.Pick(at, keys, form):
            there = _reads(flow, given, keys, at)
            if len(keys) == 1:
                return there[keys[0]]
            values = tuple(there.values())
            return t.TupleOf(values) if form == "itemgetter" else t.Record(there, fresh=True)
        case s.Rename(at, olds):
            there = _reads(flow, given, olds.values(), at)
            left = _without(given, olds.values())
            _free(flow.ledger, left, dict.fromkeys(olds, at), at)
            return _made(given, left | {new: there[old] for new, old in olds.items()})
        case s.Omit(at, keys):
            _reads(flow, given, keys, at)
            return _made(given, _without(given, keys))
        case s.Assign(at, branches, update):
            with _inside(flow.ledger, at):
                _reads(flow, given, branches if update else (), at)
            if not update:
                places = {key: branch.at for key, branch in branches.items()}
                _free(flow.ledger, _fields(given), places, at)
            outs = parallel(flow, branches, given, at)
            return _made(given, {**_fields(given), **outs})


def fallen_back(flow: Following, step: s.Fallback, given: t.Shape) -> t.Shape:
    """Return what one of two steps gives."""
    outs = parallel(flow, {"step": step.step, "other": step.other}, given, step.at).values()
    # Of one of two mappings, nobody knows whether it is fresh.
    return t.union(map(t.shared, outs) if flow.sharing else outs)


def choice(flow: Following, step: s.Branch, given: t.Shape) -> t.Shape:
    """Return what a branch gives: what one of its arms does."""
    cases = [arm.takes for arm in step.arms if arm.predicate is None]
    rest = [each for each in t.parts_of(given) if not any(t.fits(each, case) for case in cases)]
    outs: list[t.Shape] = []
    with _inside(flow.ledger, step.at):
        for arm in step.arms:
            if arm.predicate:
                called(flow.ledger, arm.predicate, given, arm.predicate.at)
            outs.append(flow.run(arm.step, given if arm.predicate else arm.takes))
        if step.otherwise is not None:
            # Of an input that is not known, it is not known either what is left.
            left = not cases or (rest and not isinstance(given, t.Var))
            outs.append(flow.run(step.otherwise, t.union(rest) if left else t.Unknown()))
    if step.otherwise is None:
        _exhausted(flow.ledger, cases, given, step.at, rest)
    return t.union(outs)


def _exhausted(
    ledger: Ledger, cases: list[t.Shape], given: t.Shape, at: int, rest: list[t.Shape]
) -> None:
    """Note what no case handles: some of what is given, or all of it."""
    if isinstance(given, t.Var):
        ledger.take(given, t.union(cases), at)
    elif rest and not isinstance(given, t.Unknown):
        kind: Kind = "cases" if len(rest) < len(t.parts_of(given)) else "types"
        ledger.wrong(at, kind, given=t.union(rest))


def routed(flow: Following, step: s.Route, given: t.Shape) -> t.Shape:
    """Return what a route gives: what one of its arms does."""
    given = t.shared(given) if flow.sharing else given
    with _inside(flow.ledger, step.at):
        (key,) = _reads(flow, given, [step.key], step.at).values()
        outs = [flow.run(arm, given) for arm in step.arms.values()]
        if step.otherwise is not None:
            outs.append(flow.run(step.otherwise, given))
    if step.otherwise is None and isinstance(key, t.Lit):
        missing = tuple(value for value in key.values if value not in step.arms)
        if missing:
            flow.ledger.mistakes.append(Mistake(step.at, "cases", words=missing))
    return t.union(outs)


@contextmanager
def _inside(ledger: Ledger, at: int) -> Generator[None, None, None]:
    before = ledger.trail
    ledger.trail = (*before, at)
    yield
    ledger.trail = before


def _reads(flow: Following, given: t.Shape, keys: Iterable[str], at: int) -> dict[str, t.Shape]:
    """Return what is under the keys of a mapping, which have to be there."""
    wanted = [*keys]
    demanded = t.Record(dict.fromkeys(wanted, t.OBJECT), read_only=frozenset(wanted))
    flow.ledger.take(given, demanded, at)
    if isinstance(given, t.Var):
        return {key: t.Var((*given.path, key)) for key in wanted}
    there = _fields(given)
    return {key: there.get(key, t.Unknown()) for key in wanted}


def _without(given: t.Shape, keys: Iterable[str]) -> dict[str, t.Shape]:
    gone = {*keys}
    return {key: value for key, value in _fields(given).items() if key not in gone}


def _fields(given: t.Shape) -> Mapping[str, t.Shape]:
    return given.fields if isinstance(given, t.Record) else dict[str, t.Shape]()


def _made(given: t.Shape, fields: Mapping[str, t.Shape]) -> t.Shape:
    """Return the mapping that is made of another one, if it is known which keys that has."""
    if not isinstance(given, t.Record):
        return t.Unknown()
    return t.Record(fields, given.fresh, given.optional.intersection(fields))


def _free(ledger: Ledger, there: Mapping[str, t.Shape], places: Mapping[str, int], at: int) -> None:
    """Note keys that are there already. Where each comes from is as good a place as the whole."""
    twice = tuple(key for key in places if key in there)
    if twice:
        also = frozenset(places[key] for key in twice)
        ledger.mistakes.append(Mistake(at, "keys", twice, also=also))


def _target(ledger: Ledger, made: t.Record, target: t.Record | t.Row, step: s.Fan) -> t.Shape:
    """Return what a fan-out builds, whose branches are as good a place as the whole."""
    wrong = t.wrong_keys(made, t.Record(target.fields))
    missing = [key for key in wrong if key not in made.fields]
    extra = [key for key in made.fields if key not in target.fields]
    if missing or extra:
        # A misspelt branch is one mistake, told by the field or by the branch.
        also = frozenset(step.branches[key].at for key in extra)
        close = (*near(extra, target.fields), *near(missing, extra))
        ledger.mistakes.append(Mistake(step.at, "keys", (*missing, *extra), close, (), also))
    for key in wrong:
        if key in made.fields:
            # What is wrong inside a mapping may be said by its own key.
            inner = Ledger()
            inner.take(made.fields[key], target.fields[key], step.branches[key].at)
            ledger.mistakes += [
                replace(each, kind="both", keys=(key, *each.keys), also=frozenset({step.at}))
                for each in inner.mistakes
            ]
    if wrong and not missing and not t.is_known(made):
        # What nobody knows may be wrong, too.
        ledger.mistakes.append(Mistake(step.at, "types"))
    return target

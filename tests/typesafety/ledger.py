"""What is found out about one pipeline: what it demands of its input, and its mistakes."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Literal, final

from tests.typesafety import shapes as t

MAPPING: Final = t.Record({})
ALIKE: Final = 0.6  # from here on, one name is meant for the other

# "conflict": no input is what all take. "both": several of these, or keys of which some are
# missing and others of another type.
Kind = Literal["keys", "types", "conflict", "both", "cases", "input", "result", "lambda"]


@final
@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake: the step that it is in, and what has to be said of it."""

    at: int
    kind: Kind
    keys: tuple[str, ...] = ()  # one of which is named
    near: tuple[str, ...] = ()  # one of which is offered
    words: tuple[str, ...] = ()  # all of which are said, if no key is
    also: frozenset[int] = frozenset()  # other steps that are as good a place to report it
    odd: frozenset[int] = frozenset()  # of these, where it may be said that no input fits


@final
@dataclass(frozen=True, slots=True)
class Demand:
    """What a step asks of the input, or of what lies on a way into it."""

    path: tuple[str, ...]
    wanted: t.Shape
    at: int
    trail: tuple[int, ...]  # the steps with branches around it

    def is_at_odds(self, other: Demand) -> bool:
        """Return whether nothing is what both ask for."""
        return self.path == other.path and t.disjoint(self.wanted, other.wanted)

    def places_beside(self, other: Demand) -> set[int]:
        """Return where else it may be said: either one is wrong, or what is around both."""
        return {other.at, *({*self.trail} & {*other.trail})}


@final
@dataclass(frozen=True, slots=True)
class Problem:
    """What does not fit: the key at which it is, if it is at one, and the shapes."""

    key: str | None
    given: t.Shape | None
    wanted: t.Shape
    offered: tuple[str, ...] = ()  # the keys that are there, where one is missing


@final
@dataclass(slots=True)
class Ledger:
    """Mistakes and demands, as they are found."""

    mistakes: list[Mistake] = field(default_factory=list[Mistake])
    demands: list[Demand] = field(default_factory=list[Demand])
    trail: tuple[int, ...] = ()
    telling: bool = True  # lambdas what others take of the same
    refused: list[Demand] = field(default_factory=list[Demand])  # at odds with earlier ones
    beside: dict[int, set[int]] = field(default_factory=dict[int, set[int]])  # of these, later

    def as_told(self) -> list[Mistake]:
        """Return the mistakes, those of what is at odds with several others at any of these."""
        return [
            replace(each, also=each.also | self.beside.get(each.at, set()))
            if each.kind == "conflict"
            else each
            for each in self.mistakes
        ]

    def wrong(self, at: int, kind: Kind, *, keys: Iterable[str] = (), given: t.Shape) -> None:
        """Note that a step cannot be given a shape, for lack of keys or at all."""
        missing = tuple(keys)
        offered = given.fields if isinstance(given, t.Record) else ()
        words = () if missing else t.words(given)
        self.mistakes.append(Mistake(at, kind, missing, near(missing, offered), words))

    def seen(self, shape: t.Shape) -> t.Shape:
        """Return a shape as far as it is known by now."""
        if not isinstance(shape, t.Var):
            return t.mapped(shape, self.seen)
        if not self.telling:
            return shape
        exact = [
            demand.wanted
            for demand in self.demands
            if demand.path == shape.path and demand.wanted not in {t.OBJECT, t.SIZED}
            if not isinstance(demand.wanted, t.Record | t.MapOf)
        ]
        for wanted in exact:
            if all(t.fits(wanted, other) for other in exact):
                return wanted
        return shape

    def take(self, given: t.Shape, wanted: t.Shape, at: int, kind: Kind | None = None) -> None:
        """Note that a step is given one shape and takes another."""
        self._note(self._compared(given, wanted, at), at, kind)

    def meet(self, argument: t.Shape, at: int, kind: Kind) -> None:
        """Note the demands that an input does not meet, as one mistake."""
        problems: dict[tuple[str, ...], Problem] = {}
        for demand in self.demands:
            place, there = found(argument, demand.path)
            whole = place == demand.path
            if there is None or not whole or not t.fits(there, demand.wanted):
                key = place[-1] if place else None
                around = found(argument, place[:-1])[1] if place else None
                offered = tuple(around.fields) if isinstance(around, t.Record) else ()
                wanted = demand.wanted if whole else MAPPING
                before = problems.get(place)  # of what is demanded there, the narrowest is said
                if before is None or t.fits(wanted, before.wanted):
                    problems[place] = Problem(key, there, wanted, offered)
        self._note(problems.values(), at, kind)

    def _note(self, problems: Iterable[Problem], at: int, kind: Kind | None = None) -> None:
        """Note what does not fit as one mistake."""
        together = list(problems)
        if not together:
            return
        keys = tuple(problem.key for problem in together if problem.key is not None)
        missing = [problem for problem in together if problem.key and problem.given is None]
        close = tuple(name for each in missing for name in near([each.key or ""], each.offered))
        # Of a value that is written there, it may be said which one it is, for its type.
        words = () if keys else tuple(dict.fromkeys(_said(together, given=kind != "input")))
        sort: Kind = ("both" if len(missing) < len(together) else "keys") if missing else "types"
        self.mistakes.append(Mistake(at, kind or sort, keys, close, words))

    def _compared(self, given: t.Shape, wanted: t.Shape, at: int) -> Iterator[Problem]:
        match given, wanted:
            case t.Var(path), _:
                self._demanded(path, wanted, at)
            case t.Record(), t.Record():
                yield from self._compared_by_key(given, wanted, at)
            case t.Record(fields), t.MapOf(_, value) if given.fresh:
                for key, there in fields.items():
                    inner = [*self._compared(there, value, at)]
                    yield from inner if any(each.key for each in inner) else ()
                    if inner:
                        yield Problem(key, there, value)
            case t.Record(), t.Union(members) if not t.fits(_blank(given), wanted):
                mappings = [each for each in members if isinstance(each, t.Record)]
                if len(mappings) == 1:
                    yield from self._compared(given, mappings[0], at)
                else:
                    yield Problem(None, given, wanted)
            case t.ListOf(item), t.ListOf(other):
                inner = [*self._compared(item, other, at)]
                yield from inner if any(each.key for each in inner) else ()
                if inner and not any(each.key for each in inner):
                    yield Problem(None, given, wanted)
            case t.Union(members), _:
                wrong = [each for m in members if (each := [*self._compared(m, wanted, at)])]
                if all(problem.key for problems in wrong for problem in problems):
                    yield from (problem for problems in wrong for problem in problems)
                else:
                    yield Problem(None, given, wanted)
            case t.TupleOf(items), t.TupleOf(others) if len(items) == len(others):
                pairs = zip(items, others, strict=True)
                if any([*self._compared(item, other, at)] for item, other in pairs):
                    yield Problem(None, given, wanted)
            case _:
                if not t.fits(_blank(given), wanted):
                    yield Problem(None, given, wanted)

    def _compared_by_key(self, given: t.Record, wanted: t.Record, at: int) -> Iterator[Problem]:
        blank = _blank(given)
        assert isinstance(blank, t.Record)
        wrong = {*t.wrong_keys(blank, wanted)}
        for key, value in wanted.fields.items():
            there = given.fields.get(key)
            inner = [*self._compared(there, value, at)] if there else []
            # What is wrong inside a mapping is said by its own key, or by the one around.
            yield from inner if any(problem.key for problem in inner) else ()
            if key in wrong or inner:
                yield Problem(key, there, value, () if there else tuple(given.fields))

    def _narrowed(self, path: tuple[str, ...], wanted: t.Shape) -> t.Shape:
        """Return the one mapping among several shapes, where another step takes a mapping."""
        takes_mapping = any(
            demand.path == path and isinstance(demand.wanted, t.Record) for demand in self.demands
        )
        if not isinstance(wanted, t.Union) or not takes_mapping:
            return wanted
        mappings = [each for each in wanted.members if isinstance(each, t.Record | t.MapOf)]
        return mappings[0] if len(mappings) == 1 else wanted

    def _demanded(self, path: tuple[str, ...], wanted: t.Shape, at: int) -> None:
        wanted = self._narrowed(path, wanted)
        if isinstance(wanted, t.Record):
            for key, value in wanted.fields.items():
                if key not in wanted.optional:
                    self._demanded((*path, key), value, at)
            wanted = MAPPING
        demand = Demand(path, wanted, at, self.trail)
        at_odds = [other for other in self.demands if demand.is_at_odds(other)]
        if not at_odds:
            self.demands.append(demand)
            for other in filter(demand.is_at_odds, self.refused):
                self.beside.setdefault(other.at, set()).update(demand.places_beside(other), {at})
            return
        self.refused.append(demand)
        also = {each for other in at_odds for each in demand.places_beside(other)}
        keys = path[-1:]
        words = () if keys else (*t.words(at_odds[0].wanted), *t.words(wanted))
        places = frozenset(also or self.trail)
        self.mistakes.append(Mistake(at, "conflict", keys, (), words, places))


def found(shape: t.Shape, path: tuple[str, ...]) -> tuple[tuple[str, ...], t.Shape | None]:
    """Return what lies on a way into a shape, and how far the way goes: nothing may lie there."""
    for length, step in enumerate(path):
        match shape:
            case t.Record(fields) if step in fields:
                shape = fields[step]
            case t.Record():
                return path[: length + 1], None
            case t.ListOf(item) if step == t.ELEMENT:
                shape = item
            case t.Atom("str") if step == t.ELEMENT:
                pass
            case t.Unknown():
                return path, shape
            case _:
                return path[:length], shape
    return path, shape


def filled(shape: t.Shape, argument: t.Shape) -> t.Shape:
    """Return a shape in which the input is known."""
    if isinstance(shape, t.Var):
        place, there = found(argument, shape.path)
        return there if there and place == shape.path else t.Unknown()
    return t.mapped(shape, lambda inner: filled(inner, argument))


def near(wrong: Iterable[str], offered: Iterable[str]) -> tuple[str, ...]:
    """Return the names that the wrong ones are meant for."""
    names = [*offered]
    return tuple(
        match for name in wrong for match in difflib.get_close_matches(name, names, 1, ALIKE)
    )


def _blank(shape: t.Shape) -> t.Shape:
    return t.Unknown() if isinstance(shape, t.Var) else t.mapped(shape, _blank)


def _said(problems: list[Problem], *, given: bool) -> Iterator[str]:
    for problem in problems:
        yield from t.words(problem.given) if given and problem.given else ()
        yield from t.words(problem.wanted)

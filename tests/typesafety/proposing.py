"""Steps that may stand after a shape, drawn at random."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Final, Protocol, TypeAlias, final

from tests.typesafety import shapes as t, steps as s, vocabulary as v
from tests.typesafety.flow import shape_after
from tests.typesafety.functions import FORMS
from tests.typesafety.leaves import KNOWN

GENERICS: Final = ("same", "in_list", "twice")
OF_LISTS: Final = ("head_of", "list", "sorted", "max")
SORTABLE: Final = (t.STR, t.INT, t.BYTES)
PICKS: Final[tuple[s.PickForm, ...]] = ("pick", "itemgetter", "method")
FANS: Final[tuple[s.FanForm, ...]] = ("keywords", "dict", "literal", "literal")
METHODS: Final[tuple[s.MethodForm, ...]] = ("builder", "method")
ROBUST: Final[tuple[s.RobustForm, ...]] = ("retry", "timeout", "cached")  # of what has a hash
MAPS: Final[tuple[t.MapStyle, ...]] = ("Mapping", "dict")

# How likely a step is, and what draws one.
Proposal: TypeAlias = tuple[float, Callable[[], s.Step]]


class Sequences(Protocol):
    """Draws what goes into a branch."""

    def __call__(self, given: t.Shape, *, known: bool, depth: int) -> s.Step: ...


@final
@dataclass(slots=True)
class Proposals:
    """Draws steps."""

    rng: Random
    sequence: Sequences
    numbers: Iterator[int]

    def of(self, given: t.Shape, *, known: bool, depth: int) -> s.Step:
        """Return a step that may take a shape.

        Args:
            given: what it is given
            known: whether the plugin can know the shape, too; where it does not yet, as at an
                open head, steps are left out that say nothing of what they take
            depth: how many levels of branches there may be inside
        """
        proposals = [*self._functions(given, known=known)]
        if known:
            proposals += self._lambdas(given)
        if depth:
            proposals += self._branching(given, known=known, depth=depth)
        if isinstance(given, t.Record) and given.fields:
            proposals += self._of_keys(given, known=known)
            if known and depth:
                proposals += self._assigning(given, depth)
        weights = [weight for weight, _ in proposals]
        return self.rng.choices(proposals, weights)[0][1]()

    def at(self) -> int:
        """Return the number of the next step."""
        return next(self.numbers)

    def call(self, takes: t.Shape, gives: t.Shape | None = None, *, plain: bool = False) -> s.Call:
        """Return a function, of any form unless it is to be plain."""
        gives = v.shape(self.rng) if gives is None else gives
        at = self.at()
        form = "function" if plain else self.rng.choice(FORMS)
        return s.Call(at, f"f{at}", takes, gives, form)

    # -- functions --------------------------------------------------------------

    def _functions(self, given: t.Shape, *, known: bool) -> Iterator[Proposal]:
        yield 6, lambda: self.call(self._wider(given) if known else given)
        yield 0.7, lambda: s.Generic(self.at(), self.rng.choice(GENERICS))
        yield 0.4, lambda: s.Pass(self.at())
        yield 0.6, lambda: s.Tap(self.at(), self.call(given))
        yield 0.7, lambda: s.Bind(self.at(), self.call(given, plain=True))
        yield 0.5, lambda: s.Named(self.at(), self.call(given), "called")
        yield 0.5, lambda: s.Attempt(self.at(), self.call(given))
        fitting = [name for name, (takes, _) in KNOWN.items() if t.fits(given, takes)]
        # `str` and `repr` take anything, and say nothing of an input that is not known.
        sure = [name for name in fitting if known or KNOWN[name][0] != t.OBJECT]
        if sure:
            yield 0.3 * len(sure), lambda: s.Known(self.at(), self.rng.choice(sure))

    def _lambdas(self, given: t.Shape) -> Iterator[Proposal]:
        """Yield lambdas, and what else is checked anew for each input."""
        yield 0.4, lambda: s.Lambda(self.at(), "pair")
        yield 0.6, lambda: s.Lambda(self.at(), "call", "", self.call(given, plain=True))
        yield 0.7, lambda: self._overloaded(given)
        yield 0.4, lambda: self._constructor(given)
        if given == t.STR:
            yield 0.8, lambda: s.Lambda(self.at(), "upper")
        if isinstance(given, t.Row):
            field = self.rng.choice([*given.fields])
            yield 4, lambda: s.Lambda(self.at(), "field", field)
        if isinstance(given, t.ListOf):
            names = OF_LISTS if given.item in SORTABLE else OF_LISTS[:2]
            yield 1.5, lambda: s.Generic(self.at(), self.rng.choice(names))

    def _overloaded(self, given: t.Shape) -> s.Step:
        other = v.unrelated(given, self.rng), v.atom(self.rng)
        at = self.at()
        return s.Call(at, f"f{at}", given, v.atom(self.rng), "overload", other)

    def _constructor(self, given: t.Shape) -> s.Step:
        made = t.Row(self.rng.choice(v.ROWS), {self.rng.choice(v.KEYS): given})
        at = self.at()
        return s.Call(at, f"f{at}", given, made, "class")

    def _wider(self, given: t.Shape) -> t.Shape:
        """Return what a function may take that is given a shape."""
        if isinstance(given, t.Record):
            return self._narrower(given)
        kind = self.rng.random()
        if kind < 0.7:
            return given
        return t.OBJECT if kind < 0.75 else t.union((given, v.unrelated(given, self.rng)))

    def _narrower(self, given: t.Record) -> t.Shape:
        """Return a mapping with fewer keys, which takes one with more."""
        kind = self.rng.random()
        if given.fresh and kind < 0.2:
            value = t.union(map(named, given.fields.values()))
            return t.MapOf(self.rng.choice(MAPS), value)
        keys = self.rng.sample([*given.fields], self.rng.randint(1, len(given.fields)))
        fields = {key: named(given.fields[key]) for key in keys}
        if given.fresh and kind < 0.3:
            extra = self.rng.choice([key for key in v.KEYS if key not in given.fields])
            return t.Record(fields | {extra: t.INT}, optional=frozenset({extra}))
        return t.Record(fields, read_only=frozenset(keys[:1]) if kind > 0.9 else frozenset())

    # -- mappings ---------------------------------------------------------------

    def _of_keys(self, given: t.Record, *, known: bool) -> Iterator[Proposal]:
        sure = [key for key in given.fields if key not in given.optional]
        some = tuple(self.rng.sample(sure, self.rng.randint(1, len(sure))))
        one, form = some[0], self.rng.choice(PICKS)
        yield 2.5, lambda: s.Template(self.at(), some, chat=self.rng.random() < 0.3)
        yield 2, lambda: s.Pick(self.at(), (one,), form)
        if len(some) > 1:
            yield 1.5, lambda: s.Pick(self.at(), some, form)
        if not known:
            return
        function = self.call(named(given.fields[one]), plain=True)
        yield 2, lambda: s.Lambda(self.at(), "key", one)
        yield 1, lambda: s.Lambda(self.at(), "call", one, function)
        yield 1.2, lambda: s.Rename(self.at(), {self._new_key(given): one})
        if len(sure) > 1:
            yield 1.5, lambda: s.Omit(self.at(), some[1:] or some)

    def _assigning(self, given: t.Record, depth: int) -> Iterator[Proposal]:
        old = self.rng.choice([*given.fields])
        yield 2, lambda: self._assign(given, self._new_key(given), depth, update=False)
        yield 1.2, lambda: self._assign(given, old, depth, update=True)
        if isinstance(literal := given.fields[old], t.Lit):
            yield 10, lambda: self._route(given, old, literal, depth)

    def _assign(self, given: t.Record, key: str, depth: int, *, update: bool) -> s.Step:
        branches = self._branches([key], given, known=True, depth=depth - 1)
        return s.Assign(self.at(), branches, update, self.rng.choice(METHODS))

    def _route(self, given: t.Record, key: str, literal: t.Lit, depth: int) -> s.Step:
        arms = self._branches([*literal.values], given, known=True, depth=depth - 1)
        if len(arms) > 1 and self.rng.random() < 0.3:
            last = arms.pop(literal.values[-1])
            return s.Route(self.at(), key, arms, last)
        return s.Route(self.at(), key, arms)

    def _new_key(self, given: t.Record) -> str:
        return self.rng.choice([key for key in v.KEYS if key not in given.fields])

    # -- branches ---------------------------------------------------------------

    def _branching(self, given: t.Shape, *, known: bool, depth: int) -> Iterator[Proposal]:
        def fan() -> s.Fan:
            return self._fan(given, known=known, depth=depth)

        yield 4, fan
        yield 1.2, lambda: self._targeted(fan(), given)
        yield 1, lambda: self._robust(given, known=known, depth=depth)
        yield 1, lambda: self._fallback(given, known=known, depth=depth)
        yield 0.8, lambda: s.Many(self.at(), tuple(fan().branches.values()))
        if isinstance(given, t.ListOf) and known:
            yield 4, lambda: self._each(given.item, depth)
        parts = t.parts_of(given)
        if isinstance(given, t.Union | t.Lit) and all(map(_can_be_told, parts)):
            yield 6, lambda: self._cases(parts, known=known, depth=depth)
        if known:
            yield 0.6, lambda: self._when(t.shared(given), depth)

    def _fan(self, given: t.Shape, *, known: bool, depth: int) -> s.Fan:
        keys = self.rng.sample(v.KEYS, self.rng.choice((1, 2, 2, 3)))
        branches = self._branches(keys, given, known=known, depth=depth - 1)
        return s.Fan(self.at(), branches, self.rng.choice(FANS))

    def _targeted(self, fan: s.Fan, given: t.Shape) -> s.Step:
        """Return a fan-out that builds a class, of what its branches turn out to give."""
        made = shape_after(fan, given)
        if not isinstance(made, t.Record):
            return fan
        fields = {key: named(each) for key, each in made.fields.items()}
        targets = (t.Record(fields), t.Row("dataclass", fields), t.Row("NamedTuple", fields))
        return replace(fan, target=self.rng.choice(targets))

    def _branches(
        self, keys: list[str], given: t.Shape, *, known: bool, depth: int
    ) -> dict[str, s.Step]:
        return {key: self.sequence(t.shared(given), known=known, depth=depth) for key in keys}

    def _robust(self, given: t.Shape, *, known: bool, depth: int) -> s.Step:
        forms = ROBUST if isinstance(given, t.Atom) else (*ROBUST[:-1], "cached_by_key")
        step = self.sequence(given, known=known, depth=depth - 1)
        return s.Robust(self.at(), step, self.rng.choice(forms))

    def _fallback(self, given: t.Shape, *, known: bool, depth: int) -> s.Step:
        """Return a step with another behind it, which may give the same."""
        given = t.shared(given)
        first = self.sequence(given, known=known, depth=depth - 1)
        made = shape_after(first, given)
        if made is not None and self.rng.random() < 0.6:
            return s.Fallback(self.at(), first, self.call(given, named(made)))
        other = self.sequence(given, known=known, depth=depth - 1)
        return s.Fallback(self.at(), first, other)

    def _each(self, item: t.Shape, depth: int) -> s.Step:
        step = self.sequence(item, known=True, depth=depth - 1)
        return s.Each(self.at(), step, self.rng.choice(METHODS))

    def _cases(self, parts: tuple[t.Shape, ...], *, known: bool, depth: int) -> s.Step:
        # A case says what its step takes.
        steps = [self.sequence(part, known=True, depth=depth - 1) for part in parts]
        arms = tuple(map(s.Arm, parts, steps))
        if known and len(arms) > 1 and self.rng.random() < 0.25:
            return s.Branch(self.at(), arms[:-1], steps[-1])
        return s.Branch(self.at(), arms)

    def _when(self, given: t.Shape, depth: int) -> s.Step:
        predicate = self.call(given, t.Atom("bool"), plain=True)
        one, other = (self.sequence(given, known=True, depth=depth - 1) for _ in range(2))
        return s.Branch(self.at(), (s.Arm(given, one, predicate),), other)


def _can_be_told(shape: t.Shape) -> bool:
    """Return whether `case` takes a type: a look at a value must tell."""
    return isinstance(shape, t.Atom | t.Lit | t.Row) and shape != t.Atom("UserId")


def named(shape: t.Shape) -> t.Shape:
    """Return a shape as a user writes it: nothing that is written down is fresh."""
    if isinstance(shape, t.Record):
        return t.Record({key: named(each) for key, each in shape.fields.items()})
    return t.mapped(shape, named)

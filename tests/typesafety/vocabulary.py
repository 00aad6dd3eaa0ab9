"""Names and types to draw from: keys that no misspelling turns into one another."""

from __future__ import annotations

from random import Random
from typing import Final

from tests.typesafety import shapes as t

KEYS: Final = (
    *("context", "question", "language", "passage", "summary", "keyword", "author", "rating"),
    *("budget", "history", "weather", "mailbox", "invoice", "picture", "journey", "village"),
)
LITERALS: Final = ("email", "phone", "visit", "parcel")
WITH_LITERAL: Final = 0.3  # of mappings, have a key to choose by
ROWS: Final[tuple[t.RowStyle, ...]] = ("dataclass", "NamedTuple")
ALIAS_ATOMS: Final = ("UserId", "Admin")


def misspelt(name: str, rng: Random) -> str:
    """Return a name with one letter left out, doubled, changed or swapped with its neighbour."""
    place = rng.randrange(1, len(name) - 1)
    before, letter, after = name[:place], name[place], name[place + 1 :]
    edited = rng.choice(
        (
            before + after,
            before + letter + letter + after,
            before + ("x" if letter != "x" else "z") + after,
            before + after[0] + letter + after[1:],
        )
    )
    return edited if edited != name else before + after


def atom(rng: Random) -> t.Shape:
    return t.Atom(rng.choice(t.UNRELATED))


def unrelated(shape: t.Shape, rng: Random) -> t.Shape:
    """Return a class of which no value is of a shape, nor the other way round."""
    return rng.choice([each for each in map(t.Atom, t.UNRELATED) if t.disjoint(each, shape)])


def shape(rng: Random, depth: int = 1) -> t.Shape:
    """Return what a function may take or give, or what may stand under a key."""
    kind = rng.random()
    if kind < 0.55 or not depth:
        return atom(rng)
    if kind < 0.6:
        return t.Atom(rng.choice(ALIAS_ATOMS))
    if kind < 0.7:
        return t.ListOf(shape(rng, depth - 1))
    if kind < 0.78:
        return t.Union(tuple(map(t.Atom, rng.sample(t.UNRELATED, rng.choice((2, 2, 3))))))
    if kind < 0.82:
        return t.Union((atom(rng), t.NONE))
    if kind < 0.88:
        return t.Lit(tuple(rng.sample(LITERALS, 2)))
    if kind < 0.93:
        return t.Row(
            rng.choice(ROWS), {key: atom(rng) for key in rng.sample(KEYS, rng.choice((1, 2)))}
        )
    return record(rng, depth)


def record(rng: Random, depth: int = 1) -> t.Record:
    """Return a TypedDict of a few keys."""
    first, *keys = rng.sample(KEYS, rng.choice((2, 2, 3, 3)))
    kind = t.Lit(tuple(rng.sample(LITERALS, 2))) if rng.random() < WITH_LITERAL else atom(rng)
    return t.Record({first: kind} | {key: shape(rng, depth - 1) for key in keys})

"""What flows through functions, of all kinds."""

from __future__ import annotations

from typing import Final

from tests.typesafety import shapes as t, steps as s
from tests.typesafety.ledger import Ledger

KNOWN: Final[dict[str, tuple[t.Shape, t.Shape]]] = {
    "len": (t.SIZED, t.INT),
    "str": (t.OBJECT, t.STR),
    "repr": (t.OBJECT, t.STR),
    "str.upper": (t.STR, t.STR),
    "str.encode": (t.STR, t.BYTES),
    "str.split": (t.STR, t.ListOf(t.STR)),
    "bytes.decode": (t.BYTES, t.STR),
}


def called(ledger: Ledger, call: s.Call, given: t.Shape, at: int) -> t.Shape:
    """Return what a function gives for what it is given."""
    if call.other:
        takes, gives = call.other
        if not t.is_known(given):
            ledger.take(given, t.union((call.takes, takes)), at)
            return t.Unknown()
        if not t.fits(given, call.takes) and t.fits(given, takes):
            return gives
    ledger.take(given, call.takes, at)
    return call.gives


def generic(ledger: Ledger, name: str, given: t.Shape, at: int) -> t.Shape:
    """Return what a function with type parameters gives."""
    match name:
        case "same":
            # Whoever calls a function that returns its argument may hold it, too.
            return t.shared(given)
        case "in_list":
            return t.ListOf(given)
        case "twice":
            return t.TupleOf((given, given))
        case "head_of" if not isinstance(given, t.ListOf | t.Var | t.Unknown):
            ledger.wrong(at, "types", given=given)
            return t.Unknown()
        case "sorted" | "list":
            return t.ListOf(element(ledger, given, at))
        case _:
            return element(ledger, given, at)


def element(ledger: Ledger, given: t.Shape, at: int) -> t.Shape:
    """Return what a collection holds: a mapping its keys."""
    match given:
        case t.ListOf(item):
            return item
        case t.TupleOf(items):
            return t.union(items)
        case t.Row("NamedTuple", fields):
            return t.union(fields.values())
        case t.Var(path):
            return t.Var((*path, t.ELEMENT))
        case t.Atom("str") | t.Lit() | t.Record():
            return t.STR
        case t.Atom("bytes"):
            return t.INT
        case t.Unknown():
            return given
        case _:
            ledger.wrong(at, "types", given=given)
            return t.Unknown()


def applied(ledger: Ledger, step: s.Lambda, given: t.Shape) -> t.Shape:
    """Return what a lambda gives, whose body mypy itself checks."""
    if isinstance(given, t.Var | t.Unknown):
        return t.Unknown()  # a lambda of which the input is not known takes anything
    match step.does:
        case "pair":
            return t.TupleOf((given, given))
        case "upper":
            return _handed(ledger, step, given, t.STR, t.STR)
        case "key" | "field" | "call":
            there = _read(ledger, step, given) if step.key else given
            if step.function is None:
                return there
            return _handed(ledger, step, there, step.function.takes, step.function.gives)


def _read(ledger: Ledger, step: s.Lambda, given: t.Shape) -> t.Shape:
    if isinstance(given, t.Union) and all(isinstance(m, t.Record | t.Row) for m in given.members):
        return t.union(_read(ledger, step, member) for member in given.members)
    if not isinstance(given, t.Record | t.Row):
        ledger.wrong(step.at, "lambda", given=given)
        return t.Unknown()
    if step.key not in given.fields:
        # Of fields, mypy does not always offer the nearest.
        ledger.wrong(step.at, "lambda", keys=[step.key], given=given)
        return t.Unknown()
    return given.fields[step.key]


def _handed(
    ledger: Ledger, step: s.Lambda, given: t.Shape, takes: t.Shape, gives: t.Shape
) -> t.Shape:
    """Return what a call inside a lambda gives. It is checked as any call is."""
    given = ledger.seen(given)
    if t.is_known(given) and not t.fits(given, takes):
        ledger.wrong(step.at, "lambda", given=given)
    return gives

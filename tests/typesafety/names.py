"""Shapes as source: how a type is written, the classes it takes, and a value of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast, final

from tests.typesafety import shapes as t
from tests.typesafety.steps import Declare

VALUES = {
    "str": '"a"',
    "int": "1",
    "bytes": 'b"b"',
    "bool": "True",
    "None": "None",
    "object": "Doc()",
    "Message": '{"role": "user", "content": "a"}',
}


@final
@dataclass(slots=True)
class Names:
    """The classes of one source, each under a name of its own."""

    written: dict[str, str] = field(default_factory=dict[str, str])
    known: list[tuple[t.Shape, str]] = field(default_factory=list[tuple[t.Shape, str]])

    def type_of(self, shape: t.Shape) -> str:
        """Return how a type is written, and keep the class that it may need."""
        match shape:
            case t.Atom(name):
                return name
            case t.ListOf(item):
                return f"list[{self.type_of(item)}]"
            case t.TupleOf(items):
                return f"tuple[{', '.join(map(self.type_of, items))}]"
            case t.Union(members):
                return " | ".join(map(self.type_of, members))
            case t.Lit(values):
                return f"Literal[{', '.join(map(quoted, values))}]"
            case t.MapOf(style, value):
                return f"{style}[str, {self.type_of(value)}]"
            case t.Outcome(value):
                return f"Result[{self.type_of(value)}, Exception]"
            case t.Record() | t.Row():
                return self._class_of(shape)
            case t.Var() | t.Unknown():
                return "object"

    def types_of(self, use: Declare) -> str:
        """Return what stands in the brackets of `Runnable[...]`."""
        return f"{self.type_of(use.takes)}, {self.type_of(use.gives)}"

    def value_of(self, shape: t.Shape) -> str:
        """Return an expression for a value of a type."""
        match shape:
            case t.Atom(name):
                if name in t.BASES and name != "Admin":
                    return f"{name}({self.value_of(t.Atom(t.BASES[name]))})"
                return VALUES.get(name, f"{name}()")
            case t.ListOf(item):
                return f"[{self.value_of(item)}]"
            case t.TupleOf(items):
                return f"({', '.join(map(self.value_of, items))},)"
            case t.Union(members):
                return self.value_of(members[0])
            case t.Lit(values):
                return quoted(values[0])
            case t.Record(fields):
                entries = (f"{quoted(key)}: {self.value_of(each)}" for key, each in fields.items())
                return f"{{{', '.join(entries)}}}"
            case t.Row(_, fields):
                entries = (f"{key}={self.value_of(each)}" for key, each in fields.items())
                return f"{self.type_of(shape)}({', '.join(entries)})"
            case t.MapOf(_, value):
                return f'{{"k": {self.value_of(value)}}}'
            case t.Outcome(value):
                return f"Success({self.value_of(value)})"
            case t.Var() | t.Unknown():
                return "Doc()"

    def _class_of(self, shape: t.Record | t.Row) -> str:
        # Two records with the same keys, some read-only in one, are equal shapes.
        marks = shape.read_only if isinstance(shape, t.Record) else frozenset[str]()
        for known, name in self.known:
            if known == shape and (not isinstance(known, t.Record) or known.read_only == marks):
                return name
        fields = [f"    {key}: {self._field(shape, key)}" for key in shape.fields]
        name = f"{'Keys' if isinstance(shape, t.Record) else 'Row'}{len(self.known) + 1}"
        self.known.append((shape, name))
        self.written[name] = "\n".join((self._head(shape, name), *(fields or ["    pass"])))
        return name

    def _head(self, shape: t.Record | t.Row, name: str) -> str:
        if isinstance(shape, t.Record):
            return f"class {name}(TypedDict):"
        if shape.style == "NamedTuple":
            return f"class {name}(NamedTuple):"
        return f"@dataclass(frozen=True)\nclass {name}:"

    def _field(self, shape: t.Record | t.Row, key: str) -> str:
        written = self.type_of(shape.fields[key])
        if isinstance(shape, t.Row):
            return written
        if key in shape.read_only:
            written = f"ReadOnly[{written}]"
        return f"NotRequired[{written}]" if key in shape.optional else written


def quoted(text: str) -> str:
    """Return a text as it is written in double quotes."""
    return f'"{text}"'


def has_shape(value: object, shape: t.Shape) -> bool:
    """Return whether a value, found at run time, is of a shape."""
    match shape:
        case t.Atom("object") | t.Var() | t.Unknown():
            return True
        case t.Atom("Message"):
            return isinstance(value, dict)
        case t.Atom("None"):
            return value is None
        case t.Atom(name):
            # A NewType is its supertype when it runs.
            return name in {cls.__name__ for cls in type(value).__mro__} or (
                name == "UserId" and isinstance(value, int)
            )
        case t.Union(members):
            return any(has_shape(value, member) for member in members)
        case t.Lit(values):
            return value in values
        case t.Row(_, fields):
            return all(
                hasattr(value, key) and has_shape(getattr(value, key), each)
                for key, each in fields.items()
            )
        case t.Outcome(item):
            return has_shape(getattr(value, "_inner_value", None), item)
        case _:
            return _holds(value, shape)


def _holds(value: object, shape: t.Shape) -> bool:
    # What is inside is looked at one by one, whatever it is.
    match shape:
        case t.ListOf(item) if isinstance(value, list):
            return all(has_shape(each, item) for each in cast("list[object]", value))
        case t.TupleOf(items) if isinstance(value, tuple):
            found = cast("tuple[object, ...]", value)
            return len(found) == len(items) and all(map(has_shape, found, items))
        case t.Record(fields, _, optional) if isinstance(value, dict):
            there = cast("dict[str, object]", value)
            same = there.keys() | optional == fields.keys() | optional
            return same and all(has_shape(there[key], fields[key]) for key in there)
        case t.MapOf(_, item) if isinstance(value, dict):
            values = cast("dict[str, object]", value).values()
            return all(has_shape(each, item) for each in values)
        case _:
            return False

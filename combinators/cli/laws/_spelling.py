"""Strategies for types, as the expressions that somebody would write."""

from __future__ import annotations

import collections.abc
import sys
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, final

from hypothesis import strategies as st
from hypothesis.errors import HypothesisException

WIDTH: Final = 88  # what formatters leave as it is, unless they are told otherwise


@final
@dataclass(frozen=True, slots=True)
class Call:
    """An expression with parts in brackets, which stand on lines of their own where it is long."""

    opens: str
    parts: tuple[Expression, ...]
    closes: str = ")"

    def on_one_line(self) -> str:
        """Return it without a break."""
        return f"{self.opens}{', '.join(map(one_line, self.parts))}{self.closes}"


Expression: TypeAlias = "str | Call"


def one_line(expression: Expression) -> str:
    """Return an expression without a break."""
    return expression if isinstance(expression, str) else expression.on_one_line()


def laid_out(expression: Expression, indent: str = "", after: str = "") -> str:
    """Return an expression as a formatter would leave it, with what comes behind it.

    >>> print(laid_out(Call("f(", ("x" * 50, "y" * 50))))
    f(
        xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx,
        yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy,
    )
    """
    line = f"{indent}{one_line(expression)}{after}"
    if isinstance(expression, str) or len(line) <= WIDTH or not expression.parts:
        return line
    parts = [laid_out(part, f"{indent}    ", ",") for part in expression.parts]
    return "\n".join([f"{indent}{expression.opens}", *parts, f"{indent}{expression.closes}{after}"])


_PLAIN: Final[Mapping[object, str]] = {
    str: "st.text()",
    int: "st.integers()",
    bool: "st.booleans()",
    bytes: "st.binary()",
    float: "st.floats(allow_nan=False)",
    None: "st.none()",
    type(None): "st.none()",
}

_OF_ELEMENTS: Final[Mapping[object, str]] = {
    list: "st.lists(",
    collections.abc.Sequence: "st.lists(",
    set: "st.sets(",
    frozenset: "st.frozensets(",
    dict: "st.dictionaries(",
    collections.abc.Mapping: "st.dictionaries(",
}


def strategy_of(form: object) -> Expression | None:
    """Return the expression of a strategy for a type, None where there is none to be found.

    >>> one_line(strategy_of(list[int | None]))
    'st.lists(st.one_of(st.integers(), st.none()))'
    """
    origin, arguments = typing.get_origin(form), typing.get_args(form)
    if origin is None:
        return _PLAIN[form] if _is_plain(form) else _of_class(form)
    if origin is typing.Literal:
        return Call("st.sampled_from([", tuple(map(_literal, arguments)), "])")
    if origin is typing.Annotated:
        return strategy_of(arguments[0])
    if origin is tuple and arguments[-1:] == (...,):
        elements = strategy_of(arguments[0])
        return None if elements is None else Call("st.lists(", (elements,), ").map(tuple)")
    opens = "st.tuples(" if origin is tuple else _OF_ELEMENTS.get(origin)
    if origin in {typing.Union, types.UnionType}:
        opens = "st.one_of("
    found = [strategy_of(each) for each in arguments]
    parts = tuple(each for each in found if each is not None)
    return Call(opens, parts) if opens is not None and len(parts) == len(found) else None


def modules_in(expression: Expression) -> set[str]:
    """Return the modules that have to be imported for an expression."""
    if isinstance(expression, Call):
        return set[str]().union(*map(modules_in, expression.parts))
    _, named, rest = expression.partition(_FROM_TYPE)
    return {module} if named and (module := _module_of(rest.rstrip(")"))) else set()


_FROM_TYPE: Final = "st.from_type("


def _is_plain(form: object) -> bool:
    return form is None or (isinstance(form, type) and form in _PLAIN)


def _literal(value: object) -> str:
    # Formatters write double quotes.
    return f'"{value}"' if isinstance(value, str) and value.isidentifier() else repr(value)


def _of_class(form: object) -> str | None:
    """Return what draws objects of a class that others can import, if hypothesis knows how."""
    if form is Any or not isinstance(form, type):
        return None
    if _found(f"{form.__module__}.{form.__qualname__}") is not form:
        return None  # made in a function, or hidden by another
    try:
        st.from_type(form).validate()
    except (HypothesisException, TypeError, NameError):
        return None
    module = "" if form.__module__ == "builtins" else f"{form.__module__}."
    return f"{_FROM_TYPE}{module}{form.__qualname__})"


def _module_of(path: str) -> str:
    """Return the part of a dotted path that is a module."""
    while path and path not in sys.modules:
        path = path.rpartition(".")[0]
    return path


def _found(path: str) -> object:
    module = _module_of(path)
    names = path.removeprefix(f"{module}.").split(".")
    found: object = sys.modules.get(module)
    for name in names:
        found = getattr(found, name, None)
    return found

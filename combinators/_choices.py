"""The parts of choices: arms, and the types that can be told by looking at a value."""

from __future__ import annotations

import types
import typing
from typing import TYPE_CHECKING, Any, TypeAlias

from combinators import _nodes as n
from combinators._compat import newest_typing
from combinators._errors import BuilderError
from combinators._keys import as_key
from combinators._kinds import is_mapping
from combinators._parts import Part, known, part
from combinators._value import Value
from combinators._words import a_kind, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

Pair: TypeAlias = tuple["Part | Value", "Part | Value"]


class Arm:
    """A test, and the part to run where it holds."""

    __slots__ = ("_pair",)

    def __init__(self, test: Part | Value, arm: Part | Value) -> None:
        self._pair = test, arm

    @property
    def pair(self) -> Pair:
        """Return the test and the part."""
        return self._pair


def of_type(form: object, step: object) -> Pair:
    """Return the test for a type, and the part for its values."""
    kinds, values = _members(form)
    return known(n.IsInstance(kinds, values)), part(step, "case() argument 2")


def of_predicate(predicate: object, step: object) -> Pair:
    """Return a predicate as a test, and the part for values it holds for."""
    return part(predicate, "when() argument 1"), part(step, "when() argument 2")


def chosen(arms: Sequence[object], otherwise: object) -> Part:
    """Return the choice of the first arm whose test holds.

    Raises:
        BuilderError: an argument is no arm, or a needed `otherwise` is missing.
    """
    parts: list[Part | Value] = []
    for position, arm in enumerate(arms, start=1):
        if not isinstance(arm, Arm):
            accepted = "Its arms are made by case(type, step) and when(predicate, step)."
            raise BuilderError(f"branch() argument {position}", a_kind(arm), accepted)
        parts.extend(arm.pair)
    if not parts:
        raise BuilderError(
            "branch()", "no arm", "Give it case(type, step) or when(predicate, step)."
        )
    if otherwise is not None:
        parts.append(part(otherwise, "branch() otherwise"))
    elif not all(isinstance(test.node, n.IsInstance) for test in parts[::2]):
        accepted = "Add otherwise=step: no one can tell that predicates cover every input."
        raise BuilderError("branch()", "when(…) without otherwise", accepted)
    return known(n.Branch(tuple(each.node for each in parts)), parts)


def routed(key: object, arms: object, otherwise: object) -> Part:
    """Return the choice of the arm that is named by the value under a key.

    Raises:
        BuilderError: there is no arm.
    """
    if not is_mapping(arms) or not arms:
        given = a_kind(arms) if arms else "no arm"
        raise BuilderError("route()", given, "Its arms are a dict from names to steps.")
    parts = [part(step, f"route() arm {listed([name])}") for name, step in arms.items()]
    if otherwise is not None:
        parts.append(part(otherwise, "route() otherwise"))
    nodes = tuple(each.node for each in parts)
    return known(n.Route(as_key("route()", key), tuple(arms), nodes), parts)


def _members(form: object) -> tuple[tuple[type[Any], ...], tuple[object, ...]]:
    """Return the classes and the literal values that a type consists of."""
    kinds: list[type[Any]] = []
    values: list[object] = []
    waiting = [form]
    while waiting:
        member = waiting.pop(0)
        origin = typing.get_origin(member)
        if origin in {typing.Union, types.UnionType}:
            waiting.extend(typing.get_args(member))
        elif origin is typing.Literal:
            values.extend(typing.get_args(member))
        else:
            kinds.extend(_classes(member))
    return tuple(dict.fromkeys(kinds)), tuple(values)


def _classes(member: object) -> tuple[type[Any], ...]:
    if member is None:
        return (types.NoneType,)
    arguments = typing.get_args(member)
    if arguments and all(argument is typing.Any for argument in arguments):
        member = typing.get_origin(member)  # `list[Any]` says no more than `list`
    if not isinstance(member, type) or member is typing.Any:
        given = _written(member)
        raise BuilderError("case() argument 1", given, _TELL)
    if newest_typing().is_typeddict(member):
        raise BuilderError("case() argument 1", f"the TypedDict {member.__name__}", _TELL)
    if getattr(member, "_is_protocol", False) and not getattr(
        member, "_is_runtime_protocol", False
    ):
        raise BuilderError("case() argument 1", f"the protocol {member.__name__}", _TELL)
    # For type checkers an int is a float, and both are complex (PEP 484).
    return {float: (float, int), complex: (complex, float, int)}.get(member, (member,))


def _written(member: object) -> str:
    if typing.get_origin(member) is None and member is not typing.Any:
        return a_kind(member)
    return f"the type {str(member).replace('typing.', '')}"


_TELL = (
    "It takes what can be told by looking at a value: a class, a union of classes, None or a "
    "Literal. For the rest, write when(predicate, step)."
)

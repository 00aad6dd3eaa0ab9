"""What `pipe` and `fanout` build, in all their spellings."""

from __future__ import annotations

from collections.abc import Mapping

from mypy.nodes import ARG_STAR2, DictExpr, Expression
from mypy.types import AnyType, CallableType, FunctionLike, TypedDictType, get_proper_type

from combinators.mypy import _steps as s
from combinators.mypy._composing import composed
from combinators.mypy._mistakes import Place, listed, nearest
from combinators.mypy._naming import name_at
from combinators.mypy._reading import Call, Reader
from combinators.mypy._records import ANY, dict_of, spelt, values_of


def pipe(call: Call) -> s.How | None:
    """Return steps one after another."""
    if call.is_starred or call.named:
        return None
    numbered = enumerate(call.positional, start=1)
    steps = [call.reader.step(each, f"step {i}") for i, each in numbered]
    return composed(call.mistakes, steps, call.at)


def fanout(call: Call) -> s.How | None:
    """Return a fan-out in any of its spellings."""
    if call.is_starred:
        return unknown_keys(call)
    if call.positional and call.named:
        return _target(call)
    if len(call.positional) == 1 and _is_mapping(call.reader, call.positional[0]):
        return call.finished(call.reader.step(call.positional[0], "the table of branches").how)
    if call.positional:
        numbered = enumerate(call.positional, start=1)
        steps = tuple(call.reader.step(each, f"branch {i}") for i, each in numbered)
        return call.finished(s.Positional(steps))
    return call.finished(s.Fanout(call.branches()))


def unknown_keys(call: Call) -> s.How:
    """Return a fan-out whose keys nobody knows; where there is one table, to what it holds."""
    if len(call.arguments) == 1 and call.arguments[0].passed == ARG_STAR2:
        table = call.reader.step(call.arguments[0].expression, "the table of branches").how
        if isinstance(table, s.Closed):
            return table
    return s.Closed(ANY, dict_of(call.checker, ANY))


def _is_mapping(reader: Reader, expression: Expression) -> bool:
    proper = get_proper_type(reader.type_of(expression))
    is_known = isinstance(expression, DictExpr) or isinstance(proper, TypedDictType)
    return is_known or values_of(proper) is not None


def _target(call: Call) -> s.How | None:
    target, *others = call.positional
    constructor = get_proper_type(call.reader.type_of(target))
    if isinstance(constructor, AnyType):
        return None
    is_class = isinstance(constructor, FunctionLike) and constructor.is_type_obj()
    if others or not is_class or not isinstance(constructor, FunctionLike):
        fix = "all branches have names or none has; a class may stand before those with names"
        call.mistakes.call(Place("fanout", call.at), f"takes no such arguments: {fix}")
        return None
    branches = call.branches()
    place = Place(f"fanout({name_at(target)}, ...)", call.at)
    if not _has_fields(call, constructor.items[0], branches, place):
        return s.Closed(ANY, constructor.items[0].ret_type)
    return call.finished(s.Target(constructor, branches))


def _has_fields(
    call: Call, constructor: CallableType, branches: Mapping[str, s.Step], place: Place
) -> bool:
    fields = [name for name in constructor.arg_names if name is not None]
    if any(kind.is_star() for kind in constructor.arg_kinds):
        return True
    for key, step in branches.items():
        if spelt(fields, key) is None:
            text = f'has a branch "{key}", which is no field; its fields are {listed(fields)}'
            call.mistakes.fields(Place(place.name, step.at), text + nearest(key, fields))
            return False
    kinds = zip(constructor.arg_names, constructor.arg_kinds, strict=True)
    needed = [name for name, kind in kinds if name is not None and kind.is_required()]
    missing = [name for name in needed if spelt(branches, name) is None]
    if missing:
        call.mistakes.fields(place, f"has no branch for {listed(missing)}")
    return not missing

"""What the builders build that work on keys: `assign`, `pick`, `template` and their like."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mypy.nodes import TypeInfo
from mypy.types import Instance, NoneType, Type, get_proper_type

import combinators
from combinators.mypy import _steps as s
from combinators.mypy._backward import backward
from combinators.mypy._decoding import name_of
from combinators.mypy._fanouts import unknown_keys
from combinators.mypy._reading import Call
from combinators.mypy._records import ANY, demand


def assign(call: Call) -> s.How | None:
    """Return the input mapping plus computed keys."""
    return _assigned(call, update=False)


def update(call: Call) -> s.How | None:
    """Return the input mapping with other values under some keys."""
    return _assigned(call, update=True)


def _assigned(call: Call, *, update: bool) -> s.How:
    if call.is_starred:
        return s.Closed(ANY, get_proper_type(_gives(unknown_keys(call))))
    how = s.Assign(call.branches(), update)
    backward(call.mistakes, s.Step(how, name_of(how), call.at))
    return how


def _gives(how: s.How) -> Type:
    return how.gives if isinstance(how, s.Closed) else ANY


def pick(call: Call) -> s.How | None:
    """Return one value, or a smaller mapping."""
    texts = call.texts(call.positional)
    if not texts:
        return None
    return s.Pick(texts[0]) if len(texts) == 1 else s.Select(tuple(texts))


def omit(call: Call) -> s.How | None:
    """Return the mapping without some keys."""
    texts = call.texts(call.positional)
    return None if texts is None else s.Omit(tuple(texts))


def rename(call: Call) -> s.How | None:
    """Return the mapping with keys called otherwise."""
    texts = call.texts(call.named.values())
    return None if texts is None else s.Rename(dict(zip(call.named, texts, strict=True)))


def template(call: Call) -> s.How | None:
    """Return the step that fills in a text."""
    gives, texts = call.checker.str_type(), call.texts(call.positional)
    if texts is None or len(texts) != 1:
        return s.Closed(_any_mapping(call), gives)
    return _filled(call, lambda: combinators.template(texts[0]), gives)


def chat_template(call: Call) -> s.How | None:
    """Return the step that fills in messages."""
    gives = call.checker.named_generic_type("builtins.list", [_message(call)])
    given = {
        role: text
        for role, text in call.named.items()
        if not isinstance(get_proper_type(call.reader.type_of(text)), NoneType)
    }
    texts = call.texts(given.values())
    if texts is None:
        return s.Closed(_any_mapping(call), gives)
    filled = dict(zip(given, texts, strict=True))
    return _filled(call, lambda: combinators.chat_template(**filled), gives)


def _filled(
    call: Call, build: Callable[[], combinators.Runnable[Mapping[str, object], object]], gives: Type
) -> s.How:
    try:
        needs = build().signature.needs
    except combinators.TemplateError as error:
        call.mistakes.template(call.at, str(error))
        return s.Closed(ANY, gives)
    except (combinators.BuilderError, TypeError):  # no text, or one for a role that is none
        return s.Closed(ANY, gives)
    if not needs:
        return s.Closed(_any_mapping(call), gives)
    anything = call.checker.named_type("builtins.object")
    return s.Closed(demand(call.checker, dict.fromkeys(needs, anything)), gives)


def _any_mapping(call: Call) -> Type:
    anything = [call.checker.str_type(), call.checker.named_type("builtins.object")]
    return call.checker.named_generic_type("typing.Mapping", list(anything))


def _message(call: Call) -> Type:
    module = call.checker.modules.get("combinators._build.template")
    symbol = module.names.get("Message") if module is not None else None
    info = symbol.node if symbol is not None else None
    if isinstance(info, TypeInfo) and info.typeddict_type is not None:
        return info.typeddict_type.copy_modified(fallback=Instance(info, []))
    return ANY

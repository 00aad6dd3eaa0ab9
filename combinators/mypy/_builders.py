"""All builders, and the methods of a pipeline that build: from a call to what the step does."""

# mypy gives the parameters of `copy_modified` a type that pyright cannot follow.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mypy.checker import TypeChecker
from mypy.types import CallableType, ProperType, Type

from combinators.mypy import _bodies, _choices, _fanouts, _keyed, _steps as s
from combinators.mypy._composing import composed
from combinators.mypy._decoding import name_of
from combinators.mypy._functions import as_how, signature_of
from combinators.mypy._reading import Builder, Call
from combinators.mypy._records import ANY, instance_of

UNKNOWN: Final = s.Closed(ANY, ANY)
FUNCTION: Final = "combinators._build.function"


def method_type(checker: TypeChecker, function: ProperType) -> Type | None:
    """Return the type of a step in a class body, None where the function is no method."""
    if not isinstance(function, CallableType):
        return None
    required = [kind for kind in function.arg_kinds if kind.is_required()]
    if len(required) != len(("self", "x")) or not all(kind.is_positional() for kind in required):
        return None
    bound = function.copy_modified(
        arg_types=function.arg_types[1:],
        arg_kinds=function.arg_kinds[1:],
        arg_names=function.arg_names[1:],
    )
    signature = signature_of(checker, bound)
    how = None if signature is None else as_how(signature)
    if not isinstance(how, s.Closed):
        return None
    owner = function.arg_types[0]
    return instance_of(checker, FUNCTION, "RunnableMethod", [owner, how.takes, how.gives])


def each(call: Call) -> s.How | None:
    """Return a step for every element."""
    inner = call.only("the step")
    return None if inner is None else call.finished(s.Each(inner))


def _tap(call: Call) -> s.How | None:
    inner = call.only("the function")
    return None if inner is None else s.Tap(inner)


def _receiver(call: Call) -> s.Step:
    """Return the pipeline whose method is called: the first argument."""
    return call.reader.step(call.arguments[0].expression, "the pipeline")


def _same(call: Call) -> s.How:
    return _receiver(call).how


def _fallback(call: Call) -> s.How | None:
    if call.is_starred or len(call.positional) != len(("self", "other")):
        return None
    other = call.reader.step(call.positional[1], "the fallback")
    return call.finished(s.Fallback((_receiver(call), other)))


def _after(build: Builder) -> Builder:
    """Return the builder of a method: what it builds goes after the pipeline."""

    def method(call: Call) -> s.How | None:
        found = call.mistakes.found
        before = len(found)
        added = build(replace(call, arguments=call.arguments[1:]))
        if added is None:
            return None
        alone = found[before:]
        del found[before:]
        # In a chain over several lines, a call begins where the chain does.
        at = call.arguments[1].expression if len(call.arguments) > 1 else call.at
        steps = [_receiver(call), s.Step(added, name_of(added), at)]
        how = composed(call.mistakes, steps, call.at)
        if len(found) == before:  # what is wrong with it after this pipeline says more
            found += alone
        return how

    return method


BUILDERS: Final[dict[str, Builder]] = {
    "combinators._build.assign.assign": _keyed.assign,
    "combinators._build.assign.update": _keyed.update,
    "combinators._build.bind.bind": _choices.bind,
    "combinators._build.choice.branch": _choices.branch,
    "combinators._build.choice.route": _choices.route,
    "combinators._build.each.each": each,
    "combinators._build.fanout.fanout": _fanouts.fanout,
    f"{FUNCTION}.runnable": _bodies.runnable,
    "combinators._build.keys.omit": _keyed.omit,
    "combinators._build.keys.pick": _keyed.pick,
    "combinators._build.keys.rename": _keyed.rename,
    "combinators._build.pipe.pipe": _fanouts.pipe,
    "combinators._build.template.chat_template": _keyed.chat_template,
    "combinators._build.template.template": _keyed.template,
    "combinators._build.transform.transform": _bodies.transform,
}

METHODS: Final[dict[str, Builder]] = {
    "assign": _after(_keyed.assign),
    "attempt": lambda call: call.finished(s.Attempt(_receiver(call))),
    "each": lambda call: call.finished(s.Each(_receiver(call))),
    "fallback": _fallback,
    "named": _same,
    "pick": _after(_keyed.pick),
    "tap": _after(_tap),
}

# They give what their pipeline is, so mypy knows their type. What is inside is read all the same.
SAME: Final = ("cached", "replace", "retry", "timeout")
READ: Final[dict[str, Builder]] = METHODS | dict[str, Builder].fromkeys(SAME, _same)

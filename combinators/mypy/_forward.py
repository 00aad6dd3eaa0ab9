"""Forward: what a step gives for what flows into it, and what is wrong with that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mypy.types import (
    AnyType,
    CallableType,
    FunctionLike,
    Type,
    get_proper_type,
)

from combinators.mypy import _steps as s
from combinators.mypy._asking import result_of_call
from combinators.mypy._choosing import arm_name, is_never, is_open_ended, narrowed, not_routed
from combinators.mypy._decoding import read_type
from combinators.mypy._fitting import Wrong, misfit
from combinators.mypy._joint import Flowing, Joint, type_of_flow
from combinators.mypy._lambdas import typed
from combinators.mypy._mistakes import Mistakes, Place
from combinators.mypy._records import (
    ANY,
    Flow,
    Row,
    element_of,
    fresh,
    inside,
    instance_of,
    is_fresh,
    is_lost,
    is_one,
    lost,
    spelt,
    tuple_of,
    union_of,
)
from combinators.mypy._rekeying import rekeyed


def forward(mistakes: Mistakes, step: s.Step, flowing: Flowing, place: Place) -> Flow:
    """Return the type that a step gives, after adding what is wrong with its input."""
    return through(Joint(mistakes, flowing, place), step)


def through(joint: Joint, step: s.Step) -> Flow:
    """Return the type that a step gives at a joint."""
    flowing = joint.flowing.type
    if not isinstance(flowing, Row) and is_lost(flowing):
        flow = through(joint.at(joint.place, ANY), step)
        is_known = not isinstance(flow, Row) and not isinstance(get_proper_type(flow), AnyType)
        return flow if is_known else flowing
    before = len(joint.mistakes.found)
    flow = _through(joint, step)
    if step.type is not None:  # of a pipeline made elsewhere, the first mistake says enough
        del joint.mistakes.found[before + 1 :]
    return flow


def _through(joint: Joint, step: s.Step) -> Flow:
    match step.how:
        case s.Closed():
            return _closed(joint, step, step.how)
        case s.Passthrough():
            return joint.flowing.type
        case s.Function(function):
            return joint.called(function, step.at)
        case s.Lambda():
            return typed(joint, step.how)
        case s.Pipe(steps):
            return _sequence(joint, steps)
        case s.Each(inner):
            return _each(joint, inner)
        case s.Attempt(inner):
            error = joint.checker.named_type("builtins.Exception")
            outcome = [type_of_flow(through(joint, inner)), error]
            return instance_of(joint.checker, "returns.result", "Result", outcome)
        case s.Fallback(steps):
            results = [type_of_flow(through(joint, steps[0]))]
            results += [_into(joint, "the fallback", other) for other in steps[1:]]
            return union_of(results)
        case s.Tap(inner):
            before = len(joint.mistakes.found)
            through(joint.inside("tap", inner), inner)
            return (
                joint.flowing.type if len(joint.mistakes.found) == before else lost(joint.checker)
            )
        case s.Branch():
            return _branched(joint, step.how)
        case s.Route():
            return _routed(joint, step.how)
        case s.Bind(choose):
            return _bound(joint, choose)
        case s.Fanout(branches):
            return fresh(joint.checker, _branches(joint, branches))
        case s.Positional(steps):
            return tuple_of(joint.checker, _positional(joint, steps))
        case s.Target():
            return _built(joint, step.how)
        case _:
            return rekeyed(joint, step.how, lambda branches: _branches(joint, branches))


def _closed(joint: Joint, step: s.Step, how: s.Closed) -> Type:
    found = joint.mistakes.found
    before = len(found)
    if joint.need(how.takes):
        if is_one(joint.given) and isinstance(opened := _opened(step), s.Each):
            return _each(joint, opened.step)
        return how.gives
    opened = _opened(step)
    if opened is not None:
        blamed = Mistakes(joint.checker)
        through(replace(joint, mistakes=blamed), replace(step, how=opened))
        found[before:] = blamed.found or found[before:]
    return lost(joint.checker) if s.chooses(step) else how.gives


def _opened(step: s.Step) -> s.How | None:
    return step.inside() if step.inside is not None else None


def _into(joint: Joint, segment: str, step: s.Step, flow: Flow | None = None) -> Type:
    """Return what a step gives that is a part of the one at the joint."""
    return type_of_flow(through(joint.inside(segment, step, flow), step))


def _sequence(joint: Joint, steps: Sequence[s.Step]) -> Flow:
    flowing = joint.flowing
    for number, step in enumerate(steps, start=1):
        segment = f"step {number}"
        inside = joint.inside(segment, step)
        flow = through(Joint(joint.mistakes, flowing, inside.place), step)
        flowing = Flowing(flow, f"{segment} ({step.name})")
    return flowing.type


def _each(joint: Joint, step: s.Step) -> Type:
    element = element_of(joint.given)
    if is_one(joint.given):
        joint.mistakes.no_elements(joint.place, joint.source, joint.given)
        element = ANY
    if element is None:
        takes = step.how.takes if isinstance(step.how, s.Closed) else ANY
        joint.need(joint.checker.named_generic_type("typing.Collection", [takes]))
        element = ANY
    results = inside(_into(joint, "each element", step, element))
    return joint.checker.named_generic_type("builtins.list", [results])


# -- fan-outs --------------------------------------------------------------------------


def _branches(joint: Joint, branches: Mapping[str, s.Step]) -> dict[str, Type]:
    return {key: _into(joint, f'branch "{key}"', step) for key, step in branches.items()}


def _positional(joint: Joint, steps: Sequence[s.Step]) -> list[Type]:
    return [_into(joint, f"branch {i}", step) for i, step in enumerate(steps, start=1)]


def _built(joint: Joint, how: s.Target) -> Type:
    values = _branches(joint, how.branches)
    for key, value in values.items():
        wanted = field_of(how.constructor, key)
        if wanted is None:
            continue
        if misfit(joint.checker, value, wanted) is not None:
            place = joint.inside(f'branch "{key}"', how.branches[key]).place
            joint.mistakes.field(place, key, value, wanted)
        if is_fresh(get_proper_type(value)):
            values[key] = wanted
    constructor, names = how.constructor, list(values)
    types = list(values.values())
    return result_of_call(joint.checker, constructor, types, joint.place.at, names) or (
        constructor.items[0].ret_type
    )


def field_of(constructor: FunctionLike, key: str) -> Type | None:
    """Return the type of a field of a class, None where there is no such field."""
    signature: CallableType = constructor.items[0]
    as_written = spelt([name for name in signature.arg_names if name is not None], key)
    if as_written is None:
        return None
    return signature.arg_types[signature.arg_names.index(as_written)]


# -- choices ---------------------------------------------------------------------------


def _branched(joint: Joint, how: s.Branch) -> Type:
    flow = joint.flowing.type
    results: list[Type] = []
    for number, arm in enumerate(how.arms, start=1):
        name = f"case {number}"
        taken: Flow | None = flow
        if isinstance(arm.test, s.Step):
            before = len(joint.mistakes.found)
            _into(joint, f"the predicate of {name}", arm.test, flow)
            if len(joint.mistakes.found) > before:
                flow = taken = lost(joint.checker)
        else:
            taken, flow = narrowed(flow, arm.test)
        if taken is not None:
            results.append(_into(joint, name, arm.step, taken))
    if how.otherwise is not None and not is_never(flow):
        results.append(_into(joint, "otherwise", how.otherwise, flow))
    if how.otherwise is None and not is_never(flow) and not is_open_ended(flow):
        cases = union_of([a.test for a in how.arms if isinstance(a.test, Type)])
        wrong = Wrong(joint.given, cases)
        joint.mistakes.misfit(joint.place, joint.source, joint.given, wrong, cases)
        return lost(joint.checker)
    return union_of(results)


def _routed(joint: Joint, how: s.Route) -> Type:
    key = type_of_flow(rekeyed(joint, s.Pick(how.key), lambda _: {}))
    results = [_into(joint, f"arm {arm_name(name)}", step) for name, step in how.arms]
    if how.otherwise is not None:
        results.append(_into(joint, "otherwise", how.otherwise))
    elif left := not_routed(how, key):
        joint.mistakes.unhandled(joint.place, joint.source, how.key, left)
        return lost(joint.checker)
    return union_of(results)


def _bound(joint: Joint, choose: s.Step) -> Type:
    chosen = type_of_flow(through(joint, choose))
    step = read_type(joint.checker, chosen, choose.name, choose.at)
    if step is None:
        joint.mistakes.no_runnable(joint.place, chosen)
        return lost(joint.checker)
    return _into(joint, "what it chooses", step)

"""Pipelines of any shape: each step is drawn from what may follow the one before.

So all of them are well typed by construction. What is drawn is a pair: a pipeline, and the
shape of what it gives. A taste says how far combinators nest and what may be among the steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from operator import itemgetter
from typing import Any, Final, NamedTuple, TypeAlias, final

from returns.result import Success

import combinators as c
from combinators.laws.strategies import _functions as functions, _shapes as s
from combinators.laws.strategies._drawing import Drawing
from combinators.laws.strategies._shapes import Fields, Listed, Row, Scalar, Shape

Pipeline: TypeAlias = c.Runnable[Any, Any]
Drawn: TypeAlias = tuple[Pipeline, Shape]
Proposal: TypeAlias = Callable[[], Drawn]

# The builders are called with what was drawn, of which no checker can know the types.
_c: Any = c


@final
@dataclass(frozen=True, slots=True)
class Taste:
    """What may be among the steps of a pipeline."""

    faults: bool = True  # steps that raise
    waits: bool = True  # async steps
    chunks: bool = True  # steps that stream
    keeps: bool = True  # steps that are not run again for an input that they had
    depth: int = 2

    def deeper(self) -> Taste:
        """Return the taste for what is inside a step."""
        return replace(self, depth=self.depth - 1)


ANY: Final = Taste()
TOTAL: Final = Taste(faults=False)


class Point(NamedTuple):
    """What some drawn fan-outs build."""

    x: int
    y: str


def sequence(d: Drawing, takes: Shape, taste: Taste) -> Drawn:
    """Return a pipeline that takes a shape, with the shape that it gives."""
    shape = takes

    def step() -> Pipeline:
        nonlocal shape
        drawn, shape = d.one_of(_proposals(d, shape, taste))()
        return drawn

    return _c.pipe(*d.several(step, 1, taste.depth + 1)), shape


def arrow(d: Drawing, takes: Shape, gives: Shape, taste: Taste) -> Pipeline:
    """Return a pipeline from one shape to another."""
    pipeline, shape = sequence(d, takes, taste)
    return pipeline if shape == gives else pipeline | body(d, gives, taste)


# --- Functions -------------------------------------------------------------------


def body(d: Drawing, gives: Shape, taste: Taste) -> Pipeline:
    """Return a step that is one drawn function, of any kind."""
    return lifted(d, d.several(partial(d.output, gives, faults=taste.faults), 1, 3), taste)


def lifted(d: Drawing, outputs: Sequence[Any], taste: Taste) -> Pipeline:
    """Return a function of these outputs as a step: plain, async, streaming, or a pair."""
    kinds = [_plain, _plain, _inline]
    if taste.waits:
        kinds += [_waiting, _paired]
    if taste.chunks:
        kinds.append(_yielding)
    if taste.chunks and taste.waits:
        kinds += [_slowly_yielding, _both_yielding]
    return d.one_of(kinds)(*outputs)


def _lifted(body: functions.Drawn, **options: Any) -> Pipeline:
    step: Pipeline = _c.runnable(body, **options)
    return step


def _plain(*outputs: Any) -> Pipeline:
    return _lifted(functions.Function(*outputs))


def _inline(*outputs: Any) -> Pipeline:
    return _lifted(functions.Function(*outputs), inline=True)


def _waiting(*outputs: Any) -> Pipeline:
    return _lifted(functions.AsyncFunction(*outputs))


def _paired(*outputs: Any) -> Pipeline:
    return _lifted(functions.Function(*outputs), aio=functions.AsyncFunction(*outputs))


def _yielding(*outputs: Any) -> Pipeline:
    return _lifted(functions.Generator(*outputs))


def _slowly_yielding(*outputs: Any) -> Pipeline:
    return _lifted(functions.AsyncGenerator(*outputs))


def _both_yielding(*outputs: Any) -> Pipeline:
    return _lifted(functions.Generator(*outputs), aio=functions.AsyncGenerator(*outputs))


# --- What may stand where a shape flows in -----------------------------------------


def _proposals(d: Drawing, takes: Shape, taste: Taste) -> list[Proposal]:
    found: list[Proposal] = [
        partial(_passing, d, takes),
        partial(_function, d, taste),
        partial(_function, d, taste),
    ]
    if taste.chunks:
        found.append(partial(_changing, d, takes, taste))
    if isinstance(takes, Row):
        found.append(partial(_element, d, takes))
    if isinstance(takes, Fields) and takes.fields:
        found += [partial(each, d, takes) for each in (_pick, _select, _omit, _rename, _fill)]
    if taste.depth > 0:
        inner = taste.deeper()
        found += [partial(each, d, takes, inner) for each in _NESTING]
        if taste.keeps:
            found.append(partial(_cached, d, takes, inner))
        if isinstance(takes, Listed):
            found.append(partial(_each, d, takes, inner))
        if isinstance(takes, Fields):
            found += [partial(each, d, takes, inner) for each in (_assign, _update, _route)]
    return found


def _passing(d: Drawing, takes: Shape) -> Drawn:
    if isinstance(takes, Scalar) and d.one_of([False, True]):
        return _c.passthrough(takes.form), takes
    return _c.passthrough(), takes


def _function(d: Drawing, taste: Taste) -> Drawn:
    gives = d.shape()
    return body(d, gives, taste), gives


def _changing(d: Drawing, takes: Shape, taste: Taste) -> Drawn:
    changes = [_c.transform(functions.Passing())]
    if taste.waits:
        changes.append(_c.transform(functions.AsyncPassing()))
        changes.append(_c.transform(functions.Passing(), aio=functions.AsyncPassing()))
    return d.one_of(changes), takes


def _element(d: Drawing, row: Row) -> Drawn:
    index, shape = d.one_of([*enumerate(row.elements)])
    return _c.runnable(itemgetter(index)), shape


def _pick(d: Drawing, mapping: Fields) -> Drawn:
    key = d.one_of(mapping.keys)
    return _c.pick(key), mapping.of(key)


def _select(d: Drawing, mapping: Fields) -> Drawn:
    keys = d.some(mapping.keys, 2, 3) if len(mapping.keys) > 1 else []
    return (_c.pick(*keys), mapping.only(keys)) if keys else _pick(d, mapping)


def _omit(d: Drawing, mapping: Fields) -> Drawn:
    keys = d.some(mapping.keys, 1, 2)
    return _c.omit(*keys), mapping.only(key for key in mapping.keys if key not in keys)


def _rename(d: Drawing, mapping: Fields) -> Drawn:
    old, new = d.one_of(mapping.keys), _new_key(d, mapping)
    fields = tuple((new if key == old else key, shape) for key, shape in mapping.fields)
    return _c.rename(**{new: old}), Fields(fields)


def _fill(d: Drawing, mapping: Fields) -> Drawn:
    said = [k for k, shape in mapping.fields if k.isidentifier() and isinstance(shape, Scalar)]
    parts = ["x", "{{", *(f"{{{key}}}" for key in said)]

    def text() -> str:
        return "".join(d.several(lambda: d.one_of(parts), 0, 3))

    if d.one_of([True, False]):
        return _c.template(text()), s.TEXT
    return _c.chat_template(system=text(), user=text()), _MESSAGES


_MESSAGES: Final = Listed(Fields((("role", s.TEXT), ("content", s.TEXT))))


def _new_key(d: Drawing, mapping: Fields) -> str:
    return d.one_of([key for key in (*s.KEYS, "new", "newer") if key not in mapping.keys])


# --- With steps inside --------------------------------------------------------------


def _fanout(d: Drawing, takes: Shape, taste: Taste) -> Drawn:
    keys = d.some(s.KEYS, d.one_of([0, 2]), 3)
    branches = {key: sequence(d, takes, taste) for key in keys}
    fields = tuple((key, shape) for key, (_, shape) in branches.items())
    return _c.fanout({key: branch for key, (branch, _) in branches.items()}), Fields(fields)


def _row(d: Drawing, takes: Shape, taste: Taste) -> Drawn:
    branches = d.several(lambda: sequence(d, takes, taste), 1, 3)
    return _c.fanout(*[branch for branch, _ in branches]), Row(tuple(sh for _, sh in branches))


def _point(d: Drawing, takes: Shape, taste: Taste) -> Drawn:
    y, x = arrow(d, takes, s.TEXT, taste), arrow(d, takes, s.NUMBER, taste)
    return _c.fanout(Point, y=y, x=x), Row((s.NUMBER, s.TEXT))


def _tap(d: Drawing, takes: Shape, taste: Taste) -> Drawn:
    return _c.passthrough().tap(sequence(d, takes, taste)[0]), takes


def _named(d: Drawing, takes: Shape, taste: Taste) -> Drawn:
    pipeline, gives = sequence(d, takes, taste)
    return pipeline.named("part"), gives


def _attempt(d: Drawing, takes: Shape, taste: Taste) -> Drawn:
    pipeline, gives = sequence(d, takes, taste)
    return pipeline.attempt(), s.Attempted(gives)


def _retry(d: Drawing, takes: Shape, taste: Taste) -> Drawn:
    pipeline, gives = sequence(d, takes, taste)
    return pipeline.retry(on=Exception, attempts=2, backoff=[0]), gives


def _fallback(d: Drawing, takes: Shape, taste: Taste) -> Drawn:
    gives = d.one_of(s.SCALARS)
    first, other = arrow(d, takes, gives, taste), arrow(d, takes, gives, taste)
    return _c.pipe(first).fallback(other), gives


def _timeout(d: Drawing, takes: Shape, taste: Taste) -> Drawn:
    pipeline, gives = sequence(d, takes, taste)
    return pipeline.timeout(seconds=600), gives


def _cached(d: Drawing, takes: Shape, taste: Taste) -> Drawn:
    pipeline, gives = sequence(d, takes, taste)
    return pipeline.cached(key=repr), gives  # no dict is hashable


def _branch(d: Drawing, takes: Shape, taste: Taste) -> Drawn:
    gives = d.one_of(s.SCALARS)
    arm = _c.when(body(d, s.TRUTH, taste), arrow(d, takes, gives, taste))
    return _c.branch(arm, otherwise=arrow(d, takes, gives, taste)), gives


def _case(d: Drawing, takes: Shape, taste: Taste) -> Drawn:
    gives = d.one_of(s.SCALARS)
    arm = _c.case(d.one_of([_kind(takes), bool | None, str | float]), arrow(d, takes, gives, taste))
    return _c.branch(arm, otherwise=_default(d, takes, gives, taste)), gives


def _bind(d: Drawing, takes: Shape, taste: Taste) -> Drawn:
    gives = d.one_of(s.SCALARS)
    choices = d.several(lambda: arrow(d, takes, gives, taste), 1, 2)
    return _c.bind(lifted(d, choices, replace(taste, chunks=False))), gives


def _each(d: Drawing, listed: Listed, taste: Taste) -> Drawn:
    pipeline, gives = sequence(d, listed.element, taste)
    return _c.each(pipeline), Listed(gives)


def _assign(d: Drawing, mapping: Fields, taste: Taste) -> Drawn:
    key = _new_key(d, mapping)
    pipeline, gives = sequence(d, mapping, taste)
    return _c.assign(**{key: pipeline}), mapping.having(key, gives)


def _update(d: Drawing, mapping: Fields, taste: Taste) -> Drawn:
    if not mapping.fields:
        return _assign(d, mapping, taste)
    key = d.one_of(mapping.keys)
    pipeline, gives = sequence(d, mapping, taste)
    return _c.update(**{key: pipeline}), mapping.having(key, gives)


def _route(d: Drawing, mapping: Fields, taste: Taste) -> Drawn:
    scalars = [(key, shape) for key, shape in mapping.fields if isinstance(shape, Scalar)]
    if not scalars:
        return _assign(d, mapping, taste)
    (key, named), gives = d.one_of(scalars), d.one_of(s.SCALARS)
    names = d.several(lambda: d.value(named), 1, 2)
    arms = {name: arrow(d, mapping, gives, taste) for name in dict.fromkeys(names)}
    return _c.route(key, arms, otherwise=_default(d, mapping, gives, taste)), gives


_NESTING: Final = (
    _fanout, _row, _point, _tap, _named, _attempt, _branch, _case, _bind, _retry, _fallback,
    _timeout,
)  # fmt: skip


def _default(d: Drawing, takes: Shape, gives: Shape, taste: Taste) -> Pipeline | None:
    """Return what no arm takes: where steps may fail, it may be nothing."""
    missing = taste.faults and d.one_of([True, False])
    return None if missing else arrow(d, takes, gives, taste)


def _kind(shape: Shape) -> Any:
    """Return the type that the values of a shape have, as far as a case can tell."""
    match shape:
        case Scalar(form):
            return form
        case Fields():
            return dict
        case Listed():
            return list
        case Row():
            return tuple
        case _:
            return Success

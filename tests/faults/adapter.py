"""This library behind a neutral interface, as any library of its kind can be put behind it.

The same faults can then be shown on peers, with one adapter for each.
"""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import Any, TypeAlias

from returns.result import Result, Success

import combinators as c

NAME = "combinators"
step = c.runnable
gen = c.runnable
pipe = c.pipe
fanout = c.fanout
passthrough = c.passthrough
template = c.template

Pipeline: TypeAlias = c.Runnable[Any, Any]
Told: TypeAlias = list[tuple[str, object]]


def invoke(
    r: Pipeline, x: object, limit: int | None = None, *, check_mutation: bool = False
) -> object:
    return r.invoke(x, limit=limit, check_mutation=check_mutation)


async def ainvoke(
    r: Pipeline, x: object, limit: int | None = None, *, check_mutation: bool = False
) -> object:
    return await r.ainvoke(x, limit=limit, check_mutation=check_mutation)


def _outcome(result: Result[object, Exception]) -> tuple[str, object]:
    return ("ok", result.unwrap()) if isinstance(result, Success) else ("err", result.failure())


def batch(r: Pipeline, xs: Iterable[object], limit: int = 8, *, collect: bool = True) -> Told:
    if collect:
        return [_outcome(each) for each in r.batch(xs, limit=limit, errors="collect")]
    return [("ok", each) for each in r.batch(xs, limit=limit)]


def batch_iter(
    r: Pipeline, xs: Iterable[object], limit: int = 8
) -> Iterator[tuple[int, Result[object, Exception]]]:
    return r.batch_as_completed(xs, limit=limit, errors="collect")


async def abatch(
    r: Pipeline,
    xs: Iterable[object] | AsyncIterable[object],
    limit: int = 8,
    *,
    collect: bool = True,
) -> Told:
    if collect:
        return [_outcome(each) for each in await r.abatch(xs, limit=limit, errors="collect")]
    return [("ok", each) for each in await r.abatch(xs, limit=limit)]


def stream(r: Pipeline, x: object) -> Iterator[object]:
    return r.stream(x)


def astream(r: Pipeline, x: object) -> AsyncIterator[object]:
    return r.astream(x)


def render(t: Pipeline, values: object) -> str:
    text: str = t.invoke(values)
    return text


def leaves(
    error: BaseException, path: tuple[object, ...] = ()
) -> list[tuple[tuple[object, ...], BaseException]]:
    if isinstance(error, c.FanoutError):
        return [leaf for key, inner in error.errors.items() for leaf in leaves(inner, (*path, key))]
    if isinstance(error, c.BatchError):
        return [leaf for inner in error.errors.values() for leaf in leaves(inner, path)]
    return [(path, error)]


def mermaid(r: Pipeline) -> str:
    return r.draw("mermaid")

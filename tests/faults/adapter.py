"""The neutral interface of the shared fault cases, over this library."""

from __future__ import annotations

from typing import Any

from returns.result import Success

import combinators as c

NAME = "combinators"
step = c.runnable
gen = c.runnable
pipe = c.pipe
fanout = c.fanout
passthrough = c.passthrough
template = c.template


def _options(limit: int | None, options: dict[str, Any]) -> dict[str, Any]:
    return options if limit is None else {"limit": limit, **options}


def invoke(r: Any, x: Any, limit: int | None = None, **options: Any) -> Any:
    return r.invoke(x, **_options(limit, options))


async def ainvoke(r: Any, x: Any, limit: int | None = None, **options: Any) -> Any:
    return await r.ainvoke(x, **_options(limit, options))


def _told(results: list[Any], *, collect: bool) -> list[tuple[str, Any]]:
    if not collect:
        return [("ok", result) for result in results]
    return [_outcome(result) for result in results]


def _outcome(result: Any) -> tuple[str, Any]:
    return ("ok", result.unwrap()) if isinstance(result, Success) else ("err", result.failure())


def batch(r: Any, xs: Any, limit: int = 8, collect: bool = True) -> list[tuple[str, Any]]:  # noqa: FBT001, FBT002 - the interface of the cases
    errors = "collect" if collect else "raise"
    return _told(r.batch(xs, limit=limit, errors=errors), collect=collect)


def batch_iter(r: Any, xs: Any, limit: int = 8) -> Any:
    return r.batch_as_completed(xs, limit=limit, errors="collect")


async def abatch(r: Any, xs: Any, limit: int = 8, collect: bool = True) -> list[tuple[str, Any]]:  # noqa: FBT001, FBT002 - the interface of the cases
    errors = "collect" if collect else "raise"
    return _told(await r.abatch(xs, limit=limit, errors=errors), collect=collect)


def stream(r: Any, x: Any) -> Any:
    return r.stream(x)


def astream(r: Any, x: Any) -> Any:
    return r.astream(x)


def render(t: Any, values: Any) -> str:
    text: str = t.invoke(values)
    return text


def leaves(error: BaseException, path: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], Any]]:
    if isinstance(error, c.FanoutError):
        return [leaf for key, inner in error.errors.items() for leaf in leaves(inner, (*path, key))]
    if isinstance(error, c.BatchError):
        return [leaf for inner in error.errors.values() for leaf in leaves(inner, path)]
    return [(path, error)]


def mermaid(r: Any) -> str:
    text: str = r.draw("mermaid")
    return text

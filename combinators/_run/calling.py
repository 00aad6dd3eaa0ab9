"""Calls with options: checked before anything runs, they say which program runs, and how."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypedDict

from combinators._observer import STREAMED, Observer, Subject
from combinators._run import sync
from combinators._run.call import limited, turn

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Sequence

    from combinators._run.call import Turn
    from combinators._run.choice import Choice
    from combinators._run.code.program import Program
    from combinators._run.observing.watching import Watch


class CallOptions(TypedDict, total=False):
    """The options of one call, as keywords."""

    limit: int | None
    check_mutation: bool
    observers: Sequence[Observer]


def opened(observers: object, called: str, total: int | None = None) -> Watch | None:
    """Return the watch over a call, None where nobody observes it.

    Raises:
        OptionError: those who should are no observers.
    """
    if observers == ():
        return None
    return _opening()(observers, _CALLS.get(called) or Subject("batch", called, total=total))


_CALLS: Final = {
    called: Subject("call", called)
    for called in ("invoke", "ainvoke", "stream", "astream", "transform", "atransform")
}


# What is loaded where it is needed: an import in each call would cost it more than two steps.


@cache
def _opening() -> Callable[[object, Subject], Watch | None]:
    from combinators._run.observing import watching  # noqa: PLC0415 - only observers need it

    return watching.opened


@cache
def _arunner() -> Callable[..., Program]:
    from combinators._run import aio  # noqa: PLC0415 - asyncio is loaded where it is needed

    return aio.runner


@cache
def _aresult() -> Callable[[Watch, Program, Any, Turn], Coroutine[Any, Any, Any]]:
    from combinators._run.observing import awatching  # noqa: PLC0415 - only observers need it

    return awatching.result


def invoke(
    pipeline: Choice,
    x: Any,
    *,
    limit: int | None = None,
    check_mutation: bool = False,
    observers: Sequence[Observer] = (),
) -> Any:
    """Return the output of a pipeline for one input.

    Raises:
        OptionError: an option has a value that it cannot have.
    """
    call, watch = limited(limit), opened(observers, "invoke")
    observed = watch is not None
    run = pipeline.compiled(sync.runner, watch=check_mutation, observed=observed)
    return run(x, call) if watch is None else watch.result(run, x, call)


def ainvoke(
    pipeline: Choice,
    x: Any,
    *,
    limit: int | None = None,
    check_mutation: bool = False,
    observers: Sequence[Observer] = (),
) -> Coroutine[Any, Any, Any]:
    """Return the coroutine of the same, for a caller on an event loop."""
    call, watch = turn(limit), opened(observers, "ainvoke")
    observed = watch is not None
    run = pipeline.compiled(
        _arunner(), watch=check_mutation, limited=limit is not None, observed=observed
    )
    return run(x, call) if watch is None else _aresult()(watch, run, x, call)


def stream(  # noqa: PLR0913 - the options of a call, and what it is called
    pipeline: Choice,
    x: Any,
    *,
    limit: int | None = None,
    check_mutation: bool = False,
    observers: Sequence[Observer] = (),
    called: str = "stream",
) -> Generator[Any, None, None]:
    """Return the output of a pipeline in chunks, for one input or, to `transform`, for its chunks.

    Raises:
        OptionError: an option has a value that it cannot have.
    """
    from combinators._run.streams import stream as streams  # noqa: PLC0415 - loaded where something streams

    call, watch = limited(limit), opened(observers, called)
    observed = watch is not None
    streaming = pipeline.compiled(streams.runner, watch=check_mutation, observed=observed)
    whole = called == "stream"
    chunks: Generator[Any, None, None] = (streaming.on if whole else streaming.over)(x, call)
    return chunks if watch is None else watch.given(x if whole else STREAMED, chunks)


def astream(  # noqa: PLR0913 - as above
    pipeline: Choice,
    x: Any,
    *,
    limit: int | None = None,
    check_mutation: bool = False,
    observers: Sequence[Observer] = (),
    called: str = "astream",
) -> AsyncGenerator[Any, None]:
    """Return the chunks of the same, for a caller on an event loop."""
    from combinators._run.streams import astream as streams  # noqa: PLC0415 - asyncio is loaded where it is needed

    call, watch = turn(limit), opened(observers, called)
    observed = watch is not None
    streaming = pipeline.compiled(streams.runner, watch=check_mutation, observed=observed)
    whole = called == "astream"
    chunks: AsyncGenerator[Any, None] = (streaming.on if whole else streaming.over)(x, call)
    if watch is None:
        return chunks
    from combinators._run.observing import awatching  # noqa: PLC0415 - only observers need it

    return awatching.given(watch, x if whole else STREAMED, chunks)

"""Tasks and threads of an event loop, structured: whoever starts them waits for them."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from typing import TYPE_CHECKING, Any

from combinators._compat import override
from combinators._failures import FanoutError
from combinators._run.pool import POOL

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Mapping


async def gather(jobs: Mapping[Any, Coroutine[Any, Any, Any]], total: int) -> list[Any]:
    """Return the results of all coroutines, in their order, each run in a task of its own.

    After the first failure the others are cancelled and awaited, as they are when
    the caller is cancelled. Exceptions of their cleanup are kept.

    Raises:
        FanoutError: some failed, of `total` branches.
    """
    tasks = {key: asyncio.ensure_future(job) for key, job in jobs.items()}
    await joined(tasks.values())
    errors: dict[Any, Exception] = {}
    for key, task in tasks.items():
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            errors[key] = error
        elif error is not None:
            raise error  # bare: a group is for failures
    if errors:
        raise FanoutError(errors, total)
    return [task.result() for task in tasks.values()]


async def joined(tasks: Iterable[asyncio.Future[Any]]) -> None:
    """Return when all tasks are done, the rest cancelled once one of them fails.

    Raises:
        CancelledError: the caller was cancelled; all tasks are done even so.
    """
    pending: set[asyncio.Future[Any]] = set(tasks)
    cancelled: asyncio.CancelledError | None = None
    stopping = False
    while pending:
        try:
            _, pending = await asyncio.wait(
                pending,
                return_when=asyncio.ALL_COMPLETED if stopping else asyncio.FIRST_EXCEPTION,
            )
        except asyncio.CancelledError as error:
            cancelled = error
            pending = {task for task in pending if not task.done()}
        stopping = True
        for task in pending:
            task.cancel()
    if cancelled is not None:
        raise cancelled


class _Hop(asyncio.Future[Any]):
    """The outcome of a function in a thread, which nobody can stop: it is awaited to its end.

    A task that is cancelled while it waits here is cancelled when the thread is
    done: `Task.cancel` asks the future it waits for first, and remembers.
    """

    @override
    def cancel(self, msg: Any = None) -> bool:  # noqa: ARG002 - the base class names it
        return False


async def in_thread(function: Callable[..., Any], *args: Any) -> Any:
    """Return what `function` returns on a thread of the pool.

    It runs in a copy of the context; what it sets there is set here afterwards, as
    if it had been called in place.
    """
    loop = asyncio.get_running_loop()
    context = contextvars.copy_context()
    hop = _Hop(loop=loop)

    def settle(result: Any, error: BaseException | None) -> None:
        if error is None:
            hop.set_result(result)
        else:
            hop.set_exception(error)

    def job() -> None:
        result, failed = None, None
        try:
            result = context.run(function, *args)
        except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
            failed = error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, result, failed)

    POOL.submit(job)
    try:
        return await hop
    finally:
        adopt(context)


def adopt(context: contextvars.Context) -> None:
    """Set here what was set in `context`, a copy of ours."""
    for variable, value in context.items():
        if variable.get(_UNSET) is not value:
            variable.set(value)


_UNSET: Any = object()

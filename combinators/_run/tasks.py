"""Tasks and threads of an event loop, structured: whoever starts them waits for them."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from typing import TYPE_CHECKING, Any, final

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
    cancelled: asyncio.CancelledError | None = None
    try:
        await joined(tasks.values())
    except asyncio.CancelledError as cancellation:
        cancelled = cancellation
    errors: dict[Any, Exception] = {}
    for key, task in tasks.items():
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            errors[key] = error
        elif error is not None and cancelled is None:
            raise error  # bare: a group is for failures
    if errors:  # what has failed is told, even to who has given up waiting
        raise FanoutError(errors, total)
    if cancelled is not None:
        raise cancelled
    return [task.result() for task in tasks.values()]


async def joined(tasks: Iterable[asyncio.Future[Any]]) -> None:
    """Return when all tasks are done; once one fails, the rest are cancelled.

    Raises:
        CancelledError: the caller was cancelled; all tasks are done even so.
    """
    group = _Group(tasks)
    cancelled: asyncio.CancelledError | None = None
    while group.pending:
        try:
            await group.ended.wait()
        except asyncio.CancelledError as error:
            cancelled = error
            group.stop()
    if cancelled is not None:
        raise cancelled


@final
class _Group:
    """Tasks that stop together: where one fails or is cancelled, so are the others."""

    def __init__(self, tasks: Iterable[asyncio.Future[Any]]) -> None:
        self.pending = set(tasks)
        self.ended = asyncio.Event()
        self._stopped = False
        for task in [*self.pending]:
            task.add_done_callback(self._look)

    def stop(self) -> None:
        """Cancel all that are not done."""
        self._stopped = True
        for task in self.pending:
            task.cancel()

    def _look(self, task: asyncio.Future[Any]) -> None:
        self.pending.discard(task)
        if not self._stopped and (task.cancelled() or task.exception() is not None):
            self.stop()
        if not self.pending:
            self.ended.set()


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

    if not POOL.spawn(job):
        job()  # the loop stands still meanwhile, but it goes on
    try:
        return await hop
    except asyncio.CancelledError:
        # The thread was waited for even so; a failure there is kept like one of cleanup.
        if (error := hop.exception()) is not None:
            raise error from None
        raise
    finally:
        adopt(context)


def adopt(context: contextvars.Context) -> None:
    """Set here what was set in `context`, a copy of ours."""
    for variable, value in context.items():
        if variable.get(_UNSET) is not value:
            variable.set(value)


_UNSET: Any = object()

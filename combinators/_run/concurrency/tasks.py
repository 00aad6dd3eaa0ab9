"""Tasks and threads of an event loop, structured: whoever starts them waits for them."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, cast, final

from combinators._compat import override
from combinators._run.concurrency.contexts import adopt
from combinators._run.concurrency.pool import IN_USE
from combinators._run.concurrency.scopes import HERE, Scope, Stopped

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence

    from combinators._run.call import Turn
    from combinators._run.code.program import Program

    TaskOf = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]

    # A result, and Ctrl-C or an exit in its stead.
    Contained = tuple[Any, BaseException | None]


@final
class Branches:
    """Jobs, each a program and its input, in tasks that stop together.

    After the first failure the others are cancelled and awaited, as they are when the
    caller is cancelled. Exceptions of their cleanup are kept. A task keeps its outcome here
    and ends without one, so that none is left unseen.
    """

    __slots__ = ("_ended", "_left", "_odd", "_stopped", "_tasks", "_turn", "errors", "results")

    def __init__(self, jobs: Sequence[tuple[Program, Any]], turn: Turn) -> None:
        self.results: list[Any] = [None] * len(jobs)
        self.errors: dict[int, Exception] = {}
        self._turn = turn
        self._left = len(jobs)
        self._odd: BaseException | None = None  # what is no failure: it is raised bare
        self._tasks: list[asyncio.Task[None]] = []
        self._stopped = False
        self._ended: asyncio.Future[None] | None = None
        self._begin(jobs)

    def _begin(self, jobs: Sequence[tuple[Program, Any]]) -> None:
        loop = asyncio.get_running_loop()
        if _EAGER and loop.get_task_factory() is None and _NESTED.depth < DEEPEST:  # Python 3.12 on
            _NESTED.depth += 1
            try:
                self._start(jobs, cast("TaskOf", partial(asyncio.Task, loop=loop, **_EAGER)))
            finally:
                _NESTED.depth -= 1
        else:
            self._start(jobs, loop.create_task)

    def _start(self, jobs: Sequence[tuple[Program, Any]], task_of: TaskOf) -> None:
        for index, (program, x) in enumerate(jobs):
            task = task_of(self._run(index, program, x))
            if task.done():  # Python 3.12 on
                self._left -= 1
                if self.errors or self._odd:
                    self._left -= len(jobs) - index - 1  # these do not begin
                    return
            else:
                task.add_done_callback(self._leave)
                self._tasks.append(task)

    async def join(self) -> None:
        """Return when all tasks are done.

        Raises:
            BaseException: one ended in something that is no `Exception`.
            CancelledError: the caller was cancelled, and nothing had failed; all tasks are done
                even so.
        """
        cancelled: asyncio.CancelledError | None = None
        while self._left:
            self._ended = asyncio.get_running_loop().create_future()
            try:
                await self._ended
            except asyncio.CancelledError as error:
                cancelled = error
                self._stop()
        # What has failed is told, even to who has given up waiting; Ctrl-C before all else.
        odd = self._odd or (None if self.errors else cancelled)
        if odd is not None:
            raise odd

    async def _run(self, index: int, program: Program, x: Any) -> None:
        try:
            self.results[index] = await program(x, self._turn)
        except Exception as error:  # noqa: BLE001 - kept for the caller
            self.errors[index] = error
            # Not at once: what is ready to go on, in this round of the loop, does.
            asyncio.get_running_loop().call_soon(self._stop)
        except BaseException as error:  # noqa: BLE001 - raised again where all are joined
            self._end(error)

    def _leave(self, task: asyncio.Task[None]) -> None:
        self._left -= 1
        if task.cancelled():
            self._end(asyncio.CancelledError())  # before it began
        if not self._left and self._ended is not None and not self._ended.done():
            self._ended.set_result(None)

    def _end(self, error: BaseException) -> None:
        if not (self._stopped and isinstance(error, asyncio.CancelledError)):
            self._odd = self._odd or error
            self._stop()

    def _stop(self) -> None:
        self._stopped = True
        for task in self._tasks:
            task.cancel()


# They run at once until they first wait. A task factory of somebody's own makes others.
_EAGER: dict[str, Any] = {"eager_start": True} if sys.version_info >= (3, 12) else {}


class _Nested(threading.local):
    depth = 0  # of tasks that begin inside one another


_NESTED = _Nested()

# Tasks that begin inside one another share Python's stack; deeper ones begin later.
DEEPEST = 32


async def contained(function: Callable[..., Awaitable[Any]], *args: Any) -> Contained:
    """Return what `function` returns, or Ctrl-C or an exit where it ended in one, for a task.

    Out of a task these would stop the event loop; and a second one, while the loop ends what
    is left, would leave tasks that nobody runs any more.
    """
    try:
        return await function(*args), None
    except (KeyboardInterrupt, SystemExit) as error:
        return None, error


def result_of(ended: Contained) -> Any:
    """Return the result of what was contained, or raise what it ended in."""
    result, error = ended
    if error is not None:
        raise error
    return result


async def joined(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Return when all tasks are done, whatever they ended in: none is reported as unseen.

    Raises:
        CancelledError: the caller was cancelled, and so are the tasks; they are done even so.
    """
    cancelled: asyncio.CancelledError | None = None
    tasks = [*tasks]
    while pending := [task for task in tasks if not task.done()]:
        try:
            await asyncio.wait(pending)
        except asyncio.CancelledError as error:
            cancelled = error
            for task in pending:
                task.cancel()
    for task in tasks:
        if not task.cancelled():
            task.exception()
    if cancelled is not None:
        raise cancelled


class Hop(asyncio.Future["Contained"]):
    """The outcome of a function that runs elsewhere: it is awaited to its end.

    A task that is cancelled while it waits here is cancelled when the function is over:
    `Task.cancel` asks the future it waits for first, and remembers. Whoever runs the
    function is told, too.
    """

    def __init__(self, cancelled: Callable[[], None]) -> None:
        super().__init__(loop=asyncio.get_running_loop())
        self._told = cancelled

    @override
    def cancel(self, msg: Any = None) -> bool:  # noqa: ARG002 - the base class names it
        self._told()
        return False

    def settle(self, result: Any, error: BaseException | None) -> None:
        """Let the one who waits go on."""
        self.set_result((result, error))

    async def outcome(self) -> Any:
        """Return the result of the function, or raise its error.

        Raises:
            CancelledError: the caller was cancelled, and the function has not failed.
        """
        try:
            return result_of(await self)
        except asyncio.CancelledError:
            # It was waited for even so; a failure there is kept like one of cleanup.
            if (error := self.result()[1]) is not None:
                raise error from None
            raise


async def in_thread(function: Callable[..., Any], *args: Any) -> Any:
    """Return what `function` returns on a thread of the pool.

    It runs in a copy of the context; what it sets there is set here afterwards, as
    if it had been called in place.
    """
    loop = asyncio.get_running_loop()
    context = contextvars.copy_context()
    scope = Scope(None)
    hop = Hop(scope.end)

    def job() -> None:
        result, failed = None, None
        outside, HERE.scope = HERE.scope, scope
        try:
            result = context.run(function, *args)
        except Stopped:
            pass  # who waits was cancelled
        except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
            failed = error
        HERE.scope = outside
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(hop.settle, result, failed)

    if not IN_USE.get().spawn(job):
        job()  # the loop stands still meanwhile, but it goes on
    try:
        return await hop.outcome()
    finally:
        adopt(context)


def on_a_stack_of_its_own(program: Program) -> Program:
    """Return a program that runs in a task of its own, which the caller waits for.

    Coroutines that await one another share a stack; where they nest deeper, they go on there.
    """

    async def run(x: Any, turn: Turn) -> Any:
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        try:
            return result_of(await loop.create_task(contained(program, x, turn), context=context))
        finally:
            adopt(context)

    return run

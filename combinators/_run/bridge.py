"""Async steps in a sync call: an event loop of the call's own, on a thread of the pool.

The caller waits for that thread and can be interrupted: Ctrl-C cancels what runs
on the loop and does not wait for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import queue
import threading
from collections.abc import Collection
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, final

from combinators._errors import RunningLoopError
from combinators._run import aio
from combinators._run.batches import abatch, agathering
from combinators._run.call import turn
from combinators._run.concurrency.contexts import adopt
from combinators._run.concurrency.pool import POOL
from combinators._run.concurrency.tasks import in_thread
from combinators._run.hosts import is_asyncio, is_trio
from combinators._run.streams import astream

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterable

    from combinators import _nodes as n
    from combinators._run.batches.batch import Outcome
    from combinators._run.call import Call, Turn
    from combinators._run.code.program import Program


def program(node: n.Node, *, watch: bool, observed: bool) -> Program:
    """Return the program that runs a tree with async steps for a sync caller."""
    run = aio.compiled(node, watch=watch, limited=True, observed=observed)

    def invoke(x: Any, call: Call) -> Any:
        refuse_running_loop("invoke")
        loop = _Loop(lambda: run(x, _turn(call)))
        if not POOL.spawn(loop.run):
            loop.run()
        return loop.result()

    return invoke


@final
class Streaming:
    """A tree with async steps as a stream for a sync caller."""

    def __init__(self, node: n.Node, *, watch: bool, observed: bool) -> None:
        self._inner = astream.compiled(node, watch=watch, observed=observed)

    def on(self, x: Any, call: Call) -> Generator[Any, None, None]:
        """Return the chunks for an input that is there as a whole."""
        refuse_running_loop("stream")
        return _pumped(lambda: self._inner.on(x, _turn(call)))

    def over(self, chunks: Iterable[Any], call: Call) -> Generator[Any, None, None]:
        """Return the chunks for an input that comes in chunks."""
        refuse_running_loop("transform")
        return _pumped(lambda: self._inner.over(_read_elsewhere(chunks), _turn(call)))


def drain(
    node: n.Node, *, watch: bool, observed: bool
) -> Callable[[Iterable[Any], Call, str, bool], Drain]:
    """Return what starts a batch of a tree with async steps for a sync caller."""
    run = aio.itemwise(node, watch=watch, limited=True, observed=observed)

    def start(inputs: Iterable[Any], call: Call, called: str, collect: bool) -> Drain:  # noqa: FBT001 - from the face
        refuse_running_loop(called)
        source = inputs if isinstance(inputs, Collection) else _read_elsewhere(inputs)
        limit = call.budget.limit
        return Drain(abatch.Drain(run, source, _turn(call), limit, collect=collect))

    return start


def gathering(
    node: n.Node, *, watch: bool, observed: bool
) -> Callable[[Iterable[Any], Call, bool], list[Any]]:
    """Return what runs a batch of a tree with async steps and returns all results."""
    run = agathering.loop(node, watch=watch, limited=True, observed=observed)

    def gather(inputs: Iterable[Any], call: Call, collect: bool) -> list[Any]:  # noqa: FBT001 - from the face
        refuse_running_loop("batch")
        source = inputs if isinstance(inputs, Collection) else _read_elsewhere(inputs)
        limit = call.budget.limit
        loop = _Loop(
            lambda: agathering.Gathering(run, source, _turn(call), limit, collect=collect).results()
        )
        if not POOL.spawn(loop.run):
            loop.run()
        results: list[Any] = loop.result()
        return results

    return gather


@final
class Drain:
    """The items of a batch on an event loop, for a sync caller."""

    def __init__(self, inner: abatch.Drain) -> None:
        self._inner = inner

    def stop(self) -> None:
        """Begin no further item."""
        self._inner.stop()

    def outcomes(self) -> Generator[Outcome, None, None]:
        """Yield the outcome of every item as it is ready."""
        return _pumped(self._inner.outcomes)


async def _read_elsewhere(inputs: Iterable[Any]) -> AsyncGenerator[Any, None]:
    """Yield inputs that may have to be waited for, without holding the loop."""
    iterator = iter(inputs)
    while (item := await in_thread(next, iterator, _END)) is not _END:
        yield item


_END: Any = object()


def _pumped(start: Callable[[], AsyncGenerator[Any, None]]) -> Generator[Any, None, None]:
    """Yield what an async generator yields, which goes on when the next item is asked for."""
    ready: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()
    wanted = asyncio.Event()

    alone = False

    async def pump() -> None:
        async with aclosing(start()) as source:
            async for item in source:
                ready.put((item,))
                if not alone:
                    await wanted.wait()
                    wanted.clear()

    loop = _Loop(pump, lambda: ready.put(()))
    if not POOL.spawn(loop.run):
        alone = True  # there is no thread for it: it runs to its end here, and then yields
        loop.run()
    try:
        while item := ready.get():
            yield item[0]
            loop.call(wanted.set)
    except (GeneratorExit, Exception):
        loop.close()
        raise
    except BaseException:  # Ctrl-C waits for nobody
        loop.cancel()
        raise
    loop.result()


def _turn(call: Call) -> Turn:
    # Chosen inside a call with a limit, a tree runs on the one right of the thread that chose it.
    limit = 1 if call.budget.limit and call.bound else call.budget.limit
    return turn(limit, call.bound)


def refuse_running_loop(called: str) -> None:
    """Return if this thread may block.

    Raises:
        RunningLoopError: it runs an event loop, which would stand still.
    """
    if is_trio() or is_asyncio():
        raise RunningLoopError(called)


@final
class _Loop:
    """One coroutine on an event loop of its own, in a thread of the pool."""

    def __init__(
        self, main: Callable[[], Coroutine[Any, Any, Any]], ended: Callable[[], None] = lambda: None
    ) -> None:
        self._ended = ended
        self._context = contextvars.copy_context()
        self._loop = asyncio.new_event_loop()
        self._task = self._loop.create_task(main(), context=self._context)
        self._done = threading.Event()
        self._result: Any = None
        self._error: BaseException | None = None

    def result(self) -> Any:
        """Return the result of the coroutine when it has one, or raise its error."""
        try:
            self._done.wait()
        except BaseException:
            self.cancel()
            raise
        adopt(self._context)
        if self._error is not None:
            raise self._error
        return self._result

    def call(self, function: Callable[[], object]) -> None:
        """Call `function` on the loop, unless it has ended."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function)

    def cancel(self) -> None:
        """Cancel the coroutine, and do not wait for it."""
        self.call(self._task.cancel)

    def close(self) -> None:
        """Cancel the coroutine and wait until its cleanup is over, or raise what that ended in."""
        self.cancel()
        self._done.wait()
        if self._error is not None and not isinstance(self._error, asyncio.CancelledError):
            raise self._error

    def run(self) -> None:
        """Run the coroutine to its end in this thread."""
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                try:
                    self._result = runner.run(self._joined())
                finally:
                    _end_all(self._loop)
        except BaseException as error:  # noqa: BLE001 - raised again by `result`
            self._error = error
        self._ended()
        self._done.set()

    async def _joined(self) -> Any:
        return await self._task


def _end_all(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel the tasks of a loop and run it until they are over.

    Ctrl-C or an exit in a task stops the loop. Two steps may raise one, and then the second
    would stop it again while it ends, with tasks left that nobody runs any more.
    """
    while tasks := asyncio.all_tasks(loop):
        for task in tasks:
            task.cancel()
        with contextlib.suppress(KeyboardInterrupt, SystemExit):
            loop.run_until_complete(asyncio.wait(tasks))

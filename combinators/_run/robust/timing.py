"""Timeouts in threads: who has waited long enough goes on, and leaves the thread behind.

No thread can be stopped from outside. One that is given up ends by itself, sooner if it asks
`cancelled()`; until then it is counted, and above a bound nothing more is begun that might
have to be given up. It does not count towards the limit of the call any more.
"""

from __future__ import annotations

import contextlib
import threading
import time
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, final

from combinators._errors import AbandonedError, DeadlineError
from combinators._labels import label
from combinators._run.concurrency.contexts import adopt
from combinators._run.concurrency.pool import POOL
from combinators._run.concurrency.scopes import HERE, Scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from combinators import _nodes as n
    from combinators._run.call import Call
    from combinators._run.code.program import Program
    from combinators._run.robust.recovering import Chunks, Start


def timeout(node: n.Timeout, program: Program) -> Program:
    """Return what runs a program in a thread, and waits for it so many seconds."""

    def run(x: Any, call: Call) -> Any:
        scope = Scope(call.team or HERE.scope)
        return _Errand(node, partial(program, x, call.within(scope)), scope).run(node.seconds)

    return run


def timeout_chunks(node: n.Timeout, start: Start) -> Start:
    """Return what starts a stream that has so many seconds to compute all of its chunks."""

    def run(x: Any, call: Call) -> Chunks:
        scope = Scope(call.team or HERE.scope)
        chunks, left = start(x, call.within(scope)), node.seconds
        try:
            while True:
                begin = time.monotonic()
                errand = _Errand(node, partial(next, chunks, _END), scope, chunks.close)
                chunk = errand.run(left)
                left -= time.monotonic() - begin
                if chunk is _END:
                    return
                yield chunk
        finally:
            if not scope.ended:  # else the thread that has them closes them
                chunks.close()

    return run


_END: Any = object()


@final
class _Errand:
    """Work on a thread of the pool that its owner may give up."""

    def __init__(
        self,
        node: n.Timeout,
        work: Callable[[], Any],
        scope: Scope,
        afterwards: Callable[[], object] = lambda: None,
    ) -> None:
        self._node = node
        self._work = work
        self._scope = scope
        self._afterwards = afterwards  # what the thread does when it was given up
        self._context = copy_context()
        self._lock = threading.Lock()
        self._ended = POOL.threads.gate()
        self._is_over = False
        self._take_back: Callable[[], None] | None = None  # where it was given up
        self._result: Any = None
        self._error: BaseException | None = None

    def run(self, seconds: float) -> Any:
        """Return the result of the work, if it is there in so many seconds.

        Raises:
            DeadlineError: it is not.
            AbandonedError: too many threads were given up before.
        """
        if POOL.given_up >= POOL.max_given_up:
            raise AbandonedError(label(self._node), POOL.max_given_up)
        if not POOL.spawn(self._do):
            return self._in_place(seconds)
        try:
            in_time = self._ended.acquire(True, min(seconds, threading.TIMEOUT_MAX))  # noqa: FBT003 - positional in the seam
        except BaseException:  # Ctrl-C waits for nobody
            self._give_up()
            raise
        if not in_time and self._give_up():
            raise DeadlineError(label(self._node), self._node.seconds)
        adopt(self._context)
        if self._error is not None:
            raise self._error
        return self._result

    def _in_place(self, seconds: float) -> Any:
        """Return the result of the work, done here: there is no thread for it."""
        begin = time.monotonic()
        result = self._work()
        if time.monotonic() - begin > seconds:
            raise DeadlineError(label(self._node), self._node.seconds)
        return result

    def _do(self) -> None:
        HERE.scope = self._scope
        try:
            self._result = self._context.run(self._work)
        except BaseException as error:  # noqa: BLE001 - raised again by the owner
            self._error = error
        with self._lock:
            self._is_over = True
        if self._take_back is not None:
            with contextlib.suppress(Exception):  # nobody is left to see it
                self._context.run(self._afterwards)
            self._take_back()
        HERE.scope = None
        self._ended.release()

    def _give_up(self) -> bool:
        """Return whether the work was still going on; if so, it is left to itself."""
        with self._lock:
            if self._is_over:
                return False
            self._take_back = POOL.give_up()
            self._scope.end()
        return True

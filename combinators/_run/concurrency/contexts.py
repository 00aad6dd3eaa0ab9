"""Work that goes on elsewhere and comes back, as if it had been called in place.

What it sets in context variables reaches the caller, who cannot lend out its own context:
the work has a copy, and what is new in it is adopted.
"""

from __future__ import annotations

from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any

from combinators._run.concurrency.pool import POOL
from combinators._run.concurrency.scopes import HERE

if TYPE_CHECKING:
    from combinators._run.call import Call
    from combinators._run.code.program import Program


def adopt(context: Context) -> None:
    """Set here what was set in `context`, a copy of ours."""
    for variable, value in context.items():
        if variable.get(_UNSET) is not value:
            variable.set(value)


_UNSET: Any = object()


def on_a_stack_of_its_own(program: Program) -> Program:
    """Return a program that runs in another thread, which the caller waits for.

    Where trees nest deeper than Python's stack, they go on there.
    """

    def run(x: Any, call: Call) -> Any:
        context, scope = copy_context(), HERE.scope
        ended = POOL.threads.gate()
        result: Any = None
        error: BaseException | None = None

        def job() -> None:
            nonlocal result, error
            HERE.scope = scope
            try:
                result = context.run(program, x, call)
            except BaseException as raised:  # noqa: BLE001 - raised again by the caller
                error = raised
            HERE.scope = None
            ended.release()

        if not POOL.spawn(job):
            return program(x, call)  # as deep as it may go
        ended.acquire()
        adopt(context)
        if error is not None:
            raise error
        return result

    return run

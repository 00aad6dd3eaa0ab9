"""What the engine asks of threads: to start one, to wait and to wake, and the time.

Everything else is built on these three, so whatever stands in for them decides which
thread goes on when.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from combinators._compat import override

if TYPE_CHECKING:
    from collections.abc import Callable


class Gate(Protocol):
    """Where one thread waits until another one opens: a lock that is held from the start."""

    def acquire(self, blocking: bool = True, timeout: float = -1, /) -> bool:  # noqa: FBT001, FBT002 - as locks have it
        """Return whether the gate was opened within so many seconds; then it is shut again."""
        ...

    def release(self) -> None:
        """Let the one who waits pass, or the next who comes."""
        ...


class Threads(Protocol):
    """A source of threads."""

    def start(self, run: Callable[[], None]) -> bool:
        """Run something on a new thread; return False where none can be started."""
        ...

    def gate(self) -> Gate:
        """Return a gate that is shut."""
        ...


class SystemThreads(Threads):
    """Threads of the operating system.

    They are daemons: neither Ctrl-C nor the end of the interpreter waits for one.
    """

    @override
    def start(self, run: Callable[[], None]) -> bool:
        thread = threading.Thread(target=run, name="combinators", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # no more threads in this process, or it is about to end
            return False
        return True

    @override
    def gate(self) -> Gate:
        lock = threading.Lock()
        lock.acquire()
        return lock

"""Results that are kept: whoever asks for the same at the same time waits for one run.

A stream that finds nothing runs by itself, and its chunks go on as they come: whoever waited
for it would wait for its reader. What is found, a stream gives as one chunk.
"""

from __future__ import annotations

import threading
from contextlib import closing
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeAlias, final

from combinators._errors import InputError
from combinators._failures import copied
from combinators._identity import identity
from combinators._labels import label
from combinators._memory import Flight, Kept
from combinators._run.call import CALL
from combinators._run.chunks import fold
from combinators._words import a_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from combinators import _nodes as n
    from combinators._run.call import Call
    from combinators._run.code.program import Program
    from combinators._run.robust.recovering import Chunks, Start

# What tells one input from another; what is run for one input.
Telling: TypeAlias = "Callable[[Any], Hashable]"

# The runs that whoever looks is a part of, on whatever thread: it cannot wait for one of them.
_LED: ContextVar[tuple[Flight, ...]] = ContextVar("combinators.led", default=())


def telling(node: n.Cached, key: Program | None = None) -> Telling:
    """Return what gives the key of an input: its type and value, or those of what `key` gives."""
    given = "its input" if key is None else "what key= gives"

    def tell(x: Any) -> Hashable:
        value: object = x if key is None else key(x, CALL)
        told = type(value), identity(value)
        try:
            hash(told)
        except TypeError:
            accepted = f"To keep results, {given} has to be hashable: say what tells inputs apart"
            raise InputError(
                label(node), a_kind(value), f"{accepted}, as in cached(key=lambda x: …)."
            ) from None
        return told

    return tell


@final
class Leading:
    """A run that is led by the one who enters, with what it came to for those who wait."""

    def __init__(self, node: n.Cached, key: Hashable, flight: Flight) -> None:
        self._node = node
        self._key = key
        self._flight = flight

    def __enter__(self) -> Leading:
        self._token = _LED.set((*_LED.get(), self._flight))
        return self

    def keep(self, value: Any) -> Any:
        """Keep the result, and return it."""
        self._flight.kept = self._node.memory.keep(self._key, value, self._node.maxsize)
        return value

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        _LED.reset(self._token)
        if isinstance(error, Exception) and self._flight.waiting:
            self._flight.error = copied(error)
        self._node.memory.leave(self._key, self._flight)


def outcome(flight: Flight) -> Kept | None:
    """Return what a run came to that has ended, None where it was given up.

    Raises:
        Exception: it failed.
    """
    if flight.error is not None:
        raise copied(flight.error)
    return flight.kept


def is_led_here(flight: Flight) -> bool:
    """Return whether whoever asks is a part of a run, which would wait for itself."""
    return flight in _LED.get()


def cached(node: n.Cached, program: Program, key: Program | None = None) -> Program:
    """Return what runs a program once for each input."""
    tell = telling(node, key)

    def run(x: Any, call: Call) -> Any:
        told = tell(x)
        while True:
            found, leads = node.memory.enter(told)
            if isinstance(found, Kept):
                return found.value
            if leads:
                with Leading(node, told, found) as led:
                    return led.keep(program(x, call))
            if not _may_wait(found):
                return program(x, call)
            _wait(node, found, call)
            kept = outcome(found)
            if kept is not None:
                return kept.value
            if call.team is not None:
                call.team.check()

    return run


def cached_chunks(node: n.Cached, start: Start, key: Program | None = None) -> Start:
    """Return what starts a stream, or gives what is kept as one chunk."""
    tell = telling(node, key)

    def run(x: Any, call: Call) -> Chunks:
        told = tell(x)
        found = node.memory.find(told)
        if isinstance(found, Flight) and _may_wait(found):
            _wait(node, found, call)
            found = outcome(found)
        if isinstance(found, Kept):
            yield found.value
            return
        passed: list[Any] = []
        with closing(start(x, call)) as chunks:
            for chunk in chunks:
                passed.append(chunk)
                yield chunk
        node.memory.keep(told, fold(passed, label(node)), node.maxsize)

    return run


def _may_wait(flight: Flight) -> bool:
    # A loop that stood still while it waited would never come to what it waits for.
    return flight.leader != threading.get_ident() and not is_led_here(flight)


def _wait(node: n.Cached, flight: Flight, call: Call) -> None:
    """Wait for the end of a run, without a right to run."""
    gate = call.budget.threads.gate()
    if node.memory.wait(flight, gate.release):
        call.budget.pause()
        try:
            gate.acquire()
        finally:
            call.budget.resume()

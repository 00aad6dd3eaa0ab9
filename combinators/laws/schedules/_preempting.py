"""Code that may be interrupted between any two of its lines, as a thread may.

Whoever shares data without a lock is seldom found out where threads change hands only
when they wait.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from types import FrameType
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from _typeshed import TraceFunction

A = TypeVar("A")


def preempted(modules: Collection[str], offer: Callable[[], object], main: Callable[[], A]) -> A:
    """Return what `main` returns; before every line in these modules and below, call `offer`."""
    if not modules:
        return main()
    inside = tuple(f"{module}." for module in modules)

    def on_call(frame: FrameType, _: str, __: object) -> TraceFunction | None:
        name = f"{frame.f_globals.get('__name__')}."
        return on_line if name.startswith(inside) else None

    def on_line(_: FrameType, event: str, __: object) -> TraceFunction:
        if event == "line":
            offer()
        return on_line

    before = sys.gettrace()
    sys.settrace(on_call)
    try:
        return main()
    finally:
        sys.settrace(before)

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
    importing = 0  # modules at once: who imports one makes others wait, unseen by any schedule

    def on_call(frame: FrameType, _: str, __: object) -> TraceFunction | None:
        nonlocal importing
        if frame.f_code.co_name == "<module>":
            importing += 1
            return on_import
        name = f"{frame.f_globals.get('__name__')}."
        return on_line if name.startswith(inside) else None

    def on_import(_: FrameType, event: str, __: object) -> TraceFunction:
        nonlocal importing
        importing -= event == "return"
        return on_import

    def on_line(_: FrameType, event: str, __: object) -> TraceFunction:
        if event == "line" and not importing:
            offer()
        return on_line

    before = sys.gettrace()
    sys.settrace(on_call)
    try:
        return main()
    finally:
        sys.settrace(before)

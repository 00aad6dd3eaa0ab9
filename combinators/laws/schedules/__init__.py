"""Schedules: who goes next, as a value that can be drawn, shrunk and replayed.

Threads and tasks of a pipeline run one at a time, in virtual time, in the order that a
schedule says. What goes wrong only when the wrong one is first goes wrong every time.

>>> import time
>>> from combinators import fanout
>>> def race() -> list[str]:
...     order: list[str] = []
...     def a(_: object) -> None:
...         time.sleep(1)
...         order.append("a")
...     def b(_: object) -> None:
...         time.sleep(1)
...         order.append("b")
...     fanout(a=a, b=b).invoke(None)
...     return order
>>> Schedule().run(race), Schedule(1).run(race)
(['a', 'b'], ['b', 'a'])
"""

from typing import Final

from combinators.laws._law import laws_in
from combinators.laws.schedules import endings, flows, interleavings, merges
from combinators.laws.schedules._calls import Call
from combinators.laws.schedules._errors import (
    DeadlockError,
    InputOutputError,
    LivelockError,
    NestedRunError,
    ScheduleError,
)
from combinators.laws.schedules._flowing import Batch, Stream
from combinators.laws.schedules._merging import Fan, Merge, Source
from combinators.laws.schedules._schedule import Schedule
from combinators.laws.schedules._strategies import delays, schedules
from combinators.laws.schedules._work import AtOnce, InTurn, Leaf, StepError, Work

LAWS: Final = laws_in(interleavings, endings, flows, merges)

__all__ = [
    "LAWS",
    "AtOnce",
    "Batch",
    "Call",
    "DeadlockError",
    "Fan",
    "InTurn",
    "InputOutputError",
    "Leaf",
    "LivelockError",
    "Merge",
    "NestedRunError",
    "Schedule",
    "ScheduleError",
    "Source",
    "StepError",
    "Stream",
    "Work",
    "delays",
    "schedules",
]

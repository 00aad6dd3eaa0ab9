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

from combinators.laws.schedules._errors import (
    DeadlockError,
    InputOutputError,
    LivelockError,
    NestedRunError,
    ScheduleError,
    UnscheduledThreadError,
)
from combinators.laws.schedules._schedule import Schedule
from combinators.laws.schedules._strategies import delays, schedules

__all__ = [
    "DeadlockError",
    "InputOutputError",
    "LivelockError",
    "NestedRunError",
    "Schedule",
    "ScheduleError",
    "UnscheduledThreadError",
    "delays",
    "schedules",
]

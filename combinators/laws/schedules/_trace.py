"""What the steps of some work did, and when: the evidence that laws look at."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple, final

from combinators.laws.schedules._work import Leaf, Place

What = Literal["begins", "returns", "raises", "is cancelled"]


class Event(NamedTuple):
    """What a step did at a time."""

    seconds: float
    place: Place
    what: What


class Moment(NamedTuple):
    """What there is from one event to the next, which may be at the same time."""

    seconds: float
    until: float
    begun: frozenset[Place]
    running: frozenset[Place]


@final
class Trace:
    """Events in the order in which they happened."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def body(self, leaf: Leaf, place: Place) -> Callable[[Any], object]:
        """Return the function that a step is, plain or async."""

        def plain(given: object) -> object:
            with self.told(place):
                time.sleep(leaf.seconds)
                return _outcome(leaf, place, given)

        async def aio(given: object) -> object:
            with self.told(place):
                try:
                    await asyncio.sleep(leaf.seconds)
                except asyncio.CancelledError:
                    await asyncio.sleep(leaf.cleanup_seconds)
                    raise
                return _outcome(leaf, place, given)

        return aio if leaf.aio else plain

    @contextmanager
    def told(self, place: Place) -> Generator[None]:
        """Tell when something begins and how it ends."""
        self._tell(place, "begins")
        try:
            yield
        except asyncio.CancelledError:
            self._tell(place, "is cancelled")
            raise
        except BaseException:
            self._tell(place, "raises")
            raise
        self._tell(place, "returns")

    def _tell(self, place: Place, what: What) -> None:
        self.events.append(Event(time.monotonic(), place, what))


def _outcome(leaf: Leaf, place: Place, given: object) -> object:
    if leaf.raises is not None:
        raise leaf.raises(place)
    return place, given


def moments(events: Iterable[Event], until: float) -> Iterator[Moment]:
    """Yield what there is before, between and after some events."""
    begun: set[Place] = set()
    running: set[Place] = set()
    now = 0.0
    for seconds, place, what in events:
        yield Moment(now, seconds, frozenset(begun), frozenset(running))
        now = seconds
        if what == "begins":
            begun.add(place)
            running.add(place)
        else:
            running.discard(place)
    yield Moment(now, until, frozenset(begun), frozenset(running))


def running_after(events: Iterable[Event]) -> set[Place]:
    """Return the steps that have begun and not ended.

    >>> running_after([Event(0.0, (0,), "begins"), Event(0.0, (1,), "begins"),
    ...     Event(1.0, (0,), "returns")])
    {(1,)}
    """
    *_, last = moments(events, 0.0)
    return {*last.running}

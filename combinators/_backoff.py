"""How long to wait before each further attempt: schedules that are values.

A schedule is immutable, composed of others, compared by its parts, and written as the
expression that builds it. Iterating it gives seconds; where it ends, so do the attempts.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, cast, final

from combinators._compat import override
from combinators._errors import BuilderError
from combinators._words import a_kind

if TYPE_CHECKING:
    from collections.abc import Iterator


class Backoff(ABC):
    """A schedule of waits in seconds. Derive from it for one of your own.

    It is a part of the pipeline that retries by it: hashable, compared by `==`, and
    written by `repr`. A frozen dataclass is all of that.
    """

    __slots__ = ()

    @abstractmethod
    def __iter__(self) -> Iterator[float]:
        """Yield how many seconds to wait before the second attempt, the third, and so on."""

    def jittered(self) -> Backoff:
        """Return this schedule with each wait drawn at random between nothing and all of it.

        Who failed together does not come back together.

        Source: Brooker, Exponential Backoff And Jitter (2015), "full jitter".
        """
        return _Jittered(self)

    def first(self, count: int, /) -> Backoff:
        """Return the first so many waits of this schedule.

        >>> list(exponential(first_seconds=1).first(3))
        [1.0, 2.0, 4.0]
        """
        return _First(self, whole_number(count, "first() argument 1", least=0))

    def then(self, after: Backoff | Iterable[float], /) -> Backoff:
        """Return this schedule, and after its end another.

        >>> exponential(first_seconds=1).first(2).then([60])
        exponential(first_seconds=1.0, factor=2.0, most_seconds=30.0).first(2).then((60.0,))
        """
        return _Then(self, as_backoff(after, "then() argument 1"))


def exponential(
    *, first_seconds: float = 0.1, factor: float = 2.0, most_seconds: float = 30.0
) -> Backoff:
    """Return the schedule of which each wait is `factor` times the one before, up to a most.

    It has no end. With a factor of 1 all waits are the same.

    Raises:
        BuilderError: a number that is negative or none, or a factor below 1

    >>> list(exponential(first_seconds=1, factor=3, most_seconds=10).first(4))
    [1.0, 3.0, 9.0, 10.0]
    """
    return _Exponential(
        number(first_seconds, "exponential() first_seconds"),
        number(factor, "exponential() factor", least=1),
        number(most_seconds, "exponential() most_seconds"),
    )


@final
@dataclass(frozen=True, slots=True)
class _Exponential(Backoff):
    first_seconds: float
    factor: float
    most_seconds: float

    @override
    def __iter__(self) -> Iterator[float]:
        seconds = self.first_seconds
        while True:
            seconds = min(seconds, self.most_seconds)
            yield seconds
            seconds *= self.factor

    @override
    def __repr__(self) -> str:
        return (
            f"exponential(first_seconds={self.first_seconds}, factor={self.factor}, "
            f"most_seconds={self.most_seconds})"
        )


@final
@dataclass(frozen=True, slots=True)
class _Listed(Backoff):
    seconds: tuple[float, ...]

    @override
    def __iter__(self) -> Iterator[float]:
        return iter(self.seconds)

    @override
    def __repr__(self) -> str:
        return repr(self.seconds)  # a tuple of seconds is taken wherever a schedule is


@final
@dataclass(frozen=True, slots=True)
class _Jittered(Backoff):
    inner: Backoff

    @override
    def __iter__(self) -> Iterator[float]:
        import random  # noqa: PLC0415 - only who waits needs it

        return (random.uniform(0, seconds) for seconds in self.inner)  # noqa: S311 - no secret

    @override
    def __repr__(self) -> str:
        return f"{self.inner!r}.jittered()"


@final
@dataclass(frozen=True, slots=True)
class _First(Backoff):
    inner: Backoff
    count: int

    @override
    def __iter__(self) -> Iterator[float]:
        return islice(self.inner, self.count)

    @override
    def __repr__(self) -> str:
        return f"{self.inner!r}.first({self.count})"


@final
@dataclass(frozen=True, slots=True)
class _Then(Backoff):
    before: Backoff
    after: Backoff

    @override
    def __iter__(self) -> Iterator[float]:
        return chain(self.before, self.after)

    @override
    def __repr__(self) -> str:
        return f"{self.before!r}.then({self.after!r})"


def as_backoff(given: object, where: str, most: int | None = None) -> Backoff:
    """Return a schedule, or the seconds of an iterable as one: of an endless one, the first `most`.

    Raises:
        BuilderError: it is neither, or holds something that is no number of seconds.
    """
    if isinstance(given, Backoff):
        return given
    if not isinstance(given, Iterable):
        accepted = "It takes a schedule such as exponential(), or an iterable of seconds."
        raise BuilderError(where, a_kind(given), accepted)
    waits = islice(cast("Iterable[object]", given), most)
    return _Listed(tuple(number(each, f"{where}, wait {i}") for i, each in enumerate(waits, 1)))


def number(given: object, where: str, *, least: float = 0.0, above: bool = False) -> float:
    """Return a finite number that is at least so much or, where it says so, above it.

    Raises:
        BuilderError: it is something else.
    """
    if isinstance(given, int | float) and not isinstance(given, bool) and math.isfinite(given):
        if given > least or (given == least and not above):
            return float(given)
        kind = f"a number {'not above' if above else 'below'} {least:g}"
    else:
        kind = a_kind(given)
        kind = f"{kind} that is not finite" if isinstance(given, float) else kind
    accepted = f"It takes a finite number{' above' if above else ', at least'} {least:g}."
    raise BuilderError(where, kind, accepted)


def whole_number(given: object, where: str, *, least: int) -> int:
    """Return a whole number that is at least so much.

    Raises:
        BuilderError: it is something else.
    """
    if isinstance(given, int) and not isinstance(given, bool):
        if given >= least:
            return given
        kind = f"a number below {least}"
    else:
        kind = a_kind(given)
    raise BuilderError(where, kind, f"It takes a whole number, at least {least}.")


DEFAULT = exponential().jittered()

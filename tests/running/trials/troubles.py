"""Trouble at one place of a tree, and a watch that sees what every function body does.

A tree is built again with each of its bodies watched, and one of them in trouble. The oracle
is asked about the same tree in the same trouble.
"""

import inspect
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator
from contextlib import aclosing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final, TypeAlias, final

import anyio
from typing_extensions import override

from combinators import DeadlineError, Runnable, cancelled
from combinators.laws import Ours
from combinators.laws.strategies import Fault
from tests.running.ways import AnyStep, Task

Pipeline: TypeAlias = Runnable[Any, Any]

# How often the body at each place was called in a run. Whoever runs a tree sets it, and
# every body has to see it, on whatever thread.
CALLS: Final[ContextVar[Counter[int]]] = ContextVar("calls")
# What every body writes. No branch may leak it.
MARK: Final[ContextVar[object]] = ContextVar("mark")

SHORT_SECONDS: Final = 0.02
LONG_SECONDS: Final = 60.0  # longer than anybody has patience with what is left


class Interrupt(BaseException):
    """What is no `Exception`, and not known to Python either."""


class Kind(Enum):
    """What may go wrong in a body."""

    FAULT = auto()  # it raises, in its first calls or in all of them
    LATE = auto()  # it raises when it is over, or after its first chunk
    CLEANUP = auto()  # it raises when it is over, cancelled or closed
    INTERRUPT = auto()  # it raises what is no `Exception`
    CTRL_C = auto()  # it raises a KeyboardInterrupt
    CANCEL = auto()  # it cancels the task that runs the tree
    HANG = auto()  # it takes longer than it may


BARE: Final = {Kind.INTERRUPT: Interrupt, Kind.CTRL_C: KeyboardInterrupt}


@final
@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong, where, and how often."""

    kind: Kind
    place: int
    calls: int


@final
class Watch:
    """What bodies do in one run."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.at_work = 0  # bodies that have begun and are not over
        self.raised: list[Exception] = []
        self.fired = False  # a body has raised what is no `Exception`, or cancelled the task
        self.task: Task | None = None  # that runs the tree
        self.soon: Callable[..., object] = list[object]  # what calls a function in its thread
        self.thread = threading.get_ident()

    def enter(self, by: int) -> None:
        with self.lock:
            self.at_work += by

    def cancel(self) -> None:
        """Cancel the task that runs the tree, from wherever this is called."""
        if self.task is None:
            return
        self.fired = True
        if threading.get_ident() == self.thread:
            self.task.cancel()
        else:
            self.soon(self.task.cancel)


@final
class Survey(Ours):
    """Ours, with a count of the places for trouble, and of what matters to it."""

    def __init__(self) -> None:
        self._known: dict[
            int, AnyStep
        ] = {}  # which keeps them alive, so that no other is taken for one
        self.transforms: set[int] = set()  # the places that begin before their input is there
        self.recovers = False  # not every failure comes out
        self.repeats = False  # one body may be at work twice at once, or not at all

    @property
    def places(self) -> int:
        """Return how many bodies there are."""
        return len(self._known)

    def _add(self, f: AnyStep) -> int:
        """Return the place of a body."""
        self.repeats |= id(f) in self._known
        self._known[id(f)] = f
        return [*self._known].index(id(f))

    @override
    def lift(self, f: AnyStep, /, aio: AnyStep | None = None, *, inline: bool = False) -> Pipeline:
        self._add(f)
        return super().lift(f, aio, inline=inline)

    @override
    def transform(self, f: AnyStep, /, aio: AnyStep | None = None) -> Pipeline:
        self.transforms.add(self._add(f))
        return super().transform(f, aio)

    @override
    def each(self, element: Pipeline, /) -> Pipeline:
        self.repeats = True
        return super().each(element)

    @override
    def cached(
        self, step: Pipeline, key: Pipeline | None = None, /, *, maxsize: int = 128
    ) -> Pipeline:
        self.repeats = True
        return super().cached(step, key, maxsize=maxsize)

    @override
    def attempt(self, step: Pipeline, /) -> Pipeline:
        self.recovers = True
        return super().attempt(step)

    @override
    def retry(
        self,
        step: Pipeline,
        on: tuple[type[Exception], ...],
        attempts: int,
        waits: Iterable[float],
        /,
    ) -> Pipeline:
        self.recovers = True
        return super().retry(step, on, attempts, waits)

    @override
    def fallback(
        self, step: Pipeline, other: Pipeline, on: tuple[type[Exception], ...], /
    ) -> Pipeline:
        self.recovers = True
        return super().fallback(step, other, on)


@final
class Troubled(Ours):
    """Ours, with every body watched, and trouble in one of them."""

    def __init__(self, watch: Watch, trouble: Trouble | None, *, means: bool = False) -> None:
        self._watch = watch
        self._trouble = trouble
        self._means = means  # for the oracle: nothing hangs, what would have just fails
        self._places: dict[int, tuple[int, AnyStep]] = {}  # which keeps them alive, as above

    def _site(self, f: AnyStep, *, inline: bool = False) -> "Site":
        # A body that stands in a tree twice is one place: so do those that both bodies of a
        # `bind` choose.
        place, _ = self._places.setdefault(id(f), (len(self._places), f))
        here = self._trouble is not None and self._trouble.place == place
        trouble = self._trouble if here else None
        return Site(self._watch, trouble, place, means=self._means, inline=inline)

    @override
    def lift(self, f: AnyStep, /, aio: AnyStep | None = None, *, inline: bool = False) -> Pipeline:
        site = self._site(f, inline=inline)
        step = super().lift(site.body(f), None if aio is None else site.body(aio), inline=inline)
        return step.timeout(seconds=SHORT_SECONDS) if site.hangs else step

    @override
    def transform(self, f: AnyStep, /, aio: AnyStep | None = None) -> Pipeline:
        site = self._site(f)
        step = super().transform(site.body(f), None if aio is None else site.body(aio))
        return step.timeout(seconds=SHORT_SECONDS) if site.hangs else step


@final
class Site:
    """A place in a tree: what its body does beside what it did before."""

    def __init__(
        self, watch: Watch, trouble: Trouble | None, place: int, *, means: bool, inline: bool
    ) -> None:
        self._watch = watch
        self._kind = None if trouble is None else trouble.kind
        self._calls = 0 if trouble is None else trouble.calls
        self._place = place
        self._means = means
        self._inline = inline  # it runs in the context of its caller
        self.hangs = self._kind is Kind.HANG and not means

    def body(self, inner: AnyStep) -> AnyStep:
        """Return a body of the same kind that is watched."""
        call = inner if inspect.isroutine(inner) else type(inner).__call__
        if inspect.isasyncgenfunction(call):
            return self._async_chunks(inner)
        if inspect.isgeneratorfunction(call):
            return self._chunks(inner)
        return self._async_plain(inner) if inspect.iscoroutinefunction(call) else self._plain(inner)

    def _plain(self, inner: AnyStep) -> AnyStep:
        def plain(x: object) -> object:
            with self._visit():
                self._stall()
                result = inner(x)
                self._strike(Kind.LATE)
                return result

        return plain

    def _async_plain(self, inner: AnyStep) -> AnyStep:
        async def async_plain(x: object) -> object:
            with self._visit():
                await self._astall()
                result = await inner(x)
                self._strike(Kind.LATE)
                return result

        return async_plain

    def _chunks(self, inner: AnyStep) -> AnyStep:
        def chunks(x: object) -> Iterator[object]:
            with self._visit():
                self._stall()
                for chunk in inner(x):
                    yield chunk
                    self._strike(Kind.LATE)

        return chunks

    def _async_chunks(self, inner: AnyStep) -> AnyStep:
        async def async_chunks(x: object) -> AsyncIterator[object]:
            with self._visit():
                await self._astall()
                async with aclosing(inner(x)) as found:
                    async for chunk in found:
                        yield chunk
                        self._strike(Kind.LATE)

        return async_chunks

    @contextmanager
    def _visit(self) -> Generator[None, None, None]:
        """Watch over one call of a body, and let happen what happens at its start and its end."""
        self._watch.enter(1)
        if not self._inline:
            MARK.set(object())
        try:
            try:
                self._strike(Kind.FAULT)
                yield
            finally:
                self._strike(Kind.CLEANUP)
        except Exception as error:
            with self._watch.lock:
                self._watch.raised.append(error)
            raise
        finally:
            self._watch.enter(-1)

    def _strike(self, when: Kind) -> None:
        """Return, unless there is trouble, and this is the moment."""
        calls = CALLS.get()  # to be seen everywhere
        if self._kind is when:
            self._raise_in_first_of(calls)
        if when is Kind.FAULT and self._kind is Kind.CANCEL:
            self._watch.cancel()
        if when is Kind.FAULT and self._kind in BARE:
            self._interrupt(BARE[self._kind])

    def _interrupt(self, kind: type[BaseException]) -> None:
        # Ctrl-C comes once: who is hit again while it clears up has to leave things lying.
        if kind is not KeyboardInterrupt or not self._watch.fired:
            self._watch.fired = True
            raise kind

    def _raise_in_first_of(self, calls: Counter[int]) -> None:
        with self._watch.lock:
            calls[self._place] += 1
            if calls[self._place] > self._calls:
                return
        raise Fault("trouble")

    def _stall(self) -> None:
        if self._kind is not Kind.HANG:
            return
        end = time.monotonic() + LONG_SECONDS
        while not self._means and not cancelled() and time.monotonic() < end:
            time.sleep(0.001)
        # Whoever stopped it, this is what would have become of it.
        raise DeadlineError("", SHORT_SECONDS)

    async def _astall(self) -> None:
        if self._kind is Kind.HANG:
            await anyio.sleep(0 if self._means else LONG_SECONDS)
            raise DeadlineError("", SHORT_SECONDS)

"""Threads of which one runs at a time: a scheduler says which, and what time it is.

A strand is a thread that runs only while it holds the baton. It hands it on where it
waits, and who gets it is a choice among all that could go on. When nobody can, the
clock jumps to the next time that somebody waits for: waiting costs nothing.

Source: Musuvathi and Qadeer, Iterative Context Bounding (PLDI 2007), for threads that
hand over where they wait; Emmi, Qadeer and Rakamarić, Delay-Bounded Scheduling (POPL
2011), for schedules as departures from one that is fair; the clock is that of the
tests of trio and cats-effect.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple, TypeVar, final
from weakref import WeakKeyDictionary

from combinators.laws.schedules._errors import DeadlockError, LivelockError
from combinators.laws.schedules._preempting import preempted

A = TypeVar("A")

MAX_TURNS = 100_000


class Abandoned(BaseException):
    """Thrown where a strand waits, when the run is over."""


class Decision(NamedTuple):
    """One choice that was made: the position of the chosen one, and the names of all."""

    chosen: int
    among: tuple[str, ...]


@final
class Strand:
    """A thread that runs only while it holds the baton."""

    def __init__(self, name: str, scheduler: Scheduler) -> None:
        self.name = name
        self.scheduler = scheduler
        self.thread = 0
        self.baton = _real_lock()
        self.baton.acquire()
        self.may_go: Callable[[], bool] = _always
        self.until: float | None = None
        self.waits_for: Callable[[], str] = str

    def is_ready(self) -> bool:
        """Return whether it can go on now."""
        due = self.until is not None and self.until <= self.scheduler.now
        return due or self.may_go()


class _Here(threading.local):
    strand: Strand | None = None


_HERE = _Here()

# What others find under these names changes while a schedule runs.
_real_lock = threading.Lock
_start = threading.Thread.start


def here() -> Strand | None:
    """Return the strand that this thread is, None where it is not one."""
    return _HERE.strand


def _without_strand(work: Callable[[], A]) -> A:
    """Return what `work` returns, for which this thread is like any other."""
    me, _HERE.strand = _HERE.strand, None
    try:
        return work()
    finally:
        _HERE.strand = me


def _always() -> bool:
    return True


@final
class Scheduler:
    """The strands of one run, its clock, and the choices made."""

    def __init__(
        self, choices: Iterable[int], max_threads: int, preempted: Collection[str]
    ) -> None:
        self.now = 0.0
        self.decisions: list[Decision] = []
        self.is_over = False  # nobody goes on, but to end
        self._choices = iter(choices)
        self._max_threads = max_threads
        self._preempted = preempted
        self._main = Strand("main", self)
        self._strands = [self._main]  # whoever has waited longest stands first
        self._holder = self._main
        self._threads: WeakKeyDictionary[threading.Thread, Strand] = WeakKeyDictionary()
        self._started = 0
        self._turns = 0
        self._stuck: BaseException | None = None  # why it is over

    def run(self, main: Callable[[], A]) -> A:
        """Return what `main` returns, when all that it started has ended.

        Raises:
            ScheduleError: it cannot go on
        """
        try:
            return self._begun(self._main, main)
        finally:
            self._settle()
            _HERE.strand = None
            if self._stuck is not None:
                raise self._stuck from None

    def choose(self, options: Sequence[A], name: Callable[[A], str]) -> A:
        """Return one of several: the first, unless the schedule says otherwise."""
        if len(options) == 1:
            return options[0]
        chosen = next(self._choices, 0) % len(options)
        self.decisions.append(Decision(chosen, tuple(map(name, options))))
        return options[chosen]

    def spawn(self, job: Callable[[], object]) -> None:
        """Run `job` on a thread of its own.

        Raises:
            RuntimeError: there are too many
        """
        self.start(_without_strand(lambda: threading.Thread(target=job, daemon=True)))

    def start(self, thread: threading.Thread) -> None:
        """Start a thread, which is a strand from then on.

        Raises:
            RuntimeError: there are too many
        """
        if len(self._strands) > self._max_threads:
            raise RuntimeError("can't start new thread")  # in Python's own words
        self._started += 1
        strand = Strand(f"thread {self._started}", self)
        strand.waits_for = lambda: "its first turn"
        vars(thread)["run"] = partial(self._live, strand, thread.run)
        _without_strand(lambda: _start(thread))
        self._strands.append(strand)
        self._threads[thread] = strand

    def join(self, thread: threading.Thread, seconds: float | None) -> bool:
        """Return whether a thread ended in time."""
        strand = self._threads.get(thread)
        return strand is None or self.wait(
            lambda: strand not in self._strands, lambda: f"{strand.name} to end", seconds
        )

    def wait(
        self,
        may_go: Callable[[], bool],
        waits_for: Callable[[], str],
        seconds: float | None = None,
    ) -> bool:
        """Return whether `may_go` came true in time, when it is the caller's turn again.

        Who can go on does so, unless the schedule says otherwise.
        """
        me = self._waiting(may_go, waits_for, seconds)
        self._hand_on(me, me if me.is_ready() else None)
        return may_go()

    def offer(self) -> None:
        """Return when it is the caller's turn again, which it is, unless the schedule says not."""
        self.wait(_always, str)

    def pause(self) -> None:
        """Return when it is the caller's turn again: whoever has waited longer goes first."""
        self._hand_on(self._waiting(_always, str, None), None)

    def _waiting(
        self, may_go: Callable[[], bool], waits_for: Callable[[], str], seconds: float | None
    ) -> Strand:
        me = here() or self._main
        me.may_go, me.waits_for = may_go, waits_for
        me.until = None if seconds is None else self.now + seconds
        return me

    def _hand_on(self, me: Strand, first: Strand | None) -> None:
        if not self.is_over:
            self._strands.remove(me)
            self._strands.append(me)
            heir = self._heir(first)
            if heir is not me:
                self._give_baton(heir)
                self._take_baton(me)
        if self.is_over:
            raise Abandoned

    def _give_baton(self, heir: Strand) -> None:
        self._holder = heir
        heir.baton.release()

    def _take_baton(self, me: Strand) -> None:
        try:
            me.baton.acquire()
        except BaseException as error:  # Ctrl-C by a person, who does not wait for the right moment
            self._give_up(error)
            me.baton.acquire(blocking=self._holder is not me)
            raise

    def _heir(self, first: Strand | None = None) -> Strand:
        """Return who runs next; where nobody can, the main strand, which ends the run.

        Without departures that is `first`, or else whoever has waited longest.
        """
        self._turns += 1
        if self._turns > MAX_TURNS:
            return self._give_up(LivelockError(MAX_TURNS))
        while True:
            ready = [each for each in self._strands if each.is_ready() and each is not first]
            if first is not None:
                ready.insert(0, first)
            if ready:
                return self.choose(ready, lambda strand: strand.name)
            times = [each.until for each in self._strands if each.until is not None]
            if not times:
                told = [f"{each.name} waits for {each.waits_for()}" for each in self._strands]
                return self._give_up(DeadlockError(told))
            self.now = min(times)

    def _give_up(self, error: BaseException) -> Strand:
        self._stuck, self.is_over = error, True
        return self._main

    def _live(self, strand: Strand, job: Callable[[], object]) -> None:
        strand.baton.acquire()
        try:
            if not self.is_over:
                self._begun(strand, job)
        except BaseException:
            if not self.is_over:  # or it is what becomes of a thread that was thrown out
                raise
        finally:
            _HERE.strand = None
            self._strands.remove(strand)
            heir = self._main if self.is_over else self._heir()
            self._give_baton(heir)

    def _begun(self, strand: Strand, job: Callable[[], A]) -> A:
        strand.thread = threading.get_ident()
        _HERE.strand = strand
        return preempted(self._preempted, self.offer, job)

    def _settle(self) -> None:
        """Return when all other strands have ended; where they cannot, throw them out."""
        with suppress(Abandoned):
            self.wait(lambda: len(self._strands) == 1, lambda: "all threads to end")
        while len(self._strands) > 1:
            other = next(strand for strand in self._strands if strand is not self._main)
            self._give_baton(other)
            self._main.baton.acquire()

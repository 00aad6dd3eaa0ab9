"""Observers that look at how they are told, and others that make trouble."""

import threading
from contextvars import ContextVar, Token
from typing import Final, TypeAlias, final

from typing_extensions import override

from combinators import Event, Observer, Run
from combinators.laws.strategies import Fault

Told: TypeAlias = tuple[str, Run]  # what happened, in one word


@final
class Record(Observer):
    """An observer that keeps all it is told, and what is wrong with it."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.wrong: list[str] = []
        self._current: Final[ContextVar[Run | None]] = ContextVar("current", default=None)
        self._tokens: dict[tuple[int, int], Token[Run | None]] = {}

    @override
    def on_start(self, event: Event, /) -> None:
        if self._current.get() != event.run.parent:
            self.wrong.append(f"{event.run} begins in {self._current.get()}")
        self.told.append(("start", event.run))

    @override
    def on_chunk(self, event: Event, /) -> None:
        self.told.append(("chunk", event.run))

    @override
    def on_end(self, event: Event, /) -> None:
        self.told.append(("end", event.run))

    @override
    def on_error(self, event: Event, /) -> None:
        self.told.append(("error", event.run))

    @override
    def on_enter(self, run: Run, /) -> None:
        self._tokens[run.id, threading.get_ident()] = self._current.set(run)

    @override
    def on_leave(self, run: Run, /) -> None:
        try:
            self._current.reset(self._tokens.pop((run.id, threading.get_ident())))
        except (KeyError, ValueError) as error:
            self.wrong.append(f"{run} is left where it was not entered: {type(error).__name__}")

    def problems(self, *, settled: bool = True) -> list[str]:
        """Return what is wrong with what was told.

        Args:
            settled: whether nothing was given up: then a run ends before what it is part of
        """
        begun: set[Run] = set()
        going: set[Run] = set()
        found = [*self.wrong, *[f"{id_} was not left" for id_ in self._tokens]]
        for word, run in [*self.told]:
            if word == "start":
                found += [f"{run} begins twice"] if run in begun else []
                begun.add(run)
                going.add(run)
            elif run not in going:
                found.append(f"{word} of {run}, which is not going on")
            elif word != "chunk":
                going.remove(run)
            if run.parent is not None and settled and run.parent not in going:
                found.append(f"{word} of {run} outside of {run.parent}")
        return found + [f"{run} has no end" for run in going]


@final
class Breaking(Observer):
    """An observer that fails, whatever it is told."""

    @override
    def on_start(self, event: Event, /) -> None:
        raise Fault("start")

    @override
    def on_chunk(self, event: Event, /) -> None:
        raise Fault("chunk")

    @override
    def on_end(self, event: Event, /) -> None:
        raise Fault("end")

    @override
    def on_error(self, event: Event, /) -> None:
        raise Fault("error")

    @override
    def on_enter(self, run: Run, /) -> None:
        raise Fault("enter")

    @override
    def on_leave(self, run: Run, /) -> None:
        raise Fault("leave")

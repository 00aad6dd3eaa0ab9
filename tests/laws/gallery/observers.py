"""Systems that observe wrongly: that meddle, or tell too little, too late, or of somebody else."""

from collections.abc import Generator, Iterable, Sequence
from copy import copy
from typing import Any, Final, TypeVar, final

from typing_extensions import override

from combinators import Event, Observer, Run
from combinators.laws import Ours, observing
from combinators.laws._systems import Results
from tests.laws.gallery.wrong import Exhibits, Pipeline, cut


class GivesLessWhenWatched(Ours):
    """Of a mapping, an observed run gives all but the last key."""

    @override
    def invoke(self, p: Pipeline, x: Any, /, **options: Any) -> Any:
        return cut(super().invoke(p, x, **options), -1 if "observers" in options else 99)


class Relay(Observer):
    """Whoever stands between the runs and the observers."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = observers

    @override
    def on_start(self, event: Event, /) -> None:
        for observer in self._observers:
            observer.on_start(event)

    @override
    def on_chunk(self, event: Event, /) -> None:
        for observer in self._observers:
            observer.on_chunk(event)

    @override
    def on_end(self, event: Event, /) -> None:
        for observer in self._observers:
            observer.on_end(event)

    @override
    def on_error(self, event: Event, /) -> None:
        for observer in self._observers:
            observer.on_error(event)


class Relayed(Ours):
    """A system in which somebody stands between the runs and the observers."""

    def relay(self, observers: Sequence[Observer]) -> Observer:
        """Return who does."""
        return Relay(observers)

    def _relayed(self, options: dict[str, Any]) -> dict[str, Any]:
        return {**options, "observers": [self.relay(options["observers"])]}

    @override
    def invoke(self, p: Pipeline, x: Any, /, **options: Any) -> Any:
        return super().invoke(p, x, **self._relayed(options))

    @override
    async def ainvoke(self, p: Pipeline, x: Any, /, **options: Any) -> Any:
        return await super().ainvoke(p, x, **self._relayed(options))

    @override
    def stream(self, p: Pipeline, x: Any, /, **options: Any) -> Generator[Any, None, None]:
        return super().stream(p, x, **self._relayed(options))

    @override
    def outcomes(self, p: Pipeline, xs: Iterable[Any], /, **options: Any) -> Results:
        return super().outcomes(p, xs, **self._relayed(options))


Told = TypeVar("Told", Event, Run)


def altered(told: Told, **fields: object) -> Told:
    """Return a copy in which some fields are others."""
    other = copy(told)
    for name, value in fields.items():
        setattr(other, name, value)
    return other


class SaysNothingOfFailures(Relayed):
    """A run that fails is never told of again."""

    @final
    class _Relay(Relay):
        @override
        def on_error(self, event: Event, /) -> None:
            pass

    @override
    def relay(self, observers: Sequence[Observer]) -> Observer:
        return self._Relay(observers)


class TellsOfTheCallTooEarly(Relayed):
    """That the call has ended is told when its first step has."""

    @final
    class _Relay(Relay):
        def __init__(self, observers: Sequence[Observer]) -> None:
            super().__init__(observers)
            self._ended: set[int] = set()

        @override
        def on_end(self, event: Event, /) -> None:
            run, parent = event.run, event.run.parent
            if parent is not None and parent.kind == "call" and parent.id not in self._ended:
                self._ended.add(parent.id)
                super().on_end(altered(event, run=parent))
            if run.id not in self._ended:
                super().on_end(event)

    @override
    def relay(self, observers: Sequence[Observer]) -> Observer:
        return self._Relay(observers)


class TellsOfNoInput(Relayed):
    """Observers hear that a run begins, and not on what."""

    @final
    class _Relay(Relay):
        @override
        def on_start(self, event: Event, /) -> None:
            super().on_start(altered(event, value=None))

    @override
    def relay(self, observers: Sequence[Observer]) -> Observer:
        return self._Relay(observers)


class CountsItemsFromOne(Relayed):
    """The items of a batch are counted from one."""

    @final
    class _Relay(Relay):
        @override
        def on_start(self, event: Event, /) -> None:
            if (number := event.run.number) is not None:
                event = altered(event, run=altered(event.run, number=number + 1))
            super().on_start(event)

    @override
    def relay(self, observers: Sequence[Observer]) -> Observer:
        return self._Relay(observers)


EXHIBITS: Final[Exhibits] = (
    (observing.observing_changes_nothing, GivesLessWhenWatched()),
    (observing.a_start_has_one_end, SaysNothingOfFailures()),
    (observing.runs_nest, TellsOfTheCallTooEarly()),
    (observing.observers_hear_what_the_caller_gets, TellsOfNoInput()),
    (observing.every_item_of_a_batch_is_told, CountsItemsFromOne()),
)

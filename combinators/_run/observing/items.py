"""Many inputs, each of which is watched: which of them an item is, it is told with its input."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterable, Collection, Iterable
from typing import TYPE_CHECKING, Any, Final, final

from combinators._kinds import is_collection
from combinators._observer import STREAMED
from combinators._run.observing.subjects import ITEM
from combinators._run.observing.watching import WATCHED, Numbered

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from combinators._run.batches.batch import Outcome
    from combinators._run.code.program import Program
    from combinators._run.observing.watching import Watch


def numbering(program: Program) -> Program:
    """Return a program whose input is given to it with every element numbered.

    What has no elements it is given as it is: it says what is wrong with it.
    """

    def run(x: Any, call: Any) -> Any:
        return program(numbered([*x]) if is_collection(x) else x, call)

    return run


def numbered(inputs: Iterable[Any]) -> Iterable[Numbered]:
    """Return inputs with their index, as lazily as they come."""
    pairs = map(Numbered, itertools.count(), inputs)
    return [*pairs] if type(inputs) in _STEADY else pairs


_STEADY: Final = (list, tuple, range)


@final
class NumberedLater:
    """Inputs that have to be awaited, with their index."""

    def __init__(self, inputs: AsyncIterable[Any]) -> None:
        self._inputs = aiter(inputs)
        self._count = itertools.count()

    def __aiter__(self) -> AsyncIterator[Numbered]:
        """Return itself."""
        return self

    async def __anext__(self) -> Numbered:
        """Return the next index and input."""
        value = await anext(self._inputs)
        return Numbered(next(self._count), value)


def shown(inputs: Any) -> Any:
    """Return inputs as observers see them, who must not take what can be read only once."""
    given: Any = inputs  # whatever it is of
    return given if isinstance(inputs, Collection) else STREAMED


@final
class Tracked:
    """Items of a batch that run elsewhere, or do not run: watched as they come and go."""

    def __init__(self) -> None:
        self._batch = WATCHED.get()
        self._watches: dict[int, Watch] = {}

    def begin(self, position: int, item: Numbered) -> Any:
        """Tell that an item begins, and return its input."""
        watch = self._watches[position] = self._batch.part(ITEM, item.position)
        watch.start(item.value)
        return item.value

    def end(self, position: int, value: Any, error: Exception | None) -> None:
        """Tell that an item has ended, well or not."""
        watch = self._watches.pop(position, None)
        if watch is not None and error is None:
            watch.end(value)
        elif watch is not None and error is not None:
            watch.fail(error)

    def give_up(self) -> None:
        """Tell of the items that have begun and have no outcome that they will have none."""
        for watch in [*self._watches.values()]:
            watch.fail(GeneratorExit())


def found(index: int, item: Any, outcome: Outcome) -> None:
    """Tell of an item that does not run, since its outcome is there."""
    tracked = Tracked()
    tracked.begin(index, Numbered(index, item))
    tracked.end(*outcome)

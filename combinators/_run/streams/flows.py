"""Steps that chunks pass one by one: what each does to a chunk, and what it says in the end."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, assert_never, final

from combinators import _nodes as n
from combinators._errors import AbsentKeyError
from combinators._labels import label
from combinators._run import mappings
from combinators._run.chunks import merged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from combinators._run.code.places import Place
    from combinators._run.code.program import Program
    from combinators._run.streams.stages import Through

SKIP: Final = object()  # no chunk


@final
class _Keyed:
    """A step that reads keys of mappings, of which each chunk may have some."""

    def __init__(self, node: n.Pick | n.Select | n.Omit | n.Rename) -> None:
        self._node = node
        self._keys = _keys_of(node)
        self._function = _rearranged(node)
        self._seen: dict[Any, None] = {}
        self._gave = False

    def each(self, chunk: Any) -> Any:
        part = mappings.part(chunk, self._keys, self._node)
        self._seen.update(dict.fromkeys(part))
        result = self._function(part)
        self._gave = self._gave or result is not SKIP
        return result

    def last(self) -> Any:
        """Return one more chunk when there are no more.

        Raises:
            AbsentKeyError: a key never came.
        """
        absent = [key for key in self._keys if key not in self._seen]
        if absent:
            raise AbsentKeyError(label(self._node), absent, [*self._seen])
        return SKIP if self._gave else {}


def _keys_of(node: n.Pick | n.Select | n.Omit | n.Rename) -> Sequence[str]:
    match node:
        case n.Pick(key):
            return (str(key),)
        case n.Rename():
            return node.olds
        case n.Select(keys) | n.Omit(keys):
            return keys
        case _:
            assert_never(node)


def _rearranged(
    node: n.Pick | n.Select | n.Omit | n.Rename,
) -> Callable[[Mapping[Any, Any]], Any]:
    match node:
        case n.Pick(key):
            return lambda part: part.get(key, SKIP)
        case n.Select(keys):
            return lambda part: _kept(part, [key for key in keys if key in part])
        case n.Omit(keys):
            return lambda part: _kept(part, [key for key in part if key not in keys])
        case n.Rename():
            return lambda part: mappings.renamed(node, part)
        case _:
            assert_never(node)


def _kept(part: Mapping[Any, Any], keys: Sequence[Any]) -> Any:
    """Return a chunk with these keys alone; none, where that leaves nothing of it."""
    return {key: part[key] for key in keys} if keys or not part else SKIP


@final
class Tapped:
    """A step that lets chunks pass, and keeps them to be shown in the end."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.seen: list[Any] = []

    def each(self, chunk: Any) -> Any:
        self.seen.append(chunk)
        return chunk


@final
class Assigned:
    """The input of `assign`, which passes but for the keys that are replaced."""

    def __init__(self, node: n.Assign) -> None:
        self._node = node
        self._seen: dict[Any, None] = {}

    def each(self, chunk: Any) -> Any:
        node = self._node
        if not node.update:
            return mappings.unassigned(node, chunk)
        part = mappings.part(chunk, node.keys, node)
        self._seen.update(dict.fromkeys(part))
        return _kept(part, [key for key in part if key not in node.keys])

    def last(self) -> Any:
        absent = [key for key in self._node.keys if self._node.update and key not in self._seen]
        if absent:
            raise AbsentKeyError(label(self._node), absent, [*self._seen])
        return SKIP


@final
class Passage:
    """Steps that chunks pass one after another, in one run of a stream."""

    def __init__(self, steps: Iterable[_Keyed | Tapped], places: Sequence[Place]) -> None:
        self.steps = [*steps]
        self._places = places

    def keeps(self) -> Callable[[Any], None] | None:
        """Return what keeps a chunk, where that is all that happens to it."""
        first = self.steps[0]
        return first.seen.append if isinstance(first, Tapped) and len(self.steps) == 1 else None

    def has_seen_nothing(self) -> bool:
        """Return whether no chunk has come to the first step, which keeps what comes."""
        first = self.steps[0]
        return isinstance(first, Tapped) and not first.seen

    def through(self, chunk: Any, first: int = 0) -> Any:
        """Return what becomes of a chunk, `SKIP` where nothing does.

        Raises:
            Exception: a step cannot take it; its path is noted
        """
        at = first
        try:
            for at in range(first, len(self.steps)):
                chunk = self.steps[at].each(chunk)
                if chunk is SKIP:
                    break
        except Exception as error:
            self._places[at].failed(error)
            raise
        return chunk

    def ending(self) -> Iterator[tuple[Program | None, Any, Place]]:
        """Yield what is left to be done after the last chunk.

        That is a program to be run on a value, or, without one, a chunk to be given; and
        where that is.

        Raises:
            Exception: that of a step; its path is noted
        """
        for at, step in enumerate(self.steps):
            try:
                if isinstance(step, Tapped):
                    yield step.program, merged(step.seen), self._places[at]
                    continue
                last = step.last()
            except Exception as error:
                self._places[at].failed(error)
                raise
            chunk = SKIP if last is SKIP else self.through(last, at + 1)
            if chunk is not SKIP:
                yield None, chunk, self._places[at]


def passage(stage: Through, compiled: Callable[[n.Node, Place], Program]) -> Callable[[], Passage]:
    """Return what begins a passage through the steps of a stage."""
    makes: list[Callable[[], _Keyed | Tapped]] = []
    places: list[Place] = []
    for node, place in stage.steps:
        if isinstance(node, n.Tap):
            inside = place.inside(node.watch)
            makes.append(partial(Tapped, compiled(node.watch, inside)))
            places.append(inside)
        else:
            makes.append(partial(_Keyed, node))
            places.append(place)
    return lambda: Passage([make() for make in makes], places)

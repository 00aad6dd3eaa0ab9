"""The branches of a fan-out that streams, and what it fails with, in every way of running."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

from combinators import _nodes as n
from combinators._failures import FanoutError
from combinators._run.code.places import key_of, segment
from combinators._run.streams.flows import Assigned
from combinators._run.sync import group

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from combinators._run.streams.flows import Passage
    from combinators._run.streams.stages import Parallel

REST: Final = -1  # the index of all branches together that do not read chunks themselves


@final
@dataclass(frozen=True, slots=True)
class Branch:
    """A branch of a fan-out, and how it can be run."""

    index: int
    streaming: Any  # compiled, for the way in which the fan-out runs
    cheap: bool  # not worth a thread
    passage: Callable[[], Passage] | None  # where it is nothing but steps that chunks pass
    collects: bool  # it begins when all chunks of the input are there
    apart: bool = False  # it nests too deep for the stack that it is begun on


@final
class Fan:
    """A fan-out whose branches are compiled."""

    def __init__(self, node: Parallel, branches: Sequence[Branch]) -> None:
        self._node = node
        self.branches = branches
        self.keys = [str(key_of(node, index)) for index in range(len(branches))]
        self.passing = [(each.index, each.passage) for each in branches if each.passage is not None]
        self.collecting = [each for each in branches if each.collects]
        self.changing = [each for each in branches if each.passage is None and not each.collects]

    @property
    def collects(self) -> bool:
        """Whether nothing begins before all of the input is there."""
        return isinstance(self._node, n.Fanout) and len(self.collecting) == len(self.branches)

    def assigned(self) -> Assigned | None:
        """Return what becomes of the input in a run, where that is part of the output."""
        return Assigned(self._node) if isinstance(self._node, n.Assign) else None

    def failed(self, errors: Mapping[int, Exception]) -> FanoutError:
        """Return the group of the errors of branches, each with its path."""
        node = self._node
        segments = [segment(node, branch, i) for i, branch in enumerate(node.branches)]
        return group(errors, self.keys, segments, len(node.branches))

    def passed(self, index: int, step: Callable[[], Any]) -> Any:
        """Return what a step of a branch gives.

        Raises:
            FanoutError: it failed.
        """
        try:
            return step()
        except Exception as error:  # noqa: BLE001 - raised in a group, which is not its context
            failure = error
        raise self.failed({index: failure})

    def raise_all(self, errors: Mapping[int, Exception]) -> None:
        """Raise the errors of branches, and of the rest, as one group; return if there is none."""
        own = {index: error for index, error in errors.items() if index != REST}
        found = dict(self.failed(own).errors) if own else {}
        rest = errors.get(REST)
        if isinstance(rest, FanoutError):
            found.update(rest.errors)
        elif rest is not None:
            raise rest
        if found:
            ordered = {key: found[key] for key in self.keys if key in found}
            raise FanoutError(ordered, len(self.keys))

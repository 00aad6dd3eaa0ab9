"""The most common stream: steps that run whole, and then one generator function.

Nothing but its code is between the two and whoever takes the chunks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

from combinators._errors import EmptyStreamError
from combinators._labels import label
from combinators._run.streams.trail import blame_step

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from combinators import _nodes as n
    from combinators._run.call import Call
    from combinators._run.code.places import Place
    from combinators._run.code.program import Program
    from combinators._run.streams.flow import Running

    Chunks = Generator[Any, None, None]


@final
class Straight:
    """A stream of which the input is there as a whole, in most cases."""

    collects = True
    passage = None

    def __init__(
        self, before: tuple[Program, Place] | None, node: n.Step, place: Place, other: Running
    ) -> None:
        self._other = other
        self._program: Program | None = before and before[0]
        self._before = before[1] if before else place
        self._body, self._name, self._place = node.function, label(node), place

    def over(self, chunks: Iterable[Any], call: Call) -> Chunks:
        """Return the chunks for an input that comes in chunks."""
        return self._other.over(chunks, call)

    def on(self, x: Any, call: Call) -> Chunks:
        """Yield the chunks for an input that is there as a whole."""
        source: Any = None
        try:
            if self._program is not None:
                x = self._program(x, call)
            source = self._body(x)
            for chunk in source:
                yield chunk
                break
            else:
                raise EmptyStreamError(self._name)  # noqa: TRY301 - blamed below, like others
            for chunk in source:
                yield chunk
        except Exception as error:
            if source is None:
                self._before.failed(error)
            elif source.gi_frame is None:  # it has ended: nobody threw this in from outside
                blame_step(self._place, error)
            raise
        finally:
            if source is not None:
                source.close()

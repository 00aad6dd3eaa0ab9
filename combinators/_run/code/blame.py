"""What becomes of an exception that came out of a line of generated code."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from combinators import _nodes as n
from combinators._failures import unlocate
from combinators._run.code.places import steps_of
from combinators._run.code.promises import AwaitableResult
from combinators._run.code.traits import traits
from combinators._run.code.writing import listing
from combinators._run.steps import stop_iteration, unawaited

if TYPE_CHECKING:
    from types import TracebackType

    from combinators._run.code.listing import Style
    from combinators._run.code.places import Part

# The number of the first line that a listing gives, below the head and the `try`; in a loop.
FIRST_LINE = 3
LINE_IN_LOOP = 4


def blamed(style: Style, error: Exception, part: Part, first: int = FIRST_LINE) -> list[Exception]:
    """Return what to raise for an error that a line of a program let out; itself: nothing.

    The listing is made again for that: a call that succeeds pays nothing for its places.
    """
    line = cast("TracebackType", error.__traceback__).tb_lineno
    places = listing(part, style, traits(steps_of(part))).places
    place = places[line - first]
    failure = place.failed(_of_step(error, place.part))
    return [] if failure is error else [failure]


def _of_step(error: Exception, part: Part) -> Exception:
    if not isinstance(part, n.Step | n.Transform):
        return error
    if isinstance(error, AwaitableResult) and isinstance(part, n.Step):
        return unawaited(part, error.result)
    if isinstance(error, StopIteration | StopAsyncIteration):
        ended = stop_iteration(part)
        ended.__cause__ = error
        return ended
    unlocate(error)
    return error

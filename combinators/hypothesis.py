"""The plugin for hypothesis: `st.from_type(Runnable[int, str])` draws pipelines.

hypothesis calls `register` when it is imported, also where nobody draws a pipeline: so the
strategies are imported when they are first asked for.
"""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING, Any

from combinators import Runnable

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


def register() -> None:
    """Tell hypothesis how to draw a `Runnable`."""
    from hypothesis import strategies as st  # noqa: PLC0415 - it is being imported itself

    st.register_type_strategy(Runnable, _runnables)


def _runnables(form: object) -> SearchStrategy[Runnable[Any, Any]]:
    from combinators.laws.strategies import runnables  # noqa: PLC0415 - as said above

    takes, gives = typing.get_args(form) or (object, object)
    return runnables(takes, gives)

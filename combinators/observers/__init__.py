"""Observers that are ready to be used: spans for OpenTelemetry, and a progress bar.

They need third parties that the rest of the library does without, so each is loaded when it is
first asked for, and importing this package loads none. `otel`: `Spans`. `rich`: `Progress`.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Final

from combinators import MissingExtraError

if TYPE_CHECKING:
    from combinators.observers._progress import Progress
    from combinators.observers._spans import Spans

__all__ = ["Progress", "Spans"]

# The module that each is in, the third party that it needs, and the extra that brings that.
_PLACES: Final = {
    "Progress": ("_progress", "rich", "rich"),
    "Spans": ("_spans", "opentelemetry", "otel"),
}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, party, extra = _PLACES[name]
    try:
        found: object = getattr(import_module(f"{__name__}.{module}"), name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != party:
            raise
        raise MissingExtraError(f"{__name__}.{name}", party, extra) from error
    setattr(sys.modules[__name__], name, found)  # the next time it is simply there
    return found

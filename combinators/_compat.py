"""What newer Pythons have in `typing`, without the price of importing `typing_extensions`.

That module alone would be a quarter of what importing this library costs.
"""

from __future__ import annotations

import inspect
import sys
import typing
from typing import TYPE_CHECKING, Any, TypeVar, cast

F = TypeVar("F", bound="Callable[..., object]")

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FunctionType

    from typing_extensions import override
else:
    try:
        from typing import override
    except ImportError:  # before Python 3.12

        def override(method: Any) -> Any:
            """Return the method itself: the mark is for type checkers."""
            return method


def gives_coroutines(function: F) -> F:
    """Return a plain function whose results are coroutines, marked for those who ask `inspect`.

    >>> inspect.iscoroutinefunction(gives_coroutines(lambda: None))
    True
    """
    if sys.version_info >= (3, 12):  # Python 3.12 on
        return inspect.markcoroutinefunction(function)
    # What runs is decided by the bytecode. Only those who ask look at this flag.
    plain = cast("FunctionType", function)
    flags = plain.__code__.co_flags | inspect.CO_COROUTINE
    plain.__code__ = plain.__code__.replace(co_flags=flags)
    return function


def newest_typing() -> Any:
    """Return `typing_extensions` where somebody has imported it, or else `typing`.

    Nobody can have made a type of the former without importing it.
    """
    return sys.modules.get("typing_extensions", typing)


__all__ = ["gives_coroutines", "newest_typing", "override"]

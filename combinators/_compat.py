"""What newer Pythons have in `typing`, without the price of importing `typing_extensions`.

That module alone would be a quarter of what importing this library costs.
"""

from __future__ import annotations

import sys
import typing
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import override
else:
    try:
        from typing import override
    except ImportError:  # before Python 3.12

        def override(method: Any) -> Any:
            """Return the method itself: the mark is for type checkers."""
            return method


def newest_typing() -> Any:
    """Return `typing_extensions` where somebody has imported it, or else `typing`.

    Nobody can have made a type of the former without importing it.
    """
    return sys.modules.get("typing_extensions", typing)


__all__ = ["newest_typing", "override"]

"""What is said where a third party is missing that an extra brings."""

from __future__ import annotations

from typing import final

from combinators._compat import override
from combinators._errors import CombinatorError


@final
class MissingExtraError(CombinatorError, ModuleNotFoundError):
    """What was asked for needs a third party that is not installed."""

    def __init__(self, wanted: str, module: str, extra: str) -> None:
        super().__init__(wanted, module, extra)
        self.wanted = wanted
        self.module = module
        self.extra = extra

    @override
    def __str__(self) -> str:
        return (
            f"{self.wanted} needs the module {self.module!r}, which is not installed.\n"
            f"Install the extra that brings it: pip install 'typed-combinators[{self.extra}]'"
        )

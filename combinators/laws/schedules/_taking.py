"""Whoever takes what flows: all of it or the first few, at once or slowly."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, closing
from typing import Any, TypeAlias, final

Came: TypeAlias = "list[tuple[float, Any]]"  # what came, and when

_END = object()


@final
class Taker:
    """Takes what comes, remembers when it came, and closes what it comes from.

    Args:
        count: how many are taken; all, if None
        pause_seconds: how long it takes to look at each
    """

    def __init__(self, count: int | None = None, pause_seconds: float = 0.0) -> None:
        self.came: Came = []
        self._count = count
        self._pause_seconds = pause_seconds

    def take(self, source: Generator[Any, None, None]) -> Came:
        """Return what came."""
        with closing(source):
            while len(self.came) != self._count and (item := next(source, _END)) is not _END:
                self.came.append((time.monotonic(), item))
                if self._pause_seconds:
                    time.sleep(self._pause_seconds)
        return self.came

    async def atake(self, source: AsyncGenerator[Any, None]) -> Came:
        """Return what came."""
        async with aclosing(source):
            while len(self.came) != self._count and (item := await anext(source, _END)) is not _END:
                self.came.append((time.monotonic(), item))
                if self._pause_seconds:
                    await asyncio.sleep(self._pause_seconds)
        return self.came

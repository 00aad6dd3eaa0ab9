"""Where somebody waits, in the words of a traceback."""

from __future__ import annotations

import asyncio
import queue
import sys
import threading
from pathlib import Path
from types import CodeType, FrameType

# What stands between the code under test and the place where it waits.
_BETWEEN = {
    Path(__file__).parent,
    Path(asyncio.__file__).parent,
    Path(threading.__file__),
    Path(queue.__file__),
}


def place_of_thread(ident: int) -> str:
    """Return where a thread is, in code that is neither ours nor Python's own."""
    # Documented, for debuggers.
    frames = sys._current_frames()  # noqa: SLF001 - as said  # pyright: ignore[reportPrivateUsage]  # as said
    frame: FrameType | None = frames.get(ident)
    while frame is not None and _is_between(frame.f_code):
        frame = frame.f_back
    return "" if frame is None else _told(frame.f_code, frame.f_lineno)


def place_of_coroutine(coroutine: object) -> str:
    """Return where a coroutine waits: the innermost of those that it awaits in turn."""
    place = ""
    while coroutine is not None:
        code = getattr(coroutine, "cr_code", None)
        frame = getattr(coroutine, "cr_frame", None)
        if isinstance(code, CodeType) and isinstance(frame, FrameType) and not _is_between(code):
            place = _told(code, frame.f_lineno)
        coroutine = getattr(coroutine, "cr_await", None)
    return place


def _is_between(code: CodeType) -> bool:
    path = Path(code.co_filename)
    return path in _BETWEEN or path.parent in _BETWEEN


def _told(code: CodeType, line: int) -> str:
    return f" in {code.co_qualname} ({Path(code.co_filename).name}:{line})"

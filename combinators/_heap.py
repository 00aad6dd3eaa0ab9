"""Recursion that needs no stack: a pipeline may be nested deeper than Python's."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, ParamSpec, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

P = ParamSpec("P")
R = TypeVar("R")

Frame: TypeAlias = "Generator[Frame[Any], Any, R]"


def on_heap(recursive: Callable[P, Frame[R]]) -> Callable[P, R]:
    """Return the generator function `recursive` as a function that needs no stack.

    Inside it, `result = yield recursive(child)` stands for the recursive call. What
    is sent back has the type of what was yielded, which Python cannot express: the
    result is annotated where its type matters.

    >>> def depth(tree):
    ...     deepest = 0
    ...     for child in tree:
    ...         deepest = max(deepest, (yield depth(child)))
    ...     return 1 + deepest
    >>> on_heap(depth)([[], [[]]])
    3
    """

    @functools.wraps(recursive)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        frames: list[Frame[Any]] = [recursive(*args, **kwargs)]
        returned: Any = None
        while frames:
            try:
                called = frames[-1].send(returned)
            except StopIteration as finished:
                frames.pop()
                returned = finished.value
            else:
                frames.append(called)
                returned = None
        result: R = returned
        return result

    return run

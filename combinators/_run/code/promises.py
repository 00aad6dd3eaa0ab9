"""May a plain function hand back something to await? Most say that they do not.

Whoever forgets `async` gets a `TypeError` from the step that did it. Looking at every result
would cost more than a trivial step, so what is declared is believed: a class gives its
instances, and a function what its own annotation says.
"""

from __future__ import annotations

import inspect
import typing
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, final

from combinators._compat import newest_typing
from combinators._functions import body_of

if TYPE_CHECKING:
    from collections.abc import Callable

# Types of results that are not looked at twice.
PLAIN = frozenset(
    {NoneType, bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset}
)  # fmt: skip

_PLAIN_BUILTINS = frozenset(
    {
        abs, all, any, ascii, bin, callable, chr, format, hash, hex, id, len, oct, ord, repr,
        round, sorted,
    }
)  # fmt: skip


def is_awaitable(result: object) -> bool:
    """Return whether a result is something to await."""
    return hasattr(type(result), "__await__")


@final
class AwaitableResult(Exception):  # noqa: N818 - never seen outside: a step is blamed instead
    """A plain function has returned something to await."""

    def __init__(self, result: object) -> None:
        super().__init__()
        self.result = result


def look(result: object) -> None:
    """Return if a result is nothing to await.

    Raises:
        AwaitableResult: it is.
    """
    if is_awaitable(result):
        raise AwaitableResult(result)


def gives_no_awaitable(function: Callable[..., Any]) -> bool:
    """Return whether the results of a function need not be looked at.

    >>> def declared(n: int) -> int:
    ...     return n
    >>> gives_no_awaitable(declared), gives_no_awaitable(str), gives_no_awaitable(lambda n: n)
    (True, True, False)
    """
    body = body_of(function)
    if inspect.isclass(body):
        return _is_plain(body)
    if inspect.isbuiltin(body):
        return body in _PLAIN_BUILTINS
    # Where something is wrapped, the annotations are those of the function inside.
    return not hasattr(body, "__wrapped__") and _is_plain(_declared(body))


def _declared(function: Any) -> object:
    """Return the type that a function says it returns, `Any` where it says nothing."""
    try:
        said = getattr(function, "__annotations__", {}).get("return", Any)
        if isinstance(said, str):
            said = newest_typing().get_type_hints(function).get("return", Any)
    except (NameError, TypeError, AttributeError, SyntaxError):
        return Any  # annotations that do not resolve (yet) say nothing
    return said


def _is_plain(kind: object) -> bool:
    if kind is None:
        return True
    origin = typing.get_origin(kind)
    if origin in {typing.Union, UnionType}:
        return all(map(_is_plain, typing.get_args(kind)))
    kind = origin or kind
    # A protocol may be anything, and these two are.
    return (
        isinstance(kind, type)
        and kind not in {Any, object}
        and not hasattr(kind, "__await__")
        and not getattr(kind, "_is_protocol", False)
    )

"""`runnable`: a function as a step."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from dataclasses import replace
from operator import itemgetter
from types import MethodType
from typing import Any, Generic, Protocol, TypeVar, cast, final, overload

from combinators import _functions as functions, _parts as parts
from combinators._errors import BuilderError
from combinators._nodes import Step
from combinators._runnable import Runnable, face
from combinators._step import Body, Deferred, Step as AnyStep
from combinators._value import Value

A = TypeVar("A")
B = TypeVar("B")
Owner = TypeVar("Owner", contravariant=True)
In = TypeVar("In", contravariant=True)
Out = TypeVar("Out", covariant=True)


@final
class RunnableMethod(Generic[Owner, In, Out]):
    """A step in a class body: on an instance, a `Runnable` bound to it.

    Called on the class it is the plain function, as methods are. Its input has no
    default: type checkers would take `self` for the input.
    """

    __wrapped__: Callable[..., Any]

    def __init__(self, method: Callable[..., Any], options: Mapping[str, Any]) -> None:
        functools.update_wrapper(self, method)
        self._options = options

    @overload
    def __get__(self, instance: None, owner: type[Any], /) -> RunnableMethod[Owner, In, Out]: ...
    @overload
    def __get__(self, instance: Owner, owner: type[Any] | None = None, /) -> Runnable[In, Out]: ...
    def __get__(
        self, instance: Owner | None, owner: type[Any] | None = None, /
    ) -> RunnableMethod[Owner, In, Out] | Runnable[In, Out]:
        if instance is None:
            return self
        return _step(MethodType(self.__wrapped__, instance), self._options)

    def __call__(self, instance: Owner, x: In, /) -> Out:
        """Return the result of the method on an instance."""
        result: Out = self.__get__(instance).invoke(x)
        return result


class Decorator(Protocol):
    """What `@runnable(inline=True)` gives."""

    @overload
    def __call__(self, f: Callable[[A], Deferred[B]], /) -> Runnable[A, B]: ...
    @overload
    def __call__(self, f: Callable[[A], B], /) -> Runnable[A, B]: ...
    @overload
    def __call__(self, f: Callable[[Owner, A], Deferred[B]], /) -> RunnableMethod[Owner, A, B]: ...
    @overload
    def __call__(self, f: Callable[[Owner, A], B], /) -> RunnableMethod[Owner, A, B]: ...


_DECORATE = object()  # not None: that is what a forgotten `return` gives


# A plain body goes with an async function, a generator function with an async generator function.
@overload
def runnable(
    f: Callable[[A], Iterator[B]], /, *, aio: Callable[[A], AsyncIterator[B]], inline: bool = False
) -> Runnable[A, B]: ...
@overload
def runnable(
    f: Callable[[A], B], /, *, aio: Callable[[A], Coroutine[Any, Any, B]], inline: bool = False
) -> Runnable[A, B]: ...
@overload
def runnable(f: Callable[[A], Deferred[B]], /, *, inline: bool = False) -> Runnable[A, B]: ...
@overload
def runnable(f: Callable[[A], B], /, *, inline: bool = False) -> Runnable[A, B]: ...
@overload
def runnable(f: Mapping[str, Body[A, B]], /) -> Runnable[A, dict[str, B]]: ...
@overload
def runnable(f: Mapping[str, AnyStep[A, Any]], /) -> Runnable[A, dict[str, Any]]: ...
@overload
def runnable(
    f: Callable[[Owner, A], Deferred[B]], /, *, inline: bool = False
) -> RunnableMethod[Owner, A, B]: ...
@overload
def runnable(
    f: Callable[[Owner, A], B], /, *, inline: bool = False
) -> RunnableMethod[Owner, A, B]: ...
@overload
def runnable(*, inline: bool = False) -> Decorator: ...
def runnable(
    f: Any = _DECORATE,
    /,
    *,
    aio: Callable[..., Any] | None = None,
    inline: bool = False,
) -> Runnable[Any, Any] | RunnableMethod[Any, Any, Any] | Decorator:
    """Return a function as a step.

    `A -> B` for a plain or an async function. A generator function takes the whole
    input and streams its output in chunks of `B`. Also a decorator, with options or
    without, and for methods: there it gives a step on each instance.

    Args:
        f: a callable of one argument
        aio: the async body of the same step, for `ainvoke` and its like
        inline: the function is too cheap for a thread of its own

    Raises:
        NotAStepError: it cannot be called with one argument
        BuilderError: the two bodies do not go together

    >>> from combinators import runnable
    >>> @runnable
    ... def words(text: str) -> list[str]:
    ...     return text.split()
    >>> (words | len).invoke("to be or not")
    4
    """
    options = {"aio": aio, "inline": inline}
    if f is _DECORATE:
        return cast("Decorator", functools.partial(_runnable, options=options))
    return _runnable(f, options)


def _runnable(
    f: Any, options: Mapping[str, Any]
) -> Runnable[Any, Any] | RunnableMethod[Any, Any, Any]:
    if isinstance(f, Value | Mapping | itemgetter):
        if any(options.values()):
            given = "options for something that is a step already"
            raise BuilderError("runnable()", given, "aio= and inline= go with a function.")
        return face(parts.part(cast("object", f), "runnable() argument 1"))
    if functions.is_method(f):
        return RunnableMethod(f, options)
    return _step(f, options)


def _step(f: Any, options: Mapping[str, Any]) -> Runnable[Any, Any]:
    where = "runnable() argument 1"
    step = parts.step_of(f, where, inline=options["inline"])
    aio = options["aio"]
    if aio is None:
        return face(parts.known(step))
    pair = parts.step_of(aio, "runnable() aio")
    if step.sync is None or pair.aio is None or step.streams != pair.streams:
        given = f"{_kind(step)} with {_kind(pair)} as aio"
        raise BuilderError("runnable()", given, _PAIRS)
    return face(parts.known(replace(step, aio=pair.aio)))


_PAIRS = (
    "A plain function goes with an async function, a generator function with an async generator "
    "function."
)


def _kind(step: Step) -> str:
    kind = "generator function" if step.streams else "function"
    return f"an async {kind}" if step.sync is None else f"a plain {kind}"

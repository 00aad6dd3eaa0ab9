"""Robust pipelines: those that are run again, or not for long, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, Self, cast

from combinators import _nodes as n
from combinators._backoff import DEFAULT, Backoff, as_backoff, number, whole_number
from combinators._errors import BuilderError
from combinators._keys import signature
from combinators._parts import Part, known, part
from combinators._replacing import replaced
from combinators._run.code.traits import needs_loop
from combinators._step import Step
from combinators._value import Value, made
from combinators._words import a_kind


class Robust(Value):
    """A pipeline, as far as it can be made another of the same type: the base of `Runnable`."""

    __slots__ = ()

    def retry(
        self,
        *,
        on: type[Exception] | tuple[type[Exception], ...],
        attempts: int = 3,
        total_seconds: float = 60.0,
        backoff: Backoff | Iterable[float] = DEFAULT,
    ) -> Self:
        """Return this pipeline, run again after a failure of these kinds.

        What it raises last is raised, itself; its path says how many attempts there were.
        Waiting takes no thread on an event loop, and no right of a `limit`. A stream is begun
        again only while nothing of it was seen.

        Args:
            on: what to answer; a group is, if all exceptions in it are
            attempts: how often it runs, at most
            total_seconds: no attempt begins later than that after the first one
            backoff: how long to wait, as a schedule or as seconds; where it ends, so do
                the attempts

        >>> from combinators import exponential, runnable
        >>> patient = exponential(first_seconds=0.5, most_seconds=10).jittered()
        >>> robust = runnable(int).retry(on=OSError, attempts=5, backoff=patient)
        >>> robust.invoke("7")
        7
        """
        kinds = _exceptions(on, "retry() on=")
        most = whole_number(attempts, "retry() attempts=", least=1)
        seconds = number(total_seconds, "retry() total_seconds=", above=True)
        waits = as_backoff(backoff, "retry() backoff=", most - 1)
        return self._around(n.Retry(kinds, most, seconds, waits, self.node))

    def timeout(self, *, seconds: float) -> Self:
        """Return this pipeline with so many seconds to run.

        Async steps are cancelled and awaited. A thread cannot be stopped: it is left behind,
        and ends sooner if its step asks `cancelled()`. Time that the reader of a stream
        takes between its chunks does not count.

        Raises:
            DeadlineError: when run, if it took longer; a `TimeoutError`
            AbandonedError: when run, if too many threads were left behind before

        >>> from combinators import runnable
        >>> runnable(len).timeout(seconds=5).invoke("four")
        4
        """
        checked = number(seconds, "timeout() seconds=", above=True)
        return self._around(n.Timeout(checked, self.node))

    def cached(self, *, maxsize: int = 128, key: Callable[[Any], Hashable] | None = None) -> Self:
        """Return this pipeline with its results kept for inputs that come again.

        An input is known by its type and value, for `1 == True`. Whoever asks for the same at
        the same time, on threads and event loops alike, waits for one run. Failures are not
        kept. What is kept belongs to the value that this returns: copies of it, pickled ones
        and equal ones have their own.

        Args:
            maxsize: how many results are kept: of more, those that were asked for last
            key: what tells one input from another, where inputs are not hashable

        >>> from combinators import runnable
        >>> calls = []
        >>> measured = runnable(lambda text: calls.append(text) or len(text)).cached()
        >>> measured.batch(["four", "four", "seven"], limit=1), calls
        ([4, 4, 5], ['four', 'seven'])
        """
        most = whole_number(maxsize, "cached() maxsize=", least=1)
        keys = [] if key is None else [part(key, "cached() key=")]
        if any(needs_loop(each.node) for each in keys):
            accepted = "It is called in place, before anything runs: give it a plain function."
            raise BuilderError("cached() key=", "an async step", accepted)
        nodes = (self.node, *(each.node for each in keys))
        return self._around(n.Cached(most, nodes), *keys)

    def replace(self, *, at: str, with_: Step[Any, Any]) -> Self:
        """Return this pipeline with one of its steps replaced by another of the same type.

        For tests, which want everything as it is but for the step that costs money.

        Args:
            at: what the step is called: the key of its branch, the name that it was given or
                that its function has, or a path of such names, as in "context > search"
            with_: a step of any kind

        Raises:
            BuilderError: nothing, or more than one step, is called so; all names are listed
            KeyMismatchError: the keys of the new step do not line up with those around it

        >>> from combinators import fanout, passthrough, template
        >>> chain = fanout(size=len, text=passthrough()) | template("{text}: {size}")
        >>> chain.replace(at="size", with_=lambda _: 42).invoke("four")
        'four: 42'
        """
        return made(type(self), *replaced(self, at, with_))

    def _around(self, node: n.Node, *inside: Part | Value) -> Self:
        return made(type(self), node, signature(node, [self, *inside]))


def fallen_back(step: Value, other: object, on: object) -> Part:
    """Return a step, and another to run where it fails.

    Raises:
        BuilderError: there is no exception to answer.
    """
    inner = part(other, "fallback() argument 1")
    kinds = _exceptions(on, "fallback() on=")
    return known(n.fallen_back(kinds, [step.node, inner.node]), [step, inner])


def _exceptions(on: object, where: str) -> tuple[type[Exception], ...]:
    kinds = cast("Iterable[Any]", on if isinstance(on, tuple) else (on,))
    accepted = (
        "It takes a class of exceptions, or a tuple of them. What is no `Exception`, such as "
        "KeyboardInterrupt or a cancellation, is never answered."
    )
    found: list[type[Exception]] = []
    for kind in kinds:
        if not isinstance(kind, type):
            raise BuilderError(where, a_kind(kind), accepted)
        if not issubclass(kind, Exception):
            raise BuilderError(where, f"the class {kind.__name__}", accepted)
        found.append(kind)
    if not found:
        raise BuilderError(where, "no class", accepted)
    return tuple(dict.fromkeys(found))

"""The typed face: `Runnable[In, Out]`, its operators and its methods.

What they do is elsewhere: what a pipeline is in `_value`, how it runs in `_run`.
"""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    Callable,
    Collection,
    Coroutine,
    Generator,
    Iterable,
    Mapping,
    Sequence,
)
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, Unpack, final, overload

from combinators import _parts as parts
from combinators._compat import gives_coroutines, override
from combinators._errors import BuilderError
from combinators._robust import Robust, fallen_back
from combinators._run import calling
from combinators._run.call import CALL, TURN
from combinators._step import Body, Chunks, Deferred, Step, TypedDictLike
from combinators._value import Value, made

if TYPE_CHECKING:
    from returns.result import Result

    from combinators._observer import Observer
    from combinators._run.calling import CallOptions
    from combinators._run.concurrency.pool import Pool
    from combinators._run.executors.dispatch import Executor
    from combinators._run.journals.journal import Journal
    from combinators._step import Z

In = TypeVar("In", contravariant=True)
Out = TypeVar("Out", covariant=True)
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
T = TypeVar("T")
X = TypeVar("X")
Record = TypeVar("Record", bound=TypedDictLike)
# What a step may take that is given a new dict: its keys and values only the plugin compares.
Fresh = TypeVar("Fresh", bound=TypedDictLike | dict[str, Any])


class Runnable(Robust, Generic[In, Out]):
    """An immutable pipeline from `In` to `Out`, built by the builders and by `|`.

    It runs by `invoke`, `ainvoke`, `batch`, `stream` and their like, which all agree,
    and is a function of one argument wherever one is wanted: `r(x)` is `r.invoke(x)`.

    Source: the parallel map of LangChain's expression language, typed.

    >>> from combinators import runnable
    >>> (runnable(len) | str).invoke("four")
    '4'
    """

    __slots__ = ()

    def __init__(self) -> None:
        raise BuilderError("Runnable()", "a call", "Write runnable(f) to make a step of f.")

    def __call__(self, x: In, /) -> Out:
        """Return `invoke(x)`."""
        return self.invoke(x)

    # -- running ----------------------------------------------------------------

    # The options of one call come as they are: to look each of them up, where there is none,
    # takes more time than a trivial step.

    def invoke(self, x: In, **options: Unpack[CallOptions]) -> Out:
        """Return the output for one input.

        Branches that may wait run in parallel, and all are over when it returns.
        Steps that are only async run on an event loop of the call's own.

        Args:
            limit: how many function bodies run at once, at most, in the whole tree
            check_mutation: find the branch that changes the input that all branches
                share, by running one after another; inputs must pickle
            observers: who is told of every step, and of this call; see `Observer`

        Raises:
            Exception: what a step raised, itself, with a note of its path
            FanoutError: branches failed; their exceptions under their keys
            OptionError: an option has a value that it cannot have
            RunningLoopError: there are async steps, and this thread runs an event loop
        """
        if options:
            return calling.invoke(self, x, **options)  # type: ignore[no-any-return]  # nodes forget their types
        run = self._run
        if run is None:
            run = self._make_run()
        return run(x, CALL)  # type: ignore[no-any-return]  # as above

    @gives_coroutines
    def ainvoke(self, x: In, **options: Unpack[CallOptions]) -> Coroutine[Any, Any, Out]:
        """Return the output for one input, as `invoke` does, on the running event loop.

        Sync steps run on threads. After a failure, or when it is cancelled itself, all
        that it started is cancelled and awaited; a thread is awaited to its end.
        """
        # Not `async def`: that would be one more coroutine around the program's own.
        if options:
            return calling.ainvoke(self, x, **options)
        run = self._arun
        if run is None:
            run = self._make_arun()
        return run(x, TURN)  # type: ignore[no-any-return]  # as above

    def stream(self, x: In, **options: Unpack[CallOptions]) -> Generator[Out, None, None]:
        """Yield the output in chunks, as they are ready.

        Folded, they give what `invoke` gives: text, lists, tuples and numbers by `+`,
        mappings key by key. What cannot work on chunks collects its input; closing ends it.
        """
        if options:
            return calling.stream(self, x, **options)
        return (self._stream or self._make_stream())(x, CALL)  # type: ignore[no-any-return]  # as above

    def astream(self, x: In, **options: Unpack[CallOptions]) -> AsyncGenerator[Out, None]:
        """Yield the output in chunks, as `stream` does, on the running event loop."""
        return calling.astream(self, x, **options)

    def transform(
        self, chunks: Iterable[In], **options: Unpack[CallOptions]
    ) -> Generator[Out, None, None]:
        """Yield the output in chunks, as `stream` does, for an input that comes in chunks."""
        return calling.stream(self, chunks, called="transform", **options)

    def atransform(
        self, chunks: Chunks[In], **options: Unpack[CallOptions]
    ) -> AsyncGenerator[Out, None]:
        """Yield the output in chunks, as `transform` does, on the running event loop."""
        return calling.astream(self, chunks, called="atransform", **options)

    @overload
    def batch(
        self,
        inputs: Iterable[In],
        *,
        limit: int | None = 32,
        errors: Literal["raise"] = "raise",
        check_mutation: bool = False,
        executor: Executor | Pool | None = None,
        chunk: int | None = None,
        journal: Journal | None = None,
        observers: Sequence[Observer] = (),
    ) -> list[Out]: ...
    @overload
    def batch(
        self,
        inputs: Iterable[In],
        *,
        limit: int | None = 32,
        errors: Literal["collect"],
        check_mutation: bool = False,
        executor: Executor | Pool | None = None,
        chunk: int | None = None,
        journal: Journal | None = None,
        observers: Sequence[Observer] = (),
    ) -> list[Result[Out, Exception]]: ...
    def batch(
        self,
        inputs: Iterable[In],
        *,
        limit: int | None = 32,
        errors: Literal["raise", "collect"] = "raise",
        check_mutation: bool = False,
        executor: Executor | Pool | None = None,
        chunk: int | None = None,
        journal: Journal | None = None,
        observers: Sequence[Observer] = (),
    ) -> list[Out] | list[Result[Out, Exception]]:
        """Return the outputs for many inputs, in their order.

        Inputs are read lazily, as there is room for them.

        Args:
            limit: how many function bodies run at once, at most, over all items
            errors: "collect" gives a `Success` or `Failure` of `returns` for every
                item, where "raise" begins no more items after a failure
            executor: whose workers run the items: anything that has the methods of
                `concurrent.futures.Executor`; there, `limit` holds inside an item.
                A `Pool` runs them here, on threads of its own
            chunk: how many items travel together; by default, what takes a tenth of a second
            journal: keeps outcomes, so that the same call goes on where it stopped
            observers: who is told of the batch, of every item, and of every step that runs here

        Raises:
            BatchError: an item failed; what was finished is kept in it
            JournalError: the journal cannot keep an outcome, or is that of other inputs
        """
        options = self._options(limit, errors, check_mutation, executor, chunk, journal, observers)
        return options.gathered(self, inputs)

    @overload
    async def abatch(
        self,
        inputs: Iterable[In] | AsyncIterable[In],
        *,
        limit: int | None = 32,
        errors: Literal["raise"] = "raise",
        check_mutation: bool = False,
        executor: Executor | Pool | None = None,
        chunk: int | None = None,
        journal: Journal | None = None,
        observers: Sequence[Observer] = (),
    ) -> list[Out]: ...
    @overload
    async def abatch(
        self,
        inputs: Iterable[In] | AsyncIterable[In],
        *,
        limit: int | None = 32,
        errors: Literal["collect"],
        check_mutation: bool = False,
        executor: Executor | Pool | None = None,
        chunk: int | None = None,
        journal: Journal | None = None,
        observers: Sequence[Observer] = (),
    ) -> list[Result[Out, Exception]]: ...
    async def abatch(
        self,
        inputs: Iterable[In] | AsyncIterable[In],
        *,
        limit: int | None = 32,
        errors: Literal["raise", "collect"] = "raise",
        check_mutation: bool = False,
        executor: Executor | Pool | None = None,
        chunk: int | None = None,
        journal: Journal | None = None,
        observers: Sequence[Observer] = (),
    ) -> list[Out] | list[Result[Out, Exception]]:
        """Return the outputs for many inputs, as `batch` does, on the running event loop."""
        options = self._options(limit, errors, check_mutation, executor, chunk, journal, observers)
        return await options.agathered(self, inputs)

    @overload
    def batch_as_completed(
        self,
        inputs: Iterable[In],
        *,
        limit: int | None = 32,
        errors: Literal["raise"] = "raise",
        check_mutation: bool = False,
        executor: Executor | Pool | None = None,
        chunk: int | None = None,
        journal: Journal | None = None,
        observers: Sequence[Observer] = (),
    ) -> Generator[tuple[int, Out], None, None]: ...
    @overload
    def batch_as_completed(
        self,
        inputs: Iterable[In],
        *,
        limit: int | None = 32,
        errors: Literal["collect"],
        check_mutation: bool = False,
        executor: Executor | Pool | None = None,
        chunk: int | None = None,
        journal: Journal | None = None,
        observers: Sequence[Observer] = (),
    ) -> Generator[tuple[int, Result[Out, Exception]], None, None]: ...
    def batch_as_completed(
        self,
        inputs: Iterable[In],
        *,
        limit: int | None = 32,
        errors: Literal["raise", "collect"] = "raise",
        check_mutation: bool = False,
        executor: Executor | Pool | None = None,
        chunk: int | None = None,
        journal: Journal | None = None,
        observers: Sequence[Observer] = (),
    ) -> (
        Generator[tuple[int, Out], None, None]
        | Generator[tuple[int, Result[Out, Exception]], None, None]
    ):
        """Yield the index and output of every input, as they are ready.

        No more items are begun than twice `limit` beyond those that were taken, so
        endless inputs are fine. Otherwise as `batch`. Closing waits for what runs.
        """
        options = self._options(limit, errors, check_mutation, executor, chunk, journal, observers)
        return options.as_completed(self, inputs)

    @overload
    def abatch_as_completed(
        self,
        inputs: Iterable[In] | AsyncIterable[In],
        *,
        limit: int | None = 32,
        errors: Literal["raise"] = "raise",
        check_mutation: bool = False,
        executor: Executor | Pool | None = None,
        chunk: int | None = None,
        journal: Journal | None = None,
        observers: Sequence[Observer] = (),
    ) -> AsyncGenerator[tuple[int, Out], None]: ...
    @overload
    def abatch_as_completed(
        self,
        inputs: Iterable[In] | AsyncIterable[In],
        *,
        limit: int | None = 32,
        errors: Literal["collect"],
        check_mutation: bool = False,
        executor: Executor | Pool | None = None,
        chunk: int | None = None,
        journal: Journal | None = None,
        observers: Sequence[Observer] = (),
    ) -> AsyncGenerator[tuple[int, Result[Out, Exception]], None]: ...
    def abatch_as_completed(
        self,
        inputs: Iterable[In] | AsyncIterable[In],
        *,
        limit: int | None = 32,
        errors: Literal["raise", "collect"] = "raise",
        check_mutation: bool = False,
        executor: Executor | Pool | None = None,
        chunk: int | None = None,
        journal: Journal | None = None,
        observers: Sequence[Observer] = (),
    ) -> (
        AsyncGenerator[tuple[int, Out], None]
        | AsyncGenerator[tuple[int, Result[Out, Exception]], None]
    ):
        """Yield the index and output of every input, as `batch_as_completed` does."""
        options = self._options(limit, errors, check_mutation, executor, chunk, journal, observers)
        return options.aas_completed(self, inputs)

    # -- composing --------------------------------------------------------------

    @overload
    def __or__(self, other: OpenPassthrough, /) -> Runnable[In, Out]: ...
    @overload
    def __or__(self, other: Runnable[Out, C], /) -> Runnable[In, C]: ...
    @overload
    def __or__(self, other: Callable[[Out], Deferred[C]], /) -> Runnable[In, C]: ...
    @overload
    def __or__(self, other: Callable[[Out], C], /) -> Runnable[In, C]: ...
    @overload
    def __or__(self, other: Mapping[str, Body[Out, X]], /) -> Runnable[In, dict[str, X]]: ...
    @overload
    def __or__(self, other: Mapping[str, Step[Out, Any]], /) -> Runnable[In, dict[str, Any]]: ...
    @overload
    def __or__(
        self: Runnable[A, dict[str, Any]], other: Callable[[Fresh], Deferred[C]], /
    ) -> Runnable[A, C]: ...
    @overload
    def __or__(
        self: Runnable[A, dict[str, Any]], other: Callable[[Fresh], C], /
    ) -> Runnable[A, C]: ...
    @overload
    def __or__(
        self: Runnable[A, dict[str, Any]], other: Mapping[str, Step[Fresh, Any]], /
    ) -> Runnable[A, dict[str, Any]]: ...
    def __or__(self: Runnable[Any, Any], other: Step[Any, Any], /) -> Runnable[Any, Any]:
        return _then(self, parts.part(other, "the right side of |"))

    @overload
    def __ror__(self, other: Callable[[A], Deferred[In]], /) -> Runnable[A, Out]: ...
    @overload
    def __ror__(self, other: Callable[[A], In], /) -> Runnable[A, Out]: ...
    @overload
    def __ror__(
        self: Runnable[dict[str, X], C], other: Mapping[str, Body[A, X]], /
    ) -> Runnable[A, C]: ...
    @overload
    def __ror__(
        self: Runnable[dict[str, object], C], other: Mapping[str, Step[A, Any]], /
    ) -> Runnable[A, C]: ...
    @overload
    def __ror__(
        self: Runnable[Record, C], other: Mapping[str, Step[A, Any]], /
    ) -> Runnable[A, C]: ...
    def __ror__(self: Runnable[Any, Any], other: Step[Any, Any], /) -> Runnable[Any, Any]:
        before = parts.part(other, "the left side of |")
        return made(_FACE, (parts.tree_of(before), self), parts.piped(before, self))

    def named(self, name: str, /) -> Runnable[In, Out]:
        """Return this pipeline under a name, which paths, messages and drawings show."""
        return face(parts.named(self, name))

    def tap(self, f: Callable[[Out], object], /) -> Runnable[In, Out]:
        """Return this pipeline with `f` called on each output, for its effect alone."""
        return _then(self, parts.tapped(f))

    def attempt(self) -> Runnable[In, Result[Out, Exception]]:
        """Return this pipeline with its outcome as a value of `returns`.

        An `Exception` of any step, groups included, becomes a `Failure`, and what
        runs beside it goes on. The rest becomes a `Success`.

        >>> from combinators import runnable
        >>> runnable(int).attempt().invoke("x")
        <Failure: invalid literal for int() with base 10: 'x'>
        """
        return face(parts.attempted(self))

    def fallback(
        self: Runnable[A, B],
        other: Step[A, Z],
        /,
        *,
        on: type[Exception] | tuple[type[Exception], ...] = Exception,
    ) -> Runnable[A, B | Z]:
        """Return this pipeline, and where it fails, another on the same input.

        `A -> B`, with `other: A -> C`, gives `A -> B | C`. Of a stream, the other takes the
        place only while nothing was seen of it.

        Args:
            other: a step of any kind
            on: what to answer; a group is, if all exceptions in it are

        Raises:
            FallbackError: when run, if all fail; the exceptions in their order

        >>> from combinators import runnable
        >>> runnable(int).fallback(len, on=ValueError).batch(["7", "seven"])
        [7, 5]
        """
        return face(fallen_back(self, other, on))

    def assign(
        self: Runnable[A, Mapping[str, object]], /, **branches: Step[Out, object]
    ) -> Runnable[A, dict[str, Any]]:
        """Return this pipeline with computed keys added to what it gives."""
        return _then(self, parts.assigned(branches, update=False))

    @overload
    def pick(self: Runnable[A, Mapping[str, object]], key: str, /) -> Runnable[A, Any]: ...
    @overload
    def pick(
        self: Runnable[A, Mapping[str, object]], key: str, other: str, /, *more: str
    ) -> Runnable[A, dict[str, Any]]: ...
    def pick(self: Runnable[A, Mapping[str, object]], *keys: str) -> Runnable[A, Any]:
        """Return this pipeline with one value of what it gives, or a smaller mapping."""
        return _then(self, parts.picked(keys))

    def each(self: Runnable[A, B]) -> Runnable[Collection[A], list[B]]:
        """Return this pipeline for every element of a collection."""
        return face(parts.elementwise(self))


def face(inner: parts.Part | Value) -> Runnable[Any, Any]:
    """Return a part as a Runnable, whose types the caller states."""
    return made(_FACE, inner.node, inner.signature)


def _then(before: Runnable[Any, Any], after: parts.Part | Value) -> Runnable[Any, Any]:
    return made(_FACE, (before, parts.tree_of(after)), parts.piped(before, after))


_FACE: type[Runnable[Any, Any]] = Runnable


@final
class OpenPassthrough(Runnable[Any, Any]):
    """The identity that is not tied to a type yet.

    A class of its own because no checker can write `Runnable[T, T]` with an open
    `T`: it becomes `Never`, or `Unknown`. Here the methods are generic instead, so
    `T` is solved where the value is used. At run time it is a plain Runnable.
    """

    if TYPE_CHECKING:

        @override
        def __call__(self, x: T, /) -> T: ...
        @override
        def invoke(self, x: T, **options: Unpack[CallOptions]) -> T: ...
        @override
        async def ainvoke(self, x: T, **options: Unpack[CallOptions]) -> T: ...

        # Generic where the base is bound to its types: wider, but no override to checkers.

        @overload  # type: ignore[override]  # as said
        def __or__(self, other: OpenPassthrough, /) -> Runnable[Any, Any]: ...
        @overload
        def __or__(self, other: Runnable[A, C], /) -> Runnable[A, C]: ...
        @overload
        def __or__(self, other: Callable[[A], Deferred[C]], /) -> Runnable[A, C]: ...
        @overload
        def __or__(self, other: Callable[[A], C], /) -> Runnable[A, C]: ...
        @overload
        def __or__(self, other: Mapping[str, Body[A, X]], /) -> Runnable[A, dict[str, X]]: ...
        @overload
        def __or__(self, other: Mapping[str, Step[A, Any]], /) -> Runnable[A, dict[str, Any]]: ...
        @override
        def __or__(self, other: Step[Any, Any], /) -> Runnable[Any, Any]: ...  # pyright: ignore[reportIncompatibleMethodOverride]  # as said
        @overload
        def __ror__(self, other: Callable[[A], Deferred[B]], /) -> Runnable[A, B]: ...
        @overload
        def __ror__(self, other: Callable[[A], B], /) -> Runnable[A, B]: ...
        @overload
        def __ror__(self, other: Mapping[str, Body[A, X]], /) -> Runnable[A, dict[str, X]]: ...
        @overload
        def __ror__(self, other: Mapping[str, Step[A, Any]], /) -> Runnable[A, dict[str, Any]]: ...
        @override
        def __ror__(self, other: Step[Any, Any], /) -> Runnable[Any, Any]: ...  # pyright: ignore[reportIncompatibleMethodOverride]  # as said
        @override
        def named(self, name: str, /) -> OpenPassthrough: ...

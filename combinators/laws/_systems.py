"""Whatever claims to be a library of pipelines, as the operations that the laws use.

A law is written once, over these operations. Ours is one system, a wrong one is ours with
an operation replaced, and other libraries come in through adapters. `P` is whatever the
system's pipelines are. (Pipelines as the operations that make them, and not as data, are
the "final" encoding of an embedded language.)

Source: Carette, Kiselyov, Shan, Finally Tagless, Partially Evaluated (2009).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import (
    AsyncGenerator,
    Callable,
    Collection,
    Generator,
    Iterable,
    Mapping,
    Sequence,
)
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar, final

from returns.result import Result
from typing_extensions import override

P = TypeVar("P")

Body: TypeAlias = "Callable[..., Any]"
Results: TypeAlias = "list[Result[Any, Exception]]"


@final
@dataclass(frozen=True, slots=True)
class Kind:
    """The test of a case: a type that can be told by looking at a value."""

    form: Any


class System(ABC, Generic[P]):
    """The operations of a library of pipelines. Two of one class are equal."""

    @override
    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    @override
    def __hash__(self) -> int:
        return hash(type(self))

    # -- building ---------------------------------------------------------------

    @abstractmethod
    def lift(self, f: Body, /, aio: Body | None = None, *, inline: bool = False) -> P:
        """Return a function as a step: plain, async, a generator, or a pair with an async one."""

    @abstractmethod
    def passthrough(self, kind: Any = None, /) -> P:
        """Return the step that gives what it is given."""

    @abstractmethod
    def transform(self, f: Body, /, aio: Body | None = None) -> P:
        """Return a function from chunks to chunks as a step: sync, async, or a pair."""

    @abstractmethod
    def pipe(self, *steps: P) -> P:
        """Return steps in sequence."""

    @abstractmethod
    def fanout(self, branches: Mapping[str, P], /) -> P:
        """Return the fan-out that gives a mapping."""

    @abstractmethod
    def row(self, *branches: P) -> P:
        """Return the fan-out that gives a tuple."""

    @abstractmethod
    def record(self, target: type[Any], branches: Mapping[str, P], /) -> P:
        """Return the fan-out that builds an object of a class."""

    @abstractmethod
    def assign(self, branches: Mapping[str, P], /) -> P:
        """Return the step that adds keys to a mapping."""

    @abstractmethod
    def update(self, branches: Mapping[str, P], /) -> P:
        """Return the step that replaces values of a mapping."""

    @abstractmethod
    def pick(self, key: str | int, /) -> P:
        """Return the step that gives one value of a mapping, or of a sequence."""

    @abstractmethod
    def select(self, *keys: str) -> P:
        """Return the step that keeps some keys of a mapping."""

    @abstractmethod
    def omit(self, *keys: str) -> P:
        """Return the step that drops some keys of a mapping."""

    @abstractmethod
    def rename(self, olds: Mapping[str, str], /) -> P:
        """Return the step that calls keys otherwise: new names to old ones."""

    @abstractmethod
    def each(self, element: P, /) -> P:
        """Return the step that runs another on each element."""

    @abstractmethod
    def branch(self, arms: Sequence[tuple[P | Kind, P]], otherwise: P | None, /) -> P:
        """Return the choice of the first arm whose test holds."""

    @abstractmethod
    def route(self, key: str, arms: Mapping[Any, P], otherwise: P | None, /) -> P:
        """Return the choice of the arm that the value under a key names."""

    @abstractmethod
    def bind(self, choose: P, /) -> P:
        """Return the step that runs the pipeline that `choose` gives."""

    @abstractmethod
    def template(self, text: str, /) -> P:
        """Return the step that fills a text."""

    @abstractmethod
    def chat_template(self, texts: Mapping[str, str], /) -> P:
        """Return the step that fills one message for each role."""

    @abstractmethod
    def named(self, name: str, step: P, /) -> P:
        """Return a step under a name."""

    @abstractmethod
    def tap(self, watch: P, /) -> P:
        """Return the step that shows its input to another, and gives it on."""

    @abstractmethod
    def attempt(self, step: P, /) -> P:
        """Return a step whose outcome is a value."""

    @abstractmethod
    def retry(
        self, step: P, on: tuple[type[Exception], ...], attempts: int, waits: Iterable[float], /
    ) -> P:
        """Return a step that is run again, so many times at most, after these exceptions."""

    @abstractmethod
    def fallback(self, step: P, other: P, on: tuple[type[Exception], ...], /) -> P:
        """Return a step with another to run where it fails with these exceptions."""

    @abstractmethod
    def timeout(self, step: P, seconds: float, /) -> P:
        """Return a step that has so many seconds to run."""

    @abstractmethod
    def cached(self, step: P, key: P | None = None, /, *, maxsize: int = 128) -> P:
        """Return a step that keeps its results, under what `key` makes of its inputs."""

    # -- running ----------------------------------------------------------------

    @abstractmethod
    def invoke(self, p: P, x: Any, /, **options: Any) -> Any:
        """Return the output for an input.

        Options, here and below: limit, check_mutation, observers.
        """

    @abstractmethod
    async def ainvoke(self, p: P, x: Any, /, **options: Any) -> Any:
        """Return the output for an input."""

    @abstractmethod
    def stream(self, p: P, x: Any, /, **options: Any) -> Generator[Any, None, None]:
        """Yield the output in chunks."""

    @abstractmethod
    def astream(self, p: P, x: Any, /, **options: Any) -> AsyncGenerator[Any, None]:
        """Yield the output in chunks."""

    @abstractmethod
    def streamed(
        self, p: P, chunks: Iterable[Any], /, **options: Any
    ) -> Generator[Any, None, None]:
        """Yield the output in chunks, for an input that comes in chunks."""

    @abstractmethod
    def astreamed(
        self, p: P, chunks: Iterable[Any], /, **options: Any
    ) -> AsyncGenerator[Any, None]:
        """Yield the output in chunks, for an input that comes in chunks, on the running loop."""

    @abstractmethod
    def batch(self, p: P, xs: Iterable[Any], /, **options: Any) -> list[Any]:
        """Return the outputs for many inputs."""

    @abstractmethod
    async def abatch(self, p: P, xs: Iterable[Any], /, **options: Any) -> list[Any]:
        """Return the outputs for many inputs."""

    @abstractmethod
    def outcomes(self, p: P, xs: Iterable[Any], /, **options: Any) -> Results:
        """Return the outcomes of a batch in which every item gets one."""

    @abstractmethod
    async def aoutcomes(self, p: P, xs: Iterable[Any], /, **options: Any) -> Results:
        """Return the outcomes of a batch in which every item gets one."""

    @abstractmethod
    def completed(
        self, p: P, xs: Iterable[Any], /, **options: Any
    ) -> Generator[tuple[int, Any], None, None]:
        """Yield each output of a batch with the index of its input, as they are ready."""

    @abstractmethod
    def acompleted(
        self, p: P, xs: Iterable[Any], /, **options: Any
    ) -> AsyncGenerator[tuple[int, Any], None]:
        """Yield each output of a batch with the index of its input, as they are ready."""

    # -- comparing --------------------------------------------------------------

    @abstractmethod
    def equal(self, p: P, q: P, /) -> bool:
        """Return whether two pipelines are the same value."""

    @abstractmethod
    def hashed(self, p: P, /) -> int:
        """Return the hash of a pipeline."""

    @abstractmethod
    def copied(self, p: P, /) -> P:
        """Return what comes out of pickle when a pipeline goes in."""

    @abstractmethod
    def written(self, p: P, /) -> str:
        """Return the expression that builds a pipeline."""

    @abstractmethod
    def read(self, text: str, /) -> P:
        """Return the pipeline that an expression builds."""

    @abstractmethod
    def declared(self, p: P, /) -> Collection[str]:
        """Return the keys that a pipeline is known to give, before it is run."""

    @abstractmethod
    def drawn(self, p: P, /) -> str:
        """Return a drawing of a pipeline."""

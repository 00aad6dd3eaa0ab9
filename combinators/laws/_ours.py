"""This library, as the operations that the laws use."""

from __future__ import annotations

import pickle
from collections.abc import AsyncGenerator, Collection, Generator, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, TypeAlias, cast

from returns.result import Failure, Result, Success
from typing_extensions import override

import combinators as c
from combinators._keys import Keys
from combinators.laws import strategies
from combinators.laws._systems import Body, Kind, Results, System

Pipeline: TypeAlias = c.Runnable[Any, Any]

# The builders are called with what a law has drawn, of which no checker can know the types.
_c: Any = c


# What else may be in the expression of a drawn pipeline.
_NAMES: Final = {"itemgetter": itemgetter, "Success": Success, "Failure": Failure}


class Ours(System[Pipeline]):
    """This library. Whoever wants a wrong one overrides an operation."""

    @override
    def lift(self, f: Body, /, aio: Body | None = None, *, inline: bool = False) -> Pipeline:
        return _face(_c.runnable(f, aio=aio, inline=inline))

    @override
    def passthrough(self, kind: Any = None, /) -> Pipeline:
        return _face(_c.passthrough() if kind is None else _c.passthrough(kind))

    @override
    def transform(self, f: Body, /, aio: Body | None = None) -> Pipeline:
        return _face(_c.transform(f) if aio is None else _c.transform(f, aio=aio))

    @override
    def pipe(self, *steps: Pipeline) -> Pipeline:
        return _face(_c.pipe(*steps))

    @override
    def fanout(self, branches: Mapping[str, Pipeline], /) -> Pipeline:
        return _face(_c.fanout(branches))

    @override
    def row(self, *branches: Pipeline) -> Pipeline:
        return _face(_c.fanout(*branches))

    @override
    def record(self, target: type[Any], branches: Mapping[str, Pipeline], /) -> Pipeline:
        return _face(_c.fanout(target, **branches))

    @override
    def assign(self, branches: Mapping[str, Pipeline], /) -> Pipeline:
        return _face(_c.assign(**branches))

    @override
    def update(self, branches: Mapping[str, Pipeline], /) -> Pipeline:
        return _face(_c.update(**branches))

    @override
    def pick(self, key: str | int, /) -> Pipeline:
        return _face(_c.pick(key) if isinstance(key, str) else _c.runnable(itemgetter(key)))

    @override
    def select(self, *keys: str) -> Pipeline:
        return _face(_c.pick(*keys))

    @override
    def omit(self, *keys: str) -> Pipeline:
        return _face(_c.omit(*keys))

    @override
    def rename(self, olds: Mapping[str, str], /) -> Pipeline:
        return _face(_c.rename(**olds))

    @override
    def each(self, element: Pipeline, /) -> Pipeline:
        return _face(_c.each(element))

    @override
    def branch(
        self, arms: Sequence[tuple[Pipeline | Kind, Pipeline]], otherwise: Pipeline | None, /
    ) -> Pipeline:
        made = [
            _c.case(test.form, arm) if isinstance(test, Kind) else _c.when(test, arm)
            for test, arm in arms
        ]
        return _face(_c.branch(*made, otherwise=otherwise))

    @override
    def route(
        self, key: str, arms: Mapping[Any, Pipeline], otherwise: Pipeline | None, /
    ) -> Pipeline:
        return _face(_c.route(key, arms, otherwise=otherwise))

    @override
    def bind(self, choose: Pipeline, /) -> Pipeline:
        return _face(_c.bind(choose))

    @override
    def template(self, text: str, /) -> Pipeline:
        return _face(_c.template(text))

    @override
    def chat_template(self, texts: Mapping[str, str], /) -> Pipeline:
        return _face(_c.chat_template(**texts))

    @override
    def named(self, name: str, step: Pipeline, /) -> Pipeline:
        return step.named(name)

    @override
    def tap(self, watch: Pipeline, /) -> Pipeline:
        return _face(_c.passthrough().tap(watch))

    @override
    def attempt(self, step: Pipeline, /) -> Pipeline:
        return step.attempt()

    @override
    def retry(
        self,
        step: Pipeline,
        on: tuple[type[Exception], ...],
        attempts: int,
        waits: Iterable[float],
        /,
    ) -> Pipeline:
        return step.retry(on=on, attempts=attempts, backoff=waits)

    @override
    def fallback(
        self, step: Pipeline, other: Pipeline, on: tuple[type[Exception], ...], /
    ) -> Pipeline:
        return _face(step.fallback(other, on=on))

    @override
    def timeout(self, step: Pipeline, seconds: float, /) -> Pipeline:
        return step.timeout(seconds=seconds)

    @override
    def cached(
        self, step: Pipeline, key: Pipeline | None = None, /, *, maxsize: int = 128
    ) -> Pipeline:
        return step.cached(maxsize=maxsize, key=key)

    @override
    def invoke(self, p: Pipeline, x: Any, /, **options: Any) -> Any:
        return p.invoke(x, **options)

    @override
    async def ainvoke(self, p: Pipeline, x: Any, /, **options: Any) -> Any:
        return await p.ainvoke(x, **options)

    @override
    def stream(self, p: Pipeline, x: Any, /, **options: Any) -> Generator[Any, None, None]:
        return p.stream(x, **options)

    @override
    def astream(self, p: Pipeline, x: Any, /, **options: Any) -> AsyncGenerator[Any, None]:
        return p.astream(x, **options)

    @override
    def streamed(
        self, p: Pipeline, chunks: Iterable[Any], /, **options: Any
    ) -> Generator[Any, None, None]:
        return p.transform(chunks, **options)

    @override
    def astreamed(
        self, p: Pipeline, chunks: Iterable[Any], /, **options: Any
    ) -> AsyncGenerator[Any, None]:
        return p.atransform(chunks, **options)

    @override
    def batch(self, p: Pipeline, xs: Iterable[Any], /, **options: Any) -> list[Any]:
        outputs: list[Any] = p.batch(xs, **options)
        return outputs

    @override
    async def abatch(self, p: Pipeline, xs: Iterable[Any], /, **options: Any) -> list[Any]:
        outputs: list[Any] = await p.abatch(xs, **options)
        return outputs

    @override
    def outcomes(self, p: Pipeline, xs: Iterable[Any], /, **options: Any) -> Results:
        results: list[Result[Any, Exception]] = p.batch(xs, errors="collect", **options)
        return results

    @override
    async def aoutcomes(self, p: Pipeline, xs: Iterable[Any], /, **options: Any) -> Results:
        results: list[Result[Any, Exception]] = await p.abatch(xs, errors="collect", **options)
        return results

    @override
    def completed(
        self, p: Pipeline, xs: Iterable[Any], /, **options: Any
    ) -> Generator[tuple[int, Any], None, None]:
        return p.batch_as_completed(xs, **options)

    @override
    def acompleted(
        self, p: Pipeline, xs: Iterable[Any], /, **options: Any
    ) -> AsyncGenerator[tuple[int, Any], None]:
        return p.abatch_as_completed(xs, **options)

    @override
    def equal(self, p: Pipeline, q: Pipeline, /) -> bool:
        return p == q

    @override
    def hashed(self, p: Pipeline, /) -> int:
        return hash(p)

    @override
    def copied(self, p: Pipeline, /) -> Pipeline:
        return _face(pickle.loads(pickle.dumps(p)))  # noqa: S301 - written in this very line

    @override
    def written(self, p: Pipeline, /) -> str:
        return repr(p)

    @override
    def read(self, text: str, /) -> Pipeline:
        names = {
            name: getattr(module, name) for module in (c, strategies) for name in module.__all__
        }
        # Only what this library has written of what it has drawn comes here.
        made = eval(text, {**names, **_NAMES})  # noqa: S307 - as said
        return _face(_c.runnable(made))

    @override
    def declared(self, p: Pipeline, /) -> Collection[str]:
        gives = p.signature.gives
        return gives.given if isinstance(gives, Keys) else ()

    @override
    def drawn(self, p: Pipeline, /) -> str:
        return p.draw()


def _face(pipeline: Any) -> Pipeline:
    return cast("Pipeline", pipeline)


OURS: Final = Ours()

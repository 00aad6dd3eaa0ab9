"""LangChain as a system of the laws: each operation in the words of its own documentation."""

import asyncio
import inspect
import pickle
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Collection,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from functools import partial
from operator import itemgetter
from typing import Any, Final, TypeAlias

from langchain_core.prompts import ChatPromptTemplate, PromptTemplate
from langchain_core.runnables import (
    Runnable,
    RunnableBranch,
    RunnableConfig,
    RunnableGenerator,
    RunnableLambda,
    RunnableParallel,
    RunnablePassthrough,
    RunnablePick,
)
from returns.result import Failure, Result, Success
from typing_extensions import override

from combinators.laws import Kind, System

Pipeline: TypeAlias = Runnable[Any, Any]

# What the laws hand over, no checker can know the types of.
_lambda: Any = RunnableLambda
_generator_of: Any = RunnableGenerator


class LangChain(System[Pipeline]):
    """`langchain-core`."""

    @override
    def lift(
        self,
        f: Callable[..., Any],
        /,
        aio: Callable[..., Any] | None = None,
        *,
        inline: bool = False,
    ) -> Pipeline:
        run, arun = _bodies(f)
        return _runnable(_lambda(run, arun if aio is None else _bodies(aio)[1]))

    @override
    def passthrough(self, kind: Any = None, /) -> Pipeline:
        return RunnablePassthrough()

    @override
    def transform(
        self, f: Callable[..., Any], /, aio: Callable[..., Any] | None = None
    ) -> Pipeline:
        run, arun = _changing(f)
        return _runnable(_generator_of(run, arun if aio is None else _changing(aio)[1]))

    @override
    def pipe(self, *steps: Pipeline) -> Pipeline:
        first, *others = steps or (self.passthrough(),)
        for step in others:
            first |= step
        return first

    @override
    def fanout(self, branches: Mapping[str, Pipeline], /) -> Pipeline:
        return RunnableParallel(dict(branches))

    @override
    def row(self, *branches: Pipeline) -> Pipeline:
        found = self.fanout({str(position): each for position, each in enumerate(branches)})
        return found | self.lift(_values)

    @override
    def record(self, target: type[Any], branches: Mapping[str, Pipeline], /) -> Pipeline:
        return self.fanout(branches) | self.lift(partial(_made, target))

    @override
    def assign(self, branches: Mapping[str, Pipeline], /) -> Pipeline:
        return RunnablePassthrough.assign(**branches)

    @override
    def update(self, branches: Mapping[str, Pipeline], /) -> Pipeline:
        return RunnablePassthrough.assign(**branches)

    @override
    def pick(self, key: str | int, /) -> Pipeline:
        return RunnablePick(key) if isinstance(key, str) else self.lift(itemgetter(key))

    @override
    def select(self, *keys: str) -> Pipeline:
        return RunnablePick([*keys])

    @override
    def omit(self, *keys: str) -> Pipeline:
        return self.lift(partial(_without, keys))

    @override
    def rename(self, olds: Mapping[str, str], /) -> Pipeline:
        news = {old: new for new, old in olds.items()}
        return self.lift(partial(_renamed, news))

    @override
    def each(self, element: Pipeline, /) -> Pipeline:
        return element.map()

    @override
    def branch(
        self, arms: Sequence[tuple[Pipeline | Kind, Pipeline]], otherwise: Pipeline | None, /
    ) -> Pipeline:
        tests = [(_holds(test) if isinstance(test, Kind) else test, arm) for test, arm in arms]
        chosen: Any = RunnableBranch
        return _runnable(chosen(*tests, otherwise or self.lift(_refuse)))

    @override
    def route(
        self, key: str, arms: Mapping[Any, Pipeline], otherwise: Pipeline | None, /
    ) -> Pipeline:
        default = otherwise or self.lift(_refuse)
        return self.lift(partial(_arm, key, arms, default))

    @override
    def bind(self, choose: Pipeline, /) -> Pipeline:
        return self.lift(choose.invoke, choose.ainvoke)

    @override
    def template(self, text: str, /) -> Pipeline:
        return PromptTemplate.from_template(text) | self.lift(_text)

    @override
    def chat_template(self, texts: Mapping[str, str], /) -> Pipeline:
        prompt = ChatPromptTemplate.from_messages([*texts.items()])
        return prompt | self.lift(_messages)

    @override
    def named(self, name: str, step: Pipeline, /) -> Pipeline:
        return step.with_config(run_name=name)

    @override
    def tap(self, watch: Pipeline, /) -> Pipeline:
        return _runnable(RunnablePassthrough(watch.invoke, watch.ainvoke))

    @override
    def attempt(self, step: Pipeline, /) -> Pipeline:
        return _runnable(_lambda(partial(_caught, step), partial(_acaught, step)))

    @override
    def retry(
        self,
        step: Pipeline,
        on: tuple[type[Exception], ...],
        attempts: int,
        waits: Iterable[float],
        /,
    ) -> Pipeline:
        return step.with_retry(
            retry_if_exception_type=on,
            stop_after_attempt=attempts,
            wait_exponential_jitter=False,
        )

    @override
    def fallback(
        self, step: Pipeline, other: Pipeline, on: tuple[type[Exception], ...], /
    ) -> Pipeline:
        return step.with_fallbacks([other], exceptions_to_handle=on)

    @override
    def timeout(self, step: Pipeline, seconds: float, /) -> Pipeline:
        return step  # of its steps, none has a time

    @override
    def cached(
        self, step: Pipeline, key: Pipeline | None = None, /, *, maxsize: int = 128
    ) -> Pipeline:
        return step  # results are kept of models alone

    @override
    def invoke(self, p: Pipeline, x: Any, /, **options: Any) -> Any:
        return p.invoke(x, _config(options))

    @override
    async def ainvoke(self, p: Pipeline, x: Any, /, **options: Any) -> Any:
        return await p.ainvoke(x, _config(options))

    @override
    def stream(self, p: Pipeline, x: Any, /, **options: Any) -> Generator[Any, None, None]:
        # What it returns is a generator, though it says no more than that it is an iterator.
        chunks: Any = p.stream(x, _config(options))
        return _generator(chunks)

    @override
    async def astream(self, p: Pipeline, x: Any, /, **options: Any) -> AsyncGenerator[Any, None]:
        async for chunk in p.astream(x, _config(options)):
            yield chunk

    @override
    def streamed(
        self, p: Pipeline, chunks: Iterable[Any], /, **options: Any
    ) -> Generator[Any, None, None]:
        return _generator(p.transform(iter(chunks), _config(options)))

    @override
    async def astreamed(
        self, p: Pipeline, chunks: Iterable[Any], /, **options: Any
    ) -> AsyncGenerator[Any, None]:
        async for chunk in p.atransform(_arriving(chunks), _config(options)):
            yield chunk

    @override
    def batch(self, p: Pipeline, xs: Iterable[Any], /, **options: Any) -> list[Any]:
        return p.batch([*xs], _config(options))

    @override
    async def abatch(self, p: Pipeline, xs: Iterable[Any], /, **options: Any) -> list[Any]:
        return await p.abatch([*xs], _config(options))

    @override
    def outcomes(
        self, p: Pipeline, xs: Iterable[Any], /, **options: Any
    ) -> list[Result[Any, Exception]]:
        return [*map(_result, p.batch([*xs], _config(options), return_exceptions=True))]

    @override
    async def aoutcomes(
        self, p: Pipeline, xs: Iterable[Any], /, **options: Any
    ) -> list[Result[Any, Exception]]:
        found = await p.abatch([*xs], _config(options), return_exceptions=True)
        return [*map(_result, found)]

    @override
    def completed(
        self, p: Pipeline, xs: Iterable[Any], /, **options: Any
    ) -> Generator[tuple[int, Any], None, None]:
        yield from p.batch_as_completed([*xs], _config(options))

    @override
    async def acompleted(
        self, p: Pipeline, xs: Iterable[Any], /, **options: Any
    ) -> AsyncGenerator[tuple[int, Any], None]:
        async for item in p.abatch_as_completed([*xs], _config(options)):
            yield item

    @override
    def equal(self, p: Pipeline, q: Pipeline, /) -> bool:
        return p == q

    @override
    def hashed(self, p: Pipeline, /) -> int:
        return hash(p)

    @override
    def copied(self, p: Pipeline, /) -> Pipeline:
        return _runnable(pickle.loads(pickle.dumps(p)))  # noqa: S301 - written in this very line

    @override
    def written(self, p: Pipeline, /) -> str:
        return repr(p)

    @override
    def read(self, text: str, /) -> Pipeline:
        raise NotImplementedError(text)

    @override
    def declared(self, p: Pipeline, /) -> Collection[str]:
        return ()

    @override
    def drawn(self, p: Pipeline, /) -> str:
        return p.get_graph().draw_mermaid()


LANGCHAIN: Final = LangChain()


def _runnable(made: Any) -> Pipeline:  # noqa: ANN401 - what no checker knows
    pipeline: Pipeline = made
    return pipeline


def _config(options: Mapping[str, Any]) -> RunnableConfig:
    limit: int | None = options.get("limit")
    return {} if limit is None else {"max_concurrency": limit}


def _bodies(body: Callable[..., Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return a function to call and one to await: LangChain runs neither for the other."""
    # What a function is, is read off functions and not off objects that can be called.
    call = body if inspect.isroutine(body) else type(body).__call__
    is_async = inspect.isasyncgenfunction(call) or inspect.iscoroutinefunction(call)
    if inspect.isasyncgenfunction(call) or inspect.isgeneratorfunction(call):

        async def agenerate(x: Any) -> AsyncIterator[Any]:  # noqa: ANN401 - of any type
            if is_async:
                async for chunk in body(x):
                    yield chunk
            else:
                for chunk in body(x):
                    yield chunk

        def generate(x: Any) -> Iterator[Any]:  # noqa: ANN401 - of any type
            yield from asyncio.run(_collected(body(x))) if is_async else body(x)

        return generate, agenerate

    async def arun(x: Any) -> Any:  # noqa: ANN401 - of any type
        return await body(x) if is_async else body(x)

    def run(x: Any) -> Any:  # noqa: ANN401 - of any type
        return asyncio.run(body(x)) if is_async else body(x)

    return run, arun


async def _arriving(chunks: Iterable[Any]) -> AsyncIterator[Any]:
    for chunk in chunks:
        yield chunk


async def _collected(chunks: AsyncIterator[Any]) -> list[Any]:
    return [chunk async for chunk in chunks]


def _generator(chunks: Iterator[Any]) -> Generator[Any, None, None]:
    yield from chunks


def _holds(kind: Kind) -> Callable[[Any], bool]:
    return lambda x: x is None if kind.form is None else isinstance(x, kind.form)


def _refuse(_: object) -> Any:  # noqa: ANN401 - it never returns
    raise ValueError("no arm takes the value")


def _messages(prompt: Any) -> list[dict[str, str]]:  # noqa: ANN401 - a prompt value
    roles = {"human": "user"}
    messages: list[Any] = prompt.to_messages()
    return [
        {"role": str(roles.get(each.type, each.type)), "content": str(each.content)}
        for each in messages
    ]


def _text(prompt: Any) -> str:  # noqa: ANN401 - a prompt value
    return str(prompt.to_string())


def _values(found: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(found.values())


def _made(target: type[Any], found: Mapping[str, Any]) -> Any:  # noqa: ANN401 - of that class
    return target(**found)


def _without(keys: Collection[str], x: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in x.items() if key not in keys}


def _renamed(news: Mapping[str, str], x: Mapping[str, Any]) -> dict[str, Any]:
    return {news.get(key, key): value for key, value in x.items()}


def _arm(
    key: str, arms: Mapping[Any, Pipeline], default: Pipeline, x: Mapping[str, Any]
) -> Pipeline:
    return next((arms[name] for name in arms if name == x[key]), default)


def _caught(step: Pipeline, x: object) -> Result[Any, Exception]:
    try:
        return Success(step.invoke(x))
    except Exception as error:  # noqa: BLE001 - the outcome is the value
        return Failure(error)


async def _acaught(step: Pipeline, x: object) -> Result[Any, Exception]:
    try:
        return Success(await step.ainvoke(x))
    except Exception as error:  # noqa: BLE001 - the outcome is the value
        return Failure(error)


def _result(found: Any) -> Result[Any, Exception]:  # noqa: ANN401 - of any type
    return Failure(found) if isinstance(found, Exception) else Success(found)


def _changing(body: Callable[..., Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return a sync and an async step from chunks to chunks."""
    call = body if inspect.isroutine(body) else type(body).__call__
    is_async = inspect.isasyncgenfunction(call)

    def run(chunks: Iterator[Any]) -> Iterator[Any]:
        yield from asyncio.run(_collected(body(_arriving(chunks)))) if is_async else body(chunks)

    async def arun(chunks: AsyncIterator[Any]) -> AsyncIterator[Any]:
        if is_async:
            async for chunk in body(chunks):
                yield chunk
        else:
            for chunk in body(iter([chunk async for chunk in chunks])):
                yield chunk

    return run, arun

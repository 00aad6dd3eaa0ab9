"""Running chunk by chunk on an event loop: the twin of `stream` for async iterators."""

from __future__ import annotations

from contextlib import aclosing
from itertools import groupby
from typing import TYPE_CHECKING, Any, Self, TypeAlias, final

from combinators import _nodes as n
from combinators._errors import AbsentKeyError, EmptyStreamError, MergeError
from combinators._failures import locate, unlocate
from combinators._heap import Frame, on_heap
from combinators._labels import label, pipe_step
from combinators._run import aio, mappings
from combinators._run.chunks import fold
from combinators._run.places import Stretch
from combinators._run.steps import is_transformer
from combinators._run.tasks import in_thread

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator, Sequence

    from combinators._run.call import Turn
    from combinators._run.program import Program

Chunks: TypeAlias = "AsyncGenerator[Any, None]"
Transformer: TypeAlias = "Callable[[Upstream, Turn], Chunks]"


@final
class Upstream:
    """The chunks of the stage before, and the error that came with them, if one did."""

    def __init__(self, chunks: Chunks, segment: str = "") -> None:
        self._chunks = chunks
        self._segment = segment
        self.error: Exception | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        try:
            return await anext(self._chunks)
        except StopAsyncIteration:
            raise
        except Exception as error:
            self.error = error
            raise

    async def folded(self, name: str) -> Any:
        """Return all chunks as one value; where they do not merge, the stage before is to blame."""
        async with aclosing(self):
            chunks = [chunk async for chunk in self]
        try:
            return fold(chunks, name)
        except MergeError as error:
            self.error = error
            locate(error, self._segment)
            raise

    async def aclose(self) -> None:
        """Close the stage before."""
        await self._chunks.aclose()


async def _just(value: Any) -> Chunks:
    yield value


def program(node: n.Node, *, watch: bool) -> Callable[[Any, Turn], Chunks]:
    """Return what starts a stream of a tree."""
    transformer = compiled(node, watch=watch)
    return lambda x, turn: transformer(Upstream(_just(x)), turn)


def _compile(node: n.Node, *, watch: bool) -> Frame[Transformer]:
    if not is_transformer(node):
        return _whole(aio.compiled(node, watch=watch, limited=True), label(node))
    match node:
        case n.Step():
            return _generator(node, node.aio or _threaded(node))
        case n.Pipe(steps):
            transformer: Transformer = yield _pipe(steps, watch=watch)
            return transformer
        case n.Pick():
            return _picking(node)
        case n.Named(_, inner):
            transformer = yield _compile(inner, watch=watch)
            return transformer
        case n.Tap(seen):
            return _tapping(aio.compiled(seen, watch=watch, limited=True))
        case _:
            return _drained


compiled = on_heap(_compile)
compiled.__doc__ = "Return the transformer of chunks that a tree is."


def _pipe(steps: Sequence[n.Node], *, watch: bool) -> Frame[Transformer]:
    stages: list[tuple[Transformer, str]] = []
    first = 1
    for on_chunks, run in groupby(steps, key=is_transformer):
        group = list(run)
        if on_chunks:
            for position, step in enumerate(group, start=first):
                segment = pipe_step(position, step)
                stages.append((_located((yield _compile(step, watch=watch)), segment), segment))
        else:
            together = aio.compiled(Stretch(tuple(group), first), watch=watch, limited=True)
            stages.append((_whole(together, label(group[0])), ""))
        first += len(group)

    def run_pipe(chunks: Upstream, turn: Turn) -> Chunks:
        for stage, segment in stages:
            chunks = Upstream(stage(chunks, turn), segment)
        return _drained(chunks)

    return run_pipe


async def _drained(chunks: Upstream, _: Turn | None = None) -> Chunks:
    async with aclosing(chunks):
        async for chunk in chunks:
            yield chunk


def _located(transformer: Transformer, segment: str) -> Transformer:
    async def run(chunks: Upstream, turn: Turn) -> Chunks:
        try:
            async with aclosing(transformer(chunks, turn)) as source:
                async for chunk in source:
                    yield chunk
        except Exception as error:
            if error is not chunks.error:
                locate(error, segment)
            raise

    return run


def _whole(program: Program, name: str) -> Transformer:
    async def run(chunks: Upstream, turn: Turn) -> Chunks:
        value = await chunks.folded(name)
        yield await program(value, turn)

    return run


def _threaded(node: n.Step) -> Callable[[Any], Chunks]:
    """Return the async body of a sync generator: every chunk is computed on the pool."""
    body = node.function

    async def run(value: Any) -> Chunks:
        source: Generator[Any, None, None] = body(value)
        try:
            while (chunk := await in_thread(next, source, _END)) is not _END:
                yield chunk
        finally:
            await in_thread(source.close)

    return run


_END = object()


def _generator(node: n.Step, body: Callable[[Any], Chunks]) -> Transformer:
    name = label(node)

    async def run(chunks: Upstream, turn: Turn) -> Chunks:
        value = await chunks.folded(name)
        empty = True
        async with aclosing(body(value)) as source:
            while True:
                try:
                    async with turn.gate:
                        chunk = await anext(source, _END)
                except Exception as error:
                    unlocate(error)
                    raise
                if chunk is _END:
                    break
                empty = False
                yield chunk
        if empty:
            raise EmptyStreamError(name)

    return run


def _picking(node: n.Pick) -> Transformer:
    async def run(chunks: Upstream, _: Turn) -> Chunks:
        seen: dict[Any, None] = {}
        async with aclosing(chunks):
            async for chunk in chunks:
                part = mappings.read(chunk, (), node)
                if node.key in part:
                    yield part[node.key]
                seen.update(dict.fromkeys(part))
        if node.key not in seen:
            raise AbsentKeyError(label(node), [str(node.key)], [*seen])

    return run


def _tapping(watch: Program) -> Transformer:
    async def run(chunks: Upstream, turn: Turn) -> Chunks:
        passed: list[Any] = []
        async with aclosing(chunks):
            async for chunk in chunks:
                passed.append(chunk)
                yield chunk
        try:
            await watch(fold(passed, "tap"), turn)
        except Exception as error:
            locate(error, "tap")
            raise

    return run

"""Running chunk by chunk: a tree is compiled into a transformer of iterators.

Folding the chunks of `stream(x)` gives what `invoke(x)` gives. What cannot work
on chunks collects its input, and neighbours that cannot are one stage, run as a
whole. Closing a stage closes the one before it.
"""

from __future__ import annotations

from contextlib import closing
from itertools import groupby
from typing import TYPE_CHECKING, Any, Self, TypeAlias, final

from combinators import _nodes as n
from combinators._errors import AbsentKeyError, EmptyStreamError, MergeError
from combinators._failures import locate, unlocate
from combinators._heap import Frame, on_heap
from combinators._labels import label, pipe_step
from combinators._run import mappings, sync
from combinators._run.chunks import fold
from combinators._run.places import Stretch
from combinators._run.steps import is_transformer

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from combinators._run.call import Call
    from combinators._run.program import Program

Transformer: TypeAlias = "Callable[[Upstream, Call], Generator[Any, None, None]]"


@final
class Upstream:
    """The chunks of the stage before, and the error that came with them, if one did."""

    def __init__(self, chunks: Iterator[Any], segment: str = "") -> None:
        self._chunks = chunks
        self._segment = segment
        self.error: Exception | None = None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        try:
            return next(self._chunks)
        except StopIteration:
            raise
        except Exception as error:
            self.error = error
            raise

    def folded(self, name: str) -> Any:
        """Return all chunks as one value; where they do not merge, the stage before is to blame."""
        with closing(self):
            chunks = list(self)
        try:
            return fold(chunks, name)
        except MergeError as error:
            self.error = error
            locate(error, self._segment)
            raise

    def close(self) -> None:
        """Close the stage before, if it can be closed."""
        close = getattr(self._chunks, "close", None)
        if close is not None:
            close()


def _compile(node: n.Node, *, watch: bool) -> Frame[Transformer]:
    if not is_transformer(node):
        return _whole(sync.compiled(node, watch=watch), label(node))
    match node:
        case n.Step():
            return _generator(node)
        case n.Pipe(steps):
            transformer: Transformer = yield _pipe(steps, watch=watch)
            return transformer
        case n.Pick():
            return _picking(node)
        case n.Named(_, inner):
            transformer = yield _compile(inner, watch=watch)
            return transformer
        case n.Tap(seen):
            return _tapping(sync.compiled(seen, watch=watch))
        case _:
            return _passing


compiled = on_heap(_compile)
compiled.__doc__ = "Return the transformer of chunks that a tree is."


def started(node: n.Node, *, watch: bool) -> Callable[[Any, Call], Generator[Any, None, None]]:
    """Return what starts a stream of a tree of sync steps."""
    transformer = compiled(node, watch=watch)
    return lambda x, call: transformer(Upstream(iter((x,))), call)


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
            together = sync.compiled(Stretch(tuple(group), first), watch=watch)
            stages.append((_whole(together, label(group[0])), ""))
        first += len(group)

    def run_pipe(chunks: Upstream, call: Call) -> Generator[Any, None, None]:
        for stage, segment in stages:
            chunks = Upstream(stage(chunks, call), segment)
        return _drained(chunks)

    return run_pipe


def _drained(chunks: Upstream) -> Generator[Any, None, None]:
    try:
        yield from chunks
    finally:
        chunks.close()


def _located(transformer: Transformer, segment: str) -> Transformer:
    def run(chunks: Upstream, call: Call) -> Generator[Any, None, None]:
        try:
            yield from transformer(chunks, call)
        except Exception as error:
            if error is not chunks.error:
                locate(error, segment)
            raise

    return run


def _passing(chunks: Upstream, _: Call) -> Generator[Any, None, None]:
    return _drained(chunks)


def _whole(program: Program, name: str) -> Transformer:
    def run(chunks: Upstream, call: Call) -> Generator[Any, None, None]:
        yield program(chunks.folded(name), call)

    return run


def _generator(node: n.Step) -> Transformer:
    body, name = node.function, label(node)

    def run(chunks: Upstream, _: Call) -> Generator[Any, None, None]:
        source = body(chunks.folded(name))
        empty = True
        try:
            for chunk in source:
                empty = False
                yield chunk
        except Exception as error:
            unlocate(error)
            raise
        finally:
            source.close()
        if empty:
            raise EmptyStreamError(name)

    return run


def _picking(node: n.Pick) -> Transformer:
    def run(chunks: Upstream, _: Call) -> Generator[Any, None, None]:
        seen: dict[Any, None] = {}
        try:
            for chunk in chunks:
                part = mappings.read(chunk, (), node)
                if node.key in part:
                    yield part[node.key]
                seen.update(dict.fromkeys(part))
        finally:
            chunks.close()
        if node.key not in seen:
            raise AbsentKeyError(label(node), [str(node.key)], [*seen])

    return run


def _tapping(watch: Program) -> Transformer:
    def run(chunks: Upstream, call: Call) -> Generator[Any, None, None]:
        passed: list[Any] = []
        try:
            for chunk in chunks:
                passed.append(chunk)
                yield chunk
        finally:
            chunks.close()
        try:
            watch(fold(passed, "tap"), call)
        except Exception as error:
            locate(error, "tap")
            raise

    return run

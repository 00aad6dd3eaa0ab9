"""`transform`: functions from chunks to chunks as steps, and pipelines over chunks."""

from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Generator,
    Iterable,
    Iterator,
)
from typing import Any, assert_type

from combinators import Runnable, fanout, passthrough, pipe, transform
from tests.typing.cases.given import encode, encode_async, encoder, lines, measure, measurer


def encoded(chunks: Iterator[str]) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk.encode()


async def encoded_async(chunks: AsyncIterator[str]) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        yield chunk.encode()


def a_function_from_chunks_to_chunks_is_a_step() -> None:
    assert_type(transform(encoded), Runnable[str, bytes])
    assert_type(transform(encoded_async), Runnable[str, bytes])
    assert_type(transform(encoded, aio=encoded_async), Runnable[str, bytes])


def generated(chunks: Iterable[str]) -> Generator[bytes, None, None]:
    for chunk in chunks:
        yield chunk.encode()


async def generated_async(chunks: AsyncIterable[str]) -> AsyncGenerator[bytes, None]:
    async for chunk in chunks:
        yield chunk.encode()


def mapped(chunks: Iterator[str]) -> "map[bytes]":
    return map(str.encode, chunks)


def a_body_may_take_more_and_give_a_kind_of_iterator() -> None:
    assert_type(transform(generated), Runnable[str, bytes])
    assert_type(transform(generated_async), Runnable[str, bytes])
    assert_type(transform(generated, aio=generated_async), Runnable[str, bytes])
    assert_type(transform(mapped), Runnable[str, bytes])
    assert_type(transform(mapped, aio=generated_async), Runnable[str, bytes])


def bounded(chunks: Iterable[object]) -> Iterator[str]:
    return map(str, chunks)


async def bounded_async(chunks: AsyncIterator[object]) -> AsyncIterator[str]:
    async for chunk in chunks:
        yield str(chunk)


def the_async_body_may_take_more() -> None:
    assert_type(transform(encoded, aio=generated_async), Runnable[str, bytes])
    assert_type(transform(bounded, aio=bounded_async), Runnable[object, str])


@transform
def decorated(chunks: Iterator[str]) -> Iterator[bytes]:
    yield from encoded(chunks)


@transform
async def decorated_async(chunks: AsyncIterator[str]) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        yield chunk.encode()


def a_decorated_body_is_a_step() -> None:
    assert_type(decorated, Runnable[str, bytes])
    assert_type(decorated_async, Runnable[str, bytes])


def a_transform_goes_with_steps_of_every_kind() -> None:
    assert_type(decorated | measure, Runnable[str, int])
    assert_type(decorated_async | measurer, Runnable[str, int])
    assert_type(pipe(str, decorated, measure), Runnable[object, int])
    assert_type(pipe(passthrough(str), decorated_async), Runnable[str, bytes])
    assert_type(pipe(encode_async, transform(sizes)), Runnable[str, int])
    assert_type(pipe(lines, transform(sizes_async)), Runnable[str, int])
    both: Runnable[str, dict[str, Any]] = fanout(a=decorated, b=encode)
    assert_type(both.invoke("text"), dict[str, Any])
    assert_type(fanout(decorated, decorated_async | measure), Runnable[str, tuple[bytes, int]])


def sizes(chunks: Iterator[bytes]) -> Iterator[int]:
    return map(len, chunks)


async def sizes_async(chunks: AsyncIterator[bytes]) -> AsyncIterator[int]:
    async for chunk in chunks:
        yield len(chunk)


def chunks_give_chunks() -> None:
    chunks: Iterator[bytes] = encoder.transform(["a", "b"])
    assert_type(list(chunks), list[bytes])
    assert_type(list(decorated.transform(iter("ab"), limit=1)), list[bytes])
    assert_type(list((decorated | measure).transform(["a"], check_mutation=True)), list[int])
    assert_type(decorated.invoke("text"), bytes)
    encoder.transform(["a"]).close()


async def chunks_give_chunks_async(texts: AsyncIterator[str]) -> None:
    chunks: AsyncIterator[bytes] = encoder.atransform(texts)
    assert_type([chunk async for chunk in chunks], list[bytes])
    pieces = (decorated_async | measure).atransform(["a", "b"], limit=None, check_mutation=True)
    assert_type([size async for size in pieces], list[int])
    assert_type(await decorated_async.ainvoke("text"), bytes)
    await encoder.atransform(texts).aclose()

"""`runnable`: a function, a pair of functions, or a method as a step."""

from typing import assert_type

from combinators import Runnable, runnable
from tests.typing.cases.given import encode, encode_async, lines, lines_async


def a_function_of_any_kind_is_a_step() -> None:
    assert_type(runnable(encode), Runnable[str, bytes])
    assert_type(runnable(encode_async), Runnable[str, bytes])
    assert_type(runnable(lines), Runnable[str, bytes])
    assert_type(runnable(lines_async), Runnable[str, bytes])
    assert_type(runnable(encode, inline=True), Runnable[str, bytes])


def a_sync_body_goes_with_an_async_one() -> None:
    assert_type(runnable(encode, aio=encode_async), Runnable[str, bytes])
    assert_type(runnable(lines, aio=lines_async), Runnable[str, bytes])
    assert_type(runnable(encode, aio=encode_async, inline=True), Runnable[str, bytes])


@runnable
def decorated(text: str) -> bytes:
    return text.encode()


@runnable
async def decorated_async(text: str) -> bytes:
    return text.encode()


@runnable(inline=True)
def decorated_with_options(text: str) -> bytes:
    return text.encode()


def a_decorated_function_is_a_step() -> None:
    assert_type(decorated, Runnable[str, bytes])
    assert_type(decorated_async, Runnable[str, bytes])
    assert_type(decorated_with_options, Runnable[str, bytes])


class Codec:
    @runnable
    def encode(self, text: str) -> bytes:
        return text.encode()

    @runnable
    async def encode_async(self, text: str) -> bytes:
        return text.encode()

    @runnable(inline=True)
    def encode_inline(self, text: str) -> bytes:
        return text.encode()


def a_decorated_method_is_a_step_of_each_object() -> None:
    assert_type(Codec().encode, Runnable[str, bytes])
    assert_type(Codec().encode_async, Runnable[str, bytes])
    assert_type(Codec().encode_inline, Runnable[str, bytes])
    assert_type(Codec.encode(Codec(), "text"), bytes)

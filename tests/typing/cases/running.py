"""Running: what comes back, whole, in chunks, one by one."""

from collections.abc import AsyncIterator, Iterator
from typing import assert_type

from returns.result import Result

from combinators import Runnable
from tests.typing.cases.given import encoder


def one_input_gives_one_output() -> None:
    assert_type(encoder.invoke("text"), bytes)
    assert_type(encoder.invoke("text", limit=1, check_mutation=True), bytes)
    chunks: Iterator[bytes] = encoder.stream("text")
    assert_type(list(chunks), list[bytes])


async def one_input_gives_one_output_async() -> None:
    assert_type(await encoder.ainvoke("text"), bytes)
    chunks: AsyncIterator[bytes] = encoder.astream("text", limit=2)
    assert_type([chunk async for chunk in chunks], list[bytes])


def many_inputs_give_as_many_outputs() -> None:
    assert_type(encoder.batch(["a", "b"]), list[bytes])
    assert_type(encoder.batch(iter("ab"), limit=None, errors="raise"), list[bytes])
    assert_type(encoder.batch(["a"], errors="collect"), list[Result[bytes, Exception]])
    one_by_one: Iterator[tuple[int, bytes]] = encoder.batch_as_completed(["a"])
    collected: Iterator[tuple[int, Result[bytes, Exception]]] = encoder.batch_as_completed(
        ["a"], errors="collect"
    )
    assert_type(dict(one_by_one), dict[int, bytes])
    assert_type(dict(collected), dict[int, Result[bytes, Exception]])


async def many_inputs_give_as_many_outputs_async(texts: AsyncIterator[str]) -> None:
    assert_type(await encoder.abatch(["a", "b"]), list[bytes])
    assert_type(await encoder.abatch(texts, errors="collect"), list[Result[bytes, Exception]])
    one_by_one: AsyncIterator[tuple[int, bytes]] = encoder.abatch_as_completed(texts)
    assert_type([each async for each in one_by_one], list[tuple[int, bytes]])


def an_attempt_is_a_result() -> None:
    assert_type(encoder.attempt(), Runnable[str, Result[bytes, Exception]])
    assert_type(encoder.attempt().invoke("text"), Result[bytes, Exception])


def drawings_are_text() -> None:
    assert_type(encoder.draw(), str)
    assert_type(encoder.draw("mermaid"), str)

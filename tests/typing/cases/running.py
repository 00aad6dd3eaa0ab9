"""Running: what comes back, whole, in chunks, one by one."""

from collections.abc import AsyncIterator, Iterator
from typing import assert_type

from returns.result import Result
from typing_extensions import override

from combinators import Event, Observer, Run, Runnable
from tests.typing.cases.given import encoder


class Watching(Observer):
    """An observer that looks at runs and events."""

    @override
    def on_start(self, event: Event, /) -> None:
        assert_type(event.run, Run)
        assert_type((event.run.kind, event.run.name, event.run.path), tuple[str, str, str])
        assert_type(event.run.parent, Run | None)
        assert_type(event.time_ns, int)

    @override
    def on_enter(self, run: Run, /) -> None:
        assert_type(run.number, int | None)
        assert_type(run.total, int | None)


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


def observers_are_told_of_calls_and_batches() -> None:
    told = [Watching(), Watching()]
    assert_type(encoder.invoke("text", observers=told), bytes)
    assert_type(encoder.batch(["a"], observers=[Watching()]), list[bytes])
    chunks: Iterator[bytes] = encoder.stream("text", observers=(Watching(), Observer()))
    assert_type(list(chunks), list[bytes])
    assert_type(list(encoder.transform(["a"], observers=told)), list[bytes])


async def observers_are_told_of_calls_and_batches_async(texts: AsyncIterator[str]) -> None:
    assert_type(await encoder.ainvoke("text", observers=[Watching()]), bytes)
    assert_type(await encoder.abatch(texts, observers=()), list[bytes])
    one_by_one: AsyncIterator[tuple[int, bytes]] = encoder.abatch_as_completed(
        texts, observers=[Watching()]
    )
    assert_type([each async for each in one_by_one], list[tuple[int, bytes]])


def an_attempt_is_a_result() -> None:
    assert_type(encoder.attempt(), Runnable[str, Result[bytes, Exception]])
    assert_type(encoder.attempt().invoke("text"), Result[bytes, Exception])


def drawings_are_text() -> None:
    assert_type(encoder.draw(), str)
    assert_type(encoder.draw("mermaid"), str)

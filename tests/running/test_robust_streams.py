"""Robust steps that stream: they get their input, and give on what comes of it."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Final

import anyio.lowlevel
import pytest
from typing_extensions import override

from combinators import (
    EmptyStreamError,
    Event,
    MergeError,
    Observer,
    Runnable,
    fanout,
    passthrough,
    pipe,
    runnable,
    transform,
)
from combinators._run.chunks import merged
from tests.running.ways import AnyStep, Loop, collected, note_of


def spelt(text: str) -> Iterator[str]:
    yield from text


async def aspelt(text: str) -> AsyncIterator[str]:
    for letter in text:
        await anyio.lowlevel.checkpoint()
        yield letter


NOTHING: Final[dict[str, str]] = {}


def refused(text: str) -> Iterator[str]:
    yield NOTHING[text]


async def arefused(text: str) -> AsyncIterator[str]:
    yield NOTHING[text]


def passing(chunks: Iterator[str]) -> Iterator[str]:
    yield from chunks


STEPS: Final[tuple[AnyStep, ...]] = (spelt, aspelt, runnable(spelt, aio=aspelt))
METHODS: Final[dict[str, Callable[[Runnable[Any, Any]], Runnable[Any, Any]]]] = {
    "retry": lambda r: r.retry(on=KeyError, attempts=2, backoff=[0]),
    "fallback": lambda r: r.fallback(refused),
    "fallback of what fails": lambda r: runnable(refused).fallback(r),
    "fallback of what fails on a loop": lambda r: runnable(arefused).fallback(r),
    "timeout": lambda r: r.timeout(seconds=60),
    "cached": lambda r: r.cached(),
    "named": lambda r: r.named("part"),
    "several": lambda r: r.retry(on=KeyError, attempts=2).timeout(seconds=60).named("part"),
}


@pytest.mark.parametrize("observers", [(), (Observer(),)])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("method", METHODS)
def test_what_streams_has_its_input_behind_every_method(
    run: Loop, method: str, step: AnyStep, observers: tuple[Observer, ...]
) -> None:
    one = METHODS[method](runnable(step))
    every = pipe(str.upper, {"a": one, "b": pipe(one, one), "c": passthrough(str)})
    assert "".join(one.stream("ab", observers=observers)) == "ab"
    assert "".join(run(collected(one.astream("ab", observers=observers)))) == "ab"
    for chunks in (
        [*every.stream("ab", observers=observers)],
        run(collected(every.astream("ab", observers=observers))),
    ):
        assert merged(chunks) == {"a": "AB", "b": "AB", "c": "AB"}


@pytest.mark.parametrize("observers", [(), (Observer(),)])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("method", METHODS)
def test_what_comes_in_chunks_every_method_has_as_a_whole(
    run: Loop, method: str, step: AnyStep, observers: tuple[Observer, ...]
) -> None:
    r: Any = pipe(transform(passing), METHODS[method](runnable(step)))
    assert "".join(r.transform(["ab", "c"], observers=observers)) == "abc"
    assert "".join(run(collected(r.atransform(["ab", "c"], observers=observers)))) == "abc"


@pytest.mark.parametrize("step", STEPS)
def test_what_a_stream_keeps_is_found_by_its_key(run: Loop, step: AnyStep) -> None:
    r: Any = runnable(step).cached(key=len)
    assert "".join(r.stream("ab")) == "ab"
    assert [*r.stream("cd")] == ["ab"]
    assert run(collected(r.astream("ef"))) == ["ab"]
    other: Any = runnable(step).cached(key=len)
    assert "".join(run(collected(other.astream("ab")))) == "ab"
    assert run(collected(other.astream("cd"))) == ["ab"]


class Inputs(Observer):
    """Keeps what each run was given."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, object]] = []

    @override
    def on_start(self, event: Event, /) -> None:
        self.heard.append((event.run.kind, event.value))


@pytest.mark.parametrize("step", STEPS)
def test_observers_hear_what_each_part_of_a_stream_is_given(run: Loop, step: AnyStep) -> None:
    r: Any = runnable(refused).fallback(step).retry(on=ValueError, attempts=2)
    once, on_a_loop = Inputs(), Inputs()
    assert "".join(r.cached().stream("ab", observers=[once])) == "ab"
    assert "".join(run(collected(r.cached().astream("ab", observers=[on_a_loop])))) == "ab"
    kinds = ["call", "cached", "retry", "try", "fallback", "step", "step"]
    assert once.heard == on_a_loop.heard == [(kind, "ab") for kind in kinds]


def no_letters(chunks: Iterator[str]) -> Iterator[str]:
    return (chunk for chunk in chunks if chunk.isdigit())


def numbers(chunks: Iterator[str]) -> Iterator[str | int]:
    return (int(chunk, 16) if chunk == "b" else chunk for chunk in chunks)


def ratios(chunks: Iterator[str]) -> Iterator[str]:
    return (str(1 // chunk.count("x")) for chunk in chunks)


@pytest.mark.parametrize("observers", [(), (Observer(),)])
@pytest.mark.parametrize(
    ("source", "raised"),
    [
        (no_letters, (EmptyStreamError, "transform no_letters yielded no chunk")),
        (numbers, (MergeError, "int cannot be merged")),
        (ratios, (ZeroDivisionError, "zero")),
    ],
)
@pytest.mark.parametrize("part", [pipe(str.upper, spelt), fanout(a=passthrough(str), b=len)])
def test_what_is_wrong_with_the_chunks_that_a_named_part_is_given_is_the_fault_of_their_source(
    run: Loop,
    part: Runnable[Any, Any],
    source: Callable[[Iterator[str]], Iterator[Any]],
    raised: tuple[type[Exception], str],
    observers: tuple[Observer, ...],
) -> None:
    r: Any = pipe(transform(source), part.named("part"))
    reads: list[Callable[[], object]] = [
        lambda: [*r.transform(["a", "b"], observers=observers)],
        lambda: run(collected(r.atransform(["a", "b"], observers=observers))),
    ]
    for read in reads:
        with pytest.raises(raised[0], match=raised[1]) as caught:
            read()
        assert note_of(caught.value) == f"at pipe step 1 (transform {source.__name__})"

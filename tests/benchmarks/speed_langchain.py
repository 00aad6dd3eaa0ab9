"""The same work, as LangChain spells it. Imported only where it is measured."""

from collections.abc import Callable, Iterator
from importlib import import_module
from operator import attrgetter
from time import perf_counter, process_time
from typing import Any, TypeAlias

from tests.benchmarks.speed_steps import ainc, chunks, inc, waiting
from tests.benchmarks.timing import Clock, Runs, awaits, calls

Foreign: TypeAlias = Any  # what comes from there has no types here


def _made(name: str, *arguments: object) -> Foreign:
    return getattr(import_module("langchain_core.runnables"), name)(*arguments)


def _step(function: Callable[..., Any]) -> Foreign:
    return _made("RunnableLambda", function)


def _parallel(branches: dict[str, Any]) -> Foreign:
    return _made("RunnableParallel", branches)


def _sequence(step: Foreign, length: int) -> Foreign:
    return _made("RunnableSequence", *[step] * length) if length > 1 else step


def _invoked(r: Foreign, value: object, clock: Clock = process_time) -> Runs:
    return calls("r.invoke(value)", clock, r=r, value=value)


def chain(length: int) -> Runs:
    return _invoked(_sequence(_step(inc), length), 1)


def awaited_chain(length: int) -> Runs:
    return awaits(_sequence(_step(ainc), length).ainvoke, 1)


def fanout() -> Runs:
    branches = dict.fromkeys("abcdefg", _step(inc)) | {"h": _made("RunnablePassthrough")}
    return _invoked(_parallel(branches), 1)


def assign() -> Runs:
    added = {new: _step(_then_inc(old)) for new, old in zip("ijkl", "abcd", strict=True)}
    return _invoked(_made("RunnablePassthrough").assign(**added), dict.fromkeys("abcdefgh", 1))


def _then_inc(key: str) -> Callable[[dict[str, int]], int]:
    return lambda x: inc(x[key])


def picks() -> Runs:
    whole = _made("RunnablePassthrough") | _step(dict).pick([*"abcdefgh"])
    return _invoked(whole, dict.fromkeys("abcdefgh", 1))


def retrieval() -> Runs:
    prompts: Foreign = import_module("langchain_core.prompts")
    prompt = prompts.PromptTemplate.from_template("Answer from {context}: {question}")
    branches = _parallel({"context": _step(str.upper), "question": _made("RunnablePassthrough")})
    whole = branches | prompt | _step(attrgetter("text")) | _step(str)
    return _invoked(whole, "why")


def dispatched(width: int) -> Runs:
    return _invoked(_parallel({f"k{i}": _step(inc) for i in range(width)}), 1, perf_counter)


def tasks(step: Callable[[int], Any], width: int) -> Runs:
    return awaits(_parallel({f"k{i}": _step(step) for i in range(width)}).ainvoke, 1)


def wide(width: int, seconds: float) -> Runs:
    return _invoked(
        _parallel({f"k{i}": _step(waiting(seconds)) for i in range(width)}), 1, perf_counter
    )


def nested(depth: int) -> Runs:
    tree = _step(waiting(0.1))
    for _ in range(depth):
        tree = _parallel({"a": tree, "b": tree, "c": tree})
    return _invoked(tree, 1, perf_counter)


def batch() -> Runs:
    return calls("r.batch(numbers)", perf_counter, r=_step(inc), numbers=[*range(1000)])


def abatch() -> Runs:
    return awaits(_step(ainc).abatch, [*range(1000)])


def first_chunk() -> Runs:
    def through(source: Iterator[int]) -> Iterator[int]:
        for n in source:
            yield from chunks(n)

    whole = _step(inc) | _step(inc) | _made("RunnableGenerator", through)
    return calls("next(r.stream(1))", r=whole)

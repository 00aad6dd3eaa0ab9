"""What is measured, as data: each row is the same work here, by hand, and in LangChain."""

import asyncio
import contextvars
import math
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from time import perf_counter, process_time
from typing import Any, Final, final

from typing_extensions import override

from combinators import (
    Event,
    Observer,
    Runnable,
    assign,
    fanout,
    passthrough,
    pick,
    pipe,
    runnable,
    template,
    transform,
)
from tests.benchmarks import speed_executors as elsewhere, speed_langchain as theirs
from tests.benchmarks.speed_steps import (
    CHUNKS,
    achunks,
    ainc,
    asuspend,
    awaited_by_hand,
    awaiting,
    by_hand,
    chunks,
    inc,
    waiting,
)
from tests.benchmarks.timing import (
    FLOOR,
    OURS,
    Clock,
    Round,
    Runs,
    awaits,
    by_turns,
    calls,
    drains,
    once,
    takes,
)

Sides = Mapping[str, Runs]
INLINE: Final = runnable(inc, inline=True)
RECORD: Final = {key: ord(key) for key in "abcdefgh"}


@final
@dataclass(frozen=True, slots=True)
class Row:
    """One measure: what ours may be, at most, of the floor."""

    name: str
    floor: str
    target: float
    sides: Callable[[], Sides]
    langchain: Callable[[], Runs] | None = None
    gated: bool = False  # quick and steady enough for every run of the suite
    slow: bool = False  # seconds a round
    timed: bool = True  # or a number of another kind

    def rounds(self, *, peers: bool) -> Round:
        """Return the rounds of this row, with LangChain where peers are asked for."""
        beside = {"langchain": self.langchain()} if peers and self.langchain else {}
        return (by_turns if self.timed else once)({**self.sides(), **beside})


def invoked(r: Runnable[Any, Any], value: object, clock: Clock = process_time) -> Runs:
    """Return the time of an `invoke`."""
    return calls("r.invoke(value)", clock, r=r, value=value)


def applied(f: Callable[[Any], object], value: object, clock: Clock = process_time) -> Runs:
    """Return the time of a call."""
    return calls("f(value)", clock, f=f, value=value)


# --- One call -------------------------------------------------------------------


def chain(length: int) -> Sides:
    return {
        OURS: invoked(pipe(*[inc] * length), 1),
        FLOOR: applied(by_hand(length), 1),
    }


def awaited_chain(length: int) -> Sides:
    return {
        OURS: awaits(pipe(*[ainc] * length).ainvoke, 1),
        FLOOR: awaits(awaited_by_hand(length), 1),
    }


def cheap_fanout() -> Sides:
    def by_hand(n: int) -> object:
        return {
            "a": inc(n), "b": inc(n), "c": inc(n), "d": inc(n),
            "e": inc(n), "f": inc(n), "g": inc(n), "h": n,
        }  # fmt: skip

    ours = fanout({**dict.fromkeys("abcdefg", INLINE), "h": passthrough()})
    return {OURS: invoked(ours, 1), FLOOR: applied(by_hand, 1)}


def cheap_assign() -> Sides:
    def by_hand(x: dict[str, int]) -> object:
        return {**x, "i": inc(x["a"]), "j": inc(x["b"]), "k": inc(x["c"]), "l": inc(x["d"])}

    ours = assign(**{new: pick(old) | INLINE for new, old in zip("ijkl", "abcd", strict=True)})
    return {OURS: invoked(ours, RECORD), FLOOR: applied(by_hand, RECORD)}


def picks() -> Sides:
    def by_hand(x: dict[str, int]) -> object:
        return {
            "a": x["a"], "b": x["b"], "c": x["c"], "d": x["d"],
            "e": x["e"], "f": x["f"], "g": x["g"], "h": x["h"],
        }  # fmt: skip

    return {OURS: invoked(pick(*"abcdefgh"), RECORD), FLOOR: applied(by_hand, RECORD)}


def rearranging() -> Sides:
    def by_hand(n: int) -> object:
        x = {"a": inc(n), "b": inc(n), "c": n}
        x = {**x, "d": inc(x["a"]), "e": inc(x["b"])}
        return {"a": x["a"], "d": x["d"], "e": x["e"]}

    ours = pipe(
        fanout(a=INLINE, b=INLINE, c=passthrough()),
        assign(d=pick("a") | INLINE, e=pick("b") | INLINE),
        pick("a", "d", "e"),
    )
    return {OURS: invoked(ours, 1), FLOOR: applied(by_hand, 1)}


PROMPT: Final = "Answer from {context}: {question}"


def retrieve(question: str) -> str:
    return question.upper()


def answer(prompt: str) -> list[str]:
    return [prompt]


def parse(message: list[str]) -> str:
    return message[0]


RETRIEVAL: Final = pipe(
    {"context": retrieve, "question": passthrough(str)}, template(PROMPT), answer, parse
)


def retrieved_by_hand(question: str) -> str:
    values = {"context": retrieve(question), "question": question}
    return parse(answer(PROMPT.format(**values)))


def retrieval() -> Sides:
    return {OURS: invoked(RETRIEVAL, "why"), FLOOR: applied(retrieved_by_hand, "why")}


@final
class Idle(Observer):
    """An observer that does nothing with what it is told."""

    @override
    def on_start(self, event: Event, /) -> None:
        pass

    @override
    def on_end(self, event: Event, /) -> None:
        pass


def observed_retrieval() -> Sides:
    observed = calls("r.invoke('why', observers=observers)", r=RETRIEVAL, observers=(Idle(),))
    return {OURS: observed, FLOOR: applied(retrieved_by_hand, "why")}


# --- Branches ---------------------------------------------------------------------


def dispatched(width: int) -> Sides:
    executor = ThreadPoolExecutor(32)
    keys = [f"k{i}" for i in range(width)]

    def by_executor(n: int) -> dict[str, int]:
        futures = {key: executor.submit(contextvars.copy_context().run, inc, n) for key in keys}
        return {key: future.result() for key, future in futures.items()}

    return {
        OURS: invoked(fanout(dict.fromkeys(keys, inc)), 1, perf_counter),
        FLOOR: applied(by_executor, 1, perf_counter),
    }


def tasks(step: Callable[[int], Any], width: int) -> Sides:
    keys = [f"k{i}" for i in range(width)]

    async def by_group(n: int) -> dict[str, int]:
        async with asyncio.TaskGroup() as group:
            running = {key: group.create_task(step(n)) for key in keys}
        return {key: task.result() for key, task in running.items()}

    return {OURS: awaits(fanout(dict.fromkeys(keys, step)).ainvoke, 1), FLOOR: awaits(by_group, 1)}


def wide(width: int, seconds: float) -> Sides:
    branches = {f"k{i}": waiting(seconds) for i in range(width)}
    return {OURS: invoked(fanout(branches), 1, perf_counter), FLOOR: takes(seconds)}


def awaited_wide(width: int, seconds: float) -> Sides:
    branches = {f"k{i}": awaiting(seconds) for i in range(width)}
    return {OURS: awaits(fanout(branches).ainvoke, 1, perf_counter), FLOOR: takes(seconds)}


def nested(depth: int) -> Sides:
    tree: Runnable[int, Any] = runnable(waiting(0.1))
    for _ in range(depth):
        tree = fanout(a=tree, b=tree, c=tree)
    return {OURS: invoked(tree, 1, perf_counter), FLOOR: takes(0.1)}


# --- Many inputs --------------------------------------------------------------------


def batch() -> Sides:
    numbers = range(1000)
    return {
        OURS: calls("r.batch(numbers)", perf_counter, r=runnable(inc), numbers=numbers),
        FLOOR: calls("[inc(n) for n in numbers]", perf_counter, inc=inc, numbers=numbers),
    }


def abatch() -> Sides:
    async def by_hand(numbers: range) -> list[int]:
        return [await ainc(n) for n in numbers]

    return {OURS: awaits(runnable(ainc).abatch, range(1000)), FLOOR: awaits(by_hand, range(1000))}


def batch_of_fanouts() -> Sides:
    branches = fanout({f"k{i}": waiting(0.02) for i in range(4)})
    return {
        OURS: calls("r.batch(numbers, limit=8)", perf_counter, r=branches, numbers=range(64)),
        FLOOR: takes(64 * 4 * 0.02 / 8),
    }


# --- Chunks -------------------------------------------------------------------------


def streamed() -> Sides:
    def through(source: Iterator[int]) -> Iterator[int]:
        yield from source

    ours = pipe(passthrough(), chunks).tap(id)
    return {
        OURS: drains(lambda: ours.stream(1)),
        FLOOR: drains(lambda: through(through(chunks(1)))),
    }


def astreamed() -> Sides:
    async def through(source: AsyncIterator[int]) -> AsyncIterator[int]:
        async for chunk in source:
            yield chunk

    ours = pipe(passthrough(), achunks).tap(id)
    return {
        OURS: drains(lambda: ours.astream(1)),
        FLOOR: drains(lambda: through(through(achunks(1)))),
    }


def through(source: Iterator[int]) -> Iterator[int]:
    yield from source


def transformed() -> Sides:
    ours = pipe(chunks, transform(through), transform(through))
    return {
        OURS: drains(lambda: ours.stream(1)),
        FLOOR: drains(lambda: through(through(chunks(1)))),
    }


def streamed_fanout() -> Sides:
    def by_hand() -> Iterator[dict[str, int]]:
        for a, b in zip(chunks(1), chunks(1), strict=True):
            yield {"a": a}
            yield {"b": b}

    ours = fanout(a=chunks, b=chunks)
    return {OURS: drains(lambda: ours.stream(1)), FLOOR: drains(by_hand)}


def awaited_fanout() -> Sides:
    async def by_hand() -> AsyncIterator[dict[str, int]]:
        other = achunks(1)
        async for a in achunks(1):
            yield {"a": a}
            yield {"b": await anext(other)}

    ours = fanout(a=achunks, b=achunks)
    return {OURS: drains(lambda: ours.astream(1)), FLOOR: drains(by_hand)}


def first_chunk() -> Sides:
    ours = pipe(inc, inc, chunks)
    return {
        OURS: calls("next(r.stream(1))", r=ours),
        FLOOR: calls("next(chunks(inc(inc(1))))", inc=inc, chunks=chunks),
    }


# --- Growth and memory ----------------------------------------------------------------


def grows(seconds: Callable[[int], float]) -> Sides:
    """Return the exponent with which the time grows from 1,000 to 10,000 steps."""

    def exponent(_: int) -> float:
        small, large = (min(seconds(length) for _ in range(3)) for length in (1000, 10_000))
        return math.log10(large / small)

    return {OURS: exponent, FLOOR: lambda _: 1.0}


def _long(length: int, step: Callable[[int], Any] = inc) -> Runnable[int, Any]:
    return pipe(*[step] * length)


def _once(call: Callable[[], object]) -> float:
    begin = process_time()
    call()
    return process_time() - begin


def building(length: int) -> float:
    def loop() -> object:
        whole = step = runnable(inc)
        for _ in range(length):
            whole = whole | step
        return hash(whole)

    return _once(loop)


def first_invoke(length: int) -> float:
    return _once(partial(_long(length).invoke, 1))


def first_ainvoke(length: int) -> float:
    return _once(lambda: asyncio.run(_long(length, ainc).ainvoke(1)))


def first_stream(length: int) -> float:
    return _once(lambda: list(_long(length).stream(1)))


def written_out(length: int) -> float:
    return _once(partial(repr, _long(length)))


def _bytes_of(make: Callable[[], object]) -> int:
    """Return how much memory what is made takes, and keeps."""
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    kept = make()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return after - before


def bytes_a_chain(_: int) -> float:
    f, g, h = runnable(inc), runnable(abs), runnable(str)
    (f | g | h).invoke(1)  # what chains of this shape share

    def many() -> list[object]:
        chains = [f | g | h for _ in range(1000)]
        for each in chains:
            each.invoke(1)
        return [chains]

    return (_bytes_of(many) - 8000) / 1000


def bytes_a_call(_: int) -> float:
    ours = pipe(inc, abs, inc)
    ours.invoke(1)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    ours.invoke(1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return float(peak - before)


def peak_of_a_batch() -> Sides:
    def peak(call: Callable[[], object]) -> float:
        call()
        tracemalloc.start()
        call()
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return float(most)

    numbers = range(1000, 2000)
    return {
        OURS: lambda _: peak(lambda: runnable(inc).batch(numbers)),
        FLOOR: lambda _: peak(lambda: [inc(n) for n in numbers]),
    }


def _number(measure: Callable[[int], float]) -> Callable[[], Sides]:
    return lambda: {OURS: measure, FLOOR: lambda _: 1.0}


# --- The table ------------------------------------------------------------------------

INVOKED: Final = ((1, 2.0), (3, 1.7), (10, 1.25), (100, 1.2))
AWAITED: Final = ((3, 1.15), (10, 1.1), (100, 1.1))
WIDE: Final = ((8, 1.02), (32, 1.03), (128, 1.08), (512, 1.5))
NESTED: Final = ((2, 1.02), (3, 1.03), (4, 1.06))

ROWS: Final[Sequence[Row]] = (
    *[
        Row(
            f"`invoke`, chain of {n}", "plain calls", target, partial(chain, n),
            partial(theirs.chain, n), gated=True,
        )
        for n, target in INVOKED
    ],
    *[
        Row(
            f"`ainvoke`, chain of {n}", "plain awaits", target, partial(awaited_chain, n),
            partial(theirs.awaited_chain, n), gated=True,
        )
        for n, target in AWAITED
    ],
    Row("fan-out, `assign` and `pick`, of cheap branches", "dict literals", 1.2, rearranging,
        gated=True),
    Row("fan-out of 8 cheap branches", "a dict literal", 1.2, cheap_fanout, theirs.fanout,
        gated=True),
    Row("`assign` of 4 keys to 8", "a dict literal", 1.2, cheap_assign, theirs.assign, gated=True),
    Row("`pick` of 8 keys", "a dict literal", 1.2, picks, theirs.picks, gated=True),
    Row("retrieval chain", "the code by hand", 1.1, retrieval, theirs.retrieval, gated=True),
    Row("retrieval chain, nobody observing", "the code by hand", 1.06, retrieval, gated=True),
    Row("retrieval chain, one observer", "the code by hand", 6, observed_retrieval, gated=True),
    *[
        Row(
            f"{n} trivial branches", "a shared ThreadPoolExecutor", 0.2, partial(dispatched, n),
            partial(theirs.dispatched, n), gated=True,
        )
        for n in (2, 8)
    ],
    *[
        Row(f"{n} async branches that never suspend", "asyncio.TaskGroup", 0.25,
            partial(tasks, ainc, n), partial(theirs.tasks, ainc, n), gated=True)
        for n in (2, 8)
    ],
    *[
        Row(f"{n} async branches that suspend", "asyncio.TaskGroup", 1.05,
            partial(tasks, asuspend, n), partial(theirs.tasks, asuspend, n), gated=True)
        for n in (2, 8)
    ],
    Row("2 branches of 600 ms", "600 ms", 1.003, partial(wide, 2, 0.6),
        partial(theirs.wide, 2, 0.6), slow=True),
    *[
        Row(f"{n} branches of 100 ms", "100 ms", target, partial(wide, n, 0.1),
            partial(theirs.wide, n, 0.1), slow=True)
        for n, target in WIDE
    ],
    Row("512 async branches of 100 ms", "100 ms", 1.2, partial(awaited_wide, 512, 0.1), slow=True),
    *[
        Row(f"fan-outs of 3, nested {n} deep", "100 ms", target, partial(nested, n),
            partial(theirs.nested, n), slow=True)
        for n, target in NESTED
    ],
    Row("`batch` of 64 x 4 branches of 20 ms, 8 at once", "ideal", 1.08, batch_of_fanouts,
        slow=True),
    Row("`batch` of 1,000", "a list comprehension", 1.4, batch, theirs.batch),
    Row("`abatch` of 1,000", "an await loop", 1.4, abatch, theirs.abatch),
    Row("`batch` of 1,000, peak memory", "a list comprehension", 1.1, peak_of_a_batch,
        timed=False),
    Row("`batch` of 10,000 tiny items on a dask cluster of 2", "µs an item", 200,
        _number(elsewhere.micros_on_dask), slow=True, timed=False),
    Row("`batch_as_completed` of 100,000 on 2 processes, peak memory", "MB", 16,
        _number(elsewhere.megabytes_of_many), slow=True, timed=False),
    Row("`batch_as_completed` of 100,000 on 2 processes, first result", "seconds", 0.5,
        _number(elsewhere.seconds_to_the_first), slow=True, timed=False),
    Row(f"`stream` of {CHUNKS} chunks, 3 steps", "generators", 1.1, streamed),
    Row(f"`astream` of {CHUNKS} chunks, 3 steps", "generators", 1.1, astreamed),
    Row(f"`stream` of {CHUNKS} chunks, 2 transforms", "generators", 1.1, transformed),
    Row(f"streaming fan-out, 2 x {CHUNKS} chunks", "zip", 3.0, streamed_fanout),
    Row(f"async streaming fan-out, 2 x {CHUNKS} chunks", "zip", 3.0, awaited_fanout),
    Row("first chunk after 3 steps", "generators", 2.0, first_chunk, theirs.first_chunk),
    Row("growth of `|` in a loop", "exponent", 1.1, partial(grows, building), timed=False),
    Row("growth of the first `invoke`", "exponent", 1.1, partial(grows, first_invoke), timed=False),
    Row("growth of the first `ainvoke`", "exponent", 1.1, partial(grows, first_ainvoke),
        timed=False),
    Row("growth of the first `stream`", "exponent", 1.1, partial(grows, first_stream), timed=False),
    Row("growth of `repr`", "exponent", 1.1, partial(grows, written_out), timed=False),
    Row("a chain of 3, with its compiled form", "bytes", 700, _number(bytes_a_chain), timed=False),
    Row("one call of it", "bytes", 256, _number(bytes_a_call), timed=False),
)  # fmt: skip

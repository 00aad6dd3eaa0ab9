"""What parts of a run cost beside the code by hand, each with those before it.

    python -m tests.benchmarks.speed_parts [--rounds 25]

They are parts that cannot be left out, each for a reason that `docs/running.md` gives, and
designs that were tried and are not ours.
"""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import copy_context
from itertools import chain
from typing import Any, Final, TypeAlias

from combinators import fanout, pipe, transform
from tests.benchmarks.speed_steps import ainc, awaited_by_hand, by_hand, chunks, inc
from tests.benchmarks.timing import FLOOR, OURS, Runs, awaits, by_turns, calls, drains, ratios

Sides: TypeAlias = Mapping[str, Runs]
BRANCHES: Final = 8


# --- A call ----------------------------------------------------------------------------


class Callers:
    """A program, called by methods that take options in different ways."""

    __slots__ = ("_run",)

    def __init__(self, run: Callable[[Any, None], Any]) -> None:
        self._run = run

    def without(self, x: object) -> Any:  # noqa: ANN401 - what the program returns
        return self._run(x, None)

    def by_position(self, x: object, options: object = None) -> Any:  # noqa: ANN401 - as above
        return None if options else self._run(x, None)

    def keywords(self, x: object, *, limit: int | None = None) -> Any:  # noqa: ANN401 - as above
        return None if limit is not None else self._run(x, None)

    def any_keywords(self, x: object, **options: object) -> Any:  # noqa: ANN401 - as above
        return None if options else self._run(x, None)

    async def awaiting(self, x: object, **options: object) -> Any:  # noqa: ANN401 - as above
        return None if options else await self._run(x, None)


def one_step() -> Sides:
    def run(x: int, _: None) -> int:
        return inc(x)

    caller = Callers(run)
    return {
        "a method": calls("r.without(1)", r=caller),
        "with options by position": calls("r.by_position(1)", r=caller),
        "with keywords": calls("r.keywords(1)", r=caller),
        "with `**options`": calls("r.any_keywords(1)", r=caller),
        OURS: calls("r.invoke(1)", r=pipe(inc)),
        FLOOR: calls("hand(1)", hand=by_hand(1)),
    }


def three_awaits() -> Sides:
    async def run(x: int, _: None) -> int:
        return await ainc(await ainc(await ainc(x)))

    caller = Callers(run)
    return {
        "a method": awaits(caller.without, 1),
        "with options by position": awaits(caller.by_position, 1),
        "with keywords": awaits(caller.keywords, 1),
        "with `**options`": awaits(caller.any_keywords, 1),
        "the same as `async def`": awaits(caller.awaiting, 1),
        OURS: awaits(pipe(ainc, ainc, ainc).ainvoke, 1),
        FLOOR: awaits(awaited_by_hand(3), 1),
    }


# --- Chunks ----------------------------------------------------------------------------


def inside(x: int) -> Iterator[int]:
    yield from chunks(inc(inc(x)))


def blaming(x: int) -> Iterator[int]:
    source: Any = None
    try:
        source = chunks(inc(inc(x)))
        for chunk in source:  # noqa: UP028 - as ours has to, for what is thrown in
            yield chunk
    except Exception as error:
        error.add_note("before" if source is None else "inside")
        raise


def closing(x: int) -> Iterator[int]:
    source: Any = None
    try:
        source = chunks(inc(inc(x)))
        for chunk in source:  # noqa: UP028 - as ours has to, for what is thrown in
            yield chunk
    except Exception as error:
        error.add_note("before" if source is None else "inside")
        raise
    finally:
        if source is not None:
            source.close()


def first_chunk() -> Sides:
    return {
        "in a generator": calls("next(f(1))", f=inside),
        "that says which step has failed": calls("next(f(1))", f=blaming),
        "and closes it": calls("next(f(1))", f=closing),
        OURS: calls("next(f(1))", f=pipe(inc, inc, chunks).stream),
        FLOOR: calls("next(chunks(inc(inc(1))))", inc=inc, chunks=chunks),
    }


def through(source: Iterator[int]) -> Iterator[int]:
    yield from source


def by_chain(source: Iterator[int]) -> Iterator[int]:
    def parts() -> Iterator[Iterable[int]]:
        for chunk in source:
            yield (chunk,)
            yield source
            return
        raise LookupError

    return chain.from_iterable(parts())


def by_flag(source: Iterator[int]) -> Iterator[int]:
    empty = True
    for chunk in source:
        empty = False
        yield chunk
    if empty:
        raise LookupError


def staged(seen: Callable[[Iterator[int]], Iterator[int]] = iter) -> Iterator[int]:
    stages: list[Any] = [chunks(1)]
    for _ in range(2):
        stages.append(through(seen(stages[-1])))
    try:
        yield from seen(stages[-1])
    finally:
        for stage in reversed(stages):
            stage.close()


def transformed() -> Sides:
    ours = pipe(chunks, transform(through), transform(through))
    return {
        "in a generator that closes them": drains(staged),
        "none of them empty, as `chain` sees": drains(lambda: staged(by_chain)),
        "none of them empty, as generators see": drains(lambda: staged(by_flag)),
        OURS: drains(lambda: ours.stream(1)),
        FLOOR: drains(lambda: through(through(chunks(1)))),
    }


# --- Tasks -----------------------------------------------------------------------------

TaskOf: TypeAlias = Callable[[Any], "asyncio.Task[Any]"]


async def grouped(x: int) -> list[int]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ainc(x)) for _ in range(BRANCHES)]
    return [task.result() for task in tasks]


async def told(x: int) -> list[int | None]:
    outcomes: list[int | None] = [None] * BRANCHES

    async def run(index: int) -> None:
        outcomes[index] = await ainc(x)

    await ended([asyncio.create_task(run(index)) for index in range(BRANCHES)])
    return outcomes


async def read(x: int) -> list[int]:
    tasks = [asyncio.create_task(ainc(x)) for _ in range(BRANCHES)]
    await ended(tasks)
    return [task.result() for task in tasks]


async def eager(x: int) -> list[int]:
    options: dict[str, Any] = {"eager_start": True}
    tasks = [asyncio.Task(ainc(x), **options) for _ in range(BRANCHES)]
    return [task.result() for task in tasks]


async def in_place(x: int) -> list[int]:
    found: list[int] = []
    for _ in range(BRANCHES):
        try:
            copy_context().run(ainc(x).send, None)
        except StopIteration as stop:
            found.append(stop.value)
    return found


async def ended(tasks: Sequence["asyncio.Task[Any]"]) -> None:
    left = len(tasks)
    over = asyncio.get_running_loop().create_future()

    def leave(_: Awaitable[Any]) -> None:
        nonlocal left
        left -= 1
        if not left:
            over.set_result(None)

    for task in tasks:
        task.add_done_callback(leave)
    await over


def never_suspending() -> Sides:
    eagerly: Sides = {}
    if sys.version_info >= (3, 12):
        eagerly["tasks that begin at once"] = awaits(eager, 1)
    ours = fanout({f"k{i}": ainc for i in range(BRANCHES)})
    return {
        "tasks": awaits(read, 1),
        "tasks that keep their outcome": awaits(told, 1),
        **eagerly,
        "no tasks, but the caller's": awaits(in_place, 1),
        OURS: awaits(ours.ainvoke, 1),
        FLOOR: awaits(grouped, 1),
    }


MEASURES: Final[dict[str, Callable[[], Sides]]] = {
    "`invoke`, chain of 1": one_step,
    "`ainvoke`, chain of 3": three_awaits,
    "first chunk after 3 steps": first_chunk,
    "`stream` of 1000 chunks, 2 transforms": transformed,
    "8 async branches that never suspend": never_suspending,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.speed_parts")
    parser.add_argument("--rounds", type=int, default=25, help="of their ratios, the median")
    rounds = parser.parse_args(arguments).rounds
    print("| measure | with | to the floor |\n|---|---|---|")
    for measure, sides in MEASURES.items():
        for name, ratio in ratios(by_turns(sides()), rounds).items():
            print(f"| {measure} | {name} | {ratio:.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())

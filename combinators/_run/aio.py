"""Running on an event loop: structured tasks for branches, threads for sync bodies.

No task outlives the call that made it. Sync bodies may block, so they run on the
pool; neighbours share one trip there, and what is cheap runs in place.
"""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeAlias, assert_never, cast, final

from combinators import _nodes as n
from combinators._failures import FanoutError, locate, unlocate
from combinators._heap import Frame, on_heap
from combinators._labels import OTHERWISE, arm_segments, branch_of, case_of, label, pipe_step
from combinators._run import mappings, sync
from combinators._run.budget import Budget
from combinators._run.call import Call
from combinators._run.choice import arm_index, chosen, no_match
from combinators._run.chunks import fold
from combinators._run.mutation import fingerprint, found_mutation
from combinators._run.steps import is_cheap, is_threadable, stop_iteration
from combinators._run.tasks import gather, in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Sequence
    from contextlib import AbstractAsyncContextManager

    from combinators._run.call import Program as SyncProgram

Program: TypeAlias = "Callable[[Any, Turn], Coroutine[Any, Any, Any]]"


@final
@dataclass(frozen=True, slots=True)
class Turn:
    """The options of an async call, on their way down the tree."""

    gate: AbstractAsyncContextManager[Any] = field(default_factory=nullcontext)
    check_mutation: bool = False
    bound: int = 0

    def deeper(self) -> Turn:
        """Return this call inside one more runnable chosen by `bind`."""
        return replace(self, bound=self.bound + 1)


def turn(limit: int | None, *, check_mutation: bool, bound: int = 0) -> Turn:
    """Return the options of a call in which `limit` function bodies run at once."""
    gate = nullcontext() if limit is None else asyncio.Semaphore(limit)
    return Turn(gate, check_mutation, bound)


Compound: TypeAlias = (
    n.Step | n.Pipe | n.Fanout | n.Assign | n.Each | n.Branch | n.Route | n.Bind | n.Named | n.Tap
    | n.Attempt
)  # fmt: skip


def _compile(node: n.Node) -> Frame[Program]:
    if is_threadable(node):
        return _threaded(sync.compiled(node), cheap=is_cheap(node))
    compound = cast("Compound", node)  # all others are cheap
    match compound:
        case n.Step():
            return _step(compound)
        case n.Pipe(steps):
            program: Program = yield sequence(steps)
            return program
        case n.Fanout():
            return _fanout(compound, (yield _all(compound.branches)))
        case n.Assign():
            return _assign(compound, (yield _all(compound.branches)))
        case n.Each(element):
            return _each((yield _compile(element)))
        case n.Branch():
            return _branch(compound, (yield _all(compound.tests_and_arms)))
        case n.Route():
            return _route(compound, (yield _all(compound.arms)))
        case n.Bind(choose):
            return _bind(compound, (yield _compile(choose)))
        case n.Named(_, inner):
            program = yield _compile(inner)
            return program
        case n.Tap(watch):
            return _tap((yield _compile(watch)))
        case n.Attempt(inner):
            return _attempt((yield _compile(inner)))
        case _:
            assert_never(compound)


def _all(nodes: Iterable[n.Node]) -> Frame[list[Program]]:
    programs: list[Program] = []
    for node in nodes:
        programs.append((yield _compile(node)))  # noqa: PERF401 - no comprehension can yield
    return programs


compiled = on_heap(_compile)
compiled.__doc__ = "Return the program that runs a tree on an event loop."


def _threaded(program: SyncProgram, *, cheap: bool) -> Program:
    def alone(turn: Turn) -> Call:
        # What one thread runs from end to end has no branches to share a budget.
        return Call(sync.compiled, Budget(None), turn.check_mutation)

    async def here(x: Any, turn: Turn) -> Any:
        return program(x, alone(turn))

    async def there(x: Any, turn: Turn) -> Any:
        async with turn.gate:
            return await in_thread(program, x, alone(turn))

    return here if cheap else there


def _step(node: n.Step) -> Program:
    body, name = cast("n.Function", node.aio), label(node)  # or a thread would run it

    async def run(x: Any, turn: Turn) -> Any:
        try:
            async with turn.gate:
                if node.streams:
                    return fold([chunk async for chunk in body(x)], name)
                return await body(x)
        except StopAsyncIteration as error:
            raise stop_iteration(node) from error
        except Exception as error:
            unlocate(error)
            raise

    return run


def sequence(steps: Sequence[n.Node], first: int = 1) -> Frame[Program]:
    """Return the program of steps of a pipe, of which they are number `first` and on.

    Neighbours that one thread can run are one stage.
    """
    stages: list[Program] = []
    for threadable, run in groupby(steps, key=is_threadable):
        group = list(run)
        if threadable:
            programs = [sync.compiled(step) for step in group]
            cheap = all(map(is_cheap, group))
            stages.append(_threaded(sync.sequence(group, programs, first), cheap=cheap))
        else:
            for position, step in enumerate(group, start=first):
                stages.append(_located((yield _compile(step)), pipe_step(position, step)))
        first += len(group)

    async def run_pipe(x: Any, turn: Turn) -> Any:
        for stage in stages:
            x = await stage(x, turn)
        return x

    return run_pipe


def _located(program: Program, segment: str) -> Program:
    async def run(x: Any, turn: Turn) -> Any:
        try:
            return await program(x, turn)
        except Exception as error:
            locate(error, segment)
            raise

    return run


def _parallel(
    builder: str, keys: Sequence[Any], nodes: Sequence[n.Node], programs: list[Program]
) -> Callable[[Any, Turn], Coroutine[Any, Any, list[Any]]]:
    """Return the program that gives the results of all branches, in order.

    Cheap branches run first and right here: where one fails, nothing else begins.
    """
    segments = [branch_of(builder, key) for key in keys]
    located = [_located(program, at) for program, at in zip(programs, segments, strict=True)]
    here = [index for index, node in enumerate(nodes) if is_cheap(node)]
    there = [index for index, node in enumerate(nodes) if not is_cheap(node)]
    total = len(nodes)

    async def alone(index: int, x: Any, turn: Turn) -> Any:
        failed = None
        try:
            return await located[index](x, turn)
        except Exception as error:  # noqa: BLE001 - kept under its key
            failed = error
        raise FanoutError({keys[index]: failed}, total)

    async def watched(x: Any, turn: Turn) -> list[Any]:
        results: list[Any] = []
        for index in range(total):
            before = fingerprint(x)
            results += await gather({keys[index]: located[index](x, turn)}, total)
            if mutation := found_mutation(x, before, segments[index]):
                raise FanoutError({keys[index]: mutation}, total)
        return results

    async def run(x: Any, turn: Turn) -> list[Any]:
        if turn.check_mutation:
            return await watched(x, turn)
        results = {index: await alone(index, x, turn) for index in here}
        waited = await gather({keys[i]: located[i](x, turn) for i in there}, total)
        results.update(zip(there, waited, strict=True))
        return [results[index] for index in range(total)]

    return run


def _fanout(node: n.Fanout, programs: list[Program]) -> Program:
    keys = range(len(programs)) if node.keys is None else node.keys
    parallel = _parallel("fanout", keys, node.branches, programs)

    async def run(x: Any, turn: Turn) -> Any:
        return mappings.assembled(node, await parallel(x, turn))

    return run


def _assign(node: n.Assign, programs: list[Program]) -> Program:
    parallel = _parallel(label(node), node.keys, node.branches, programs)

    async def run(x: Any, turn: Turn) -> dict[str, Any]:
        mapping = mappings.unassigned(node, x)
        return {**mapping, **dict(zip(node.keys, await parallel(x, turn), strict=True))}

    return run


def _each(program: Program) -> Program:
    async def element(index: int, x: Any, turn: Turn) -> Any:
        try:
            return await program(x, turn)
        except Exception as error:
            locate(error, branch_of("each", index))
            raise

    async def run(x: Any, turn: Turn) -> list[Any]:
        values = mappings.elements(x)
        return await gather(
            {i: element(i, value, turn) for i, value in enumerate(values)}, len(values)
        )

    return run


def _branch(node: n.Branch, programs: list[Program]) -> Program:
    tests = [_located(test, case_of(i)) for i, test in enumerate(programs[:-1:2])]
    arms = [_located(arm, case_of(i)) for i, arm in enumerate(programs[1::2])]
    otherwise = _located(programs[-1], OTHERWISE) if node.otherwise is not None else None

    async def run(x: Any, turn: Turn) -> Any:
        for test, arm in zip(tests, arms, strict=True):
            if await test(x, turn):
                return await arm(x, turn)
        if otherwise is None:
            raise no_match(node, x)
        return await otherwise(x, turn)

    return run


def _route(node: n.Route, programs: list[Program]) -> Program:
    segments = arm_segments(node)
    arms = [_located(program, at) for program, at in zip(programs, segments, strict=True)]

    async def run(x: Any, turn: Turn) -> Any:
        return await arms[arm_index(node, x)](x, turn)

    return run


def _bind(node: n.Bind, choose: Program) -> Program:
    async def run(x: Any, turn: Turn) -> Any:
        choice = await choose(x, turn)
        try:
            return await compiled(chosen(node, choice, turn.bound))(x, turn.deeper())
        except Exception as error:
            locate(error, label(node))
            raise

    return run


def _tap(watch: Program) -> Program:
    watch = _located(watch, "tap")

    async def run(x: Any, turn: Turn) -> Any:
        await watch(x, turn)
        return x

    return run


def _attempt(program: Program) -> Program:
    async def run(x: Any, turn: Turn) -> Any:
        from returns.result import Failure, Success  # noqa: PLC0415 - only attempts need it

        try:
            return Success(await program(x, turn))
        except Exception as error:  # noqa: BLE001 - the outcome is the value
            return Failure(error)

    return run

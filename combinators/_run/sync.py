"""Running in the caller's thread, with others for branches that may wait.

A tree is compiled once into nested closures `(input, call) -> output`. The pieces
that decide something are shared with the async interpreter; this module only
says what runs when, and in which thread.
"""

from __future__ import annotations

import contextvars
import operator
from typing import TYPE_CHECKING, Any, assert_never

from combinators import _nodes as n
from combinators._failures import FanoutError, locate, unlocate
from combinators._heap import Frame, on_heap
from combinators._labels import OTHERWISE, arm_segments, branch_of, case_of, label, pipe_step
from combinators._run import mappings
from combinators._run.choice import arm_index, chosen, no_match
from combinators._run.chunks import fold
from combinators._run.mutation import fingerprint, found_mutation
from combinators._run.steps import is_awaitable, is_cheap, stop_iteration, unawaited
from combinators._run.team import Stopped, gather

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from combinators._run.call import Call, Program
    from combinators._run.team import Job


def _compile(node: n.Node) -> Frame[Program]:
    match node:
        case n.Passthrough():
            return lambda x, _: x
        case n.Step():
            return _step(node)
        case n.Pipe(steps):
            return sequence(steps, (yield _all(steps)))
        case n.Fanout():
            return _fanout(node, (yield _all(node.branches)))
        case n.Assign():
            return _assign(node, (yield _all(node.branches)))
        case n.Each(element):
            return _each((yield _compile(element)))
        case n.Branch():
            return _branch(node, (yield _all(node.tests_and_arms)))
        case n.Route():
            return _route(node, (yield _all(node.arms)))
        case n.Bind(choose):
            return _bind(node, (yield _compile(choose)))
        case n.Named(_, inner):
            inside: Program = yield _compile(inner)
            return inside
        case n.Tap(watch):
            return _tap((yield _compile(watch)))
        case n.Attempt(inner):
            return _attempt((yield _compile(inner)))
        case _:
            return mapping_program(node)


def _all(nodes: Iterable[n.Node]) -> Frame[list[Program]]:
    programs: list[Program] = []
    for node in nodes:
        programs.append((yield _compile(node)))  # noqa: PERF401 - no comprehension can yield
    return programs


compiled = on_heap(_compile)
compiled.__doc__ = "Return the program that runs a tree of sync steps in the caller's thread."


def mapping_program(
    node: n.Pick | n.Select | n.Rename | n.Omit | n.IsInstance | n.Template | n.ChatTemplate,
) -> Program:
    """Return the program of a step that only rearranges its input."""
    match node:
        case n.Pick():
            return lambda x, _: mappings.pick(node, x)
        case n.Select():
            return lambda x, _: mappings.select(node, x)
        case n.Rename():
            return lambda x, _: mappings.rename(node, x)
        case n.Omit():
            return lambda x, _: mappings.omit(node, x)
        case n.IsInstance():
            return lambda x, _: mappings.instance_of(node, x)
        case n.Template():
            return lambda x, _: mappings.fill(node, x)
        case n.ChatTemplate():
            return lambda x, _: mappings.fill_chat(node, x)
        case _:
            assert_never(node)


def _step(node: n.Step) -> Program:
    body, name = node.function, label(node)

    def run(x: Any, _: Call) -> Any:
        result: Any
        try:
            result = fold(body(x), name) if node.streams else body(x)
        except (StopIteration, StopAsyncIteration) as error:
            raise stop_iteration(node) from error
        except Exception as error:
            unlocate(error)
            raise
        if is_awaitable(result):
            raise unawaited(node, result)
        return result

    return run


def sequence(steps: Sequence[n.Node], programs: Sequence[Program], first: int = 1) -> Program:
    """Return the program of steps of a pipe, of which they are number `first` and on."""

    def run(x: Any, call: Call) -> Any:
        position = 0
        try:
            for position, step in enumerate(programs):  # noqa: B007 - read when a step fails
                x = step(x, call)
        except Exception as error:
            locate(error, pipe_step(first + position, steps[position]))
            raise
        return x

    return run


def _located(program: Program, segment: str) -> Program:
    def run(x: Any, call: Call) -> Any:
        try:
            return program(x, call)
        except Exception as error:
            locate(error, segment)
            raise

    return run


def _parallel(
    builder: str, keys: Sequence[Any], nodes: Sequence[n.Node], programs: list[Program]
) -> Callable[[Any, Call], list[Any]]:
    """Return the program that gives the results of all branches, in order.

    Cheap branches run first and right here: where one fails, nothing else begins.
    """
    segments = [branch_of(builder, key) for key in keys]
    located = [_located(program, at) for program, at in zip(programs, segments, strict=True)]
    here = [index for index, node in enumerate(nodes) if is_cheap(node)]
    there = [index for index, node in enumerate(nodes) if not is_cheap(node)]
    total = len(nodes)

    def alone(index: int, x: Any, call: Call) -> Any:
        failed = None
        try:
            return located[index](x, call)
        except Exception as error:  # noqa: BLE001 - kept under its key
            failed = error
        raise FanoutError({keys[index]: failed}, total)

    def watched(x: Any, call: Call) -> list[Any]:
        results: list[Any] = []
        for index in range(total):
            before = fingerprint(x)
            results.append(contextvars.copy_context().run(alone, index, x, call))
            if mutation := found_mutation(x, before, segments[index]):
                raise FanoutError({keys[index]: mutation}, total)
        return results

    def run(x: Any, call: Call) -> list[Any]:
        if call.check_mutation:
            return watched(x, call)
        results = [alone(index, x, call) for index in here]
        if len(there) == 1:
            if call.stopped():
                raise Stopped
            results.append(contextvars.copy_context().run(alone, there[0], x, call))
        elif there:
            results += gather([_job(keys[i], located[i], x) for i in there], call, total)
        if not here or not there:
            return results
        return [value for _, value in sorted(zip(here + there, results, strict=True), key=_first)]

    return run


_first = operator.itemgetter(0)


def _job(key: Any, program: Program, x: Any) -> Job:
    context = contextvars.copy_context()
    return key, lambda call: context.run(program, x, call)


def _fanout(node: n.Fanout, programs: list[Program]) -> Program:
    keys = range(len(programs)) if node.keys is None else node.keys
    parallel = _parallel("fanout", keys, node.branches, programs)
    return lambda x, call: mappings.assembled(node, parallel(x, call))


def _assign(node: n.Assign, programs: list[Program]) -> Program:
    parallel = _parallel(label(node), node.keys, node.branches, programs)

    def run(x: Any, call: Call) -> dict[str, Any]:
        mapping = mappings.unassigned(node, x)
        return {**mapping, **dict(zip(node.keys, parallel(x, call), strict=True))}

    return run


def _each(program: Program) -> Program:
    def element(index: int) -> Program:
        def run(x: Any, call: Call) -> Any:
            try:
                return program(x, call)
            except Exception as error:
                locate(error, branch_of("each", index))
                raise

        return run

    def run(x: Any, call: Call) -> list[Any]:
        jobs = [
            _job(index, element(index), value) for index, value in enumerate(mappings.elements(x))
        ]
        return gather(jobs, call, len(jobs))

    return run


def _branch(node: n.Branch, programs: list[Program]) -> Program:
    tests = [_located(test, case_of(i)) for i, test in enumerate(programs[:-1:2])]
    arms = [_located(arm, case_of(i)) for i, arm in enumerate(programs[1::2])]
    otherwise = _located(programs[-1], OTHERWISE) if node.otherwise is not None else None

    def run(x: Any, call: Call) -> Any:
        for test, arm in zip(tests, arms, strict=True):
            if test(x, call):
                return arm(x, call)
        if otherwise is None:
            raise no_match(node, x)
        return otherwise(x, call)

    return run


def _route(node: n.Route, programs: list[Program]) -> Program:
    segments = arm_segments(node)
    arms = [_located(program, at) for program, at in zip(programs, segments, strict=True)]
    return lambda x, call: arms[arm_index(node, x)](x, call)


def _bind(node: n.Bind, choose: Program) -> Program:
    def run(x: Any, call: Call) -> Any:
        choice = choose(x, call)
        try:
            return call.program(chosen(node, choice, call.bound))(x, call.deeper())
        except Exception as error:
            locate(error, label(node))
            raise

    return run


def _tap(watch: Program) -> Program:
    watch = _located(watch, "tap")

    def run(x: Any, call: Call) -> Any:
        watch(x, call)
        return x

    return run


def _attempt(program: Program) -> Program:
    def run(x: Any, call: Call) -> Any:
        from returns.result import Failure, Success  # noqa: PLC0415 - only attempts need it

        try:
            return Success(program(x, call))
        except Exception as error:  # noqa: BLE001 - the outcome is the value
            return Failure(error)

    return run

"""Running in the caller's thread, with others for branches that may wait.

Here is what the lines of a program call where more than one thing may happen: threads,
choices, and outcomes as values.
"""

from __future__ import annotations

from contextvars import copy_context
from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING, Any, assert_never

from combinators import _nodes as n
from combinators._failures import FanoutError, locate
from combinators._labels import arm_segments, branch_of, case_segments, label
from combinators._run import mappings
from combinators._run.choice import arm_index, chosen, no_match
from combinators._run.code.blame import blamed
from combinators._run.code.listing import Style
from combinators._run.code.places import key_of, segment
from combinators._run.code.program import Loop, Program, Way, loop as loop_of, program
from combinators._run.code.promises import PLAIN, look
from combinators._run.code.traits import needs_loop
from combinators._run.concurrency.contexts import on_a_stack_of_its_own
from combinators._run.concurrency.team import gather
from combinators._run.mutation import fingerprint, found_mutation
from combinators._run.observing.subjects import ITEM, chosen_subject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from combinators._observer import Subject
    from combinators._run.call import Call
    from combinators._run.code.listing import Built
    from combinators._run.code.places import Part


def compiled(part: Part, said: str = "", *, watch: bool = False, observed: bool = False) -> Program:
    """Return the program that runs a part of a tree, all of it in threads."""
    return program(part, _WAYS[watch, observed], said)


def runner(node: n.Node, *, watch: bool = False, observed: bool = False) -> Program:
    """Return the program that runs a tree for a sync caller.

    asyncio, which takes as long to import as all of this library, is imported for the
    first tree that has a step which is async alone.
    """
    if needs_loop(node):
        from combinators._run import bridge  # noqa: PLC0415 - as said

        return bridge.program(node, watch=watch, observed=observed)
    return compiled(node, watch=watch, observed=observed)


def itemwise(node: n.Node, *, watch: bool, observed: bool) -> Program:
    """Return the program for the items of a batch, which come with their index if observed."""
    run = compiled(node, watch=watch, observed=observed)
    return _observed(run, ITEM) if observed else run


def loop(node: n.Node, *, watch: bool) -> Loop:
    """Return the loop over many items for a sync caller."""
    return loop_of(node, _WAYS[watch, False])


def _built(operand: Built, programs: Sequence[Program], way: Way) -> Program:
    match operand.node:
        case n.Fanout() | n.Assign() as node:
            keys = [key_of(node, index) for index in operand.inside]
            segments = [segment(node, node.branches[index], index) for index in operand.inside]
            return (_watched if way.style.watch else _together)(node, keys, segments, programs)
        case n.Each():
            return _each(*programs)
        case n.Branch() as node:
            return _branch(node, programs)
        case n.Route() as node:
            return _route(node, programs)
        case n.Bind() as node:
            return _bind(node, *programs, way=way)
        case n.Attempt():
            return _attempt(*programs)
        case n.Retry() | n.Fallback() | n.Timeout() | n.Cached() as node:
            from combinators._run.robust import sync as robust  # noqa: PLC0415 - loaded where such steps are

            return robust.program(node, programs, compiled)
        case _:
            assert_never(operand.node)


def _together(
    node: n.Fanout | n.Assign,
    keys: Sequence[Any],
    segments: Sequence[str],
    programs: Sequence[Program],
) -> Program:
    total = len(node.branches)

    def run(x: Any, call: Call) -> list[Any]:
        results, errors = gather(zip(programs, repeat(x), strict=False), len(programs), call)
        if errors:
            raise group(errors, keys, segments, total)
        return results

    return run


def group(
    errors: Mapping[int, Exception], keys: Sequence[Any], segments: Sequence[str], total: int
) -> FanoutError:
    """Return the group of the errors of branches, each with its path, in the order written."""
    for index in errors:
        locate(errors[index], segments[index])
    return FanoutError({keys[index]: errors[index] for index in sorted(errors)}, total)


def _watched(
    node: n.Fanout | n.Assign,
    keys: Sequence[Any],
    segments: Sequence[str],
    programs: Sequence[Program],
) -> Program:
    total = len(node.branches)

    def run(x: Any, call: Call) -> list[Any]:
        results: list[Any] = []
        for index, branch in enumerate(programs):
            before = fingerprint(x)
            error: Exception | None
            try:
                results.append(copy_context().run(branch, x, call))
                error = found_mutation(x, before, segments[index])
            except Exception as raised:  # noqa: BLE001 - kept under its key
                error = raised
            if error is not None:
                raise group({index: error}, keys, segments, total)
        return results

    return run


def _each(program: Program) -> Program:
    def run(x: Any, call: Call) -> list[Any]:
        values = mappings.elements(x)
        results, errors = gather(zip(repeat(program), values, strict=False), len(values), call)
        if errors:
            places = [branch_of("each", index) for index in range(len(values))]
            raise group(errors, range(len(values)), places, len(values))
        return results

    return run


def _branch(node: n.Branch, programs: Sequence[Program]) -> Program:
    cases = [*zip(programs[:-1:2], programs[1::2], strict=True)]
    otherwise = programs[-1] if node.otherwise is not None else None
    segments = case_segments(node)

    def run(x: Any, call: Call) -> Any:
        at = 0
        try:
            while at < len(cases):
                test, arm = cases[at]
                if test(x, call):
                    return arm(x, call)
                at += 1
            if otherwise is not None:
                return otherwise(x, call)
        except Exception as error:
            locate(error, segments[at])
            raise
        raise no_match(node, x)

    return run


def _route(node: n.Route, arms: Sequence[Program]) -> Program:
    segments = arm_segments(node)

    def run(x: Any, call: Call) -> Any:
        at = arm_index(node, x)
        try:
            return arms[at](x, call)
        except Exception as error:
            locate(error, segments[at])
            raise

    return run


def _bind(node: n.Bind, choose: Program, *, way: Way) -> Program:
    watch, observed = way.style.watch, way.style.observed

    def run(x: Any, call: Call) -> Any:
        choice = choose(x, call)
        try:
            inner = chosen(node, choice, call.bound)
            program = inner.compiled(runner, watch=watch, observed=observed)
            if observed:
                program = way.observed(program, chosen_subject(node))
            return program(x, call.deeper())
        except Exception as error:
            locate(error, label(node))
            raise

    return run


def _attempt(program: Program) -> Program:
    def run(x: Any, call: Call) -> Any:
        from returns.result import Failure, Success  # noqa: PLC0415 - only attempts need it

        try:
            return Success(program(x, call))
        except Exception as error:  # noqa: BLE001 - the outcome is the value
            return Failure(error)

    return run


def _observed(program: Program, subject: Subject) -> Program:
    from combinators._run.observing import watching  # noqa: PLC0415 - only observers need it

    return watching.observed(program, subject)


def _way(style: Style) -> Way:
    names = {
        "PLAIN": PLAIN,
        "blamed": partial(blamed, style),
        "copy_context": copy_context,
        "look": look,
    }
    hop = partial(compiled, watch=style.watch, observed=style.observed)
    return Way(style, names, _built, hop, on_a_stack_of_its_own, _observed)


_WAYS = {
    (watch, observed): _way(Style(watch=watch, observed=observed))
    for watch in (False, True)
    for observed in (False, True)
}

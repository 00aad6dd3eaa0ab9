"""Running on an event loop: structured tasks for branches, threads for sync bodies.

No task outlives the call that made it. Sync bodies may block, so they run on the
pool; neighbours share one trip there, and what is cheap runs in place. Here is what the
lines of a program await where more than one thing may happen.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any, assert_never

from combinators import _nodes as n
from combinators._failures import locate
from combinators._labels import arm_segments, branch_of, case_segments, label
from combinators._run import mappings, sync
from combinators._run.call import CALL, Turn
from combinators._run.choice import arm_index, chosen, no_match
from combinators._run.code.blame import blamed
from combinators._run.code.listing import Style
from combinators._run.code.places import key_of, segment
from combinators._run.code.program import Loop, Program, Way, loop as loop_of, program
from combinators._run.code.promises import PLAIN, look
from combinators._run.code.traits import awaits_only, runs_in_turn
from combinators._run.concurrency.tasks import Branches, in_thread, on_a_stack_of_its_own
from combinators._run.hosts import called, may_be_trio
from combinators._run.mutation import fingerprint, found_mutation
from combinators._run.observing import awatching
from combinators._run.observing.subjects import ITEM, chosen_subject
from combinators._run.sync import group

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from combinators._run.code.listing import Built
    from combinators._run.code.places import Part


def compiled(
    part: Part,
    said: str = "",
    *,
    watch: bool = False,
    limited: bool = False,
    observed: bool = False,
) -> Program:
    """Return the program that runs a part of a tree on an event loop.

    Args:
        watch: whether branches run one by one, to find the one that changes the input
        limited: whether the turn that it is given has a gate, or a host
        observed: whether the runs of steps are told of
    """
    return program(part, _WAYS[watch, limited, observed], said)


def runner(
    node: n.Node, *, watch: bool = False, limited: bool = False, observed: bool = False
) -> Program:
    """Return the program that runs a tree for who awaits it, on asyncio's loop or under trio."""
    run = compiled(node, watch=watch, limited=limited, observed=observed)
    if awaits_only(node):
        return run  # on any loop
    hosted = cache(lambda: compiled(node, watch=watch, limited=True, observed=observed))

    def start(x: Any, turn: Turn) -> Any:
        if not may_be_trio():
            return run(x, turn)
        return called(lambda host: hosted()(x, turn.on(host)) if host else run(x, turn))

    return start


def itemwise(
    node: n.Node, *, watch: bool, limited: bool, hosted: bool = False, observed: bool
) -> Program:
    """Return the program for the items of a batch, of which only so many run at once.

    Where no two steps of an item do, there is nothing to be counted inside of it. Items that
    are observed come with their index.

    Args:
        hosted: whether async bodies are run by the host of the event loop
    """
    gated = _are_gated(node, limited=limited, hosted=hosted)
    run = compiled(node, watch=watch, limited=gated, observed=observed)
    return awatching.observed(run, ITEM) if observed else run


def loop(node: n.Node, *, watch: bool, limited: bool, hosted: bool = False) -> Loop:
    """Return the loop over many such items."""
    return loop_of(node, _WAYS[watch, _are_gated(node, limited=limited, hosted=hosted), False])


def _are_gated(node: n.Node, *, limited: bool, hosted: bool) -> bool:
    """Return whether the bodies inside of an item ask before they run."""
    return hosted or (limited and not runs_in_turn(node))


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
            from combinators._run.robust import aio as arobust  # noqa: PLC0415 - loaded where such steps are

            return arobust.program(node, programs, sync.compiled)
        case _:
            assert_never(operand.node)


def _together(
    node: n.Fanout | n.Assign,
    keys: Sequence[Any],
    segments: Sequence[str],
    programs: Sequence[Program],
) -> Program:
    total = len(node.branches)

    async def run(x: Any, turn: Turn) -> list[Any]:
        branches = Branches([(program, x) for program in programs], turn)
        await branches.join()
        if branches.errors:
            raise group(branches.errors, keys, segments, total)
        return branches.results

    return run


def _watched(
    node: n.Fanout | n.Assign,
    keys: Sequence[Any],
    segments: Sequence[str],
    programs: Sequence[Program],
) -> Program:
    total = len(node.branches)

    async def run(x: Any, turn: Turn) -> list[Any]:
        found: list[Any] = []
        for index, branch in enumerate(programs):
            before = fingerprint(x)
            alone = Branches([(branch, x)], turn)
            await alone.join()
            mutation = found_mutation(x, before, segments[index])
            if error := alone.errors.get(0, mutation):
                raise group({index: error}, keys, segments, total)
            found += alone.results
        return found

    return run


def _each(program: Program) -> Program:
    async def run(x: Any, turn: Turn) -> list[Any]:
        values = mappings.elements(x)
        elements = Branches([(program, value) for value in values], turn)
        await elements.join()
        if elements.errors:
            places = [branch_of("each", index) for index in range(len(values))]
            raise group(elements.errors, range(len(values)), places, len(values))
        return elements.results

    return run


def _branch(node: n.Branch, programs: Sequence[Program]) -> Program:
    cases = [*zip(programs[:-1:2], programs[1::2], strict=True)]
    otherwise = programs[-1] if node.otherwise is not None else None
    segments = case_segments(node)

    async def run(x: Any, turn: Turn) -> Any:
        at = 0
        try:
            while at < len(cases):
                test, arm = cases[at]
                if await test(x, turn):
                    return await arm(x, turn)
                at += 1
            if otherwise is not None:
                return await otherwise(x, turn)
        except Exception as error:
            locate(error, segments[at])
            raise
        raise no_match(node, x)

    return run


def _route(node: n.Route, arms: Sequence[Program]) -> Program:
    segments = arm_segments(node)

    async def run(x: Any, turn: Turn) -> Any:
        at = arm_index(node, x)
        try:
            return await arms[at](x, turn)
        except Exception as error:
            locate(error, segments[at])
            raise

    return run


def _bind(node: n.Bind, choose: Program, *, way: Way) -> Program:
    style = way.style

    async def run(x: Any, turn: Turn) -> Any:
        choice = await choose(x, turn)
        try:
            inner = chosen(node, choice, turn.bound)
            program = inner.compiled(
                compiled, watch=style.watch, limited=style.limited, observed=style.observed
            )
            if style.observed:
                program = way.observed(program, chosen_subject(node))
            return await program(x, turn.deeper())
        except Exception as error:
            locate(error, label(node))
            raise

    return run


def _attempt(program: Program) -> Program:
    async def run(x: Any, turn: Turn) -> Any:
        from returns.result import Failure, Success  # noqa: PLC0415 - only attempts need it

        try:
            return Success(await program(x, turn))
        except Exception as error:  # noqa: BLE001 - the outcome is the value
            return Failure(error)

    return run


# --- What lines name ----------------------------------------------------------------


async def _gated_hop(run: Program, x: Any, turn: Turn) -> Any:
    async with turn.gate:
        return await in_thread(run, x, CALL)


async def _gated_run(run: Program, x: Any, turn: Turn) -> Any:
    async with turn.gate:
        return await run(x, turn)


async def _gated(body: Callable[[Any], Coroutine[Any, Any, Any]], x: Any, turn: Turn) -> Any:
    async with turn.gate:
        # As below, but for one call less.
        return await (body(x) if turn.host is None else turn.host.call(body, x))


def _hosted(
    body: Callable[[Any], Coroutine[Any, Any, Any]], x: Any, turn: Turn
) -> Coroutine[Any, Any, Any]:
    return body(x) if turn.host is None else turn.host.call(body, x)


def _way(*, watch: bool, limited: bool, observed: bool) -> Way:
    style = Style(aio=True, watch=watch, limited=limited, observed=observed)
    names = {
        "CALL": CALL,
        "PLAIN": PLAIN,
        "blamed": partial(blamed, style),
        "gated": _gated,
        "gated_hop": _gated_hop,
        "gated_run": _gated_run,
        "hop": in_thread,
        "hosted": _hosted,
        "look": look,
    }
    hop = partial(sync.compiled, watch=watch, observed=observed)
    return Way(style, names, _built, hop, on_a_stack_of_its_own, awatching.observed)


_WAYS = {
    (watch, limited, observed): _way(watch=watch, limited=limited, observed=observed)
    for watch in (False, True)
    for limited in (False, True)
    for observed in (False, True)
}

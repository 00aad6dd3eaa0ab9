"""A pipeline, in trouble, run by one way: is what comes of it what the oracle allows?"""

import asyncio
import contextvars
import random
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, final

import anyio
import trio

from combinators import CombinatorError, fanout, pipe, runnable
from combinators.laws import Gave, Outcome, Raised, meaning, rebuilt
from combinators.laws._outcomes import may_come_from
from combinators.laws.strategies import canonical
from tests.running.trials.growing import Part
from tests.running.trials.observing import Record
from tests.running.trials.troubles import (
    BARE,
    CALLS,
    MARK,
    Interrupt,
    Kind,
    Pipeline,
    Trouble,
    Troubled,
    Watch,
)
from tests.running.trials.ways import (
    ASYNC_WAYS,
    FROM_CHUNKS,
    IN_PIECES,
    OF_MANY,
    WAYS,
    AsyncWay,
    Options,
    Outcomes,
    Way,
    options,
)
from tests.running.ways import begun, is_trio, tasks_left

ALWAYS: Final = 1_000_000
AnyWay: TypeAlias = Way | AsyncWay


class MismatchError(AssertionError):
    """What came of a trial is nothing that the oracle allows."""


@final
@dataclass(frozen=True, slots=True)
class Trial:
    """A pipeline in trouble, its inputs, and a way to run it."""

    part: Part
    xs: list[Any]
    way: AnyWay
    options: Options
    trouble: Trouble | None
    boxed: bool  # in a fan-out: nothing that it writes may be seen outside

    def tree(self, watch: Watch, *, means: bool = False) -> Pipeline:
        """Return the pipeline in trouble, watched."""
        trouble = self.trouble
        if means and trouble is not None and trouble.kind in {*BARE, Kind.CANCEL}:
            trouble = None  # where it strikes, no oracle is asked
        tree = rebuilt(self.part.pipeline, Troubled(watch, trouble, means=means))
        boxed: Pipeline = fanout(tree) if self.boxed else tree
        if self.way in FROM_CHUNKS:
            return boxed
        return pipe(runnable(_counted_anew, inline=True), boxed)


def _counted_anew(x: object) -> object:
    CALLS.set(Counter())  # each item of a batch has its own
    return x


@final
@dataclass(slots=True)
class Seen:
    """What was seen of a trial."""

    watch: Watch = field(default_factory=Watch)
    outcomes: Outcomes = field(default_factory=dict[int, Outcome])
    bare: BaseException | None = None  # what came out and is no `Exception`
    cancelled: type[BaseException] | None = None  # what cancels, on the loop of the trial
    closed: bool = False  # before the end
    at_work: int = 0  # bodies, when it was over
    tasks: int = 0  # left, when it was over, with generators that were not closed
    leaks: bool = False  # what a branch wrote is seen outside


def drawn_trial(part: Part, chance: random.Random) -> Trial:
    """Return a trial of a pipeline."""
    ways: list[AnyWay] = [*WAYS, *ASYNC_WAYS]
    way = chance.choice(ways)
    many = way in OF_MANY
    xs = [chance.choice(part.inputs) for _ in range(chance.randint(0, 5) if many else 1)]
    return Trial(part, xs, way, options(way, chance), _trouble(part, chance), chance.random() < 0.5)


def _trouble(part: Part, chance: random.Random) -> Trouble | None:
    survey = part.survey
    kind = chance.choice([None, None, *Kind])
    if kind is None or not survey.places:
        return None
    calls = ALWAYS if survey.repeats else chance.choice([1, 2, ALWAYS])
    return Trouble(kind, chance.randrange(survey.places), calls)


# --- Running -------------------------------------------------------------------------


def run(trial: Trial) -> Seen:
    """Return what is seen of a trial, in a context of its own."""
    seen = Seen()
    context = contextvars.copy_context()
    mark = object()
    context.run(MARK.set, mark)
    context.run(CALLS.set, Counter())
    way: Callable[[Trial, Seen], None] = _run_async if trial.way in ASYNC_WAYS else _run_sync
    try:
        context.run(way, trial, seen)
    except (Interrupt, KeyboardInterrupt) as bare:
        if not seen.watch.fired:
            raise
        seen.bare = bare
    seen.leaks |= context[MARK] is not mark and (trial.boxed or trial.way in OF_MANY)
    return seen


def _run_sync(trial: Trial, seen: Seen) -> None:
    way: Any = trial.way
    seen.outcomes = way(trial.tree(seen.watch), trial.xs, trial.options)
    seen.at_work = seen.watch.at_work
    seen.closed = _was_closed(trial, seen)


def _run_async(trial: Trial, seen: Seen) -> None:
    async def main() -> None:
        left: list[object] = []  # generators that nobody closed: the loop would, at any time
        if not trial.options.on_trio:  # which tells of them itself
            sys.set_asyncgen_hooks(finalizer=left.append)
        await run_on_a_loop(trial, seen)
        seen.tasks = tasks_left() + len(left)

    if trial.options.on_trio:
        trio.run(main)
    else:
        asyncio.run(main())


async def run_on_a_loop(trial: Trial, seen: Seen) -> None:
    """Run a trial in a task of its own, and see what there is to see."""
    watch, mark = seen.watch, object()

    async def work() -> None:
        MARK.set(mark)
        CALLS.set(Counter())
        way: Any = trial.way
        try:
            seen.outcomes = await way(trial.tree(watch), trial.xs, trial.options)
        except (Interrupt, KeyboardInterrupt, anyio.get_cancelled_exc_class()) as bare:
            seen.bare = bare
            if not (watch.fired and isinstance(bare, Interrupt | KeyboardInterrupt)):
                raise
        finally:
            seen.at_work = watch.at_work
            seen.leaks |= MARK.get() is not mark and (trial.boxed or trial.way in OF_MANY)

    seen.cancelled = anyio.get_cancelled_exc_class()
    watch.thread = threading.get_ident()
    watch.soon = (
        trio.lowlevel.current_trio_token().run_sync_soon
        if is_trio()
        else asyncio.get_running_loop().call_soon_threadsafe
    )
    async with begun(work()) as task:
        watch.task = task
        await task.was_cancelled()
    watch.task = None
    seen.closed = seen.bare is None and _was_closed(trial, seen)


def _was_closed(trial: Trial, seen: Seen) -> bool:
    if trial.way in IN_PIECES:
        return not seen.outcomes
    return len(seen.outcomes) == trial.options.takes and len(seen.outcomes) < len(trial.xs)


# --- Judging -------------------------------------------------------------------------


def judge(trial: Trial, seen: Seen) -> None:
    """Return if what was seen is what the oracle allows.

    Raises:
        MismatchError: it is not.
    """
    kind = None if trial.trouble is None else trial.trouble.kind
    _expect(not seen.tasks, trial, seen, "tasks are left")
    _expect(not seen.leaks, trial, seen, "what a branch wrote is seen outside")
    given_up = kind is Kind.HANG or (kind in BARE and seen.watch.fired)
    _expect(given_up or not seen.at_work, trial, seen, "functions are at work")
    if not given_up:
        _expect(not (told := misreported(trial)), trial, seen, f"observers are told: {told}")
    if seen.bare is not None or (kind in BARE and seen.watch.fired and not seen.closed):
        wanted = seen.cancelled if kind is Kind.CANCEL else BARE.get(kind or Kind.FAULT)
        _expect(type(seen.bare) is wanted, trial, seen, "it did not come through bare")
        return
    if seen.closed and kind is Kind.CLEANUP:
        return  # closing fails where cleanup does, of which the oracle knows nothing
    if _failed_before_its_input(trial, seen):
        return
    meanings = [_meaning(trial, x) for x in trial.xs]
    for index, outcome in seen.outcomes.items():
        meant = meanings[index]
        fits = may_come_from(outcome, meant) or _cut_short(trial, seen, outcome, meant)
        _expect(fits, trial, seen, f"item {index} comes to {meant}")
    if not seen.closed:
        _judge_whole(trial, seen, kind)


def misreported(trial: Trial, *, settled: bool = True) -> list[str]:
    """Return what is wrong with what observers were told of a trial that is over."""
    records = [each for each in trial.options.observers if isinstance(each, Record)]
    return [problem for record in records for problem in record.problems(settled=settled)]


def _cut_short(trial: Trial, seen: Seen, outcome: Outcome, meant: Outcome) -> bool:
    """Return whether a step was not run again, or another instead, for a reason that is one.

    A sibling had failed, or a chunk was out; what had failed so far is told then.
    """
    if not trial.part.survey.recovers:
        return False
    match outcome, meant:
        case Gave(one), Gave(other):  # which failures there are in it is a matter of time
            return canonical(one) == canonical(other)
        case Raised(one), Raised(other):
            alike = type(one) is type(other) or trial.way in IN_PIECES
            return alike and _is_real(one, seen)
        case Raised(one), Gave():
            return trial.way in IN_PIECES and _is_real(one, seen)
        case _:
            return False


def _failed_before_its_input(trial: Trial, seen: Seen) -> bool:
    """Return whether a transform has failed that began before its input could fail."""
    at_a_transform = trial.trouble and trial.trouble.place in trial.part.survey.transforms
    if not at_a_transform or trial.way not in IN_PIECES or not seen.outcomes:
        return False
    return all(
        isinstance(each, Raised) and _is_real(each.error, seen) for each in seen.outcomes.values()
    )


def _is_real(error: Exception, seen: Seen) -> bool:
    """Return whether all that is told was raised."""
    raised = set(map(_origin, seen.watch.raised))
    leaves = [each for each in _leaves(error) if not isinstance(each, CombinatorError)]
    return raised.issuperset(map(_origin, leaves))


def _judge_whole(trial: Trial, seen: Seen, kind: Kind | None) -> None:
    failed = [each.error for each in seen.outcomes.values() if isinstance(each, Raised)]
    cut_short = bool(failed) and trial.way in OF_MANY and not trial.options.collects
    whole = cut_short or len(seen.outcomes) == len(trial.xs)
    _expect(whole, trial, seen, "items are missing")
    if trial.part.survey.recovers or kind in {Kind.HANG, Kind.CANCEL}:
        return
    told = {_origin(leaf) for error in failed for leaf in _leaves(error)}
    lost = [error for error in seen.watch.raised if _origin(error) not in told]
    _expect(not lost, trial, seen, f"errors are lost: {lost}")


def _meaning(trial: Trial, x: object) -> Outcome:
    def means() -> Outcome:
        CALLS.set(Counter())
        return meaning(trial.tree(Watch(), means=True), x)

    return contextvars.copy_context().run(means)


def _origin(error: Exception) -> int:
    """Return what tells where an error was raised: a copy, for a second reader, says the same."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return id(error if traceback is None else traceback)


def _leaves(error: Exception) -> Iterator[Exception]:
    waiting = [error]
    while waiting:
        each = waiting.pop()
        waiting += getattr(each, "exceptions", ())
        yield each


def _expect(holds: bool, trial: Trial, seen: Seen, problem: str) -> None:  # noqa: FBT001 - a condition, as in `assert`
    if not holds:
        name = getattr(trial.way, "__name__", "")
        raise MismatchError(
            f"{problem}\n{name} of {trial.part.pipeline!r}\non {trial.xs}, {trial.options}, "
            f"{trial.trouble}, {trial.boxed=}\nsaw {seen}\nraised {seen.watch.raised}"
        )

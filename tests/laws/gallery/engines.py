"""Engines that are wrong: in what they give, in how they fail, in what they do."""

import contextlib
import copy
from collections.abc import Callable, Mapping
from typing import Any, Final

from returns.result import Result, Success
from typing_extensions import override

from combinators import FanoutError, MutationError
from combinators.laws import Ours, effects, failures, limits, promises, running
from tests.laws.gallery.branches import DropsTheLastBranch
from tests.laws.gallery.wrong import Exhibits, Pipeline, after, cut, step


class LosesTheLastKeyOnALoop(Ours):
    """Of a mapping, ainvoke gives all but the last key."""

    @override
    async def ainvoke(self, p: Pipeline, x: Any, /, **options: Any) -> Any:
        return cut(await super().ainvoke(p, x, **options), -1)


class CutsToTheLimit(Ours):
    """Of a mapping, a call with a limit gives as many keys as the limit says."""

    @override
    def invoke(self, p: Pipeline, x: Any, /, **options: Any) -> Any:
        return cut(super().invoke(p, x, **options), options.get("limit", 9))


class SuspectsEverybody(Ours):
    """To look for mutation finds one in every list and every mapping."""

    @override
    def invoke(self, p: Pipeline, x: Any, /, **options: Any) -> Any:
        if "check_mutation" in options and type(x) in {list, dict}:
            raise MutationError("a branch", "a list or a dict")
        return super().invoke(p, x, **options)


class RemembersTheFirstResult(Ours):
    """A pipeline gives again what it gave first."""

    def __init__(self) -> None:
        self._given: dict[Pipeline, Any] = {}

    @override
    def invoke(self, p: Pipeline, x: Any, /, **options: Any) -> Any:
        if p not in self._given:
            self._given[p] = super().invoke(p, x, **options)
        return self._given[p]


class GivesNothingEverySecondTime(Ours):
    """Every second call gives None."""

    def __init__(self) -> None:
        self._calls = 0

    @override
    def invoke(self, p: Pipeline, x: Any, /, **options: Any) -> Any:
        self._calls += 1
        given = super().invoke(p, x, **options)
        return given if self._calls % 2 else None


class EmptiesItsInput(Ours):
    """A list or a mapping that was given is empty after the call."""

    @override
    def invoke(self, p: Pipeline, x: Any, /, **options: Any) -> Any:
        given = copy.copy(super().invoke(p, x, **options))
        if type(x) in {list, dict}:
            x.clear()
        return given


class LosesTheLastKey(Ours):
    """Of a mapping, a call gives all but the last key."""

    @override
    def invoke(self, p: Pipeline, x: Any, /, **options: Any) -> Any:
        return cut(super().invoke(p, x, **options), -1)


class WrapsExceptions(Ours):
    """An exception of a step comes inside one that says that a step failed."""

    @override
    def invoke(self, p: Pipeline, x: Any, /, **options: Any) -> Any:
        try:
            return super().invoke(p, x, **options)
        except Exception as error:
            raise RuntimeError("a step failed") from error


class NumbersFailures(Ours):
    """Failures of branches stand under their positions among all that failed."""

    @override
    def invoke(self, p: Pipeline, x: Any, /, **options: Any) -> Any:
        try:
            return super().invoke(p, x, **options)
        except FanoutError as group:
            raise FanoutError(dict(enumerate(group.errors.values())), group.total) from None


class FlattensGroups(Ours):
    """A failure of an inner fan-out stands beside those of the outer one."""

    @override
    def invoke(self, p: Pipeline, x: Any, /, **options: Any) -> Any:
        try:
            return super().invoke(p, x, **options)
        except FanoutError as group:
            flat = {path[-1]: error for path, error in group.flat().items()}
            raise FanoutError(flat, len(flat)) from None


class SaysTwiceWhere(Ours):
    """The note of the path is written again wherever an exception passes."""

    @override
    def invoke(self, p: Pipeline, x: Any, /, **options: Any) -> Any:
        try:
            return super().invoke(p, x, **options)
        except Exception as error:
            for leaf in error.flat().values() if isinstance(error, FanoutError) else [error]:
                leaf.add_note("".join(getattr(leaf, "__notes__", [])))
            raise


class LetsGroupsThrough(Ours):
    """An attempt answers the exception of a step, but not the group of a fan-out."""

    @override
    def attempt(self, step: Pipeline, /) -> Pipeline:
        return after(super().attempt(step), _raised_if_group)


class AttemptsNothing(Ours):
    """An attempt wraps what succeeds, and lets fail what fails."""

    @override
    def attempt(self, step: Pipeline, /) -> Pipeline:
        return after(step, Success)


class TurnsSignalsIntoErrors(Ours):
    """Ctrl-C in a step is an error of that step."""

    @override
    def invoke(self, p: Pipeline, x: Any, /, **options: Any) -> Any:
        try:
            return super().invoke(p, x, **options)
        except Exception:
            raise
        except BaseException as signal:
            raise RuntimeError("interrupted") from signal


class IgnoresLimits(Ours):
    """As many function bodies run at once as there are."""

    @override
    def invoke(self, p: Pipeline, x: Any, /, **options: Any) -> Any:
        return super().invoke(p, x, **{**options, "limit": None})


class MakesTheBestOfALimit(Ours):
    """A limit that makes no sense is taken for one that does."""

    @override
    def invoke(self, p: Pipeline, x: Any, /, **options: Any) -> Any:
        limit = options.pop("limit", None)
        return super().invoke(p, x, limit=limit and max(1, int(limit)), **options)


class RunsTheFirstStepTwice(Ours):
    """The first step of a pipe is tried out before it is run."""

    @override
    def pipe(self, *steps: Pipeline) -> Pipeline:
        return super().pipe(*map(self.tap, steps[:1]), *steps)


class TriesAgain(Ours):
    """A call that fails is made once more."""

    @override
    def invoke(self, p: Pipeline, x: Any, /, **options: Any) -> Any:
        try:
            return super().invoke(p, x, **options)
        except Exception:  # noqa: BLE001 - wrong as it is
            return super().invoke(p, x, **options)


class TriesStepsOutWhenBuilding(Ours):
    """A plain function is called when it is made a step, to see what it gives."""

    @override
    def lift(
        self,
        f: Callable[..., Any],
        /,
        aio: Callable[..., Any] | None = None,
        *,
        inline: bool = False,
    ) -> Pipeline:
        with contextlib.suppress(Exception):
            f(None)
        return super().lift(f, aio, inline=inline)


class AssignsInPlace(Ours):
    """An assign writes into the mapping that it is given."""

    @override
    def assign(self, branches: Mapping[str, Pipeline], /) -> Pipeline:
        both = self.row(self.passthrough(), self.fanout(branches))
        return after(both, lambda found: found[0] | found[1] if _wrote(*found) else found[0])


class CopiesTheInputForEachBranch(Ours):
    """Each branch of a fan-out is given a copy of the input."""

    @override
    def fanout(self, branches: Mapping[str, Pipeline], /) -> Pipeline:
        copied = {key: self.pipe(step(copy.copy), branch) for key, branch in branches.items()}
        return super().fanout(copied)


class GivesWhatATapReturns(Ours):
    """What a tap returns goes on in place of what it was shown."""

    @override
    def tap(self, watch: Pipeline, /) -> Pipeline:
        return watch


class RunsBranchesInPlace(Ours):
    """Branches run one after another, in the context of the caller."""

    @override
    def fanout(self, branches: Mapping[str, Pipeline], /) -> Pipeline:
        return step(lambda x: {key: branch.invoke(x) for key, branch in branches.items()})


def _raised_if_group(outcome: Result[Any, Exception]) -> Result[Any, Exception]:
    if isinstance(outcome, Success):
        return outcome
    error = outcome.failure()
    if isinstance(error, FanoutError):
        raise error
    return outcome


def _wrote(mapping: dict[str, Any], added: dict[str, Any]) -> bool:
    mapping.update(added)
    return True


EXHIBITS: Final[Exhibits] = (
    (promises.the_same_again_gives_the_same, GivesNothingEverySecondTime()),
    (promises.ainvoke_agrees_with_invoke, LosesTheLastKeyOnALoop()),
    (promises.the_input_is_left_as_it_is, EmptiesItsInput()),
    (promises.declared_keys_are_there, LosesTheLastKey()),
    (running.invoke_gives_the_meaning, DropsTheLastBranch()),
    (running.ainvoke_gives_the_meaning, LosesTheLastKeyOnALoop()),
    (running.a_limit_changes_nothing_but_time, CutsToTheLimit()),
    (running.looking_for_mutation_changes_nothing_but_time, SuspectsEverybody()),
    (running.runs_know_nothing_of_one_another, RemembersTheFirstResult()),
    (failures.an_exception_travels_unwrapped, WrapsExceptions()),
    (failures.failures_stand_under_their_keys, NumbersFailures()),
    (failures.groups_nest_as_fanouts_do, FlattensGroups()),
    (failures.an_exception_says_once_where_it_comes_from, SaysTwiceWhere()),
    (failures.an_attempt_never_raises, LetsGroupsThrough()),
    (failures.an_attempt_spares_its_siblings, AttemptsNothing()),
    (failures.what_is_no_exception_passes_bare, TurnsSignalsIntoErrors()),
    (limits.no_more_bodies_run_at_once_than_the_limit, IgnoresLimits()),
    (limits.a_limit_that_makes_no_sense_is_refused, MakesTheBestOfALimit()),
    (effects.each_step_runs_as_often_as_it_is_met, RunsTheFirstStepTwice()),
    (effects.a_failure_repeats_nothing, TriesAgain()),
    (effects.building_and_looking_run_nothing, TriesStepsOutWhenBuilding()),
    (effects.inputs_are_not_changed, AssignsInPlace()),
    (effects.branches_share_the_input, CopiesTheInputForEachBranch()),
    (effects.a_tap_is_shown_what_passes, GivesWhatATapReturns()),
    (effects.a_pipe_is_one_context_and_a_branch_its_own, RunsBranchesInPlace()),
)

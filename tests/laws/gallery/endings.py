"""Calls that are wrong about what they leave behind."""

import asyncio
from typing import Any, Final

from typing_extensions import override

from combinators import FanoutError, runnable
from combinators.laws import Ours
from combinators.laws.schedules import endings
from tests.laws.gallery.wrong import Exhibits, Pipeline


class Orphans(Ours):
    """Raises the first failure, and leaves the other branches to themselves."""

    @override
    def row(self, *branches: Pipeline) -> Pipeline:
        async def run(x: object) -> tuple[Any, ...]:
            return tuple(await asyncio.gather(*(branch.ainvoke(x) for branch in branches)))

        return runnable(run)


class SwallowsCancellation(Ours):
    """Answers a cancellation as if it were any exception."""

    @override
    async def ainvoke(self, p: Pipeline, x: object, /, **options: Any) -> Any:
        try:
            return await super().ainvoke(p, x, **options)
        except asyncio.CancelledError:
            return None


class _Told(Ours):
    """Runs all branches to their end and tells of some failures."""

    def told(self, errors: dict[int, Exception]) -> dict[int, Exception]:
        return errors

    @override
    def row(self, *branches: Pipeline) -> Pipeline:
        async def run(x: object) -> tuple[Any, ...]:
            errors: dict[int, Exception] = {}

            async def one(index: int) -> object:
                try:
                    return await branches[index].ainvoke(x)
                except Exception as error:  # noqa: BLE001 - kept under its key
                    errors[index] = error
                    return None

            results = await asyncio.gather(*map(one, range(len(branches))))
            if errors:
                raise FanoutError(self.told(errors), len(branches))
            return tuple(results)

        return runnable(run)


class TellsTheLastFailure(_Told):
    """Keeps failures in one place, where the next one overwrites it."""

    @override
    def told(self, errors: dict[int, Exception]) -> dict[int, Exception]:
        return dict([*errors.items()][-1:])


class TellsTheFirstFailure(_Told):
    """Keeps the first failure and forgets the others."""

    @override
    def told(self, errors: dict[int, Exception]) -> dict[int, Exception]:
        return dict([*errors.items()][:1])


class GoesOnAfterAFailure(Ours):
    """Begins what is left though a branch has failed."""

    @override
    def row(self, *branches: Pipeline) -> Pipeline:
        def run(x: object) -> tuple[Any, ...]:
            results, errors = list[Any](), dict[int, Exception]()
            for index, branch in enumerate(branches):
                try:
                    results.append(branch.invoke(x))
                except Exception as error:  # noqa: BLE001 - kept under its key
                    errors[index] = error
            if errors:
                raise FanoutError(errors, len(branches))
            return tuple(results)

        return runnable(run)


class GroupsInterrupts(Ours):
    """Takes Ctrl-C for a failure like any other."""

    @override
    def row(self, *branches: Pipeline) -> Pipeline:
        def run(x: object) -> tuple[Any, ...]:
            try:
                return tuple(branch.invoke(x) for branch in branches)
            except KeyboardInterrupt as error:
                raise FanoutError({0: RuntimeError(error)}, len(branches)) from error

        return runnable(run)


EXHIBITS: Final[Exhibits] = (
    (endings.nothing_outlives_the_call, Orphans()),
    (endings.a_cancelled_call_awaits_what_it_began, SwallowsCancellation()),
    (endings.the_first_failure_is_reported, TellsTheLastFailure()),
    (endings.every_failure_is_reported_and_no_other, TellsTheFirstFailure()),
    (endings.no_branch_begins_after_a_failure, GoesOnAfterAFailure()),
    (endings.an_interrupt_is_in_no_group, GroupsInterrupts()),
)

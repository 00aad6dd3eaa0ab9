"""Choices that are wrong."""

import typing
from collections.abc import Mapping, Sequence
from typing import Any, Final

from typing_extensions import override

from combinators import _nodes as n
from combinators.laws import Kind, Ours, choice
from tests.laws.gallery.wrong import Exhibits, Pipeline, is_a, step, until

Arms = Sequence[tuple[Pipeline | Kind, Pipeline]]


class TakesTheLastArm(Ours):
    """Tests are asked from the last to the first."""

    @override
    def branch(self, arms: Arms, otherwise: Pipeline | None, /) -> Pipeline:
        return super().branch([*reversed(arms)], otherwise)


class GivesArmsTheVerdict(Ours):
    """An arm is given what its test gave."""

    @override
    def branch(self, arms: Arms, otherwise: Pipeline | None, /) -> Pipeline:
        changed = [
            (test, arm if isinstance(test, Kind) else self.pipe(test, arm)) for test, arm in arms
        ]
        return super().branch(changed, otherwise)


class SkipsTheStepBeforeAChoice(Ours):
    """A choice in a pipe is given what the step before it was given."""

    @override
    def pipe(self, *steps: Pipeline) -> Pipeline:
        late = len(steps) > 1 and is_a(steps[1], n.Branch)
        return super().pipe(*steps[1:]) if late else super().pipe(*steps)


class EndsAPipeAtAChoice(Ours):
    """Steps that follow a choice are left out."""

    @override
    def pipe(self, *steps: Pipeline) -> Pipeline:
        return super().pipe(*until(steps, n.Branch))


class ComparesTypesExactly(Ours):
    """A case is taken by values of the very class: True is no int."""

    @override
    def branch(self, arms: Arms, otherwise: Pipeline | None, /) -> Pipeline:
        return super().branch(
            [(_exactly(test) if isinstance(test, Kind) else test, arm) for test, arm in arms],
            otherwise or self.passthrough(),
        )


class PassesOnWhatNoArmTakes(Ours):
    """What no arm takes is passed on as it is."""

    @override
    def branch(self, arms: Arms, otherwise: Pipeline | None, /) -> Pipeline:
        return super().branch(arms, otherwise or self.passthrough())


class GivesArmsTheValueOfTheKey(Ours):
    """The arm of a route is given the value under the key, and not the input."""

    @override
    def route(
        self, key: str, arms: Mapping[Any, Pipeline], otherwise: Pipeline | None, /
    ) -> Pipeline:
        changed = {name: self.pipe(self.pick(key), arm) for name, arm in arms.items()}
        return super().route(key, changed, otherwise)


class GivesWhatItChose(Ours):
    """A bind gives the pipeline that was chosen, without running it."""

    @override
    def bind(self, choose: Pipeline, /) -> Pipeline:
        return choose


class ChoosesBlindly(Ours):
    """What chooses is given None for the input."""

    @override
    def bind(self, choose: Pipeline, /) -> Pipeline:
        return super().bind(self.pipe(step(_nothing), choose))


class EndsAPipeAtABind(Ours):
    """Steps that follow a bind are left out."""

    @override
    def pipe(self, *steps: Pipeline) -> Pipeline:
        return super().pipe(*until(steps, n.Bind))


def _nothing(_: object) -> None:
    return None


def _exactly(kind: Kind) -> Pipeline:
    members = typing.get_args(kind.form) or (kind.form,)
    kinds = [type(None) if member is None else member for member in members]
    return step(lambda x: type(x) in kinds)


EXHIBITS: Final[Exhibits] = (
    (choice.the_first_arm_that_holds_is_taken, TakesTheLastArm()),
    (choice.a_choice_between_equals_is_none, GivesArmsTheVerdict()),
    (choice.a_step_before_moves_into_the_choice, SkipsTheStepBeforeAChoice()),
    (choice.a_step_after_moves_into_the_arms, EndsAPipeAtAChoice()),
    (choice.a_case_takes_the_values_of_its_type, ComparesTypesExactly()),
    (choice.what_no_arm_takes_is_an_error, PassesOnWhatNoArmTakes()),
    (choice.a_route_is_a_choice_by_the_value_of_a_key, GivesArmsTheValueOfTheKey()),
    (choice.binding_a_constant_is_the_step_itself, GivesWhatItChose()),
    (choice.binding_a_test_is_a_branch, ChoosesBlindly()),
    (choice.a_step_after_moves_into_what_is_chosen, EndsAPipeAtABind()),
)

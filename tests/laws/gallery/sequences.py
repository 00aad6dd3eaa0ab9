"""Pipes that are wrong."""

from collections.abc import Callable
from itertools import count
from typing import Any, Final

from typing_extensions import override

from combinators import _nodes as n
from combinators.laws import Ours, category, normal_forms, values
from tests.laws.gallery.wrong import Exhibits, Pipeline, after, is_a


class ForgetsAPipeInAPipe(Ours):
    """A pipe that begins with a pipe leaves that out."""

    @override
    def pipe(self, *steps: Pipeline) -> Pipeline:
        nested = bool(steps) and is_a(steps[0], n.Pipe)
        return super().pipe(*steps[1:]) if nested else super().pipe(*steps)


class StopsAtAPassthrough(Ours):
    """A pipe that begins with a passthrough does nothing."""

    @override
    def pipe(self, *steps: Pipeline) -> Pipeline:
        begins = bool(steps) and is_a(steps[0], n.Passthrough)
        return steps[0] if begins else super().pipe(*steps)


class PassesNothingForWhatIsFalse(Ours):
    """A passthrough gives None for zero, for False and for what is empty."""

    @override
    def passthrough(self, kind: Any = None, /) -> Pipeline:
        return self.lift(_or_nothing)


class RunsBackwards(Ours):
    """A pipe applies its steps from right to left."""

    @override
    def pipe(self, *steps: Pipeline) -> Pipeline:
        return super().pipe(*reversed(steps))


class SendsResultsAsJson(Ours):
    """What a plain function gives has been through JSON: tuples are lists now."""

    @override
    def lift(
        self,
        f: Callable[..., Any],
        /,
        aio: Callable[..., Any] | None = None,
        *,
        inline: bool = False,
    ) -> Pipeline:
        return after(super().lift(f, aio, inline=inline), _sent)


class KeepsPipesWhole(Ours):
    """A pipe within a pipe stays one step."""

    @override
    def pipe(self, *steps: Pipeline) -> Pipeline:
        whole = [self.named("pipe", step) if is_a(step, n.Pipe) else step for step in steps]
        return super().pipe(*whole)


class KeepsPassthroughs(Ours):
    """A passthrough is a step like any other."""

    @override
    def passthrough(self, kind: Any = None, /) -> Pipeline:
        return self.lift(_same)


class WrapsSingleSteps(Ours):
    """A pipe of one step is a pipe."""

    @override
    def pipe(self, *steps: Pipeline) -> Pipeline:
        piped = super().pipe(*steps)
        return self.named("pipe", piped) if len(steps) == 1 else piped


class DropsNames(Ours):
    """A name is taken off as soon as it is given."""

    @override
    def named(self, name: str, step: Pipeline, /) -> Pipeline:
        return step


class NumbersPipes(Ours):
    """Each pipe carries the number of pipes that were made before it."""

    def __init__(self) -> None:
        self._numbers = count()

    @override
    def pipe(self, *steps: Pipeline) -> Pipeline:
        return self.named(f"pipe {next(self._numbers)}", super().pipe(*steps))


def _or_nothing(x: object) -> object:
    return x or None


def _same(x: object) -> object:
    return x


def _sent(value: Any) -> Any:  # noqa: ANN401 - whatever a step gives
    return [*value] if type(value) is tuple else value


EXHIBITS: Final[Exhibits] = (
    (category.pipe_is_associative, ForgetsAPipeInAPipe()),
    (category.passthrough_is_neutral_before, StopsAtAPassthrough()),
    (category.passthrough_is_neutral_after, PassesNothingForWhatIsFalse()),
    (category.lifting_keeps_composition, RunsBackwards()),
    (category.lifting_keeps_the_identity, SendsResultsAsJson()),
    (normal_forms.brackets_leave_no_trace, KeepsPipesWhole()),
    (normal_forms.passthroughs_leave_no_trace, KeepsPassthroughs()),
    (normal_forms.short_pipes_are_what_is_in_them, WrapsSingleSteps()),
    (normal_forms.a_name_is_part_of_the_value, DropsNames()),
    (values.composing_equals_gives_equals, NumbersPipes()),
)

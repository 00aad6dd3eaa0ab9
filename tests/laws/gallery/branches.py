"""Fan-outs that are wrong."""

from collections.abc import Mapping
from typing import Any, Final

from typing_extensions import override

from combinators import _nodes as n
from combinators.laws import Ours, products
from tests.laws.gallery.wrong import Exhibits, Pipeline, after, is_a, step


class SwapsKeys(Ours):
    """Each result stands under the key of its neighbour."""

    @override
    def fanout(self, branches: Mapping[str, Pipeline], /) -> Pipeline:
        keys = [*branches]
        return super().fanout(dict(zip([*keys[1:], *keys[:1]], branches.values(), strict=True)))


class GivesBranchesAnEarlierInput(Ours):
    """A fan-out in a pipe is given what the step before it was given."""

    @override
    def pipe(self, *steps: Pipeline) -> Pipeline:
        late = len(steps) > 1 and is_a(steps[1], n.Fanout)
        return super().pipe(*steps[1:]) if late else super().pipe(*steps)


class DropsTheLastBranch(Ours):
    """A fan-out of several branches leaves out the last."""

    @override
    def fanout(self, branches: Mapping[str, Pipeline], /) -> Pipeline:
        kept = [*branches][:-1] or [*branches]
        return super().fanout({key: branches[key] for key in kept})


class PicksTheFirstValue(Ours):
    """Whatever key is asked for, the value of the first is picked."""

    @override
    def pick(self, key: str | int, /) -> Pipeline:
        return step(_first) if isinstance(key, str) else super().pick(key)


class LeavesOutWhatIsFalse(Ours):
    """A key whose value is zero, False or empty is left out."""

    @override
    def fanout(self, branches: Mapping[str, Pipeline], /) -> Pipeline:
        return after(super().fanout(branches), _true_values)


class PassesThroughWithoutBranches(Ours):
    """A fan-out without branches gives its input."""

    @override
    def fanout(self, branches: Mapping[str, Pipeline], /) -> Pipeline:
        return super().fanout(branches) if branches else self.passthrough()


class SortsKeys(Ours):
    """Keys come in the order of the alphabet."""

    @override
    def fanout(self, branches: Mapping[str, Pipeline], /) -> Pipeline:
        return super().fanout({key: branches[key] for key in sorted(branches)})


class ChainsBranches(Ours):
    """The first branch is given the input, and the others what the first gives."""

    @override
    def fanout(self, branches: Mapping[str, Pipeline], /) -> Pipeline:
        first, *others = branches.values()
        chained = [first, *(self.pipe(first, other) for other in others)]
        return super().fanout(dict(zip(branches, chained, strict=True)))


class FlattensNestedResults(Ours):
    """The keys of a fan-out in a branch stand beside those of the outer one."""

    @override
    def fanout(self, branches: Mapping[str, Pipeline], /) -> Pipeline:
        return after(super().fanout(branches), _flattened)


class GivesListsForTuples(Ours):
    """A fan-out without keys gives a list."""

    @override
    def row(self, *branches: Pipeline) -> Pipeline:
        return after(super().row(*branches), list)


class BuildsRecordsByPosition(Ours):
    """A class is called with the results in the order of the branches, whatever their names."""

    @override
    def record(self, target: type[Any], branches: Mapping[str, Pipeline], /) -> Pipeline:
        return after(super().row(*branches.values()), lambda found: target(*found))


class RunsOnDistinctElements(Ours):
    """An element that was there before is left out."""

    @override
    def each(self, element: Pipeline, /) -> Pipeline:
        return self.pipe(step(_distinct), super().each(element))


class DropsFalseResults(Ours):
    """Results that are zero, False or empty are left out of the list."""

    @override
    def each(self, element: Pipeline, /) -> Pipeline:
        return after(super().each(element), lambda found: [y for y in found if y])


class UnpacksListsOfOne(Ours):
    """A list of one element gives the result and not a list of it."""

    @override
    def each(self, element: Pipeline, /) -> Pipeline:
        return after(super().each(element), lambda found: found[0] if len(found) == 1 else found)


def _first(found: dict[str, Any]) -> object:
    return next(iter(found.values()))


def _true_values(found: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if value}


def _flattened(found: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in found.items():
        flat |= value if isinstance(value, dict) else {key: value}
    return flat


def _distinct(elements: list[Any]) -> list[Any]:
    return [x for position, x in enumerate(elements) if x not in elements[:position]]


EXHIBITS: Final[Exhibits] = (
    (products.a_projection_gives_the_branch, SwapsKeys()),
    (products.a_total_step_moves_into_branches, GivesBranchesAnEarlierInput()),
    (products.fanouts_compose_key_by_key, PicksTheFirstValue()),
    (products.a_fanout_of_all_projections_is_the_identity, LeavesOutWhatIsFalse()),
    (products.a_fanout_to_nothing_gives_nothing, PassesThroughWithoutBranches()),
    (products.keys_come_in_the_order_written, SortsKeys()),
    (products.branches_commute, ChainsBranches()),
    (products.nested_fanouts_nest_their_results, FlattensNestedResults()),
    (products.a_tuple_is_a_fanout_without_keys, GivesListsForTuples()),
    (products.a_record_is_a_fanout_and_a_call, BuildsRecordsByPosition()),
    (products.each_is_the_step_on_every_element, RunsOnDistinctElements()),
    (products.each_keeps_composition, DropsFalseResults()),
    (products.each_keeps_the_identity, UnpacksListsOfOne()),
)

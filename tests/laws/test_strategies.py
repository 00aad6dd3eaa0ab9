"""What is drawn: pipelines of every shape, well typed, and small when shrunk."""

import re
import typing
from itertools import repeat
from typing import Any, TypedDict

import pytest
from hypothesis import Phase, given, settings
from returns.result import Failure

from combinators import Runnable, _nodes as n, _tree, bind, runnable
from combinators.laws import (
    OURS,
    Gave,
    Law,
    Plan,
    _cases as cases,
    batches,
    category,
    effects,
    meaning,
    rebuilt,
    strategies as ls,
    streams,
    tried,
)
from combinators.laws.strategies import pipelines
from tests.laws.gallery import breaking
from tests.running.trials.troubles import Survey

NODES: tuple[type[Any], ...] = typing.get_args(n.Node)


class Question(TypedDict):
    text: str
    tries: int


def test_every_node_is_drawn() -> None:
    drawn: set[type[Any]] = set()

    @settings(max_examples=500, phases=[Phase.generate], database=None, derandomize=True)
    @given(cases.plans(), cases.mappings(ls.ANY))
    def look(plan: tuple[Plan, object], step: tuple[str, Runnable[Any, Any], object]) -> None:
        for pipeline in plan[0].pipeline, step[1]:
            drawn.update(map(type, _tree.walk(pipeline.node)))

    look()
    assert drawn == set(NODES)


@given(cases.plans())
def test_a_drawn_pipeline_is_written_as_what_builds_it(drawn: tuple[Plan, object]) -> None:
    plan, _ = drawn
    assert OURS.read(repr(plan)) == plan.pipeline


@given(cases.plans())
def test_a_pipeline_rebuilt_in_ours_is_the_same(drawn: tuple[Plan, object]) -> None:
    plan, _ = drawn
    assert rebuilt(plan.pipeline, OURS) == plan.pipeline


def test_a_body_that_is_rebuilt_for_two_places_is_still_one() -> None:
    inner = bind(ls.Function(runnable(ls.Function(1))))
    chain = bind(runnable(ls.Function(inner), aio=ls.AsyncFunction(inner)))
    survey = Survey()
    rebuilt(chain, survey)
    assert survey.places == len(("what chooses", "what chooses inside of it", "what is chosen"))


@given(ls.runnables(Question, list[str], taste=ls.TOTAL), ls.values(Question))
def test_a_pipeline_has_the_types_that_were_asked_for(
    r: Runnable[Question, list[str]], question: Question
) -> None:
    result = r.invoke(question)
    assert type(result) is list
    assert all(type(item) is str for item in result)


@ls.drawn
def totals(d: ls.Drawing) -> tuple[Runnable[Any, Any], ls.Shape, object]:
    takes = d.shape()
    pipeline, gives = pipelines.sequence(d, takes, ls.TOTAL)
    return pipeline, gives, d.value(takes)


@given(totals())
def test_what_a_pipeline_gives_has_the_shape_it_was_drawn_with(
    drawn: tuple[Runnable[Any, Any], ls.Shape, object],
) -> None:
    pipeline, gives, x = drawn
    outcome = meaning(pipeline, x)
    assert isinstance(outcome, Gave)
    assert fits(outcome.value, gives), outcome


def fits(value: Any, shape: ls.Shape) -> bool:  # noqa: ANN401 - of any type
    match shape:
        case ls.Scalar(form):
            return type(value) is form
        case ls.Listed(element):
            return issubclass(type(value), list) and all(map(fits, value, repeat(element)))
        case ls.Row(elements):
            return issubclass(type(value), tuple) and all(map(fits, value, elements))
        case ls.Fields(fields):
            return value.keys() == {*shape.keys} and all(fits(value[k], s) for k, s in fields)
        case ls.Attempted(success):
            return isinstance(value, Failure) or fits(value.unwrap(), success)
        case _:
            typing.assert_never(shape)


@pytest.mark.parametrize(
    "law",
    [
        category.pipe_is_associative,
        streams.a_stream_folds_to_the_meaning,
        batches.a_collecting_batch_gives_each_item_its_outcome,
        effects.each_step_runs_as_often_as_it_is_met,
    ],
    ids=lambda law: law.name,
)
def test_a_counterexample_is_small(law: Law) -> None:
    broken = tried(law, breaking(law)[0]).broken
    assert broken is not None
    pieces = [line for line in broken.case.splitlines() if re.match(r"  \w+ = ", line)]
    assert max(map(len, pieces)) <= 90, broken

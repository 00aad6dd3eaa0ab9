"""However a pipeline is run, it gives what it means."""

import asyncio

from hypothesis import given, settings, strategies as st

from combinators import fanout
from tests.running.reference import Plan, plans
from tests.running.ways import WAYS, by_ainvoke, by_invoke

# Each example starts six event loops.
FEWER = settings(max_examples=60)

values = st.integers(-5, 5)


@FEWER
@given(plans(), values)
def test_every_way_of_running_gives_what_the_pipeline_means(plan: Plan, n: int) -> None:
    for way in WAYS:
        assert way(plan.pipeline, n) == plan.meaning(n), way


@FEWER
@given(plans(), st.lists(values, max_size=5), st.sampled_from([None, 1, 2, 7]))
def test_a_batch_under_any_limit_is_item_by_item(
    plan: Plan, inputs: list[int], limit: int | None
) -> None:
    expected = [plan.meaning(n) for n in inputs]
    assert plan.pipeline.batch(inputs, limit=limit) == expected
    assert asyncio.run(plan.pipeline.abatch(inputs, limit=limit)) == expected
    assert dict(plan.pipeline.batch_as_completed(inputs, limit=limit)) == dict(enumerate(expected))


@FEWER
@given(plans(), values, st.sampled_from([1, 2, 7]))
def test_a_limit_changes_nothing_but_time(plan: Plan, n: int, limit: int) -> None:
    assert plan.pipeline.invoke(n, limit=limit) == plan.meaning(n)
    assert asyncio.run(plan.pipeline.ainvoke(n, limit=limit)) == plan.meaning(n)


@FEWER
@given(plans(), values)
def test_checking_for_mutation_changes_nothing_but_time(plan: Plan, n: int) -> None:
    assert plan.pipeline.invoke(n, check_mutation=True) == plan.meaning(n)
    assert asyncio.run(plan.pipeline.ainvoke(n, check_mutation=True)) == plan.meaning(n)


@FEWER
@given(st.dictionaries(st.sampled_from("abcdef"), plans(), max_size=4), values)
def test_a_fanout_gives_each_branch_its_result_in_the_order_written(
    branches: dict[str, Plan], n: int
) -> None:
    chain = fanout({key: plan.pipeline for key, plan in branches.items()})
    expected = {key: plan.meaning(n) for key, plan in branches.items()}
    for way in (by_invoke, by_ainvoke):
        assert list(way(chain, n).items()) == list(expected.items())

"""Users' own pipelines, held to what every step promises."""

from typing import Any

import pytest
from hypothesis import strategies as st

from combinators import OptionError, Runnable
from combinators.laws import PROMISES, LawBroken, check_laws, pipelines_at, promises, value_at
from tests.laws import subjects


@pytest.mark.parametrize("pipeline", [subjects.size, subjects.spelt, subjects.asked])
def test_a_pipeline_that_keeps_its_promises_passes(pipeline: Runnable[Any, Any]) -> None:
    check_laws(pipeline, examples=30)


@pytest.mark.parametrize(
    ("pipeline", "law"),
    [
        (subjects.counting, promises.the_same_again_gives_the_same),
        (subjects.unsteady, promises.the_same_again_gives_the_same),
        (subjects.two_faced, promises.ainvoke_agrees_with_invoke),
        (subjects.nameless, promises.a_copy_by_pickle_does_the_same),
        (subjects.emptying, promises.the_input_is_left_as_it_is),
        (subjects.half, promises.declared_keys_are_there),
    ],
)
def test_the_promise_that_is_broken_is_named(pipeline: Runnable[Any, Any], law: Any) -> None:  # noqa: ANN401 - a Law
    with pytest.raises(LawBroken, match=f"^{law.name}: "):
        check_laws(pipeline)


def test_the_report_has_the_law_the_smallest_input_both_sides_and_what_to_do() -> None:
    with pytest.raises(LawBroken) as broken:
        check_laws(subjects.two_faced)
    assert str(broken.value) == (
        "ainvoke_agrees_with_invoke: A step gives the same on an event loop.\n"
        "    await step.ainvoke(x)  =  step.invoke(x)\n"
        "It does not hold for\n"
        "  step = runnable(upper, aio=lower)\n"
        "  x = 'A'\n"
        "  ainvoke  Gave(value='a')\n"
        "  invoke   Gave(value='A')\n"
        "Make the two bodies of `runnable(f, aio=g)` do the same."
    )


def test_a_law_that_is_not_meant_to_hold_is_left_out() -> None:
    kept = [law for law in PROMISES if law is not promises.a_copy_by_pickle_does_the_same]
    check_laws(subjects.nameless, laws=kept, examples=30)


@pytest.mark.parametrize("inputs", [["", "a"], ("a",), st.text()])
def test_inputs_are_a_strategy_or_a_collection(inputs: Any) -> None:  # noqa: ANN401 - as it says
    check_laws(subjects.untold, inputs=inputs, laws=PROMISES[:1])


@pytest.mark.parametrize(
    ("inputs", "given"), [([], "a list"), ("text", "a str"), (None, "nothing")]
)
def test_inputs_that_are_none_are_refused(inputs: Any, given: str) -> None:  # noqa: ANN401 - as it says
    with pytest.raises(OptionError, match=f"^inputs= was given {given}. It takes a strategy"):
        check_laws(subjects.untold, inputs=inputs)


def test_the_public_pipelines_of_a_module_are_found_by_name() -> None:
    found = pipelines_at("tests.laws.subjects")
    assert {"size", "counting"} <= found.keys()
    assert not {"_private", "words"} & found.keys()
    assert pipelines_at("tests.laws.subjects:size") == {"size": subjects.size}
    assert value_at("tests.laws.subjects:words") is subjects.words


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("tests.laws.nowhere", "there is no module 'tests.laws.nowhere', for tests.laws.nowhere"),
        ("tests.laws.subjects:words", "tests.laws.subjects:words is a function, and no pipeline"),
        ("tests.laws.subjects:nothing", "tests.laws.subjects:nothing is nothing, and no pipeline"),
        ("tests.laws.gallery", "no pipeline in tests.laws.gallery"),
    ],
)
def test_a_place_without_a_pipeline_is_refused(place: str, said: str) -> None:
    with pytest.raises(LookupError) as refused:
        pipelines_at(place)
    assert refused.value.args == (said,)

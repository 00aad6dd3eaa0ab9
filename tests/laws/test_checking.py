"""Users' own pipelines, held to what every step promises."""

import sys
import traceback
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from combinators import OptionError, Runnable
from combinators.laws import LAWS, PROMISES, LawBroken, check_laws, pipelines_at, promises, value_at
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
    ("inputs", "given"),
    [
        ([], "a list with nothing in it"),
        ("text", "a str"),
        (st.text, "a function"),
        (None, "nothing"),
        (st.nothing(), "a strategy that draws nothing"),
    ],
)
def test_inputs_that_are_none_are_refused(inputs: Any, given: str) -> None:  # noqa: ANN401 - as it says
    with pytest.raises(OptionError, match=f"^inputs= was given {given}. It takes a strategy"):
        check_laws(subjects.untold, inputs=inputs)


def test_inputs_may_be_an_iterator() -> None:
    check_laws(subjects.untold, inputs=iter(["", "a"]), examples=20)


def test_a_type_that_cannot_be_drawn_is_refused_with_its_name() -> None:
    with pytest.raises(OptionError) as refused:
        check_laws(subjects.sealed)
    assert str(refused.value) == (
        "inputs= was given nothing, and hypothesis cannot draw what the first step takes, Sealed. "
        "It takes a strategy of hypothesis, or a list of inputs."
    )


@pytest.mark.parametrize("inputs", [[1, 2], st.integers()])
def test_inputs_on_which_the_step_always_fails_show_nothing_and_are_refused(
    inputs: Any,  # noqa: ANN401 - of the wrong type
) -> None:
    with pytest.raises(OptionError) as refused:
        check_laws(subjects.size, inputs=inputs, examples=20)
    assert str(refused.value) == (
        "inputs= was given nothing that the step takes: it raised an AttributeError each time. "
        "It takes a strategy of hypothesis, or a list of inputs."
    )
    assert isinstance(refused.value.__cause__, AttributeError)


def test_inputs_on_which_the_step_sometimes_fails_are_taken() -> None:
    check_laws(subjects.size, inputs=[1, "a"], examples=20)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            {"laws": ["the_input_is_left_as_it_is"]},
            (
                "laws= was given a str in it. It takes a list of laws about one step, "
                "such as PROMISES or some of them."
            ),
        ),
        ({"laws": PROMISES[0]}, "laws= was given a Law. It takes a list of laws about one step,"),
        (
            {"laws": LAWS},
            "laws= was given pipe_is_associative in it, a law of combinators. It takes a list",
        ),
        (
            {"examples": 0},
            "examples= was given a number below 1. It takes a whole number of at least 1.",
        ),
        ({"examples": "20"}, "examples= was given a str. It takes a whole number of at least 1."),
    ],
)
def test_what_cannot_be_tried_is_refused(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError) as refused:
        check_laws(subjects.size, **arguments)
    assert str(refused.value).startswith(said)


def test_what_is_no_pipeline_is_refused() -> None:
    function: Any = len
    with pytest.raises(OptionError) as refused:
        check_laws(function)
    assert str(refused.value) == (
        "pipeline= was given a builtin_function_or_method. "
        "It takes a Runnable: `runnable(f)` makes one of a function."
    )


def test_a_report_names_its_class_as_users_import_it_and_nothing_of_the_search() -> None:
    with pytest.raises(LawBroken) as broken:
        check_laws(subjects.two_faced)
    said = "".join(traceback.format_exception(broken.value))
    assert "\ncombinators.laws.LawBroken: ainvoke_agrees_with_invoke: " in said
    assert "hypothesis" not in said
    assert not hasattr(broken.value, "__notes__")


def test_the_public_pipelines_of_a_module_are_found_by_name() -> None:
    found = pipelines_at("tests.laws.subjects")
    assert {"size", "counting"} <= found.keys()
    assert not {"_private", "words"} & found.keys()
    assert pipelines_at("tests.laws.subjects:size") == {"size": subjects.size}
    assert value_at("tests.laws.subjects:words") is subjects.words


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("nowhere", "there is no module 'nowhere'. Write it as package.module, or"),
        ("tests.nowhere.inside", "there is no module 'tests.nowhere.inside'. Write it as"),
        ("tests/laws/subjects.py", "there is no module 'tests/laws/subjects.py'. Write it as"),
        ("tests.laws.subjects.py", "there is no module 'tests.laws.subjects.py'. Write it as"),
        (":size", "there is no module ''. Write it as package.module, or package.module:name."),
        ("tests.laws.gallery", "tests.laws.gallery has no pipeline under a public name."),
        (
            "tests.laws.gallery:GALLERY",
            ("tests.laws.gallery:GALLERY is a list, and no pipeline. The module has none."),
        ),
        (
            "tests.laws.subjects:words",
            "tests.laws.subjects:words is a function, and no pipeline. The module has these: size",
        ),
        (
            "tests.laws.subjects:spellt",
            "tests.laws.subjects has no 'spellt'. Did you mean 'spelt'?",
        ),
    ],
)
def test_a_place_without_a_pipeline_is_refused(place: str, said: str) -> None:
    with pytest.raises(LookupError) as refused:
        pipelines_at(place)
    assert refused.value.args[0].startswith(said)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (
            "tests.laws.subjects:TEXT",
            "tests.laws.subjects has no 'TEXT'. Did you mean 'TEXTS'?",
        ),
        (
            "tests.laws.subjects",
            "tests.laws.subjects names no value in a module. Write it as package.module:name.",
        ),
    ],
)
def test_a_place_without_a_value_is_refused(place: str, said: str) -> None:
    with pytest.raises(LookupError) as refused:
        value_at(place)
    assert refused.value.args == (said,)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import nowhere_at_all", "ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("def (", "SyntaxError: invalid syntax (fails_at_once.py, line 1)"),
    ],
)
def test_a_module_that_cannot_be_imported_says_why(
    source: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fails_at_once.py").write_text(source)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with pytest.raises(LookupError) as refused:
        pipelines_at("fails_at_once")
    assert refused.value.args == (
        (
            f"fails_at_once cannot be imported: {reason}\n"
            '`python -c "import fails_at_once"` shows where.'
        ),
    )

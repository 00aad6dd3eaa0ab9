"""`python -m combinators laws`, run as its users run it."""

import json
import subprocess
import sys

import pytest

from combinators.cli import main

SUBJECTS = "tests.laws.subjects"


def test_laws_that_hold_end_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["laws", f"{SUBJECTS}:size", "--examples", "20"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("size\n  holds  the input is left as it is         20 examples\n")
    assert said.err == f"trying the laws on {SUBJECTS}:size …\n"


def test_a_law_that_does_not_hold_ends_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["laws", f"{SUBJECTS}:emptying", "--format", "json", "--examples", "30"]) == 1
    (trials,) = json.loads(capsys.readouterr().out)["pipelines"].values()
    broken = [trial["law"] for trial in trials if not trial["holds"]]
    assert broken[0] == "the_input_is_left_as_it_is"
    assert trials[0]["counterexample"].startswith(broken[0])


def test_of_several_laws_that_do_not_hold_the_first_is_reported(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["laws", f"{SUBJECTS}:counting", "--examples", "20"]) == 1
    assert capsys.readouterr().out.count("It does not hold for") == 1


def test_inputs_are_found_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["laws", f"{SUBJECTS}:untold", "--examples", "20"]
    assert main(arguments) == 2
    assert "inputs= was given nothing" in capsys.readouterr().err
    assert main([*arguments, "--inputs", f"{SUBJECTS}:TEXTS"]) == 0


def test_a_test_file_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["laws", f"{SUBJECTS}:size", "--write"]) == 0
    assert capsys.readouterr().out == (
        f'"""The laws of the pipelines in `{SUBJECTS}`."""\n'
        "\n"
        "from hypothesis import strategies as st\n"
        "\n"
        f"import {SUBJECTS}\n"
        "from combinators.laws import check_laws\n"
        "\n"
        "\n"
        "def test_size_keeps_the_laws() -> None:\n"
        f"    check_laws({SUBJECTS}.size, inputs=st.text())\n"
    )


def test_what_the_annotations_do_not_say_is_left_to_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["laws", SUBJECTS, "--write"]) == 0
    written = capsys.readouterr().out
    assert "# The annotations do not say what goes in: say it here.\n" in written
    assert 'asked, inputs=st.fixed_dictionaries({"question": st.text()}))' in written


def test_a_place_without_pipelines_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["laws", f"{SUBJECTS}:words"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.endswith(f"laws: {SUBJECTS}:words is a function, and no pipeline\n")


def test_without_hypothesis_the_extra_is_named() -> None:
    absent = "import sys; sys.modules['hypothesis'] = None; from combinators.cli import main"
    code = f"{absent}; sys.exit(main(['laws', '{SUBJECTS}']))"
    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert finished.returncode == 2
    assert "pip install 'typed-combinators[laws]'" in finished.stderr

"""`python -m combinators laws`, run as its users run it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import strategies as st

from combinators import OptionError
from combinators.cli import main
from combinators.laws import check_laws
from tests.laws import subjects

ROOT = Path(__file__).parents[2]
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
        "from combinators.laws import check_laws\n"
        "from hypothesis import strategies as st\n"
        "\n"
        f"import {SUBJECTS}\n"
        "\n"
        "\n"
        "def test_size_keeps_the_laws() -> None:\n"
        f"    check_laws({SUBJECTS}.size, inputs=st.text())\n"
    )


def test_what_the_annotations_do_not_say_is_left_to_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["laws", SUBJECTS, "--write"]) == 0
    written = capsys.readouterr().out
    assert (
        "    # The annotations do not say what goes in: say it here, as in `st.text()`.\n"
        f"    check_laws({SUBJECTS}.untold, inputs=st.nothing())\n"
    ) in written
    assert 'inputs=st.fixed_dictionaries({"question": st.text()}),\n' in written


SHOP = """
import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias, TypedDict

from combinators import each, fanout, passthrough, runnable, template


Sizes: TypeAlias = Annotated[tuple[int, ...], "of items"]


class Question(TypedDict):
    text: str
    tries: int


@dataclass(frozen=True)
class Item:
    name: str
    price: float


def ask(question: Question) -> str:
    return question["text"]


def prices(items: Sequence[Item]) -> list[float]:
    return [item.price for item in items]


def day(date: datetime.date | None) -> str:
    return str(date)


def rows(given: dict[Literal["a", "b"], tuple[int, complex, Sizes]]) -> list[int]:
    return [number for number, _, _ in given.values()]


asked = fanout(text=ask, whole=passthrough())
priced = runnable(prices)
days = each(day)
listed = runnable(rows)
prompt = template("{first_of_them} {second_of_them} {third_of_them} {fourth_of_them}")
"""


def test_a_written_file_passes_pytest_mypy_and_ruff_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(SHOP, encoding="utf-8")

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", *arguments]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "MYPYPATH": str(ROOT)}
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    written = run("combinators", "laws", "shop", "--write")
    (tmp_path / "test_shop.py").write_text(written, encoding="utf-8")
    assert "st.nothing()" not in written
    assert "import datetime\n\nfrom combinators" in written
    assert "inputs=st.lists(st.one_of(st.from_type(datetime.date), st.none())),\n" in written
    run("pytest", "-q", "-p", "no:xdist", "test_shop.py")
    run("mypy", "--strict", "--config-file=", "test_shop.py")
    run("ruff", "format", "--isolated", "--check", "test_shop.py")
    run("ruff", "check", "--isolated", "--select=E,F,I", "test_shop.py")


def test_what_nobody_has_filled_in_says_what_to_do() -> None:
    with pytest.raises(OptionError) as refused:
        check_laws(subjects.untold, inputs=st.nothing())
    assert str(refused.value).startswith("inputs= was given a strategy that draws nothing")


def test_a_place_without_pipelines_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["laws", f"{SUBJECTS}:words"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert f"laws: {SUBJECTS}:words is a function, and no pipeline. The module has" in said.err


def test_of_several_pipelines_the_one_without_inputs_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["laws", SUBJECTS, "--examples", "5"]) == 2
    said = capsys.readouterr().err
    assert f"laws: {SUBJECTS}:untold: inputs= was given nothing." in said
    assert said.endswith("Give it as --inputs=…\n")


def test_a_number_of_examples_that_is_none_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["laws", f"{SUBJECTS}:size", "--examples", "0"]) == 2
    assert "examples= was given a number below 1." in capsys.readouterr().err


def test_without_hypothesis_the_extra_is_named() -> None:
    absent = "import sys; sys.modules['hypothesis'] = None; from combinators.cli import main"
    code = f"{absent}; sys.exit(main(['laws', '{SUBJECTS}']))"
    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert finished.returncode == 2
    assert "pip install 'typed-combinators[laws]'" in finished.stderr

"""What pytest and hypothesis find when this library is installed beside them."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from combinators import Runnable
from combinators.hypothesis import register

ROOT = Path(__file__).parents[2]

MARKED = """
import pytest
from tests.laws import subjects

@pytest.mark.laws(subjects.size, inputs=["", "a b"])
def test_size(law):
    law()

@pytest.mark.laws(subjects.two_faced)
def test_two_faced(law):
    law()
"""


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a process of its own, with no plugin but ours, whether or not it is installed.

    To load all others takes longer than what is tested.
    """
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "combinators.pytest", "-p", "no:cacheprovider"),
            *("-q", "--laws-examples=20", f"--rootdir={folder}", *arguments),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_marked_test_runs_once_for_each_law(tmp_path: Path) -> None:
    path = tmp_path / "test_marked.py"
    path.write_text(MARKED)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    finished = run_pytest(tmp_path, f"--config-file={tmp_path / 'pytest.ini'}", str(path))
    assert "3 failed, 11 passed" in finished.stdout, finished.stdout + finished.stderr
    assert "test_two_faced[ainvoke_agrees_with_invoke]" in finished.stdout
    assert ">       law()\nE       combinators.laws.LawBroken: " in finished.stdout  # and no more


def test_the_marked_test_of_the_tutorial_passes(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    for name, source in re.findall(r"(?ms)^```python (\w+\.py)\n(.*?)^```$", page):
        (tmp_path / name).write_text(source, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    finished = run_pytest(tmp_path, f"--config-file={tmp_path / 'pytest.ini'}", str(tmp_path))
    assert "7 passed" in finished.stdout, finished.stdout + finished.stderr


def test_the_command_line_adds_tests_for_a_module(tmp_path: Path) -> None:
    place = "tests.laws.subjects:counting"
    finished = run_pytest(tmp_path, f"--laws={place}", "-k", "same_again", str(tmp_path))
    assert finished.returncode == 1
    assert "1 failed, 6 deselected" in finished.stdout, finished.stdout + finished.stderr
    assert f"_ {place}[the_same_again_gives_the_same] _" in finished.stdout
    assert "the_same_again_gives_the_same: A step that is run twice" in finished.stdout


def test_a_place_without_pipelines_is_an_error_of_usage(tmp_path: Path) -> None:
    finished = run_pytest(tmp_path, "--laws=tests.laws.nowhere", str(tmp_path))
    assert finished.returncode == pytest.ExitCode.USAGE_ERROR
    assert "--laws=tests.laws.nowhere: there is no module" in finished.stderr


MISTAKES = {
    "subjects.size": "the test takes no `law`",
    "": "in the marker: missing a required argument: 'pipeline'",
    "subjects.size, input=['']": "in the marker: got an unexpected keyword argument 'input'",
    "'size'": "pipeline= was given a str. It takes a Runnable",
    "subjects.untold": "inputs= was given nothing. It takes a strategy of hypothesis",
    "subjects.size)\n@pytest.mark.laws(subjects.size": "the test has the marker twice",
}

MISTAKEN = """
import pytest
from tests.laws import subjects

@pytest.mark.laws({marker})
def test_marked({parameter}):
    pass
"""


def test_a_marker_that_asks_for_nothing_that_can_be_tried_is_an_error(tmp_path: Path) -> None:
    for number, marker in enumerate(MISTAKES):
        written = MISTAKEN.format(marker=marker, parameter="law" if number else "")
        (tmp_path / f"test_{number}.py").write_text(written)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    finished = run_pytest(tmp_path, f"--config-file={tmp_path / 'pytest.ini'}", str(tmp_path))
    assert finished.returncode == pytest.ExitCode.INTERRUPTED, finished.stdout + finished.stderr
    for number, said in enumerate(MISTAKES.values()):
        assert f"test_{number}.py::test_marked: {said}" in finished.stdout
    advice = "Write `@pytest.mark.laws(pipeline, inputs=…)`, and below"
    assert finished.stdout.count(advice) == len(MISTAKES)
    assert "Traceback" not in finished.stdout


def test_a_class_that_is_marked_may_have_other_tests(tmp_path: Path) -> None:
    path = tmp_path / "test_class.py"
    path.write_text(CLASS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    finished = run_pytest(tmp_path, f"--config-file={tmp_path / 'pytest.ini'}", str(path))
    assert "8 passed" in finished.stdout, finished.stdout + finished.stderr


CLASS = """
import pytest
from tests.laws import subjects

@pytest.mark.laws(subjects.size)
class TestSize:
    def test_law(self, law):
        law()

    def test_other(self):
        assert subjects.size.invoke("a b") == 2
"""


def test_a_pipeline_whose_inputs_nobody_says_is_named(tmp_path: Path) -> None:
    finished = run_pytest(tmp_path, "--laws=tests.laws.subjects", str(tmp_path))
    assert finished.returncode == pytest.ExitCode.USAGE_ERROR
    assert "--laws=tests.laws.subjects:untold: inputs= was given nothing." in finished.stderr
    assert "Write `@pytest.mark.laws(pipeline, inputs=…)`" in finished.stderr


def test_without_hypothesis_the_extra_is_named(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("import sys; sys.modules['hypothesis'] = None")
    finished = run_pytest(tmp_path, "--laws=tests.laws.subjects:size", str(tmp_path))
    assert finished.returncode == pytest.ExitCode.USAGE_ERROR, finished.stdout
    assert "--laws=tests.laws.subjects:size: combinators.laws needs the module" in finished.stderr
    assert "pip install 'typed-combinators[laws]'" in finished.stderr


def test_a_number_of_examples_that_is_none_is_refused(tmp_path: Path) -> None:
    asked = "--laws=tests.laws.subjects:size", "--laws-examples=0", "-k", "same_again"
    finished = run_pytest(tmp_path, *asked, str(tmp_path))
    assert "1 failed" in finished.stdout, finished.stdout + finished.stderr
    assert "examples= was given a number below 1." in finished.stdout
    assert "Traceback" not in finished.stdout


register()


@given(st.from_type(Runnable[int, str]))
def test_a_type_is_drawn_as_a_pipeline(r: Runnable[Any, Any]) -> None:
    assert isinstance(r.attempt().invoke(1).value_or("failed"), str)


ANY_RUNNABLE: type[Runnable[Any, Any]] = Runnable


@given(st.from_type(ANY_RUNNABLE))
def test_a_type_without_arguments_is_drawn_as_a_pipeline(r: Runnable[Any, Any]) -> None:
    assert isinstance(r, Runnable)


def test_the_plugins_are_declared_where_their_hosts_look() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"] == {
        "hypothesis": {"combinators": "combinators.hypothesis:register"},
        "pytest11": {"combinators": "combinators.pytest"},
    }


@pytest.mark.parametrize("plugin", ["combinators.pytest", "combinators.hypothesis"])
def test_a_plugin_loads_nothing_of_the_laws(plugin: str) -> None:
    code = f"import {plugin}, sys; print([m for m in sys.modules if 'combinators.laws' in m])"
    finished = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert finished.stdout == "[]\n"

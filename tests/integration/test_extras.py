"""What is loaded when, and what is said where it is not installed."""

import json
import subprocess
import sys

import pytest

import combinators.steps
from combinators import MissingExtraError

THIRD_PARTIES = ["faiss", "numpy", "openai", "pydantic", "sklearn"]


def run(code: str) -> str:
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def without(module: str, code: str) -> str:
    """Return what `code` prints where `module` is not installed."""
    # What `None` stands for cannot be imported: `ModuleNotFoundError`, as if it were not there.
    return run(f"import sys\nsys.modules[{module!r}] = None\n{code}")


MISSING = """
from combinators import MissingExtraError
try:
    {statement}
except MissingExtraError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("module", "statement", "wanted", "extra"),
    [
        ("openai", "from combinators.steps import chat", "combinators.steps.chat", "openai"),
        (
            "pydantic",
            "from combinators.steps import json_as",
            "combinators.steps.json_as",
            "openai",
        ),
        (
            "faiss",
            "from combinators.steps import retriever",
            "combinators.steps.retriever",
            "offline",
        ),
        (
            "sklearn",
            "from combinators.steps import HashingEmbedder",
            "combinators.steps.HashingEmbedder",
            "offline",
        ),
        (
            "numpy",
            "from combinators.steps.offline import OfflineServer",
            "combinators.steps.offline.OfflineServer",
            "offline",
        ),
    ],
)
def test_a_step_whose_third_party_is_missing_names_the_extra(
    module: str, statement: str, wanted: str, extra: str
) -> None:
    assert without(module, MISSING.format(statement=statement)) == (
        f"{wanted} needs the module {module!r}, which is not installed.\n"
        f"Install the extra that brings it: pip install 'typed-combinators[{extra}]'\n"
    )


def test_the_rest_works_without_any_of_them() -> None:
    code = "from combinators.steps import Document, Passages, text\nprint(text())"
    for module in THIRD_PARTIES:
        assert without(module, code) == "pick('content').named('text')\n"


def test_another_module_that_is_missing_is_reported_as_it_is() -> None:
    code = """
try:
    from combinators.steps import chat
except ImportError as error:
    print(type(error).__name__)
"""
    assert without("combinators.steps._loops", code) == "ModuleNotFoundError\n"


def test_importing_the_steps_loads_no_third_party_and_reads_no_environment() -> None:
    code = """
import json, os, sys
read = []
class Watched(type(os.environ)):
    def __getitem__(self, key):
        read.append(key)
        return super().__getitem__(key)
os.environ.__class__ = Watched
import combinators.steps
print(json.dumps([read, sorted({name.partition(".")[0] for name in sys.modules})]))
"""
    read, loaded = json.loads(run(code))
    assert read == []
    assert "combinators" in loaded
    assert {*THIRD_PARTIES, "httpx", "httpx2", "scipy", "langchain_core"} & {*loaded} == set()


@pytest.mark.parametrize("name", combinators.steps.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    found = getattr(combinators.steps, name)
    assert name in dir(combinators.steps)
    if name not in {"Prompt", "Vectors"}:  # aliases of types have no docstring of their own
        assert found.__doc__


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    misspelt = "chatt"
    with pytest.raises(AttributeError, match=r"'combinators\.steps' has no attribute 'chatt'"):
        getattr(combinators.steps, misspelt)


def test_an_error_pickles_with_its_fields() -> None:
    error = MissingExtraError("a", "b", "c")
    assert (error.wanted, error.module, error.extra) == error.args

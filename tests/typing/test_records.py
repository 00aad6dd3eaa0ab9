"""A record's keys are known to every checker, and without a plugin."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

from tests.typing.checkers import Finding, mypy, pyrefly, pyright, ty

RIGHT = Path(__file__).parent / "cases" / "records.py"

# What is marked is wrong, and nothing else.
SOURCE = """\
# pyright: reportUnknownMemberType=false, reportUnusedExpression=false
from combinators import Key, Record, passthrough

class Inputs(Record[str]):
    context: Key[str, bytes]
    question: Key[str, str]

class Mistaken(Record[str]):
    length: Key[int, str]

def fetch(question: str) -> bytes:
    return question.encode()

def halve(number: int) -> int:
    return number // 2

def branches() -> None:
    Inputs.fanout(context=fetch, question=passthrough())
    Inputs.fanout(contxt=fetch, question=passthrough())  # wrong: misspelt
    Inputs.fanout(context=fetch)  # wrong: missing
    Inputs.fanout(context=fetch, question=str.upper, answer=str.upper)  # wrong: one too many
    Inputs.fanout(context=str.upper, question=fetch)  # wrong: swapped
    Inputs.fanout(context=passthrough(), question=fetch)  # wrong: swapped
    Inputs.fanout(context=fetch, question=halve)  # wrong: another input
    Inputs.fanout(context=fetch, question=lambda _: 1)  # wrong: another output
    Inputs.fanout(fetch, str.upper)  # wrong: without names

def by_hand() -> None:
    Inputs(context=b"", question="")
    Inputs(contxt=b"", question="")  # wrong: misspelt
    Inputs(context=b"")  # wrong: missing
    Inputs(context="", question=b"")  # wrong: swapped

def reading(inputs: Inputs, mistaken: Mistaken) -> None:
    inputs.context.hex()
    inputs.contxt  # wrong: misspelt
    inputs.question.hex()  # wrong: another type
    inputs.question = ""  # wrong: immutable
    Inputs.question  # wrong: of the class
    mistaken.length  # wrong: a branch that takes something else than the record

def flowing() -> None:
    Inputs.fanout(context=fetch, question=str.upper) | halve  # wrong: takes no record
    Inputs.fanout(context=fetch, question=str.upper).invoke(1)  # wrong: another input
"""
WRONG = [number for number, line in enumerate(SOURCE.splitlines(), start=1) if "# wrong" in line]


@pytest.fixture
def plain(tmp_path: Path) -> str:
    """A configuration of mypy without the plugin."""
    config = tmp_path / "plain.ini"
    config.write_text("[mypy]\nstrict = true\nexplicit_package_bases = true\n")
    return str(config)


@pytest.fixture(params=[mypy, pyright, ty, pyrefly], ids=["mypy", "pyright", "ty", "pyrefly"])
def check(request: pytest.FixtureRequest, plain: str) -> Callable[[Sequence[Path]], list[Finding]]:
    checker: Callable[[Sequence[Path]], list[Finding]] = request.param
    return partial(mypy, config=plain) if checker is mypy else checker


# All on one worker: there is one cache of mypy without the plugin.
@pytest.mark.xdist_group("checkers")
def test_mistakes_in_records_are_found_and_nothing_else(
    tmp_path: Path, check: Callable[[Sequence[Path]], list[Finding]]
) -> None:
    wrong = tmp_path / "wrong_records.py"
    wrong.write_text(SOURCE)
    found = check([RIGHT, wrong])
    assert [each for each in found if each.path.name == RIGHT.name] == []
    assert sorted({each.first for each in found}) == WRONG

"""What mypy says of a file that mutmut wrote is blamed on a mutant only where it belongs to one."""

from pathlib import Path

import pytest

from tests.mutants.refused import Finding, refusals

WRITTEN = """\
def trampoline() -> int: ...
def x_f__mutmut_orig() -> int:
    return 1
def x_f__mutmut_1() -> int:
    return None
def x_f__mutmut_2() -> int:
    return 2
"""


def _said(file: Path, line: int, message: str) -> Finding:
    return Finding(file=str(file), line=line, code="any", message=message, severity="error")


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "written.py"
    path.write_text(WRITTEN, encoding="utf-8")
    return path


def test_what_is_said_of_a_mutant_alone_refuses_it(written: Path) -> None:
    found = _said(written, 5, "no int")
    assert list(refusals([found])) == [found]


def test_what_is_said_of_the_original_too_refuses_nothing(written: Path) -> None:
    found = [_said(written, line, "of all copies") for line in (3, 5, 7)]
    assert list(refusals(found)) == []


def test_what_is_said_of_other_code_refuses_nothing(written: Path) -> None:
    assert list(refusals([_said(written, 1, "no body")])) == []

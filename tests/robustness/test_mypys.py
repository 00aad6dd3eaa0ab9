"""The versions of mypy that are tested are those that the extra allows."""

import re
import tomllib

from tests.robustness.mypy_process import ROOT
from tests.robustness.mypys import MYPYS


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def test_the_mypys_that_are_tested_go_from_the_lowest_to_the_newest_that_the_extra_allows() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (required,) = project["optional-dependencies"]["mypy"]
    bounds = re.fullmatch(r"mypy>=([\d.]+),<([\d.]+)", required)
    assert bounds
    lowest, beyond = map(numbers, bounds.groups())
    assert [numbers(each)[:2] for each in MYPYS] == sorted({numbers(each)[:2] for each in MYPYS})
    assert numbers(MYPYS[0])[:2] == lowest
    assert numbers(MYPYS[-1]) < beyond
    pinned = re.search(r"^mypy==([\d.]+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    assert pinned
    assert pinned[1] == MYPYS[-1]

"""The tables of `docs/checkers.md`: each cell is what the checker says of that line."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.typing import checkers
from tests.typing.checkers import ROOT, Finding
from tests.typing.pages import code_of

PAGE = ROOT / "docs" / "checkers.md"
NOTHING = "\N{EN DASH}"

# Strict in all but this, for a page says what things are by writing them down.
STRICT = "# pyright: reportUnusedExpression=false, reportUnusedVariable=false"

# On one worker, since checkers keep caches; each runs once, over all lines.
pytestmark = [pytest.mark.xdist_group("checkers"), pytest.mark.timeout(300)]


class Row(NamedTuple):
    """A line of code, what each checker makes of it, and how to write it for all of them."""

    code: str
    cells: dict[str, str]
    instead: str | None


def rows(first: str) -> list[Row]:
    """Return the rows of all tables on the page whose first column has this title."""
    found: list[Row] = []
    titles: list[str] = []
    for line in PAGE.read_text().splitlines():
        cells = cells_of(line)
        if cells[:1] == [first]:
            titles = cells
        elif not cells:
            titles = []
        elif titles and not set(cells[0]) <= {"-"}:
            row = dict(zip(titles, cells, strict=True))
            code = row.get("code", row[first])
            found.append(
                Row(code, {name: row[name] for name in CHECKERS}, row.get("right for all"))
            )
    return found


def cells_of(line: str) -> list[str]:
    cells = re.split(r"(?<!\\)\|", line)[1:-1]
    return [cell.strip().strip("`").replace("\\|", "|") for cell in cells]


CHECKERS: dict[str, Callable[[Path], list[Finding]]] = {
    "mypy, plugin": lambda path: checkers.mypy([path]),
    "mypy, plain": lambda path: checkers.mypy([path], plain(path.parent)),
    "pyright": lambda path: checkers.pyright([path]),
    "ty": lambda path: checkers.ty([path]),
    "pyrefly": lambda path: checkers.pyrefly([path]),
}
MISTAKES = rows("mistake")
RIGHT = rows("right")
LINES = [row.code for row in (*MISTAKES, *RIGHT)] + [row.instead for row in RIGHT if row.instead]


def plain(folder: Path) -> str:
    """Return a configuration of mypy without the plugin."""
    config = folder / "plain.ini"
    config.write_text("[mypy]\nstrict = true\nexplicit_package_bases = true\n")
    return str(config)


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], set[str]]:
    """Return a function that gives the lines which a checker reports."""
    path = tmp_path_factory.mktemp("table") / "lines_of_the_table.py"
    source = code_of(PAGE).splitlines()
    source[1] = STRICT
    place: dict[int, str] = {}
    for number, line in enumerate(LINES):
        source += [f"def line_{number}() -> None:", f"    {line}"]
        place[len(source)] = line
    path.write_text("\n".join(source) + "\n")

    def report(name: str) -> set[str]:
        return {place[found.first] for found in CHECKERS[name](path)}

    return report


@pytest.mark.parametrize("name", CHECKERS)
def test_a_checker_sees_what_the_tables_say(name: str, reported: Callable[[str], set[str]]) -> None:
    lines = reported(name)

    def seen(table: list[Row], word: str) -> dict[str, str]:
        return {row.code: word if row.code in lines else NOTHING for row in table}

    assert seen(MISTAKES, "found") == {row.code: row.cells[name] for row in MISTAKES}
    assert seen(RIGHT, "refused") == {row.code: row.cells[name] for row in RIGHT}
    assert {row.instead for row in RIGHT} & lines == set()


def test_the_plugin_finds_every_mistake_and_refuses_nothing_right() -> None:
    assert {row.cells["mypy, plugin"] for row in MISTAKES} == {"found"}
    assert {row.cells["mypy, plugin"] for row in RIGHT} == {NOTHING}


def test_what_is_called_right_can_be_built_and_run() -> None:
    page: dict[str, Any] = {}
    exec(code_of(PAGE), page)  # noqa: S102 - the page's own code, which is run as a test as well
    for row in RIGHT:
        for line in (row.code, row.instead):
            assert line is not None
            exec(line, page | {})  # noqa: S102 - as above

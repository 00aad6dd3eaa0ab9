"""The list of harmless mutants tells of code that is there."""

from pathlib import Path

import pytest

from tests.mutants.listing import PAGE, Change, change, listed

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_every_survivor_that_is_listed_changes_code_that_is_there() -> None:
    survivors = listed(PAGE.read_text("utf-8"))
    assert survivors
    assert [str(survivor) for survivor in survivors if not survivor.is_there()] == []


def test_no_survivor_is_listed_twice() -> None:
    survivors = listed(PAGE.read_text("utf-8"))
    assert len(set(survivors)) == len(survivors)


def test_a_change_is_told_by_the_lines_that_differ() -> None:
    told = change("a.b.f", "def f():\n    x = 1\n    return x", "def f():\n    x = 2\n    return x")
    assert told == Change("a.b.f", ("x = 1",), ("x = 2",))
    assert listed(f"Why.\n\n```diff\n{told}\n```\n") == [told]


def test_all_changes_of_a_function_are_listed_by_its_name() -> None:
    (every,) = listed("```diff\n@@ combinators._words.a_kind\n```\n")
    assert every == Change("combinators._words.a_kind", ("a",), ("b",)).of_any_kind
    assert every.is_there()
    assert not Change("combinators._words.gone", (), ()).is_there()


def test_code_that_is_gone_is_noticed() -> None:
    assert not Change("combinators._words.a_kind", ("return 'gone'",), ()).is_there()
    assert not Change("combinators._gone.a_kind", ("return text",), ()).is_there()

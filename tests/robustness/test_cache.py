"""With mypy's cache, its daemon or its workers, the same is said as without."""

import os
import shutil
from collections.abc import Callable, Sequence
from difflib import unified_diff
from pathlib import Path
from typing import TypeAlias

import pytest
from mypy.options import Options

from tests.robustness.daemon import daemon
from tests.robustness.mypy_process import configuration, mypy
from tests.robustness.project import EDITS, PROJECT, edited, written

CONFIGURED = configuration(settings="check_untyped_defs = true\nlocal_partial_types = true\n")
# What mypy can do differently depends on which mypy it is: all of it must give the same.
DEFAULTS: dict[str, object] = {name: getattr(Options(), name) for name in dir(Options())}
WAYS: dict[str, tuple[str, ...]] = {"as mypy is": ()}
for option in ("sqlite-cache", "fixed-format-cache"):
    if (default := DEFAULTS.get(option.replace("-", "_"))) is not None:
        WAYS[f"other {option}"] = (f"--no-{option}" if default else f"--{option}",)
if "num_workers" in DEFAULTS:
    WAYS["with workers"] = ("--num-workers=2",)

LATE = """\
from combinators import fanout
from parts import Holder, counted, found, made, question, retrieval
from steps import search, shout, size, spell

found | question | shout; fanout(question=shout) | counted | question
retrieval | shout

found | question | spell
fanout(quest=shout) | question
fanout(quest=shout) | counted
Holder.question | size | shout
retrieval | spell
"""
FEW = ("a use", "a key", "nothing")
IMPORTS = "import combinators, operator, typing\n"

# They share what is said without a cache, which takes a while to find out.
pytestmark = pytest.mark.xdist_group("mypy's cache")

Look: TypeAlias = Callable[[str], Sequence[str]]


def said(folder: Path, *options: str) -> Sequence[str]:
    run = mypy(folder, list(PROJECT), CONFIGURED, options)
    for _ in range(5):  # mypy gives its workers 3 s to begin, which a busy machine may not
        if "Cannot connect to build worker" not in run.stderr:
            break
        run = mypy(folder, list(PROJECT), CONFIGURED, options)
    assert not run.crashed, run.stderr
    return run.said()


@pytest.fixture(scope="module")
def cold(tmp_path_factory: pytest.TempPathFactory) -> Look:
    """Return what tells what is said after an edit where only the library is in the cache."""
    known: dict[str, Sequence[str]] = {}
    library = written(tmp_path_factory.mktemp("library"), dict.fromkeys(PROJECT, IMPORTS))
    said(library, f"--cache-dir={library / 'cache'}")

    def look(edit: str) -> Sequence[str]:
        if edit not in known:
            folder = tmp_path_factory.mktemp("cold")
            shutil.copytree(library / "cache", folder / "cache")
            known[edit] = said(written(folder, edited(edit)), f"--cache-dir={folder / 'cache'}")
        return known[edit]

    return look


@pytest.mark.parametrize("options", WAYS.values(), ids=WAYS)
def test_the_same_is_said_after_an_edit_with_a_cache_as_without(
    tmp_path: Path, cold: Look, options: tuple[str, ...]
) -> None:
    cache = (*options, f"--cache-dir={tmp_path / 'cache'}")
    assert difference(cold("nothing"), said(written(tmp_path), *cache)) == ""
    for edit in EDITS if not options else FEW:
        written(tmp_path, edited(edit))
        assert difference(cold(edit), said(tmp_path, *cache)) == "", edit


def test_the_same_is_said_by_the_daemon(tmp_path: Path, cold: Look) -> None:
    with daemon(written(tmp_path), CONFIGURED) as running:
        assert difference(cold("nothing"), running.run(list(PROJECT))) == ""
        for edit in EDITS:
            written(tmp_path, edited(edit))
            assert difference(cold(edit), running.recheck()) == "", edit
            written(tmp_path)
            assert difference(cold("nothing"), running.run(list(PROJECT))) == ""


def test_the_same_is_said_where_not_even_the_library_is_in_a_cache(
    tmp_path: Path, cold: Look
) -> None:
    found = said(written(tmp_path), f"--cache-dir={os.devnull}")
    assert difference(cold("nothing"), found) == ""


def test_what_is_said_is_not_the_same_after_each_edit(cold: Look) -> None:
    silent = {"nothing", "a comment", "a body"}
    changed = {
        edit for edit in EDITS if without_lines(cold(edit)) != without_lines(cold("nothing"))
    }
    assert changed == set(EDITS) - silent


def test_keys_survive_the_cache(tmp_path: Path) -> None:
    cache = f"--cache-dir={tmp_path / 'cache'}"
    said(written(tmp_path), cache)
    (tmp_path / "again.py").write_text(LATE)
    run = mypy(tmp_path, list(PROJECT), CONFIGURED, [cache])
    assert [(each.line, each.code) for each in run.messages if each.file == "again.py"] == [
        (8, "runnable-types"),
        (9, "runnable-keys"),
        (10, "runnable-keys"),
        (11, "runnable-types"),
        (12, "runnable-types"),
    ]


def without_lines(messages: Sequence[str]) -> Sequence[tuple[str, str]]:
    return [(file, text) for file, _, text in (each.split(":", 2) for each in messages)]


def difference(expected: Sequence[str], found: Sequence[str]) -> str:
    """Return the lines that are said in one case only."""
    return "\n".join(unified_diff(expected, found, "without", "with", lineterm="", n=0))

"""What mutmut knows of who calls what is looked up again where the sources have changed."""

import os
from pathlib import Path

import pytest

from tests.mutants.__main__ import is_stale


@pytest.mark.parametrize("changed", ["combinators/inner/module.py", "tests/test_module.py"])
def test_what_was_looked_up_before_a_change_is_stale(
    changed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    stats, source = Path("stats.json"), Path(changed)
    for folder in ("combinators/inner", "tests"):
        Path(folder).mkdir(parents=True)
    source.touch()
    assert not is_stale(stats)
    stats.touch()
    os.utime(source, (1, 1))
    assert not is_stale(stats)
    os.utime(stats, (0, 0))
    assert is_stale(stats)

"""What the settings of mutmut name is there: a test that was renamed would come back unnoticed."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _left_out() -> list[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mutmut"]
    arguments: list[str] = settings["pytest_add_cli_args"]
    pairs = [argument.partition("=") for argument in arguments]
    return [value for option, _, value in pairs if option in {"--ignore", "--deselect"}]


def test_every_test_that_is_left_out_is_there() -> None:
    left_out = _left_out()
    assert left_out
    for path, _, name in (place.partition("::") for place in left_out):
        assert (ROOT / path).exists(), path
        assert not name or f"def {name}(" in (ROOT / path).read_text("utf-8"), name

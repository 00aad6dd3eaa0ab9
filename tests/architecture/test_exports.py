import inspect
from types import ModuleType

import pytest

import combinators


def test_public_names_are_sorted_and_named_once() -> None:
    assert list(combinators.__all__) == sorted(set(combinators.__all__))


def test_nothing_else_is_public() -> None:
    public = {
        name
        for name, value in vars(combinators).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert public == set(combinators.__all__)


@pytest.mark.parametrize("name", combinators.__all__)
def test_every_public_name_is_documented(name: str) -> None:
    value = getattr(combinators, name)
    # A class inherits the docstring of the one above it, and a dataclass gets its signature as one.
    written = vars(value).get("__doc__") if inspect.isclass(value) else value.__doc__
    assert isinstance(written, str)
    assert not written.startswith(f"{name}(")
    assert written.strip().splitlines()[0].endswith(".")

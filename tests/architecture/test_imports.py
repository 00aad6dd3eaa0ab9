import ast
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# Each is heavy, or pulls in what is.
LOADED_ONLY_WHEN_NEEDED = {
    "asyncio",
    "concurrent.futures",
    "hypothesis",
    "multiprocessing",
    "mypy",
    "numpy",
    "openai",
    "pytest",
    "returns",
    "rich",
    "socket",
    "sqlite3",
    "subprocess",
}

REACHING_OUT = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system")

MODULES = """
import json, sys
before = set(sys.modules)
import combinators
print(json.dumps(sorted(set(sys.modules) - before)))
"""

THREADS = """
import threading
import combinators
print(threading.active_count())
"""

EVENTS = """
import json, sys
seen = set()
sys.addaudithook(lambda event, _: seen.add(event))
import combinators
print(json.dumps(sorted(seen)))
"""


@pytest.fixture(scope="module")
def loaded(fresh_python: Callable[[str], str]) -> set[str]:
    return set(json.loads(fresh_python(MODULES)))


def test_the_core_loads_no_heavy_module(loaded: set[str]) -> None:
    assert "combinators" in loaded
    assert loaded & LOADED_ONLY_WHEN_NEEDED == set()


def test_the_core_loads_no_third_party_but_typing_extensions(loaded: set[str]) -> None:
    tops = {name.partition(".")[0] for name in loaded}
    assert tops - sys.stdlib_module_names <= {"combinators", "typing_extensions"}


def test_importing_starts_no_thread(fresh_python: Callable[[str], str]) -> None:
    assert fresh_python(THREADS) == "1\n"


def test_importing_opens_no_socket_and_starts_no_process(
    fresh_python: Callable[[str], str],
) -> None:
    events = set(json.loads(fresh_python(EVENTS)))
    assert "import" in events
    assert {event for event in events if event.startswith(REACHING_OUT)} == set()


# Pickles lambdas for batches on other processes, where it is installed; runs who awaits us.
OPTIONAL = {"cloudpickle", "trio"}


def test_the_core_names_no_third_party_but_its_two_dependencies(root: Path) -> None:
    imported = {top for path in core(root / "combinators") for top in imported_by(path)}
    assert "combinators" in imported
    required = {"combinators", "returns", "typing_extensions"}
    assert imported - sys.stdlib_module_names <= required | OPTIONAL


def core(package: Path) -> list[Path]:
    """Return the sources of floors 0 to 5: the facade and all that is private."""
    return [package / "__init__.py", *package.glob("_[!_]*.py"), *package.glob("_[!_]*/**/*.py")]


def imported_by(path: Path) -> Iterator[str]:
    """Yield the top-level names that a source imports, lazily or not."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module is not None:
            yield node.module.partition(".")[0]

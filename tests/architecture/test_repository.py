import ast
import gc
import re
import subprocess
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

MODULE_LINES = 350
FUNCTION_LINES = 45

TOP_LEVEL = {
    ".ci",
    ".github",
    ".gitignore",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "SECURITY.md",
    "combinators",
    "constraints.txt",
    "docs",
    "pyproject.toml",
    "stubs",
    "tests",
}

MACHINE_PATH = re.compile(r"(?<![\w.])/(work|root|home|Users|farm)/")
DOWNLOAD = re.compile(r"https?://\S+(\.(whl|tar\.gz|tgz|deb)\b|/simple\b)")
# Spelt so that no pattern finds itself.
IGNORE_WITHOUT_CODE = re.compile(r"(?:type|pyright): ignore(?!\[)|no[q]a(?!: ?[A-Z])")
IGNORE = re.compile(r"#\s*(?:(?:type|pyright): ignore\[[^]]*\]|no[q]a: ?[A-Z0-9, ]+)")
SKIP = re.compile(r"pytest\.(skip|importorskip|xfail)|mark\.(skip|skipif|xfail)")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@pytest.fixture(scope="module")
def files(root: Path) -> list[Path]:
    """Return the text files of the repository, by the paths git knows them under."""
    listed = subprocess.run(
        # A checkout may belong to somebody else, as in a container; this only reads it.
        ["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    paths = [root / name for name in listed.split("\0") if name]
    return [path for path in paths if path.is_file() and is_text(path)]


def is_text(path: Path) -> bool:
    return b"\0" not in path.read_bytes()


def test_the_top_level_holds_only_what_is_planned(files: list[Path], root: Path) -> None:
    found = {path.relative_to(root).parts[0] for path in files}
    assert {"pyproject.toml", "combinators"} <= found <= TOP_LEVEL


def test_no_file_knows_a_machine_or_an_address_of_downloads(files: list[Path]) -> None:
    assert places(files, MACHINE_PATH) == []
    assert places(files, DOWNLOAD) == []


def test_every_ignore_has_a_code(files: list[Path]) -> None:
    assert places(sources(files), IGNORE_WITHOUT_CODE) == []


def test_every_ignore_in_the_library_has_a_reason(files: list[Path], root: Path) -> None:
    assert [place for path in library(files, root) for place in unexplained(path)] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("x = f()  # type: " + "ignore[misc]", [1]),
        ("y = 1\nx = f()  # pyright: " + "ignore[reportAny]  # type: " + "ignore[misc]", [2]),
        ("x = f()  # no" + "qa: BLE001", [1]),
        ("x = f()  # type: " + "ignore[misc]  # the stub lacks it", []),
        ("# The stub lacks it.\nx = f()  # type: " + "ignore[misc]", []),
    ],
)
def test_an_ignore_without_a_reason_is_found(tmp_path: Path, source: str, found: list[int]) -> None:
    path = tmp_path / "sample.py"
    path.write_text(source)
    assert list(unexplained(path)) == [f"{path}:{line}" for line in found]


def test_no_test_is_skipped(files: list[Path]) -> None:
    assert places(sources(files), SKIP) == []


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (MACHINE_PATH, "see /" + "home/me/notes.txt"),
        (DOWNLOAD, "https://example.org/" + "simple"),
        (DOWNLOAD, "https://example.org/a-1.0.tar" + ".gz"),
        (IGNORE_WITHOUT_CODE, "x = 1  # type: " + "ignore"),
        (IGNORE_WITHOUT_CODE, "x = 1  # pyright: " + "ignore"),
        (IGNORE_WITHOUT_CODE, "x = 1  # no" + "qa"),
        (SKIP, "pytest." + "skip('later')"),
        (SKIP, "@pytest.mark." + "skipif(True)"),
    ],
)
def test_what_is_not_wanted_is_found(tmp_path: Path, pattern: re.Pattern[str], line: str) -> None:
    path = tmp_path / "sample.py"
    path.write_text(f"first\n{line}\n")
    assert places([path], pattern) == [f"{path}:2: {line}"]


def test_modules_are_short(files: list[Path], root: Path) -> None:
    lengths = {path: lines_of(path) for path in library(files, root)}
    assert lengths
    assert [path for path, lines in lengths.items() if lines > MODULE_LINES] == []


def test_functions_are_short(files: list[Path], root: Path) -> None:
    functions = [(path, each) for path in library(files, root) for each in functions_of(path)]
    assert functions
    assert [
        f"{path}:{each.lineno}: {each.name}"
        for path, each in functions
        if length(each) > FUNCTION_LINES
    ] == []


def places(files: list[Path], pattern: re.Pattern[str]) -> list[str]:
    """Return the lines on which the pattern is found, each with its place."""
    return [
        f"{path}:{number}: {line}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def unexplained(path: Path) -> Iterator[str]:
    """Yield the places of ignores with a comment neither beside nor above them."""
    above = ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        ignore = IGNORE.search(line)
        if ignore and not above.lstrip().startswith("#"):
            comment = IGNORE.sub("", line[ignore.start() :])
            if not re.search(r"\w", comment):
                yield f"{path}:{number}"
        above = line


def sources(files: list[Path]) -> list[Path]:
    return [path for path in files if path.suffix in {".py", ".pyi"}]


def library(files: list[Path], root: Path) -> list[Path]:
    return [path for path in sources(files) if path.is_relative_to(root / "combinators")]


def functions_of(path: Path) -> Iterator[Function]:
    # A finalizer that writes a traceback parses as well, and CPython 3.11 then loses count.
    gc.disable()
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    finally:
        gc.enable()
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def length(function: Function) -> int:
    assert function.end_lineno is not None
    return function.end_lineno - function.lineno + 1


def lines_of(path: Path) -> int:
    """Return how many lines a module has, not counting its tables of overloads."""
    overloads = (each for each in functions_of(path) if is_overload(each))
    table = set(chain.from_iterable(map(span, overloads)))
    return len(path.read_text(encoding="utf-8").splitlines()) - len(table)


def is_overload(function: Function) -> bool:
    return any(ast.unparse(decorator) == "overload" for decorator in function.decorator_list)


def span(function: Function) -> range:
    assert function.end_lineno is not None
    return range(function.decorator_list[0].lineno, function.end_lineno + 1)

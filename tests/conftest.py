"""What the whole suite shares: documents are tests, and hypothesis sets no deadlines."""

import doctest
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

import pytest
from hypothesis import Phase, settings
from sybil import Example, Region
from sybil.document import Document
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser
from sybil.parsers.markdown.lexers import RawFencedCodeBlockLexer
from typing_extensions import override

from combinators.cli import main

# A busy machine makes an example slow, which is no fault of the code under test.
settings.register_profile("suite", deadline=None)
# `make mutants` runs most tests thousands of times, and a mutant must die each time or never.
# What fails is not made smaller: nobody reads it.
settings.register_profile(
    "mutants",
    deadline=None,
    derandomize=True,
    max_examples=25,
    phases=[Phase.explicit, Phase.generate],
)
settings.load_profile("suite")

PYTHON_BLOCKS = PythonCodeBlockParser(doctest_optionflags=doctest.ELLIPSIS)

# ```python search.py: a file, which stands in the folder of the page from there on.
FILES = RawFencedCodeBlockLexer(re.compile(r"python (?P<name>\S+)$\n", re.MULTILINE))
# A command of ours, and what it prints: all lines up to the next command.
COMMAND = re.compile(r"^\$ python -m combinators (.*)\n((?:(?!\$ ).*\n)+)", re.MULTILINE)


def file_blocks(document: Document) -> Iterator[Region]:
    """Yield the blocks with the name of a file."""
    for region in FILES(document):
        region.parsed, region.evaluator = region.lexemes["source"], write
        yield region


def write(example: Example) -> None:
    """Write a file where the page is run."""
    Path(example.region.lexemes["name"]).write_text(example.parsed, encoding="utf-8")


def run_commands(example: Example) -> str | None:
    """Return how what a command prints differs from what the page shows, if it does."""
    for command, shown in COMMAND.findall(example.parsed):
        with redirect_stdout(StringIO()) as printed:
            main(shlex.split(command))
        if printed.getvalue() != shown:
            return f"{command}\nThe page shows:\n{shown}\nIt prints:\n{printed.getvalue()}"
    return None


CONSOLE_BLOCKS = CodeBlockParser("console", run_commands)


class Page(pytest.File):
    """A Markdown document whose Python blocks are run, and whose commands print what they show."""

    @override
    def collect(self) -> Iterator[pytest.Item]:
        document = Document.parse(str(self.path), PYTHON_BLOCKS, file_blocks, CONSOLE_BLOCKS)
        if any(document.examples()):
            # pytest leaves the keywords of its nodes untyped.
            yield Examples.from_parent(  # pyright: ignore[reportUnknownMemberType]
                self, name="examples", document=document
            )


class Examples(pytest.Item):
    """The blocks of one document: one test, since they build on one another."""

    # Without fixtures, but with the attribute that shows pytest-socket a test to watch over.
    fixturenames: tuple[str, ...] = ()

    def __init__(self, *, document: Document, name: str, parent: Page) -> None:
        # pytest leaves the parameters of its nodes untyped.
        super().__init__(name, parent)  # pyright: ignore[reportUnknownMemberType]
        self.document = document
        self.add_marker(pytest.mark.timeout(300))  # a page may run mypy several times

    @override
    def runtest(self) -> None:
        # A module of their own, so that what the blocks define can be pickled and found by name.
        module = ModuleType(f"page_{self.path.stem}")
        self.document.namespace = vars(module)
        with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
            patch.setitem(sys.modules, module.__name__, module)
            patch.chdir(folder)
            patch.setenv("MYPY_CACHE_DIR", ".cache")  # one page checks several files
            for example in self.document.examples():
                example.evaluate()

    @override
    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None
    ) -> str:
        return str(super().repr_failure(excinfo, "short"))

    @override
    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, self.path.name


class Pages:
    """Collect documents wherever they are: a conftest's own hooks see only its folder."""

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> Page | None:
        if file_path.suffix != ".md":
            return None
        # pytest leaves the keywords of its nodes untyped.
        return Page.from_parent(  # pyright: ignore[reportUnknownMemberType]
            parent, path=file_path
        )


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Pages())

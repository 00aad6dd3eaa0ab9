"""What the whole suite shares: documents are tests, and hypothesis sets no deadlines."""

import doctest
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import settings
from sybil.document import Document
from sybil.parsers.markdown import PythonCodeBlockParser
from typing_extensions import override

# A busy machine makes an example slow, which is no fault of the code under test.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

PYTHON_BLOCKS = PythonCodeBlockParser(doctest_optionflags=doctest.ELLIPSIS)


class Page(pytest.File):
    """A Markdown document whose Python blocks are run."""

    @override
    def collect(self) -> Iterator[pytest.Item]:
        document = Document.parse(str(self.path), PYTHON_BLOCKS)
        if any(document.examples()):
            # pytest leaves the keywords of its nodes untyped.
            yield Examples.from_parent(  # pyright: ignore[reportUnknownMemberType]
                self, name="examples", document=document
            )


class Examples(pytest.Item):
    """The Python blocks of one document: one test, since they build on one another."""

    # Without fixtures, but with the attribute that shows pytest-socket a test to watch over.
    fixturenames: tuple[str, ...] = ()

    def __init__(self, *, document: Document, name: str, parent: Page) -> None:
        # pytest leaves the parameters of its nodes untyped.
        super().__init__(name, parent)  # pyright: ignore[reportUnknownMemberType]
        self.document = document

    @override
    def runtest(self) -> None:
        # A module of their own, so that what the blocks define can be pickled and found by name.
        module = ModuleType(f"page_{self.path.stem}")
        self.document.namespace = vars(module)
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(sys.modules, module.__name__, module)
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

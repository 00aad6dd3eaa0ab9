"""A corpus that every machine has: the docstrings of Python's standard library."""

import ast
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeAlias

from combinators.steps._documents import Document
from combinators.steps._words import paragraphs

# Tests, demonstrations, programs with a window, and two jokes. Codecs and Windows installers speak
# of little else than themselves.
_LEFT_OUT: Final = frozenset(
    {
        *("antigravity", "this", "test", "idlelib", "tkinter", "turtle", "turtledemo"),
        *("encodings", "distutils", "ensurepip", "lib2to3", "msilib", "pydoc_data"),
    }
)
# A heading such as "Covariance" is no description.
_FEWEST_WORDS: Final = 4

_Described: TypeAlias = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def standard_library() -> list[Document]:
    """Return what each public function and class of the standard library says of itself.

    Sources are parsed, never imported: importing opens browsers and windows. So what is written in
    C is not there. The first paragraph of each docstring, in the order of the names.

    >>> next(d for d in standard_library() if d.source == "shutil.copytree").text
    'Recursively copy a directory tree and return the destination directory.'
    """
    root = Path(sysconfig.get_path("stdlib"))
    return [document for path in _sources(root) for document in _documents(root, path)]


def _sources(root: Path) -> Iterator[Path]:
    for name in sorted(sys.stdlib_module_names - _LEFT_OUT):
        for path in (root / f"{name}.py", *sorted((root / name).rglob("*.py"))):
            module = path.relative_to(root).parts
            private = any(part.startswith("_") and part != "__init__.py" for part in module)
            if path.is_file() and not private and "test" not in module and "tests" not in module:
                yield path


def _documents(root: Path, path: Path) -> Iterator[Document]:
    module = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
    for node in _definitions(ast.parse(path.read_bytes()).body):
        text = _summary(ast.get_docstring(node) or "")
        if text and not node.name.startswith("_"):
            yield Document(text, source=f"{module}.{node.name}")


def _definitions(body: list[ast.stmt]) -> Iterator[_Described]:
    for node in body:
        match node:
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node
            case ast.If() | ast.Try():  # where a platform or a version decides
                yield from _definitions([*node.body, *node.orelse])
            case _:
                pass


def _summary(docstring: str) -> str:
    found = ""
    for paragraph in paragraphs(docstring):
        found = f"{found} {paragraph}".strip()
        if len(found.split()) >= _FEWEST_WORDS:
            return found
    return ""

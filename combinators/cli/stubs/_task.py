"""What the process of mypy does for `stubs`: it checks files, and writes down what it knows."""

import ast
import json
import re
import sys
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Final

from mypy.build import BuildResult, build
from mypy.defaults import RECURSION_LIMIT
from mypy.errors import CompileError
from mypy.fscache import FileSystemCache
from mypy.main import process_options
from mypy.modulefinder import BuildSource
from mypy.nodes import Expression, MypyFile
from mypy.types import Type

from combinators.cli.stubs._imports import Imports, merged, names_in
from combinators.cli.stubs._names import Names
from combinators.cli.stubs._reported import Report, StubText
from combinators.cli.stubs._types import Types
from combinators.cli.stubs._writing import body_of

MARK: Final = (
    "# Written by `python -m combinators stubs`: it would write over what is changed here."
)

_BLANKS: Final = re.compile(r"\n{3,}")


def main(*arguments: str) -> int:
    """Write on stdout what mypy finds, and the stubs; return the exit status."""
    sys.setrecursionlimit(RECURSION_LIMIT)  # as mypy itself does
    cache = FileSystemCache()
    sources, options = process_options(list(arguments), fscache=cache)
    options.export_types = options.preserve_asts = True
    try:
        built = build(sources, options, fscache=cache)
    except CompileError as error:
        if not error.use_stdout:
            print(*error.messages, sep="\n", file=sys.stderr)
            return 2
        report = Report(findings=error.messages, stubs=[], left=[])
    else:
        report = _report(sources, built)
    json.dump(report, sys.stdout)
    return 0


def _report(sources: list[BuildSource], built: BuildResult) -> Report:
    own = {source.module.partition(".")[0] for source in sources}
    report = Report(findings=built.errors, stubs=[], left=[])
    for tree in (built.files[source.module] for source in sources):
        if tree.is_stub:
            report["left"].append(tree.path)
        else:
            text = stub_of(tree, built.files, built.types, own)
            report["stubs"].append(StubText(place=_place(tree), text=text))
    return report


def _place(tree: MypyFile) -> list[str]:
    folders = tree.fullname.split(".")
    if Path(tree.path).stem == "__init__":
        return [*folders, "__init__.pyi"]
    return [*folders[:-1], f"{folders[-1]}.pyi"]


def stub_of(
    tree: MypyFile,
    modules: Mapping[str, MypyFile],
    inferred: Mapping[Expression, Type],
    own: Container[str],
) -> str:
    """Return the stub of a module."""
    source = ast.parse(Path(tree.path).read_bytes())
    names = Names(tree, modules)
    types = Types(names)
    body = body_of(tree, source, types, inferred)
    mappings = [] if types.mappings.is_empty() else [*types.mappings.definitions(types.words())]
    used = names_in((*mappings, *body))
    imports = Imports(tree, own, used)
    imports.read(source)
    head = merged((*imports.lines, *names.imports(used)))
    text = "\n".join((MARK, "", *head, "", *map(_apart, mappings), "", *map(_apart, body)))
    return f"{_BLANKS.sub(chr(10) * 2, text).rstrip()}\n"


def _apart(text: str) -> str:
    return f"\n{text}\n" if "\n    " in text else text

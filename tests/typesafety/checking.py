"""Many sources checked by mypy with the plugin, in this process."""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, final

from mypy import api

from tests.typesafety.sources import Place, Source

ROOT: Final = Path(__file__).parents[2]
CONFIG: Final = """\
[mypy]
strict = true
plugins = combinators.mypy
"""
AT_ONCE: Final = 400  # sources; more would only take more memory
CRASH: Final = "crash"  # the code of what is no finding, but the end of mypy


@final
@dataclass(frozen=True, slots=True)
class Finding:
    """An error, with the notes that belong to it."""

    place: Place
    code: str
    said: str


def findings_in(sources: Sequence[Source]) -> dict[str, list[Finding]]:
    """Return the errors that mypy finds in sources, by the names of these."""
    found: dict[str, list[Finding]] = {}
    owners = {module: source.name for source in sources for module in source.modules}
    with TemporaryDirectory() as folder, contextlib.chdir(folder), _library_on_the_path():
        Path("mypy.ini").write_text(CONFIG)
        for start in range(0, len(sources), AT_ONCE):
            for finding in _checked(sources[start : start + AT_ONCE]):
                found.setdefault(owners[finding.place.module], []).append(finding)
    return {source.name: found.get(source.name, []) for source in sources}


def _checked(sources: Sequence[Source]) -> Iterator[Finding]:
    files = [Path(f"{module}.py") for source in sources for module in source.modules]
    texts = [text for source in sources for text in source.modules.values()]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text)
    crash = io.StringIO()  # which mypy prints, whatever it is told
    with contextlib.redirect_stderr(crash), contextlib.redirect_stdout(crash):
        options = ("--output=json", "--cache-dir=cache", "--show-traceback")
        report, failure, status = api.run([*options, *map(str, files)])
    lines = [*filter(None, report.splitlines())]
    if status in {0, 1} and all(line.startswith("{") for line in lines):
        yield from map(_finding, lines)
    elif len(sources) == 1:
        said = f"{report}{failure}{crash.getvalue()}"
        yield Finding(Place(sources[0].name, 0), CRASH, said)
    else:
        # The guilty source is looked for, so that the others are checked all the same.
        middle = len(sources) // 2
        yield from _checked(sources[:middle])
        yield from _checked(sources[middle:])


def _finding(line: str) -> Finding:
    entry = json.loads(line)
    place = Place(entry["file"].removesuffix(".py"), entry["line"])
    code = entry["code"] if entry["severity"] == "error" else entry["severity"]
    return Finding(place, code, "\n".join(filter(None, (entry["message"], entry["hint"]))))


@contextlib.contextmanager
def _library_on_the_path() -> Generator[None, None, None]:
    before = os.environ.get("MYPYPATH")
    os.environ["MYPYPATH"] = str(ROOT)
    try:
        yield
    finally:
        del os.environ["MYPYPATH"]
        if before is not None:
            os.environ["MYPYPATH"] = before

"""`python -m combinators stubs`: what the plugin infers, for editors and checkers without it."""

import json
import os
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from typing import Final

from combinators.cli._screen import Progress

SUMMARY: Final = "write .pyi files in which every inferred mapping has a name"

_COMMAND: Final = "python -m combinators stubs"
_EPILOG: Final = """\
exit status:
  0  the stubs are written
  1  mypy stopped at a file that is not Python; nothing was written
  2  nothing was written: a path that is not there, a file that somebody else wrote, ...

Nothing that is read is run. A project's own mypy configuration is not read, and no cache is
kept.
"""


def declare(parser: ArgumentParser) -> None:
    """Add the arguments of the command to `parser`."""
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.description = "Write stubs in which the keys of pipelines are named TypedDicts."
    parser.epilog = _EPILOG
    parser.add_argument("paths", nargs="+", metavar="PATH", help="a Python file, or a folder")
    parser.add_argument(
        "-o", "--output", required=True, metavar="DIR", help="the folder of stubs; made if missing"
    )
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="write over files there that this command did not write",
    )
    parser.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="how the files written are listed (default: %(default)s)",
    )


def run(arguments: Namespace) -> int:
    """Write the stubs, list them, and return the exit status."""
    paths: Sequence[str] = arguments.paths
    if missing := [path for path in paths if not os.access(path, os.R_OK)]:
        return _stopped(f"no file or folder that can be read: {', '.join(map(repr, missing))}")
    # Not above: only this command is to load what starts processes.
    from combinators import MissingExtraError  # noqa: PLC0415 - as said
    from combinators.cli._mypy import FailedError  # noqa: PLC0415 - as said
    from combinators.cli.check._report import as_text  # noqa: PLC0415 - as said
    from combinators.cli.stubs import _stubs  # noqa: PLC0415 - as said

    progress = Progress()
    progress.say("inferring types with mypy")
    try:
        made = _stubs.made(paths, arguments.output)
    except (MissingExtraError, FailedError) as error:
        progress.clear()
        return _stopped(error)
    progress.clear()
    for remark in made.remarks:
        _say(remark)
    mistakes = [finding for finding in made.findings if finding.is_mistake]
    if mistakes and not made.stubs:
        print(as_text(mistakes))
        _say("mypy stopped there, so nothing was written.")
        return 1
    if not arguments.overwrite and (foreign := _stubs.foreign(made.stubs)):
        return _stopped(
            f"written by somebody else, so nothing was written: {', '.join(map(repr, foreign))}\n"
            "Name another folder with -o, move them away, or say --overwrite."
        )
    try:
        _stubs.write(made.stubs)
    except OSError as error:
        return _stopped(f"{error.filename!r} cannot be written: {error.strerror}")
    _list([str(stub.path) for stub in made.stubs], len(mistakes), arguments.format)
    return 0


def _list(written: list[str], mistakes: int, form: str) -> None:
    if mistakes:
        _say(
            f"mypy found mistakes ({mistakes}), and types next to them may be unknown. "
            "`python -m combinators check` says which."
        )
    print(json.dumps({"written": written}, indent=2) if form == "json" else "\n".join(written))


def _stopped(reason: object) -> int:
    _say(reason)
    return 2


def _say(words: object) -> None:
    print(f"{_COMMAND}: {words}", file=sys.stderr)

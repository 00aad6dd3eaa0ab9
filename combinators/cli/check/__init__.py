"""`python -m combinators check`: mypy with the plugin, without any configuration."""

import os
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from typing import Final

from combinators.cli._screen import Progress

SUMMARY: Final = "find steps that do not fit, without running anything"

_COMMAND: Final = "python -m combinators check"
_EPILOG: Final = """\
exit status:
  0  no mistakes
  1  mistakes
  2  nothing was checked: a path that is not there, mypy not installed, ...

Nothing that is checked is run. A project's own mypy configuration is not read, and no cache is
kept, unless the variable MYPY_CACHE_DIR names a folder for it.
"""


def declare(parser: ArgumentParser) -> None:
    """Add the arguments of the command to `parser`."""
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.description = "Check the pipelines in Python files with mypy and the plugin."
    parser.epilog = _EPILOG
    parser.add_argument("paths", nargs="+", metavar="PATH", help="a Python file, or a folder")
    parser.add_argument(
        "--format",
        choices=("text", "json", "github"),
        default="text",
        help="how results are written (default: %(default)s)",
    )


def run(arguments: Namespace) -> int:
    """Check the paths, print what is found, and return the exit status."""
    paths: Sequence[str] = arguments.paths
    if missing := [path for path in paths if not os.access(path, os.R_OK)]:
        return _stopped(f"no file or folder that can be read: {', '.join(map(repr, missing))}")
    # Not above: only this command is to load what starts processes.
    from combinators import MissingExtraError  # noqa: PLC0415 - as said
    from combinators.cli._mypy import FailedError  # noqa: PLC0415 - as said
    from combinators.cli.check import _mypy, _report  # noqa: PLC0415 - as said

    progress = Progress()
    progress.say("checking with mypy")
    try:
        checked = _mypy.check(paths)
    except (MissingExtraError, FailedError) as error:
        progress.clear()
        return _stopped(error)
    progress.clear()
    for remark in checked.remarks:
        _say(remark)
    written = {"text": _report.as_text, "json": _report.as_json, "github": _report.as_github}
    if report := written[arguments.format](checked.findings):
        print(report)
    if not checked.complete:
        _say("mypy stopped there. Once that is mended, it checks the rest.")
    return 1 if any(finding.is_mistake for finding in checked.findings) else 0


def _stopped(reason: object) -> int:
    _say(reason)
    return 2


def _say(words: object) -> None:
    print(f"{_COMMAND}: {words}", file=sys.stderr)

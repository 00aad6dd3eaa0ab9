"""`python -m combinators laws`: pipelines of a module, held to what every step promises."""

import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from typing import Final

from combinators.cli._screen import Progress

SUMMARY: Final = "hold the pipelines of a module to the laws, on drawn inputs"

_COMMAND: Final = "python -m combinators laws"
_EPILOG: Final = """\
exit status:
  0  all laws hold, as far as the examples show
  1  a law does not hold
  2  nothing was tried: no such pipeline, no inputs, hypothesis not installed, ...

The module is imported and its pipelines are run, many times: name none that costs money.
"""


def declare(parser: ArgumentParser) -> None:
    """Add the arguments of the command to `parser`."""
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.description = "Hold pipelines to what every step promises, on inputs that are drawn."
    parser.epilog = _EPILOG
    parser.add_argument("place", metavar="MODULE[:NAME]", help="a pipeline, or all of a module")
    parser.add_argument(
        "--inputs",
        metavar="MODULE:NAME",
        help="a strategy of hypothesis, or a list; else the annotations say what to draw",
    )
    parser.add_argument("--examples", type=int, default=200, metavar="N", help="for each law")
    parser.add_argument(
        "--write", action="store_true", help="print a test file for the pipelines instead"
    )
    parser.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="how results are written (default: %(default)s)",
    )


def run(arguments: Namespace) -> int:
    """Try the laws, print what comes of each, and return the exit status."""
    # Not above: only this command is to load hypothesis.
    from combinators import MissingExtraError  # noqa: PLC0415 - as said

    try:
        from combinators.cli.laws import _trials, _writing  # noqa: PLC0415 - as said
    except MissingExtraError as error:
        return _stopped(error)
    progress = Progress()
    try:
        if arguments.write:
            print(_writing.written(arguments.place), end="")
            return 0
        progress.say(f"trying the laws on {arguments.place}")
        found = _trials.trials(arguments.place, arguments.inputs, arguments.examples)
    except LookupError as error:
        progress.clear()
        return _stopped(error)
    progress.clear()
    print((_trials.as_json if arguments.format == "json" else _trials.as_text)(found))
    return 1 if any(trial.broken for trials in found.values() for trial in trials) else 0


def _stopped(reason: object) -> int:
    print(f"{_COMMAND}: {reason}", file=sys.stderr)
    return 2

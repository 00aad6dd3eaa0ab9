"""`python -m combinators explain`: the code that a pipeline is compiled into."""

import os
import pkgutil
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from typing import Final

SUMMARY: Final = "show the code that a pipeline is compiled into"

_COMMAND: Final = "python -m combinators explain"
_EPILOG: Final = """\
exit status:
  0  the code was shown
  2  there is no such pipeline

The module is imported, as Python does it; the pipeline is not run.
"""


def declare(parser: ArgumentParser) -> None:
    """Add the arguments of the command to `parser`."""
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.description = "Show the code that a pipeline is compiled into, and what it names."
    parser.epilog = _EPILOG
    parser.add_argument("pipeline", metavar="MODULE:NAME", help="where the pipeline is")
    parser.add_argument(
        "--way",
        choices=("invoke", "ainvoke", "batch", "abatch"),
        default="invoke",
        help="which way of running (default: %(default)s)",
    )


def run(arguments: Namespace) -> int:
    """Print the code, and return the exit status."""
    from combinators._runnable import Runnable  # noqa: PLC0415 - only this command reads pipelines
    from combinators.cli.explain import _programs  # noqa: PLC0415 - as above

    name: str = arguments.pipeline
    if (here := os.getcwd()) not in sys.path:  # noqa: PTH109 - a text, as the path holds them
        sys.path.insert(0, here)
    try:
        found: object = pkgutil.resolve_name(name)
    except (ImportError, AttributeError, ValueError) as error:
        return _stopped(f"{name!r} cannot be found: {error}\nWrite it as package.module:name.")
    if not isinstance(found, Runnable):
        return _stopped(f"{name!r} is a {type(found).__name__}. Name a Runnable.")
    way: str = arguments.way
    print(_programs.explained(found.node, aio=way.startswith("a"), loop=way.endswith("batch")))
    return 0


def _stopped(reason: str) -> int:
    print(f"{_COMMAND}: {reason}", file=sys.stderr)
    return 2

"""The command line: `python -m combinators COMMAND`.

A command is a module with a `SUMMARY`, a `declare` that adds its arguments to a parser, and a `run`
that does the work and returns the exit status: 0 when all went well, 1 when the work failed, 2 when
it could not begin. Results go to stdout, progress to stderr.
"""

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from typing import Final, cast

from combinators.cli import check, demo, explain, laws, stubs

_COMMANDS: Final = {
    "check": check,
    "demo": demo,
    "explain": explain,
    "laws": laws,
    "stubs": stubs,
}

# As shells have it: 128 and the number of the signal.
_INTERRUPTED: Final = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that `arguments` name and return its exit status."""
    parser = ArgumentParser(
        prog="python -m combinators",
        description="Pipelines as values: checked before they run, run in parallel.",
    )
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, command in _COMMANDS.items():
        command.declare(declared := subparsers.add_parser(name, help=command.SUMMARY))
        declared.set_defaults(run=command.run)
    parsed = parser.parse_args(arguments)
    if "run" not in parsed:
        parser.print_help()
        return 0
    return _guarded(cast("Callable[[Namespace], int]", parsed.run), parsed)


def _guarded(run: Callable[[Namespace], int], parsed: Namespace) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal may lack a letter: no reason to fail
    try:
        status = run(parsed)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads, such as `head`, has enough; Python would try to write again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    return status

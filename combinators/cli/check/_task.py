"""What the process of mypy does for `check`: all that mypy does."""

import sys

from mypy import api


def main(*arguments: str) -> int:
    """Run mypy with `arguments`, and return its exit status."""
    report, failure, status = api.run(list(arguments))
    sys.stdout.write(report)
    sys.stderr.write(failure)
    return status

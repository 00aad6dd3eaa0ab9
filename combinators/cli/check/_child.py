"""What runs mypy, in a process of its own: `python -P _child.py FOLDER ARGUMENT…`.

A process of its own, since mypy raises Python's recursion limit, and may crash. By its path, since
with `-m` Python would look for modules where it is started: among the files that are to be checked,
which must not run. With `-P`, since the folder of this file is no place for modules either.
"""

import sys
from typing import Final

ABSENT: Final = 3  # mypy itself ends with 0, 1 or 2


def main(folder: str, *arguments: str) -> int:
    """Run mypy with `arguments`, and return its exit status.

    Args:
        folder: where the library is, for when it is not installed; searched last
    """
    if folder not in sys.path:
        sys.path.append(folder)
    try:
        # Not above: it may be missing, and only this process is to load it.
        from mypy import api  # noqa: PLC0415 - as said
    except ModuleNotFoundError as error:
        if error.name != "mypy":
            raise
        return ABSENT
    report, failure, status = api.run(list(arguments))
    sys.stdout.write(report)
    sys.stderr.write(failure)
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

"""What runs mypy, in a process of its own: `python -P _child.py FOLDER TASK ARGUMENT…`.

A process of its own, since mypy raises Python's recursion limit, and may crash. By its path, since
with `-m` Python would look for modules where it is started: among the files that are to be read,
which must not run. With `-P`, since the folder of this file is no place for modules either.
"""

import sys
from importlib import import_module
from typing import Final

ABSENT: Final = 3  # mypy itself ends with 0, 1 or 2


def main(folder: str, task: str, *arguments: str) -> int:
    """Run a task with `arguments`, and return the exit status.

    Args:
        folder: where the library is, for when it is not installed; searched last
        task: a module of the library, whose `main` is called
    """
    if folder not in sys.path:
        sys.path.append(folder)
    try:
        # Not above: it may be missing, and only this process is to load it.
        import_module("mypy")
    except ModuleNotFoundError as error:
        if error.name != "mypy":
            raise
        return ABSENT
    status: int = import_module(task).main(*arguments)
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

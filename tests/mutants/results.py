"""What mutmut found out, as data."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import libcst
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import read_functions_from_index
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import walk_mutatable_files
from mutmut.utils.format_utils import get_module_from_key, orig_function_and_class_names_from_key

from tests.mutants.listing import Change, change

# A mutant that never ends is found out as well as one that fails a test.
KILLED = {"killed", "timeout", "segfault"}
REFUSED = "caught by type check"
UNTRIED = "not checked"


def results() -> Iterator[SourceFileMutationData]:
    """Yield what is known of each module that has mutants, by name."""
    for path in sorted(walk_mutatable_files()):
        module = SourceFileMutationData(path=path)
        module.load()
        if module.exit_code_by_key:
            yield module


def counts(module: SourceFileMutationData) -> Counter[str]:
    """Return how many mutants of a module were refused, killed, alive or not tried."""
    return Counter(map(_end, module.exit_code_by_key.values()))


def _end(code: int | None) -> str:
    way = status_by_exit_code[code]
    if way in {REFUSED, UNTRIED}:
        return way
    return "killed" if way in KILLED else "alive"


def survivors(module: SourceFileMutationData) -> Iterator[tuple[str, Change]]:
    """Yield the mutants of a module that no test failed with: the name, and the change."""
    alive = [name for name, code in module.exit_code_by_key.items() if _end(code) == "alive"]
    for name in alive:
        yield name, change_of(name)


def change_of(mutant: str) -> Change:
    """Return what a mutant changes.

    Raises:
        LookupError: mutmut has not noted down where it wrote that mutant.
    """
    module = get_module_from_key(mutant)
    functions = read_functions_from_index(mutant, Path(*module.split(".")).with_suffix(".py"))
    if functions is None:
        raise LookupError(mutant)
    function, of_class = orig_function_and_class_names_from_key(mutant)
    place = ".".join(filter(None, [module, of_class, function]))
    return change(place, *(libcst.Module([each]).code for each in functions))

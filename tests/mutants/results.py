"""What mutmut found out, as data."""

from collections import Counter
from collections.abc import Iterator

import libcst
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import (
    read_mutant_function,
    read_mutants_module,
    read_original_function,
)
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
    if not alive:
        return
    mutated = read_mutants_module(module.path)
    for name in alive:
        function, of_class = orig_function_and_class_names_from_key(name)
        place = ".".join(filter(None, [get_module_from_key(name), of_class, function]))
        texts = (
            libcst.Module([node]).code
            for node in (read_original_function(mutated, name), read_mutant_function(mutated, name))
        )
        yield name, change(place, *texts)

from collections.abc import Callable
from statistics import median

import pytest

ROUNDS = 15

# The target is a tenth; a gate that runs on busy machines sits a fifth above it.
AT_MOST = 0.12

SECONDS = """
from time import process_time
start = process_time()
{statement}
print(process_time() - start)
"""


@pytest.mark.xdist_group("timing")
def test_importing_takes_about_a_tenth_of_the_time_that_langchain_takes(
    fresh_python: Callable[[str], str],
) -> None:
    def seconds(statement: str) -> float:
        return float(fresh_python(SECONDS.format(statement=statement)))

    ours, theirs = "import combinators", "from langchain_core.runnables import Runnable"
    for statement in ours, theirs:
        seconds(statement)  # the first import of each compiles it

    # Rounds side by side and processor time: a busy machine slows both down alike.
    ratios = [seconds(ours) / seconds(theirs) for _ in range(ROUNDS)]

    assert median(ratios) <= AT_MOST, ratios

"""Of the tests that reach a mutant, the quickest are run, for a bounded time."""

from tests.mutants.quick_first import SECONDS, quickest


def test_tests_run_quickest_first_until_the_time_is_spent() -> None:
    seconds = {"slow": SECONDS, "quick": 0.2, "quicker": 0.1}
    assert quickest(["slow", "quick", "quicker"], seconds) == ["quicker", "quick"]
    assert quickest(["slow"], seconds) == ["slow"]

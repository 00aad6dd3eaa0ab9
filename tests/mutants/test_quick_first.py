"""Of the tests that reach a mutant, the quickest are run, for a bounded time."""

from tests.mutants.quick_first import SECONDS, quickest


def test_tests_run_quickest_first_until_the_time_is_spent() -> None:
    assert quickest(["slow", "quick", "quicker"], [SECONDS, 0.2, 0.1]) == ["quicker", "quick"]
    assert quickest(["whole"], [SECONDS]) == ["whole"]

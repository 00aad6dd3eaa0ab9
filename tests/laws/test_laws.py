"""Every law holds for this library."""

import pytest

from combinators.laws import (
    LAWS,
    NON_LAWS,
    OURS,
    Law,
    LawBroken,
    category,
    hold,
    observing,
    tried,
)
from combinators.laws.strategies import Function
from tests.laws.gallery.sequences import RunsBackwards
from tests.running.ways import on_trio


@pytest.mark.parametrize("law", LAWS, ids=lambda law: f"{law.group}-{law.name}")
def test_the_law_holds(law: Law) -> None:
    hold(law, OURS)


@pytest.mark.parametrize(
    "law", [law for law in LAWS if law.group == "observing"], ids=lambda law: law.name
)
def test_what_is_promised_of_observers_holds_under_trio(
    law: Law, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observing, "finished", on_trio)
    hold(law, OURS)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: f"{law.group}-{law.name}")
def test_the_law_is_stated_in_words_and_symbols_with_its_source(law: Law) -> None:
    assert law.statement.endswith(".")
    assert law.equation
    assert law.source.endswith(".")


def test_no_two_laws_have_one_name() -> None:
    assert len({law.name for law in LAWS}) == len(LAWS) > 80


@pytest.mark.parametrize("law", NON_LAWS, ids=lambda law: law.name)
def test_what_is_not_a_law_has_a_counterexample(law: Law) -> None:
    assert tried(law, OURS, shrink=False).broken is not None


def test_a_broken_law_says_which_one_for_what_and_what_each_side_came_to() -> None:
    with pytest.raises(LawBroken) as broken:
        category.lifting_keeps_composition(RunsBackwards(), Function(1), Function(2), 0)
    assert str(broken.value) == (
        "lifting_keeps_composition: Two functions in a pipe are the one function that calls them "
        "left to right.\n"
        "    runnable(f) | runnable(g)  =  runnable(lambda x: g(f(x)))\n"
        "It does not hold for\n"
        "  f = Function(1)\n"
        "  g = Function(2)\n"
        "  x = 0\n"
        "  piped     Gave(value=1)\n"
        "  composed  Gave(value=2)\n"
        "where the steps were asked\n"
        "  Function(2): 0 -> 2, 1 -> 2\n"
        "  Function(1): 2 -> 1, 0 -> 1\n"
        "Associativity and neutrality are blind to direction: this law is not."
    )

"""Every law holds for this library."""

import pytest

from combinators.laws import LAWS, OURS, Law, hold


@pytest.mark.parametrize("law", LAWS, ids=lambda law: f"{law.group}-{law.name}")
def test_the_law_holds(law: Law) -> None:
    hold(law, OURS)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: f"{law.group}-{law.name}")
def test_the_law_is_stated_in_words_and_symbols_with_its_source(law: Law) -> None:
    assert law.statement.endswith(".")
    assert law.equation
    assert law.source.endswith(".")


def test_no_two_laws_have_one_name() -> None:
    assert len({law.name for law in LAWS}) == len(LAWS) > 80

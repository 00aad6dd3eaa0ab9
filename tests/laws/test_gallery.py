"""Every law can be broken: a law that no mutant breaks is not a law."""

import pytest

from combinators.laws import LAWS, Law, System, tried
from tests.laws.gallery import GALLERY, breaking, title
from tests.laws.gallery.wrong import Pipeline


@pytest.mark.parametrize("law", LAWS, ids=lambda law: f"{law.group}-{law.name}")
def test_every_law_has_a_wrong_system_that_is_to_break_it(law: Law) -> None:
    assert breaking(law)


@pytest.mark.parametrize(
    ("law", "system"),
    GALLERY,
    ids=[f"{law.name}-{type(system).__name__}" for law, system in GALLERY],
)
def test_a_wrong_system_is_caught_by_its_law_within_the_default_examples(
    law: Law, system: System[Pipeline]
) -> None:
    trial = tried(law, system, shrink=False)
    assert trial.broken is not None, title(system)

"""Every law can be broken: a law that no mutant breaks is not a law."""

import pytest

from combinators.laws import LAWS, Law, tried
from tests.laws.gallery import GALLERY, title


def test_every_law_has_a_wrong_system_that_is_to_break_it() -> None:
    assert [law.name for law in LAWS if law not in GALLERY] == []


@pytest.mark.parametrize("law", GALLERY, ids=lambda law: f"{law.group}-{law.name}")
def test_a_wrong_system_is_caught_by_its_law_within_the_default_examples(law: Law) -> None:
    trial = tried(law, GALLERY[law], shrink=False)
    assert trial.broken is not None, title(GALLERY[law])

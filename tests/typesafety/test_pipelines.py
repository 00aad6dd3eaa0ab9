"""Random programs and their wrong twins: what mypy with the plugin says, and the constructor."""

from collections.abc import Sequence
from random import Random

import pytest

from tests.typesafety.drawing import program
from tests.typesafety.edits import twins_of
from tests.typesafety.judging import Case, Fault
from tests.typesafety.sources import source_of
from tests.typesafety.trying import Trial, tried

pytestmark = [pytest.mark.xdist_group("typesafety"), pytest.mark.timeout(300)]

# The kinds of edit that a sample of the size below is sure to hold.
EDITS = {
    *("input type", "output type", "step dropped", "case dropped", "result", "argument"),
    *("fanout key renamed", "fanout key dropped", "fanout keys swapped", "assign", "update"),
    *("input key renamed", "input key type", "input keys swapped", "output key renamed"),
    *("template variable", "pick", "itemgetter", "omit", "rename", "lambda key"),
    *("argument key renamed", "argument key dropped", "declared input", "declared output"),
    *("target key renamed", "target key dropped", "target key added", "arm dropped", "route key"),
}


@pytest.fixture(scope="module")
def trial() -> Trial:
    return tried(pipelines=70, seed=1, twins=6)


def shown(cases: Sequence[Case]) -> str:
    """Return a few of the shortest cases whole."""
    shortest = sorted(cases, key=lambda case: len(str(case)))[:2]
    return "\n\n".join([f"{len(cases)} in all", *map(str, shortest)])


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name.lower())
def test_no_verdict_falls_short(trial: Trial, fault: Fault) -> None:
    cases = trial.faulty().get(fault, [])
    assert cases == [], f"{fault.value}: {shown(cases)}"


def test_twins_come_of_every_kind_of_edit(trial: Trial) -> None:
    assert EDITS - {*trial.edits()} == set()


def test_the_same_seed_draws_the_same_programs() -> None:
    first, again, other = program("3"), program("3"), program("4")
    assert str(source_of(first, "case")) == str(source_of(again, "case"))
    assert first != other
    # To be drawn again, not to be secret.
    rngs = Random(1), Random(1)  # noqa: S311
    drawn = [[*twins_of(each, rng)] for each, rng in zip((first, again), rngs, strict=True)]
    assert drawn[0] == drawn[1]

"""Random trees, in random trouble, by every way of running: the oracle is the judge.

A state machine grows pipelines out of pipelines and runs them. What comes of each run is what
the reference interpreter says, and nothing is left: no thread at work, no task, no file, no
generator that is not closed, no write to a context that was not its own.

COMBINATORS_MACHINE_EXAMPLES=1000 makes it go on for longer; how many examples there are by
default is a matter of seconds.
"""

import os
import random

from hypothesis import HealthCheck, Phase, settings, strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    multiple,
    rule,
)
from typing_extensions import override

from tests.running.trials.growing import GROWTHS, Part, grown, parts
from tests.running.trials.leftovers import Leftovers
from tests.running.trials.trying import drawn_trial, judge, misreported, run

EXAMPLES = int(os.environ.get("COMBINATORS_MACHINE_EXAMPLES", "20"))
GENERATIONS = 3

CHANCES = st.randoms(use_true_random=False)


class Machine(RuleBasedStateMachine):
    """A pool of pipelines that grow and are run."""

    pool: Bundle[Part] = Bundle("pool")

    def __init__(self) -> None:
        super().__init__()
        self._before = Leftovers()

    @initialize(target=pool, part=parts())
    def begin(self, part: Part) -> Part:
        return part

    @rule(target=pool, part=parts())
    def draw(self, part: Part) -> Part:
        return part

    @rule(target=pool, one=pool, other=pool, chance=CHANCES)
    def grow(self, one: Part, other: Part, chance: random.Random) -> MultipleResults[Part]:
        known = [one, other]
        for growth in chance.sample([*GROWTHS], GENERATIONS):
            part = grown(chance.choice(known), chance.choice(known), growth, chance)
            known += [] if part is None else [part]
        return multiple(*known[2:])

    @rule(part=pool, chance=CHANCES)
    def run(self, part: Part, chance: random.Random) -> None:
        trial = drawn_trial(part, chance)
        judge(trial, run(trial))
        assert self._before.found() == {}
        assert misreported(trial, settled=False) == []

    @override
    def teardown(self) -> None:
        assert self._before.found() == {}


# Without hypothesis's own reports of what it tried: a failure prints as the steps that led to it.
TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)

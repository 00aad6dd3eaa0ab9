"""What every step promises to whoever composes with it: a user's own steps as much as ours.

Each of these is about one pipeline and one input, and says what to do where it is broken.
"""

from __future__ import annotations

import copy
from typing import Final, TypeVar

from combinators.laws import _cases as cases
from combinators.laws._comparing import collected, expect, expect_agreement, finished, run
from combinators.laws._law import law
from combinators.laws._outcomes import Gave, Outcome, agree, as_outcome, outcome_of
from combinators.laws._reference import folded
from combinators.laws._systems import System
from combinators.laws._telling import is_mapping

P = TypeVar("P")


@law(cases.steps())
def the_same_again_gives_the_same(s: System[P], step: P, x: object) -> None:
    """A step that is run twice on one input gives the same twice.

        step(x)  =  step(x)

    Pass what it depends on (a clock, a random seed, a counter) in with the input.

    Source: Strachey, Fundamental Concepts in Programming Languages (1967).
    """
    first, again = run(s, step, x), run(s, step, x)
    expect(agree(first, again), first=first, again=again)


@law(cases.steps())
def ainvoke_agrees_with_invoke(s: System[P], step: P, x: object) -> None:
    """A step gives the same on an event loop.

        await step.ainvoke(x)  =  step.invoke(x)

    Make the two bodies of `runnable(f, aio=g)` do the same.

    Source: one description, several interpreters; Carette, Kiselyov, Shan (2009).
    """
    _expect("ainvoke", outcome_of(lambda: finished(s.ainvoke(step, x))), run(s, step, x))


@law(cases.steps())
def streams_fold_to_what_invoke_gives(s: System[P], step: P, x: object) -> None:
    """The chunks of a step, merged, are what a call gives.

        fold(step.stream(x))  =  step.invoke(x)  =  fold(step.astream(x))

    Yield parts of one value, which `+` puts together or mappings merge.

    Source: Bird, An Introduction to the Theory of Lists (1987): homomorphisms go by parts.
    """
    called = run(s, step, x)
    _expect("stream", outcome_of(lambda: folded([*s.stream(step, x)])), called)
    streamed = outcome_of(lambda: folded(finished(collected(s.astream(step, x)))))
    _expect("astream", streamed, called)


@law(cases.steps(3))
def batches_are_one_by_one(s: System[P], step: P, x: object, y: object, z: object) -> None:
    """A step that is run on many inputs at once gives each what it gives it alone.

        step.batch([x, y, z])  =  [step(x), step(y), step(z)]

    Keep nothing in the step that a call changes: calls run at the same time.

    Source: Bird and Wadler, Introduction to Functional Programming (1988), map.
    """
    xs = [x, y, z]
    alone = [run(s, step, each) for each in xs]
    for by, found in {
        "batch": [*map(as_outcome, s.outcomes(step, xs))],
        "abatch": [*map(as_outcome, finished(s.aoutcomes(step, xs)))],
    }.items():
        holds = len(found) == len(xs) and all(map(agree, found, alone))
        expect(holds, **{by: found, "one by one": alone})


@law(cases.steps())
def a_copy_by_pickle_does_the_same(s: System[P], step: P, x: object) -> None:
    """A step can be pickled, so that other processes can run it; the copy equals it.

        pickle.loads(pickle.dumps(step))  ==  step

    Write its functions with `def` at the top of a module: a lambda has no name to be found by.

    Source: a serialiser and its inverse compose to the identity.
    """
    copied = s.copied(step)
    expect(s.equal(copied, step), copy=copied, step=step)
    expect_agreement(s, copied, step, x)


@law(cases.steps())
def the_input_is_left_as_it_is(s: System[P], step: P, x: object) -> None:
    """A step does not change what it is given: its siblings are given the same object.

        x after step(x)  =  x before

    Return a new object, as in `{**x, "key": value}`; `check_mutation=True` names the step.

    Source: Strachey, Fundamental Concepts in Programming Languages (1967).
    """
    before, given = copy.deepcopy(x), copy.deepcopy(x)
    run(s, step, given)
    expect(agree(Gave(given), Gave(before)), after=given, before=before)


@law(cases.steps())
def declared_keys_are_there(s: System[P], step: P, x: object) -> None:
    """A mapping that a step gives has the keys that its annotations and its nodes declare.

        keys(step(x))  >=  the keys that the key model says it gives

    Return every key of the TypedDict in the annotation, or mark it `NotRequired`.

    Source: the key model, which refuses pipelines whose keys do not line up.
    """
    outcome = run(s, step, x)
    if isinstance(outcome, Gave):
        present = outcome.value if is_mapping(outcome.value) else ()
        missing = [key for key in s.declared(step) if key not in present]
        expect(not missing, gave=outcome.value, without=missing)


def _expect(by: str, outcome: Outcome, called: Outcome) -> None:
    expect(agree(outcome, called), **{by: outcome, "invoke": called})


# What breaks one of these breaks most that come after it: the first is the one to report.
PROMISES: Final = (
    the_input_is_left_as_it_is,
    the_same_again_gives_the_same,
    ainvoke_agrees_with_invoke,
    streams_fold_to_what_invoke_gives,
    batches_are_one_by_one,
    a_copy_by_pickle_does_the_same,
    declared_keys_are_there,
)

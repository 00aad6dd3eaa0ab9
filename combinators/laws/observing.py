"""Observers: they are told of every run from its start to its one end, and change nothing."""

from __future__ import annotations

from collections import Counter
from typing import TypeAlias, TypeVar, final

from hypothesis import strategies as st
from typing_extensions import override

from combinators import Event, Observer, Run
from combinators.laws import _cases as cases
from combinators.laws._comparing import Plan, collected, expect, expect_meaning, finished
from combinators.laws._law import law
from combinators.laws._outcomes import Gave, Outcome, Raised, agree, outcome_of
from combinators.laws._reference import folded
from combinators.laws._systems import System

P = TypeVar("P")

Told: TypeAlias = tuple[str, Event]  # what happened, in one word

_WAYS = ("invoke", "ainvoke", "stream", "astream")
_ways = st.sampled_from(_WAYS)


@final
class Log(Observer):
    """An observer that remembers all it is told, in order."""

    def __init__(self) -> None:
        self.told: list[Told] = []

    @override
    def on_start(self, event: Event, /) -> None:
        self.told.append(("start", event))

    @override
    def on_chunk(self, event: Event, /) -> None:
        self.told.append(("chunk", event))

    @override
    def on_end(self, event: Event, /) -> None:
        self.told.append(("end", event))

    @override
    def on_error(self, event: Event, /) -> None:
        self.told.append(("error", event))

    def runs(self, *words: str) -> list[Run]:
        """Return the runs to which one of these has happened, in order."""
        return [event.run for word, event in self.told if word in words]


def _observed(s: System[P], p: P, x: object, way: str) -> tuple[Outcome, Log]:
    log = Log()
    match way:
        case "invoke":
            outcome = outcome_of(lambda: s.invoke(p, x, observers=[log]))
        case "ainvoke":
            outcome = outcome_of(lambda: finished(s.ainvoke(p, x, observers=[log])))
        case "stream":
            outcome = outcome_of(lambda: folded([*s.stream(p, x, observers=[log])]))
        case _:
            chunks = s.astream(p, x, observers=[log])
            outcome = outcome_of(lambda: folded(finished(collected(chunks))))
    return outcome, log


_watched = st.tuples(cases.plans(), _ways).map(lambda drawn: (*drawn[0], drawn[1]))


@law(_watched)
def observing_changes_nothing(s: System[P], plan: Plan, x: object, way: str) -> None:
    """A run that is observed gives what the pipeline means, in every way of running.

        invoke(x, observers=[o])  =  meaning(x)

    Source: Wadler, The Essence of Functional Programming (1992): output goes beside the value.
    """
    outcome, _ = _observed(s, plan.built(s), x, way)
    expect_meaning(way, outcome, plan.meaning(x))


@law(_watched)
def a_start_has_one_end(s: System[P], plan: Plan, x: object, way: str) -> None:
    """Of every run, observers hear one start, and then one end or one error, and nothing else.

        starts  =  ends + errors, each once, and each after its start

    Source: Dyck words, as in Chomsky and Schützenberger (1963): brackets that match.
    """
    _, log = _observed(s, plan.built(s), x, way)
    begun, over = Counter(log.runs("start")), Counter(log.runs("end", "error"))
    expect(begun == over and set(begun.values()) == {1}, started=begun, ended=over)
    going: set[Run] = set()
    for word, event in log.told:
        if word == "start":
            going.add(event.run)
        expect(event.run in going, told=word, of=event.run, going=going)
        if word in {"end", "error"}:
            going.discard(event.run)


@law(_watched)
def runs_nest(s: System[P], plan: Plan, x: object, way: str) -> None:
    """A run begins and ends while the one that it is part of is going on.

        start(parent) < start(run) < end(run) < end(parent)

    One that is part of no other is the call, and there is one.

    Source: Lamport, Time, Clocks, and the Ordering of Events in a Distributed System (1978).
    """
    _, log = _observed(s, plan.built(s), x, way)
    going: set[Run] = set()
    roots: list[Run] = []
    for word, event in log.told:
        parent = event.run.parent
        if parent is None:
            roots += [event.run] if word == "start" else []
        else:
            expect(parent in going, told=word, of=event.run, part_of=parent, going=going)
        if word == "start":
            going.add(event.run)
        elif word != "chunk":
            going.discard(event.run)
    expect(len(roots) == 1 and roots[0].kind == "call", calls=roots)


@law(_watched)
def observers_hear_what_the_caller_gets(s: System[P], plan: Plan, x: object, way: str) -> None:
    """What observers hear of a call is its input, and then its output, its chunks, or its error.

        on_start(x); on_end(invoke(x))        or        on_start(x); on_error(error)

    Source: Hoare, Communicating Sequential Processes (1985): a trace is what an environment sees.
    """
    outcome, log = _observed(s, plan.built(s), x, way)
    (_, first), *told = [(word, each) for word, each in log.told if each.run.parent is None]
    expect(agree(Gave(first.value), Gave(x)), heard=first.value, input=x)
    *chunks, (word, last) = told
    if word == "error":
        heard: Outcome = Raised(last.value)
    elif way in {"stream", "astream"}:
        heard = Gave(folded([event.value for _, event in chunks]))
    else:
        heard = Gave(last.value)
    if isinstance(outcome, Gave) or word == "error":
        expect(agree(heard, outcome), heard=heard, outcome=outcome)


@law(
    st.tuples(cases.plans_for_several(), st.sampled_from(["batch", "abatch", "completed"])).map(
        lambda drawn: (*drawn[0], drawn[1])
    )
)
def every_item_of_a_batch_is_told(s: System[P], plan: Plan, xs: list[object], way: str) -> None:
    """Of a batch, observers hear of each item once, with its index and its outcome.

        items that end  =  {i: meaning(xs[i]) for i in range(len(xs))}

    Source: the index of an item is its name: nothing else tells two equal inputs apart.
    """
    p, log = plan.built(s), Log()
    match way:
        case "batch":
            s.outcomes(p, xs, observers=[log])
        case "abatch":
            finished(s.aoutcomes(p, xs, observers=[log]))
        case _:
            dict(s.completed(p, xs, errors="collect", observers=[log]))
    ended = [(word, event) for word, event in log.told if _is_item(event.run)]
    began = sorted(event.run.number or 0 for word, event in ended if word == "start")
    expect(began == [*range(len(xs))], began=began, items=len(xs))
    for word, event in ended:
        index = event.run.number or 0
        if word == "start":
            expect(agree(Gave(event.value), Gave(xs[index])), heard=event.value, input=xs[index])
        else:
            heard = Gave(event.value) if word == "end" else Raised(event.value)
            expect_meaning("heard", heard, plan.meaning(xs[index]))


def _is_item(run: Run) -> bool:
    return run.parent is not None and run.parent.kind == "batch"

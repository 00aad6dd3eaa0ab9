"""Pipelines that grow out of others, by every combinator and every robust method."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, Final, NamedTuple, TypeAlias, final

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings

import combinators
from combinators._tree import walk
from combinators.laws import rebuilt
from combinators.laws.strategies import (
    ANY,
    AsyncGenerator,
    AsyncPassing,
    Drawing,
    Function,
    Generator,
    Passing,
    drawn,
    pipelines,
)
from tests.running.trials.troubles import Pipeline, Survey

# Trees are of any shape, and no checker follows them.
c: Any = combinators

MOST_PLACES: Final = 24
MOST_NODES: Final = 400  # what is a part of itself several times over doubles each time it grows


@final
@dataclass(frozen=True)
class Part:
    """A pipeline, with some of the inputs that it takes."""

    pipeline: Pipeline
    inputs: tuple[Any, ...]

    @cached_property
    def survey(self) -> Survey:
        """Return what trouble can find in it."""
        survey = Survey()
        rebuilt(self.pipeline, survey)
        return survey

    @property
    def for_anything(self) -> Pipeline:
        """Return the pipeline behind a function that makes any input one of its own."""
        return combinators.pipe(Function(*self.inputs), self.pipeline)


@drawn
def parts(d: Drawing) -> Part:
    """Return a strategy of pipelines as the laws draw them."""
    takes = d.shape()
    inputs = d.several(lambda: d.value(takes), 1, 3)
    return Part(pipelines.sequence(d, takes, ANY)[0], tuple(inputs))


def drawn_parts(count: int, seed: int) -> list[Part]:
    """Return so many pipelines as the laws draw them."""
    found: list[Part] = []

    @hypothesis.seed(seed)
    @settings(
        max_examples=count,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(parts())
    def draw(part: Part) -> None:
        found.append(part)

    draw()
    return found


class Pair(NamedTuple):
    """What some fan-outs build."""

    left: object
    right: object


def _pair(a: Part, b: Part, _: random.Random) -> Pipeline:
    pair: Pipeline = c.pipe(c.fanout(Pair, left=a.pipeline, right=b.for_anything), tuple)
    return pair


def _assigned(a: Part, b: Part, chance: random.Random) -> Pipeline:
    source = Function({"k": 1, "m": "a"}, {"k": 2, "m": "b"})
    last = chance.choice([c.omit("k"), c.rename(n="k"), c.template("{m}"), c.passthrough()])
    made: Pipeline = c.pipe(source, c.assign(x=a.for_anything), c.update(k=b.for_anything), last)
    return made


def _elementwise(a: Part, b: Part, _: random.Random) -> Pipeline:
    elements = Function([*a.inputs], [], [*a.inputs] * 3)
    made: Pipeline = c.pipe(elements, c.each(a.pipeline)).tap(b.for_anything)
    return made


def _routed(a: Part, b: Part, _: random.Random) -> Pipeline:
    arms = {"a": c.pick("x") | a.pipeline, "b": c.pick("x") | b.for_anything}
    named = c.fanout(k=Function("a", "b", "c"), x=c.passthrough())
    made: Pipeline = c.pipe(named, c.route("k", arms))
    return made


def _changed(a: Part, b: Part, chance: random.Random) -> Pipeline:
    """Return a pipeline that streams, with steps from chunks to chunks in it."""
    spread = c.fanout(s=c.passthrough(), b=repr).tap(b.for_anything)
    made: Pipeline = c.pipe(a.pipeline, Generator("abc", "", "ab"), _change(chance), spread)
    return made


def _change(chance: random.Random) -> Pipeline:
    functions = [(Passing(), None), (AsyncPassing(), None), (Passing(), AsyncPassing())]
    function, aio = chance.choice(functions)
    change: Pipeline = c.transform(function, aio=aio)
    return change


def _shared(a: Part, b: Part, chance: random.Random) -> Pipeline:
    """Return branches that read one stream, some of them chunk by chunk."""
    values: list[dict[str, object]] = [{"k": "a", "m": [1, 2]}, {"k": "", "m": []}]
    source = chance.choice(
        [
            Generator(*values),
            AsyncGenerator(*values),
            c.fanout(k=b.for_anything, m=AsyncGenerator("ab")),
        ]
    )
    on_the_way = chance.choice(
        [c.passthrough(), c.rename(n="k"), c.omit("k"), c.passthrough().tap(b.for_anything)]
    )
    branches = chance.choice(
        [
            c.fanout(x=_change(chance), y=c.passthrough()),
            c.fanout(x=_change(chance), y=c.omit("m") | _change(chance), z=b.for_anything),
            c.assign(x=_change(chance), y=b.for_anything),
        ]
    )
    made: Pipeline = c.pipe(a.pipeline, source, on_the_way, branches)
    return made


def _chosen(a: Part, b: Part, chance: random.Random) -> Pipeline:
    either = Function(True, False)  # noqa: FBT003 - what a function gives
    arm = chance.choice([c.when(either, a.pipeline), c.case(int | dict, a.pipeline)])
    made: Pipeline = c.branch(arm, otherwise=b.for_anything)
    return made


def _retried(a: Part, _: Part, chance: random.Random) -> Pipeline:
    return a.pipeline.retry(on=Exception, attempts=chance.randint(1, 3), backoff=[0, 0])


Growth: TypeAlias = Callable[[Part, Part, random.Random], Pipeline]

GROWTHS: Final[dict[str, Growth]] = {
    "pipe": lambda a, b, _: c.pipe(a.pipeline, b.for_anything),
    "fanout": lambda a, b, _: c.fanout(a=a.pipeline, b=b.for_anything),
    "fanout to a tuple": lambda a, b, _: c.fanout(a.pipeline, b.for_anything),
    "fanout to an object": _pair,
    "assign": _assigned,
    "each": _elementwise,
    "route": _routed,
    "transform": _changed,
    "shared": _shared,
    "branch": _chosen,
    "bind": lambda a, b, _: c.bind(Function(a.pipeline, b.for_anything)),
    "tap": lambda a, b, _: a.pipeline.named("part").tap(b.for_anything),
    "attempt": lambda a, _, __: a.pipeline.attempt(),
    "retry": _retried,
    "fallback": lambda a, b, _: a.pipeline.fallback(b.for_anything),
    "timeout": lambda a, _, __: a.pipeline.timeout(seconds=600),
    "cached": lambda a, _, __: a.pipeline.cached(key=repr),
}


def grown(a: Part, b: Part, growth: str, chance: random.Random) -> Part | None:
    """Return what grows out of two pipelines, None where it would be too large."""
    part = Part(GROWTHS[growth](a, b, chance), a.inputs)
    nodes = sum(1 for _ in islice(walk(part.pipeline.node), MOST_NODES + 1))
    return part if nodes <= MOST_NODES and part.survey.places <= MOST_PLACES else None


def grove(start: list[Part], size: int, chance: random.Random) -> Iterator[Part]:
    """Yield so many pipelines that grow out of some, and out of one another."""
    known = [*start]
    while size:
        one, other, growth = chance.choice(known), chance.choice(known), chance.choice([*GROWTHS])
        part = grown(one, other, growth, chance)
        if part is not None:
            known.append(part)
            size -= 1
            yield part

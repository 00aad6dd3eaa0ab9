"""What the wrong systems are made of."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from combinators import Runnable, _nodes as n, runnable
from combinators.laws import Law, System

Pipeline: TypeAlias = Runnable[Any, Any]

# Laws, each beside a wrong system that is made to break it.
Exhibits: TypeAlias = Sequence[tuple[Law, System[Pipeline]]]


def step(f: Callable[[Any], Any]) -> Pipeline:
    """Return a function as a step."""
    return runnable(f)


def after(pipeline: Pipeline, f: Callable[[Any], Any]) -> Pipeline:
    """Return a pipeline with its result changed."""
    return pipeline | step(f)


def cut(given: Any, keys: int) -> Any:  # noqa: ANN401 - whatever a pipeline gives
    """Return a mapping with its first keys alone, and anything else as it is."""
    if type(given) is not dict:
        return given
    pairs: list[tuple[Any, Any]] = [*given.items()]
    return dict(pairs[:keys])


def is_a(pipeline: Pipeline, kind: type[n.Node]) -> bool:
    """Return whether a pipeline is one node of a kind."""
    return isinstance(pipeline.node, kind)


def until(steps: Sequence[Pipeline], kind: type[Any]) -> Sequence[Pipeline]:
    """Return steps up to the first of a kind."""
    for position, each in enumerate(steps, start=1):
        if is_a(each, kind):
            return steps[:position]
    return steps

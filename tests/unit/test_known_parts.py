"""What is known of a part is not found out again: else building would cost its square."""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import pytest

from combinators import (
    Runnable,
    assign,
    bind,
    branch,
    case,
    each,
    fanout,
    passthrough,
    pipe,
    route,
    runnable,
    when,
)
from combinators._keys import flow
from combinators._keys.annotations import taken
from combinators._keys.shape import Keys, Other, Shape
from combinators._parts import tree_of

Build: TypeAlias = Callable[[Runnable[Any, Any]], object]
AnyStep: TypeAlias = Callable[[Any], Any]

LONG: Final = 50  # steps


def same(value: object) -> object:
    return value


def choosing(value: object) -> Runnable[object, object]:
    return runnable(same)


BUILDS: Final[dict[str, Build]] = {
    "fanout": lambda known: fanout(a=known),
    "assign": lambda known: assign(a=known),
    "each": each,
    "tap": lambda known: passthrough().tap(known),
    "branch": lambda known: branch(case(int, known)),
    "test": lambda known: branch(when(known, len), otherwise=known),
    "route": lambda known: route("kind", {"a": known}),
    "bind": lambda known: bind(known | choosing),
    "named": lambda known: known.named("it"),
    "attempt": lambda known: known.attempt(),
    "retry": lambda known: known.retry(on=OSError),
    "timeout": lambda known: known.timeout(seconds=1),
    "cached": lambda known: known.cached(),
    "failing": lambda known: known.fallback(same, on=OSError),
    "fallback": lambda known: runnable(same).fallback(known, on=OSError),
}


@pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS)
def test_a_known_part_is_not_looked_at_again(monkeypatch: pytest.MonkeyPatch, build: Build) -> None:
    known = pipe(*[runnable(same)] * LONG)
    looks: list[object] = []

    def counted(function: AnyStep) -> Shape:
        looks.append(function)
        return taken(function)

    monkeypatch.setattr(flow, "taken", counted)
    build(known)
    assert len(looks) < LONG


def test_a_pipeline_inside_another_is_read_when_somebody_asks() -> None:
    inside = passthrough() | same
    assert tree_of(inside) is inside


@pytest.mark.parametrize(
    ("shape", "depth"),
    [
        (Keys(), 1),
        (Keys({"a": Other("a list")}), 1),
        (Keys({"a": Keys(), "b": Other("a list")}), 2),
        (Keys({"a": Keys({"b": Keys()}), "b": Keys()}), 3),
    ],
)
def test_what_is_known_of_a_mapping_is_as_deep_as_it_nests(shape: Keys, depth: int) -> None:
    assert shape.depth == depth


def test_mappings_are_followed_to_a_depth() -> None:
    shape = Keys()
    for _ in range(100):
        shape = Keys({"a": shape})
        assert shape.depth <= 32

"""Steps as the static check sees them: what each does with the type that flows in.

They mirror the nodes of a pipeline, with types where nodes have functions. One that is
`Closed` takes one type and gives one; the others wait for what flows into them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, final

from mypy.nodes import Context, LambdaExpr
from mypy.types import FunctionLike, LiteralValue, Type


@final
@dataclass(frozen=True, slots=True, eq=False)
class Closed:
    """Whatever takes one type and gives one."""

    takes: Type
    gives: Type


@final
@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A generic or overloaded function; its results are what the pipeline goes on with."""

    type: FunctionLike


@final
@dataclass(frozen=True, slots=True, eq=False)
class Lambda:
    """A lambda, typed anew for each input; until then, by its body alone."""

    expression: LambdaExpr
    type: FunctionLike


@final
@dataclass(frozen=True, slots=True, eq=False)
class Passthrough:
    """The identity."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Pick:
    """The value under a key."""

    key: str


@final
@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """The item of a sequence, or of whatever else has items under such keys."""

    key: LiteralValue


@final
@dataclass(frozen=True, slots=True, eq=False)
class Select:
    """The mapping with these keys alone."""

    keys: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Omit:
    """The mapping without these keys."""

    keys: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Rename:
    """The mapping with keys called otherwise: new names to old ones."""

    olds: Mapping[str, str]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Assign:
    """The mapping with computed keys: new ones or, to update, old ones."""

    branches: Mapping[str, Step]
    update: bool


@final
@dataclass(frozen=True, slots=True, eq=False)
class Fanout:
    """A mapping of what the branches give."""

    branches: Mapping[str, Step]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Positional:
    """A tuple of what the branches give."""

    branches: tuple[Step, ...]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """An instance of a class, made of what the branches give."""

    constructor: FunctionLike
    branches: Mapping[str, Step]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Pipe:
    """Steps one after another."""

    steps: tuple[Step, ...]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Each:
    """A step for every element."""

    step: Step


@final
@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """A step with its outcome as a value."""

    step: Step


@final
@dataclass(frozen=True, slots=True, eq=False)
class Fallback:
    """The first of several steps that does not fail."""

    steps: tuple[Step, ...]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Tap:
    """The identity, which shows what passes to a step."""

    step: Step


@final
@dataclass(frozen=True, slots=True, eq=False)
class Arm:
    """One way through a branch: for the values of a type, or for those that pass a predicate."""

    test: Type | Step
    step: Step


@final
@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """The first arm whose test holds."""

    arms: tuple[Arm, ...]
    otherwise: Step | None


@final
@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """The arm named by the value under a key: keys of arms, as types, with their steps."""

    key: str
    arms: tuple[tuple[Type, Step], ...]
    otherwise: Step | None


@final
@dataclass(frozen=True, slots=True, eq=False)
class Bind:
    """A step whose result is the step to run."""

    choose: Step


How: TypeAlias = (
    Closed
    | Function
    | Lambda
    | Passthrough
    | Pick
    | Index
    | Select
    | Omit
    | Rename
    | Assign
    | Fanout
    | Positional
    | Target
    | Pipe
    | Each
    | Attempt
    | Fallback
    | Tap
    | Branch
    | Route
    | Bind
)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """A step where it stands: what it does, what messages call it, and the expression.

    One that was read off a pipeline's type keeps the type: making it again takes time. Where
    the expression is a call, reading that shows what is inside, for the right one to be blamed.
    """

    how: How
    name: str
    at: Context
    type: Type | None = None
    inside: Callable[[], How | None] | None = None


def children(how: How) -> tuple[Step, ...]:
    """Return the steps inside a step."""
    match how:
        case Assign(branches) | Fanout(branches) | Target(_, branches):
            return tuple(branches.values())
        case Positional(steps) | Pipe(steps) | Fallback(steps):
            return steps
        case Each(step) | Attempt(step) | Tap(step) | Bind(step):
            return (step,)
        case Branch(arms, otherwise):
            inside = [each for arm in arms for each in (arm.test, arm.step)]
            return tuple(each for each in (*inside, otherwise) if isinstance(each, Step))
        case Route(_, arms, otherwise):
            return (*(step for _, step in arms), *(() if otherwise is None else (otherwise,)))
        case _:
            return ()


def has_lambda(step: Step) -> bool:
    """Return whether a lambda is in a step, or is one."""
    return isinstance(step.how, Lambda) or any(map(has_lambda, children(step.how)))


def mapped(how: How, change: Callable[[Step], Step]) -> How:
    """Return a fan-out, or what is like one, with its branches changed."""
    match how:
        case Assign(branches, update):
            return Assign({key: change(each) for key, each in branches.items()}, update)
        case Fanout(branches):
            return Fanout({key: change(each) for key, each in branches.items()})
        case Target(constructor, branches):
            return Target(constructor, {key: change(each) for key, each in branches.items()})
        case Positional(steps):
            return Positional(tuple(map(change, steps)))
        case _:
            return how


def chooses(step: Step) -> bool:
    """Return whether a step is a choice among cases, as far as it can be seen."""
    return isinstance(step.how, Branch) or step.name == "branch"


def is_closed(how: How) -> bool:
    """Return whether what flows in changes nothing about the type that is given."""
    return isinstance(how, Closed)


def is_invertible(how: How) -> bool:
    """Return whether the input that a step needs follows exactly from the output that is wanted."""
    match how:
        case Closed() | Passthrough() | Pick() | Select() | Omit():
            return True
        case Fanout() | Positional() | Pipe() | Each() | Tap():
            return all(is_invertible(each.how) for each in children(how))
        case Assign(_, update):
            return update and all(is_invertible(each.how) for each in children(how))
        case _:
            return False

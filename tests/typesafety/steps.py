"""Pipelines as plain data: what a step does, and the form in which it is written.

Every step has a number of its own, `at`, by which its place in the source and the mistakes
in it are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

from tests.typesafety.shapes import Record, Row, Shape

PickForm: TypeAlias = Literal["pick", "itemgetter", "method"]
FanForm: TypeAlias = Literal["keywords", "dict", "literal"]
MethodForm: TypeAlias = Literal["builder", "method"]
SeqForm: TypeAlias = Literal["pipe", "operator"]
Storage: TypeAlias = Literal["variable", "class", "function", "module"]
RobustForm: TypeAlias = Literal["retry", "timeout", "cached", "cached_by_key"]
Way: TypeAlias = Literal["invoke", "call", "batch", "stream", "variable", "ainvoke"]
Does: TypeAlias = Literal["key", "field", "upper", "call", "pair"]


@final
@dataclass(frozen=True, slots=True)
class Call:
    """A function, or what is called like one, in one of many forms."""

    at: int
    name: str
    takes: Shape
    gives: Shape
    form: str = "function"
    # Of an overloaded function, what it also takes and gives.
    other: tuple[Shape, Shape] | None = None


@final
@dataclass(frozen=True, slots=True)
class Known:
    """A function of Python's own, under the name by which it is written."""

    at: int
    name: str


@final
@dataclass(frozen=True, slots=True)
class Generic:
    """A function with type parameters: `same`, `in_list`, `twice`, `head_of` ...."""

    at: int
    name: str


@final
@dataclass(frozen=True, slots=True)
class Lambda:
    """`lambda x: ...` that reads a key or a field, calls a method or a function, or wraps it."""

    at: int
    does: Does
    key: str = ""
    function: Call | None = None


@final
@dataclass(frozen=True, slots=True)
class Template:
    at: int
    names: tuple[str, ...]
    chat: bool = False


@final
@dataclass(frozen=True, slots=True)
class Pick:
    at: int
    keys: tuple[str, ...]
    form: PickForm = "pick"


@final
@dataclass(frozen=True, slots=True)
class Rename:
    at: int
    olds: Mapping[str, str]


@final
@dataclass(frozen=True, slots=True)
class Omit:
    at: int
    keys: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True)
class Assign:
    at: int
    branches: Mapping[str, Step]
    update: bool = False
    form: MethodForm = "builder"


@final
@dataclass(frozen=True, slots=True)
class Fan:
    at: int
    branches: Mapping[str, Step]
    form: FanForm = "keywords"
    target: Record | Row | None = None


@final
@dataclass(frozen=True, slots=True)
class Many:
    """A fan-out of positional branches."""

    at: int
    branches: tuple[Step, ...]


@final
@dataclass(frozen=True, slots=True)
class Each:
    at: int
    step: Step
    form: MethodForm = "builder"


@final
@dataclass(frozen=True, slots=True)
class Arm:
    """`case(type, step)`, or `when(predicate, step)` where there is a predicate."""

    takes: Shape
    step: Step
    predicate: Call | None = None


@final
@dataclass(frozen=True, slots=True)
class Branch:
    at: int
    arms: tuple[Arm, ...]
    otherwise: Step | None = None


@final
@dataclass(frozen=True, slots=True)
class Route:
    at: int
    key: str
    arms: Mapping[str, Step]
    otherwise: Step | None = None


@final
@dataclass(frozen=True, slots=True)
class Bind:
    """`bind(f)`, where `f` returns a runnable that takes and gives what `call` does."""

    at: int
    call: Call


@final
@dataclass(frozen=True, slots=True)
class Pass:
    at: int
    form: Shape | None = None


@final
@dataclass(frozen=True, slots=True)
class Tap:
    at: int
    watch: Call


@final
@dataclass(frozen=True, slots=True)
class Named:
    at: int
    step: Step
    name: str


@final
@dataclass(frozen=True, slots=True)
class Attempt:
    at: int
    step: Step


@final
@dataclass(frozen=True, slots=True)
class Robust:
    """A step that runs again, or not for long, or not at all: it takes and gives the same."""

    at: int
    step: Step
    form: RobustForm


@final
@dataclass(frozen=True, slots=True)
class Fallback:
    """`step.fallback(other)`."""

    at: int
    step: Step
    other: Step


@final
@dataclass(frozen=True, slots=True)
class Seq:
    at: int
    steps: tuple[Step, ...]
    form: SeqForm = "pipe"


@final
@dataclass(frozen=True, slots=True)
class Stored:
    """A step kept somewhere and used from there."""

    at: int
    name: str
    step: Step
    place: Storage = "variable"
    # What it takes and gives, where it is the result of a function, which says so.
    types: tuple[Shape, Shape] | None = None


Step: TypeAlias = (
    Call
    | Known
    | Generic
    | Lambda
    | Template
    | Pick
    | Rename
    | Omit
    | Assign
    | Fan
    | Many
    | Each
    | Branch
    | Route
    | Bind
    | Pass
    | Tap
    | Named
    | Attempt
    | Robust
    | Fallback
    | Seq
    | Stored
)


@final
@dataclass(frozen=True, slots=True)
class Invoke:
    """A run, whose result goes into a variable with a type."""

    at: int
    argument: Shape
    result: Shape
    way: Way = "invoke"


@final
@dataclass(frozen=True, slots=True)
class Declare:
    """`name: Runnable[takes, gives] = ...`, where the pipeline is built or afterwards."""

    at: int
    takes: Shape
    gives: Shape
    inline: bool = False


Use: TypeAlias = Invoke | Declare


@final
@dataclass(frozen=True, slots=True)
class Pipeline:
    name: str
    step: Step
    uses: tuple[Use, ...]


@final
@dataclass(frozen=True, slots=True)
class Program:
    """The pipelines of one source."""

    pipelines: tuple[Pipeline, ...]
    future: bool = False  # annotations are not evaluated

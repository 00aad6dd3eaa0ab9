"""`branch`, `case`, `when`, `route` and `bind`: what is refused, and which arm runs."""

import enum
import typing
from collections.abc import Callable
from typing import Annotated, Any, Generic, Literal, NewType, Protocol, TypeVar, runtime_checkable

import pytest
import typing_extensions
from hypothesis import given, strategies as st

from combinators import (
    AbsentKeyError,
    BindDepthError,
    BuilderError,
    InputError,
    NoMatchError,
    NotAStepError,
    ResultError,
    Runnable,
    _nodes as n,
)
from tests.unit.subjects import (
    Pair,
    Point,
    Row,
    bind,
    branch,
    case,
    evaluated,
    fanout,
    holds,
    later,
    other,
    passthrough,
    pick,
    pipe,
    route,
    runnable,
    same,
    two,
    when,
)

TELL = (
    "It takes what can be told by looking at a value: a class, a union of classes, None or a "
    "Literal. For the rest, write when(predicate, step)."
)


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Number(enum.IntEnum):
    ONE = 1


class Closable(Protocol):
    def close(self) -> None: ...


@runtime_checkable
class Sized(Protocol):
    def __len__(self) -> int: ...


T = TypeVar("T")
Name = NewType("Name", str)


class Box(Generic[T]):
    pass


# --- Refused when built -----------------------------------------------------------------

WRONG_TYPES: dict[str, tuple[object, str]] = {
    "generic": (list[int], "the type list[int]"),
    "old generic": (typing.List[int], "the type List[int]"),  # noqa: UP006 - also this one
    "own generic": (Box[int], "the type tests.unit.test_choices.Box[int]"),
    "in a union": (int | list[str], "the type list[str]"),
    "annotated": (Annotated[int, "a note"], "the type Annotated[int, 'a note']"),
    "typed dict": (Pair, "the TypedDict Pair"),
    "protocol": (Closable, "the protocol Closable"),
    "any": (Any, "the type Any"),
    "any of extensions": (typing_extensions.Any, "the type Any"),
    "text": ("int", "a str"),
    "value": (3, "an int"),
    "new type": (Name, "a NewType"),
    "variable": (T, "a TypeVar"),
}


@pytest.mark.parametrize("name", WRONG_TYPES)
def test_a_type_that_cannot_be_told_by_looking_is_refused(name: str) -> None:
    form, given_ = WRONG_TYPES[name]
    with pytest.raises(BuilderError) as caught:
        case(form, same)
    assert str(caught.value) == f"case() argument 1 was given {given_}.\n{TELL}"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            "branch()",
            "branch() was given no arm.\nGive it case(type, step) or when(predicate, step).",
        ),
        (
            "branch(otherwise=same)",
            "branch() was given no arm.\nGive it case(type, step) or when(predicate, step).",
        ),
        (
            "branch(case(int, same), same, otherwise=same)",
            (
                "branch() argument 2 was given a function.\n"
                "Its arms are made by case(type, step) and when(predicate, step)."
            ),
        ),
        (
            "branch((holds, same), otherwise=same)",
            (
                "branch() argument 1 was given a tuple.\n"
                "Its arms are made by case(type, step) and when(predicate, step)."
            ),
        ),
        (
            "branch(case(int, same), when(holds, same))",
            (
                "branch() was given when(…) without otherwise.\n"
                "Add otherwise=step: no one can tell that predicates cover every input."
            ),
        ),
        ("route('k', {})", "route() was given no arm.\nIts arms are a dict from names to steps."),
        (
            "route('k', [same])",
            "route() was given a list.\nIts arms are a dict from names to steps.",
        ),
        (
            "pick()",
            "pick() was given no key.\nName one key for its value, more for a mapping.",
        ),
    ],
)
def test_choices_without_meaning_are_refused(wrong: str, message: str) -> None:
    with pytest.raises(BuilderError) as caught:
        evaluated(wrong)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ("branch(case(int, same), otherwise=3)", "branch() otherwise"),
        ("route('k', {1: same}, otherwise=3)", "route() otherwise"),
        ("route('k', {1: 3})", "route() arm 1"),
        ("when(3, same)", "when() argument 1"),
        ("when(two, same)", "when() argument 1"),
        ("bind(3)", "bind() argument 1"),
    ],
)
def test_an_arm_that_is_no_step_is_refused_where_it_stands(wrong: str, where: str) -> None:
    with pytest.raises(NotAStepError) as caught:
        evaluated(wrong)
    assert caught.value.where == where


# --- Which arm runs ---------------------------------------------------------------------


def _tells(form: object, value: object) -> bool:
    """Return whether `case(form, …)` takes a value."""
    return branch(case(form, _yes), otherwise=_no).invoke(value) is True


def _yes(_: object) -> bool:
    return True


def _no(_: object) -> bool:
    return False


FORMS: dict[str, tuple[object, list[object], list[object]]] = {
    "class": (int, [1, True], [1.0, "1", None]),
    "bool": (bool, [True, False], [1, 0]),
    "float takes int": (float, [1.0, 1, True], ["1", 1j]),
    "complex takes both": (complex, [1j, 1.0, 1], ["1"]),
    "union": (int | str, [1, "a"], [1.0, None]),
    "optional": (int | None, [1, None], ["a"]),
    "old union": (typing.Optional[int], [1, None], ["a"]),  # noqa: UP045 - also this one
    "nested union": (typing.Union[int, Literal["a"], None], [1, "a", None], ["b"]),  # noqa: UP007 - also this one
    "none": (None, [None], [0, False, ""]),
    "none type": (type(None), [None], [0]),
    "literal": (Literal["a", 1], ["a", 1], ["b", True, 1.0, None]),
    "literal of extensions": (typing_extensions.Literal["a"], ["a"], ["b"]),
    "literal true": (Literal[True], [True], [1, 1.0]),
    "literal none": (Literal[None], [None], [0]),  # noqa: PYI061 - also this one
    "literal enum": (Literal[Colour.RED], [Colour.RED], [Colour.BLUE, 1]),
    "enum": (Colour, [Colour.RED], [1]),
    "int enum": (Number, [Number.ONE], [1]),
    "own class": (Box, [Box()], [1]),
    "dataclass": (Point, [Point(1)], [(1, 0)]),
    "tuple": (tuple, [(1,), Row(1)], [[1]]),
    "runtime protocol": (Sized, ["a", []], [1]),
    "everything": (object, [1, None], []),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_case_takes_the_values_of_its_type(name: str) -> None:
    form, inside, outside = FORMS[name]
    assert [value for value in inside if not _tells(form, value)] == []
    assert [value for value in outside if _tells(form, value)] == []


def test_a_generic_of_anything_is_its_class() -> None:
    # The one spelling of a bare list that strict checkers let pass.
    assert case(list[Any], same).pair[0].node == case(list, same).pair[0].node
    with pytest.raises(BuilderError):
        case(dict[str, Any], same)


def test_a_type_named_twice_is_named_once() -> None:
    assert case(int | float, same).pair[0].node == n.IsInstance((int, float), ())


def test_the_first_arm_that_holds_runs() -> None:
    chosen = branch(
        case(bool, _of("bool")),
        case(int, _of("int")),
        when(holds, _of("full")),
        otherwise=_of("rest"),
    )
    assert chosen.batch([True, 2, "a", ""]) == ["bool", "int", "full", "rest"]


def _of(name: str) -> Callable[[object], str]:
    def say(_: object) -> str:
        return name

    return say


def test_tests_after_the_one_that_holds_do_not_run() -> None:
    seen: list[str] = []

    def test(name: str) -> Callable[[object], bool]:
        def look(_: object) -> bool:
            seen.append(name)
            return name == "second"

        return look

    arms = [when(test(name), same) for name in ("first", "second", "third")]
    branch(*arms, otherwise=same).invoke(1)
    assert seen == ["first", "second"]


def test_a_predicate_is_any_step() -> None:
    chosen = branch(when(pick("flag"), _yes), when(later, _no), otherwise=same)
    assert chosen.batch([{"flag": 1}, {"flag": 0}]) == [True, False]


def test_what_a_predicate_gives_counts_by_its_truth() -> None:
    assert branch(when(len, _yes), otherwise=_no).batch(["a", ""]) == [True, False]


def test_without_an_arm_for_it_an_input_is_an_error() -> None:
    with pytest.raises(NoMatchError) as caught:
        branch(case(int, same), case(str, same)).invoke(None)
    assert str(caught.value) == (
        "branch has no arm for None. Add a case for it, or otherwise=… for all the rest."
    )
    assert isinstance(caught.value, ValueError)


def test_the_whole_input_goes_to_the_arm() -> None:
    x = {"kind": "a", "value": 1}
    assert route("kind", {"a": same}).invoke(x) == x
    assert branch(when(pick("kind"), same), otherwise=other).invoke(x) == x


@given(st.integers() | st.booleans() | st.floats(allow_nan=False) | st.text() | st.none())
def test_a_route_takes_the_arm_of_the_same_type_and_value(value: object) -> None:
    names: list[Any] = [1, "a", None, 0.0]
    chosen = route("k", {name: _of(repr(name)) for name in names}, otherwise=_of("rest"))
    expected = [repr(name) for name in names if type(name) is type(value) and name == value]
    assert chosen.invoke({"k": value}) == next(iter(expected), "rest")


def test_an_unknown_name_is_an_error_that_lists_the_arms() -> None:
    with pytest.raises(NoMatchError) as caught:
        route("kind", {"a": same, 2: same}).invoke({"kind": "secret"})
    assert str(caught.value) == (
        "route has no arm for the value under 'kind', a str. It has arms for 'a' and 2."
    )


def test_a_missing_key_of_a_route_is_named() -> None:
    with pytest.raises(AbsentKeyError) as caught:
        route("kind", {"a": same}).invoke({"knd": "a"})
    assert str(caught.value) == (
        "route reads the key 'kind', missing from its input, which has 'knd'. Did you mean 'knd'?"
    )


def test_a_route_takes_a_mapping() -> None:
    with pytest.raises(InputError, match="route was given a str"):
        route("kind", {"a": same}).invoke("a")


def test_arms_may_be_dicts_of_steps() -> None:
    assert route("k", {1: {"x": same}}) == route("k", {1: fanout(x=same)})
    assert branch(case(int, {"x": same}), otherwise={"y": same}).invoke("a") == {"y": "a"}


# --- bind ----------------------------------------------------------------------------------


def _by_length(text: str) -> Runnable[str, str]:
    chosen: Runnable[str, str] = runnable(str.upper) if len(text) > 1 else runnable(str.title)
    return chosen


def _forever(_: object) -> Runnable[object, object]:
    chosen: Runnable[object, object] = bind(_forever)
    return chosen


async def _by_length_later(text: str) -> Runnable[str, str]:
    return _by_length(text)


def test_what_is_chosen_runs_on_the_same_input() -> None:
    assert bind(_by_length).batch(["ab", "a"]) == ["AB", "A"]
    assert bind(_by_length_later).invoke("ab") == "AB"


def test_a_chain_of_choices_that_never_ends_is_an_error() -> None:
    with pytest.raises(BindDepthError) as caught:
        bind(_forever).invoke(1)
    assert str(caught.value) == (
        "bind _forever was reached through 64 runnables, each chosen by the one before.\n"
        "Return a runnable that does not choose again when the work is done."
    )
    assert isinstance(caught.value, RecursionError)


@pytest.mark.parametrize(
    ("choice", "kind"), [(3, "an int"), (None, "None"), (len, "a builtin_function_or_method")]
)
def test_a_choice_that_is_no_runnable_is_an_error(choice: object, kind: str) -> None:
    def choose(_: object) -> object:
        return choice

    with pytest.raises(ResultError) as caught:
        bind(choose).invoke(1)
    assert str(caught.value) == (
        f"bind choose chose {kind}. Return a Runnable: runnable(f) makes one of f."
    )


def test_a_function_that_gives_a_passthrough_changes_nothing() -> None:
    def choose(_: object) -> object:
        return passthrough()

    assert pipe(bind(choose), two_of).invoke(1) == (1, 1)


def two_of(x: object) -> object:
    return two(x, x)

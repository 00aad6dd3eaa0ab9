"""The key model: what is refused when a pipeline is built, and what must not be."""

import ast
import functools
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, NotRequired, TypedDict, cast

import pytest
from hypothesis import given, strategies as st
from typing_extensions import ReadOnly

from combinators import (
    CombinatorError,
    DuplicateKeyError,
    InvalidKeyError,
    KeyMismatchError,
    MissingKeyError,
    NotAMappingError,
)
from combinators._keys import Keys
from tests.unit import subjects
from tests.unit.subjects import (
    Pair,
    Point,
    Row,
    Untyped,
    assign,
    bind,
    branch,
    chunks,
    each,
    fanout,
    holds,
    omit,
    passthrough,
    pick,
    pipe,
    rename,
    route,
    runnable,
    same,
    template,
    update,
    when,
)

# --- Functions that say something about keys ----------------------------------------------


class Inner(TypedDict):
    deep: int


class Outer(TypedDict):
    inner: Inner
    maybe: NotRequired[int]
    noted: Annotated[Inner, "a note"]
    fixed: ReadOnly[Inner]


class Recursive(TypedDict):
    again: "Recursive"


class Unresolved(TypedDict):
    known: "Nowhere"  # type: ignore[name-defined]  # noqa: F821 - it is about names that are not there  # pyright: ignore[reportUndefinedVariable]


@dataclass
class Output(OrderedDict[str, int]):
    """A dataclass that is a mapping, too."""

    a: int = 0


def gives_pair(_: object) -> Pair:
    return {"a": 1, "b": 2}


async def gives_pair_later(_: object) -> Pair:
    return {"a": 1, "b": 2}


def gives_outer(_: object) -> Outer:
    return {"inner": {"deep": 1}, "noted": {"deep": 2}, "fixed": {"deep": 3}}


def gives_name(_: object) -> ast.Name:  # has `_fields`, and is no NamedTuple
    return ast.Name("x")


def gives_recursive(_: object) -> Recursive:
    nothing: Any = None
    return {"again": nothing}


def gives_unresolved(_: object) -> Unresolved:
    nothing: Any = {"known": 1}
    given: Unresolved = nothing
    return given


def gives_point(_: object) -> Point:
    return Point(1)


def gives_row(_: object) -> Row:
    return Row(1)


def gives_text(_: object) -> str:
    return ""


def gives_ints(_: object) -> list[int]:
    return []


def gives_output(_: object) -> Output:
    return Output()


def gives_mapping(_: object) -> Mapping[str, int]:
    return {"a": 1}


def gives_dict(_: object) -> dict[str, int]:
    return {"a": 1}


def gives_either(_: object) -> Pair | Inner:
    return {"deep": 1}


def gives_anything(_: object) -> Untyped:
    return {"a": 1}


def misspelt(_: object) -> object:
    return {"a": 1}


misspelt.__annotations__["return"] = "Nowhere"


def takes_pair(pair: Pair) -> int:
    return pair["a"]


def takes_point(point: Point) -> int:
    return point.x


class Reader:
    def __call__(self, pair: Pair) -> Inner:
        return {"deep": pair["a"]}

    def read(self, pair: Pair) -> Inner:
        return {"deep": pair["a"]}


def _boxed(function: Callable[[object], str]) -> Callable[[object], dict[str, str]]:
    @functools.wraps(function)
    def wrapper(x: object) -> dict[str, str]:
        return {"data": function(x)}

    return wrapper


boxed_text: Any = _boxed(gives_text)

# --- Refused, each with its whole message ---------------------------------------------------

MISSING = [
    (
        "fanout(contxt=same, question=same) | template('{context} {question}')",
        (
            "pipe step 2 (template) needs the key 'context', which step 1 (fanout) does not give.\n"
            "It gives 'contxt' and 'question'. Did you mean 'contxt'?"
        ),
    ),
    (
        "fanout() | pick('a')",
        (
            "pipe step 2 (pick 'a') needs the key 'a', which step 1 (fanout) does not give.\n"
            "It gives no keys."
        ),
    ),
    (
        "pipe(same, fanout(a=same).named('start'), same, fanout(q=same), pick('z'))",
        (
            "pipe step 5 (pick 'z') needs the key 'z', which step 4 (fanout) does not give.\n"
            "It gives 'q'."
        ),
    ),
    (
        "fanout(a=same) | pick('b', 'c')",
        "pipe step 2 (pick) needs the key 'b', which step 1 (fanout) does not give.\nIt gives 'a'.",
    ),
    (
        "fanout(a=same) | omit('b')",
        "pipe step 2 (omit) needs the key 'b', which step 1 (fanout) does not give.\nIt gives 'a'.",
    ),
    (
        "fanout(a=same) | rename(c='b')",
        (
            "pipe step 2 (rename) needs the key 'b', which step 1 (fanout) does not give.\n"
            "It gives 'a'."
        ),
    ),
    (
        "fanout(a=same) | update(b=same)",
        (
            "pipe step 2 (update) needs the key 'b', which step 1 (fanout) does not give.\n"
            "It gives 'a'."
        ),
    ),
    (
        "fanout(a=same) | route('b', {1: same})",
        (
            "pipe step 2 (route) needs the key 'b', which step 1 (fanout) does not give.\n"
            "It gives 'a'."
        ),
    ),
    (
        "fanout(a=same) | chat_template(system='{a}', user='{b}')",
        (
            "pipe step 2 (chat_template) > chat_template['user'] needs the key 'b', which step 1 "
            "(fanout) does not give.\nIt gives 'a'."
        ),
    ),
    (
        "fanout(a=same) | itemgetter('b')",
        (
            "pipe step 2 (pick 'b') needs the key 'b', which step 1 (fanout) does not give.\n"
            "It gives 'a'."
        ),
    ),
    (
        "fanout(a=same) | {'x': {'y': pipe(pick('b'), same)}}",
        (
            "pipe step 2 (fanout) > fanout['x'] > fanout['y'] > pipe step 1 (pick 'b') needs "
            "the key "
            "'b', which step 1 (fanout) does not give.\nIt gives 'a'."
        ),
    ),
    (
        "fanout(a=same) | assign(x=pick('b'))",
        (
            "pipe step 2 (assign) > assign['x'] needs the key 'b', which step 1 (fanout) does not "
            "give.\nIt gives 'a'."
        ),
    ),
    (
        "fanout(a=same) | branch(case(dict, pick('b')))",
        (
            "pipe step 2 (branch) > branch case 1 needs the key 'b', which step 1 (fanout) does "
            "not "
            "give.\nIt gives 'a'."
        ),
    ),
    (
        "fanout(a=same) | branch(when(pick('b'), same), otherwise=same)",
        (
            "pipe step 2 (branch) > branch case 1 needs the key 'b', which step 1 (fanout) does "
            "not "
            "give.\nIt gives 'a'."
        ),
    ),
    (
        "fanout(a=same) | branch(when(holds, same), otherwise=pick('b'))",
        (
            "pipe step 2 (branch) > branch otherwise needs the key 'b', which step 1 (fanout) does "
            "not give.\nIt gives 'a'."
        ),
    ),
    (
        "fanout(a=same) | route('a', {'x': pick('b')}, otherwise=same)",
        (
            "pipe step 2 (route) > route['x'] needs the key 'b', which step 1 (fanout) does not "
            "give."
            "\nIt gives 'a'."
        ),
    ),
    (
        "fanout(a=same) | route('a', {'x': same}, otherwise=pick('b'))",
        (
            "pipe step 2 (route) > route otherwise needs the key 'b', which step 1 (fanout) "
            "does not "
            "give.\nIt gives 'a'."
        ),
    ),
    (
        "(fanout(a=same)).tap(pick('b'))",
        (
            "pipe step 2 (tap) > tap needs the key 'b', which step 1 (fanout) does not give.\n"
            "It gives 'a'."
        ),
    ),
    (
        "fanout(a=same) | pick('b').attempt()",
        (
            "pipe step 2 (attempt) needs the key 'b', which step 1 (fanout) does not give.\n"
            "It gives 'a'."
        ),
    ),
    (
        "fanout(a=same) | takes_pair",
        (
            "pipe step 2 (takes_pair) needs the key 'b', which step 1 (fanout) does not give.\n"
            "It gives 'a'."
        ),
    ),
    (
        "fanout(a=same) | passthrough(Pair)",
        (
            "pipe step 2 (passthrough) needs the key 'b', which step 1 (fanout) does not give.\n"
            "It gives 'a'."
        ),
    ),
    (
        "passthrough(Pair) | pick('c')",
        (
            "pipe step 2 (pick 'c') needs the key 'c', which its input does not give.\n"
            "It gives 'a' and 'b'."
        ),
    ),
    (
        "passthrough(Annotated[Pair, 'a note']) | pick('c')",
        (
            "pipe step 2 (pick 'c') needs the key 'c', which its input does not give.\n"
            "It gives 'a' and 'b'."
        ),
    ),
    (
        "pipe(gives_pair, pick('c'))",
        (
            "pipe step 2 (pick 'c') needs the key 'c', which step 1 (gives_pair) does not give.\n"
            "It gives 'a' and 'b'."
        ),
    ),
    (
        "pipe(gives_pair_later, pick('c'))",
        (
            "pipe step 2 (pick 'c') needs the key 'c', which step 1 (gives_pair_later) does not "
            "give."
            "\nIt gives 'a' and 'b'."
        ),
    ),
    (
        "pipe(gives_outer, pick('innner'))",
        (
            "pipe step 2 (pick 'innner') needs the key 'innner', which step 1 (gives_outer) "
            "does not "
            "give.\nIt gives 'inner', 'noted', 'fixed' and 'maybe'. Did you mean 'inner'?"
        ),
    ),
    (
        "pipe(gives_outer, assign(maybe=same), pick('z'))",
        (
            "pipe step 3 (pick 'z') needs the key 'z', which step 2 (assign) does not give.\n"
            "It gives 'inner', 'noted', 'fixed' and 'maybe'."
        ),
    ),
    (
        "pipe(gives_outer, pick('inner'), pick('dep'))",
        (
            "pipe step 3 (pick 'dep') needs the key 'dep', which step 2 (pick 'inner') does not "
            "give."
            "\nIt gives 'deep'. Did you mean 'deep'?"
        ),
    ),
    (
        "pipe(gives_outer, pick('noted'), pick('dep'))",
        (
            "pipe step 3 (pick 'dep') needs the key 'dep', which step 2 (pick 'noted') does not "
            "give."
            "\nIt gives 'deep'. Did you mean 'deep'?"
        ),
    ),
    (
        "pipe(gives_outer, pick('fixed'), pick('dep'))",
        (
            "pipe step 3 (pick 'dep') needs the key 'dep', which step 2 (pick 'fixed') does not "
            "give."
            "\nIt gives 'deep'. Did you mean 'deep'?"
        ),
    ),
    (
        "pipe(gives_unresolved, pick('unknown'))",
        (
            "pipe step 2 (pick 'unknown') needs the key 'unknown', which step 1 (gives_unresolved) "
            "does not give.\nIt gives 'known'. Did you mean 'known'?"
        ),
    ),
    (
        "pipe(Reader(), pick('dep'))",
        (
            "pipe step 2 (pick 'dep') needs the key 'dep', which step 1 (Reader) does not give.\n"
            "It gives 'deep'. Did you mean 'deep'?"
        ),
    ),
    (
        "pipe({'a': same}, Reader().read)",
        "pipe step 2 (read) needs the key 'b', which step 1 (fanout) does not give.\nIt gives 'a'.",
    ),
    (
        "fanout(Pair, a=same, b=same) | pick('c')",
        (
            "pipe step 2 (pick 'c') needs the key 'c', which step 1 (fanout) does not give.\n"
            "It gives 'a' and 'b'."
        ),
    ),
    (
        "omit('a') | pick('a')",
        (
            "pipe step 2 (pick 'a') needs the key 'a', which step 1 (omit) does not give.\n"
            "It gives the keys of its input without 'a'."
        ),
    ),
    (
        "pick('a', 'b') | pick('c')",
        (
            "pipe step 2 (pick 'c') needs the key 'c', which step 1 (pick) does not give.\n"
            "It gives 'a' and 'b'."
        ),
    ),
    (
        "fanout(a=same, b=same) | rename(c='a') | pick('a')",
        (
            "pipe step 3 (pick 'a') needs the key 'a', which step 2 (rename) does not give.\n"
            "It gives 'b' and 'c'."
        ),
    ),
    (
        # A Cyrillic o in the key that is there: the message shows which is which.
        "fanout(c\u043entext=same) | pick('context')",
        (
            "pipe step 2 (pick 'context') needs the key 'context', which step 1 (fanout) does not "
            "give.\nIt gives 'c\\u043entext'. Did you mean 'c\\u043entext'?"
        ),
    ),
    (
        "fanout({str(i): same for i in range(20)}) | pick('x')",
        (
            "pipe step 2 (pick 'x') needs the key 'x', which step 1 (fanout) does not give.\n"
            "It gives '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11' and 8 more."
        ),
    ),
]


def _refused(wrong: str, error: type[CombinatorError]) -> str:
    with pytest.raises(error) as caught:
        _built(wrong)
    assert isinstance(caught.value, TypeError)
    return str(caught.value)


def _built(expression: str) -> Untyped:
    names = vars(subjects) | globals()
    # The expressions are the ones of the tables here.
    return eval(expression, names)  # noqa: S307


@pytest.mark.parametrize(("wrong", "message"), MISSING)
def test_a_missing_key_is_named_with_what_is_there(wrong: str, message: str) -> None:
    assert _refused(wrong, MissingKeyError) == message


NO_MAPPING = [
    (
        "template('{a}') | pick('b')",
        (
            "pipe step 2 (pick 'b') takes a mapping, but step 1 (template) gives a str.\n"
            "Give it one: fanout(key=step, …) makes a mapping."
        ),
    ),
    (
        "pipe(gives_point, pick('x'))",
        (
            "pipe step 2 (pick 'x') takes a mapping, but step 1 (gives_point) gives a Point.\n"
            "To read an attribute, write `lambda x: x.x`."
        ),
    ),
    (
        "pipe(Point, template('{y}'))",
        (
            "pipe step 2 (template) takes a mapping, but step 1 (Point) gives a Point.\n"
            "To read an attribute, write `lambda x: x.y`."
        ),
    ),
    (
        "pipe(gives_row, pick('x'))",
        (
            "pipe step 2 (pick 'x') takes a mapping, but step 1 (gives_row) gives a Row.\n"
            "To read an attribute, write `lambda x: x.x`."
        ),
    ),
    (
        "pipe(gives_point, pick('z'))",
        (
            "pipe step 2 (pick 'z') takes a mapping, but step 1 (gives_point) gives a Point.\n"
            "Give it one: fanout(key=step, …) makes a mapping."
        ),
    ),
    (
        "pipe(gives_ints, omit('a'))",
        (
            "pipe step 2 (omit) takes a mapping, but step 1 (gives_ints) gives a list.\n"
            "Give it one: fanout(key=step, …) makes a mapping."
        ),
    ),
    (
        "pipe(int, rename(a='b'))",
        (
            "pipe step 2 (rename) takes a mapping, but step 1 (int) gives an int.\n"
            "Give it one: fanout(key=step, …) makes a mapping."
        ),
    ),
    (
        "passthrough(str) | assign(a=same)",
        (
            "pipe step 2 (assign) takes a mapping, but its input gives a str.\n"
            "Give it one: fanout(key=step, …) makes a mapping."
        ),
    ),
    (
        "fanout(same) | pick('a')",
        (
            "pipe step 2 (pick 'a') takes a mapping, but step 1 (fanout) gives a tuple.\n"
            "Give it one: fanout(key=step, …) makes a mapping."
        ),
    ),
    (
        "fanout(Point, x=same) | pick('x')",
        (
            "pipe step 2 (pick 'x') takes a mapping, but step 1 (fanout) gives a Point.\n"
            "To read an attribute, write `lambda x: x.x`."
        ),
    ),
    (
        "each(same) | pick('a')",
        (
            "pipe step 2 (pick 'a') takes a mapping, but step 1 (each) gives a list.\n"
            "Give it one: fanout(key=step, …) makes a mapping."
        ),
    ),
    (
        "chat_template(user='a') | pick('a')",
        (
            "pipe step 2 (pick 'a') takes a mapping, but step 1 (chat_template) gives a list.\n"
            "Give it one: fanout(key=step, …) makes a mapping."
        ),
    ),
    (
        "runnable(same).attempt() | pick('a')",
        (
            "pipe step 2 (pick 'a') takes a mapping, but step 1 (same attempt) gives a Result.\n"
            "Give it one: fanout(key=step, …) makes a mapping."
        ),
    ),
    (
        "fanout(a=str) | pick('a') | pick('b')",
        (
            "pipe step 3 (pick 'b') takes a mapping, but step 2 (pick 'a') gives a str.\n"
            "Give it one: fanout(key=step, …) makes a mapping."
        ),
    ),
]


@pytest.mark.parametrize(("wrong", "message"), NO_MAPPING)
def test_what_has_no_keys_is_named(wrong: str, message: str) -> None:
    assert _refused(wrong, NotAMappingError) == message


DUPLICATE = [
    (
        "fanout(a=same) | assign(a=same)",
        (
            "pipe step 2 (assign) adds the key 'a', which is already there.\n"
            "Choose another key, or replace its value with update(a=…)."
        ),
    ),
    (
        "pipe(gives_pair, assign(b=same))",
        (
            "pipe step 2 (assign) adds the key 'b', which is already there.\n"
            "Choose another key, or replace its value with update(b=…)."
        ),
    ),
    (
        "fanout(c\u043entext=same) | assign(c\u043entext=same)",
        (
            "pipe step 2 (assign) adds the key 'c\\u043entext', which is already there.\n"
            "Choose another key, or replace its value with update(**{'c\\u043entext': …})."
        ),
    ),
    (
        "fanout(a=same, b=same) | rename(a='b')",
        (
            "pipe step 2 (rename) adds the key 'a', which is already there.\n"
            "Choose another name, or drop the old value with omit('a') first."
        ),
    ),
]


@pytest.mark.parametrize(("wrong", "message"), DUPLICATE)
def test_a_key_that_is_there_already_is_named(wrong: str, message: str) -> None:
    assert _refused(wrong, DuplicateKeyError) == message


NO_KEY = [
    ("fanout({1: same})", "fanout(): a key is an int. Keys are strings."),
    ("pipe(same, {None: same})", "pipe() argument 2: a key is None. Keys are strings."),
    ("pick(1)", "pick(): a key is an int. Keys are strings."),
    ("pick('a', b'b')", "pick(): a key is a bytes. Keys are strings."),
    ("omit(1.5)", "omit(): a key is a float. Keys are strings."),
    ("rename(a=1)", "rename(): a key is an int. Keys are strings."),
    ("route(1, {1: same})", "route(): a key is an int. Keys are strings."),
    ("pick('a', 'a')", "pick(): the key 'a' is there twice. Name it once."),
    ("rename(a='x', b='x')", "rename(): the key 'x' is there twice. Name it once."),
    (
        "fanout({'\ufb01le': same, 'file': same})",
        (
            "fanout(): the keys '\\ufb01le' and 'file' are one key for Python, which compares "
            "names "
            "after Unicode normalisation (NFKC). Rename one."
        ),
    ),
    (
        "rename(**{'\ufb01le': 'a', 'file': 'b'})",
        (
            "rename(): the keys '\\ufb01le' and 'file' are one key for Python, which compares "
            "names after Unicode normalisation (NFKC). Rename one."
        ),
    ),
    (
        "omit('\ufb01le', 'file')",
        (
            "omit(): the keys '\\ufb01le' and 'file' are one key for Python, which compares names "
            "after Unicode normalisation (NFKC). Rename one."
        ),
    ),
]


@pytest.mark.parametrize(("wrong", "message"), NO_KEY)
def test_what_cannot_be_a_key_is_refused(wrong: str, message: str) -> None:
    assert _refused(wrong, InvalidKeyError) == message


# --- Not refused: what cannot be known --------------------------------------------------------


@pytest.mark.parametrize(
    "right",
    [
        "pipe(same, pick('a'))",
        "pick('a') | pick('b')",
        "passthrough() | pick('a')",
        "assign(a=same) | pick('b')",
        "omit('a') | pick('b')",
        "omit('a') | assign(a=same) | pick('a')",
        "rename(b='a') | pick('c')",
        "rename(a='b', b='a') | pick('a', 'b')",
        "fanout(a=same, b=same) | rename(a='b', b='a') | pick('a')",
        "fanout(a=same) | rename(a='a') | pick('a')",
        "fanout(a=same) | update(a=pick('a')) | pick('a')",
        "fanout(a=same) | pick('a') | pick('b')",
        "pipe(gives_mapping, pick('z'))",
        "pipe(gives_dict, pick('z'))",
        "pipe(gives_either, pick('deep'))",
        "pipe(gives_anything, pick('z'))",
        "pipe(misspelt, pick('z'))",
        "pipe(gives_output, pick('z'))",
        "pipe(boxed_text, pick('data'))",
        "pipe(chunks, pick('a'))",
        "pipe(dict, pick('a'))",
        "pipe(Pair, pick('z'))",
        "pipe(gives_name, pick('id'))",
        "pipe(gives_outer, pick('maybe'))",
        "pipe(gives_outer, assign(maybe=same))",
        "pipe(gives_unresolved, pick('known'), pick('z'))",
        "pipe(gives_recursive, *[pick('again')] * 50)",
        "fanout(a=same) | same | pick('z')",
        "fanout(a=same).named('x') | pick('a')",
        "fanout(a=same).tap(same) | pick('a')",
        "fanout(a=same) | takes_point",
        "pipe(gives_point, takes_pair)",
        "bind(same) | pick('z')",
        "each(pick('a'))",
        "pipe(gives_ints, each(pick('a')))",
        "pipe(gives_text, branch(case(dict, pick('a')), otherwise=same))",
        "branch(case(dict, pick('a')), case(str, len)) | pick('z')",
        "fanout(a=same) | branch(when(holds, same), otherwise=passthrough()) | pick('z')",
        "fanout(a=same) | branch(when(holds, assign(b=same)), otherwise=passthrough()) | pick('b')",
        "branch(when(holds, omit('a')), otherwise=passthrough()) | pick('a')",
        "branch(when(holds, omit('a')), otherwise=fanout(a=same)) | pick('a')",
        "branch(when(holds, gives_text), otherwise=gives_pair) | pick('z')",
        "route('k', {1: fanout(a={'b': same}), 2: fanout(a={'c': same})}) | pick('a') | pick('c')",
        "route('k', {1: gives_pair, 2: gives_point}) | pick('z')",
        "route('k', {1: {'a': same}, 2: {'b': same}, 3: {'c': same}}) | pick('a')",
        "pipe(gives_row, itemgetter(0))",
        "pipe(gives_text, itemgetter(0))",
        "passthrough(int | Pair) | pick('z')",
        "passthrough(list[int] | None) | pick('z')",
        "passthrough('Pair') | pick('z')",
        "fanout({'\ufb01le': same}) | pick('\ufb01le')",
        "fanout({'\ufb01le': same}) | template('{\ufb01le} {file}')",
    ],
)
def test_what_may_be_right_is_not_refused(right: str) -> None:
    assert repr(_built(right))


@pytest.mark.parametrize(
    "wrong",
    [
        "branch(when(holds, omit('a')), otherwise=omit('a')) | pick('a')",
        "branch(when(holds, omit('a')), otherwise=fanout(b=same)) | pick('a')",
        "branch(when(holds, fanout(a=str)), otherwise=fanout(a=same)) | pick('b')",
        "route('k', {1: gives_text}, otherwise=gives_text) | pick('a')",
        "route('k', {1: fanout(a=same), 2: fanout(b=same)}) | pick('c')",
        (
            "route('k', {1: {'a': {'b': same}}, 2: {'a': {'b': same}, 'd': same}}) "
            "| pick('a') | pick('c')"
        ),
    ],
)
def test_what_is_wrong_in_every_arm_is_refused(wrong: str) -> None:
    with pytest.raises(KeyMismatchError):
        _built(wrong)


def test_a_function_whose_signature_cannot_be_read_is_not_known() -> None:
    def odd(pair: Pair) -> Pair:
        return pair

    vars(odd)["__signature__"] = "none"
    assert repr(fanout(a=same) | odd)


def test_a_key_that_may_be_there_is_not_after_it_was_left_out() -> None:
    with pytest.raises(KeyMismatchError):
        _built("pipe(gives_outer, omit('maybe'), pick('maybe'))")


def test_knowledge_of_nested_annotations_reaches_some_levels() -> None:
    with pytest.raises(KeyMismatchError):
        _built("pipe(gives_recursive, pick('again'), pick('again'), pick('z'))")


def test_knowledge_of_nested_mappings_ends_somewhere() -> None:
    deep = pipe(subjects.nested(100, lambda inner: fanout(a=inner)), *[pick("a")] * 99)
    assert repr(deep | pick("z"))


# --- What a pipeline needs -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("pipeline", "needs"),
    [
        ("pick('a')", ("a",)),
        ("template('{a} {b} {a}')", ("a", "b")),
        ("fanout(x=pick('a'), y=pick('b'), z=same)", ("a", "b")),
        ("assign(x=pick('a')) | pick('x', 'b')", ("a", "b")),
        ("pick('a') | pick('b')", ("a",)),
        ("omit('a')", ("a",)),
        ("rename(b='a') | pick('b', 'c')", ("a", "c")),
        ("passthrough() | pick('a')", ("a",)),
        ("passthrough(Pair)", ("a", "b")),
        ("runnable(takes_pair)", ("a", "b")),
        ("pipe(same, pick('a'))", ()),
        ("each(pick('a'))", ()),
        ("pick('a').attempt()", ("a",)),
        ("passthrough().tap(pick('a'))", ("a",)),
        ("route('k', {1: pick('a')})", ("k", "a")),
        ("route('k', {1: pick('a', 'b'), 2: pick('a')})", ("k", "a")),
        ("branch(when(holds, pick('a', 'b')), otherwise=pick('a'))", ("a",)),
        ("branch(when(holds, passthrough()), otherwise=omit('a')) | pick('b')", ("b",)),
        ("branch(when(holds, passthrough()), otherwise=same) | pick('b')", ()),
        ("runnable(same) | omit('a') | pick('b')", ()),
    ],
)
def test_the_keys_that_a_pipeline_needs_of_its_input(pipeline: str, needs: tuple[str, ...]) -> None:
    assert _built(pipeline).signature.needs == needs


@pytest.mark.parametrize(
    ("pipeline", "gives"),
    [
        ("fanout(b=same, a=same)", ["b", "a"]),
        ("pick('b', 'a')", ["b", "a"]),
        ("fanout(a=same) | assign(b=same)", ["a", "b"]),
        ("pipe(gives_pair)", ["a", "b"]),
        ("fanout(Pair, b=same, a=same)", ["a", "b"]),
    ],
)
def test_the_keys_that_a_pipeline_gives(pipeline: str, gives: list[str]) -> None:
    shape = _built(pipeline).signature.gives
    assert isinstance(shape, Keys)
    assert list(shape.given) == gives


# --- Constructor and run agree ----------------------------------------------------------------


class Sub(TypedDict):
    a: int
    d: int


class Head(TypedDict):
    a: int
    b: int
    c: Sub


HEAD: dict[str, object] = {"a": 1, "b": 2, "c": {"a": 3, "d": 4}}
NAMES = ("a", "b", "c", "d")


def number(_: object) -> int:
    return 7


class BrokenError(Exception):
    """What the reference raises where a pipeline cannot run."""


class Program(NamedTuple):
    """A pipeline, and a function in plain Python that does the same."""

    step: Callable[[], Any]
    run: Callable[[Any], Any]


def _need(value: Untyped, keys: Untyped) -> dict[str, Any]:
    if type(value) is not dict or any(key not in value for key in keys):
        raise BrokenError
    return cast("dict[str, Any]", value)


def _absent(value: dict[str, Any], keys: Untyped) -> None:
    if any(key in value for key in keys):
        raise BrokenError


def _picking(key: str) -> Program:
    def run(x: object) -> object:
        return _need(x, [key])[key]

    return Program(lambda: pick(key), run)


def _selecting(keys: list[str]) -> Program:
    def run(x: object) -> object:
        return {key: _need(x, keys)[key] for key in keys}

    return Program(lambda: pick(*keys), run)


def _omitting(keys: list[str]) -> Program:
    def run(x: object) -> object:
        return {key: value for key, value in _need(x, keys).items() if key not in keys}

    return Program(lambda: omit(*keys), run)


def _renaming(new_names: list[str], old_names: list[str]) -> Program:
    olds = dict(zip(new_names, old_names, strict=False))

    def run(x: object) -> object:
        mapping = _need(x, olds.values())
        staying = [key for key in mapping if key not in olds.values()]
        if any(new in staying for new in olds):
            raise BrokenError
        news = {old: new for new, old in olds.items()}
        return {news.get(key, key): value for key, value in mapping.items()}

    return Program(lambda: rename(**olds), run)


def _filling(keys: list[str]) -> Program:
    def run(x: object) -> object:
        return " ".join(str(_need(x, keys)[key]) for key in keys)

    return Program(lambda: template(" ".join(f"{{{key}}}" for key in keys)), run)


def _fanning(branches: dict[str, Program]) -> Program:
    def run(x: object) -> object:
        return {key: branch.run(x) for key, branch in branches.items()}

    return Program(lambda: fanout({key: branch.step() for key, branch in branches.items()}), run)


def _assigning(branches: dict[str, Program]) -> Program:
    def run(x: object) -> object:
        mapping = _need(x, ())
        _absent(mapping, branches)
        return {**mapping, **{key: branch.run(x) for key, branch in branches.items()}}

    return Program(lambda: assign(**{key: b.step() for key, b in branches.items()}), run)


def _updating(branches: dict[str, Program]) -> Program:
    def run(x: object) -> object:
        mapping = _need(x, branches)
        return {**mapping, **{key: branch.run(x) for key, branch in branches.items()}}

    return Program(lambda: update(**{key: b.step() for key, b in branches.items()}), run)


def _sequence(programs: list[Program]) -> Program:
    def run(x: object) -> object:
        for program in programs:
            x = program.run(x)
        return x

    return Program(lambda: pipe(*(program.step() for program in programs)), run)


def _named(program: Program) -> Program:
    return Program(lambda: runnable(program.step()).named("n"), program.run)


def _tapped(program: Program) -> Program:
    def run(x: object) -> object:
        program.run(x)
        return x

    return Program(lambda: passthrough().tap(program.step()), run)


NAME = st.sampled_from(NAMES)
SOME = st.lists(NAME, min_size=2, max_size=3, unique=True)
KNOWN: st.SearchStrategy[Program] = st.one_of(
    st.builds(_picking, NAME),
    st.builds(_selecting, SOME),
    st.builds(_omitting, st.lists(NAME, max_size=2, unique=True)),
    st.builds(_renaming, SOME, SOME),
    st.builds(_filling, SOME),
    st.just(Program(passthrough, same)),
    st.just(Program(lambda: number, number)),
)


def _programs(leaves: st.SearchStrategy[Program]) -> st.SearchStrategy[Program]:
    def larger(inner: st.SearchStrategy[Program]) -> st.SearchStrategy[Program]:
        keyed = st.dictionaries(NAME, inner, max_size=3)
        return st.one_of(
            st.builds(_sequence, st.lists(inner, min_size=1, max_size=4)),
            st.builds(_fanning, keyed),
            st.builds(_assigning, keyed),
            st.builds(_updating, keyed),
            st.builds(_named, inner),
            st.builds(_tapped, inner),
        )

    return st.recursive(leaves, larger, max_leaves=8)


@given(_programs(KNOWN))
def test_exactly_what_cannot_run_is_refused_where_everything_is_known(program: Program) -> None:
    try:
        expected = program.run(HEAD)
    except BrokenError:
        with pytest.raises(KeyMismatchError):
            _ = passthrough(Head) | program.step()
    else:
        result = (passthrough(Head) | program.step()).invoke(HEAD)
        assert result == expected
        assert repr(result) == repr(expected)  # the order of keys, too


@given(
    _programs(KNOWN | st.just(Program(lambda: same, same))),
    st.dictionaries(NAME, st.integers() | st.dictionaries(NAME, st.integers())),
)
def test_what_runs_on_some_input_is_never_refused(program: Program, x: dict[str, object]) -> None:
    try:
        expected = program.run(x)
    except BrokenError:
        return
    pipeline = program.step()
    assert pipe(pipeline).invoke(x) == expected
    assert all(key in x for key in pipe(pipeline).signature.needs)


@given(st.lists(_programs(KNOWN), min_size=2, max_size=4))
def test_bars_and_one_pipe_refuse_the_same(programs: list[Program]) -> None:
    steps: list[Any]
    try:
        steps = [runnable(program.step()) for program in programs]
    except KeyMismatchError:
        return

    def verdict(build: Callable[[], object]) -> str:
        try:
            return repr(build())
        except KeyMismatchError as error:
            return str(error)

    at_once = verdict(lambda: pipe(*steps))
    assert verdict(lambda: functools.reduce(lambda left, right: left | right, steps)) == at_once


def test_names_used_in_expressions_are_all_used() -> None:
    # The tables above are text, which no linter reads: this keeps their imports honest.
    used = " ".join(pair[0] for pair in (*MISSING, *NO_MAPPING, *DUPLICATE, *NO_KEY))
    for name in ("bind", "branch", "chunks", "each", "holds", "route", "when"):
        assert name in globals()
    assert "takes_pair" in used
    assert all((bind, branch, chunks, each, holds, route, when))

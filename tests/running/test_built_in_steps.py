"""Steps that only rearrange mappings, in every way of running; and all of it without a thread."""

from collections import ChainMap, UserDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from types import MappingProxyType
from typing import Any

import pytest

from combinators import (
    AbsentKeyError,
    InputError,
    Runnable,
    assign,
    branch,
    case,
    chat_template,
    each,
    fanout,
    omit,
    passthrough,
    pick,
    pipe,
    rename,
    route,
    runnable,
    template,
    update,
    when,
)
from combinators._run.concurrency.pool import POOL, Roster
from tests.running.ways import (
    ONCE,
    WAYS,
    Loop,
    Way,
    ainc,
    aone_two_three,
    inc,
    one_two_three,
)

INPUT = {"a": 1, "b": 2, "c": 3}


async def aupper(text: str) -> str:
    return text.upper()


def named_x(mapping: dict[str, int]) -> dict[str, Any]:
    return {**mapping, "k": "x"}


async def asize(mapping: dict[str, int]) -> int:
    return len(mapping)


async def is_big(mapping: dict[str, int]) -> bool:
    return len(mapping) > 2


# Checkers take neither an async test nor a narrower default; running does.
any_when: Any = when
any_branch: Any = branch
any_case: Any = case

STEPS: dict[str, tuple[Runnable[Any, Any], object]] = {
    "pick": (pick("a"), 1),
    "pick several": (pick("c", "a"), {"c": 3, "a": 1}),
    "rename": (rename(x="a"), {"x": 1, "b": 2, "c": 3}),
    "rename by swapping": (rename(a="b", b="a"), {"b": 1, "a": 2, "c": 3}),
    "omit": (omit("a", "c"), {"b": 2}),
    "assign": (assign(n=asize), {**INPUT, "n": 3}),
    "update": (update(a=len), {"a": 3, "b": 2, "c": 3}),
    "template": (template("{a} and {b}"), "1 and 2"),
    "chat template": (
        chat_template(system="s", user="{a}"),
        [{"role": "system", "content": "s"}, {"role": "user", "content": "1"}],
    ),
    "async case": (any_branch(case(str, len), any_case(dict, asize)), 3),
    "async when": (branch(any_when(is_big, asize), otherwise=len), 3),
    "async otherwise": (any_branch(case(str, len), otherwise=asize), 3),
    "async route": (pipe(named_x, route("k", {"x": asize})), 4),
    "cheap and async": (
        fanout(p=passthrough(), n=asize, a=pick("a")),
        {"p": INPUT, "n": 3, "a": 1},
    ),
    "async tap": (runnable(len).tap(ainc), 3),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", STEPS)
def test_a_built_in_step_gives_the_same_in_every_way(way: Way, name: str) -> None:
    step, expected = STEPS[name]
    assert way(step, dict(INPUT)) == expected


OTHER_MAPPINGS: list[Callable[[Any], Any]] = [
    MappingProxyType, ChainMap, UserDict, partial(defaultdict[Any, Any], int),
]  # fmt: skip


@pytest.mark.parametrize("kind", OTHER_MAPPINGS)
@pytest.mark.parametrize("name", STEPS)
def test_a_built_in_step_takes_any_mapping(kind: Callable[[Any], Any], name: str) -> None:
    step, expected = STEPS[name]
    if name == "cheap and async":
        expected = {"p": kind(dict(INPUT)), "n": 3, "a": 1}
    if name != "async case":  # whose case is a dict
        assert step.invoke(kind(dict(INPUT))) == expected


@pytest.mark.parametrize("step", [pick("z"), pick("a", "z"), template("{z}"), update(z=len)])
def test_a_key_that_a_dict_would_make_up_is_missing(step: Runnable[Any, Any]) -> None:
    given = defaultdict(int, INPUT)
    for value in (given, dict(INPUT)):
        with pytest.raises(AbsentKeyError) as caught:
            step.invoke(value)
        assert [*caught.value.keys] == ["z"]
    assert "z" not in given


def test_a_key_that_is_there_is_not_assigned_anew() -> None:
    for value in (dict(INPUT), MappingProxyType(INPUT)):
        with pytest.raises(InputError, match="a mapping that already has the key 'a'"):
            assign(a=len).invoke(value)


def test_an_index_is_picked_from_a_sequence() -> None:
    assert runnable(itemgetter(1)).invoke("abc") == "b"


@pytest.mark.parametrize("way", WAYS)
def test_no_built_in_step_changes_its_input(way: Way) -> None:
    for step, _ in STEPS.values():
        given = dict(INPUT)
        way(step, given)
        assert given == INPUT


@pytest.mark.parametrize("way", ONCE)
def test_an_async_branch_without_a_match_is_an_error(way: Way) -> None:
    narrow: Any = branch(case(str, aupper))
    with pytest.raises(ValueError, match="branch has no arm for an int"):
        way(narrow, 1)


@dataclass
class Point:
    x: int


@pytest.mark.parametrize("way", ONCE)
def test_a_dataclass_gets_the_lambda_to_write(way: Way) -> None:
    with pytest.raises(InputError) as caught:
        way(pick("x"), Point(1))
    assert str(caught.value) == (
        "pick 'x' was given a Point. It takes a mapping. To read an attribute, write "
        "`lambda x: x.x`."
    )


@pytest.mark.parametrize("way", ONCE)
def test_a_key_that_would_be_there_twice_is_named(way: Way) -> None:
    with pytest.raises(InputError, match="a mapping that already has the key 'a'"):
        way(assign(a=len), dict(INPUT))
    with pytest.raises(InputError, match="a mapping that already has the key 'b'"):
        way(rename(b="a"), dict(INPUT))


@pytest.mark.parametrize("way", ONCE)
@pytest.mark.parametrize(
    "step",
    [update(z=len), omit("z"), rename(y="z"), template("{z}")],
    ids=["update", "omit", "rename", "template"],
)
def test_a_missing_key_is_an_error(way: Way, step: Runnable[Any, Any]) -> None:
    with pytest.raises(AbsentKeyError, match="the key 'z'"):
        way(step, dict(INPUT))


@pytest.mark.parametrize("way", ONCE)
@pytest.mark.parametrize("wrong", [1, "text", b"bytes", {"a": 1}], ids=repr)
def test_each_takes_collections_only(way: Way, wrong: object) -> None:
    with pytest.raises(InputError, match="each was given"):
        way(each(str), wrong)


# --- Without threads ----------------------------------------------------------------


@pytest.fixture
def _no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(POOL, "_max_threads", 0)
    monkeypatch.setattr(POOL, "_roster", Roster())


CHAINS: dict[str, tuple[Runnable[Any, Any], object]] = {
    "sync": (fanout(a=inc, b=inc), {"a": 2, "b": 2}),
    "async": (fanout(a=ainc, b=inc), {"a": 2, "b": 2}),
    "chunks": (pipe(inc, one_two_three), 6),
    "async chunks": (pipe(inc, aone_two_three), 6),
}


@pytest.mark.usefixtures("_no_threads")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("limit", [None, 1, 2])
@pytest.mark.parametrize("name", CHAINS)
def test_without_threads_the_caller_does_the_work(
    run: Loop, way: Way, limit: int | None, name: str
) -> None:
    chain, expected = CHAINS[name]
    assert way(chain, 1) == expected
    assert chain.invoke(1, limit=limit) == expected
    assert chain.batch([1, 1], limit=limit) == [expected] * 2
    assert run(chain.abatch([1, 1], limit=limit)) == [expected] * 2


@pytest.mark.usefixtures("_no_threads")
@pytest.mark.parametrize("step", [inc, ainc])
def test_without_threads_failures_are_the_same(step: Any) -> None:  # noqa: ANN401 - a parameter of the test
    def fail(_: object) -> int:
        raise LookupError

    chain = pipe(step, fail)
    with pytest.raises(LookupError):
        chain.invoke(1)
    with pytest.raises(LookupError):
        list(chain.stream(1))
    assert isinstance(chain.batch([1], errors="collect")[0].failure(), LookupError)


@pytest.mark.usefixtures("_no_threads")
def test_without_threads_a_stream_can_be_closed() -> None:
    chunks = pipe(ainc, aone_two_three).stream(1)
    assert next(chunks) == 1
    chunks.close()
    assert list(chunks) == []

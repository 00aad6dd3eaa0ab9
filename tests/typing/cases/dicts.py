"""Dicts wherever a step may stand, and what may follow a fan-out, in every spelling."""

from collections.abc import Collection, Mapping
from typing import assert_type

from combinators import (
    Runnable,
    assign,
    branch,
    case,
    each,
    fanout,
    passthrough,
    pick,
    pipe,
    route,
    runnable,
    template,
    update,
    when,
)
from tests.typing.cases.given import (
    Prompt,
    ask,
    asker,
    encode,
    encode_async,
    measure,
    spell,
    speller,
)

SHOWN = template("{a}")


def count(values: dict[str, object]) -> int:
    return len(values)


def prompted(text: str) -> Prompt:
    return {"context": text.encode(), "question": text}


def a_dict_is_an_arm() -> None:
    assert_type(
        branch(case(int, {"a": spell}), otherwise={"a": encode}) | SHOWN, Runnable[int | str, str]
    )
    assert_type(branch(case(int, {"a": {"b": spell}})) | SHOWN, Runnable[int, str])
    assert_type(
        branch(when(str.isdigit, {"a": {"b": encode}}), otherwise={"a": str.upper}) | SHOWN,
        Runnable[str, str],
    )


def a_dict_is_an_arm_of_a_route() -> None:
    routed: Runnable[Mapping[str, object], str] = (
        route("kind", {"a": {"a": pick("x")}, "b": {"a": pick("y")}}) | SHOWN
    )
    routed.invoke({"kind": "a", "x": "", "y": ""})
    other: Runnable[Mapping[str, object], object] = route(
        "kind", {"a": template("{x}")}, otherwise={"x": pick("x")}
    )
    other.invoke({"kind": "b", "x": ""})


def a_dict_is_a_branch_among_positional_ones() -> None:
    first = fanout({"a": encode}, encode)
    second = fanout(encode, {"a": encode, "b": {"c": encode}})
    assert_type(first | len, Runnable[str, int])
    assert_type(second | len, Runnable[str, int])


def a_dict_becomes_a_step_by_name() -> None:
    assert_type(runnable({"a": encode}) | SHOWN, Runnable[str, str])
    assert_type(runnable({"a": encode, "b": {"c": encode}}) | SHOWN, Runnable[str, str])


def a_typed_dict_may_follow_a_fanout_anywhere() -> None:
    branches = fanout(context=encode, question=str.upper)
    assert_type(pipe(spell, branches, ask), Runnable[int, str])
    assert_type(pipe(spell, branches, asker, encode), Runnable[int, bytes])
    assert_type(pipe(spell, str.upper, branches, ask, encode, measure), Runnable[int, int])
    assert_type(pipe(speller | branches, ask, encode_async), Runnable[int, bytes])
    assert_type(speller | branches | ask, Runnable[int, str])


def a_typed_dict_may_follow_a_dict_anywhere() -> None:
    assert_type(
        pipe(spell, {"context": encode, "question": passthrough()}, ask, len), Runnable[int, int]
    )
    assert_type(
        pipe(prompted, {"context": pick("context"), "question": pick("question")}, ask),
        Runnable[str, str],
    )


def a_typed_dict_may_follow_computed_keys() -> None:
    assert_type(pipe(prompted, update(context=pick("context")), ask), Runnable[str, str])
    assert_type(pipe(prompted, assign(size=ask), ask, len), Runnable[str, int])


def branches_may_take_a_typed_dict_each() -> None:
    branches = fanout(context=encode, question=str.upper)
    assert_type(branches | {"a": ask, "b": pick("question")} | SHOWN, Runnable[str, str])
    assert_type(pipe(branches, {"a": ask, "b": pick("question")}, SHOWN), Runnable[str, str])
    assert_type(pipe(branches, fanout(a=ask, b=len) | SHOWN), Runnable[str, str])


def a_dict_of_any_values_may_follow_a_fanout() -> None:
    branches = fanout(context=encode, question=str.upper)
    assert_type(branches | count, Runnable[str, int])
    assert_type(pipe(branches, count), Runnable[str, int])
    assert_type(pipe(spell, branches, count, spell), Runnable[int, str])
    assert_type({"a": encode, "b": encode} | runnable(count), Runnable[str, int])
    assert_type(pipe(spell, {"a": encode, "b": len}, count), Runnable[int, int])


def a_dict_is_a_step_for_every_element() -> None:
    assert_type(each({"a": encode, "b": {"c": encode}}) | len, Runnable[Collection[str], int])

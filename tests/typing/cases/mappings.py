"""`pick`, `assign` and the like: without the keys, mappings of `Any`."""

from collections.abc import Collection, Mapping
from typing import Any, assert_type

from combinators import (
    Message,
    Runnable,
    assign,
    chat_template,
    each,
    fanout,
    omit,
    passthrough,
    pick,
    pipe,
    rename,
    template,
    update,
)
from tests.typing.cases.given import (
    Question,
    asked,
    encode,
    encode_async,
    encoder,
    lines,
    measure,
    spell,
)


def keys_go_in_and_come_out() -> None:
    assert_type(pick("a"), Runnable[Mapping[str, object], Any])
    assert_type(pick("a", "b"), Runnable[Mapping[str, object], dict[str, Any]])
    assert_type(rename(new="old"), Runnable[Mapping[str, object], dict[str, Any]])
    assert_type(omit("a"), Runnable[Mapping[str, object], dict[str, Any]])


def a_picked_value_fits_any_step() -> None:
    assert_type(pick("a") | encode, Runnable[Mapping[str, object], bytes])
    assert_type(fanout(a=encode, b=len) | pick("a") | measure, Runnable[str, int])
    assert_type(fanout(a=encode, b=len).pick("b") | spell, Runnable[str, str])
    assert_type(fanout(a=encode, b=len).pick("a", "b"), Runnable[str, dict[str, Any]])


def computed_keys_are_of_the_input_of_their_branches() -> None:
    assert_type(assign(size=asked), Runnable[Question, dict[str, Any]])
    assert_type(update(question=pipe(asked, encode)), Runnable[Question, dict[str, Any]])
    assert_type(
        assign(size=template("{a}"), more={"b": pick("b")}),
        Runnable[Mapping[str, object], dict[str, Any]],
    )
    assert_type(
        fanout(a=encode, b=passthrough()).assign(c=pick("a")), Runnable[str, dict[str, Any]]
    )


def every_element_goes_through_a_step() -> None:
    assert_type(each(encode), Runnable[Collection[str], list[bytes]])
    assert_type(each(encoder), Runnable[Collection[str], list[bytes]])
    assert_type(each(encode_async), Runnable[Collection[str], list[bytes]])
    assert_type(each(lines), Runnable[Collection[str], list[bytes]])
    assert_type(encoder.each().each(), Runnable[Collection[Collection[str]], list[list[bytes]]])
    assert_type(pipe(str.split, each(encode), each(measure)), Runnable[str, list[int]])


def templates_take_mappings() -> None:
    assert_type(template("{a}"), Runnable[Mapping[str, object], str])
    assert_type(
        chat_template(system="Be brief.", user="{a}"), Runnable[Mapping[str, object], list[Message]]
    )
    assert_type(template("{question}").invoke({"question": 1}), str)

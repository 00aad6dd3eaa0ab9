"""`fanout` and dicts: one input to all branches, their results under the keys."""

from collections.abc import Mapping
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple, assert_type

from combinators import Runnable, fanout, passthrough, pipe, template
from tests.typing.cases.given import (
    Prompt,
    ask,
    asker,
    encode,
    encode_async,
    encoder,
    lines,
    measure,
    measure_async,
    measurer,
    spell,
    speller,
)

if TYPE_CHECKING:
    from _typeshed import SupportsGetItem  # noqa: TC004  the cases are not run


class Size(NamedTuple):
    data: bytes
    size: int


def a_fanout_gives_a_dict_of_what_its_branches_give() -> None:
    assert_type(fanout(), Runnable[object, dict[str, object]])
    assert_type(fanout(a=encode, b=encoder), Runnable[str, dict[str, bytes]])
    assert_type(fanout(a=encode, b=len), Runnable[str, dict[str, bytes | int]])
    assert_type(fanout(a=encode, b=encode_async, c=lines), Runnable[str, dict[str, bytes]])
    assert_type(fanout(a=encode, b=passthrough()), Runnable[str, dict[str, bytes | str]])
    assert_type(fanout(a=passthrough(), b=encode), Runnable[str, dict[str, bytes | str]])
    assert_type(
        fanout(a=encode, b=lambda text: len(text + text)), Runnable[str, dict[str, bytes | int]]
    )


def a_dict_is_a_fanout() -> None:
    assert_type(fanout({"a": encode, "b": len}), Runnable[str, dict[str, bytes | int]])
    assert_type(fanout({"a": encode, "b": passthrough()}), Runnable[str, dict[str, bytes | str]])
    assert_type(speller | {"a": encode, "b": len}, Runnable[int, dict[str, bytes | int]])
    assert_type(pipe(spell, {"a": encode, "b": len}), Runnable[int, dict[str, bytes | int]])
    assert_type(pipe({"a": encode, "b": encoder}), Runnable[str, dict[str, bytes]])


def a_dict_kept_in_a_variable_is_a_fanout() -> None:
    branches = {"a": encoder, "b": encoder}
    assert_type(fanout(branches), Runnable[str, dict[str, bytes]])
    assert_type(fanout(**branches), Runnable[str, dict[str, bytes]])
    assert_type(speller | branches, Runnable[int, dict[str, bytes]])
    assert_type(branches | template("{a} {b}"), Runnable[str, str])


def a_dict_on_the_left_feeds_the_next_step() -> None:
    prompt = template("{a} {b}")
    assert_type({"a": encode, "b": passthrough()} | prompt, Runnable[str, str])
    assert_type({"a": passthrough(), "b": encode_async} | prompt | encode, Runnable[str, bytes])
    assert_type(pipe({"a": encode, "b": passthrough()}, prompt), Runnable[str, str])
    assert_type(
        {"a": itemgetter("q") | encoder, "b": itemgetter("q")} | prompt,
        Runnable[SupportsGetItem[Any, Any], str],
    )


def dicts_nest() -> None:
    # Other checkers than mypy see `Any` under the keys of a fan-out with a fan-out in it.
    first: Runnable[str, dict[str, Any]] = fanout(a=encode, b={"c": len})
    second: Runnable[str, dict[str, Any]] = fanout({"a": encode, "b": {"c": len, "d": {"e": len}}})
    third: Runnable[int, dict[str, Any]] = speller | {"a": encode, "b": {"c": len}}
    fourth: Runnable[int, dict[str, Any]] = pipe(spell, {"a": encode, "b": {"c": len}})
    assert_type(first | template("{a} {b}"), Runnable[str, str])
    assert_type(second | template("{a} {b}"), Runnable[str, str])
    assert_type(fourth | template("{a} {b}"), Runnable[int, str])
    assert_type(third | template("{a} {b}"), Runnable[int, str])
    assert_type({"a": encode, "b": {"c": len}} | template("{a} {b}"), Runnable[str, str])


def plain_dicts_still_merge() -> None:
    assert_type({"a": 1} | {"b": 2}, dict[str, int])
    assert_type({"a": encoder} | {"b": encoder}, dict[str, Runnable[str, bytes]])


def positional_branches_give_a_tuple() -> None:
    assert_type(fanout(encode, len), Runnable[str, tuple[bytes, int]])
    assert_type(fanout(encode_async, len, passthrough()), Runnable[str, tuple[bytes, int, str]])


def a_target_is_what_the_results_become() -> None:
    assert_type(fanout(Prompt, context=encode, question=passthrough()), Runnable[str, Prompt])
    assert_type(fanout(Size, data=encode, size=len), Runnable[str, Size])
    assert_type(fanout(Prompt, context=encode, question=passthrough()) | ask, Runnable[str, str])
    assert_type(
        pipe(fanout(Prompt, context=encode, question=passthrough()), ask), Runnable[str, str]
    )


def a_fanout_fits_a_step_that_takes_a_typed_dict() -> None:
    branches = fanout(context=encode, question=passthrough())
    assert_type(branches | ask, Runnable[str, str])
    assert_type(branches | asker, Runnable[str, str])
    assert_type({"context": encode, "question": passthrough()} | asker, Runnable[str, str])
    assert_type(pipe(branches, ask, encode), Runnable[str, bytes])


def branches_share_the_narrowest_input() -> None:
    def anything(value: object) -> int:
        return hash(value)

    assert_type(fanout(a=anything, b=measure), Runnable[bytes, dict[str, int]])
    assert_type(fanout(a=measurer, b=measure_async), Runnable[bytes, dict[str, int]])
    assert_type(
        fanout(a=template("{a}"), b=template("{b}")), Runnable[Mapping[str, object], dict[str, str]]
    )

"""`branch`, `route`, `bind`: what goes in is what the arms take together."""

from collections.abc import Mapping
from typing import Any, Literal, assert_type

from combinators import Runnable, bind, branch, case, pick, route, template, when
from tests.typing.cases.given import (
    Question,
    asked,
    encode,
    encode_async,
    encoder,
    measure,
    spell,
)


def an_exhaustive_branch_takes_the_union_of_its_cases() -> None:
    assert_type(branch(case(str, encode)), Runnable[str, bytes])
    assert_type(branch(case(str, encode), case(bytes, measure)), Runnable[str | bytes, bytes | int])
    assert_type(
        branch(case(str, encode_async), case(bytes, measure), case(int, spell)),
        Runnable[str | bytes | int, bytes | int | str],
    )
    assert_type(branch(case(int | None, str)), Runnable[int | None, str])
    assert_type(branch(case(None, str), case(str, len)), Runnable[str | None, str | int])
    yes_or_no = branch(case(Literal["yes"], len), case(Literal["no"], str.upper))
    assert_type(yes_or_no.invoke("yes"), int | str)


def otherwise_takes_the_rest() -> None:
    assert_type(branch(case(int, spell), otherwise=encode), Runnable[int | str, str | bytes])
    assert_type(branch(case(int, spell), otherwise=encode_async), Runnable[int | str, str | bytes])
    assert_type(branch(when(str.isdigit, int), otherwise=encode), Runnable[str, int | bytes])
    assert_type(
        branch(case(int, spell), when(str.isdigit, encode), otherwise=len),
        Runnable[int | str, str | bytes | int],
    )


def a_route_gives_the_union_of_its_arms() -> None:
    assert_type(
        route("kind", {"a": template("{a}"), "b": template("{b}")}),
        Runnable[Mapping[str, object], str],
    )
    assert_type(route("language", {"en": asked, "it": asked}), Runnable[Question, str])
    assert_type(
        route("kind", {"a": template("{a}"), "b": pick("b", "c")}),
        Runnable[Mapping[str, object], str | dict[str, Any]],
    )


def a_bound_function_chooses_a_runnable() -> None:
    def choose(text: str) -> Runnable[str, bytes]:
        return encoder.named(text)

    async def choose_async(text: str) -> Runnable[str, bytes]:
        return encoder.named(text)

    assert_type(bind(choose), Runnable[str, bytes])
    assert_type(bind(choose_async), Runnable[str, bytes])

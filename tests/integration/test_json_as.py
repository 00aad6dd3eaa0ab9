"""The structured parser: what fits comes out typed, what does not is named and never shown."""

import asyncio
import json
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import pytest
from hypothesis import given, strategies as st
from typing_extensions import TypedDict  # pydantic takes that of `typing` from Python 3.12 on

from combinators import runnable
from combinators.steps import Reply, ReplyFormatError, json_as


class Animal(TypedDict):
    name: str
    legs: int


@dataclass(frozen=True)
class Zoo:
    animals: list[Animal]
    kind: Literal["open", "closed"] = "open"


def reply(content: str) -> Reply:
    return {"role": "assistant", "content": content, "model": "m", "finish_reason": "stop"}


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        ("secret", (("$", "json_invalid"),)),
        ("", (("$", "json_invalid"),)),
        ('{"animals": "secret"}', (("$.animals", "list_type"),)),
        ("[]", (("$", "dataclass_type"),)),
        (
            '{"animals": [{"name": "bear", "legs": 4}, {"legs": "secret"}], "kind": "secret"}',
            (
                ("$.animals[1].name", "missing"),
                ("$.animals[1].legs", "int_parsing"),
                ("$.kind", "literal_error"),
            ),
        ),
    ],
)
def test_what_does_not_fit_is_named_place_by_place(
    given: str, problems: tuple[tuple[str, str], ...]
) -> None:
    with pytest.raises(ReplyFormatError) as caught:
        json_as(Zoo).invoke(given)
    assert caught.value.problems == problems
    assert caught.value.__cause__ is None
    assert "secret" not in f"{caught.value!s}{caught.value!r}"


def test_the_message_says_what_was_wanted_and_what_to_do() -> None:
    with pytest.raises(ReplyFormatError) as caught:
        json_as(Zoo).invoke('{"animals": [{"name": 1}]}')
    assert str(caught.value) == (
        "The reply does not read as Zoo:\n"
        "  $.animals[0].name: string_type\n"
        "  $.animals[0].legs: missing\n"
        "Say in the prompt which JSON is wanted, or ask for it by `response_format`."
    )
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301 - just made


def test_a_reply_becomes_a_value() -> None:
    zoo = '{"animals": [{"name": "bear", "legs": 4}], "kind": "closed"}'
    expected = Zoo([{"name": "bear", "legs": 4}], "closed")
    assert json_as(Zoo).invoke(reply(zoo)) == expected
    assert json_as(Zoo).invoke(zoo) == expected
    assert asyncio.run(json_as(Zoo).ainvoke(zoo)) == expected
    assert list(json_as(Zoo).stream(zoo)) == [expected]


@pytest.mark.parametrize(
    "fence", ["```json\n{}\n```", "\n```\n{}\n```\n", "  ```json\n\n{}\n  ```"]
)
def test_json_may_stand_in_a_markdown_fence(fence: str) -> None:
    assert json_as(list[int]).invoke(fence.replace("{}", "[1]")) == [1]


def test_a_stream_is_collected_before_it_is_read() -> None:
    def pieces(_: str) -> Iterator[str]:
        yield from ("[1,", " 2", "]")

    assert list((runnable(pieces) | json_as(list[int])).stream("")) == [[1, 2]]


def test_parsers_of_one_type_are_equal() -> None:
    assert json_as(Zoo) == json_as(Zoo) != json_as(Animal)


@given(st.lists(st.integers() | st.none()))
def test_what_json_says_is_what_comes_out(values: list[int | None]) -> None:
    assert json_as(list[int | None]).invoke(json.dumps(values)) == values

"""`Record`: keys that every checker knows, without a plugin."""

from collections.abc import Collection
from typing import assert_type

from combinators import Key, Record, Runnable, passthrough, pick, pipe, template
from tests.typing.cases.given import Question, encode, encode_async, encoder, lines, measure

ASKED: Question = {"question": "why?", "language": "en"}


class Inputs(Record[str]):
    context: Key[str, bytes]
    question: Key[str, str]

    def as_prompt(self) -> str:
        return f"{self.context.hex()}: {self.question}"


class Lookups(Record[Question]):
    found: Key[Question, bytes]
    size: Key[Question, int]


class MoreLookups(Lookups):
    # A branch may take more than it is given.
    shown: Key[object, str]


def fill(inputs: Inputs) -> str:
    assert_type(inputs.context, bytes)
    assert_type(inputs.question, str)
    return inputs.question


def shout(question: str) -> str:
    return question.upper()


def a_record_has_a_fanout_that_gives_it() -> None:
    assert_type(Inputs.fanout(context=encode, question=shout), Runnable[str, Inputs])
    assert_type(Inputs.fanout(context=encoder, question=passthrough()), Runnable[str, Inputs])
    assert_type(
        Lookups.fanout(found=pick("question") | encoder, size=len), Runnable[Question, Lookups]
    )


def branches_are_steps_of_every_kind() -> None:
    assert_type(Inputs.fanout(context=encode_async, question=str), Runnable[str, Inputs])
    assert_type(Inputs.fanout(context=lines, question=passthrough(str)), Runnable[str, Inputs])
    assert_type(
        Inputs.fanout(context=pipe(shout, encode_async), question=lambda text: text * 2),
        Runnable[str, Inputs],
    )
    assert_type(
        Lookups.fanout(found=template("{question}") | encoder, size=template("{language}") | len),
        Runnable[Question, Lookups],
    )


def a_record_flows_like_any_value() -> None:
    inputs = Inputs.fanout(context=encode, question=shout)
    assert_type(inputs | fill, Runnable[str, str])
    assert_type(inputs | Inputs.as_prompt | encode, Runnable[str, bytes])
    assert_type(pipe(shout, inputs, fill, encode, measure), Runnable[str, int])
    assert_type(inputs.each(), Runnable[Collection[str], list[Inputs]])
    assert_type(inputs.invoke("why?").context, bytes)
    assert_type([inputs.question for inputs in inputs.batch(["why?"])], list[str])


def a_record_is_also_made_by_hand() -> None:
    by_hand = Inputs(context=b"because", question="why?")
    assert_type(by_hand, Inputs)
    assert_type(fill(by_hand), str)


def keys_are_inherited() -> None:
    more = MoreLookups.fanout(found=pick("question") | encoder, size=len, shown=repr)
    assert_type(more, Runnable[Question, MoreLookups])
    assert_type(more.invoke(ASKED).size, int)
    assert_type(more.invoke(ASKED).shown, str)

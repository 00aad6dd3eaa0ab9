"""Records at run time: what they are, what their fan-outs give, and what is refused."""

import asyncio
import copy
from dataclasses import FrozenInstanceError
from typing import TypedDict

import pytest

from combinators import (
    BuilderError,
    FanoutError,
    Key,
    NotAMappingError,
    NotAStepError,
    Record,
    fanout,
    passthrough,
    pick,
    pipe,
    template,
)
from tests.unit.subjects import Untyped, pickled


class Sizes(TypedDict):
    all: int


class Inputs(Record[str]):
    context: Key[str, list[str]]
    question: Key[str, str]

    def as_prompt(self) -> str:
        return f"{self.question} {self.context}"


class More(Inputs):
    size: Key[str, int]


def search(question: str) -> list[str]:
    return question.split()


def fails(question: str) -> list[str]:
    raise LookupError(question)


def answer(inputs: Inputs) -> str:
    return inputs.question.upper()


INPUTS = Inputs.fanout(context=search, question=passthrough())
# What no type checker lets through.
UNTYPED: Untyped = Inputs


def test_a_fanout_gives_a_record_however_it_runs() -> None:
    record = Inputs(context=["who", "knows?"], question="who knows?")
    assert INPUTS("who knows?") == record
    assert asyncio.run(INPUTS.ainvoke("who knows?")) == record
    assert INPUTS.batch(["who knows?"] * 2) == [record, record]
    assert list(INPUTS.stream("who knows?")) == [record]


def test_a_fanout_is_that_to_a_target() -> None:
    assert fanout(Inputs, context=search, question=passthrough()) == INPUTS
    assert repr(INPUTS) == "fanout(Inputs, context=search, question=passthrough())"
    assert pickled(INPUTS) == INPUTS
    assert hash(INPUTS) == hash(copy.copy(INPUTS))


def test_the_next_step_reads_attributes() -> None:
    assert (INPUTS | answer)("why?") == "WHY?"
    assert (INPUTS | Inputs.as_prompt)("why?") == "why? ['why?']"
    assert pipe(INPUTS, lambda inputs: inputs.context)("why?") == ["why?"]


def test_branches_may_be_fanouts_to_other_classes() -> None:
    class Nested(Record[str]):
        inputs: Key[str, Inputs]
        sizes: Key[str, Sizes]

    nested = Nested.fanout(inputs=INPUTS, sizes=fanout(Sizes, all=len))
    assert nested("why?") == Nested(inputs=INPUTS("why?"), sizes={"all": 4})


def test_a_record_is_an_immutable_value() -> None:
    record = Inputs(context=["because"], question="why?")
    assert record == Inputs(context=["because"], question="why?")
    assert record != Inputs(context=[], question="why?")
    assert repr(record) == "Inputs(context=['because'], question='why?')"
    assert pickled(record) == record
    untyped: Untyped = record
    with pytest.raises(FrozenInstanceError):
        untyped.question = "what?"


def test_a_record_is_as_hashable_as_what_it_holds() -> None:
    assert len({UNTYPED(context=(), question="why?"), UNTYPED(context=(), question="why?")}) == 1
    with pytest.raises(TypeError, match="unhashable"):
        hash(Inputs(context=[], question="why?"))


def test_a_record_inherits_keys() -> None:
    more = More.fanout(context=search, question=passthrough(), size=len)
    assert more("why?") == More(context=["why?"], question="why?", size=4)
    assert (more | answer)("why?") == "WHY?"


def test_the_failure_of_a_branch_is_under_its_key() -> None:
    failing = Inputs.fanout(context=fails, question=passthrough())
    with pytest.raises(FanoutError) as caught:
        failing("why?")
    assert list(caught.value.errors) == ["context"]


def test_a_misspelt_key_is_refused_with_the_nearest() -> None:
    with pytest.raises(BuilderError) as caught:
        UNTYPED.fanout(contxt=search, question=passthrough())
    assert str(caught.value) == (
        "fanout(Inputs, …) was given a branch 'contxt', which is no field.\n"
        "Its fields are 'context' and 'question'. Did you mean 'context'?"
    )


def test_a_key_without_a_branch_is_refused() -> None:
    with pytest.raises(BuilderError, match="no branch for the field 'question'"):
        UNTYPED.fanout(context=search)
    with pytest.raises(BuilderError, match="no branch for the fields 'context' and 'question'"):
        UNTYPED.fanout()


def test_a_branch_without_a_name_is_refused() -> None:
    with pytest.raises(BuilderError) as caught:
        UNTYPED.fanout(search, context=search, question=passthrough())
    assert str(caught.value) == (
        "Inputs.fanout() was given a branch without a name.\n"
        "Name each branch by the key that its result is kept under."
    )


def test_a_value_in_the_place_of_a_branch_is_refused() -> None:
    with pytest.raises(NotAStepError, match=r"fanout\['context'\] is a list"):
        Inputs.fanout(context=["because"], question=passthrough())


def test_a_record_is_no_mapping() -> None:
    untyped: Untyped = INPUTS
    for step in (template("{context}"), pick("context")):
        with pytest.raises(NotAMappingError) as caught:
            pipe(untyped, step)
        assert "To read an attribute, write `lambda x: x.context`." in str(caught.value)


def test_the_class_of_all_records_has_no_fanout_of_its_own() -> None:
    untyped: Untyped = Record
    with pytest.raises(BuilderError, match=r"fanout\(Record, …\) was given the class Record"):
        untyped.fanout()

"""The retrieval chain over the wire: index, prompt, model and parser, in every way of running."""

import asyncio
from collections.abc import Mapping
from operator import itemgetter
from typing import Any, TypedDict

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from combinators import FanoutError, MissingKeyError, Runnable, fanout, passthrough, template
from combinators.steps import FaissIndex, chat, openai_embedder, retriever, text
from combinators.steps.offline import CHAT_MODEL, EMBEDDING_MODEL, OfflineServer
from tests.integration.scripted import refused, scripted

TEXTS = ["harrison worked at kensho", "bears eat honey", "tea is made of leaves"]
PROMPT = (
    "Answer the question based only on the following context:\n{context}\nQuestion: {question}\n"
)
ANSWERS = {
    "where did harrison work?": "harrison worked at kensho",
    "What do bears eat?": "bears eat honey",
    "What is tea made of?": "tea is made of leaves",
}


class Asked(TypedDict):
    question: str
    language: str


@pytest.fixture
def index(client: OpenAI) -> FaissIndex:
    return FaissIndex.from_texts(TEXTS, openai_embedder(client, model=EMBEDDING_MODEL))


@pytest.fixture
def chain(client: OpenAI, index: FaissIndex) -> Runnable[str, str]:
    return (
        {"context": retriever(index), "question": passthrough(str)}
        | template(PROMPT)
        | chat(client, model=CHAT_MODEL)
        | text()
    )


def test_a_misspelt_key_is_refused_before_anything_is_asked(index: FaissIndex) -> None:
    # A mapping whose keys no type checker knows, or it would be refused even earlier.
    misspelt: Mapping[str, Any] = {"contxt": retriever(index), "question": passthrough(str)}
    with pytest.raises(MissingKeyError, match="Did you mean 'contxt'"):
        _ = fanout(misspelt) | template(PROMPT)


def test_a_retriever_that_fails_is_named_with_its_key(client: OpenAI) -> None:
    with (
        OfflineServer() as gone,
        OpenAI(base_url=gone.base_url, api_key="none", max_retries=0) as remote,
    ):
        index = FaissIndex.from_texts(TEXTS, openai_embedder(remote, model=EMBEDDING_MODEL))
        chain = fanout(context=retriever(index), question=passthrough(str)) | template(PROMPT)
        assert "honey" in chain.invoke("bears?")
        gone.__exit__(None, None, None)
        with pytest.raises(FanoutError) as caught:
            chain.invoke("bears?")
    assert {key: type(error) for key, error in caught.value.errors.items()} == {
        "context": openai.APIConnectionError
    }


def test_a_model_that_refuses_is_raised_as_it_is(index: FaissIndex) -> None:
    with (
        scripted(refused("429 Too Many Requests", "slow down")) as server,
        OpenAI(base_url=server.base_url, api_key="none", max_retries=0) as busy,
        pytest.raises(openai.RateLimitError),
    ):
        (
            {"context": retriever(index), "question": passthrough(str)}
            | template(PROMPT)
            | chat(busy, model="m")
        ).invoke("bears?")
    # What was asked shows that the passages read as text in the prompt.
    [message] = server.requests[0]["messages"]
    assert message["content"].startswith(f"{PROMPT.partition('{')[0]}bears eat honey\n\n")


def test_the_chain_answers_in_every_way_of_running(chain: Runnable[str, str]) -> None:
    questions = list(ANSWERS)
    answers = list(ANSWERS.values())
    assert [chain.invoke(question) for question in questions] == answers
    assert chain.batch(questions) == answers
    assert asyncio.run(chain.abatch(questions)) == answers
    assert ["".join(chain.stream(question)) for question in questions] == answers
    assert list(chain.stream("What do bears eat?")) == ["bears ", "eat ", "honey"]


def test_the_three_spellings_are_one_chain(client: OpenAI, index: FaissIndex) -> None:
    find, ask = retriever(index), chat(client, model=CHAT_MODEL)
    prompt = template(PROMPT)
    coerced = {"context": find, "question": passthrough(str)} | prompt | ask | text()
    mapped = fanout({"context": find, "question": passthrough(str)}) | prompt | ask | text()
    named = fanout(context=find, question=passthrough(str)) | prompt | ask | text()
    assert coerced == mapped == named
    assert coerced.invoke("What do bears eat?") == "bears eat honey"


def test_the_question_may_be_one_key_of_many(client: OpenAI, index: FaissIndex) -> None:
    chain = (
        {
            "context": itemgetter("question") | retriever(index),
            "question": itemgetter("question"),
            "language": itemgetter("language"),
        }
        | template(f"{PROMPT}Answer in the following language: {{language}}\n")
        | chat(client, model=CHAT_MODEL)
        | text()
    )
    asked: Asked = {"question": "where did harrison work", "language": "italian"}
    # A reader of sentences does not translate them.
    assert chain.invoke(asked) == "harrison worked at kensho"


def test_a_client_for_each_world_runs_the_chain_in_both(server: OfflineServer) -> None:
    with OpenAI(base_url=server.base_url, api_key="none") as client:
        aio = AsyncOpenAI(base_url=server.base_url, api_key="none")
        index = FaissIndex.from_texts(
            TEXTS, openai_embedder(client, model=EMBEDDING_MODEL, aio=aio)
        )
        chain = (
            {"context": retriever(index), "question": passthrough(str)}
            | template(PROMPT)
            | chat(client, model=CHAT_MODEL, aio=aio)
            | text()
        )
        assert asyncio.run(chain.abatch(ANSWERS)) == list(ANSWERS.values())
        assert chain.batch(ANSWERS) == list(ANSWERS.values())

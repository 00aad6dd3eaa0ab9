"""Embedders that ask a server: the vectors are right, or refused."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from combinators.steps import (
    EmbedderError,
    FaissIndex,
    HashingEmbedder,
    openai_embedder,
    retriever,
)
from combinators.steps.offline import EMBEDDING_MODEL
from tests.integration.scripted import refused, response, scripted

TEXTS = ["harrison worked at kensho", "tea is hot", "snow"]


def vectors(*rows: list[float], order: list[int] | None = None) -> list[bytes]:
    indexes = order or list(range(len(rows)))
    data: list[dict[str, Any]] = [
        {"object": "embedding", "index": index, "embedding": row}
        for index, row in zip(indexes, rows, strict=True)
    ]
    usage = {"prompt_tokens": 1, "total_tokens": 1}
    return response("200 OK", {"object": "list", "data": data, "model": "m", "usage": usage})


def embedded(reply: list[bytes], texts: list[str]) -> list[list[float]]:
    with (
        scripted(reply) as server,
        OpenAI(base_url=server.base_url, api_key="none", max_retries=0) as client,
    ):
        rows: list[list[float]] = openai_embedder(client, model="m").embed(texts).tolist()
        return rows


@pytest.mark.parametrize(
    ("reply", "given"),
    [
        (vectors([1.0, 0.0]), "1 vectors for 2 texts"),
        (vectors([1.0], [1.0], [1.0]), "3 vectors for 2 texts"),
        (vectors([1.0], [1.0], order=[0, 0]), "2 vectors for 2 texts"),
    ],
)
def test_vectors_that_do_not_belong_to_the_texts_are_refused(
    reply: list[bytes], given: str
) -> None:
    with pytest.raises(EmbedderError) as caught:
        embedded(reply, ["a", "b"])
    assert (caught.value.given, caught.value.wanted) == (given, "one for each")


def test_the_errors_of_the_server_travel_as_the_sdk_raises_them() -> None:
    with pytest.raises(openai.RateLimitError):
        embedded(refused("429 Too Many Requests", "slow down"), ["a"])


def test_vectors_are_put_in_order_and_to_unit_length() -> None:
    reply = vectors([0.0, 2.0], [3.0, 4.0], [0.0, 0.0], order=[1, 0, 2])
    rows = embedded(reply, ["a", "b", "c"])
    assert np.allclose(rows, [[0.6, 0.8], [0.0, 1.0], [0.0, 0.0]])


def test_the_offline_server_gives_the_vectors_of_the_offline_embedder(client: OpenAI) -> None:
    asked = openai_embedder(client, model=EMBEDDING_MODEL)
    assert asked.identity == "openai-hashed-words"
    assert np.allclose(asked.embed(TEXTS), HashingEmbedder().embed(TEXTS), atol=1e-7)


def test_a_retriever_asks_each_world_by_its_own_client() -> None:
    sync_replies = vectors([1.0, 0.0], [0.0, 1.0]), vectors([1.0, 0.0])
    with scripted(*sync_replies) as one, scripted(vectors([0.0, 1.0])) as other:
        client = OpenAI(base_url=one.base_url, api_key="none", max_retries=0)
        aio = AsyncOpenAI(base_url=other.base_url, api_key="none", max_retries=0)
        with client:
            embedder = openai_embedder(client, model="m", aio=aio)
            assert embedder.identity == "openai-m"
            find = retriever(FaissIndex.from_texts(["a", "b"], embedder), k=1)
            assert str(find.invoke("which?")) == "a"
            assert str(asyncio.run(find.ainvoke("which?"))) == "b"


def test_a_sync_client_serves_both_worlds(client: OpenAI) -> None:
    embedder = openai_embedder(client, model=EMBEDDING_MODEL)
    find = retriever(FaissIndex.from_texts(TEXTS, embedder), k=1)
    assert str(find.invoke("hot tea")) == str(asyncio.run(find.ainvoke("hot tea"))) == "tea is hot"


def test_an_index_made_by_one_model_is_not_searched_by_another(
    client: OpenAI, tmp_path: Path
) -> None:
    embedder = openai_embedder(client, model=EMBEDDING_MODEL)
    FaissIndex.from_texts(TEXTS, embedder).save(tmp_path)
    assert FaissIndex.load(tmp_path, embedder).documents
    with pytest.raises(EmbedderError, match="vectors of 'openai-other', where the index has those"):
        FaissIndex.load(tmp_path, openai_embedder(client, model="other"))

"""Embeddings from a server that speaks OpenAI's protocol."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from openai import AsyncOpenAI, OpenAI
from openai.types import CreateEmbeddingResponse

from combinators.steps._embedding import Embedder, Vectors
from combinators.steps._errors import EmbedderError
from combinators.steps._loops import PerLoop


def openai_embedder(client: OpenAI, *, model: str, aio: AsyncOpenAI | None = None) -> Embedder:
    """Return an embedder that asks `model` of the client's server.

    Args:
        client: decides which server, and how often a request is tried.
        model: the server's name for the model; also tells the vectors from those of other models.
        aio: used instead of a thread where a pipeline runs by `ainvoke`.
    """
    asking = _OpenAIEmbedder(client, model)
    return asking if aio is None else _AsyncOpenAIEmbedder(asking, PerLoop(aio))


@final
@dataclass(frozen=True, slots=True)
class _OpenAIEmbedder:
    client: OpenAI
    model: str

    @property
    def identity(self) -> str:
        return f"openai-{self.model}"

    def embed(self, texts: Sequence[str], /) -> Vectors:
        return _rows(self.client.embeddings.create(model=self.model, input=list(texts)), len(texts))


@final
@dataclass(frozen=True, slots=True)
class _AsyncOpenAIEmbedder:
    asking: _OpenAIEmbedder
    clients: PerLoop

    @property
    def identity(self) -> str:
        return self.asking.identity

    def embed(self, texts: Sequence[str], /) -> Vectors:
        return self.asking.embed(texts)

    async def aembed(self, texts: Sequence[str], /) -> Vectors:
        client = await self.clients.here()
        reply = await client.embeddings.create(model=self.asking.model, input=list(texts))
        return _rows(reply, len(texts))


def _rows(reply: CreateEmbeddingResponse, count: int) -> Vectors:
    found = sorted(reply.data, key=lambda item: item.index)
    if [item.index for item in found] != list(range(count)):
        raise EmbedderError(f"{len(found)} vectors for {count} texts", "one for each")
    rows = np.array([item.embedding for item in found], dtype=np.float32)
    # Not every server normalises. A zero vector stays one: close to nothing.
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    lengths[lengths == 0] = 1
    unit: Vectors = rows / lengths
    return unit

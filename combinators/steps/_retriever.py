"""The retriever: from a question to the passages closest to it."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from combinators import Runnable, pipe, runnable
from combinators.steps._documents import Passages
from combinators.steps._embedding import AsyncEmbedder, Embedder, Vectors
from combinators.steps._index import FaissIndex, checked_k


def retriever(index: FaissIndex, k: int = 4) -> Runnable[str, Passages]:
    """Return a step from a question to the `k` passages of `index` closest to it.

    `str -> Passages`. Embedding and searching are two steps inside, so that under `ainvoke` a
    remote embedder is waited for without holding a thread, and the search does not hold the loop.

    Raises:
        ValueError: `k` is less than 1.

    >>> from combinators.steps import HashingEmbedder
    >>> index = FaissIndex.from_texts(["harrison worked at kensho", "tea"], HashingEmbedder())
    >>> print(retriever(index, k=1).invoke("Where did Harrison work?"))
    harrison worked at kensho
    """
    checked_k(k)
    # Partials and no closures: steps that find alike are equal, and travel to other processes.
    embed: Callable[[str], Vectors] = partial(_embed, index.embedder)
    search: Callable[[Vectors], Passages] = partial(_search, index, k)
    if isinstance(index.embedder, AsyncEmbedder):
        aembed: Callable[[str], Coroutine[Any, Any, Vectors]] = partial(_aembed, index.embedder)
        return pipe(runnable(embed, aio=aembed), runnable(search)).named("retriever")
    return pipe(runnable(embed), runnable(search)).named("retriever")


def _embed(embedder: Embedder, question: str) -> Vectors:
    return embedder.embed([question])


async def _aembed(embedder: AsyncEmbedder, question: str) -> Vectors:
    return await embedder.aembed([question])


def _search(index: FaissIndex, k: int, vector: Vectors) -> Passages:
    return Passages(document for document, _ in index.nearest(vector, k))

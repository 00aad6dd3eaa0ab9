"""Steps for pipelines around language models: chat, embeddings, retrieval, parsers.

They need third parties that the rest of the library does without, so each name is loaded when it is
first asked for; one that is missing names the extra to install. Importing this package loads none.

`openai`: `chat`, `openai_embedder`, `json_as`. `offline`: `FaissIndex`, `retriever`,
`HashingEmbedder`. Neither: `text`, `Document`, `Passages`. The offline server is in
`combinators.steps.offline`.
"""

from typing import TYPE_CHECKING

from combinators import MissingExtraError
from combinators.steps._documents import Document, Passages
from combinators.steps._errors import (
    EmbedderError,
    IncompleteReplyError,
    IndexFileError,
    ReplyFormatError,
)
from combinators.steps._extras import lazily
from combinators.steps._reply import Reply, Usage, text

if TYPE_CHECKING:
    from combinators.steps._chat import ChatOptions, Prompt, chat
    from combinators.steps._embedding import AsyncEmbedder, Embedder, Vectors
    from combinators.steps._hashing import HashingEmbedder
    from combinators.steps._index import FaissIndex
    from combinators.steps._json_as import json_as
    from combinators.steps._openai_embedder import openai_embedder
    from combinators.steps._retriever import retriever

__all__ = [
    "AsyncEmbedder",
    "ChatOptions",
    "Document",
    "Embedder",
    "EmbedderError",
    "FaissIndex",
    "HashingEmbedder",
    "IncompleteReplyError",
    "IndexFileError",
    "MissingExtraError",
    "Passages",
    "Prompt",
    "Reply",
    "ReplyFormatError",
    "Usage",
    "Vectors",
    "chat",
    "json_as",
    "openai_embedder",
    "retriever",
    "text",
]

__getattr__ = lazily(
    __name__,
    {
        "AsyncEmbedder": "_embedding",
        "ChatOptions": "_chat",
        "Embedder": "_embedding",
        "FaissIndex": "_index",
        "HashingEmbedder": "_hashing",
        "Prompt": "_chat",
        "Vectors": "_embedding",
        "chat": "_chat",
        "json_as": "_json_as",
        "openai_embedder": "_openai_embedder",
        "retriever": "_retriever",
    },
)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

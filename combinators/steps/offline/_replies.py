"""What the offline server replies, as the JSON of OpenAI's protocol."""

import re
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, final
from uuid import uuid4

from combinators.steps._hashing import HashingEmbedder
from combinators.steps._words import count_tokens
from combinators.steps.offline._prompt import asked
from combinators.steps.offline._reader import Ranking, read
from combinators.steps.offline._requests import (
    CHAT_MODEL,
    EMBEDDING_MODEL,
    ChatRequest,
    EmbeddingRequest,
)

Json: TypeAlias = dict[str, object]

# A token with the space after it, so that the pieces of a stream add up to the text.
_PIECE: Final = re.compile(r"\s*(?:\w+|[^\w\s])\s*")


@final
@dataclass(frozen=True, slots=True)
class Answer:
    """What the reader says to one request, in pieces of one token each."""

    pieces: tuple[str, ...]
    finish_reason: Literal["stop", "length"]
    prompt_tokens: int

    def usage(self) -> Json:
        """Return the cost in tokens."""
        said = len(self.pieces)
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": said,
            "total_tokens": self.prompt_tokens + said,
        }


def answer(request: ChatRequest, library: Ranking) -> Answer:
    """Return what the reader says: from the prompt's context, or else from the `library`."""
    wanted = asked(request.messages)
    if wanted.context:
        found = read(wanted.question, wanted.context) or "The context does not say."
    else:
        found = library.best(wanted.question) or "I was given no context, and my library is silent."
    for mark in request.stop:
        found = found.partition(mark)[0]
    pieces = _PIECE.findall(found)
    said = tuple(pieces[: request.max_tokens])
    prompt_tokens = sum(count_tokens(message["content"]) for message in request.messages)
    return Answer(said, "stop" if len(said) == len(pieces) else "length", prompt_tokens)


def completion(said: Answer) -> Json:
    """Return the reply as a whole."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": "".join(said.pieces), "refusal": None},
        "finish_reason": said.finish_reason,
        "logprobs": None,
    }
    return _headed("chat.completion", choices=[choice], usage=said.usage())


def chunks(said: Answer, *, include_usage: bool) -> Iterator[Json]:
    """Return the reply in chunks: its role, token after token, why it ends, what it cost."""
    head = _headed("chat.completion.chunk")
    yield head | _delta({"role": "assistant", "content": ""})
    for piece in said.pieces:
        yield head | _delta({"content": piece})
    yield head | _delta({}, said.finish_reason)
    if include_usage:
        yield head | {"choices": [], "usage": said.usage()}


def embeddings(request: EmbeddingRequest) -> Json:
    """Return the vectors of the request's texts."""
    embedder = HashingEmbedder(request.dimensions) if request.dimensions else HashingEmbedder()
    rows = embedder.embed(request.texts)
    # The protocol's base64 is that of little-endian 32-bit floats.
    encoded: Sequence[object] = (
        [b64encode(row.astype("<f4").tobytes()).decode() for row in rows]
        if request.encoding == "base64"
        else rows.tolist()
    )
    tokens = sum(map(count_tokens, request.texts))
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": vector}
            for index, vector in enumerate(encoded)
        ],
        "model": EMBEDDING_MODEL,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def models() -> Json:
    """Return the models there are."""
    return {
        "object": "list",
        "data": [
            {"id": model, "object": "model", "created": 0, "owned_by": "combinators"}
            for model in (CHAT_MODEL, EMBEDDING_MODEL)
        ],
    }


def _headed(kind: str, **fields: object) -> Json:
    made = {"id": f"chatcmpl-{uuid4().hex}", "object": kind, "created": int(time.time())}
    return {**made, "model": CHAT_MODEL, **fields}


def _delta(delta: Json, finish_reason: str | None = None) -> Json:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]}

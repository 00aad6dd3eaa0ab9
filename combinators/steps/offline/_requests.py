"""What clients ask for, checked: the part of OpenAI's protocol that the offline server speaks."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, cast, final

from combinators import Message

CHAT_MODEL: Final = "extractive-reader"
EMBEDDING_MODEL: Final = "hashed-words"

_MAX_DIMENSIONS: Final = 4096
_MAX_TEXTS: Final = 2048  # as many as OpenAI's own server takes

Body: TypeAlias = Mapping[str, object]


@final
class RefusedError(Exception):
    """A request that is not served, with the status and the body that say so."""

    def __init__(
        self, status: int, message: str, param: str | None = None, code: str | None = None
    ) -> None:
        super().__init__(status, message, param, code)
        self.status = status
        self.message = message
        self.param = param
        self.code = code

    def body(self) -> dict[str, object]:
        """Return the error in the form of OpenAI's protocol."""
        said = {"message": self.message, "type": "invalid_request_error"}
        return {"error": said | {"param": self.param, "code": self.code}}


@final
@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What a reply is asked for by."""

    messages: tuple[Message, ...]
    stream: bool
    include_usage: bool
    max_tokens: int | None
    stop: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True)
class EmbeddingRequest:
    """What vectors are asked for by."""

    texts: tuple[str, ...]
    encoding: Literal["float", "base64"]
    dimensions: int | None


def parsed(data: bytes) -> Body:
    """Return the JSON object that `data` holds.

    Raises:
        RefusedError: it holds none.
    """
    try:
        body: object = json.loads(data)
    except (ValueError, RecursionError):  # not JSON, not UTF-8, or nested without end
        raise RefusedError(400, "The body is not JSON.") from None
    return _object(body, "The body")


def chat_request(body: Body) -> ChatRequest:
    """Return what `body` asks of the chat model.

    Raises:
        RefusedError: a field is missing or wrong, or asks for what the reader cannot do.
    """
    _check_model(body, CHAT_MODEL)
    _check_ability(body)
    options = _object(body.get("stream_options") or {}, "'stream_options'")
    stop = body.get("stop")
    return ChatRequest(
        messages=_messages(body.get("messages")),
        stream=_flag(body, "stream"),
        include_usage=_flag(options, "include_usage"),
        max_tokens=_count(body, "max_completion_tokens") or _count(body, "max_tokens"),
        stop=() if stop is None else _texts(stop, "stop"),
    )


def embedding_request(body: Body) -> EmbeddingRequest:
    """Return what `body` asks of the embedding model.

    Raises:
        RefusedError: a field is missing or wrong.
    """
    _check_model(body, EMBEDDING_MODEL)
    texts = _texts(body.get("input"), "input")
    if len(texts) > _MAX_TEXTS:
        raise RefusedError(400, f"'input' has more than {_MAX_TEXTS} texts.", "input")
    dimensions = _count(body, "dimensions")
    if dimensions is not None and dimensions > _MAX_DIMENSIONS:
        raise RefusedError(400, f"'dimensions' is more than {_MAX_DIMENSIONS}.", "dimensions")
    match body.get("encoding_format", "float"):
        case "float":
            return EmbeddingRequest(texts, "float", dimensions)
        case "base64":
            return EmbeddingRequest(texts, "base64", dimensions)
        case _:
            raise RefusedError(400, "'encoding_format' is 'float' or 'base64'.", "encoding_format")


def _check_model(body: Body, known: str) -> None:
    model = body.get("model")
    if not isinstance(model, str):
        raise RefusedError(400, "'model' is missing, or is not a string.", "model")
    if model != known:
        message = f"There is no such model here. The one for this request is {known!r}."
        raise RefusedError(404, message, "model", "model_not_found")


def _check_ability(body: Body) -> None:
    if body.get("n", 1) != 1:
        raise RefusedError(400, "The reader has one answer: 'n' can only be 1.", "n")
    for name in ("tools", "functions", "audio"):
        if body.get(name):
            raise RefusedError(400, f"The reader has no {name}.", name)
    wanted = _object(body.get("response_format") or {"type": "text"}, "'response_format'")
    if wanted.get("type") != "text":
        raise RefusedError(400, "The reader answers in plain text only.", "response_format")


def _messages(value: object) -> tuple[Message, ...]:
    if not isinstance(value, list) or not value:
        raise RefusedError(400, "'messages' is missing, or is not a list of messages.", "messages")
    listed = cast("list[object]", value)
    return tuple(_message(_object(item, "A message"), n) for n, item in enumerate(listed))


def _message(item: Body, position: int) -> Message:
    where = f"messages[{position}]"
    content = _content(item.get("content"), where)
    match item.get("role"):
        case "system" | "developer":
            return {"role": "system", "content": content}
        case "user":
            return {"role": "user", "content": content}
        case "assistant":
            return {"role": "assistant", "content": content}
        case _:
            raise RefusedError(400, f"'{where}.role' is missing or unknown.", f"{where}.role")


def _content(value: object, where: str) -> str:
    # A string, or parts of which the texts are taken.
    if isinstance(value, list):
        parts = [
            _object(part, f"A part of '{where}.content'") for part in cast("list[object]", value)
        ]
        return "".join(_text(part.get("text"), f"{where}.content") for part in parts)
    return _text(value, f"{where}.content")


def _texts(value: object, name: str) -> tuple[str, ...]:
    listed = cast("list[object]", value) if isinstance(value, list) else [value]
    texts = tuple(_text(item, name) for item in listed)
    if not texts or not all(texts):
        raise RefusedError(400, f"'{name}' is an empty text or list.", name)
    return texts


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise RefusedError(400, f"'{name}' is missing, or is not text.", name)
    if not value.isascii() and any("\ud800" <= sign <= "\udfff" for sign in value):
        raise RefusedError(400, f"'{name}' has half of a surrogate pair, which is not text.", name)
    return value


def _flag(body: Body, name: str) -> bool:
    value = body.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise RefusedError(400, f"'{name}' is not true or false.", name)


def _count(body: Body, name: str) -> int | None:
    value = body.get(name)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value > 0):
        return value
    raise RefusedError(400, f"'{name}' is not a whole number of 1 or more.", name)


def _object(value: object, name: str) -> Body:
    if not isinstance(value, dict):
        raise RefusedError(400, f"{name} is not a JSON object.")
    return cast("Body", value)

"""The chat model step, on the official SDK."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias, TypedDict, Unpack, cast, final

from openai import AsyncOpenAI, OpenAI
from openai.types import CompletionUsage
from openai.types.chat import (
    ChatCompletionChunk,
    ChatCompletionMessageParam,
    ChatCompletionStreamOptionsParam,
)
from openai.types.chat.completion_create_params import ResponseFormat

from combinators import Message, Runnable, runnable
from combinators.steps._errors import IncompleteReplyError
from combinators.steps._loops import PerLoop
from combinators.steps._reply import Reply, Usage

Prompt: TypeAlias = str | Sequence[Message]

_ROLES: Final = ("system", "user", "assistant")


@final
class ChatOptions(TypedDict, total=False):
    """What a request may say beside its messages, in the words of OpenAI's protocol."""

    temperature: float
    top_p: float
    max_completion_tokens: int
    max_tokens: int
    frequency_penalty: float
    presence_penalty: float
    seed: int
    stop: str | list[str]
    response_format: ResponseFormat
    stream_options: ChatCompletionStreamOptionsParam
    extra_headers: Mapping[str, str]
    extra_body: object
    timeout: float


def chat(
    client: OpenAI | AsyncOpenAI,
    *,
    model: str,
    aio: AsyncOpenAI | None = None,
    **options: Unpack[ChatOptions],
) -> Runnable[Prompt, Reply]:
    """Return the step that asks a chat model.

    `str | Sequence[Message] -> Reply`. The reply streams as it comes, and closing the stream closes
    the connection, so that the server stops too. Errors of the server are the SDK's own exceptions.

    Args:
        client: says which server, and how often and how long to try. A single client serves both
            worlds: a sync one on a thread under `ainvoke`, an async one under `invoke`.
        model: the server's name for the model.
        aio: asks where the pipeline runs by `ainvoke`, next to a sync `client`.

    Raises:
        TypeError: an option has a name that is not one of `ChatOptions`.
        IncompleteReplyError: when run, the connection ended before the reply did.
    """
    _check(options)
    if isinstance(client, AsyncOpenAI):
        return runnable(_async_body(client, model, options)).named("chat")
    # A partial and no closure: steps that ask alike are equal.
    body: Callable[[Prompt], Iterator[Reply]] = partial(_stream, client, model, options)
    if aio is None:
        return runnable(body).named("chat")
    return runnable(body, aio=_async_body(aio, model, options)).named("chat")


def _async_body(
    client: AsyncOpenAI, model: str, options: ChatOptions
) -> Callable[[Prompt], AsyncIterator[Reply]]:
    return partial(_astream, PerLoop(client), model, options)


def _stream(client: OpenAI, model: str, options: ChatOptions, prompt: Prompt) -> Iterator[Reply]:
    messages, pieces = _messages(prompt), _Pieces(model)
    with client.chat.completions.create(
        model=model, messages=messages, stream=True, **options
    ) as chunks:
        for chunk in chunks:
            yield from pieces.of(chunk)
        yield pieces.last()


async def _astream(
    clients: PerLoop, model: str, options: ChatOptions, prompt: Prompt
) -> AsyncIterator[Reply]:
    messages, pieces, client = _messages(prompt), _Pieces(model), await clients.here()
    async with await client.chat.completions.create(
        model=model, messages=messages, stream=True, **options
    ) as chunks:
        async for chunk in chunks:
            for piece in pieces.of(chunk):
                yield piece
        yield pieces.last()


@final
@dataclass(slots=True)
class _Pieces:
    """Makes pieces that merge to the whole reply out of the chunks of a stream.

    Merging adds strings up, so what servers repeat in every chunk is given once.
    """

    model: str
    begun: bool = False
    spoken: bool = False
    finish_reason: str | None = None
    usage: CompletionUsage | None = None

    def of(self, chunk: ChatCompletionChunk) -> Iterator[Reply]:
        """Return the piece that `chunk` adds, or nothing."""
        self.usage = chunk.usage or self.usage
        # The chunk with the usage has no choices, nor have those that some servers send ahead.
        for choice in chunk.choices[:1]:
            self.finish_reason = choice.finish_reason or self.finish_reason
            start = {} if self.begun else {"role": "assistant", "model": chunk.model}
            said = {"content": choice.delta.content, "refusal": choice.delta.refusal}
            piece = start | {key: value for key, value in said.items() if value}
            self.begun, self.spoken = True, self.spoken or "content" in piece
            if piece:
                yield cast("Reply", piece)

    def last(self) -> Reply:
        """Return what is known only at the end.

        Raises:
            IncompleteReplyError: this is not the end of a reply.
        """
        if self.finish_reason is None:
            raise IncompleteReplyError(self.model)
        piece: dict[str, object] = {"finish_reason": self.finish_reason}
        if not self.spoken:
            piece["content"] = ""  # a reply has content, if only this
        if self.usage is not None:
            piece["usage"] = self.usage.model_dump(include={*Usage.__annotations__})
        return cast("Reply", piece)


def _messages(prompt: object) -> list[ChatCompletionMessageParam]:
    if isinstance(prompt, str):
        return [{"role": "user", "content": prompt}]
    kind = type(prompt).__name__
    if isinstance(prompt, Mapping) or not isinstance(prompt, Sequence):
        raise TypeError(f"chat() was given a {kind}. It takes a str, or a list of messages.")
    listed = cast("Sequence[object]", prompt)
    return [_message(position, message) for position, message in enumerate(listed)]


def _message(position: int, message: object) -> ChatCompletionMessageParam:
    fields = cast("Mapping[str, object]", message if isinstance(message, Mapping) else {})
    role, content = fields.get("role"), fields.get("content")
    if role not in _ROLES or not isinstance(content, str):
        raise TypeError(
            f"chat() was given messages of which number {position} is not a Message: a dict whose "
            "role is 'system', 'user' or 'assistant' and whose content is a str."
        )
    # A reply that is sent back as history has more keys, and servers refuse those.
    return cast("ChatCompletionMessageParam", {"role": role, "content": content})


def _check(options: ChatOptions) -> None:
    for name in options.keys() - ChatOptions.__annotations__.keys():
        known = ", ".join(sorted(ChatOptions.__annotations__))
        raise TypeError(f"chat() has no option {name!r}. It has: {known}.")

"""What a chat model replies, and the parser that takes its text."""

from typing import NotRequired, TypedDict, cast, final

from combinators import Message, Runnable, pick


@final
class Usage(TypedDict):
    """What a reply has cost, in tokens."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


@final
class Reply(Message):
    """A message from the assistant, so it can be the next turn's history as it is.

    Streamed, it comes in pieces that merge key by key: the role and the model at the start, the
    content word by word, the rest at the end.
    """

    model: str
    finish_reason: str
    refusal: NotRequired[str]
    usage: NotRequired[Usage]


def text() -> Runnable[Reply, str]:
    """Return the parser from a reply to its text, which streams through word by word.

    `Reply -> str`.

    >>> reply: Reply = {"role": "assistant", "content": "Hi", "model": "m", "finish_reason": "stop"}
    >>> text().invoke(reply)
    'Hi'
    """
    return cast("Runnable[Reply, str]", pick("content")).named("text")

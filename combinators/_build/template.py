"""`template` and `chat_template`: keys into text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypedDict

from combinators import _parts as parts
from combinators._runnable import Runnable, face


class Message(TypedDict):
    """A message of a chat, as OpenAI's protocol writes it."""

    role: Literal["system", "user", "assistant"]
    content: str


def template(text: str, /) -> Runnable[Mapping[str, object], str]:
    """Return a step that fills `{name}` variables in `text` from a mapping.

    `{name: …} -> str`. Variables are plain names, written `{name}`; `{{` and `}}` are
    braces. Values are put in by `str` and never read for variables themselves.

    Raises:
        TemplateError: the text has anything else in braces

    >>> from combinators import template
    >>> template("{greeting}, {name}!").invoke({"greeting": "Hello", "name": "{you}"})
    'Hello, {you}!'
    """
    return face(parts.templated(text))


def chat_template(
    *, system: str | None = None, user: str | None = None, assistant: str | None = None
) -> Runnable[Mapping[str, object], list[Message]]:
    """Return a step that makes chat messages of a mapping, one for each text.

    `{name: …} -> [{"role": …, "content": …}, …]`: the system message first, then the
    user's, then the words the assistant is to go on from. Texts are templates.

    Raises:
        TemplateError: a text has anything but plain names in braces

    >>> from combinators import chat_template
    >>> chat_template(system="Be brief.", user="Why {what}?").invoke({"what": "not"})
    [{'role': 'system', 'content': 'Be brief.'}, {'role': 'user', 'content': 'Why not?'}]
    """
    texts = {"system": system, "user": user, "assistant": assistant}
    return face(
        parts.chat_templated({role: text for role, text in texts.items() if text is not None})
    )

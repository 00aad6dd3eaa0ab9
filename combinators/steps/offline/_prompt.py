"""Where a prompt has its question and its context.

A model with weights understands a prompt; here it is taken apart by the marks that prompts for
retrieval carry: a line that ends the talk and begins the `context:`, and one with the `Question:`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

from combinators import Message

# As in "Answer only from the following context:", with the text after it or below.
_CONTEXT: Final = re.compile(
    r"^[^\n:]*\b(?:context|documents?|passages?|sources?|excerpts?|text)\b[^\n:]*:[ \t]*\n?",
    re.IGNORECASE | re.MULTILINE,
)
_QUESTION: Final = re.compile(
    r"^[ \t]*(?:question|q)[ \t]*:[ \t]*(.+)$", re.IGNORECASE | re.MULTILINE
)
_ASKING: Final = re.compile(r"([^.!?\n]+\?)(?=\s|$)")


@final
@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and the context that it is to be answered from: empty when there is none."""

    question: str
    context: str = ""


def asked(messages: Sequence[Message]) -> Asked:
    r"""Return what `messages` ask.

    The question is in the last message of the user; the context there or in a system message.

    >>> asked([{"role": "user", "content": "Context:\nTea is hot.\nQuestion: What is hot?"}])
    Asked(question='What is hot?', context='Tea is hot.')
    >>> asked([{"role": "user", "content": "tell me a joke about bear"}])
    Asked(question='tell me a joke about bear', context='')
    """
    prompt = next((m["content"] for m in reversed(messages) if m["role"] == "user"), "")
    instructions = "\n\n".join(m["content"] for m in messages if m["role"] == "system")
    question, start = _question(prompt)
    before, after = prompt[:start], prompt[start:]
    context = _after_mark(before) or _after_mark(after) or _after_mark(instructions)
    return Asked(question.strip(), context)


def _question(prompt: str) -> tuple[str, int]:
    """Return the question in `prompt`, and where it starts."""
    # The last one of each kind: the context may have such lines of its own.
    for pattern in _QUESTION, _ASKING:
        if found := list(pattern.finditer(prompt)):
            return found[-1][1], found[-1].start()
    return prompt, len(prompt)


def _after_mark(text: str) -> str:
    mark = _CONTEXT.search(text)
    return text[mark.end() :].strip() if mark else ""

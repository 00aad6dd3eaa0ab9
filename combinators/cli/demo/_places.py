"""Where the models are: the one thing that differs between trying out and the real thing."""

import os
from dataclasses import dataclass, field, replace
from typing import Final, final

from combinators.steps.offline import CHAT_MODEL, EMBEDDING_MODEL

# The offline reader answers at once, where a model takes about as long as this.
OFFLINE_LATENCY_SECONDS: Final = 0.6


@final
@dataclass(frozen=True, slots=True)
class Place:
    """A server that speaks OpenAI's protocol, and the models to ask there.

    Without a `base_url` it is the offline server, which is started for the purpose.
    """

    base_url: str | None
    api_key: str = field(repr=False)
    chat_model: str
    embedding_model: str


PLACES: Final = {
    "offline": Place(None, "none", CHAT_MODEL, EMBEDDING_MODEL),
    "openai": Place("https://api.openai.com/v1", "", "gpt-5-mini", "text-embedding-3-small"),
    "ollama": Place("http://localhost:11434/v1", "none", "llama3.2", "nomic-embed-text"),
}


def chosen(
    at: str,
    *,
    base_url: str | None = None,
    chat_model: str | None = None,
    embedding_model: str | None = None,
) -> Place:
    """Return the place called `at`, with what is given in place of what is usual there.

    Raises:
        ValueError: OpenAI's key is not in the environment, or offline is given an address.
    """
    place = PLACES[at]
    if at == "offline" and base_url is not None:
        raise ValueError(
            "--base-url is the address of another server: say also --at openai or ollama."
        )
    if at == "openai":
        place = replace(place, api_key=_key())
    return replace(
        place,
        base_url=base_url or place.base_url,
        chat_model=chat_model or place.chat_model,
        embedding_model=embedding_model or place.embedding_model,
    )


def _key() -> str:
    key = os.environ.get("OPENAI_API_KEY")
    if not key:
        raise ValueError(
            "--at openai needs a key, and the variable OPENAI_API_KEY is not set.\n"
            "Set it, or leave --at away: the demo runs offline without any key."
        )
    return key

# Written by `python -m combinators stubs`: it would write over what is changed here.

from collections.abc import Sequence
from combinators import Message, Runnable
from combinators.steps import FaissIndex, Passages, Reply
from combinators.steps.offline import OfflineServer
from contextlib import ExitStack
from openai import OpenAI
from typing import Any, TypedDict
from typing_extensions import ReadOnly

class PromptInput(TypedDict):
    context: ReadOnly[object]
    question: ReadOnly[object]

class FromKeywordsOutput(TypedDict):
    context: Passages
    question: Any

class PromptInALanguageInput(TypedDict):
    context: ReadOnly[object]
    language: ReadOnly[object]
    question: ReadOnly[object]

class ChainInput(TypedDict):
    language: ReadOnly[object]
    question: ReadOnly[str]

class JokeInput(TypedDict):
    topic: ReadOnly[object]

class BothOutput(TypedDict):
    joke: Reply
    poem: Reply

class InALanguageInput(TypedDict):
    language: ReadOnly[object]
    topic: ReadOnly[object]

class InALanguageOutput(TypedDict):
    joke: str
    language: Any
    poem: str

library: list[str]
open_now: ExitStack
server: OfflineServer
client: OpenAI
index: FaissIndex
retriever: Runnable[str, Passages]
model: Runnable[str | Sequence[Message], Reply]
prompt: Runnable[PromptInput, str]
retrieval_chain: Runnable[str, str]
from_keywords: Runnable[str, FromKeywordsOutput]
from_dict: Runnable[str, FromKeywordsOutput]
from_coercion: Runnable[str, FromKeywordsOutput]
prompt_in_a_language: Runnable[PromptInALanguageInput, str]
chain: Runnable[ChainInput, str]
answer: str
joke: Runnable[JokeInput, Reply]
poem: Runnable[JokeInput, Reply]
both: Runnable[JokeInput, BothOutput]
replies: BothOutput
in_a_language: Runnable[InALanguageInput, InALanguageOutput]

class About(TypedDict):
    topic: str

def seconds(step: Runnable[About, object]) -> float: ...
slow_server: OfflineServer
slow_client: OpenAI
slow_model: Runnable[str | Sequence[Message], Reply]
slow_joke: Runnable[JokeInput, Reply]
slow_poem: Runnable[JokeInput, Reply]
slow_both: Runnable[JokeInput, BothOutput]
rounds: list[tuple[float, float, float]]
alone: float
together: float

# Written by `python -m combinators stubs`: it would write over what is changed here.

from collections.abc import Sequence
from combinators import Message, Runnable
from combinators.steps import FaissIndex, Passages, Reply
from combinators.steps.offline import OfflineServer
from openai import OpenAI
from typing_extensions import ReadOnly, TypedDict

class PromptInput(TypedDict):
    context: ReadOnly[object]
    question: ReadOnly[object]

index: FaissIndex
search: Runnable[str, Passages]
prompt: Runnable[PromptInput, str]
server: OfflineServer
client: OpenAI
model: Runnable[str | Sequence[Message], Reply]
chain: Runnable[str, str]
answer: str
def half(n: float) -> float: ...
def inverse(n: float) -> float: ...
numbers: Runnable[float, int]

"""The chains that the demo runs: retrieval, and two that run side by side."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Final, TypedDict, TypeVar, final

from openai import OpenAI

from combinators import Runnable, fanout, passthrough, template
from combinators.steps import FaissIndex, Passages, chat, retriever, text

B = TypeVar("B")

QUESTIONS: Final = (
    "How do I copy a directory tree?",
    "How can I guess the type of a file from its URL?",
    "Which class counts hashable items?",
    "How do I remove the leading whitespace that all lines have in common?",
)
_ROUNDS: Final = 3


@final
@dataclass(frozen=True, slots=True)
class Answered:
    """A question, its answer, and the passages that the answer is from."""

    question: str
    answer: str
    context: Passages


@final
class Topic(TypedDict):
    """What a joke or a poem is about."""

    topic: str


class Replies(TypedDict):
    """What the two models say about it."""

    joke: str
    poem: str


@final
@dataclass(frozen=True, slots=True)
class Timed:
    """What two chains gave, and their medians: each alone, and both together."""

    joke: str
    poem: str
    joke_seconds: float
    poem_seconds: float
    both_seconds: float
    rounds: int

    @property
    def ratio(self) -> float:
        """Return how many times the slower one's time both together took."""
        return self.both_seconds / max(self.joke_seconds, self.poem_seconds)


def retrieval_chain(client: OpenAI, model: str, index: FaissIndex) -> Runnable[str, str]:
    """Return the chain that answers a question from what the index has on it."""
    prompt = template(
        "Answer the question based only on the following context:\n"
        "{context}\n"
        "Question: {question}\n"
    )
    return (
        {"context": retriever(index), "question": passthrough(str)}
        | prompt
        | chat(client, model=model)
        | text()
    )


def answers(client: OpenAI, model: str, index: FaissIndex) -> list[Answered]:
    """Return the answers to all questions, asked at the same time."""
    answer = retrieval_chain(client, model, index)
    with_context = fanout(
        Answered, question=passthrough(str), answer=answer, context=retriever(index)
    )
    return with_context.each().invoke(list(QUESTIONS))


def timed(client: OpenAI, model: str, on_round: Callable[[int, int], None]) -> Timed:
    """Return how long a joke and a poem take, each alone and both in one fan-out."""
    joke = template("tell me a joke about {topic}") | chat(client, model=model) | text()
    poem = template("write a 2-line poem about {topic}") | chat(client, model=model) | text()
    both = fanout(joke=joke, poem=poem)
    bear: Topic = {"topic": "bear"}
    replies = Replies(joke="", poem="")
    rounds: list[tuple[float, float, float]] = []
    for number in range(_ROUNDS):
        on_round(number + 1, _ROUNDS)
        # All three in each round, so that a busy moment of the machine is nobody's own.
        alone = _measured(joke, bear)[0], _measured(poem, bear)[0]
        together, replies = _measured(both, bear)
        rounds.append((*alone, together))
    joke_seconds, poem_seconds, both_seconds = map(median, zip(*rounds, strict=True))
    return Timed(
        replies["joke"], replies["poem"], joke_seconds, poem_seconds, both_seconds, _ROUNDS
    )


def _measured(chain: Runnable[Topic, B], topic: Topic) -> tuple[float, B]:
    start = perf_counter()
    result = chain.invoke(topic)
    return perf_counter() - start, result

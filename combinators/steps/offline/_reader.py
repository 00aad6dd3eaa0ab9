"""A reader without weights: it answers with the sentence that says most about the question."""

from collections import Counter
from collections.abc import Sequence
from math import log
from typing import Final, final

from combinators.steps._words import paragraphs, sentences, words

# BM25's two constants, as usual: how soon a repeated word stops counting, and how much the length
# of a text is held against it.
_K1: Final = 1.2
_B: Final = 0.75


@final
class Ranking:
    """Texts, ranked by how much they say about a question.

    Source: S. Robertson and H. Zaragoza, "The Probabilistic Relevance Framework" (2009).

    >>> Ranking(["Tea is hot.", "Ice is cold.", "Snow is cold and white."]).best("What is white?")
    'Snow is cold and white.'
    """

    __slots__ = ("_counts", "_mean_length", "_texts", "_weights")

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = tuple(texts)
        self._counts = [Counter(words(text)) for text in texts]
        self._mean_length = sum(count.total() for count in self._counts) / max(1, len(texts)) or 1.0
        seen_in = Counter(word for count in self._counts for word in count)
        self._weights = {
            word: log(1 + (len(texts) - seen + 0.5) / (seen + 0.5))
            for word, seen in seen_in.items()
        }

    def best(self, question: str) -> str | None:
        """Return the text that says most about `question`, the first of equals, or None."""
        wanted = set(words(question))
        scores = [self._score(wanted, count) for count in self._counts]
        best = max(scores, default=0.0)
        return self._texts[scores.index(best)] if best > 0 else None

    def _score(self, wanted: set[str], count: Counter[str]) -> float:
        fullness = _K1 * (1 - _B + _B * count.total() / self._mean_length)
        return sum(
            self._weights[word] * count[word] * (_K1 + 1) / (count[word] + fullness)
            for word in wanted & count.keys()
        )


def read(question: str, context: str) -> str | None:
    r"""Return the sentence of `context` that answers `question` best, or None where none does.

    >>> read("Where did Harrison work?", "Tea is hot.\n\nHarrison worked at Kensho. He left.")
    'Harrison worked at Kensho.'
    """
    found = [sentence for paragraph in paragraphs(context) for sentence in sentences(paragraph)]
    return Ranking(found).best(question)

"""An embedder that needs no model and no network: words hashed into a vector."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer

from combinators.steps._embedding import Vectors
from combinators.steps._words import words

# Vectors made by two versions of `words` do not compare: count up when it changes.
_VERSION: Final = 1


@final
@dataclass(frozen=True, slots=True)
class HashingEmbedder:
    """Texts as the set of their words, each hashed to a signed place of the vector.

    Close texts are those that share words, whatever they mean: no weights, nothing to download, and
    the same vectors on every machine. Rows have unit length, except that a text without content
    words is the zero vector, close to nothing.

    Source: K. Weinberger et al., "Feature Hashing for Large Scale Multitask Learning" (2009).

    >>> one, same, other = HashingEmbedder().embed(["copy a file", "Copying files", "tea"])
    >>> round(float(one @ same), 5), float(one @ other)
    (1.0, 0.0)
    """

    dimension: int = 1024

    def __post_init__(self) -> None:
        if self.dimension < 1:
            raise ValueError(
                f"HashingEmbedder() needs a dimension of 1 or more, not {self.dimension}."
            )

    @property
    def identity(self) -> str:
        """Return what tells these vectors from all others."""
        return f"hashed-words-v{_VERSION}-{self.dimension}"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one row a text."""
        vectorizer = HashingVectorizer(
            analyzer=_word_set, n_features=self.dimension, norm="l2", dtype=np.float32
        )
        return vectorizer.transform(texts).toarray()


def _word_set(text: str) -> list[str]:
    # Repeating a word says little about a text as short as a docstring. Sorted, since a sum in
    # another order may differ in its last bit.
    return sorted(set(words(text)))

"""A FAISS index over documents: built once, searched by closeness, saved as data."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from os import PathLike
from typing import Final, final

import faiss
import numpy as np
from typing_extensions import override

from combinators.steps._documents import Document
from combinators.steps._embedding import Embedder, Vectors
from combinators.steps._errors import EmbedderError
from combinators.steps._index_files import Saved, read, vectors_of, write

# Texts embedded at a time: a request's worth for a server, and a step of the progress shown.
_BATCH: Final = 256


@final
@dataclass(frozen=True, slots=True, eq=False)
class FaissIndex:
    """Documents and their vectors, searched whole for the closest ones.

    The search is exact (no approximation), by inner product: vectors have unit length, so it is the
    cosine. Searching changes nothing, from as many threads as you like.

    >>> from combinators.steps import HashingEmbedder
    >>> index = FaissIndex.from_texts(["harrison worked at kensho", "tea"], HashingEmbedder())
    >>> index
    FaissIndex(2 documents, 1024 dimensions, 'hashed-words-v1-1024')
    >>> [(document, score)] = index.search("Where did Harrison work?", 1)
    >>> print(document)
    harrison worked at kensho
    """

    documents: tuple[Document, ...]
    embedder: Embedder
    _vectors: faiss.Index

    @classmethod
    def from_texts(
        cls,
        texts: Iterable[str | Document],
        embedder: Embedder,
        *,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> "FaissIndex":
        """Return an index over `texts`, each embedded once.

        Args:
            texts: plain, or as documents that say where they come from.
            embedder: also embeds the questions, as long as the index lives.
            on_progress: told after each batch how many of how many texts are embedded.

        Raises:
            TypeError: one string is given for the texts, or a text is neither str nor Document.
            ValueError: there is no text.
            EmbedderError: the embedder gives vectors of another shape, or infinite ones.
        """
        documents = _documents(texts)
        vectors: faiss.Index | None = None
        for start in range(0, len(documents), _BATCH):
            batch = [str(document) for document in documents[start : start + _BATCH]]
            rows = embedder.embed(batch)
            if vectors is None:
                vectors = faiss.IndexFlatIP(_width(rows))
            vectors.add(_checked(rows, len(batch), vectors.d))
            if on_progress is not None:
                on_progress(vectors.ntotal, len(documents))
        if vectors is None:
            raise ValueError(
                "FaissIndex.from_texts() was given no texts: an index needs one or more."
            )
        return cls(documents, embedder, vectors)

    @property
    def dimension(self) -> int:
        """Return the length of the vectors."""
        return self._vectors.d

    def __len__(self) -> int:
        return len(self.documents)

    @override
    def __repr__(self) -> str:
        size = f"{len(self)} documents, {self.dimension} dimensions"
        return f"FaissIndex({size}, {self.embedder.identity!r})"

    def search(self, text: str, k: int) -> list[tuple[Document, float]]:
        """Return the `k` documents closest to `text`, the closest first, each with its cosine."""
        return self.nearest(self.embedder.embed([text]), k)

    def nearest(self, vector: Vectors, k: int) -> list[tuple[Document, float]]:
        """Return the `k` documents closest to `vector`, a single row.

        All documents, when there are no more than `k`.

        Raises:
            ValueError: `k` is less than 1.
            EmbedderError: the vector is not one of this index's space.
        """
        checked_k(k)
        row = _checked(vector, 1, self.dimension)
        scores, places = self._vectors.search(row, min(k, len(self)))
        return [
            (self.documents[place], score)
            for place, score in zip(places[0].tolist(), scores[0].tolist(), strict=True)
        ]

    def save(self, directory: str | PathLike[str]) -> None:
        """Write the index into `directory`, which is made where it is missing.

        Three files, all of them data: FAISS's own format, the documents as JSON, and a manifest
        with the SHA-256 of both. No pickle: loading an index runs no code from it.
        """
        vectors = faiss.serialize_index(self._vectors).tobytes()
        saved = Saved(self.documents, vectors, self.embedder.identity, self.dimension)
        write(directory, saved)

    @classmethod
    def load(cls, directory: str | PathLike[str], embedder: Embedder) -> "FaissIndex":
        """Return the index that `save` wrote into `directory`.

        Raises:
            IndexFileError: a file is missing, changed since, or of a format unknown here.
            EmbedderError: the index was made with another embedder.
        """
        saved = read(directory)
        if saved.embedder != embedder.identity:
            raise EmbedderError(f"vectors of {embedder.identity!r}", f"those of {saved.embedder!r}")
        return cls(saved.documents, embedder, vectors_of(saved))


def checked_k(k: int) -> int:
    """Return `k`, a number of documents to find.

    Raises:
        ValueError: it is less than 1.
    """
    if k < 1:
        raise ValueError(f"A search needs k of 1 or more documents to find, not {k}.")
    return k


def _documents(texts: Iterable[str | Document]) -> tuple[Document, ...]:
    if isinstance(texts, str):
        raise TypeError(
            "FaissIndex.from_texts() was given one str, which is an iterable of letters.\n"
            "It takes an iterable of texts: wrap a single one in a list."
        )
    return tuple(_document(position, text) for position, text in enumerate(texts))


def _document(position: int, text: object) -> Document:
    match text:
        case Document():
            return text
        case str():
            return Document(text)
        case _:
            raise TypeError(
                f"FaissIndex.from_texts(): text {position} is a {type(text).__name__}, "
                "where a str or a Document is accepted."
            )


def _width(rows: Vectors) -> int:
    return int(rows.shape[-1])


def _checked(rows: Vectors, count: int, dimension: int) -> Vectors:
    if rows.shape != (count, dimension):
        raise EmbedderError(f"an array of shape {rows.shape}", f"{(count, dimension)}")
    if not np.isfinite(rows).all():
        raise EmbedderError("numbers that are not finite", "finite ones only")
    # FAISS reads the memory itself: float32, row after row.
    return np.ascontiguousarray(rows, dtype=np.float32)

"""The index over FAISS: built, searched, saved, and refused where its files have changed."""

import json
import pickle
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from combinators import Runnable
from combinators.steps import (
    Document,
    EmbedderError,
    FaissIndex,
    HashingEmbedder,
    IndexFileError,
    Passages,
    Vectors,
    retriever,
)

TEXTS = ["harrison worked at kensho", "tea is hot", "Où est Zoë ? Au café ☕", "", "漢字"]


class Broken:
    """An embedder whose vectors are what a test wants them to be."""

    identity = "broken"

    def __init__(self, *replies: Vectors) -> None:
        self._replies = list(replies)

    def embed(self, texts: object, /) -> Vectors:
        return self._replies.pop(0)


@pytest.fixture
def index() -> FaissIndex:
    return FaissIndex.from_texts(TEXTS, HashingEmbedder())


@pytest.fixture
def saved(index: FaissIndex, tmp_path: Path) -> Path:
    folder = tmp_path / "deep" / "ïndex"
    index.save(folder)
    return folder


# --- Building ----------------------------------------------------------------


def test_no_texts_are_refused() -> None:
    with pytest.raises(ValueError, match="was given no texts: an index needs one or more"):
        FaissIndex.from_texts([], HashingEmbedder())


def test_one_string_is_not_taken_for_its_letters() -> None:
    with pytest.raises(TypeError, match="one str, which is an iterable of letters"):
        FaissIndex.from_texts("harrison", HashingEmbedder())


def test_what_is_not_a_text_is_refused_by_its_place_and_not_shown() -> None:
    texts: list[Any] = ["a", b"secret"]
    with pytest.raises(TypeError) as caught:
        FaissIndex.from_texts(texts, HashingEmbedder())
    assert str(caught.value) == (
        "FaissIndex.from_texts(): text 1 is a bytes, where a str or a Document is accepted."
    )


@pytest.mark.parametrize(
    ("vectors", "given"),
    [
        (np.zeros((1, 3), np.float32), "an array of shape (1, 3)"),
        (np.zeros((2,), np.float32), "an array of shape (2,)"),
        (np.full((2, 3), np.nan, np.float32), "numbers that are not finite"),
        (np.full((2, 3), np.inf, np.float32), "numbers that are not finite"),
    ],
)
def test_vectors_of_the_wrong_shape_are_refused(vectors: Vectors, given: str) -> None:
    with pytest.raises(EmbedderError) as caught:
        FaissIndex.from_texts(["a", "b"], Broken(vectors))
    assert caught.value.given == given


def test_vectors_that_change_their_dimension_are_refused() -> None:
    embedder = Broken(np.ones((256, 3), np.float32), np.ones((1, 4), np.float32))
    with pytest.raises(EmbedderError, match=r"shape \(1, 4\), where the index has \(1, 3\)"):
        FaissIndex.from_texts(["a"] * 257, embedder)


def test_progress_is_told_batch_by_batch() -> None:
    told: list[tuple[int, int]] = []
    FaissIndex.from_texts(
        (f"text {number}" for number in range(600)),
        HashingEmbedder(),
        on_progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(256, 600), (512, 600), (600, 600)]


def test_an_index_says_what_it_is_and_not_what_is_in_it(index: FaissIndex) -> None:
    assert repr(index) == "FaissIndex(5 documents, 1024 dimensions, 'hashed-words-v1-1024')"
    assert (len(index), index.dimension) == (5, 1024)


@pytest.mark.parametrize("dimension", [0, -1])
def test_an_embedder_needs_a_dimension(dimension: int) -> None:
    with pytest.raises(ValueError, match=f"a dimension of 1 or more, not {dimension}"):
        HashingEmbedder(dimension)


# --- Searching ---------------------------------------------------------------


@pytest.mark.parametrize("k", [0, -1])
def test_a_search_for_nothing_is_refused_where_it_is_built(index: FaissIndex, k: int) -> None:
    message = f"k of 1 or more documents to find, not {k}"
    with pytest.raises(ValueError, match=message):
        retriever(index, k=k)
    with pytest.raises(ValueError, match=message):
        index.search("tea", k)


def test_a_vector_of_another_space_is_refused(index: FaissIndex) -> None:
    with pytest.raises(EmbedderError, match=r"shape \(1, 8\), where the index has \(1, 1024\)"):
        index.nearest(HashingEmbedder(8).embed(["tea"]), 1)


def test_the_closest_come_first_with_their_cosine(index: FaissIndex) -> None:
    found = index.search("Where is the HOT tea?", 2)
    assert [document.text for document, _ in found] == ["tea is hot", "harrison worked at kensho"]
    assert [round(score, 5) for _, score in found] == [1.0, 0.0]


def test_no_more_is_found_than_there_is(index: FaissIndex) -> None:
    found = index.search("tea", 100)
    assert sorted(document.text for document, _ in found) == sorted(TEXTS)


@given(st.lists(st.text(), min_size=1, max_size=20), st.text(), st.integers(1, 5))
def test_any_texts_are_searched_and_found_closest_first(
    texts: list[str], question: str, k: int
) -> None:
    encodable = [text.encode(errors="replace").decode() for text in (*texts, question)]
    found = FaissIndex.from_texts(encodable[:-1], HashingEmbedder(64)).search(encodable[-1], k)
    scores = [score for _, score in found]
    assert len(found) == min(k, len(texts))
    assert scores == sorted(scores, reverse=True)
    assert all(-1.001 <= score <= 1.001 for score in scores)


def test_a_retriever_gives_passages_that_read_as_text() -> None:
    documents: list[str | Document] = [
        Document("Tea is hot.", source="kitchen"),
        "Hot water is water.",
        "Snow.",
    ]
    find = retriever(FaissIndex.from_texts(documents, HashingEmbedder()), k=2)
    found = find.invoke("hot tea")
    assert found == (Document("Tea is hot.", source="kitchen"), Document("Hot water is water."))
    assert isinstance(found, Passages)
    assert str(found) == "kitchen: Tea is hot.\n\nHot water is water."


def test_a_retriever_travels_to_other_processes(index: FaissIndex) -> None:
    find = retriever(index, k=1)
    assert find == retriever(index, k=1) != retriever(index, k=2)
    there: Runnable[str, Passages] = pickle.loads(pickle.dumps(find))  # noqa: S301 - just made
    assert there.invoke("hot tea") == find.invoke("hot tea") == (Document("tea is hot"),)


# --- Saving and loading ------------------------------------------------------


def test_a_loaded_index_finds_what_the_saved_one_finds(index: FaissIndex, saved: Path) -> None:
    loaded = FaissIndex.load(saved, HashingEmbedder())
    assert loaded.documents == index.documents
    assert loaded.search("Zoë café", 5) == index.search("Zoë café", 5)


def test_an_index_is_saved_as_data_and_named_in_its_manifest(saved: Path) -> None:
    names = {path.name for path in saved.iterdir()}
    assert names == {"documents.json", "manifest.json", "vectors.faiss"}
    manifest = json.loads((saved / "manifest.json").read_text(encoding="utf-8"))
    assert manifest == {
        "format": 1,
        "embedder": "hashed-words-v1-1024",
        "dimension": 1024,
        "documents": 5,
        "sha256": {
            name: sha256((saved / name).read_bytes()).hexdigest()
            for name in ("vectors.faiss", "documents.json")
        },
    }


def test_saving_again_replaces_the_index(saved: Path) -> None:
    FaissIndex.from_texts(["snow"], HashingEmbedder(8)).save(saved)
    assert FaissIndex.load(saved, HashingEmbedder(8)).documents == (Document("snow"),)


def test_another_embedder_is_refused(saved: Path) -> None:
    with pytest.raises(EmbedderError) as caught:
        FaissIndex.load(saved, HashingEmbedder(512))
    assert str(caught.value) == (
        "The embedder gives vectors of 'hashed-words-v1-512', where the index has those of "
        "'hashed-words-v1-1024'.\n"
        "Vectors of two embedders do not compare: use the one that the index was made with."
    )


@pytest.mark.parametrize("name", ["documents.json", "manifest.json", "vectors.faiss"])
def test_a_missing_file_is_named(saved: Path, name: str) -> None:
    (saved / name).unlink()
    with pytest.raises(IndexFileError) as caught:
        FaissIndex.load(saved, HashingEmbedder())
    assert str(caught.value) == (
        f"FaissIndex.load(): {name} is missing.\n"
        "Take the three files that one `save` wrote, or make the index anew with `from_texts`."
    )


def test_a_folder_that_is_not_there_has_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(IndexFileError, match=r"manifest\.json is missing"):
        FaissIndex.load(tmp_path / "nowhere", HashingEmbedder())


@pytest.mark.parametrize("name", ["documents.json", "vectors.faiss"])
def test_a_changed_file_is_named(saved: Path, name: str) -> None:
    data = bytearray((saved / name).read_bytes())
    data[len(data) // 2] ^= 1
    (saved / name).write_bytes(data)
    with pytest.raises(IndexFileError, match=f"{name} has changed since it was saved"):
        FaissIndex.load(saved, HashingEmbedder())


def test_files_of_two_saves_are_not_mixed(saved: Path, tmp_path: Path) -> None:
    FaissIndex.from_texts(["snow"], HashingEmbedder()).save(tmp_path / "other")
    (tmp_path / "other" / "documents.json").replace(saved / "documents.json")
    with pytest.raises(IndexFileError, match=r"documents\.json has changed"):
        FaissIndex.load(saved, HashingEmbedder())


@pytest.mark.parametrize(
    ("manifest", "problem"),
    [
        (b"\x80\x04.", "is not JSON"),
        (b"[]", "lacks a mapping that belongs there"),
        (b"{}", "is not of format 1, the one known here"),
        (b'{"format": 2}', "is not of format 1, the one known here"),
        (b'{"format": 1}', "lacks a mapping that belongs there"),
    ],
)
def test_a_manifest_that_is_none_is_refused(saved: Path, manifest: bytes, problem: str) -> None:
    (saved / "manifest.json").write_bytes(manifest)
    with pytest.raises(IndexFileError) as caught:
        FaissIndex.load(saved, HashingEmbedder())
    assert (caught.value.file, caught.value.problem) == ("manifest.json", problem)


def forged(folder: Path, name: str, data: bytes, **fields: object) -> None:
    """Replace a file and let the manifest agree with it."""
    (folder / name).write_bytes(data)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["sha256"][name] = sha256(data).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest | fields), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        ("vectors.faiss", b"", "is not an index that FAISS can read"),
        ("vectors.faiss", b"\x80\x04." * 100, "is not an index that FAISS can read"),
        ("documents.json", b"{}", "is not a list of documents"),
        ("documents.json", b"[1]", "lacks a mapping that belongs there"),
        ("documents.json", b'[{"text": 1, "source": ""}]', "has a document without its text"),
        ("documents.json", b'[{"text": "", "source": ""}]', "does not have the size"),
    ],
)
def test_files_that_only_pretend_are_refused_too(
    saved: Path, name: str, data: bytes, problem: str
) -> None:
    forged(saved, name, data)
    with pytest.raises(IndexFileError, match=problem):
        FaissIndex.load(saved, HashingEmbedder())


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"dimension": 8}, "does not have the size that the other files state"),
        ({"dimension": "8"}, "does not name its embedder and its dimension"),
        ({"embedder": None}, "does not name its embedder and its dimension"),
    ],
)
def test_a_manifest_that_disagrees_is_refused(
    saved: Path, fields: dict[str, object], problem: str
) -> None:
    forged(saved, "documents.json", (saved / "documents.json").read_bytes(), **fields)
    with pytest.raises(IndexFileError, match=problem):
        FaissIndex.load(saved, HashingEmbedder())

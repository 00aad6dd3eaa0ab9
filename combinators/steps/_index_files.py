"""The files of a saved index: written whole, and believed only as far as their hashes agree."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, cast, final

import faiss
import numpy as np

from combinators.steps._documents import Document
from combinators.steps._errors import IndexFileError

_FORMAT: Final = 1
_VECTORS: Final = "vectors.faiss"
_DOCUMENTS: Final = "documents.json"
_MANIFEST: Final = "manifest.json"


@final
@dataclass(frozen=True, slots=True)
class Saved:
    """What the files hold: the vectors as the bytes that FAISS makes of them."""

    documents: tuple[Document, ...]
    vectors: bytes
    embedder: str
    dimension: int


def write(directory: str | os.PathLike[str], saved: Saved) -> None:
    """Write `saved` into `directory`, the manifest last.

    Each file appears whole or not at all, and a manifest that is older than its files does not
    agree with them: a save that was interrupted is found out on loading.
    """
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    files = {_VECTORS: saved.vectors, _DOCUMENTS: _json(list(map(asdict, saved.documents)))}
    manifest = {
        "format": _FORMAT,
        "embedder": saved.embedder,
        "dimension": saved.dimension,
        "documents": len(saved.documents),
        "sha256": {name: sha256(data).hexdigest() for name, data in files.items()},
    }
    for name, data in (files | {_MANIFEST: _json(manifest)}).items():
        fresh = folder / f"{name}.new"
        fresh.write_bytes(data)
        fresh.replace(folder / name)


def read(directory: str | os.PathLike[str]) -> Saved:
    """Return what `write` has written into `directory`, after comparing every hash.

    Raises:
        IndexFileError: a file is missing, changed, or not of this format.
    """
    folder = Path(directory)
    manifest = _mapping(_MANIFEST, _parsed(_MANIFEST, _bytes(folder, _MANIFEST)))
    if manifest.get("format") != _FORMAT:
        raise IndexFileError(_MANIFEST, f"is not of format {_FORMAT}, the one known here")
    hashes = _mapping(_MANIFEST, manifest.get("sha256"))
    vectors, texts = (_verified(folder, name, hashes.get(name)) for name in (_VECTORS, _DOCUMENTS))
    embedder, dimension = manifest.get("embedder"), manifest.get("dimension")
    if not isinstance(embedder, str) or not isinstance(dimension, int):
        raise IndexFileError(_MANIFEST, "does not name its embedder and its dimension")
    return Saved(_documents(_parsed(_DOCUMENTS, texts)), vectors, embedder, dimension)


def vectors_of(saved: Saved) -> faiss.Index:
    """Return the vectors of `saved`, ready to be searched.

    Raises:
        IndexFileError: they are not an index, or not the one of the documents.
    """
    try:
        index = faiss.deserialize_index(np.frombuffer(saved.vectors, dtype=np.uint8))
    except RuntimeError as error:  # whatever FAISS's reader stumbles over
        raise IndexFileError(_VECTORS, "is not an index that FAISS can read") from error
    if (index.ntotal, index.d) != (len(saved.documents), saved.dimension):
        raise IndexFileError(_VECTORS, "does not have the size that the other files state")
    return index


def _json(value: object) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False).encode()


def _bytes(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except FileNotFoundError:
        raise IndexFileError(name, "is missing") from None


def _verified(folder: Path, name: str, expected: object) -> bytes:
    data = _bytes(folder, name)
    if sha256(data).hexdigest() != expected:
        raise IndexFileError(name, "has changed since it was saved: its SHA-256 is another one")
    return data


def _parsed(name: str, data: bytes) -> object:
    try:
        return cast("object", json.loads(data))
    except ValueError:  # neither JSON nor UTF-8
        raise IndexFileError(name, "is not JSON") from None


def _mapping(name: str, value: object) -> Mapping[object, object]:
    if not isinstance(value, dict):
        raise IndexFileError(name, "lacks a mapping that belongs there")
    return cast("Mapping[object, object]", value)


def _documents(value: object) -> tuple[Document, ...]:
    if not isinstance(value, list):
        raise IndexFileError(_DOCUMENTS, "is not a list of documents")
    return tuple(_document(_mapping(_DOCUMENTS, item)) for item in cast("list[object]", value))


def _document(item: Mapping[object, object]) -> Document:
    match item:
        case {"text": str(text), "source": str(source)}:
            return Document(text, source)
        case _:
            raise IndexFileError(_DOCUMENTS, "has a document without its text and source")

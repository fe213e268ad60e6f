"""A manual's page becomes clean chunks that fit the model and keep together what belongs together."""

import pytest

from tenantry_demo.manual_text import LEAST_CHARACTERS, MAX_CHARACTERS, MAX_TOKENS, chunk_page, parse_page

PAGE = """
<html><body>
<div class="navheader"><table><tr><th colspan="5">5.8. Policies</th></tr>
<tr><th width="60%">Chapter 5. Tables</th></tr></table></div>
<div class="sect1" id="POLICIES"><h2 class="title">5.8. Policies</h2>
<p>A policy restricts
   which <code>rows</code> are seen<sup>[1]</sup>. For example:</p>
<pre>CREATE POLICY p
    ON t;</pre>
<div class="note"><h3>Note</h3><p>Owners bypass policies.</p></div>
<table><tr><th>Command</th><th>Clause</th></tr><tr><td>SELECT</td><td>USING</td></tr></table>
<div class="sect2" id="LIMITS"><h3 class="title">5.8.1. Limits</h3>
<dl><dt id="BYPASS">BYPASSRLS</dt><dd><p>An attribute of a role.</p></dd></dl>
<ul><li><p>First.</p></li><li><p>Second.</p></li></ul></div>
</div><div class="navfooter"><a href="x">Next</a></div></body></html>
"""


def count_words(text: str) -> int:
    return len(text.split())


def test_page_reads_as_plain_text_with_its_context() -> None:
    page = parse_page(PAGE)
    assert page.title == "Tables › Policies"
    (chunk,) = chunk_page(page, count_words)
    assert chunk.anchor == "POLICIES"
    assert chunk.content == (
        "Tables › Policies\n\n"
        "A policy restricts which rows are seen. For example:\n\n"
        "CREATE POLICY p\n    ON t;\n\n"
        "Note: Owners bypass policies.\n"
        "Command | Clause\nSELECT | USING\n\n"
        "Limits\n\n"
        "BYPASSRLS\nAn attribute of a role.\n\n"
        "- First.\n- Second."
    )


def test_page_without_a_heading_is_refused() -> None:
    with pytest.raises(ValueError, match="no heading"):
        parse_page("<html><body><p>Text.</p></body></html>")


def paragraphs(count: int, words: int) -> str:
    return "".join(f"<p>{f'paragraph{number} ' * words}ends here.</p>" for number in range(count))


@pytest.mark.parametrize(
    "body",
    [
        paragraphs(30, 20),
        paragraphs(3, 400),
        "<pre>" + "SELECT a_column FROM a_table;\n" * 200 + "</pre>",
        "<p>" + "a" * 600 + " " + "b" * 900 + "</p>",
    ],
    ids=["paragraphs", "long paragraphs", "a long listing", "long words"],
)
def test_chunks_fit_and_lose_no_more_than_a_remainder(body: str) -> None:
    page = parse_page(f"<h1>Title</h1>{body}")
    chunks = chunk_page(page, count_words)
    assert len(chunks) > 1
    for chunk in chunks:
        assert len(chunk.content) <= MAX_CHARACTERS
        assert count_words(chunk.content) <= MAX_TOKENS
        assert chunk.content.startswith("Title\n\n")
    kept = " ".join(chunk.content.removeprefix("Title") for chunk in chunks).split()
    given = " ".join(block.text for block in page.blocks).split()
    assert kept == given[: len(kept)]
    assert len(" ".join(given[len(kept) :])) < LEAST_CHARACTERS


def test_parts_of_a_section_are_about_equal() -> None:
    chunks = chunk_page(parse_page(f"<h1>Title</h1>{paragraphs(11, 10)}"), count_words)
    lengths = [len(chunk.content) for chunk in chunks]
    assert len(lengths) == 2
    assert min(lengths) > 0.6 * max(lengths)


def test_a_listing_stays_with_the_sentence_that_introduces_it() -> None:
    body = "".join(f"<p>{'word ' * 30}, for example:</p><pre>{'statement; ' * 20}</pre>" for _ in range(6))
    chunks = chunk_page(parse_page(f"<h1>Title</h1>{body}"), count_words)
    assert len(chunks) > 1
    for chunk in chunks:
        assert chunk.content.count("for example:") == chunk.content.count("statement; " * 19)

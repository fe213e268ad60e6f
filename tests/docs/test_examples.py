"""Every ```sql and ```python example of the documentation runs, and prints what the page says."""

from pathlib import Path

import psycopg
import pytest

from tests.docs.pages import DOCS, Example, examples, pages
from tests.docs.runs import Comparison, run_python, run_sql
from tests.support.cluster import CHECKOUT

PREPARATION = DOCS / "reference/README.md"
# These begin with an empty database; the others where the preparation of the reference ends.
SELF_CONTAINED = {CHECKOUT / "README.md", PREPARATION, DOCS / "tutorials/first-tenant.md"}

# Pages of findings are run by tests/doctor, which also looks at what their examples do.
WITH_EXAMPLES = [page for page in pages() if page.parent.name != "findings" and examples(page.read_text())]

NEW_KEY = """
SELECT k.api_key
FROM tenantry.tenants AS t, tenantry.issue_api_key(t.tenant_id, 'Python') AS k
WHERE t.slug = 'acme'
"""


def failures(psql: Path, conninfo: str, markdown: str, preparation: str = "") -> list[str]:
    """Run a page's examples, and return what is wrong with them."""
    to_run = examples(preparation) + examples(markdown)
    outputs = run_sql(psql, conninfo, [example.code for example in to_run])
    if programs := examples(markdown, "python"):
        with psycopg.connect(conninfo) as superuser:
            (key,) = superuser.execute(NEW_KEY).fetchone() or ()
        to_run += programs
        outputs += run_python(conninfo, {"NOTES_KEY": key}, [program.code for program in programs])
    differences = map(Comparison().difference, to_run, outputs)
    return [difference for difference in differences if difference]


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_examples_print_what_the_page_says(page: Path, empty_database: str, psql: Path) -> None:
    preparation = "" if page in SELF_CONTAINED else PREPARATION.read_text()

    assert not failures(psql, empty_database, page.read_text(), preparation)


def test_the_pages_that_a_newcomer_reads_have_examples() -> None:
    assert not SELF_CONTAINED - set(WITH_EXAMPLES)


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("```sql\nSELECT 1 AS a;\n```\n\n```text\n a\n---\n 1\n(1 row)\n```", None),
        ("```sql\nSELECT 1 AS a;\n```\n\n```text\n a\n---\n 2\n(1 row)\n```", "line 2: prints"),
        ("```sql\nSELECT 1 AS a;\n```\n\n```text\n a\n---\n ...\n(1 row)\n```", None),
        ("```sql\nSELECT 1 AS a;\n```\n\n```text\n a\n---\n```", "line 2: prints"),
        ("```sql\nSELECT 1;\n```", None),
        ("```sql\nSELECT 1/0;\n```", "line 2: not announced: ERROR:  division by zero"),
        ("```sql\n\\nonsense\n```", "line 2: not announced: invalid command"),
        ("<!-- not run: it fails -->\n```sql\nSELECT 1/0;\n```", None),
    ],
)
def test_a_wrong_example_is_found(said: str, fault: str | None, empty_database: str, psql: Path) -> None:
    found = failures(psql, empty_database, said)

    assert [wrong.splitlines()[0][: len(fault or "")] for wrong in found] == ([fault] if fault else [])


def test_a_wrong_python_example_is_found() -> None:
    page = "```python\nx = 1\n```\n\n```python\nprint(x)\n```\n\n```text\n2\n```"
    programs = examples(page, "python")

    outputs = run_python("", {}, [program.code for program in programs])

    assert outputs == ["", "1\n"]
    assert [Comparison().difference(*each) for each in zip(programs, outputs, strict=True)] == [
        None,
        "line 6: prints\n1\n",
    ]
    with pytest.raises(AssertionError, match=r"example 1 ended everything(?s:.*)ZeroDivisionError"):
        run_python("", {}, ["1 / 0"])


def test_uuids_stand_for_each_other_throughout_a_page() -> None:
    one, two = "4b1f7f58-0a4c-4d8e-9c39-6d1f0a1c2b3d", "a2c1d0e9-1111-4222-8333-444455556666"
    real, other = "9d7e4f10-aaaa-4bbb-8ccc-ddddeeeeffff", "0e1d2c3b-9999-4888-8777-666655554444"
    comparison = Comparison()

    assert comparison.difference(Example("", f"{one} {two}\n", 1), f"{real} {other}\n") is None
    assert comparison.difference(Example("", f"{one}\n", 2), f"{real}\n") is None
    assert comparison.difference(Example("", f"{one}\n", 3), f"{other}\n") is not None

"""The reference has an entry for each public object, with what the catalog says of it and an example."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docs.pages import REFERENCE, entries, examples, pages
from tests.support.cluster import CHECKOUT
from tests.support.database import Connection


@dataclass(frozen=True)
class Public:
    """A public object: its name, what its entry says of it word for word, and the parameters or columns to explain."""

    name: str
    statements: tuple[str, ...]
    parts: tuple[str, ...]


FUNCTIONS = """
SELECT
    p.proname,
    pg_get_function_arguments(p.oid),
    pg_get_function_result(p.oid),
    array_agg(a.grantee::regrole::text ORDER BY a.grantee::regrole::text),
    coalesce(p.proargnames[:p.pronargs], '{}')
FROM pg_proc AS p, aclexplode(p.proacl) AS a
WHERE p.pronamespace = 'tenantry'::regnamespace AND a.grantee <> p.proowner
GROUP BY p.oid
"""

RELATIONS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
FROM pg_class AS c
INNER JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'tenantry'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'c')
ORDER BY c.relname, a.attnum
"""


def in_short(types: str) -> str:
    """Return signatures or types as the reference writes them."""
    for long, short in (
        ("timestamp with time zone", "timestamptz"),
        ("double precision", "float8"),
        ("integer", "int"),
        ("character varying", "varchar"),
    ):
        types = types.replace(long, short)
    return re.sub(r" DEFAULT (NULL|'[^']*'|[^:,)]+)(::[\w.\[\]]+)?", r" = \1", types)


def public_objects(superuser: Connection) -> list[Public]:
    found = []
    for name, arguments, result, roles, parameters in superuser.execute(FUNCTIONS).fetchall():
        signature = f"`{name}({in_short(arguments)}) → {in_short(result)}`\\"
        callers = "May call: " + ", ".join(f"`{role}`" for role in roles)
        found.append(Public(name, (f"{signature}\n{callers}\n",), tuple(f"| `{part}` |" for part in parameters)))
    columns: dict[str, list[str]] = {}
    for name, column, type_ in superuser.execute(RELATIONS).fetchall():
        columns.setdefault(name, []).append(f"| `{column}` | {in_short(type_)} |")
    found.extend(Public(name, (), tuple(parts)) for name, parts in columns.items())
    return found


def problems(public: list[Public], reference: dict[str, str]) -> list[str]:
    """Compare the public objects with the reference's entries."""
    found = [f"{name}: documented, but not public" for name in reference.keys() - {each.name for each in public}]
    for each in public:
        entry = reference.get(each.name)
        if entry is None:
            found.append(f"{each.name}: no entry")
            continue
        expected = each.statements + each.parts
        found.extend(f"{each.name}: missing: {text.strip()}" for text in expected if text not in entry)
        if not any(example.output and each.name in example.code for example in examples(entry)):
            found.append(f"{each.name}: no example with output")
    return found


@pytest.fixture
def reference() -> dict[str, str]:
    """Every entry of the reference, Python and overview apart."""
    found: dict[str, str] = {}
    for page in REFERENCE.glob("*.md"):
        if page.name in ("README.md", "client.md", "errors.md", "pytest-plugin.md"):
            continue
        named = {name: text for name, text in entries(page.read_text()).items() if name.islower()}
        assert not found.keys() & named.keys(), "an object has two entries"
        found |= named
    return found


def test_every_public_object_has_its_entry(superuser: Connection, reference: dict[str, str]) -> None:
    assert problems(public_objects(superuser), reference) == []


def test_an_object_without_entry_is_found(superuser: Connection, reference: dict[str, str]) -> None:
    before = problems(public_objects(superuser), reference)
    superuser.execute("CREATE FUNCTION tenantry.forgotten(p_a int) RETURNS int LANGUAGE sql AS 'SELECT 1'")
    superuser.execute("GRANT EXECUTE ON FUNCTION tenantry.forgotten TO tenantry_app")

    assert set(problems(public_objects(superuser), reference)) - set(before) == {"forgotten: no entry"}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("p_name text, p_stripe", "p_name varchar, p_stripe"), "create_tenant: missing: `create_tenant("),
        (("May call: `tenantry_admin`", "May call: `tenantry_app`"), "create_tenant: missing: `create_tenant("),
        (("| `p_slug` |", "| slug |"), "create_tenant: missing: | `p_slug` |"),
        (("```text", "```"), "create_tenant: no example with output"),
    ],
)
def test_a_wrong_entry_is_found(
    change: tuple[str, str], fault: str, superuser: Connection, reference: dict[str, str]
) -> None:
    public = [each for each in public_objects(superuser) if each.name == "create_tenant"]
    entry = reference["create_tenant"]
    assert problems(public, {"create_tenant": entry}) == []

    found = problems(public, {"create_tenant": entry.replace(*change)})

    assert [problem[: len(fault)] for problem in found] == [fault]


def test_an_entry_of_nothing_is_found() -> None:
    assert problems([], {"no_such_thing": ""}) == ["no_such_thing: documented, but not public"]


def broken_links(page: Path, text: str) -> list[str]:
    """Return the relative links of a page that lead nowhere, anchors included."""
    found = []
    for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        if re.match(r"\w+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        is_there = target.exists()
        if is_there and anchor:
            is_there = anchor in anchors(target.read_text() if path else text)
        if not is_there:
            found.append(link)
    return found


def anchors(markdown: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", markdown, flags=re.DOTALL), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert broken_links(page, page.read_text()) == []


def test_a_broken_link_is_found() -> None:
    page = REFERENCE / "tenants.md"

    assert broken_links(page, "[a](roles.md) [b](nowhere.md) [c](roles.md#no-such) [d](#here)\n# Here") == [
        "nowhere.md",
        "roles.md#no-such",
    ]

"""Keys that tell one tenant of another's rows: what they tell, and that protect() warns of them."""

from collections.abc import Iterator

import pytest
from psycopg.errors import Diagnostic

from tests.protection.workshop import Workshop


@pytest.fixture
def warnings(workshop: Workshop) -> Iterator[list[str]]:
    """The warnings raised so far; each comes with a hint."""
    warnings: list[str] = []

    def note(notice: Diagnostic) -> None:
        assert notice.message_hint
        warnings.append(f"{notice.severity}: {notice.message_primary}")

    workshop.connection.add_notice_handler(note)
    yield warnings
    workshop.connection.remove_notice_handler(note)


T = "CREATE TABLE t (tenant_id uuid, id int, other uuid, email text"

UNIQUE = {
    f"{T}, PRIMARY KEY (id))": 1,
    f"{T}, UNIQUE (email))": 1,
    f"{T}, UNIQUE (id, email))": 1,
    f"{T}, UNIQUE (other, id))": 1,
    f"{T}, UNIQUE (id) INCLUDE (tenant_id))": 1,
    f"{T}); CREATE UNIQUE INDEX ON t (lower(email))": 1,
    f"{T}); CREATE UNIQUE INDEX ON t (email) WHERE id > 0": 1,
    f"{T}, PRIMARY KEY (id), UNIQUE (email))": 2,
    f"{T}, EXCLUDE USING gist (int4range(id, id + 9) WITH &&))": 1,
    f"{T}, PRIMARY KEY (tenant_id, id))": 0,
    f"{T}, PRIMARY KEY (other))": 0,  # a uuid answers only to who knows it
    f"{T}, UNIQUE (tenant_id, email))": 0,
}

INDEX = {
    f"{T}); CREATE INDEX ON t (email)": 1,
    f"{T}, UNIQUE (email, tenant_id))": 1,
    f"{T}); CREATE INDEX ON t USING hash (email)": 1,
    f"{T}); CREATE INDEX ON t USING brin (id)": 1,
    f"{T}); CREATE INDEX ON t (email); CREATE INDEX ON t (id)": 2,
    f"{T}); CREATE INDEX ON t (tenant_id, email)": 0,
    f"{T}); CREATE INDEX ON t (other)": 0,
    f"{T}); CREATE INDEX ON t USING gin (to_tsvector('simple', email))": 0,
}


@pytest.mark.parametrize(("made", "number"), UNIQUE.items())
def test_unique_key(workshop: Workshop, warnings: list[str], made: str, number: int) -> None:
    workshop.execute(made)
    workshop.execute("SELECT tenantry.protect('t')")
    assert len(warnings) == number
    assert all(warning.startswith("WARNING: unique index") for warning in warnings)


@pytest.mark.parametrize(("made", "number"), INDEX.items())
def test_index(workshop: Workshop, warnings: list[str], made: str, number: int) -> None:
    workshop.execute(made)
    workshop.execute("SELECT tenantry.protect('t')")
    assert len(warnings) == number
    assert all(warning.startswith("WARNING: index") for warning in warnings)


def test_what_a_unique_key_tells(workshop: Workshop) -> None:
    workshop.execute(f"{T}, UNIQUE (email)); SELECT tenantry.protect('t'); GRANT SELECT, INSERT, UPDATE ON t TO app")
    with workshop.tenant(workshop.globex):
        workshop.execute("INSERT INTO t (email) VALUES ('ceo@globex.example')")
    with workshop.tenant(workshop.acme):
        silent = "INSERT INTO t (email) VALUES (%s) ON CONFLICT DO NOTHING"
        assert workshop.execute(silent, "ceo@globex.example").rowcount == 0
        assert workshop.execute(silent, "nobody@globex.example").rowcount == 1
        duplicate = workshop.refused("INSERT INTO t (email) VALUES ('ceo@globex.example')")
        assert duplicate.sqlstate == "23505"
        assert duplicate.diag.message_detail is None
        upsert = "INSERT INTO t (email) VALUES ('ceo@globex.example') ON CONFLICT (email) DO UPDATE SET id = 1"
        assert workshop.refused(upsert).sqlstate == "42501"
        assert workshop.execute("SELECT email FROM t").fetchall() == [("nobody@globex.example",)]


PARENT = "CREATE TABLE parent (tenant_id uuid, id int, code uuid UNIQUE, PRIMARY KEY (tenant_id, id));"
CHILD = "CREATE TABLE child (tenant_id uuid, id int, parent_id int, code uuid, PRIMARY KEY (tenant_id, id),"
REACHING = f"{PARENT} {CHILD} FOREIGN KEY (code) REFERENCES parent (code))"
KEPT_WITHIN = f"{PARENT} {CHILD} FOREIGN KEY (tenant_id, parent_id) REFERENCES parent)"


BY_ANOTHER_COLUMN = f"{PARENT} {CHILD} other uuid, FOREIGN KEY (other, parent_id) REFERENCES parent)"


@pytest.mark.parametrize(("made", "number"), [(REACHING, 1), (BY_ANOTHER_COLUMN, 1), (KEPT_WITHIN, 0)])
@pytest.mark.parametrize("tables", [("parent", "child"), ("child", "parent")])
def test_foreign_key(workshop: Workshop, warnings: list[str], made: str, number: int, tables: tuple[str, str]) -> None:
    workshop.execute(made)
    for table in tables:
        workshop.execute("SELECT tenantry.protect(%s)", table)
    assert len(warnings) == number
    assert all("refer to another tenant's row of public.parent" in each for each in warnings)


@pytest.mark.parametrize(("made", "refused"), [(REACHING, None), (KEPT_WITHIN, "23503")])
def test_what_a_foreign_key_lets_through(workshop: Workshop, made: str, refused: str | None) -> None:
    workshop.execute(made)
    for table in ("parent", "child"):
        workshop.execute(f"SELECT tenantry.protect('{table}'); GRANT SELECT, INSERT ON {table} TO app")
    with workshop.tenant(workshop.globex):
        workshop.execute("INSERT INTO parent (id, code) VALUES (7, md5('x')::uuid)")
        workshop.execute("INSERT INTO child (id, parent_id, code) VALUES (1, 7, md5('x')::uuid)")
    with workshop.tenant(workshop.acme):
        reference = "INSERT INTO child (id, parent_id, code) VALUES (1, 7, md5('x')::uuid)"
        if refused:
            assert workshop.refused(reference).sqlstate == refused
        else:
            workshop.execute(reference)
        assert workshop.execute("SELECT FROM parent").rowcount == 0


CATALOG = "CREATE TABLE plans (id int PRIMARY KEY); CREATE TABLE t (tenant_id uuid, plan_id int REFERENCES plans"


@pytest.mark.parametrize(
    ("action", "number"),
    [("ON DELETE CASCADE", 1), ("ON DELETE SET NULL", 1), ("ON UPDATE CASCADE", 1), ("", 0), ("ON DELETE RESTRICT", 0)],
)
def test_cascade_from_a_table_without_tenants(
    workshop: Workshop, warnings: list[str], action: str, number: int
) -> None:
    workshop.execute(f"{CATALOG} {action}); SELECT tenantry.protect('t')")
    assert len(warnings) == number
    assert all("reach every tenant's rows of public.t" in warning for warning in warnings)

"""Databases as they are found: what leaks is an error that names what leaks, and what does not is left alone."""

from dataclasses import dataclass

import psycopg
import pytest

from tests.doctor.test_doctor import findings
from tests.doctor.test_findings import leaks
from tests.protection.workshop import Workshop

PINNED = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"


@dataclass(frozen=True)
class Leak:
    """A schema that leaks.

    Attributes:
        made: by a superuser.
        attack: by the application as acme; leaks if it returns a row.
        found: code and object of the error that tells.
    """

    made: str
    attack: str
    found: tuple[str, str]


LEAKS = {
    "bigserial ids and organization_id, before anything is protected": Leak(
        "CREATE TABLE users (id bigserial PRIMARY KEY, organization_id bigint NOT NULL, email text UNIQUE);"
        "INSERT INTO users (organization_id, email) VALUES (1, 'a@a.example'), (2, 'b@b.example');"
        "GRANT SELECT ON users TO tenantry_app",
        "SELECT FROM users WHERE organization_id = 2",
        ("TNT104", "public.users"),
    ),
    "account_id, before anything is protected": Leak(
        "CREATE TABLE users (account_id uuid, email text); INSERT INTO users VALUES (gen_random_uuid(), 'b@b.example');"
        "GRANT SELECT ON users TO tenantry_app",
        "SELECT FROM users",
        ("TNT101", "public.users"),
    ),
    "a search function that runs as the owner of chunks, whom its policies do not bind": Leak(
        "SET ROLE dba; CREATE TABLE chunks (tenant_id uuid, content text);"
        "ALTER TABLE chunks ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY own ON chunks USING (tenant_id = (SELECT tenantry.current_tenant()));"
        "INSERT INTO chunks VALUES (gen_random_uuid(), 'secret');"
        f"CREATE FUNCTION search_chunks(q text) RETURNS SETOF text LANGUAGE sql {PINNED}"
        " AS 'SELECT c.content FROM public.chunks AS c WHERE c.content = q'",
        "SELECT * FROM search_chunks('secret')",
        ("TNT101", "public.chunks"),
    ),
    "a view over somebody else's materialized view": Leak(
        "CREATE TABLE orders (tenant_id uuid, total int); SELECT tenantry.protect('orders');"
        "INSERT INTO orders SELECT tenant_id, 7 FROM tenantry.tenants;"
        "CREATE MATERIALIZED VIEW weekly AS SELECT tenant_id, sum(total) FROM orders GROUP BY tenant_id;"
        "GRANT SELECT ON weekly TO dba; SET ROLE dba; CREATE VIEW reported AS SELECT * FROM weekly;"
        "GRANT SELECT ON reported TO tenantry_app",
        "SELECT FROM reported WHERE tenant_id <> tenantry.current_tenant()",
        ("TNT201", "public.reported"),
    ),
    "a function that reads a materialized view": Leak(
        "CREATE TABLE orders (tenant_id uuid, total int); SELECT tenantry.protect('orders');"
        "INSERT INTO orders SELECT tenant_id, 7 FROM tenantry.tenants;"
        "CREATE MATERIALIZED VIEW weekly AS SELECT tenant_id, sum(total) FROM orders GROUP BY tenant_id;"
        "GRANT SELECT ON weekly TO dba; SET ROLE dba;"
        f"CREATE FUNCTION reported() RETURNS SETOF uuid LANGUAGE sql {PINNED}"
        " AS 'SELECT w.tenant_id FROM public.weekly AS w'",
        "SELECT FROM reported() AS t WHERE t <> tenantry.current_tenant()",
        ("TNT204", "public.weekly"),
    ),
    "a partition that was made after protect()": Leak(
        "CREATE TABLE events (tenant_id uuid, at date) PARTITION BY RANGE (at); SELECT tenantry.protect('events');"
        "CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');"
        "INSERT INTO events SELECT tenant_id, '2026-01-01' FROM tenantry.tenants;"
        "GRANT SELECT ON events, events_2026 TO tenantry_app",
        "SELECT FROM events_2026 WHERE tenant_id <> tenantry.current_tenant()",
        ("TNT112", "public.events_2026"),
    ),
}

# What belongs to a well-kept database → nothing is said of it.
KEPT = {
    "the lookup of a pooler, a reader of reports, and a role that migrates": (
        "CREATE ROLE pooler LOGIN; CREATE ROLE reports LOGIN; CREATE ROLE migrator NOLOGIN; CREATE SCHEMA pooler;"
        f"CREATE FUNCTION pooler.lookup(p_user text) RETURNS text LANGUAGE sql {PINNED}"
        " AS 'SELECT s.passwd FROM pg_shadow AS s WHERE s.usename = p_user';"
        "REVOKE ALL ON FUNCTION pooler.lookup(text) FROM PUBLIC; "
        "GRANT EXECUTE ON FUNCTION pooler.lookup(text) TO pooler;"
        "CREATE TABLE orders (tenant_id uuid, id uuid, PRIMARY KEY (tenant_id, id)); "
        "ALTER TABLE orders OWNER TO migrator;"
        "SELECT tenantry.protect('orders'); "
        "GRANT SELECT, INSERT ON orders TO tenantry_app; GRANT SELECT ON orders TO reports"
    ),
    "account_id in a database whose tenants are called otherwise": (
        "CREATE TABLE orders (tenant_id uuid, total int); SELECT tenantry.protect('orders');"
        "CREATE TABLE rates (account_id int, rate numeric); GRANT SELECT ON rates TO tenantry_app"
    ),
    "a function that names a protected table": (
        "SET ROLE dba; CREATE TABLE chunks (tenant_id uuid, content text); SELECT tenantry.protect('chunks');"
        f"CREATE FUNCTION search_chunks(q text) RETURNS SETOF text LANGUAGE sql {PINNED}"
        " AS 'SELECT c.content FROM public.chunks AS c WHERE c.content = q';"
        "REVOKE ALL ON FUNCTION search_chunks(text) FROM PUBLIC; "
        "GRANT EXECUTE ON FUNCTION search_chunks(text) TO tenantry_app"
    ),
    "a login that makes backups": "CREATE ROLE nightly LOGIN BYPASSRLS IN ROLE pg_read_all_data",
    "a reader of everything, where nothing is protected": "CREATE ROLE reader LOGIN IN ROLE pg_read_all_data",
}


@pytest.mark.parametrize("schema", LEAKS)
def test_what_leaks_is_an_error(workshop: Workshop, schema: str) -> None:
    leak = LEAKS[schema]
    with workshop.role("postgres"):
        workshop.execute(leak.made)
        assert leaks(workshop, leak.attack)
        told = workshop.execute("SELECT code, object FROM tenantry.doctor() WHERE severity = 'error'").fetchall()
    assert leak.found in told


@pytest.mark.parametrize("schema", KEPT)
def test_what_is_kept_well_is_left_alone(workshop: Workshop, schema: str) -> None:
    with workshop.role("postgres"):
        workshop.execute(KEPT[schema])
        # The audit trail of a table is one more thing to decide, not a fault.
        assert [each for each in findings(workshop) if each[0] != "TNT709"] == []


def test_an_open_table_is_told_once(workshop: Workshop) -> None:
    """Keys, indexes and numbers of a table that everybody reads tell nothing more."""
    workshop.execute(
        "CREATE TABLE t (tenant_id uuid, id bigserial PRIMARY KEY, email text UNIQUE, at date);"
        "CREATE INDEX ON t (at); GRANT SELECT ON t TO app"
    )
    assert findings(workshop) == [("TNT101", "public.t")]
    workshop.execute("SELECT tenantry.protect('t')")
    assert {code for code, _ in findings(workshop)} == {"TNT301", "TNT310", "TNT320"}


def test_roles_that_are_not_members_are_taken_for_the_application(workshop: Workshop) -> None:
    """Where no login is a member of tenantry_app: the roles of an HTTP gateway, say, with a policy for them."""
    with workshop.role("postgres"):
        workshop.execute(
            "CREATE ROLE visitors; CREATE TABLE t (tenant_id uuid); ALTER TABLE t ENABLE ROW LEVEL SECURITY;"
            "CREATE POLICY everything ON t TO visitors USING (true); GRANT SELECT ON t TO visitors"
        )
        assert findings(workshop, "TNT101", "TNT132", "TNT424") == []
        workshop.execute("REVOKE tenantry_app FROM app; REVOKE tenantry_gateway FROM gateway")
        assert findings(workshop, "TNT101", "TNT132", "TNT424") == [
            ("TNT101", "public.t"),
            ("TNT132", "everything on public.t"),
            ("TNT424", "tenantry_app"),
        ]


def test_no_check_stumbles(workshop: Workshop) -> None:
    """Over a schema that tenantry_owner may not use, with gaps and exemptions in it, and over a type that is gone."""
    with workshop.role("postgres"):
        workshop.execute(
            "CREATE SCHEMA vault; CREATE TYPE vault.gone AS (n int);"
            "CREATE TABLE vault.t (tenant_id uuid) PARTITION BY HASH (tenant_id); SELECT tenantry.protect('vault.t');"
            "CREATE TABLE vault.part PARTITION OF vault.t FOR VALUES WITH (MODULUS 1, REMAINDER 0);"
            "CREATE TABLE vault.u (tenant_id uuid); SELECT tenantry.protect('vault.u');"
            "ALTER TABLE vault.u DISABLE ROW LEVEL SECURITY;"
            "CREATE FUNCTION vault.kept() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';"
            "CREATE FUNCTION vault.lost(vault.gone) RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';"
            "SELECT tenantry.exempt_routine('vault.kept()', 'one');"
            "SELECT tenantry.exempt_routine('vault.lost(vault.gone)', 'one');"
            "ALTER EVENT TRIGGER tenantry_note_drops DISABLE; DROP TYPE vault.gone CASCADE;"
            "ALTER EVENT TRIGGER tenantry_note_drops ENABLE ALWAYS"
        )
        assert not workshop.value("SELECT has_schema_privilege('tenantry_owner', 'vault', 'USAGE')")
    assert findings(workshop, "TNT100", "TNT110", "TNT112", "TNT190") == [
        ("TNT110", "vault.u"),
        ("TNT112", "vault.part"),
        ("TNT190", "vault.kept()"),
    ]


def test_a_check_that_fails_does_not_silence_the_others(workshop: Workshop) -> None:
    workshop.execute("CREATE TABLE t (tenant_id uuid); GRANT SELECT ON t TO app")
    with workshop.role("postgres"):
        workshop.execute(
            "CREATE OR REPLACE FUNCTION tenantry_private.check_statistics()"
            " RETURNS TABLE (code text, object text, detail text, remedy text) LANGUAGE sql STABLE"
            " SET search_path = pg_catalog, pg_temp AS $$ SELECT 'TNT322', '', '', (1 / 0)::text $$"
        )
        with pytest.raises(psycopg.errors.DivisionByZero), workshop.connection.transaction():
            workshop.execute("SELECT * FROM tenantry_private.check_statistics()")
    told = workshop.execute("SELECT code, object, detail FROM tenantry.doctor() WHERE code IN ('TNT100', 'TNT101')")
    assert told.fetchall() == [
        (
            "TNT101",
            "public.t",
            "has tenant column tenant_id, and no row-level security; the application holds privileges on it",
        ),
        ("TNT100", "tenantry_private.check_statistics()", "fails, and so finds nothing: division by zero (22012)"),
    ]

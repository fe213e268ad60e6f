"""What an application that an attacker speaks through can do to the trail: nothing but what is recorded."""

import re

import psycopg
import pytest

from tests.audit.trail import problems, records
from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, as_tenant

TABLES = ("audit_log", "audit_members", "audit_values")


@pytest.mark.parametrize("table", TABLES)
def test_the_application_only_reads(app: Connection, acme: Tenant, written: str, table: str) -> None:
    for statement in (
        f"INSERT INTO tenantry.{table} DEFAULT VALUES",
        f"UPDATE tenantry.{table} SET tenant_id = NULL",
        f"DELETE FROM tenantry.{table}",
        f"TRUNCATE tenantry.{table}",
        f"ALTER TABLE tenantry.{table} DISABLE TRIGGER ALL",
        f"LOCK TABLE tenantry.{table} IN EXCLUSIVE MODE",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), as_tenant(app, acme):
            app.execute(statement.encode())


def test_nobody_reads_a_foreign_trail(
    app: Connection, superuser: Connection, acme: Tenant, globex: Tenant, written: str
) -> None:
    foreign = superuser.execute(
        "SELECT lane FROM tenantry.audit_log WHERE tenant_id = %s LIMIT 1", [globex.tenant_id]
    ).fetchone()
    assert foreign is not None
    with as_tenant(app, acme):
        assert len(records(app)) == 7
        assert app.execute("SELECT FROM tenantry.audit_log WHERE lane = %s", foreign).rowcount == 0
        assert app.execute("SELECT FROM tenantry.audit_log WHERE tenant_id IS NULL").rowcount == 0
        assert app.execute("SELECT DISTINCT tenant_id FROM tenantry.audit_trail").fetchall() == [(acme.tenant_id,)]
        (partition,) = app.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'tenantry.audit_log'::regclass"
        ).fetchone() or ("",)
        with pytest.raises(psycopg.errors.InsufficientPrivilege), app.transaction():
            app.execute(f"SELECT FROM {partition}".encode())
        for call in (
            "verify_audit()",
            "export_audit_anchor()",
            "apply_audit_retention('1 year')",
            "set_audit_values('none')",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), app.transaction():
                app.execute(f"SELECT tenantry.{call}".encode())


def test_plans_tell_nothing_of_foreign_records(
    app: Connection, acme: Tenant, superuser: Connection, written: str
) -> None:
    """No index leads past the tenant, so none can be scanned before the policy."""
    explain = "EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF)"
    superuser.execute("ANALYZE tenantry.audit_log")
    with as_tenant(app, acme):
        app.execute("SET LOCAL enable_seqscan = off")
        for condition in (
            "lane > '00000000-0000-0000-0000-000000000000'",
            "occurred_at < now()",
            "position > 0",
            "true",
        ):
            plan = "\n".join(
                line for (line,) in app.execute(f"{explain} SELECT FROM tenantry.audit_log WHERE {condition}".encode())
            )
            assert re.search(r"Index Cond: \(.*tenant_id = ", plan)
            assert "Rows Removed by Filter" not in plan


def test_nobody_forges_records(app: Connection, dba: Connection, acme: Tenant, globex: Tenant, notes: str) -> None:
    """The trigger function is not the application's to attach, and a trigger of its own gains nothing."""
    trigger = (
        "CREATE TRIGGER x AFTER INSERT ON t REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT"
        " EXECUTE FUNCTION tenantry.audit_changes()"
    )
    with as_tenant(app, acme):
        app.execute("CREATE TEMPORARY TABLE t (tenant_id uuid) ON COMMIT DROP")
        with pytest.raises(psycopg.errors.InsufficientPrivilege), app.transaction():
            app.execute(trigger)  # type: ignore[arg-type]
    for call in (
        "tenantry.set_audit('notes', false)",
        "tenantry.note_protection('notes', false)",
        "tenantry.audit_changes()",
    ):
        with (
            pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.FeatureNotSupported)),
            as_tenant(app, acme),
        ):
            app.execute(f"SELECT {call}".encode())
    with pytest.raises(psycopg.errors.InsufficientPrivilege), as_tenant(app, acme):
        app.execute("INSERT INTO notes (tenant_id, id) VALUES (%s, 1)", [globex.tenant_id])
    with as_tenant(app, globex):
        assert records(app, notes) == []


@pytest.mark.parametrize(
    "hiding",
    [
        "SET session_replication_role = replica",
        "ALTER TABLE notes DISABLE TRIGGER ALL",
        "DROP TRIGGER tenantry_audit_insert ON notes",
        "CREATE OR REPLACE FUNCTION tenantry.audit_changes() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
        "ALTER FUNCTION tenantry.audit_changes() SECURITY INVOKER",
    ],
)
def test_nobody_hides_a_write(app: Connection, acme: Tenant, notes: str, hiding: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), as_tenant(app, acme):
        app.execute(hiding.encode())


PLANTED = """
CREATE TEMPORARY TABLE new_rows (tenant_id uuid, id int, n int) ON COMMIT DROP;
CREATE TEMPORARY TABLE old_rows (tenant_id uuid, id int, n int) ON COMMIT DROP;
CREATE TEMPORARY TABLE audit_log (LIKE tenantry.audit_log) ON COMMIT DROP;
CREATE TEMPORARY TABLE audit_lanes (lane uuid, trail uuid) ON COMMIT DROP;
CREATE TEMPORARY TABLE audit_heads (lane uuid, trail uuid) ON COMMIT DROP;
CREATE FUNCTION pg_temp.concat_ws(VARIADIC text[]) RETURNS text LANGUAGE sql AS $$ SELECT 'hijacked' $$;
CREATE FUNCTION pg_temp.sha256(bytea) RETURNS bytea LANGUAGE sql AS $$ SELECT ''::bytea $$;
SET LOCAL search_path = pg_temp, public, pg_catalog;
"""


def test_planted_objects(app: Connection, superuser: Connection, acme: Tenant, notes: str) -> None:
    with as_tenant(app, acme):
        app.execute(PLANTED)
        app.execute("INSERT INTO public.notes (id) VALUES (1)")
        app.execute("UPDATE public.notes SET body = 'x'")
        app.execute("DELETE FROM public.notes")
        assert records(app, notes) == [
            ("insert", notes, 1, ["1"], None),
            ("update", notes, 1, ["1"], ["body"]),
            ("delete", notes, 1, ["1"], None),
        ]
    assert problems(superuser) == []


def test_code_of_types_is_not_run(app: Connection, dba: Connection, superuser: Connection, acme: Tenant) -> None:
    """Casts, operators and functions of somebody's type would run as tenantry_owner."""
    superuser.execute(f"GRANT CREATE ON DATABASE {superuser.info.dbname} TO dba".encode())
    dba.execute("CREATE TYPE public.mood AS ENUM ('sad', 'ok'); CREATE TYPE public.pair AS (a int, b text)")
    dba.execute(
        """
        CREATE FUNCTION public.trap(pair) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE ''trapped''; END';
        CREATE FUNCTION public.trap(pair, pair) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE ''trapped''; END';
        CREATE FUNCTION public.trap_json(pair) RETURNS json LANGUAGE plpgsql AS 'BEGIN RAISE ''trapped''; END';
        CREATE CAST (pair AS text) WITH FUNCTION public.trap(pair) AS IMPLICIT;
        CREATE CAST (pair AS json) WITH FUNCTION public.trap_json(pair) AS IMPLICIT;
        CREATE OPERATOR public.= (LEFTARG = pair, RIGHTARG = pair, FUNCTION = public.trap);
        CREATE OPERATOR public.<> (LEFTARG = pair, RIGHTARG = pair, FUNCTION = public.trap);
        CREATE TABLE moody (tenant_id uuid, m mood, p pair, d jsonb, PRIMARY KEY (tenant_id, m));
        SELECT tenantry.protect('moody'); GRANT ALL ON moody TO tenantry_app;
        """
    )
    for mode in ("none", "hashed", "kept"):
        dba.execute("SELECT tenantry.set_audit_values(%s)", [mode])
        with as_tenant(app, acme):
            app.execute("INSERT INTO moody VALUES (DEFAULT, 'sad', ROW(1, 'x'), '{}')")
            app.execute("UPDATE moody SET p = ROW(2, 'y'), d = NULL")
            app.execute("UPDATE moody SET p = ROW(NULL, NULL)")
            app.execute("DELETE FROM moody")
            assert [changed for (changed,) in records(app, "public.moody", "changed_columns")[-4:]] == [
                None,
                ["p", "d"],
                ["p"],
                None,
            ]
    assert problems(superuser) == []


def test_casts_to_uuid_are_not_run(app: Connection, dba: Connection, superuser: Connection, acme: Tenant) -> None:
    """A cast of the tenant's column would run as tenantry_owner, which holds all keys."""
    dba.execute(
        """
        CREATE TYPE public.trap AS (u uuid);
        CREATE TABLE seen (who name);
        GRANT INSERT ON seen TO PUBLIC;
        CREATE FUNCTION public.spring(trap) RETURNS uuid LANGUAGE plpgsql
        AS 'BEGIN INSERT INTO public.seen VALUES (current_user); RETURN $1.u; END';
        CREATE CAST (trap AS uuid) WITH FUNCTION public.spring(trap) AS IMPLICIT;
        CREATE TABLE trapped (tenant_id trap, name text PRIMARY KEY);
        SELECT tenantry.set_audit('trapped', true);
        CREATE POLICY tenantry_isolation ON trapped USING (tenant_id IS NOT NULL);
        """
    )
    dba.execute("SELECT NULL FROM (SELECT ROW(%s)::trap::uuid) AS cast_once", [acme.tenant_id])
    assert dba.execute("DELETE FROM seen RETURNING who").rowcount <= 1
    for mode in ("none", "kept"):
        dba.execute("SELECT tenantry.set_audit_values(%s)", [mode])
        for rows in ("(ROW(%(t)s), 'a')", "(ROW(%(t)s), 'b'), (ROW(%(t)s), 'c')"):
            dba.execute(f"INSERT INTO trapped VALUES {rows}".encode(), {"t": acme.tenant_id})
        dba.execute("UPDATE trapped SET name = name || 'x'; DELETE FROM trapped")
        assert len(records(superuser, "public.trapped")) in (4, 8)
    assert dba.execute("SELECT who FROM seen").fetchall() == []
    assert problems(superuser) == []


@pytest.mark.parametrize("arguments", ["''", "'tenant_id', 'body'"])
def test_no_arguments_for_tables_of_others(
    dba: Connection, app: Connection, superuser: Connection, acme: Tenant, notes: str, arguments: str
) -> None:
    """They would put values of a tenant's rows where nothing is ever erased."""
    before = len(records(superuser, notes))
    dba.execute(f"SELECT tenantry.set_audit('notes', true, {arguments})".encode())
    for statement in ("INSERT INTO notes (id, body) VALUES (1, 'secret')", "UPDATE notes SET body = 'secret'"):
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState), as_tenant(app, acme):
            app.execute(statement.encode())
    assert len(records(superuser, notes)) == before


def test_settings_that_change_how_literals_read(
    database: Database, superuser: Connection, acme: Tenant, written: str
) -> None:
    """A function is parsed with the settings of the session that calls it first."""
    with database.connect("app") as app, database.connect("app") as other:
        app.execute("SET standard_conforming_strings = off; SET escape_string_warning = off")
        # The other one holds a lane that there is, so that this one begins a lane.
        with as_tenant(other, acme), as_tenant(app, acme):
            other.execute("INSERT INTO notes (id) VALUES (10)")
            app.execute("INSERT INTO notes (id) VALUES (11)")
            app.execute("INSERT INTO notes (id) VALUES (12)")
    assert problems(superuser) == []


FORGED = ["nonsense", "(0,1)", "(0,0)", "(4294967295,1)", "(999999999,9999)", "(0,99999999999)", "'", "(0,1)'; DROP"]


@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_end_of_a_lane(
    database: Database, app: Connection, superuser: Connection, acme: Tenant, globex: Tenant, written: str, forged: str
) -> None:
    """Whatever stands there, also when another tenant left it, records go where they belong and chains stay whole."""
    app.execute("SELECT set_config('tenantry.audit_head', %s, false)", [forged])
    for tenant in (acme, globex):
        with as_tenant(app, tenant):
            app.execute("UPDATE notes SET body = 'x'")
            app.execute("SELECT set_config('tenantry.audit_head', %s, true)", [forged])
            app.execute("UPDATE notes SET body = 'y'")
            assert len(records(app, written)) == 7
    assert problems(superuser) == []


def test_ends_of_others_cannot_be_taken(
    database: Database, app: Connection, superuser: Connection, acme: Tenant, globex: Tenant, written: str
) -> None:
    heads = superuser.execute("SELECT ctid::text FROM tenantry_private.audit_heads").fetchall()
    assert len(heads) >= 3
    for (head,) in heads:
        with as_tenant(app, acme):
            app.execute("SELECT set_config('tenantry.audit_head', %s, true)", [head])
            app.execute("UPDATE notes SET body = 'x'")
    assert problems(superuser) == []
    with as_tenant(app, globex):
        assert len(records(app, written)) == 5


def test_a_savepoint_brings_the_end_back(app: Connection, superuser: Connection, acme: Tenant, notes: str) -> None:
    with as_tenant(app, acme):
        for i in range(4):
            app.execute("SAVEPOINT s")
            app.execute("INSERT INTO notes (id) VALUES (%s)", [i])
            if i % 2:
                app.execute("ROLLBACK TO s")
            app.execute("UPDATE notes SET body = 'x' WHERE id = 0")
    assert problems(superuser) == []


def test_values_are_for_the_highest_clearance(
    app: Connection, dba: Connection, superuser: Connection, acme: Tenant, globex: Tenant, notes: str
) -> None:
    dba.execute("SELECT tenantry.set_audit_values('kept')")
    with as_tenant(app, acme):
        app.execute("INSERT INTO notes (id, body) VALUES (1, 'a secret')")
        assert app.execute("SELECT count(*) FROM tenantry.audit_values").fetchone() == (0,)
    for tenant, expected in ((acme, 1), (globex, 0)):
        (key,) = dba.execute(
            "SELECT api_key FROM tenantry.issue_api_key(%s, 'o', 'owner')", [tenant.tenant_id]
        ).fetchone() or ("",)
        with app.transaction():
            app.execute("SELECT tenantry.authenticate(%s)", [key])
            assert app.execute("SELECT FROM tenantry.audit_values").rowcount == expected
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        dba.execute("SELECT FROM tenantry.audit_values")
    assert "a secret" not in str(superuser.execute("SELECT array_agg(l::text) FROM tenantry.audit_log AS l").fetchone())
    superuser.execute("UPDATE tenantry.audit_values SET changes = '[]'")
    assert [problem for _, problem in problems(superuser)] == ["values"]


def test_digests_of_values(app: Connection, dba: Connection, superuser: Connection, acme: Tenant, notes: str) -> None:
    dba.execute("SELECT tenantry.set_audit_values('hashed')")
    with as_tenant(app, acme):
        app.execute("INSERT INTO notes (id, body) VALUES (1, 'same'), (2, 'same'), (3, 'other')")
        app.execute("UPDATE notes SET body = NULL WHERE id = 1")
        (inserted,), (updated,) = records(app, notes, "details -> 'rows'")
    same, twin, other = (row["new"]["body"] for row in inserted)
    assert same == twin != other
    assert len(same) == 64
    assert updated == [{"old": {"body": same}, "new": {}}] or updated[0]["old"] == {"body": same}
    assert superuser.execute("SELECT FROM tenantry.audit_values").rowcount == 0
    assert problems(superuser) == []

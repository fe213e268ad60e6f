"""Ways around the guard, as a role that may make tables and is no admin, and as an admin who forgets."""

import re
import threading
import time

import psycopg
import pytest
from psycopg import sql

from tests.support.database import Connection, Database

UNPROTECTED = "CREATE TABLE m.n (x int)"


@pytest.fixture
def superuser(database: Database) -> Connection:
    return database.connect("postgres")


@pytest.fixture
def dba(database: Database) -> Connection:
    return database.connect("dba")


@pytest.fixture
def builder(superuser: Connection, database: Database) -> Connection:
    """A login that owns the managed schema, and is a member of nothing."""
    superuser.execute("DROP ROLE IF EXISTS guard_builder")
    superuser.execute("CREATE ROLE guard_builder LOGIN; CREATE SCHEMA m AUTHORIZATION guard_builder")
    superuser.execute("CREATE TABLE m.whole (tenant_id uuid); SELECT tenantry.protect('m.whole')")
    superuser.execute("ALTER TABLE m.whole OWNER TO guard_builder")
    superuser.execute("SELECT tenantry.manage_schema('m'), tenantry.set_guard('enforce')")
    superuser.execute(sql.SQL("GRANT CREATE ON DATABASE {} TO guard_builder").format(sql.Identifier(database.name)))
    return database.connect("guard_builder")


def refused(connection: Connection, script: str) -> str:
    with pytest.raises(psycopg.Error) as error:
        connection.execute(script.encode())
    return str(error.value)


@pytest.mark.parametrize(
    "attempt",
    [
        "SELECT tenantry.set_guard('off')",
        "SELECT tenantry.exempt('m.whole', 'mine')",
        "SELECT tenantry.exempt_routine('m.f()', 'mine')",
        "SELECT tenantry.unmanage_schema('m')",
        "DELETE FROM tenantry_private.pending_checks",
        "DELETE FROM tenantry_private.managed_schemas",
        "INSERT INTO tenantry_private.exempt_relations (relation, reason) VALUES ('m.whole', 'mine')",
        "SELECT tenantry_private.remember('{1}')",
        "ALTER TABLE tenantry_private.pending_checks DISABLE TRIGGER ALL",
        "DROP FUNCTION tenantry_private.check_pending() CASCADE",
        "ALTER EVENT TRIGGER tenantry_note_commands DISABLE",
        "DROP EVENT TRIGGER tenantry_note_commands",
        "CREATE OR REPLACE FUNCTION tenantry_private.note_commands() RETURNS event_trigger LANGUAGE plpgsql"
        " AS 'BEGIN END'",
        "SET session_replication_role = replica",
        "SELECT tenantry_private.note_commands()",
    ],
)
def test_not_for_who_is_no_admin(builder: Connection, attempt: str) -> None:
    assert re.search("permission denied|must be (owner|superuser)", refused(builder, attempt))


@pytest.mark.parametrize(
    "attempt",
    [
        UNPROTECTED,
        "ALTER TABLE m.whole DISABLE ROW LEVEL SECURITY",
        "DROP POLICY tenantry_isolation ON m.whole",
        f"DO $$ BEGIN {UNPROTECTED}; EXCEPTION WHEN OTHERS THEN NULL; END $$",
        f"SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED; {UNPROTECTED}",
        f"ALTER SCHEMA m RENAME TO x; {UNPROTECTED.replace('m.', 'x.')}",
        f"{UNPROTECTED}; ALTER SCHEMA m RENAME TO x",
        f"{UNPROTECTED}; ALTER TABLE m.n RENAME TO o; CREATE TEMP TABLE n (x int)",
        "CREATE TEMP TABLE whole (x int); ALTER TABLE m.whole NO FORCE ROW LEVEL SECURITY; DROP TABLE pg_temp.whole",
        "CREATE FUNCTION m.f() RETURNS void LANGUAGE sql AS 'CREATE TABLE m.n (x int)'; SELECT m.f()",
    ],
)
def test_refused_at_the_end(builder: Connection, attempt: str) -> None:
    """Also where the builder may not use anything of tenantry's."""
    assert "the guard refuses" in refused(builder, attempt)


def test_savepoints(builder: Connection) -> None:
    with builder.transaction():
        builder.execute("SAVEPOINT a")
        builder.execute(UNPROTECTED)
        builder.execute("ROLLBACK TO a")
    script = f"BEGIN; SAVEPOINT a; {UNPROTECTED}; SAVEPOINT b; DROP TABLE m.n; ROLLBACK TO b; COMMIT"
    assert "the guard refuses m.n" in refused(builder, script)


def test_prepared_transaction(builder: Connection) -> None:
    builder.execute("BEGIN")
    builder.execute(UNPROTECTED)
    assert "the guard refuses" in refused(builder, "PREPARE TRANSACTION 'guard'")
    builder.execute("ROLLBACK")


def test_a_table_that_left(builder: Connection, superuser: Connection) -> None:
    """And came back under its name: the memory is of the table."""
    superuser.execute("CREATE SCHEMA far AUTHORIZATION guard_builder")
    builder.execute("ALTER TABLE m.whole SET SCHEMA far")
    assert "the guard refuses far.whole" in refused(builder, "ALTER TABLE far.whole DISABLE ROW LEVEL SECURITY")
    builder.execute("DROP TABLE far.whole; CREATE TABLE far.whole (x int)")


def test_an_extension_is_no_hiding_place(builder: Connection, superuser: Connection) -> None:
    superuser.execute("CREATE EXTENSION hstore")
    script = f"BEGIN; {UNPROTECTED}; ALTER EXTENSION hstore ADD TABLE m.n; COMMIT"
    assert "the guard refuses m.n" in refused(superuser, script)


def test_exemptions_die_with_their_object(builder: Connection, superuser: Connection) -> None:
    definer = "CREATE FUNCTION m.f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'"
    superuser.execute(f"BEGIN; {UNPROTECTED}; SELECT tenantry.exempt('m.n', 'a reason'); {definer};".encode())
    superuser.execute("SELECT tenantry.exempt_routine('m.f()', 'a reason'); COMMIT")
    superuser.execute("ALTER TABLE m.n RENAME TO o; ALTER TABLE m.o ADD y int; ALTER FUNCTION m.f() VOLATILE")
    superuser.execute("DROP TABLE m.o; DROP FUNCTION m.f()")
    assert superuser.execute("SELECT FROM tenantry.exemptions").fetchall() == []
    assert "the guard refuses m.n" in refused(superuser, UNPROTECTED)
    assert "the guard refuses m.f()" in refused(superuser, definer)


def test_transaction_in_flight(superuser: Connection, database: Database) -> None:
    """Switching on waits for it. What it leaves is judged by the old mode, and seen as having been there."""
    superuser.execute("CREATE SCHEMA m; SELECT tenantry.manage_schema('m')")
    other = database.connect("postgres")
    switched = threading.Thread(target=lambda: other.execute("SELECT tenantry.set_guard('enforce')"))
    with superuser.transaction():
        superuser.execute(UNPROTECTED)
        switched.start()
        time.sleep(0.3)
        assert switched.is_alive()
    switched.join()
    superuser.execute("ALTER TABLE m.n ADD y int")
    assert "the guard refuses m.o" in refused(superuser, "CREATE TABLE m.o (x int)")


def test_older_snapshot(superuser: Connection, database: Database) -> None:
    superuser.execute("CREATE SCHEMA m; SELECT tenantry.manage_schema('m')")
    superuser.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
    database.connect("postgres").execute("SELECT tenantry.set_guard('enforce')")
    assert "snapshot" in refused(superuser, UNPROTECTED)
    superuser.execute("ROLLBACK")


def test_without_event_triggers(superuser: Connection, dba: Connection) -> None:
    """As on a managed server that lets nobody make any: everything but the guard."""
    superuser.execute("ALTER EXTENSION tenantry DROP EVENT TRIGGER tenantry_note_commands")
    superuser.execute("DROP EVENT TRIGGER tenantry_note_commands")
    assert "missing or disabled" in refused(dba, "SELECT tenantry.set_guard('enforce')")
    dba.execute("SELECT tenantry.set_guard('off'); SELECT tenantry.manage_schema('public')")
    dba.execute("CREATE TABLE public.t (tenant_id uuid); SELECT tenantry.protect('public.t')")


def test_halfway_commits_leave_a_remedy(superuser: Connection, builder: Connection) -> None:
    """DROP INDEX CONCURRENTLY has made the index invalid when it is refused; protect() makes another."""
    assert "the guard refuses m.whole" in refused(superuser, "DROP INDEX CONCURRENTLY m.whole_tenant_id_idx")
    superuser.execute("SELECT tenantry.protect('m.whole')")
    assert superuser.execute("SELECT tenantry.protection_gaps('m.whole')").fetchone() == ([],)


@pytest.mark.parametrize("unseen", ["REASSIGN OWNED BY guard_builder TO guard_team", "GRANT guard_builder TO app"])
def test_what_reaches_no_event_trigger(builder: Connection, superuser: Connection, unseen: str) -> None:
    """PostgreSQL tells nobody; the gap is reported, and the next GRANT brings it to light."""
    superuser.execute("CREATE ROLE guard_team; GRANT guard_team TO app")
    try:
        superuser.execute(unseen.encode())
        row = superuser.execute("SELECT tenantry.protection_gaps('m.whole')").fetchone()
        assert row is not None
        assert "the application can act as the owner of m.whole" in row[0]
        assert "the guard refuses m.whole" in refused(superuser, "GRANT SELECT ON m.whole TO tenantry_app")
    finally:
        superuser.execute(
            "REVOKE guard_builder FROM app; REASSIGN OWNED BY guard_team TO postgres; DROP ROLE guard_team"
        )


def test_only_schemas_that_are_there(dba: Connection) -> None:
    with pytest.raises(psycopg.errors.InvalidSchemaName):
        dba.execute("SELECT tenantry.manage_schema('nowhere')")


ANOTHER_SCHEMA = """
    CREATE SCHEMA loose AUTHORIZATION guard_builder; CREATE SCHEMA second AUTHORIZATION guard_builder;
    CREATE SCHEMA open; CREATE SCHEMA "one,two"; GRANT CREATE ON SCHEMA open, "one,two" TO tenantry_app;
    SELECT tenantry.set_guard('off');
    CREATE TABLE m.legacy (tenant_id uuid NOT NULL) PARTITION BY LIST (tenant_id);
    CREATE TABLE m.shown (tenant_id uuid NOT NULL) PARTITION BY LIST (tenant_id);
    CREATE TYPE m.kind AS (i int);
    CREATE FUNCTION m.of_kind(m.kind) RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
    CREATE FUNCTION m.of_none() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
    ALTER TABLE m.legacy OWNER TO guard_builder; ALTER TABLE m.shown OWNER TO guard_builder;
    ALTER TYPE m.kind OWNER TO guard_builder;
    ALTER FUNCTION m.of_kind OWNER TO guard_builder; ALTER FUNCTION m.of_none OWNER TO guard_builder;
    SELECT tenantry.exempt('m.shown', 'a reason');
    SELECT tenantry.exempt_routine('m.of_kind(m.kind)', 'a reason'), tenantry.exempt_routine('m.of_none()', 'a reason');
    SELECT tenantry.manage_schema('second');
    SELECT tenantry.set_guard('enforce');
"""
PINNED = (
    "CREATE FUNCTION m.f() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, m, pg_temp"
    " AS 'SELECT 1'"
)
CALLERS_PATH = (
    "SELECT set_config('search_path', '{}', false)",
    "CREATE FUNCTION m.f() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS 'SELECT 1'",
)


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        (("ALTER TABLE m.legacy ATTACH PARTITION m.whole DEFAULT",), "refuses m.legacy: not protected"),
        (
            ("ALTER TABLE m.shown ATTACH PARTITION m.whole DEFAULT",),
            "m.whole was protected, and is a partition of",
        ),
        (
            (
                "ALTER TABLE m.whole SET SCHEMA loose",
                "CREATE TABLE loose.p (tenant_id uuid NOT NULL) PARTITION BY LIST (tenant_id)",
                "ALTER TABLE loose.p ATTACH PARTITION loose.whole DEFAULT",
            ),
            "refuses loose.p: not protected",
        ),
        (("ALTER SCHEMA m RENAME TO n", "CREATE SCHEMA m", UNPROTECTED), "refuses m.n"),
        (
            ("ALTER SCHEMA m RENAME TO n", "ALTER SCHEMA n RENAME TO m", "ALTER SCHEMA m RENAME TO n")
            + ("CREATE SCHEMA m", UNPROTECTED),
            "refuses m.n",
        ),
        (
            ("CREATE TABLE loose.t (x int)", "ALTER SCHEMA m RENAME TO n", "ALTER SCHEMA loose RENAME TO m"),
            "refuses m.t",
        ),
        (
            (
                "CREATE FUNCTION loose.f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
                "DROP SCHEMA m CASCADE",
                "ALTER SCHEMA loose RENAME TO m",
            ),
            "refuses m.f()",
        ),
        (
            (
                "ALTER SCHEMA m RENAME TO n",
                "ALTER SCHEMA second RENAME TO m",
                "CREATE FUNCTION m.of_none() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 2'",
            ),
            "refuses m.of_none()",
        ),
        (
            (
                "ALTER TYPE m.kind RENAME TO former_kind",
                "CREATE TYPE m.kind AS (i int)",
                "CREATE FUNCTION m.of_kind(m.kind) RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 2'",
            ),
            "refuses m.of_kind(m.kind)",
        ),
        ((CALLERS_PATH[0].format('"one,two", pg_temp'), CALLERS_PATH[1]), "refuses m.f()"),
        (
            ("SET standard_conforming_strings = off", CALLERS_PATH[0].format("open ,pg_temp"), CALLERS_PATH[1]),
            "refuses m.f()",
        ),
        (
            (PINNED, "GRANT USAGE ON SCHEMA m TO tenantry_app", "GRANT CREATE ON SCHEMA m TO tenantry_app"),
            "refuses m.f()",
        ),
        (
            (
                "CREATE FUNCTION loose.same(uuid) RETURNS uuid IMMUTABLE LANGUAGE sql AS 'SELECT $1'",
                "CREATE INDEX i ON m.whole (tenant_id, loose.same(tenant_id))",
                "DROP INDEX m.whole_tenant_id_idx",
                "DROP FUNCTION loose.same CASCADE",
            ),
            "no index that begins",
        ),
        (
            (
                "CREATE EXTENSION pgtap SCHEMA loose",
                "CREATE TABLE loose.n (x int)",
                "ALTER EXTENSION pgtap ADD TABLE loose.n",
                "ALTER EXTENSION pgtap SET SCHEMA m",
            ),
            "refuses m.n: not protected",
        ),
        (
            ("CREATE POLICY a ON m.whole AS RESTRICTIVE USING (tenant_id::text <> '')",),
            "policy a of m.whole sees the rows of every tenant",
        ),
    ],
)
def test_steps_of_their_own(builder: Connection, superuser: Connection, steps: tuple[str, ...], says: str) -> None:
    """Each in a transaction of its own: the last is refused, and those before it are none of the guard's business."""
    superuser.execute(ANOTHER_SCHEMA.encode())
    *before, last = steps
    for step in before:
        builder.execute(step.encode())
    assert says in refused(builder, last)


def test_exemptions_outlive_quoted_names(builder: Connection, superuser: Connection) -> None:
    superuser.execute(ANOTHER_SCHEMA.encode())
    builder.execute("SET quote_all_identifiers = on")
    builder.execute("ALTER FUNCTION m.of_none() VOLATILE")
    rows = superuser.execute("SELECT object_name FROM tenantry.exemptions WHERE kind = 'routine' ORDER BY 1").fetchall()
    assert rows == [("m.of_kind(m.kind)",), ("m.of_none()",)]


def test_exempt_afterwards(builder: Connection, superuser: Connection) -> None:
    """An admin may say that even what was protected need not be."""
    superuser.execute(ANOTHER_SCHEMA.encode())
    with superuser.transaction():
        superuser.execute("ALTER TABLE m.shown ATTACH PARTITION m.whole DEFAULT")
        superuser.execute("SELECT tenantry.exempt('m.shown', 'with all that is in it')")
    builder.execute("ALTER TABLE m.shown ADD note text")


def test_judged_in_a_savepoint(builder: Connection) -> None:
    """What is judged there is judged again, if it is taken back."""
    script = f"BEGIN; {UNPROTECTED}; SAVEPOINT a; DROP TABLE m.n; SET CONSTRAINTS ALL IMMEDIATE; ROLLBACK TO a; COMMIT"
    assert "the guard refuses m.n" in refused(builder, script)


@pytest.mark.parametrize(
    "script",
    [
        "BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT loose.make(); COMMIT",
        "CREATE TABLE loose.t (x int); CREATE CONSTRAINT TRIGGER z AFTER INSERT ON loose.t DEFERRABLE"
        " INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION loose.make_later();"
        "BEGIN; CREATE TABLE loose.u (); INSERT INTO loose.t VALUES (1); COMMIT",
    ],
)
def test_made_while_it_is_judged(builder: Connection, superuser: Connection, script: str) -> None:
    superuser.execute("CREATE SCHEMA loose AUTHORIZATION guard_builder")
    for kind, name in (("int", "make"), ("trigger", "make_later")):
        builder.execute(
            f"CREATE FUNCTION loose.{name}() RETURNS {kind} LANGUAGE plpgsql"
            f" AS 'BEGIN {UNPROTECTED}; RETURN NULL; END'".encode()
        )
    assert "the guard refuses m.n" in refused(builder, script)

"""What one tenant's transaction leaves in a pooled connection for the next tenant's.

The first tests show the attacks, on a connection where nothing opens a context; the others that no context opens there.
"""

import psycopg
import pytest

from tests.identity.context import bodies
from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, as_tenant

OBJECT_NOT_IN_PREREQUISITE_STATE = "55000"


def assert_refused(connection: Connection, tenant: Tenant) -> None:
    """No context opens in the session as it is; after what the hint says, one does."""
    with pytest.raises(psycopg.Error) as refusal, as_tenant(connection, tenant):
        pass
    assert refusal.value.sqlstate == OBJECT_NOT_IN_PREREQUISITE_STATE
    assert "DISCARD ALL" in str(refusal.value.diag.message_hint)
    connection.execute("DISCARD ALL")
    with as_tenant(connection, tenant):
        assert bodies(connection) == [tenant.slug]


def test_shadowing_table(app: Connection, acme: Tenant, globex: Tenant) -> None:
    """acme plants a table that takes what globex writes to documents, and reads it later."""
    with as_tenant(app, acme):
        app.execute("CREATE TEMP TABLE documents (id int, body text)")
    with app.transaction():  # of globex, were it not refused
        app.execute("INSERT INTO documents (id, body) VALUES (2, 'secret of globex')")
    assert app.execute("SELECT body FROM documents").fetchall() == [("secret of globex",)]
    assert_refused(app, globex)


def test_hijacked_statement(module_database: Database, acme: Tenant, globex: Tenant) -> None:
    """acme puts a statement of its own under the name of one that the driver prepared, and gets its parameters."""
    with module_database.connect("app", prepare_threshold=0) as app:
        search = "SELECT body FROM documents WHERE body = %s"
        with as_tenant(app, acme):
            app.execute(search, ["x"])
            names = app.execute("SELECT name FROM pg_prepared_statements WHERE statement LIKE '%WHERE body = $1'")
            (name,) = names.fetchone() or ("",)
            app.execute(f'DEALLOCATE "{name}"')  # type: ignore[arg-type]
            loot = f"""PREPARE "{name}" (text) AS SELECT set_config('my.loot', $1, false)"""
            app.execute(loot, prepare=False)  # type: ignore[arg-type]
        with app.transaction():  # of globex, were it not refused
            app.execute(search, ["secret of globex"])
        loot_taken = app.execute("SELECT current_setting('my.loot')", prepare=False).fetchone()
        assert loot_taken == ("secret of globex",)
        app.prepare_threshold = None
        assert_refused(app, globex)


def test_held_cursor(app: Connection, acme: Tenant, globex: Tenant) -> None:
    """A cursor that globex's own code left open would be acme's to fetch."""
    with as_tenant(app, globex):
        app.execute("DECLARE report CURSOR WITH HOLD FOR SELECT body FROM documents")
    assert app.execute("FETCH ALL FROM report").fetchall() == [(globex.slug,)]
    assert_refused(app, acme)


RESIDUES = [
    "CREATE TEMP TABLE x ()",
    "CREATE TEMP TABLE x ON COMMIT DELETE ROWS AS TABLE documents",
    "CREATE TEMP VIEW documents AS SELECT 1",
    "CREATE TEMP SEQUENCE x",
    "CREATE TYPE pg_temp.uuid AS ENUM ('x')",
    "CREATE TYPE pg_temp.documents AS (x int)",
    "CREATE DOMAIN pg_temp.x AS text",
    "CREATE FUNCTION pg_temp.x() RETURNS int LANGUAGE sql RETURN 1",
    "CREATE PROCEDURE pg_temp.x() LANGUAGE sql AS ''",
    "CREATE AGGREGATE pg_temp.x (int) (SFUNC = int4pl, STYPE = int)",
    "CREATE OPERATOR pg_temp.=== (FUNCTION = uuid_eq, LEFTARG = uuid, RIGHTARG = uuid)",
    "CREATE COLLATION pg_temp.x FROM \"C\"",
    "CREATE TEXT SEARCH CONFIGURATION pg_temp.english (COPY = pg_catalog.simple)",
    "PREPARE x AS SELECT 1",
    "DECLARE x CURSOR WITH HOLD FOR SELECT 1",
]  # fmt: skip


@pytest.mark.parametrize("planted", RESIDUES)
@pytest.mark.parametrize("inside", [True, False], ids=["in a context", "outside"])
def test_residue(
    app: Connection, acme: Tenant, globex: Tenant, planted: psycopg.sql.LiteralString, inside: bool
) -> None:
    if inside:
        with as_tenant(app, acme):
            app.execute(planted)
    else:
        app.execute(planted)
    assert_refused(app, globex)


@pytest.mark.parametrize("planted", RESIDUES)
def test_residue_of_the_same_transaction(
    app: Connection, acme: Tenant, globex: Tenant, planted: psycopg.sql.LiteralString
) -> None:
    with as_tenant(app, acme):
        app.execute(planted)
        with pytest.raises(psycopg.Error) as refusal, app.transaction():
            app.execute("SELECT tenantry.authenticate(%s)", [globex.api_key])
    assert refusal.value.sqlstate == OBJECT_NOT_IN_PREREQUISITE_STATE


@pytest.mark.parametrize(
    "used",
    [
        "CREATE TEMP TABLE x ON COMMIT DROP AS TABLE documents",
        "DECLARE x CURSOR FOR TABLE documents",
        "PREPARE x AS SELECT 1; DEALLOCATE x",
        "DECLARE x CURSOR WITH HOLD FOR TABLE documents; CLOSE x",
        "CREATE TEMP TABLE x (); DROP TABLE x",
        "SAVEPOINT s; CREATE TEMP TABLE x (); ROLLBACK TO s",
        "SET search_path = pg_temp, public",
    ],
)
def test_no_residue(app: Connection, acme: Tenant, globex: Tenant, used: psycopg.sql.LiteralString) -> None:
    with as_tenant(app, acme):
        app.execute(used)
    with as_tenant(app, globex):
        assert bodies(app) == [globex.slug]


def test_statements_of_the_driver_are_no_residue(module_database: Database, acme: Tenant, globex: Tenant) -> None:
    with module_database.connect("app", prepare_threshold=0) as app:
        for tenant in (acme, globex):
            with as_tenant(app, tenant):
                assert bodies(app) == [tenant.slug]
        assert app.execute("SELECT count(*) > 0 FROM pg_prepared_statements").fetchone() == (True,)


def test_gateway(gateway: Connection, acme: Tenant) -> None:
    gateway.execute("CREATE TEMP TABLE documents ()")
    with pytest.raises(psycopg.Error) as refusal:
        gateway.execute("SELECT tenantry.enter_tenant(%s)", [acme.tenant_id])
    assert refusal.value.sqlstate == OBJECT_NOT_IN_PREREQUISITE_STATE
    gateway.execute("DISCARD ALL")
    gateway.execute("SELECT tenantry.enter_tenant(%s)", [acme.tenant_id])

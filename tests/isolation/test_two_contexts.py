"""One statement, two contexts: what one tenant's credential allows is never done with another tenant's rows.

PostgreSQL evaluates each subquery of the policies once, where a row first needs it. A cursor that is read in two
contexts, or a function that opens one halfway, could so join the tenant of one with the rights of the other.
"""

from dataclasses import dataclass

import psycopg
import pytest

from tests.support.database import Connection
from tests.support.tenants import Tenant, as_tenant, create_tenant

pytestmark = pytest.mark.parametrize("shared", [False, True])

# Two rows that reach no policy but that of the tenant, then the rows of the table.
HALFWAY = (
    "SELECT n.i, p.title FROM (VALUES (1, -1), (2, NULL), (3, 1), (4, 2), (5, 3)) AS n (n, i)"
    " LEFT JOIN papers AS p ON p.id = n.i"
)


@dataclass(frozen=True)
class World:
    mine: Tenant
    theirs: Tenant


@pytest.fixture
def world(dba: Connection, app: Connection, gateway: Connection, shared: bool) -> World:
    """I own a tenant; of the other one I have a viewer's key."""
    dba.execute(
        "CREATE TABLE papers (tenant_id uuid, id int, level text NOT NULL DEFAULT 'PUBLIC', title text, owned_by text,"
        " readers text[], PRIMARY KEY (tenant_id, id))"
    )
    dba.execute("SELECT tenantry.protect('papers', p_permission_column => 'level', p_shared => %s)", [shared])
    dba.execute("SELECT tenantry.restrict_to_readers('papers', 'readers', 'owned_by')")
    dba.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON papers TO tenantry_app, tenantry_gateway")
    mine, theirs = create_tenant(dba, "mine", "owner"), create_tenant(dba, "theirs", "viewer")
    with gateway.transaction():
        gateway.execute("SELECT tenantry.enter_tenant(%s, 'ada', 'owner')", [theirs.tenant_id])
        gateway.execute(
            "INSERT INTO papers (id, level, title, readers) VALUES"
            " (1, 'RESTRICTED', 'secret', NULL), (2, 'PUBLIC', 'open', NULL),"
            " (3, 'PUBLIC', 'for owners', '{role:owner}')"
        )
    return World(mine, theirs)


def plan_by_keys(connection: Connection) -> None:
    """Let the inner side of a join be looked up for each row of the outer one."""
    for method in ("hashjoin", "mergejoin", "seqscan", "bitmapscan", "material", "memoize"):
        connection.execute(f"SET LOCAL enable_{method} = off".encode())


@pytest.mark.parametrize("fetched", range(6))
def test_a_cursor(app: Connection, world: World, fetched: int) -> None:
    """Wherever the context changes, no more comes than in either context alone."""
    with as_tenant(app, world.theirs):
        plan_by_keys(app)
        app.execute(f"DECLARE c CURSOR FOR {HALFWAY}".encode())
        rows = app.execute(f"FETCH FORWARD {fetched} FROM c".encode()).fetchall()
        app.execute("SELECT tenantry.authenticate(%s)", [world.mine.api_key])
        rows += app.execute("FETCH ALL FROM c").fetchall()
    found = {title for _, title in rows} - {None}
    assert found == ({"open"} if fetched >= 4 else found & {"open"})


def test_a_cursor_that_is_read_in_three_steps(app: Connection, world: World) -> None:
    """Back in the first context, rights that were asked for in the second do not come to bear."""
    with as_tenant(app, world.theirs):
        plan_by_keys(app)
        app.execute(f"DECLARE c CURSOR FOR {HALFWAY}".encode())
        rows = app.execute("FETCH FORWARD 2 FROM c").fetchall()
        for key in (world.mine.api_key, world.theirs.api_key):
            app.execute("SELECT tenantry.authenticate(%s)", [key])
            rows += app.execute("FETCH FORWARD 1 FROM c").fetchall()
        app.execute("SELECT tenantry.authenticate(%s)", [world.mine.api_key])
        rows += app.execute("FETCH ALL FROM c").fetchall()
    assert {title for _, title in rows} <= {None, "open"}


def test_readers(gateway: Connection, world: World) -> None:
    """A list that lets owners in does not let in whoever is one elsewhere; nor does the owner's name."""
    with gateway.transaction():
        gateway.execute("SELECT tenantry.enter_tenant(%s, 'eve', 'viewer')", [world.theirs.tenant_id])
        plan_by_keys(gateway)
        gateway.execute(f"DECLARE c CURSOR FOR {HALFWAY}".encode())
        rows = gateway.execute("FETCH FORWARD 4 FROM c").fetchall()
        gateway.execute("SELECT tenantry.enter_tenant(%s, 'ada', 'owner')", [world.mine.tenant_id])
        rows += gateway.execute("FETCH ALL FROM c").fetchall()
    assert [title for _, title in rows] == [None, None, None, "open", None]


def test_a_function_that_changes_the_context(app: Connection, world: World) -> None:
    """Reading, changing and deleting, with the change of context in the statement itself."""
    change = (
        "FROM (SELECT i, tenantry.authenticate(CASE WHEN i = 2 THEN %(mine)s ELSE %(theirs)s END::text) AS c"
        " FROM (VALUES (-1), (2), (1), (3)) AS v (i) OFFSET 0) AS n"
    )
    keys = {"mine": world.mine.api_key, "theirs": world.theirs.api_key}
    statements = (
        f"SELECT p.title {change} JOIN papers AS p ON p.id = n.i AND n.c IS NOT NULL",
        f"UPDATE papers AS p SET title = 'x' {change} WHERE p.id = n.i AND n.c IS NOT NULL RETURNING p.title",
        f"DELETE FROM papers AS p USING {change[5:]} WHERE p.id = n.i AND n.c IS NOT NULL RETURNING p.title",
    )
    for statement in statements:
        with as_tenant(app, world.theirs):
            plan_by_keys(app)
            try:
                with app.transaction():
                    titles = {title for (title,) in app.execute(statement.encode(), keys)}
            except psycopg.errors.InsufficientPrivilege:
                titles = set()
            assert titles <= {"open", "x"}
    with as_tenant(app, world.theirs):
        assert app.execute("SELECT id FROM papers").fetchall() in ([(2,)], [])


def test_the_positive_case(app: Connection, gateway: Connection, world: World) -> None:
    with as_tenant(app, world.theirs):
        plan_by_keys(app)
        assert {title for _, title in app.execute(HALFWAY.encode())} == {None, "open"}
    with gateway.transaction():
        gateway.execute("SELECT tenantry.enter_tenant(%s, 'eve', 'owner')", [world.theirs.tenant_id])
        assert {title for _, title in gateway.execute(HALFWAY.encode())} == {None, "secret", "open", "for owners"}

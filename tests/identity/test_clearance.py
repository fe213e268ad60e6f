"""Clearance of roles within a tenant, and what it lets them read and write."""

import psycopg
import pytest

from tests.support.database import Connection
from tests.support.tenants import Tenant

LEVELS = ["PUBLIC", "INTERNAL", "CONFIDENTIAL", "RESTRICTED"]


@pytest.fixture(scope="module")
def reports(dba: Connection) -> None:
    dba.execute("CREATE TABLE reports (tenant_id uuid, id int, level text, PRIMARY KEY (tenant_id, id))")
    dba.execute("SELECT tenantry.protect('reports', p_permission_column => 'level')")
    dba.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON reports TO tenantry_app")


def enter(dba: Connection, app: Connection, tenant: Tenant, role: str) -> None:
    issued = dba.execute("SELECT api_key FROM tenantry.issue_api_key(%s, 'k', %s)", [tenant.tenant_id, role]).fetchone()
    app.execute("SELECT tenantry.authenticate(%s)", issued)


@pytest.fixture
def filled(dba: Connection, app: Connection, acme: Tenant, globex: Tenant, reports: None) -> None:
    """A report of each level for both tenants, and one of no level."""
    for tenant in (acme, globex):
        with app.transaction():
            enter(dba, app, tenant, "owner")
            for i, level in enumerate(LEVELS):
                app.execute("INSERT INTO reports (id, level) VALUES (%s, %s)", [i, level])


@pytest.mark.parametrize(("role", "cleared"), [("viewer", 1), ("member", 2), ("manager", 3), ("owner", 4)])
def test_levels(dba: Connection, app: Connection, acme: Tenant, filled: None, role: str, cleared: int) -> None:
    below, above = LEVELS[:cleared], [*LEVELS[cleared:], "TOP SECRET", "public", None]
    with app.transaction():
        enter(dba, app, acme, role)
        assert app.execute("SELECT tenantry.cleared_levels()").fetchone() == (below,)
        assert app.execute("SELECT level FROM reports ORDER BY id").fetchall() == [(level,) for level in below]
        assert app.execute("SELECT FROM reports WHERE level = ANY (%s)", [LEVELS[cleared:]]).rowcount == 0
        for level in below:
            app.execute("INSERT INTO reports (id, level) VALUES (9, %s)", [level])
            app.execute("DELETE FROM reports WHERE id = 9")
        for level in above:
            for write in ("INSERT INTO reports (id, level) VALUES (9, %s)", "UPDATE reports SET level = %s"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege), app.transaction():
                    app.execute(write, [level])
        assert app.execute("UPDATE reports SET id = id + 10").rowcount == cleared
        assert app.execute("DELETE FROM reports").rowcount == cleared


def test_clearance_never_crosses_tenants(dba: Connection, app: Connection, acme: Tenant, filled: None) -> None:
    with app.transaction():
        enter(dba, app, acme, "owner")
        assert app.execute("SELECT DISTINCT tenant_id FROM reports").fetchall() == [(acme.tenant_id,)]


def test_no_context_no_level(app: Connection, filled: None) -> None:
    assert app.execute("SELECT tenantry.cleared_levels()").fetchone() == ([],)
    assert app.execute("SELECT FROM reports").rowcount == 0


def test_set_role_clearance(dba: Connection, app: Connection, acme: Tenant, filled: None) -> None:
    """A new role exists from then on; a changed one changes for contexts opened from then on."""
    count = "SELECT count(*) FROM reports"
    with app.transaction():
        dba.execute("SELECT tenantry.set_role_clearance('auditor', 'CONFIDENTIAL')")
        enter(dba, app, acme, "auditor")
        assert app.execute(count).fetchone() == (3,)
        dba.execute("SELECT tenantry.set_role_clearance('auditor', 'PUBLIC')")
        assert app.execute(count).fetchone() == (3,)
    with app.transaction():
        enter(dba, app, acme, "auditor")
        assert app.execute(count).fetchone() == (1,)


def test_set_clearance_of_a_built_in_role(dba: Connection, app: Connection, acme: Tenant, filled: None) -> None:
    dba.execute("SELECT tenantry.set_role_clearance('viewer', 'RESTRICTED')")
    try:
        with app.transaction():
            enter(dba, app, acme, "viewer")
            assert app.execute("SELECT count(*) FROM reports").fetchone() == (4,)
    finally:
        dba.execute("SELECT tenantry.set_role_clearance('viewer', 'PUBLIC')")


@pytest.mark.parametrize(
    ("role", "clearance"),
    [
        *((role, "PUBLIC") for role in (None, "", "Role", "1st", "a b", "a|b", "a\n", "a" * 64)),
        *(("auditor", clearance) for clearance in (None, "", "public", "SECRET", "PUBLIC|RESTRICTED")),
    ],
)
def test_set_role_clearance_refuses(dba: Connection, role: str | None, clearance: str | None) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue) as refusal:
        dba.execute("SELECT tenantry.set_role_clearance(%s, %s)", [role, clearance])
    assert refusal.value.diag.message_hint

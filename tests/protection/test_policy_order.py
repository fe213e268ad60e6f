"""Restrictive policies are asked in the order of their names: one before ours would see what ours keep back."""

import pytest
from psycopg import sql

from tests.support.database import Database
from tests.support.tenants import as_tenant, create_tenant


@pytest.mark.parametrize(
    ("name", "command", "is_shared", "is_early"),
    [
        ("active", "ALL", False, True),
        ("z_active", "ALL", False, False),
        ("active", "SELECT", True, True),
        ("tenantry_isolation_own", "UPDATE", True, True),
        ("z_active", "ALL", True, False),
    ],
)
def test_policies_before_ours_are_gaps(
    database: Database, name: str, command: str, is_shared: bool, is_early: bool
) -> None:
    """They do see the rows of other tenants; the application still gets its own alone."""
    dba, app = database.connect("dba"), database.connect("app")
    tenants = create_tenant(dba, "acme"), create_tenant(dba, "globex")
    dba.execute("CREATE TABLE seen (tenant_id uuid, body text)")
    dba.execute("SELECT tenantry.protect('seen', p_shared => %s)", [is_shared])
    dba.execute("GRANT SELECT, INSERT, UPDATE ON seen TO tenantry_app")
    dba.execute(
        "CREATE FUNCTION tell(text) RETURNS bool LANGUAGE plpgsql COST 0.0001"
        " AS $$ BEGIN RAISE NOTICE 'saw %', $1; RETURN true; END $$"
    )
    dba.execute(
        sql.SQL("CREATE POLICY {} ON seen AS RESTRICTIVE FOR {} USING (tell(body))").format(
            sql.Identifier(name), sql.SQL(command)
        )
    )
    app.execute("SET enable_indexscan = off; SET enable_bitmapscan = off")
    told: list[str] = []
    for tenant in tenants:
        with as_tenant(app, tenant):
            app.execute("INSERT INTO seen (body) VALUES (%s)", [tenant.slug])
    app.add_notice_handler(lambda diagnostic: told.append(diagnostic.message_primary or ""))
    with as_tenant(app, tenants[0]):
        assert app.execute("UPDATE seen SET body = 'acme'").rowcount == 1
        assert app.execute("SELECT body FROM seen").fetchall() == [("acme",)]
    assert ("saw globex" in told) == is_early
    row = dba.execute("SELECT tenantry.protection_gaps('seen')").fetchone()
    assert row == (
        [f"policy {name} of public.seen sees the rows of every tenant, for it comes before ours"] if is_early else [],
    )

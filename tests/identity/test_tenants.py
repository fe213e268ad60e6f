"""Tenants: how they are created, suspended and resumed, and who sees them."""

import uuid

import psycopg
import pytest

from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, as_tenant, create_tenant

INVALID_PARAMETER_VALUE, UNIQUE_VIOLATION = "22023", "23505"


@pytest.mark.parametrize("slug", ["a", "9", "a-b", "a" * 63, "0-0"])
def test_create(dba: Connection, slug: str) -> None:
    created = dba.execute("SELECT tenantry.create_tenant(%s, 'Name', %s)", [slug, f"cus_{slug}"]).fetchone()
    row = dba.execute(
        "SELECT tenant_id, name, status, stripe_customer_id FROM tenantry.tenants WHERE slug = %s", [slug]
    )
    assert created is not None
    assert row.fetchone() == (created[0], "Name", "active", f"cus_{slug}")


@pytest.mark.parametrize(
    ("slug", "name", "customer", "sqlstate"),
    [
        *(
            (slug, "Name", None, INVALID_PARAMETER_VALUE)
            for slug in (None, "", "A", "-a", "a-", "a_b", "a b", "ä", "a\n", "a" * 64)
        ),
        ("named", None, None, INVALID_PARAMETER_VALUE),
        ("named", "", None, INVALID_PARAMETER_VALUE),
        ("named", "  ", None, INVALID_PARAMETER_VALUE),
        ("taken", "Name", None, UNIQUE_VIOLATION),
        ("other", "Name", "cus_taken", UNIQUE_VIOLATION),
    ],
)
def test_create_refuses(
    dba: Connection, slug: str | None, name: str | None, customer: str | None, sqlstate: str
) -> None:
    with dba.transaction():
        dba.execute("SELECT tenantry.create_tenant('taken', 'Name', 'cus_taken')")
        with pytest.raises(psycopg.Error) as refusal, dba.transaction():
            dba.execute("SELECT tenantry.create_tenant(%s, %s, %s)", [slug, name, customer])
        raise psycopg.Rollback
    assert refusal.value.sqlstate == sqlstate
    assert refusal.value.diag.message_hint


def test_suspend_and_resume(app: Connection, dba: Connection, acme: Tenant, globex: Tenant) -> None:
    dba.execute("SELECT tenantry.suspend_tenant(%s)", [acme.tenant_id])
    dba.execute("SELECT tenantry.suspend_tenant(%s)", [acme.tenant_id])
    with pytest.raises(psycopg.errors.InvalidAuthorizationSpecification), as_tenant(app, acme):
        pass
    with as_tenant(app, globex):
        assert app.execute("SELECT status FROM tenantry.tenants").fetchall() == [("active",)]
    dba.execute("SELECT tenantry.resume_tenant(%s)", [acme.tenant_id])
    with as_tenant(app, acme):
        assert app.execute("SELECT status FROM tenantry.tenants").fetchall() == [("active",)]


@pytest.mark.parametrize("function", ["suspend_tenant", "resume_tenant"])
@pytest.mark.parametrize("tenant", [None, uuid.uuid4()])
def test_suspend_and_resume_refuse(dba: Connection, function: str, tenant: uuid.UUID | None) -> None:
    with pytest.raises(psycopg.errors.NoDataFound) as refusal:
        dba.execute(f"SELECT tenantry.{function}(%s)", [tenant])  # type: ignore[arg-type]
    assert refusal.value.diag.message_hint


def test_a_scratch_tenant_goes_with_its_rows(dba: Connection, app: Connection, acme: Tenant) -> None:
    dba.execute("CREATE TABLE scribbles (tenant_id uuid, body text); SELECT tenantry.protect('scribbles')")
    dba.execute("GRANT SELECT, INSERT ON scribbles TO tenantry_app")
    scratch = create_tenant(dba, "scratch-erased")
    for tenant in (scratch, acme):
        with as_tenant(app, tenant):
            app.execute("INSERT INTO scribbles (body) VALUES (%s)", [tenant.slug])
    dba.execute("SELECT tenantry.erase_scratch_tenant(%s)", [scratch.tenant_id])
    assert dba.execute("SELECT FROM tenantry.tenants WHERE slug = 'scratch-erased'").fetchone() is None
    with pytest.raises(psycopg.errors.InvalidAuthorizationSpecification), as_tenant(app, scratch):
        pass
    with as_tenant(app, acme):
        assert app.execute("SELECT body FROM scribbles").fetchall() == [(acme.slug,)]


def test_no_customer_is_taken_for_a_scratch_tenant(dba: Connection, acme: Tenant) -> None:
    with pytest.raises(psycopg.errors.NoDataFound):
        dba.execute("SELECT tenantry.erase_scratch_tenant(%s)", [acme.tenant_id])
    # Nor past the function: the policy says the same.
    assert dba.execute("DELETE FROM tenantry.tenants WHERE tenant_id = %s", [acme.tenant_id]).rowcount == 0


def test_a_tenant_sees_itself_alone(app: Connection, acme: Tenant, globex: Tenant) -> None:
    for tenant in (acme, globex):
        with as_tenant(app, tenant):
            assert app.execute("SELECT slug FROM tenantry.tenants").fetchall() == [(tenant.slug,)]
            assert app.execute("SELECT count(*) FROM tenantry.tenants WHERE slug LIKE 'globex%'").fetchone() == (
                int(tenant is globex),
            )
    assert app.execute("SELECT slug FROM tenantry.tenants").fetchall() == []


@pytest.mark.parametrize("role", ["dba", "gateway"])
def test_operators_see_all(module_database: Database, acme: Tenant, globex: Tenant, role: str) -> None:
    slugs = {slug for (slug,) in module_database.connect(role).execute("SELECT slug FROM tenantry.tenants")}
    assert {acme.slug, globex.slug} <= slugs


@pytest.mark.parametrize("role", ["app", "gateway", "dba"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tenantry.tenants SET status = 'active'",
        "UPDATE tenantry.tenants SET tenant_id = gen_random_uuid()",
        "DELETE FROM tenantry.tenants WHERE owner_tenant_id IS NULL",
        "INSERT INTO tenantry.tenants (slug, name) VALUES ('mine', 'Mine')",
        "TRUNCATE tenantry.tenants CASCADE",
        "ALTER TABLE tenantry.tenants DISABLE ROW LEVEL SECURITY",
    ],
)
def test_nobody_writes_the_table_itself(module_database: Database, role: str, statement: str) -> None:
    with module_database.connect(role) as session:
        if role == "dba" and statement.startswith("DELETE"):
            # drop_collection() takes the right to delete, which is one to collections alone.
            assert session.execute(statement).rowcount == 0  # type: ignore[arg-type]
            return
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute(statement)  # type: ignore[arg-type]


def test_the_customer_id_is_not_for_the_application(app: Connection, acme: Tenant) -> None:
    with as_tenant(app, acme):
        for query in ("SELECT stripe_customer_id FROM tenantry.tenants", "TABLE tenantry.tenants"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), app.transaction():
                app.execute(query)  # type: ignore[arg-type]


def test_the_deletion_of_a_tenant_takes_its_rows_along(
    app: Connection, dba: Connection, superuser: Connection, globex: Tenant
) -> None:
    tenant = create_tenant(dba, "leaving")
    with as_tenant(app, tenant):
        app.execute("INSERT INTO documents (id) VALUES (1)")
    superuser.execute("DELETE FROM tenantry.tenants WHERE tenant_id = %s", [tenant.tenant_id])
    left = superuser.execute(
        "SELECT tenant_id FROM documents WHERE tenant_id IN (%s, %s)", [tenant.tenant_id, globex.tenant_id]
    )
    assert left.fetchall() == [(globex.tenant_id,)]


def test_nothing_of_an_admin_s_follows_an_update(dba: Connection) -> None:
    """Before PostgreSQL 18, triggers of a table that follows the update would run as tenantry_owner."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        dba.execute(
            "CREATE TABLE followers (customer text REFERENCES tenantry.tenants (stripe_customer_id) ON UPDATE CASCADE)"
        )
    dba.execute("CREATE TABLE notes (tenant_id uuid REFERENCES tenantry.tenants ON DELETE CASCADE)")

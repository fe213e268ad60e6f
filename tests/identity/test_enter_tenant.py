"""The gateway's way into a tenant, without a credential."""

import uuid

import psycopg
import pytest

from tests.identity.context import bodies
from tests.support.database import Connection
from tests.support.tenants import Tenant

ENTER = "SELECT * FROM tenantry.enter_tenant(%s, %s, %s)"


@pytest.mark.parametrize(
    ("user", "role", "clearance"),
    [
        (None, None, "INTERNAL"),
        ("ada", "viewer", "PUBLIC"),
        ("Ada Lovelace|owner|RESTRICTED", "member", "INTERNAL"),
        ("ä\n'\\ 🔑", "owner", "RESTRICTED"),
        ("x" * 10_000, "manager", "CONFIDENTIAL"),
    ],
)
def test_identity(gateway: Connection, acme: Tenant, user: str | None, role: str | None, clearance: str) -> None:
    with gateway.transaction():
        opened = gateway.execute(ENTER, [acme.tenant_id, user, role]).fetchone()
        assert opened is not None
        assert opened[:6] == (acme.tenant_id, user, role or "member", clearance, None, None)
        assert gateway.execute("SELECT * FROM tenantry.current_identity()").fetchone() == opened
        assert gateway.execute("SELECT tenantry.current_member()").fetchone() == (user,)
    assert gateway.execute("SELECT tenantry.current_member()").fetchone() == (None,)


def test_rows(gateway: Connection, superuser: Connection, acme: Tenant, globex: Tenant) -> None:
    superuser.execute("GRANT SELECT ON documents TO tenantry_gateway")
    for tenant in (acme, globex):
        with gateway.transaction():
            gateway.execute(ENTER, [tenant.tenant_id, None, None])
            assert bodies(gateway) == [tenant.slug]
    assert bodies(gateway) == []


@pytest.mark.parametrize(
    ("user", "role"),
    [("", None), (None, ""), (None, "admin"), (None, "owner|RESTRICTED"), (None, "tenantry_owner")],
)
def test_bad_argument(gateway: Connection, acme: Tenant, user: str | None, role: str | None) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue) as refusal:
        gateway.execute(ENTER, [acme.tenant_id, user, role])
    assert refusal.value.diag.message_hint


def test_no_such_tenant(gateway: Connection, dba: Connection, acme: Tenant) -> None:
    dba.execute("SELECT tenantry.suspend_tenant(%s)", [acme.tenant_id])
    for tenant in (None, uuid.uuid4(), acme.tenant_id):
        with pytest.raises(psycopg.errors.InvalidAuthorizationSpecification) as refusal:
            gateway.execute(ENTER, [tenant, None, None])
        assert refusal.value.diag.message_hint


def test_the_application_may_not_enter(app: Connection, acme: Tenant) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(ENTER, [acme.tenant_id, None, None])

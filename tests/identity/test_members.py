"""The register of members, and the role that it gives."""

import uuid

import psycopg
import pytest

from tests.support.database import Connection
from tests.support.tenants import Tenant, as_tenant, create_tenant

ADD = "SELECT tenantry.add_member(%s, %s, %s)"
REMOVE = "SELECT tenantry.remove_member(%s, %s)"
ENTER = "SELECT role, clearance FROM tenantry.enter_tenant(%s, %s, %s)"
MEMBERS = "SELECT tenant_id, user_id, role FROM tenantry.members ORDER BY user_id"


def entered(gateway: Connection, tenant: Tenant, user: str | None, role: str | None = None) -> tuple[str, str]:
    with gateway.transaction():
        role_and_clearance = gateway.execute(ENTER, [tenant.tenant_id, user, role]).fetchone()
    assert role_and_clearance is not None
    return role_and_clearance  # type: ignore[return-value]


def test_registered_role(gateway: Connection, dba: Connection, acme: Tenant, globex: Tenant) -> None:
    """It holds in the one tenant, for the one user, and changes with the register."""
    assert entered(gateway, acme, "ada") == ("member", "INTERNAL")
    dba.execute(ADD, [acme.tenant_id, "ada", "manager"])
    assert entered(gateway, acme, "ada") == ("manager", "CONFIDENTIAL")
    assert entered(gateway, acme, None) == entered(gateway, acme, "Ada") == ("member", "INTERNAL")
    assert entered(gateway, globex, "ada") == ("member", "INTERNAL")
    dba.execute(ADD, [acme.tenant_id, "ada", "viewer"])
    assert entered(gateway, acme, "ada") == ("viewer", "PUBLIC")
    dba.execute(REMOVE, [acme.tenant_id, "ada"])
    assert entered(gateway, acme, "ada") == ("member", "INTERNAL")


@pytest.mark.parametrize(("role", "clearance"), [("viewer", "PUBLIC"), ("member", "INTERNAL")])
def test_a_lesser_role_may_be_named(
    gateway: Connection, dba: Connection, acme: Tenant, role: str, clearance: str
) -> None:
    dba.execute(ADD, [acme.tenant_id, "ada", "member"])
    assert entered(gateway, acme, "ada", role) == (role, clearance)


def test_a_higher_role_may_not(gateway: Connection, dba: Connection, acme: Tenant) -> None:
    assert entered(gateway, acme, "ada", "owner") == ("owner", "RESTRICTED")
    dba.execute(ADD, [acme.tenant_id, "ada", "member"])
    for role in ("manager", "owner"):
        with pytest.raises(psycopg.errors.InvalidAuthorizationSpecification) as refusal:
            gateway.execute(ENTER, [acme.tenant_id, "ada", role])
        assert "add_member" in str(refusal.value.diag.message_hint)
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        gateway.execute(ENTER, [acme.tenant_id, "ada", "root"])


def test_members_view(app: Connection, dba: Connection, acme: Tenant, globex: Tenant) -> None:
    """An admin sees all; an application those of its tenant, and none outside of a context."""
    for tenant, user in ((acme, "ada"), (acme, "bob"), (globex, "carl")):
        dba.execute(ADD, [tenant.tenant_id, user, "owner"])
    everybody = dba.execute(MEMBERS).fetchall()
    assert {(acme.tenant_id, "ada", "owner"), (globex.tenant_id, "carl", "owner")} < set(everybody)
    with as_tenant(app, acme):
        own = [(acme.tenant_id, "ada", "owner"), (acme.tenant_id, "bob", "owner")]
        assert app.execute(MEMBERS).fetchall() == own
        leaked = "SELECT user_id FROM tenantry.members WHERE NOT (user_id = 'carl' AND 1 / (length(user_id) - 4) > 0)"
        assert len(app.execute(leaked).fetchall()) == len(own)
    assert app.execute(MEMBERS).fetchall() == []


def test_the_application_changes_no_member(app: Connection, dba: Connection, acme: Tenant) -> None:
    dba.execute(ADD, [acme.tenant_id, "ada", "viewer"])
    for attempt in (
        f"SELECT tenantry.add_member('{acme.tenant_id}', 'ada', 'owner')",
        f"SELECT tenantry.remove_member('{acme.tenant_id}', 'ada')",
        "UPDATE tenantry_private.members SET role = 'owner'",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), as_tenant(app, acme):
            app.execute(attempt.encode())
    for view in (app, dba):
        writes = "SELECT bool_or(has_table_privilege('tenantry.members', w)) FROM unnest(%s::text[]) AS w"
        assert view.execute(writes, [["INSERT", "UPDATE", "DELETE"]]).fetchone() == (False,)


@pytest.mark.parametrize(("user", "role"), [(None, "member"), ("", "member"), ("x" * 256, "member"), ("ada", "root")])
def test_add_member_refuses(dba: Connection, acme: Tenant, user: str | None, role: str) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue) as refusal:
        dba.execute(ADD, [acme.tenant_id, user, role])
    assert refusal.value.diag.message_hint


def test_nobody_there(dba: Connection, acme: Tenant) -> None:
    for call, parameters in ((ADD, [uuid.uuid4(), "ada", "owner"]), (REMOVE, [acme.tenant_id, "nobody"])):
        with pytest.raises(psycopg.errors.NoDataFound) as refusal:
            dba.execute(call.encode(), parameters)
        assert refusal.value.diag.message_hint


def test_members_go_with_their_tenant(superuser: Connection, dba: Connection) -> None:
    tenant = create_tenant(dba, "short-lived")
    dba.execute(ADD, [tenant.tenant_id, "ada", "owner"])
    superuser.execute("DELETE FROM tenantry.tenants WHERE tenant_id = %s", [tenant.tenant_id])
    assert tenant.tenant_id not in [tenant_id for tenant_id, _, _ in dba.execute(MEMBERS)]


@pytest.mark.parametrize(
    "withdrawal",
    [
        "SELECT tenantry.add_member('{0}', 'ada', 'viewer')",
        "SELECT tenantry.add_member('{0}', 'eve', 'viewer')",
        "SELECT tenantry.remove_member('{0}', 'ada')",
    ],
)
def test_an_older_snapshot_does_not_enter(gateway: Connection, dba: Connection, acme: Tenant, withdrawal: str) -> None:
    dba.execute(ADD, [acme.tenant_id, "ada", "manager"])
    with gateway.transaction(force_rollback=True):
        gateway.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        gateway.execute("SELECT count(*) FROM tenantry.tenants")
        dba.execute(withdrawal.format(acme.tenant_id).encode())
        with pytest.raises(psycopg.errors.SerializationFailure), gateway.transaction():
            gateway.execute(ENTER, [acme.tenant_id, "ada", None])

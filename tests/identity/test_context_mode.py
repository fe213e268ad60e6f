"""The compatibility mode `setting`, and that it is off unless an admin turns it on."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.identity.context import INVALID, bodies, set_token
from tests.support.database import Connection
from tests.support.tenants import Tenant, as_tenant


def set_plain(connection: Connection, **settings: object) -> None:
    for name, value in settings.items():
        connection.execute("SELECT set_config(%s, %s, true)", [f"app.{name}", str(value)])


@pytest.fixture
def setting_mode(dba: Connection) -> Iterator[None]:
    dba.execute("SELECT tenantry.set_context_mode('setting')")
    yield
    dba.execute("SELECT tenantry.set_context_mode('sealed')")


def test_sealed_is_the_default(app: Connection, acme: Tenant) -> None:
    with app.transaction():
        set_plain(app, current_tenant_id=acme.tenant_id)
        assert bodies(app) == []
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="no tenant context"):
            app.execute("INSERT INTO documents (id) VALUES (9)")


def test_sealed_again(app: Connection, dba: Connection, acme: Tenant, setting_mode: None) -> None:
    with app.transaction():
        set_plain(app, current_tenant_id=acme.tenant_id)
        assert bodies(app) == [acme.slug]
        dba.execute("SELECT tenantry.set_context_mode('sealed')")
        assert bodies(app) == []


def test_choosing_it_warns(dba: Connection) -> None:
    notices: list[str | None] = []
    handler = lambda notice: notices.append(notice.severity)  # noqa: E731
    dba.add_notice_handler(handler)
    try:
        dba.execute("SELECT tenantry.set_context_mode('setting')")
        dba.execute("SELECT tenantry.set_context_mode('sealed')")
    finally:
        dba.remove_notice_handler(handler)
    assert notices == ["WARNING"]


@pytest.mark.parametrize("mode", [None, "", "Sealed", "off", "setting "])
def test_unknown_mode(dba: Connection, mode: str | None) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue) as refusal:
        dba.execute("SELECT tenantry.set_context_mode(%s)", [mode])
    assert refusal.value.diag.message_hint


def test_reads_and_writes(app: Connection, acme: Tenant, globex: Tenant, setting_mode: None) -> None:
    with app.transaction():
        set_plain(app, current_tenant_id=str(acme.tenant_id).upper(), current_user_id="ada", current_role="owner")
        assert bodies(app) == [acme.slug]
        app.execute("INSERT INTO documents (id, body) VALUES (2, 'new')")
        assert len(bodies(app)) == 2
        identity = app.execute("SELECT * FROM tenantry.current_identity()").fetchone()
        assert identity == (acme.tenant_id, "ada", "owner", "RESTRICTED", None, None, None)
        with pytest.raises(psycopg.errors.InsufficientPrivilege), app.transaction():
            app.execute("INSERT INTO documents (tenant_id, id) VALUES (%s, 9)", [globex.tenant_id])
    assert bodies(app) == [], "the empty string that the setting leaves behind is no tenant"


def test_role_is_member_unless_claimed(app: Connection, acme: Tenant, setting_mode: None) -> None:
    with app.transaction():
        set_plain(app, current_tenant_id=acme.tenant_id, current_user_id="", current_role="")
        identity = app.execute("SELECT * FROM tenantry.current_identity()").fetchone()
        assert identity == (acme.tenant_id, None, "member", "INTERNAL", None, None, None)


@pytest.mark.parametrize("claim", ["6b0e6f5c-61b9-4f0e-9c3e-0d6d3a3c9f11", "acme", "'", "{}", "0", "💥"])
def test_claim_of_nobody(app: Connection, acme: Tenant, setting_mode: None, claim: str) -> None:
    for settings in ({"current_tenant_id": claim}, {"current_tenant_id": acme.tenant_id, "current_role": claim}):
        with app.transaction():
            set_plain(app, **settings)
            with pytest.raises(psycopg.errors.InsufficientPrivilege) as refusal, app.transaction():
                bodies(app)
        assert refusal.value.diag.message_hint


def test_claim_of_a_suspended_tenant(app: Connection, dba: Connection, acme: Tenant, setting_mode: None) -> None:
    dba.execute("SELECT tenantry.suspend_tenant(%s)", [acme.tenant_id])
    with app.transaction():
        set_plain(app, current_tenant_id=acme.tenant_id)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            bodies(app)


def test_a_sealed_context_goes_first(app: Connection, acme: Tenant, globex: Tenant, setting_mode: None) -> None:
    with as_tenant(app, acme):
        set_plain(app, current_tenant_id=globex.tenant_id)
        assert bodies(app) == [acme.slug]
        app.execute("INSERT INTO documents (id) VALUES (2)")
        set_token(app, f"{globex.tenant_id}|forged")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match=INVALID), app.transaction():
            bodies(app)


def test_leave_tenant(app: Connection, acme: Tenant, setting_mode: None) -> None:
    with as_tenant(app, acme):
        set_plain(app, current_tenant_id=acme.tenant_id)
        app.execute("SELECT tenantry.leave_tenant()")
        assert bodies(app) == []

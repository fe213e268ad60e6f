"""A context's role is what its credential says: nothing that runs inside it raises it."""

from collections.abc import Callable

import psycopg
import pytest

from tests.identity.context import set_token, token
from tests.support.database import Connection
from tests.support.tenants import Tenant, as_tenant

WHO = "SELECT tenantry.current_clearance(), tenantry.may_lower_levels()"
MEMBER = ("INTERNAL", False)
OWNER = ("RESTRICTED", True)


@pytest.fixture
def owner_key(dba: Connection, acme: Tenant) -> str:
    issued = dba.execute("SELECT api_key FROM tenantry.issue_api_key(%s, 'k', 'owner')", [acme.tenant_id]).fetchone()
    assert issued
    return str(issued[0])


def who(connection: Connection) -> tuple[object, ...] | None:
    return connection.execute(WHO).fetchone()


def test_the_roles_differ(app: Connection, acme: Tenant, owner_key: str) -> None:
    with as_tenant(app, acme):
        assert who(app) == MEMBER
        app.execute("SELECT tenantry.authenticate(%s)", [owner_key])
        assert who(app) == OWNER


@pytest.mark.parametrize(
    "edit",
    [
        lambda fields: [*fields[:4], "RESTRICTED", *fields[5:]],
        lambda fields: [*fields[:5], "owner", *fields[6:]],
        lambda fields: [*fields[:4], "RESTRICTED", "owner", *fields[6:]],
        lambda fields: [*fields[:3], "", "RESTRICTED", "owner", *fields[6:]],
    ],
    ids=["clearance", "role", "both", "and the transaction"],
)
def test_edited_role(app: Connection, acme: Tenant, edit: Callable[[list[str]], list[str]]) -> None:
    with as_tenant(app, acme):
        genuine = token(app)
        set_token(app, "|".join(edit(genuine.split("|"))))
        with pytest.raises(psycopg.errors.InsufficientPrivilege), app.transaction():
            who(app)
        set_token(app, genuine)
        assert who(app) == MEMBER


def test_stepping_down_leaves_nothing_to_step_up_by(app: Connection, acme: Tenant, owner_key: str) -> None:
    """An application steps down before it runs SQL that it does not trust: no setting holds the higher context."""
    with app.transaction():
        app.execute("SELECT tenantry.authenticate(%s)", [owner_key])
        higher = token(app)
        app.execute("SELECT tenantry.authenticate(%s)", [acme.api_key])
        settings = app.execute("SELECT name FROM pg_settings WHERE setting = %s", [higher]).fetchall()
        assert settings == []
        for attempt in (
            "RESET tenantry.context",
            "RESET ALL",
            "SET LOCAL tenantry.context TO DEFAULT",
            "SAVEPOINT s; RESET tenantry.context; ROLLBACK TO s",
            "SELECT set_config('tenantry.context', reset_val, true) FROM pg_settings WHERE name = 'tenantry.context'",
        ):
            with app.transaction(force_rollback=True):
                app.execute(attempt.encode())
                assert who(app) in (MEMBER, (None, None))
        assert who(app) == MEMBER


def test_a_savepoint_of_the_lower_context(app: Connection, acme: Tenant, owner_key: str) -> None:
    """Rolling back restores the context of the savepoint, which is the lower one."""
    with as_tenant(app, acme):
        app.execute("SAVEPOINT low")
        app.execute("SELECT tenantry.authenticate(%s)", [owner_key])
        assert who(app) == OWNER
        app.execute("ROLLBACK TO low")
        assert who(app) == MEMBER


@pytest.mark.parametrize(
    "setting",
    ["tenantry.role", "app.current_role", "app.current_tenant_id", "app.current_user_id", "tenantry.clearance"],
)
def test_settings_say_nothing(app: Connection, acme: Tenant, setting: str) -> None:
    with as_tenant(app, acme):
        app.execute("SELECT set_config(%s, 'owner', true)", [setting])
        assert who(app) == MEMBER


def test_what_an_admin_takes_away_within_the_transaction(
    app: Connection, dba: Connection, acme: Tenant, owner_key: str
) -> None:
    """The clearance stays for the transaction; the right to lower levels is looked up when it is used."""
    dba.execute("SELECT tenantry.set_role_clearance('scribe', 'CONFIDENTIAL', true)")
    issued = dba.execute("SELECT api_key FROM tenantry.issue_api_key(%s, 'k', 'scribe')", [acme.tenant_id]).fetchone()
    with app.transaction():
        app.execute("SELECT tenantry.authenticate(%s)", issued)
        assert who(app) == ("CONFIDENTIAL", True)
        dba.execute("SELECT tenantry.set_role_clearance('scribe', 'PUBLIC', false)")
        assert who(app) == ("CONFIDENTIAL", False)
    with app.transaction():
        app.execute("SELECT tenantry.authenticate(%s)", issued)
        assert who(app) == ("PUBLIC", False)

"""Authentication with an API key: every bad credential gets one answer, and a good one costs nobody a wait."""

import uuid
from collections.abc import Callable
from datetime import datetime

import psycopg
import pytest

from tests.identity.context import bodies
from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, as_tenant, create_tenant

# How a bad credential is made; the two keys are good ones, of two tenants.
BAD: dict[str, Callable[[str, str], str | None]] = {
    "null": lambda key, other: None,
    "empty": lambda key, other: "",
    "blank": lambda key, other: " ",
    "prefix alone": lambda key, other: "sk_",
    "unknown secret": lambda key, other: key[:-64] + "0" * 64,
    "unknown tenant": lambda key, other: f"sk_{uuid.uuid4()}_{key[-64:]}",
    "secret of another tenant": lambda key, other: key[:-64] + other[-64:],
    "tenant of another key": lambda key, other: other[:-64] + key[-64:],
    "secret alone": lambda key, other: key[-64:],
    "tenant alone": lambda key, other: key[3:39],
    "other prefix": lambda key, other: "pk" + key[2:],
    "upper case": lambda key, other: key.upper(),
    "truncated": lambda key, other: key[:-1],
    "longer": lambda key, other: key + "0",
    "longer than is looked at": lambda key, other: key + "0" * 200,
    "doubled": lambda key, other: key + key,
    "leading blank": lambda key, other: " " + key,
    "trailing newline": lambda key, other: key + "\n",
    "quotes": lambda key, other: "' OR true --",
    "wide characters": lambda key, other: "🔑" * 104,
    "control character": lambda key, other: key[:-1] + "\x01",
    "ten million letters": lambda key, other: "x" * 10_000_000,
}

Answer = tuple[str | None, ...]


def answer(connection: Connection, credential: str | None) -> Answer:
    """Return everything that the server says of a bad credential."""
    with pytest.raises(psycopg.Error) as refusal, connection.transaction():
        connection.execute("SELECT tenantry.authenticate(%s)", [credential])
    says = refusal.value.diag
    return (
        *(says.severity, says.sqlstate, says.message_primary, says.message_detail, says.message_hint, says.context),
        *(says.source_file, says.source_line, says.source_function, says.internal_query, says.statement_position),
    )


@pytest.fixture
def expected(app: Connection) -> Answer:
    """The one answer, from a credential that never was one."""
    expected = answer(app, "sk_nothing")
    assert expected[1:4] == ("28000", "invalid credential", None)
    assert expected[4]
    return expected


@pytest.mark.parametrize("make", BAD.values(), ids=BAD.keys())
def test_bad_credential(
    app: Connection, acme: Tenant, globex: Tenant, expected: Answer, make: Callable[[str, str], str | None]
) -> None:
    assert answer(app, make(acme.api_key, globex.api_key)) == expected
    with as_tenant(app, acme):
        assert bodies(app) == [acme.slug]


@pytest.mark.parametrize(
    "withdrawal",
    [
        "SELECT tenantry.revoke_api_key(%(key)s)",
        "SELECT tenantry.rotate_api_key(%(key)s, '0')",
        "SELECT tenantry.suspend_tenant(%(tenant)s)",
    ],
)
def test_withdrawn_credential(
    app: Connection, dba: Connection, acme: Tenant, expected: Answer, withdrawal: psycopg.sql.LiteralString
) -> None:
    with as_tenant(app, acme):
        assert bodies(app) == [acme.slug]
    dba.execute(withdrawal, {"key": acme.key_id, "tenant": acme.tenant_id})
    assert answer(app, acme.api_key) == expected


def test_expired_credential(app: Connection, superuser: Connection, acme: Tenant, expected: Answer) -> None:
    with as_tenant(app, acme):
        assert bodies(app) == [acme.slug]
    superuser.execute("UPDATE tenantry_private.api_keys SET expires_at = now() WHERE key_id = %s", [acme.key_id])
    assert answer(app, acme.api_key) == expected


def test_resumed_tenant(app: Connection, dba: Connection, acme: Tenant, expected: Answer) -> None:
    dba.execute("SELECT tenantry.suspend_tenant(%s)", [acme.tenant_id])
    assert answer(app, acme.api_key) == expected
    dba.execute("SELECT tenantry.resume_tenant(%s)", [acme.tenant_id])
    with as_tenant(app, acme):
        assert bodies(app) == [acme.slug]


@pytest.mark.parametrize(
    ("role", "clearance"),
    [("viewer", "PUBLIC"), ("member", "INTERNAL"), ("manager", "CONFIDENTIAL"), ("owner", "RESTRICTED")],
)
def test_identity(app: Connection, dba: Connection, acme: Tenant, role: str, clearance: str) -> None:
    issued = "SELECT key_id, api_key FROM tenantry.issue_api_key(%s, 'x', %s, 60)"
    row = dba.execute(issued, [acme.tenant_id, role]).fetchone()
    assert row is not None
    key_id, api_key = row
    with app.transaction():
        opened = app.execute("SELECT * FROM tenantry.authenticate(%s)", [api_key]).fetchone()
        assert opened is not None
        assert opened[:6] == (acme.tenant_id, None, role, clearance, key_id, 60)
        current = app.execute("SELECT * FROM tenantry.current_identity()").fetchone()
        assert current == (*opened[:5], None, opened[6])
        each = "SELECT tenantry.current_tenant(), tenantry.current_member(), tenantry.current_clearance()"
        assert app.execute(each).fetchone() == (acme.tenant_id, None, clearance)


# When a key was last used


def last_used(superuser: Connection, tenant: Tenant) -> datetime | None:
    row = superuser.execute("SELECT last_used_at FROM tenantry.api_keys WHERE key_id = %s", [tenant.key_id]).fetchone()
    assert row is not None
    return row[0]  # type: ignore[no-any-return]


def test_last_use_is_noted_to_the_minute(app: Connection, dba: Connection, superuser: Connection) -> None:
    tenant = create_tenant(dba, "noted")
    assert last_used(superuser, tenant) is None
    with as_tenant(app, tenant):
        pass
    first = last_used(superuser, tenant)
    assert first is not None
    with as_tenant(app, tenant):
        pass
    assert last_used(superuser, tenant) == first
    superuser.execute(
        "UPDATE tenantry_private.api_key_uses SET last_used_at = last_used_at - interval '61 s' WHERE key_id = %s",
        [tenant.key_id],
    )
    with as_tenant(app, tenant):
        pass
    again = last_used(superuser, tenant)
    assert again is not None
    assert again >= first


def test_last_use_never_waits(
    module_database: Database, app: Connection, dba: Connection, superuser: Connection
) -> None:
    tenant = create_tenant(dba, "contended")
    app.execute("SET lock_timeout = '50ms'")
    # The other transaction has noted the use and not committed.
    with module_database.connect("app") as other, as_tenant(other, tenant), as_tenant(app, tenant):
        assert bodies(app) == []
    superuser.execute("UPDATE tenantry_private.api_key_uses SET last_used_at = NULL WHERE key_id = %s", [tenant.key_id])
    with module_database.connect("postgres") as holder, holder.transaction():
        holder.execute("SELECT FROM tenantry_private.api_key_uses FOR UPDATE")
        holder.execute("SELECT FROM tenantry_private.api_keys FOR NO KEY UPDATE")
        with as_tenant(app, tenant):
            assert bodies(app) == []
    assert last_used(superuser, tenant) is None


# Transactions of every mode

MODES = [
    "READ ONLY",
    "ISOLATION LEVEL REPEATABLE READ",
    "ISOLATION LEVEL SERIALIZABLE",
    "ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE",
]


@pytest.mark.parametrize("mode", MODES)
def test_transaction_mode(module_database: Database, app: Connection, dba: Connection, mode: str) -> None:
    """Two at once with one key that has never been used, and both commit."""
    tenant = create_tenant(dba, f"mode-{MODES.index(mode)}")
    with module_database.connect("app") as other:
        sessions = (app, other)
        for session in sessions:
            session.execute(f"BEGIN {mode}")  # type: ignore[arg-type]
        for session in sessions:
            session.execute("SELECT tenantry.authenticate(%s)", [tenant.api_key])
        for i, session in enumerate(sessions):
            if "READ ONLY" not in mode:
                # No read of documents: that would be a conflict of the test's own.
                session.execute("INSERT INTO documents (id, body) VALUES (%s, 'x')", [i])
            assert session.execute("SELECT tenantry.current_tenant()").fetchone() == (tenant.tenant_id,)
        for session in sessions:
            session.execute("COMMIT")


def test_default_read_only(app: Connection, acme: Tenant) -> None:
    """As on a standby."""
    app.execute("SET default_transaction_read_only = on")
    with as_tenant(app, acme):
        assert bodies(app) == [acme.slug]
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), app.transaction():
            app.execute("DELETE FROM documents")


def test_snapshot_of_before_a_rotation(app: Connection, dba: Connection, acme: Tenant) -> None:
    """A transaction that still sees the former signing key signs and verifies with it."""
    app.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    app.execute("SELECT count(*) FROM documents")
    dba.execute("SELECT tenantry.rotate_context_key()")
    app.execute("SELECT tenantry.authenticate(%s)", [acme.api_key])
    assert bodies(app) == [acme.slug]
    app.execute("COMMIT")


@pytest.mark.parametrize("isolation", ["REPEATABLE READ", "SERIALIZABLE"])
def test_snapshot_of_before_the_last_use(
    module_database: Database, app: Connection, dba: Connection, isolation: str
) -> None:
    """Noting the use must not be what makes such a transaction fail."""
    tenant = create_tenant(dba, f"snapshot-{isolation.split()[0].lower()}")
    app.execute(f"BEGIN ISOLATION LEVEL {isolation}")  # type: ignore[arg-type]
    app.execute("SELECT count(*) FROM documents")
    with module_database.connect("app") as other, as_tenant(other, tenant):
        pass
    app.execute("SELECT tenantry.authenticate(%s)", [tenant.api_key])
    assert app.execute("SELECT tenantry.current_tenant()").fetchone() == (tenant.tenant_id,)
    app.execute("COMMIT")


def test_settings_of_the_session_change_nothing(app: Connection, acme: Tenant) -> None:
    for setting in (
        "standard_conforming_strings = off",
        "transform_null_equals = on",
        "array_nulls = off",
        "bytea_output = 'escape'",
        "search_path = pg_temp, public",
        "plpgsql.extra_errors = 'all'",
        "plan_cache_mode = 'force_custom_plan'",
        "jit_above_cost = 0",
        "quote_all_identifiers = on",
        "client_encoding = 'SQL_ASCII'",
        "extra_float_digits = -15",
    ):
        app.execute(f"SET {setting}")  # type: ignore[arg-type]
        with as_tenant(app, acme):
            assert app.execute("SELECT count(*) FROM public.documents").fetchone() == (1,)
            current = app.execute("SELECT (tenantry.current_identity()).tenant_id").fetchone()
            assert current == (acme.tenant_id,)

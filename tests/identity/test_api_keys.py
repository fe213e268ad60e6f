"""API keys as an admin issues, rotates and revokes them."""

import re
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.identity.context import bodies
from tests.support.database import Connection
from tests.support.tenants import Tenant, as_tenant

UNKNOWN = "6b0e6f5c-61b9-4f0e-9c3e-0d6d3a3c9f11"
INVALID_PARAMETER_VALUE, NO_DATA_FOUND = "22023", "P0002"


def one(connection: Connection, query: str, *parameters: object) -> Any:
    row = connection.execute(query, parameters).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return row


def works(app: Connection, api_key: str) -> bool:
    try:
        with app.transaction():
            app.execute("SELECT tenantry.authenticate(%s)", [api_key])
    except psycopg.errors.InvalidAuthorizationSpecification:
        return False
    return True


def test_format(dba: Connection, acme: Tenant) -> None:
    """sk_<tenant>_<secret>, of 256 bits that differ from key to key in about every second one."""
    issue = "SELECT api_key FROM tenantry.issue_api_key(%s, 'k')"
    keys = [one(dba, issue, acme.tenant_id)[0] for _ in range(50)]
    assert all(re.fullmatch(f"sk_{acme.tenant_id}_[0-9a-f]{{64}}", key) for key in keys)
    secrets = [int(key[-64:], 16) for key in keys]
    changes = [(a ^ b).bit_count() for a in secrets for b in secrets if a < b]
    assert len(changes) == 50 * 49 // 2
    assert 64 < min(changes) <= max(changes) < 192


def test_only_the_hash_is_kept(superuser: Connection, acme: Tenant) -> None:
    """No table of the database has the secret, in text or in binary; one has its hash."""
    secret = acme.api_key[-64:]

    def tables_with(needle: str) -> list[str]:
        relations = superuser.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'm') AND relpersistence <> 't'"
        )
        return [
            table
            for (table,) in relations.fetchall()
            if one(superuser, f"SELECT EXISTS (SELECT FROM {table} t WHERE t::text LIKE %s)", f"%{needle}%")[0]
        ]

    assert tables_with(secret) == []
    assert tables_with(secret.encode().hex()) == []
    key_hash = one(superuser, "SELECT encode(sha256(convert_to(%s, 'UTF8')), 'hex')", acme.api_key)[0]
    assert tables_with(key_hash) == ["tenantry_private.api_keys"]


def test_an_admin_sees_everything_but_the_hash(dba: Connection, acme: Tenant) -> None:
    columns = one(dba, "SELECT to_jsonb(k) FROM tenantry.api_keys k WHERE key_id = %s", acme.key_id)[0]
    assert set(columns) == {
        *("key_id", "tenant_id", "name", "role", "rate_limit_per_minute"),
        *("created_at", "expires_at", "revoked_at", "last_used_at", "refused_requests"),
    }


ISSUE = "SELECT FROM tenantry.issue_api_key({tenant}, {arguments})"


@pytest.mark.parametrize(
    ("tenant", "arguments", "sqlstate"),
    [
        ("NULL", "'k'", NO_DATA_FOUND),
        (f"'{UNKNOWN}'", "'k'", NO_DATA_FOUND),
        (None, "NULL", INVALID_PARAMETER_VALUE),
        (None, "''", INVALID_PARAMETER_VALUE),
        (None, "'  '", INVALID_PARAMETER_VALUE),
        (None, "'k', NULL", INVALID_PARAMETER_VALUE),
        (None, "'k', 'admin'", INVALID_PARAMETER_VALUE),
        (None, "'k', 'Owner'", INVALID_PARAMETER_VALUE),
        (None, "'k', 'owner|RESTRICTED'", INVALID_PARAMETER_VALUE),
        (None, "'k', 'member', 0", INVALID_PARAMETER_VALUE),
        (None, "'k', 'member', -1", INVALID_PARAMETER_VALUE),
        (None, "'k', 'member', 1, now()", INVALID_PARAMETER_VALUE),
        (None, "'k', 'member', 1, '-infinity'", INVALID_PARAMETER_VALUE),
    ],
)
def test_issue_refuses(dba: Connection, acme: Tenant, tenant: str | None, arguments: str, sqlstate: str) -> None:
    query = ISSUE.format(tenant=tenant or f"'{acme.tenant_id}'", arguments=arguments)
    with pytest.raises(psycopg.Error) as refusal:
        dba.execute(query)  # type: ignore[arg-type]
    assert refusal.value.sqlstate == sqlstate
    assert refusal.value.diag.message_hint


def test_issue_with_expiry(app: Connection, dba: Connection, acme: Tenant) -> None:
    issue = "SELECT api_key FROM tenantry.issue_api_key(%s, 'k', p_expires_at => clock_timestamp() + %s)"
    (brief,) = one(dba, issue, acme.tenant_id, timedelta(milliseconds=200))
    (forever,) = one(dba, issue, acme.tenant_id, timedelta(days=3650))
    assert works(app, brief)
    dba.execute("SELECT pg_sleep(0.21)")
    assert not works(app, brief)
    assert works(app, forever)


def test_revoke(app: Connection, dba: Connection, acme: Tenant) -> None:
    other = one(dba, "SELECT api_key FROM tenantry.issue_api_key(%s, 'other')", acme.tenant_id)[0]
    dba.execute("SELECT tenantry.revoke_api_key(%s)", [acme.key_id])
    revoked = "SELECT revoked_at FROM tenantry.api_keys WHERE key_id = %s AND revoked_at IS NOT NULL"
    when = one(dba, revoked, acme.key_id)
    assert not works(app, acme.api_key)
    assert works(app, other)
    dba.execute("SELECT tenantry.revoke_api_key(%s)", [acme.key_id])
    assert one(dba, revoked, acme.key_id) == when


def test_revoke_lets_a_transaction_end(app: Connection, dba: Connection, acme: Tenant) -> None:
    with as_tenant(app, acme):
        dba.execute("SELECT tenantry.revoke_api_key(%s)", [acme.key_id])
        assert bodies(app) == [acme.slug]
    assert not works(app, acme.api_key)


def test_rotate_with_overlap(app: Connection, dba: Connection, acme: Tenant) -> None:
    rotate = "SELECT key_id, api_key FROM tenantry.rotate_api_key(%s, %s)"
    successor_id, successor = one(dba, rotate, acme.key_id, timedelta(milliseconds=300))
    assert works(app, acme.api_key)
    assert works(app, successor)
    dba.execute("SELECT pg_sleep(0.31)")
    assert not works(app, acme.api_key)
    assert works(app, successor)
    successor_of_successor = one(dba, rotate, successor_id, timedelta(0))[1]
    assert not works(app, successor)
    assert works(app, successor_of_successor)


def test_rotate_keeps_what_the_key_is_for(app: Connection, dba: Connection, acme: Tenant) -> None:
    key_id = one(
        dba,
        "SELECT key_id FROM tenantry.issue_api_key(%s, 'billing', 'owner', 7, now() + interval '90 days')",
        acme.tenant_id,
    )[0]
    new_id = one(dba, "SELECT key_id FROM tenantry.rotate_api_key(%s, '1 day')", key_id)[0]
    described = "tenant_id, name, role, rate_limit_per_minute, expires_at - now()"
    old, new = (
        one(dba, f"SELECT {described} FROM tenantry.api_keys WHERE key_id = %s", key) for key in (key_id, new_id)
    )
    assert new[:4] == old[:4] == (acme.tenant_id, "billing", "owner", 7)
    assert timedelta(hours=23) < old[4] <= timedelta(days=1)
    assert timedelta(days=89) < new[4] <= timedelta(days=90)


def test_rotate_does_not_prolong(dba: Connection, acme: Tenant) -> None:
    soon = "SELECT key_id FROM tenantry.issue_api_key(%s, 'k', p_expires_at => now() + interval '1 hour')"
    key_id = one(dba, soon, acme.tenant_id)[0]
    dba.execute("SELECT tenantry.rotate_api_key(%s, '1 year')", [key_id])
    left = "SELECT expires_at - now() <= interval '1 hour' FROM tenantry.api_keys WHERE key_id = %s"
    assert one(dba, left, key_id) == (True,)


@pytest.mark.parametrize(
    ("key", "overlap", "sqlstate"),
    [
        ("own", None, INVALID_PARAMETER_VALUE),
        ("own", "-1 second", INVALID_PARAMETER_VALUE),
        ("own", "24 mons -360 days", INVALID_PARAMETER_VALUE),
        ("unknown", "1 day", NO_DATA_FOUND),
        ("none", "1 day", NO_DATA_FOUND),
        ("revoked", "1 day", NO_DATA_FOUND),
        ("expired", "1 day", NO_DATA_FOUND),
    ],
)
def test_rotate_refuses(
    dba: Connection, superuser: Connection, acme: Tenant, key: str, overlap: str | None, sqlstate: str
) -> None:
    if key == "revoked":
        dba.execute("SELECT tenantry.revoke_api_key(%s)", [acme.key_id])
    if key == "expired":
        superuser.execute("UPDATE tenantry_private.api_keys SET expires_at = now() WHERE key_id = %s", [acme.key_id])
    key_id = {"none": None, "unknown": UNKNOWN}.get(key, acme.key_id)
    with pytest.raises(psycopg.Error) as refusal:
        dba.execute("SELECT tenantry.rotate_api_key(%s, %s)", [key_id, overlap])
    assert refusal.value.sqlstate == sqlstate
    assert refusal.value.diag.message_hint


@pytest.mark.parametrize("key", [None, UNKNOWN])
def test_revoke_refuses(dba: Connection, key: str | None) -> None:
    with pytest.raises(psycopg.errors.NoDataFound) as refusal:
        dba.execute("SELECT tenantry.revoke_api_key(%s)", [key])
    assert refusal.value.diag.message_hint


def test_keys_go_with_their_tenant(superuser: Connection, acme: Tenant) -> None:
    kept = sql.SQL(
        "SELECT count(*) FROM tenantry_private.api_keys INNER JOIN tenantry_private.api_key_uses USING (key_id)"
        " WHERE key_id = %s"
    )
    assert superuser.execute(kept, [acme.key_id]).fetchone() == (1,)
    superuser.execute("DELETE FROM tenantry.tenants WHERE tenant_id = %s", [acme.tenant_id])
    assert superuser.execute(kept, [acme.key_id]).fetchone() == (0,)

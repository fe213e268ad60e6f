"""Each change of tenants, keys, members, grants and settings stands in the trail, and nothing secret or personal."""

import psycopg
import pytest

from tests.audit.trail import problems
from tests.support.database import Connection
from tests.support.tenants import Tenant, as_tenant, create_tenant

# Tables that hold state and are not audited, and why.
EXEMPT = {
    "tenantry.audit_log": "the log itself",
    "tenantry.audit_members": "what digests in the log stand for",
    "tenantry.audit_values": "values of the log; their digest is in the chain",
    "tenantry_private.audit_heads": "ends of the log's chains",
    "tenantry_private.audit_lanes": "the log's chains",
    "tenantry_private.audit_salts": "made with the tenant, never changed",
    "tenantry_private.api_key_uses": "use of a key, not a change of it",
    "tenantry_private.token_usage": "metering, not administration",
    "tenantry_private.stored_amounts": "metering, not administration",
    "tenantry_private.installed_definitions": "filled by the extension's scripts alone",
    "tenantry_private.guarded_relations": "what the guard has seen, not what anybody has set",
    "tenantry_private.pending_checks": "rows do not outlive their transaction",
    "tenantry_private.counters": "which counter counts for whom follows from the limits of the keys",
}

TABLES = """
SELECT c.oid::regclass::text, tenantry.is_audited(c.oid) OR EXISTS (
    SELECT FROM pg_trigger AS t WHERE t.tgrelid = c.oid AND t.tgfoid = 'tenantry.audit_changes'::regproc
)
FROM pg_class AS c
WHERE c.relnamespace IN ('tenantry'::regnamespace, 'tenantry_private'::regnamespace) AND c.relkind IN ('r', 'p')
    AND NOT c.relispartition
"""


def unaudited(superuser: Connection) -> set[str]:
    return {name for name, is_audited in superuser.execute(TABLES) if not is_audited}


def test_every_table_is_audited_or_exempt(superuser: Connection) -> None:
    assert unaudited(superuser) == set(EXEMPT)


def test_a_forgotten_table_is_found(superuser: Connection) -> None:
    superuser.execute("CREATE TABLE tenantry_private.forgotten (n int)")
    assert unaudited(superuser) - set(EXEMPT) == {"tenantry_private.forgotten"}


# What an admin does → the trail ("own" or "system"), table or operation, and a part of the record.
DEEDS = {
    "SELECT tenantry.suspend_tenant(%(tenant)s)": (
        "own",
        "tenantry.tenants",
        '{"new": {"status": "suspended"}, "old": {"status": "active"}}',
    ),
    "SELECT tenantry.update_tenant(%(tenant)s, p_name => 'Ann Smith')": ("own", "tenantry.tenants", "name"),
    "SELECT tenantry.issue_api_key(%(tenant)s, 'Ann''s laptop', 'viewer')": (
        "own",
        "tenantry_private.api_keys",
        '"role": "viewer"',
    ),
    "SELECT tenantry.revoke_api_key(%(key)s)": ("own", "tenantry_private.api_keys", "revoked_at"),
    "SELECT tenantry.rotate_api_key(%(key)s, '1 day')": ("own", "tenantry_private.api_keys", "expires_at"),
    "SELECT tenantry.set_rate_limit(%(key)s, 60)": (
        "own",
        "tenantry_private.api_keys",
        '"rate_limit_per_minute": "60"',
    ),
    "SELECT tenantry.add_member(%(tenant)s, 'ann@example.org', 'owner')": (
        "own",
        "tenantry_private.members",
        '"role": "owner"',
    ),
    "SELECT tenantry.set_role_clearance('boss', 'RESTRICTED')": (
        "system",
        "tenantry_private.role_clearances",
        '"clearance": "RESTRICTED"',
    ),
    "SELECT tenantry.set_context_mode('setting')": ("system", "tenantry_private.configuration", '"value": "setting"'),
    "SELECT tenantry.set_context_lifetime('1 minute')": (
        "system",
        "tenantry_private.configuration",
        "context_lifetime",
    ),
    "SELECT tenantry.set_audit_values('hashed')": ("system", "tenantry_private.configuration", "audit_values"),
    "SELECT tenantry.rotate_context_key()": ("system", "tenantry_private.signing_keys", "insert"),
    "SELECT tenantry.set_jwt_issuer('https://idp', p_default_role => 'viewer')": (
        "system",
        "tenantry_private.jwt_issuers",
        '"default_role": "viewer"',
    ),
    "SELECT tenantry.set_jwt_issuer('https://idp'),"
    " tenantry.add_jwt_secret('https://idp', sha256('secret'), p_kid => 'first')": (
        "system",
        "tenantry_private.jwt_keys",
        '"kid": "first"',
    ),
    "SELECT tenantry.set_jwt_issuer('https://idp'),"
    " tenantry.map_jwt_organization('https://idp', 'org_ann@example.org', %(tenant)s)": (
        "own",
        "tenantry_private.jwt_organizations",
        '"issuer": "https://idp"',
    ),
    "SELECT tenantry.set_jwt_issuer('https://idp'), tenantry.revoke_jwts_of_user('https://idp', 'ann@example.org')": (
        "system",
        "tenantry_private.jwt_user_revocations",
        "not_before",
    ),
    "SELECT tenantry.protect('plain')": ("system", "public.plain", '"tenant_column": "tenant_id"'),
    "SELECT tenantry.unprotect('safe')": ("system", "public.safe", "unprotect"),
    "SELECT tenantry.create_ai_schema('public', 3)": ("system", "tenantry.corpora", "public.chunks"),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_administration(dba: Connection, superuser: Connection, acme: Tenant, deed: str) -> None:
    trail, table, part = DEEDS[deed]
    dba.execute("CREATE TABLE plain (tenant_id uuid); CREATE TABLE safe (tenant_id uuid)")
    dba.execute("SELECT tenantry.protect('safe')")
    query = (
        "SELECT tenant_id, login, audit_log::text FROM tenantry.audit_log WHERE table_name = %s"
        " AND transaction_id >= %s::xid8"
    )
    (start,) = superuser.execute("SELECT pg_current_xact_id()::text").fetchone() or ("",)

    dba.execute(deed, {"tenant": acme.tenant_id, "key": acme.key_id})  # type: ignore[arg-type]

    found = superuser.execute(query, [table, start]).fetchall()
    assert {(tenant, login) for tenant, login, _ in found} == {(acme.tenant_id if trail == "own" else None, "dba")}
    everything = "".join(text.replace('\\"', '"').replace('""', '"') for _, _, text in found)
    assert part in everything
    assert "Ann" not in everything
    assert "ann@" not in everything
    secrets = superuser.execute(
        "SELECT encode(key_hash, 'hex') FROM tenantry_private.api_keys"
        " UNION ALL SELECT encode(inner_block, 'hex') FROM tenantry_private.signing_keys"
        " UNION ALL SELECT encode(inner_block, 'hex') FROM tenantry_private.jwt_keys"
    ).fetchall()
    assert not [secret for (secret,) in secrets if secret in everything]
    assert problems(superuser) == []


def test_a_member_is_told_by_the_digest_of_the_actor(
    dba: Connection, gateway: Connection, superuser: Connection, acme: Tenant, notes: str
) -> None:
    """Who was registered and who acted can be matched, without a name."""
    superuser.execute("GRANT tenantry_app TO gateway")
    dba.execute("SELECT tenantry.add_member(%s, 'ann@example.org', 'owner')", [acme.tenant_id])
    with gateway.transaction():
        gateway.execute("SELECT tenantry.enter_tenant(%s, 'ann@example.org')", [acme.tenant_id])
        gateway.execute(f"INSERT INTO {notes} (id) VALUES (1)".encode())
    superuser.execute("REVOKE tenantry_app FROM gateway")
    assert superuser.execute(
        "SELECT count(*) FROM tenantry.audit_log AS a, tenantry.audit_log AS b"
        " WHERE a.table_name = 'tenantry_private.members' AND a.row_keys[1] = encode(b.member_digest, 'hex')"
    ).fetchone() == (1,)


def test_a_share_is_on_record_on_both_sides(
    dba: Connection, app: Connection, superuser: Connection, acme: Tenant, globex: Tenant, notes: str
) -> None:
    share = (
        "INSERT INTO tenantry_private.shares (grantee_tenant_id, table_name, collection_id, owner_tenant_id)"
        " VALUES (%s, 'notes', %s, %s)"
    )
    superuser.execute(share, [globex.tenant_id, acme.tenant_id, acme.tenant_id])
    for tenant in (acme, globex):
        with as_tenant(app, tenant):
            assert app.execute(
                "SELECT operation, details -> 'rows' -> 0 -> 'new' ->> 'table_name' FROM tenantry.audit_log"
                " WHERE table_name = 'tenantry_private.shares'"
            ).fetchall() == [("insert", "public.notes")]


def test_failed_authentication(app: Connection, dba: Connection, superuser: Connection, acme: Tenant) -> None:
    """In the system's trail: nobody writes into a tenant's without its credential."""
    bad = acme.api_key[:-1] + ("0" if acme.api_key[-1] != "0" else "1")
    assert app.execute("SELECT tenantry.try_authenticate(%s)", [bad]).fetchone() == (None,)
    assert app.execute("SELECT tenantry.try_authenticate_jwt('x.y.z')").fetchone() == (None,)
    with pytest.raises(psycopg.errors.InvalidAuthorizationSpecification):
        app.execute("SELECT tenantry.authenticate(%s)", [bad])
    found = superuser.execute(
        "SELECT tenant_id, login, key_id, details FROM tenantry.audit_log WHERE operation = 'authentication_failed'"
        " ORDER BY occurred_at"
    ).fetchall()
    assert found == [
        (None, "app", None, {"method": "api_key", "claimed_tenant": str(acme.tenant_id), "client": None}),
        (None, "app", None, {"method": "jwt", "claimed_tenant": None, "client": None}),
    ]
    with as_tenant(app, acme):
        failed = "SELECT count(*) FROM tenantry.audit_log WHERE operation = 'authentication_failed'"
        assert app.execute(failed).fetchone() == (0,)
    assert dba.execute(failed).fetchone() == (2,)
    create_tenant(dba, "another")
    assert problems(superuser) == []

"""Who may call what, and that nobody but the owner reaches the private schema."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.identity.context import bodies
from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, as_tenant

ADMIN = [
    "tenantry.create_tenant('x', 'X')",
    "tenantry.suspend_tenant(%(tenant)s)",
    "tenantry.resume_tenant(%(tenant)s)",
    "tenantry.erase_scratch_tenant(tenantry.create_tenant('scratch-x', 'X'))",
    "tenantry.issue_api_key(%(tenant)s, 'x')",
    "tenantry.rotate_api_key(%(key)s, '0')",
    "tenantry.revoke_api_key(%(key)s)",
    "tenantry.set_rate_limit(%(key)s, 5)",
    "tenantry.set_tenant_limits(%(tenant)s, 5)",
    "tenantry.meter_tokens('documents', 'id')",
    "tenantry.meter_storage('documents')",
    "tenantry.begin_storage('documents', '{}', '{}', '{}')",
    "tenantry.rotate_context_key()",
    "tenantry.set_context_mode('sealed')",
    "tenantry.set_context_lifetime('1 hour')",
    "tenantry.set_role_clearance('x', 'PUBLIC')",
    "tenantry.add_member(%(tenant)s, 'ada', 'owner')",
    "tenantry.set_role_clearance('x', 'PUBLIC', true)",
    "tenantry.allow_session_scope('app')",
    "tenantry.disallow_session_scope('app')",
    "tenantry.unrestrict_readers('documents')",
    "tenantry.readers_column('documents')",
    "tenantry.reader_gaps('documents')",
    "tenantry.readers_condition('readers', NULL)",
    "tenantry.within_tenant('documents', 'tenant_id', false, 'true')",
    "tenantry.set_jwt_issuer('issuer')",
    "tenantry.remove_jwt_issuer('issuer')",
    "tenantry.map_jwt_organization('issuer', 'org', %(tenant)s)",
    "tenantry.unmap_jwt_organization('issuer', 'org')",
    'tenantry.add_jwks(\'issuer\', \'{"keys": [{"kty": "oct", "k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}\')',
    "tenantry.add_jwt_secret('issuer', sha256('x'))",
    "tenantry.retire_jwt_key('issuer', 'kid')",
    "tenantry.revoke_jwt('issuer', 'jti')",
    "tenantry.revoke_jwts_of_user('issuer', 'user')",
    "tenantry.explain_jwt('x')",
    "tenantry.protect('plain')",
    "tenantry.unprotect('documents')",
    "tenantry.check_protectable('plain')",
    "tenantry.attach_policies('plain', 'tenant_id', NULL)",
    "tenantry.detach_policies('plain')",
    "tenantry.tenant_policies('plain', 'tenant_id', NULL, true)",
    "tenantry.is_shared('plain')",
    "tenantry.forget_shares('plain')",
    "tenantry.enter_shared()",
    "tenantry.warn_of_oracles('documents', 'tenant_id')",
    "tenantry.protection_gaps('documents')",
    "tenantry.policy_column('documents', 'tenantry_isolation')",
    "tenantry.application_roles()",
]
ADMIN_VIEWS = [
    "tenantry.jwt_issuers",
    "tenantry.jwt_keys",
    "tenantry.jwt_organizations",
    "tenantry.api_keys",
    "tenantry.failed_authentications",
    "tenantry.protected_tables",
]


@pytest.fixture(scope="module", autouse=True)
def plain(dba: Connection) -> None:
    dba.execute("CREATE TABLE plain (tenant_id uuid, id int)")
    dba.execute("SELECT tenantry.add_jwt_secret('issuer', sha256('x'), p_kid => 'kid')")
    dba.execute("SELECT tenantry.map_jwt_organization('issuer', 'org', tenantry.create_tenant('mapped', 'Mapped'))")


@pytest.fixture
def stranger(module_database: Database, superuser: Connection) -> Iterator[Connection]:
    """A login that the DBA has granted a protected table to, but no role of tenantry's."""
    superuser.execute("CREATE ROLE stranger LOGIN")
    superuser.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON documents TO stranger")
    with module_database.connect("stranger") as stranger:
        yield stranger
    superuser.execute("DROP OWNED BY stranger")
    superuser.execute("DROP ROLE stranger")


@pytest.mark.parametrize("call", ADMIN)
def test_admin_functions(
    module_database: Database, app: Connection, dba: Connection, gateway: Connection, acme: Tenant, call: str
) -> None:
    query, parameters = f"SELECT {call}", {"tenant": acme.tenant_id, "key": acme.key_id}
    for denied in (app, gateway):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            denied.execute(query, parameters)  # type: ignore[arg-type]
    with pytest.raises(psycopg.errors.InsufficientPrivilege), as_tenant(app, acme):
        app.execute(query, parameters)  # type: ignore[arg-type]
    with dba.transaction():
        dba.execute("SELECT tenantry.allow_session_scope('app')")
        dba.execute(query, parameters)  # type: ignore[arg-type]
        raise psycopg.Rollback


@pytest.mark.parametrize("view", ADMIN_VIEWS)
def test_admin_views(app: Connection, dba: Connection, gateway: Connection, acme: Tenant, view: str) -> None:
    for denied in (app, gateway):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            denied.execute(f"TABLE {view}")  # type: ignore[arg-type]
    assert dba.execute(f"TABLE {view}").rowcount > 0  # type: ignore[arg-type]


def test_an_admin_opens_no_context(dba: Connection, acme: Tenant) -> None:
    for call in ("tenantry.authenticate(%(key)s)", "tenantry.enter_tenant(%(tenant)s)"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            dba.execute(f"SELECT {call}", {"key": acme.api_key, "tenant": acme.tenant_id})  # type: ignore[arg-type]


@pytest.mark.parametrize("role", ["app", "dba", "gateway"])
def test_private_schema(module_database: Database, superuser: Connection, role: str) -> None:
    objects = superuser.execute(
        "SELECT format('TABLE %s', oid::regclass) FROM pg_class"
        " WHERE relnamespace = 'tenantry_private'::regnamespace AND relkind IN ('r', 'v')"
        " UNION ALL SELECT format('SELECT %s(%s)', oid::regproc, (SELECT string_agg('NULL', ', ')"
        "     FROM generate_series(1, pronargs))) FROM pg_proc"
        " WHERE pronamespace = 'tenantry_private'::regnamespace AND prorettype <> 'trigger'::regtype"
    ).fetchall()
    assert len(objects) > 10
    with module_database.connect(role) as session:
        for (statement,) in objects:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(statement)


def test_a_grant_of_the_table_is_not_enough(stranger: Connection, app: Connection, acme: Tenant) -> None:
    """Without a role of tenantry's the policies themselves cannot be evaluated."""
    for statement in (
        "SELECT FROM documents",
        "INSERT INTO documents (tenant_id, id) VALUES (gen_random_uuid(), 9)",
        "UPDATE documents SET body = 'x'",
        "DELETE FROM documents",
        "SELECT tenantry.current_tenant()",
        "SELECT tenantry.authenticate('x')",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            stranger.execute(statement)  # type: ignore[arg-type]
    with as_tenant(app, acme):
        assert bodies(app) == [acme.slug]


def test_the_owner_of_a_table_is_bound_as_well(dba: Connection, acme: Tenant) -> None:
    assert bodies(dba) == []
    assert dba.execute("DELETE FROM documents").rowcount == 0
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        dba.execute("INSERT INTO documents (tenant_id, id) VALUES (%s, 9)", [acme.tenant_id])

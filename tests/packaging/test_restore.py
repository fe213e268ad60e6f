"""pg_dump and pg_restore give the same catalog, with data in it that is still protected."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
from psycopg import sql

from tests.identity.tokens import AUDIENCE, ISSUER, SECRETS, claims, jwks, token
from tests.support.catalog import catalog_text
from tests.support.cluster import Cluster
from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, as_tenant, create_tenant

SCHEMAS = ("tenantry", "tenantry_private", "shop")
BINDIR = Path(subprocess.check_output([os.environ.get("PG_CONFIG", "pg_config"), "--bindir"], text=True).strip())


class Restored(NamedTuple):
    """A database with tenants, and what came of its dump."""

    source: Database
    copy: Database
    dump: str
    acme: Tenant
    globex: Tenant
    suspended: Tenant
    limited: Tenant


@pytest.fixture(scope="module")
def restored(
    module_database: Database, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Restored]:
    superuser, dba, app = (module_database.connect(role) for role in ("postgres", "dba", "app"))
    acme, globex, suspended, limited = (create_tenant(dba, slug) for slug in ("acme", "globex", "suspended", "limited"))
    superuser.execute("CREATE SCHEMA shop AUTHORIZATION dba")
    dba.execute(
        """
        CREATE TABLE shop.orders (organization_id uuid, item text, level text DEFAULT 'PUBLIC');
        CREATE TABLE shop.events (tenant_id uuid, at date) PARTITION BY RANGE (at);
        CREATE TABLE shop.events_2025 PARTITION OF shop.events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
        SELECT tenantry.protect('shop.orders', 'organization_id', 'level');
        SELECT tenantry.protect('shop.events');
        CREATE TABLE shop.guides (tenant_id uuid, body text);
        CREATE TABLE shop.dropped (tenant_id uuid);
        SELECT tenantry.protect('shop.guides', p_shared => true), tenantry.protect('shop.dropped', p_shared => true);
        SELECT tenantry.create_ai_schema('shop', 3);
        SELECT tenantry.set_role_clearance('viewer', 'INTERNAL');
        GRANT USAGE ON SCHEMA shop TO tenantry_app;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA shop TO tenantry_app;
        """
    )
    for tenant in (acme, globex):
        with as_tenant(app, tenant):
            app.execute("INSERT INTO shop.orders (item) VALUES (%s)", [tenant.slug])
            app.execute("INSERT INTO shop.events (at) VALUES ('2025-06-01')")
            app.execute("INSERT INTO shop.documents (title) VALUES (%s)", [tenant.slug])
    dba.execute("SELECT tenantry.suspend_tenant(%s)", [suspended.tenant_id])
    dba.execute("SELECT tenantry.set_rate_limit(%s, 3)", [limited.key_id])
    dba.execute("SELECT tenantry.set_tenant_limits(%s, 100)", [acme.tenant_id])
    with as_tenant(app, acme):
        app.execute("INSERT INTO shop.prompts (prompt_text, usage_tokens) VALUES ('x', 60)")
    with dba.transaction():
        dba.execute("SELECT tenantry.enter_shared()")
        ((legal,),) = dba.execute("SELECT tenantry.create_collection('legal')").fetchall()
        dba.execute("INSERT INTO shop.guides (tenant_id, body) VALUES (%s, 'legal')", [legal])
        dba.execute("INSERT INTO shop.guides (body) VALUES ('not granted')")
        for table in ("shop.guides", "shop.dropped"):
            dba.execute("SELECT tenantry.grant_shared(%s, %s, 'legal')", [acme.tenant_id, table])
    dba.execute("DROP TABLE shop.dropped")
    dba.execute("SELECT tenantry.add_member(%s, 'ada', 'owner')", [acme.tenant_id])
    dba.execute("SELECT tenantry.allow_session_scope('app', '8 hours')")
    dba.execute("SELECT tenantry.set_jwt_issuer(%s, %s, p_role_claim => 'app.role')", [ISSUER, [AUDIENCE]])
    dba.execute("SELECT tenantry.add_jwt_secret(%s, %s, p_kid => 'HS256')", [ISSUER, SECRETS["HS256"]])
    dba.execute("SELECT tenantry.add_jwks(%s, %s)", [ISSUER, jwks("ES256")])
    dba.execute("SELECT tenantry.map_jwt_organization(%s, 'org_globex', %s)", [ISSUER, globex.tenant_id])
    dba.execute("SELECT tenantry.revoke_jwt(%s, 'gone')", [ISSUER])
    dba.execute("SELECT tenantry.revoke_jwts_of_user(%s, 'signed-out')", [ISSUER])

    file = tmp_path_factory.mktemp("dump") / "tenants.dump"
    server = ["-h", cluster.host, "-p", str(cluster.port), "-U", cluster.user]
    copy = Database(module_database.host, module_database.port, f"{module_database.name}_copy")
    name = sql.Identifier(copy.name)
    with file.open("w") as output:
        subprocess.run([BINDIR / "pg_dump", *server, "-Fc", module_database.name], stdout=output, check=True)
    superuser.execute(sql.SQL("CREATE DATABASE {}").format(name))
    subprocess.run([BINDIR / "pg_restore", *server, "--exit-on-error", "-d", copy.name, file], check=True)
    dump = subprocess.check_output([BINDIR / "pg_restore", "-f", "-", file], text=True)
    try:
        yield Restored(module_database, copy, dump, acme, globex, suspended, limited)
    finally:
        copy.close()
        superuser.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture(scope="module")
def source(restored: Restored) -> Connection:
    return restored.source.connect("postgres")


@pytest.fixture(scope="module")
def copy(restored: Restored) -> Connection:
    return restored.copy.connect("postgres")


@pytest.fixture(scope="module")
def app(restored: Restored) -> Connection:
    return restored.copy.connect("app")


def differences(source: Connection, copy: Connection) -> set[str]:
    return set(catalog_text(source, *SCHEMAS)) ^ set(catalog_text(copy, *SCHEMAS))


def test_catalogs_are_alike(source: Connection, copy: Connection) -> None:
    assert differences(source, copy) == set()


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ("ALTER FUNCTION tenantry.create_tenant RESET search_path", "function"),
        ("ALTER FUNCTION tenantry.create_tenant SECURITY INVOKER", "function"),
        ("GRANT EXECUTE ON FUNCTION tenantry.create_tenant TO PUBLIC", "function"),
        ("COMMENT ON FUNCTION tenantry.create_tenant IS 'other'", "function"),
        ("GRANT USAGE ON SCHEMA tenantry_private TO tenantry_app", "schema"),
        ("ALTER TABLE shop.orders NO FORCE ROW LEVEL SECURITY", "relation"),
        ("GRANT TRUNCATE ON shop.orders TO tenantry_app", "relation"),
        ("ALTER TABLE shop.orders ALTER organization_id DROP DEFAULT", "column"),
        ("ALTER TABLE shop.orders ALTER organization_id DROP NOT NULL", "column"),
        ("ALTER TABLE shop.orders DROP CONSTRAINT orders_organization_id_fkey", "constraint"),
        ("DROP INDEX shop.orders_organization_id_idx", "index"),
        ("DROP TRIGGER tenantry_refuse_tenant_change ON shop.orders", "trigger"),
        ("DROP POLICY tenantry_isolation ON shop.events_2025", "policy"),
        ("ALTER POLICY tenantry_isolation ON shop.orders USING (true)", "policy"),
        ("ALTER EXTENSION tenantry DROP FUNCTION tenantry.current_tenant()", "member"),
        ("UPDATE pg_extension SET extcondition[1] = 'WHERE false' WHERE extname = 'tenantry'", "dumped table"),
    ],
)
def test_comparison_sees_a_change(change: str, kind: str, source: Connection, copy: Connection) -> None:
    with copy.transaction() as attempt:
        copy.execute(change.encode())
        assert any(line.startswith(f"{kind} ") for line in differences(source, copy))
        raise psycopg.Rollback(attempt)


def test_keys_and_rows_survive(restored: Restored, app: Connection) -> None:
    for tenant in (restored.acme, restored.globex):
        with as_tenant(app, tenant):
            assert app.execute("SELECT item FROM shop.orders").fetchall() == [(tenant.slug,)]
            assert app.execute("SELECT title FROM shop.documents").fetchall() == [(tenant.slug,)]
            assert app.execute("SELECT count(*) FROM shop.events_2025").fetchone() == (1,)


def test_protection_survives(restored: Restored, app: Connection, source: Connection, copy: Connection) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), as_tenant(app, restored.acme):
        app.execute("INSERT INTO shop.orders VALUES (%s, 'stolen')", [restored.globex.tenant_id])
    assert app.execute("SELECT item FROM shop.orders").fetchall() == []
    query = "SELECT p::text FROM tenantry.protected_tables AS p ORDER BY 1"
    tables = copy.execute(query).fetchall()
    assert tables == source.execute(query).fetchall()
    assert len(tables) >= 3


def test_what_admins_set_survives(restored: Restored, app: Connection, source: Connection, copy: Connection) -> None:
    with pytest.raises(psycopg.errors.InvalidAuthorizationSpecification), as_tenant(app, restored.suspended):
        pass
    for query, rows in (
        ("SELECT role, clearance FROM tenantry_private.role_clearances ORDER BY 1", [("viewer", "INTERNAL")]),
        ("SELECT user_id, role FROM tenantry.members", [("ada", "owner")]),
        ("SELECT login_role, lifetime::text FROM tenantry.session_logins", [("app", "08:00:00")]),
    ):
        assert source.execute(query).fetchall() == copy.execute(query).fetchall() == rows


def test_limits_survive(restored: Restored, app: Connection, copy: Connection) -> None:
    """Counters are sequences that a function has made: the dump carries them, and their link to the key."""
    for _ in range(3):
        with as_tenant(app, restored.limited):
            pass
    with pytest.raises(psycopg.errors.ConfigurationLimitExceeded), as_tenant(app, restored.limited):
        pass
    dba = restored.copy.connect("dba")
    dba.execute("SELECT tenantry.set_rate_limit(%s, 5)", [restored.limited.key_id])
    with as_tenant(app, restored.limited):
        pass
    refused = copy.execute("SELECT refused_requests FROM tenantry.api_keys WHERE refused_requests IS NOT NULL")
    assert refused.fetchall() == [(1,)]


def test_shares_survive(restored: Restored, app: Connection, source: Connection, copy: Connection) -> None:
    """And no share of a table that is gone: it would come back under a number, which may be another table's."""
    for tenant, rows in ((restored.acme, [("legal",)]), (restored.globex, [])):
        with as_tenant(app, tenant):
            assert app.execute("SELECT body FROM shop.guides").fetchall() == rows
    query = "SELECT count(*) FROM tenantry.all_shares"
    assert source.execute(query).fetchone() == (2,)
    assert copy.execute(query).fetchone() == (1,)


def test_quotas_and_usage_survive(restored: Restored, app: Connection, source: Connection, copy: Connection) -> None:
    query = "SELECT requests, tokens FROM tenantry.tenant_usage WHERE tenant_id = %s"
    for database in (source, copy):
        assert database.execute(query, [restored.acme.tenant_id]).fetchall() == [(1, 60)]
    spend = "INSERT INTO shop.prompts (prompt_text, usage_tokens) VALUES ('x', %s)"
    with pytest.raises(psycopg.errors.ConfigurationLimitExceeded), as_tenant(app, restored.acme):
        app.execute(spend, [41])
    with as_tenant(app, restored.acme):
        app.execute(spend, [40])


def test_tokens_survive(restored: Restored, app: Connection) -> None:
    def open_context(credential: str) -> None:
        with app.transaction():
            app.execute("SELECT tenantry.authenticate_jwt(%s)", [credential])
            assert app.execute("SELECT item FROM shop.orders").fetchall() == [("globex",)]

    globex = claims("org_globex")
    open_context(token(globex))
    open_context(token(globex, "ES256"))
    for bad in ({**globex, "jti": "gone"}, {**globex, "user_id": "signed-out", "iat": 1}, {**globex, "aud": "other"}):
        with pytest.raises(psycopg.errors.InvalidAuthorizationSpecification):
            open_context(token(bad))


def test_dump_carries_no_secret(restored: Restored, source: Connection) -> None:
    keys = source.execute("SELECT encode(inner_block, 'hex') FROM tenantry_private.signing_keys").fetchall()
    assert keys
    for (secret,) in [*keys, (restored.acme.api_key,)]:
        assert secret not in restored.dump
    assert str(restored.acme.tenant_id) in restored.dump

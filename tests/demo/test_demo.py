"""The demo does what it says, and would say so if an attack succeeded."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from tenantry_demo.attacks import Stage, attempt, list_attacks
from tenantry_demo.installation import MEMBERSHIPS
from tests.support.cluster import CHECKOUT, Cluster
from tests.support.database import Connection
from tests.support.tenants import Tenant, as_tenant

DATABASE = "tenantry_demo"


@pytest.fixture
def afterwards_no_trace(cluster: Cluster) -> Iterator[None]:
    yield
    with psycopg.connect(host=cluster.host, port=cluster.port, user=cluster.user, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(DATABASE)))
        for login in MEMBERSHIPS:
            server.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(login)))


@pytest.mark.usefixtures("afterwards_no_trace")
def test_demo_ends_with_every_attack_held(cluster: Cluster) -> None:
    environment = os.environ | {
        "PGHOST": cluster.host,
        "PGPORT": str(cluster.port),
        "PGUSER": cluster.user,
        "PGDATABASE": DATABASE,
        "PYTHONPATH": str(CHECKOUT / "python"),
    }
    demo = subprocess.run(
        [sys.executable, "-m", "tenantry_demo"], env=environment, capture_output=True, text=True, check=False
    )
    assert demo.returncode == 0, demo.stdout + demo.stderr
    summary = re.search(r"(\d+) attacks, (\d+) held", demo.stdout)
    assert summary
    assert summary[1] == summary[2]
    assert int(summary[1]) >= 15
    assert "LEAK" not in demo.stdout
    assert "none of another tenant" in demo.stdout


@pytest.fixture
def stage(dba: Connection, app: Connection, two_tenants: tuple[Tenant, Tenant]) -> Stage:
    attacker, victim = two_tenants
    dba.execute("SELECT tenantry.create_ai_schema('public', 3)")
    for tenant in two_tenants:
        with as_tenant(app, tenant):
            app.execute("INSERT INTO documents (title) VALUES ('report')")
            app.execute("INSERT INTO chunks (document_id, ordinal, content) SELECT id, 0, title FROM documents")
            ((document, context),) = app.execute(
                "SELECT id, current_setting('tenantry.context') FROM documents"
            ).fetchall()
    return Stage(attacker.tenant_id, victim.tenant_id, attacker.api_key, context, document, own_rows=1)


@pytest.mark.parametrize(
    ("title", "sabotage"),
    [
        ("A forgotten WHERE", "ALTER TABLE chunks DISABLE ROW LEVEL SECURITY"),
        (
            "The other tenant by name",
            "ALTER TABLE chunks NO FORCE ROW LEVEL SECURITY; ALTER TABLE chunks OWNER TO app",
        ),
        (
            "A row for the victim",
            "ALTER TABLE documents DISABLE ROW LEVEL SECURITY; ALTER TABLE documents DISABLE TRIGGER USER",
        ),
        (
            "The table of API keys",
            "GRANT USAGE ON SCHEMA tenantry_private TO app; GRANT SELECT ON tenantry_private.api_keys TO app",
        ),
        (
            "TRUNCATE, which no policy binds",
            "GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO app; ALTER TABLE documents DISABLE TRIGGER USER;"
            "ALTER TABLE chunks DISABLE TRIGGER USER; ALTER TABLE document_lineage DISABLE TRIGGER USER",
        ),
        ("Entering without a key", "GRANT tenantry_gateway TO app"),
    ],
)
def test_demo_sees_a_leak(superuser: Connection, app: Connection, stage: Stage, title: str, sabotage: str) -> None:
    app.prepare_threshold = None
    attack = next(attack for attack in list_attacks(stage) if attack.title == title)
    assert attempt(app, attack, stage).held
    superuser.execute(sabotage.encode())
    try:
        assert not attempt(app, attack, stage).held
    finally:
        superuser.execute(sql.SQL("REVOKE tenantry_gateway FROM app"))

"""What is dumped from a database whose guard enforces is restored by any way of restoring, and guarded afterwards."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.support.catalog import catalog_text
from tests.support.cluster import Cluster
from tests.support.database import Connection, Database

BINDIR = Path(subprocess.check_output([os.environ.get("PG_CONFIG", "pg_config"), "--bindir"], text=True).strip())
SCHEMAS = ("m", "loose", "tenantry", "tenantry_private")
MAKE = """
    CREATE TABLE m.orders (id int, tenant_id uuid, level text, readers text[]);
    SELECT tenantry.protect('m.orders', p_permission_column => 'level');
    SELECT tenantry.restrict_to_readers('m.orders', 'readers');
    CREATE TABLE m.guides (organization uuid, body text);
    SELECT tenantry.protect('m.guides', 'organization', p_shared => true);
    CREATE TABLE m.events (tenant_id uuid, at int) PARTITION BY RANGE (at);
    CREATE TABLE m.events_1 PARTITION OF m.events FOR VALUES FROM (0) TO (10);
    CREATE TABLE m.events_2 PARTITION OF m.events FOR VALUES FROM (10) TO (20);
    SELECT tenantry.protect('m.events');
    CREATE TABLE m.legacy (id int PRIMARY KEY, name text);
    -- pg_dump splits this view in two: its GROUP BY rests on the primary key.
    CREATE VIEW m.good WITH (security_invoker = true) AS SELECT id, name FROM m.legacy GROUP BY id;
    CREATE MATERIALIZED VIEW m.totals AS SELECT count(*) FROM m.legacy;
    CREATE FUNCTION m.definer() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
    CREATE TABLE loose.tasks (tenant_id uuid);
    SELECT tenantry.protect('loose.tasks');
    GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA m, loose TO tenantry_app;
    SELECT tenantry.exempt('m.totals', 'counts the rows of nobody');
    SELECT tenantry.exempt_routine('m.definer()', 'tells a constant');
    SELECT tenantry.manage_schema('m');
    SELECT tenantry.set_guard('enforce');
"""
WAYS = {
    "plain": ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "{plain}"],
    "plain in a transaction": ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "--single-transaction", "-f", "{plain}"],
    "custom": ["pg_restore", "--exit-on-error", "{custom}"],
    "parallel": ["pg_restore", "--exit-on-error", "-j2", "{custom}"],
    "single transaction": ["pg_restore", "--single-transaction", "{custom}"],
}


@pytest.fixture(scope="module")
def source(module_database: Database) -> Connection:
    superuser = module_database.connect("postgres")
    superuser.execute("CREATE SCHEMA m AUTHORIZATION dba; CREATE SCHEMA loose AUTHORIZATION dba")
    module_database.connect("dba").execute(MAKE)
    return superuser


@pytest.fixture(scope="module")
def dumps(
    source: Connection, module_database: Database, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("dumps")
    server = ["-h", cluster.host, "-p", str(cluster.port), "-U", cluster.user]
    found = {}
    for name, form in (("plain", "-Fp"), ("custom", "-Fc")):
        found[name] = str(folder / name)
        subprocess.run([BINDIR / "pg_dump", *server, form, "-f", found[name], module_database.name], check=True)
    return found


def restore(cluster: Cluster, way: list[str], dumps: dict[str, str], database: str) -> subprocess.CompletedProcess[str]:
    program, *arguments = (word.format(**dumps) for word in way)
    server = ["-h", cluster.host, "-p", str(cluster.port), "-U", cluster.user, "-d", database]
    return subprocess.run([BINDIR / program, *server, *arguments], capture_output=True, text=True, check=False)


@pytest.fixture
def copy(source: Connection, module_database: Database) -> Iterator[Database]:
    database = Database(module_database.host, module_database.port, f"{module_database.name}_copy")
    name = sql.Identifier(database.name)
    source.execute(sql.SQL("CREATE DATABASE {}").format(name))
    yield database
    database.close()
    source.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


EXEMPTIONS = "SELECT object_name, reason FROM tenantry.exemptions ORDER BY 1"
MEMORY = (
    "SELECT relation::regclass::text, root::regclass::text, is_whole FROM tenantry_private.guarded_relations ORDER BY 1"
)


@pytest.mark.parametrize("way", WAYS)
def test_restored_and_guarded(
    way: str, dumps: dict[str, str], copy: Database, cluster: Cluster, source: Connection
) -> None:
    done = restore(cluster, WAYS[way], dumps, copy.name)
    assert done.returncode == 0, done.stderr

    restored = copy.connect("postgres")
    assert set(catalog_text(source, *SCHEMAS)) == set(catalog_text(restored, *SCHEMAS))
    for query in (MEMORY, EXEMPTIONS, "SELECT tenantry.guard_mode()"):
        assert restored.execute(query).fetchall() == source.execute(query).fetchall()

    for attack in (
        "CREATE TABLE m.n (x int)",
        "ALTER TABLE m.orders DISABLE ROW LEVEL SECURITY",
        "DROP POLICY tenantry_isolation ON m.events_2",
        "ALTER VIEW m.good RESET (security_invoker)",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="the guard refuses"):
            restored.execute(attack)
    restored.execute("ALTER TABLE m.legacy ADD more int")


def test_over_itself(dumps: dict[str, str], copy: Database, cluster: Cluster) -> None:
    """pg_restore --clean drops policies one by one: the guard refuses that, unless it is off."""
    assert restore(cluster, WAYS["custom"], dumps, copy.name).returncode == 0
    again = ["pg_restore", "--clean", "--if-exists", "{custom}"]

    refused = restore(cluster, [*again, "--exit-on-error"], dumps, copy.name)
    assert "the guard refuses m." in refused.stderr
    copy.connect("postgres").execute("SELECT tenantry.set_guard('off')")
    off = restore(cluster, [*again, "--exit-on-error"], dumps, copy.name)
    assert off.stderr == ""
    assert copy.connect("postgres").execute("SELECT tenantry.guard_mode()").fetchone() == ("enforce",)

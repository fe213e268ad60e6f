"""Parallel plans: workers filter by the tenant that the leader has verified."""

from collections.abc import Iterator
from typing import LiteralString

import pytest

from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, as_tenant, create_tenant

# Acme has 3,000 rows and globex 4,000, numbered from 1.
QUERIES: dict[LiteralString, tuple[object, object]] = {
    "SELECT count(*) FROM {t}": (3000, 4000),
    "SELECT sum(id) FROM {t}": (4501500, 8002000),
    "SELECT max(id) FROM {t}": (3000, 4000),
    "SELECT count(DISTINCT tenant_id) FROM {t}": (1, 1),
    "SELECT count(*) FROM {t} a JOIN {t} b USING (id)": (3000, 4000),
    "SELECT count(*) FROM {t} WHERE id IN (SELECT id FROM {t} WHERE id % 2 = 0)": (1500, 2000),
    "SELECT count(*) FROM (SELECT id % 7 FROM {t} GROUP BY 1) g": (7, 7),
    "SELECT count(*) FROM {t} WHERE tenant_id <> (SELECT tenantry.current_tenant())": (0, 0),
}


@pytest.fixture(scope="module")
def tenants(module_database: Database) -> tuple[Tenant, Tenant]:
    dba, app = module_database.connect("dba"), module_database.connect("app")
    acme, globex = create_tenant(dba, "acme"), create_tenant(dba, "globex")
    dba.execute("CREATE TABLE plain (tenant_id uuid, id int)")
    dba.execute("CREATE TABLE partitioned (tenant_id uuid, id int) PARTITION BY HASH (id)")
    for i in range(3):
        dba.execute(f"CREATE TABLE p{i} PARTITION OF partitioned FOR VALUES WITH (MODULUS 3, REMAINDER {i})")  # type: ignore[arg-type]
    for table in ("plain", "partitioned"):
        dba.execute(f"SELECT tenantry.protect('{table}')")  # type: ignore[arg-type]
        dba.execute(f"GRANT SELECT, INSERT ON {table} TO app")  # type: ignore[arg-type]
        for tenant, rows in ((acme, 3000), (globex, 4000)):
            with as_tenant(app, tenant):
                app.execute(f"INSERT INTO {table} (id) SELECT generate_series(1, {rows})")  # type: ignore[arg-type]
        dba.execute(f"ANALYZE {table}")  # type: ignore[arg-type]
    return acme, globex


@pytest.fixture
def app(module_database: Database, tenants: tuple[Tenant, Tenant]) -> Iterator[Connection]:
    with module_database.connect("app") as app:
        forced = "debug_parallel_query" if app.info.server_version >= 160000 else "force_parallel_mode"
        app.execute(f"SET {forced} = on")  # type: ignore[arg-type]
        for setting in ("min_parallel_table_scan_size", "parallel_setup_cost", "parallel_tuple_cost"):
            app.execute(f"SET {setting} = 0")  # type: ignore[arg-type]
        app.execute("SET parallel_leader_participation = off")
        # Autovacuum may come, after which one process is quicker with the index alone.
        app.execute("SET enable_indexonlyscan = off")
        yield app


@pytest.mark.parametrize("table", ["plain", "partitioned"])
@pytest.mark.parametrize(("query", "expected"), QUERIES.items())
def test_each_tenant_counts_its_own(
    app: Connection, tenants: tuple[Tenant, Tenant], query: LiteralString, expected: tuple[object, object], table: str
) -> None:
    query = query.replace("{t}", table)
    for tenant, value in zip(tenants, expected, strict=True):
        with as_tenant(app, tenant):
            plan = str(app.execute(f"EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) {query}").fetchall())
            assert "Workers Launched: " in plan
            assert "Workers Launched: 0" not in plan
            assert app.execute(query).fetchone() == (value,)
    assert app.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # type: ignore[arg-type]

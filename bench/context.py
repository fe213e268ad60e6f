"""What a tenant's context costs a request, through the client, and whether policies leave the plans alone.

Three tables hold the same rows of many tenants: one without row-level security, one with the plain pattern's policy on
a setting, and one that is protected. All variants go through the client, with the same round trips: BEGIN and one call
in XX
The plain pattern (b) authenticates nobody, since it takes the tenant from the application. What is like it is (d),
where a trusted back end names the tenant; what is like (c) is (b+), where the application looks the key up in a table
of its own, in the call that sets the tenant.
"""

from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

import numpy as np

from bench.pairing import Samples, alternate, latencies
from bench.report import Comparison, Experiment
from bench.server import Connection, Tenant, conninfo
from bench.sizes import Sizes
from tenantry import ApiKey, Member, Principal, TenantPool

PLAIN = "(a)  hand-written filter, no RLS"
SETTING = "(b)  SET LOCAL and current_setting"
SETTING_BY_KEY = "(b+) the same, the tenant looked up by API key"
SEALED = "(c)  sealed context by API key"
SEALED_BY_GATEWAY = "(d)  sealed context by enter_tenant"

RATIO_GOAL = 1.15
ADDED_GOAL = 100.0  # µs

# Requests come from so many tenants in turn: few enough for each to come back within the minute, in which the use of a
# key is noted once. What noting costs is a figure of its own, in bench.calls.
BUSY_TENANTS = 50

NETWORK = 3 * 500.0  # µs: three round trips between two machines of a data centre

TABLES = {
    PLAIN: "items_plain",
    SETTING: "items_setting",
    SETTING_BY_KEY: "items_setting",
    SEALED: "items",
    SEALED_BY_GATEWAY: "items",
}
POINT = "SELECT body FROM {} WHERE {} id = %(id)s"
# PostgreSQL plans a range anew each time, even in a prepared statement, so planning the policy is part of this one.
LIST = "SELECT id, body FROM {} WHERE {} id >= %(id)s ORDER BY id LIMIT 50"
FILTER = "tenant_id = %(tenant)s AND"

# Nothing but the policy tells PostgreSQL the tenant.
STATEMENTS = {
    "point look-up": POINT.format("items", ""),
    "list": LIST.format("items", ""),
    "count": "SELECT count(*) FROM items",
    "update": "UPDATE items SET body = '' WHERE id = %(id)s",
    "delete": "DELETE FROM items WHERE id = %(id)s",
    "join": "SELECT count(*) FROM items AS i JOIN items AS j ON i.id = j.id + 1",
}


class NoContext(ApiKey):
    """Takes the place of a credential where no context is opened."""

    statement = b"SELECT $1::text"


class PlainSetting(ApiKey):
    """Names the tenant in the setting of the plain pattern."""

    statement = b"SELECT pg_catalog.set_config('app.current_tenant_id', $1, true)"


class PlainSettingByKey(ApiKey):
    """Looks the tenant up, as an application does that keeps hashes of its keys, and names it in the setting."""

    statement = (
        b"SELECT pg_catalog.set_config('app.current_tenant_id', tenant_id::text, true) FROM keys_plain"
        b" WHERE key_hash = pg_catalog.sha256($1::text::bytea) AND is_active"
    )


CREDENTIALS: dict[str, Callable[[Tenant], Principal]] = {
    PLAIN: lambda tenant: NoContext(str(tenant.tenant_id)),
    SETTING: lambda tenant: PlainSetting(str(tenant.tenant_id)),
    SETTING_BY_KEY: lambda tenant: PlainSettingByKey(tenant.api_key),
    SEALED: lambda tenant: ApiKey(tenant.api_key),
    SEALED_BY_GATEWAY: lambda tenant: Member(tenant.tenant_id),
}


def create_tables(dba: Connection, tenants: list[Tenant], rows: int) -> None:
    """Fill three like tables, protected in the three ways, with as many rows for each tenant."""
    dba.execute(
        "CREATE TABLE keys_plain (key_hash bytea PRIMARY KEY, tenant_id uuid NOT NULL, is_active bool NOT NULL)"
    )
    with dba.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO keys_plain VALUES (sha256(%s::text::bytea), %s, true)",
            [(tenant.api_key, tenant.tenant_id) for tenant in tenants],
        )
    dba.execute(
        "CREATE TABLE items_plain"
        " (tenant_id uuid NOT NULL, id int NOT NULL, body text NOT NULL, PRIMARY KEY (tenant_id, id))"
    )
    dba.execute(
        "INSERT INTO items_plain"
        " SELECT t.tenant_id, i, repeat(md5(i::text), 3) FROM tenantry.tenants AS t, generate_series(1, %s) AS i",
        [rows],
    )
    for table in ("items_setting", "items"):
        dba.execute(f"CREATE TABLE {table} (LIKE items_plain INCLUDING ALL)")
        dba.execute(f"INSERT INTO {table} TABLE items_plain")
    dba.execute("ALTER TABLE items_setting ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    dba.execute(
        "CREATE POLICY isolation ON items_setting USING (tenant_id = current_setting('app.current_tenant_id')::uuid)"
    )
    dba.execute("SELECT tenantry.protect('items', p_audit => false)")
    for table in {"keys_plain", *TABLES.values()}:
        dba.execute(f"VACUUM ANALYZE {table}")
        dba.execute(f"GRANT SELECT, UPDATE, DELETE ON {table} TO tenantry_app, tenantry_gateway")


def measure(dba: Connection, tenants: list[Tenant], sizes: Sizes, generator: np.random.Generator) -> list[Experiment]:
    """Measure a point look-up and a list of 50 rows in µs, and look at the plans of protected tables."""
    create_tables(dba, tenants, sizes.rows)
    busy = [tenants[index] for index in generator.permutation(len(tenants))[:BUSY_TENANTS]]
    with (
        TenantPool(conninfo("bench_app"), min_size=1, max_size=1) as app,
        TenantPool(conninfo("bench_gateway"), min_size=1, max_size=1) as gateway,
    ):
        return [
            _measure_query("point", "Point look-up", POINT, app, gateway, busy, sizes, generator),
            _measure_query("list", "List of 50 rows", LIST, app, gateway, busy, sizes, generator),
            _check_plans(app, tenants),
        ]


def _measure_query(
    name: str,
    title: str,
    query: str,
    app: TenantPool,
    gateway: TenantPool,
    tenants: list[Tenant],
    sizes: Sizes,
    generator: np.random.Generator,
) -> Experiment:
    turns = cycle(tenants)
    ids = cycle(range(1, sizes.rows - 49, 7))

    def block(variant: str) -> Callable[[], list[float]]:
        pool = gateway if variant == SEALED_BY_GATEWAY else app
        credential = CREDENTIALS[variant]
        text = query.format(TABLES[variant], FILTER if variant == PLAIN else "")

        def request() -> None:
            tenant = next(turns)
            with pool.tenant(credential(tenant)) as t:
                t.execute(text, {"id": next(ids), "tenant": tenant.tenant_id}).fetchall()

        return latencies(request, sizes.repetitions)

    samples = alternate({variant: block(variant) for variant in TABLES}, sizes.blocks, generator)
    remote = Samples({variant: figures + NETWORK for variant, figures in samples.blocks.items()}, generator)
    return Experiment.of(
        name,
        f"{title} through the client, {sizes.tenants:,} tenants × {sizes.rows} rows",
        "µs",
        samples,
        [
            Comparison("(c) : (b)", samples.ratio(SEALED, SETTING), "×", RATIO_GOAL),
            Comparison("(c) − (b)", samples.difference(SEALED, SETTING), "µs", ADDED_GOAL),
            Comparison("(c) − (b), 5th percentile", samples.undisturbed().difference(SEALED, SETTING), "µs"),
            Comparison("(c) : (b+)", samples.ratio(SEALED, SETTING_BY_KEY), "×"),
            Comparison("(d) : (b)", samples.ratio(SEALED_BY_GATEWAY, SETTING), "×"),
            Comparison("(c) : (a)", samples.ratio(SEALED, PLAIN), "×"),
            Comparison("(c) : (b), computed for round trips of 0.5 ms", remote.ratio(SEALED, SETTING), "×"),
        ],
    )


def _check_plans(pool: TenantPool, tenants: list[Tenant]) -> Experiment:
    """Find out whether every scan of a protected table goes by an index on the tenant."""
    failures = []
    with pool.tenant(api_key=tenants[0].api_key) as t:
        for name, statement in STATEMENTS.items():
            row = t.execute(f"EXPLAIN (FORMAT JSON) {statement}", {"id": 1}).fetchone()
            assert row is not None
            if not scans_by_tenant(row[0][0]["Plan"]):
                failures.append(f"the plan of the {name} does not use the tenant's index")
    title = f"Plans of {len(STATEMENTS)} statements over {len(tenants):,} tenants: every scan by the tenant's index"
    return Experiment("plans", title, "", {}, failures=failures)


def scans_by_tenant(plan: dict[str, Any], table: str = "items") -> bool:
    """Return whether a plan reads a table, and nowhere without an index condition on the tenant."""
    scans = [node for node in _nodes(plan) if node.get("Relation Name") == table and "Scan" in node["Node Type"]]
    return bool(scans) and all(
        any("tenant_id" in node.get("Index Cond", "") for node in _nodes(scan)) for scan in scans
    )


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from _nodes(child)

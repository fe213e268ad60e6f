"""What it costs that a table can be shared: the same rows once protected as usual and once as a shared table.

Nothing is shared with the tenant that is measured, as with most tenants of a database in which some share.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from bench.pairing import alternate, seconds
from bench.report import Comparison, Experiment
from bench.server import Connection, Tenant, conninfo, create_tenants
from bench.sizes import Sizes
from tenantry import TenantPool, Vector
from tenantry._wire import vector_parameter

USUAL, SHARED = "protected as usual", "protected as a shared table"
TABLES = {USUAL: "guides_usual", SHARED: "guides_shared"}
READING_GOAL = 0.1  # ms

HITS = 10
TENANTS = 100
UPDATE = "Update by key"
STATEMENTS = {
    "Look-up by key": "SELECT body FROM {table} WHERE id = %s",
    UPDATE: "UPDATE {table} SET body = 'changed' WHERE id = %s",
    "Count of a tenant's rows": "SELECT count(*) FROM {table} WHERE id >= %s * 0",
}
TABLE = """
CREATE TABLE {table} (tenant_id uuid, id int, body text, embedding vector({dimensions}), PRIMARY KEY (tenant_id, id));
SELECT tenantry.protect('{table}', p_shared => {is_shared});
GRANT SELECT, UPDATE ON {table} TO tenantry_app;
SELECT tenantry.register_corpus('{table}', 'id', 'embedding', 'body');
"""
ROWS = """
INSERT INTO {table} (tenant_id, id, body, embedding)
SELECT
    t, i, md5(i::text),
    (SELECT array_agg(random() - 0.5 + 0 * i * j) FROM generate_series(1, {dimensions}) AS j)::vector
FROM unnest(%s::uuid[]) AS t, generate_series(1, {rows}) AS i
"""


def measure(superuser: Connection, dba: Connection, sizes: Sizes, generator: np.random.Generator) -> list[Experiment]:
    """Measure statements and searches of a tenant in ms."""
    tenants = create_tenants(dba, "sharing", min(sizes.tenants, TENANTS))
    for extension in ("vector", "plpython3u", "tenantry_search"):
        superuser.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    for name, table in TABLES.items():
        names = {"table": table, "dimensions": sizes.dimensions, "is_shared": name == SHARED, "rows": sizes.rows}
        dba.execute(TABLE.format(**names))
        superuser.execute(ROWS.format(**names), [[tenant.tenant_id for tenant in tenants]])
        superuser.execute(f"VACUUM ANALYZE {table}")
    with TenantPool(conninfo("bench_app"), min_size=1, max_size=1) as pool:
        return [
            _measure(pool, tenants[0], title, statement, sizes, generator)
            for title, statement in [*STATEMENTS.items(), ("Search", "")]
        ]


def _measure(
    pool: TenantPool, tenant: Tenant, title: str, statement: str, sizes: Sizes, generator: np.random.Generator
) -> Experiment:
    repetitions = sizes.repetitions

    def running(table: str) -> Callable[[], list[float]]:
        def block() -> list[float]:
            questions: list[NDArray[np.float64]] = list(generator.standard_normal((repetitions, sizes.dimensions)))
            keys = generator.integers(1, sizes.rows, repetitions).tolist()
            with pool.tenant(api_key=tenant.api_key) as t:

                def search(query: Vector) -> None:
                    t.execute(f"SELECT * FROM tenantry.search(%s, {HITS}, '{table}')", [vector_parameter(query)])

                def run(key: int) -> None:
                    t.execute(statement.format(table=table), [key])

                calls = [partial(run, key) for key in keys] if statement else [partial(search, q) for q in questions]
                return [seconds(call) * 1e3 for call in calls]

        return block

    samples = alternate({name: running(table) for name, table in TABLES.items()}, sizes.blocks // 2, generator)
    return Experiment.of(
        f"sharing-{title.split()[0].lower()}",
        f"{title}, {sizes.rows:,} rows, nothing shared",
        "ms",
        samples,
        [
            Comparison("shared : usual", samples.ratio(SHARED, USUAL), "×"),
            Comparison(
                "shared − usual", samples.difference(SHARED, USUAL), "ms", None if title == UPDATE else READING_GOAL
            ),
        ],
    )

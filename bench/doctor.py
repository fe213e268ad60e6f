"""What an examination by the doctor takes, of a database of many tables."""

from collections.abc import Callable

import numpy as np

from bench.pairing import alternate, seconds
from bench.report import Comparison, Experiment
from bench.server import Connection
from bench.sizes import Sizes

GOAL = 2.0

DOCTOR = "doctor()"
GAPS = "protected_tables alone"

TABLES = """
DO $do$
BEGIN
    SET LOCAL client_min_messages = error;
    FOR i IN {first}..{last} LOOP
        EXECUTE format(
            'CREATE TABLE examined.t%s (id uuid DEFAULT gen_random_uuid(), tenant_id uuid, parent_id uuid, body text,'
            ' PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, parent_id) REFERENCES examined.t%1$s);'
            'CREATE INDEX ON examined.t%1$s (tenant_id, parent_id)', i
        );
        PERFORM tenantry.protect(format('examined.t%s', i)::regclass);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON examined.t%s TO tenantry_app', i);
        EXECUTE format(
            'CREATE VIEW examined.v%s WITH (security_invoker = true) AS SELECT id, body FROM examined.t%1$s', i
        );
    END LOOP;
END
$do$
"""
BATCH = 50


def measure(superuser: Connection, dba: Connection, sizes: Sizes, generator: np.random.Generator) -> Experiment:
    """Measure doctor() in seconds. The tables stay until the database goes."""
    superuser.execute("CREATE SCHEMA examined AUTHORIZATION bench_dba")
    for first in range(1, sizes.tables + 1, BATCH):
        dba.execute(TABLES.format(first=first, last=min(first + BATCH - 1, sizes.tables)).encode())
    superuser.execute("VACUUM ANALYZE")

    def examination(query: str) -> Callable[[], float]:
        return lambda: seconds(lambda: dba.execute(query.encode()))

    samples = alternate(
        {
            DOCTOR: examination("SELECT * FROM tenantry.doctor()"),
            GAPS: examination("SELECT * FROM tenantry.protected_tables"),
        },
        sizes.loads,
        generator,
    )
    return Experiment.of(
        "doctor",
        f"Examination of {sizes.tables:,} protected tables, with as many views and foreign keys",
        "s",
        samples,
        [Comparison("doctor()", samples.median(DOCTOR), "s", GOAL)],
    )

"""What the audit log costs: a bulk statement, a statement of one row, and many writers of one tenant at once.

The writers are compared with writers whose records are the same but not chained: for that a superuser replaces, in the
benchmark's database, the part of the function that takes a lane and computes the hash.
"""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import numpy as np
from psycopg import sql

from bench.pairing import alternate, seconds
from bench.report import Comparison, Experiment
from bench.server import Connection, Tenant, connect
from bench.sizes import Sizes

BARE = "protected, not audited"
AUDITED = "protected and audited"
UNCHAINED = "records without a chain"
CHAINED = "records in lanes"

BULK_GOAL = 1.5
CHAIN_GOAL = 1.25  # as many transactions as 0.8 × of those without a chain
WRITERS = 16

TABLES = {BARE: "audit_bare", AUDITED: "audit_audited"}
TABLE = """
CREATE TABLE {0} (tenant_id uuid, id bigint, body text, n int, PRIMARY KEY (tenant_id, id));
SELECT tenantry.protect('{0}', p_audit => {1});
GRANT ALL ON {0} TO tenantry_app
"""
FILL = "INSERT INTO {} (id, body, n) SELECT i, repeat(md5(i::text), 4), 0 FROM generate_series(1, {}) AS i"
STATEMENTS = {"insert": FILL, "update": "UPDATE {} SET n = n + 1", "delete": "DELETE FROM {}"}

LOOP = """
DO $do$
BEGIN
    FOR i IN {first}..{last} LOOP
        PERFORM tenantry.authenticate({key});
        INSERT INTO {table} (id) VALUES (i);
        COMMIT;
    END LOOP;
END
$do$
"""
WRITE_AUDIT = "tenantry_private.write_audit(uuid,text,text,bigint,text[],text[],jsonb,jsonb,boolean)"


def measure(
    superuser: Connection, dba: Connection, tenant: Tenant, sizes: Sizes, generator: np.random.Generator
) -> Iterator[Experiment]:
    """Measure bulk statements in seconds, single ones in µs, and 16 writers in µs a transaction."""
    for variant, table in TABLES.items():
        dba.execute(TABLE.format(table, str(variant == AUDITED).lower()).encode())
    with connect("bench_app") as app:
        for name, statement in STATEMENTS.items():
            yield _bulk(superuser, app, tenant, name, statement, sizes, generator)
        yield _single(superuser, app, tenant, sizes, generator)
    yield _writers(superuser, tenant, sizes, generator)


def _bulk(
    superuser: Connection,
    app: Connection,
    tenant: Tenant,
    name: str,
    statement: str,
    sizes: Sizes,
    generator: np.random.Generator,
) -> Experiment:
    def block(table: str) -> Callable[[], float]:
        def run() -> float:
            superuser.execute(f"TRUNCATE {table}".encode())
            if name != "insert":
                with app.transaction():
                    app.execute("SELECT tenantry.authenticate(%s)", [tenant.api_key])
                    app.execute(FILL.format(table, sizes.load_rows).encode())
                superuser.execute(f"VACUUM ANALYZE {table}".encode())
            with app.transaction():
                app.execute("SELECT tenantry.authenticate(%s)", [tenant.api_key])
                return seconds(lambda: app.execute(statement.format(table, sizes.load_rows).encode()))

        return run

    samples = alternate({variant: block(table) for variant, table in TABLES.items()}, sizes.loads, generator)
    ratio = samples.ratio(AUDITED, to=BARE)
    return Experiment.of(
        f"audit-{name}",
        f"{name.capitalize()} of {sizes.load_rows} rows by one statement",
        "s",
        samples,
        [Comparison("audited / not audited", ratio, "×", BULK_GOAL if name == "insert" else None)],
    )


def _single(
    superuser: Connection, app: Connection, tenant: Tenant, sizes: Sizes, generator: np.random.Generator
) -> Experiment:
    def block(table: str) -> Callable[[], float]:
        def run() -> float:
            superuser.execute(f"TRUNCATE {table}".encode())
            return seconds(lambda: app.execute(_loop(tenant, table, 1, sizes.calls))) / sizes.calls * 1e6

        return run

    samples = alternate({variant: block(table) for variant, table in TABLES.items()}, sizes.blocks // 2, generator)
    added = samples.difference(AUDITED, to=BARE)
    return Experiment.of(
        "audit-statement",
        "A transaction that inserts one row, in the server",
        "µs",
        samples,
        [Comparison("added by the audit log", added, "µs")],
    )


def _writers(superuser: Connection, tenant: Tenant, sizes: Sizes, generator: np.random.Generator) -> Experiment:
    table = TABLES[AUDITED]
    with ExitStack() as stack:
        writers = [stack.enter_context(connect("bench_app")) for _ in range(WRITERS)]
        threads = stack.enter_context(ThreadPoolExecutor(WRITERS))

        def transactions() -> float:
            def write(number: int) -> None:
                first = number * sizes.calls + 1
                writers[number].execute(_loop(tenant, table, first, first + sizes.calls - 1))

            superuser.execute(f"TRUNCATE {table}".encode())
            taken = seconds(lambda: list(threads.map(write, range(WRITERS))))
            return taken / (WRITERS * sizes.calls) * 1e6

        def unchained() -> float:
            with _without_chain(superuser):
                return transactions()

        samples = alternate({UNCHAINED: unchained, CHAINED: transactions}, sizes.loads * 2, generator)
    return Experiment.of(
        "audit-writers",
        f"{WRITERS} writers of one tenant at once, each transaction one row",
        "µs",
        samples,
        [Comparison("in lanes / without a chain", samples.ratio(CHAINED, to=UNCHAINED), "×", CHAIN_GOAL)],
    )


def _loop(tenant: Tenant, table: str, first: int, last: int) -> sql.Composed:
    return sql.SQL(LOOP).format(key=tenant.api_key, table=sql.Identifier(table), first=first, last=last)


@contextmanager
def _without_chain(superuser: Connection) -> Iterator[None]:
    """Write records without lanes and hashes meanwhile."""
    (definition,) = superuser.execute("SELECT pg_get_functiondef(%s::regprocedure)", [WRITE_AUDIT]).fetchone() or ("",)
    unchained, replaced = re.subn(
        r"    LOOP\n.*?    END LOOP;\n",
        r"    v_lane := v_trail;\n    v_position := 1;\n    v_hash := '\\\\x';\n",
        definition,
        flags=re.DOTALL,
    )
    assert replaced == 1
    superuser.execute(unchained.encode())
    try:
        yield
    finally:
        superuser.execute(definition.encode())

"""What protection costs a bulk load."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import LiteralString

import numpy as np

from bench.pairing import alternate, seconds
from bench.report import Comparison, Experiment
from bench.server import Connection, Tenant, conninfo
from bench.sizes import Sizes
from tenantry import TenantPool, TenantTransaction

BARE = "unprotected, same foreign key and indexes"
PROTECTED = "protected"
COPY = "COPY into the unprotected table"
COPY_ROWS = "copy_rows into the protected table"

GOAL = 1.3

COLUMNS = ("id", "title", "body")
TABLE: LiteralString = """
CREATE TABLE {} (
    tenant_id uuid NOT NULL REFERENCES tenantry.tenants ON DELETE CASCADE,
    id bigint NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
)
"""
# An index led by the tenant is there already, so protect() adds none and both tables keep the same.


def measure(
    superuser: Connection, dba: Connection, tenant: Tenant, sizes: Sizes, generator: np.random.Generator
) -> list[Experiment]:
    """Measure one INSERT … SELECT in seconds, and rows that come through the client in rows a second."""
    for table in ("load_bare", "load_protected"):
        dba.execute(TABLE.format(table))
        dba.execute(f"GRANT SELECT, INSERT ON {table} TO tenantry_app")
    dba.execute("SELECT tenantry.protect('load_protected', p_audit => false)")

    with TenantPool(conninfo("bench_app"), min_size=1, max_size=1) as pool:

        def loading(load: Callable[[TenantTransaction], object]) -> Callable[[], float]:
            def transaction() -> None:
                with pool.tenant(api_key=tenant.api_key) as t:
                    load(t)

            def block() -> float:
                superuser.execute("TRUNCATE load_bare, load_protected")
                return seconds(transaction)

            return block

        source = "i, 'Title ' || i, repeat(md5(i::text), 4) FROM generate_series(1, %s) AS i"
        bare = f"INSERT INTO load_bare (tenant_id, id, title, body) SELECT '{tenant.tenant_id}'::uuid, {source}"
        protected = f"INSERT INTO load_protected (id, title, body) SELECT {source}"
        inserts = alternate(
            {
                BARE: loading(lambda t: t.execute(bare, [sizes.load_rows])),
                PROTECTED: loading(lambda t: t.execute(protected, [sizes.load_rows])),
            },
            sizes.loads,
            generator,
        )
        copies = alternate(
            {
                COPY: loading(partial(_copy, tenant=tenant, count=sizes.copied_rows)),
                COPY_ROWS: loading(lambda t: t.copy_rows("load_protected", COLUMNS, _rows(sizes.copied_rows))),
            },
            sizes.loads,
            generator,
        )
    for figures in copies.blocks.values():
        figures[:] = sizes.copied_rows / figures
    return [
        Experiment.of(
            "insert",
            f"{sizes.load_rows:,} rows by one INSERT … SELECT, COMMIT included",
            "s",
            inserts,
            [Comparison("protected : unprotected", inserts.ratio(PROTECTED, BARE), "×", GOAL)],
        ),
        Experiment.of(
            "copy",
            f"{sizes.copied_rows:,} rows through the client",
            "rows/s",
            copies,
            [Comparison("copy_rows : COPY", copies.ratio(COPY_ROWS, COPY), "×")],
        ),
    ]


def _rows(count: int) -> Iterator[tuple[int, str, str]]:
    body = "The quick brown fox jumps over the lazy dog. " * 3
    return ((number, f"Title {number}", body) for number in range(count))


def _copy(t: TenantTransaction, tenant: Tenant, count: int) -> None:
    with t.cursor().copy("COPY load_bare (tenant_id, id, title, body) FROM STDIN") as copy:
        for row in _rows(count):
            copy.write_row((tenant.tenant_id, *row))

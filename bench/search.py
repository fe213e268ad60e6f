"""What `tenantry.search` costs over the SQL that one would write by hand: the tenant a literal, no protection.

Both run inside an open context of the same tenant, from the same client and over the same vectors: `search` over the
protected table, the hand-written statement over an unprotected copy of it with the same indexes.
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

HAND = "hand-written SQL, literal tenant"
SEARCH = "tenantry.search"

RATIO_GOAL, RATIO_FROM = 1.25, 3_000  # chunks
ADDED_GOAL = 0.25  # ms

HITS = 10
SQL_BY_HAND = (
    "SELECT id, content, embedding <=> %s AS distance, metadata FROM chunks_unprotected"
    " WHERE tenant_id = '{tenant}' ORDER BY distance LIMIT {hits}"
)
SQL_OF_TENANTRY = "SELECT id, content, distance, metadata FROM tenantry.search(%s, {hits})"

# The row takes part in the sub-select, so that each gets random numbers of its own.
CHUNKS = """
INSERT INTO chunks (tenant_id, document_id, ordinal, content, embedding)
SELECT
    d.tenant_id, d.id, i, repeat(md5(i::text) || ' ', 10),
    (SELECT array_agg(random() - 0.5 + 0 * i * j) FROM generate_series(1, %(dimensions)s) AS j)::vector
FROM documents AS d, generate_series(1, %(chunks)s) AS i
WHERE d.tenant_id = %(tenant)s
"""


def measure(superuser: Connection, dba: Connection, sizes: Sizes, generator: np.random.Generator) -> list[Experiment]:
    """Measure the search of one tenant's corpus in ms, for each size of corpus."""
    tenants = create_tenants(dba, "corpus", len(sizes.chunks))
    create_tables(superuser, dba, tenants, sizes)
    return for_each_corpus(_measure_corpus, tenants, sizes, generator)


def for_each_corpus(
    measure_corpus: Callable[[TenantPool, Tenant, int, Sizes, np.random.Generator], Experiment],
    tenants: list[Tenant],
    sizes: Sizes,
    generator: np.random.Generator,
) -> list[Experiment]:
    """Measure the corpus of each tenant, one tenant for each size."""
    with TenantPool(conninfo("bench_app"), min_size=1, max_size=1) as pool:
        return [
            measure_corpus(pool, tenant, chunks, sizes, generator)
            for tenant, chunks in zip(tenants, sizes.chunks, strict=True)
        ]


def create_tables(superuser: Connection, dba: Connection, tenants: list[Tenant], sizes: Sizes) -> None:
    """Fill the protected table, one tenant for each size, and copy it."""
    for extension in ("vector", "plpython3u", "tenantry_search"):
        superuser.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    dba.execute("SELECT tenantry.create_ai_schema('public', %s)", [sizes.dimensions])
    for tenant, chunks in zip(tenants, sizes.chunks, strict=True):
        superuser.execute("INSERT INTO documents (tenant_id, title) VALUES (%s, 'Corpus')", [tenant.tenant_id])
        superuser.execute(CHUNKS, {"tenant": tenant.tenant_id, "chunks": chunks, "dimensions": sizes.dimensions})
    superuser.execute("CREATE TABLE chunks_unprotected (LIKE chunks INCLUDING ALL)")
    superuser.execute("INSERT INTO chunks_unprotected TABLE chunks")
    superuser.execute("GRANT SELECT ON chunks_unprotected TO tenantry_app")
    superuser.execute("VACUUM ANALYZE chunks, chunks_unprotected")


def _measure_corpus(
    pool: TenantPool, tenant: Tenant, chunks: int, sizes: Sizes, generator: np.random.Generator
) -> Experiment:
    def searching(text: str) -> Callable[[], list[float]]:
        statement = text.format(tenant=tenant.tenant_id, hits=HITS)
        return searches(pool, tenant, statement, chunks, sizes, generator)

    samples = alternate(
        {HAND: searching(SQL_BY_HAND), SEARCH: searching(SQL_OF_TENANTRY)}, sizes.blocks // 2, generator
    )
    ratio_goal = RATIO_GOAL if chunks >= RATIO_FROM else None
    comparisons = [
        Comparison("search : hand-written", samples.ratio(SEARCH, HAND), "×", ratio_goal),
        Comparison("search − hand-written", samples.difference(SEARCH, HAND), "ms", ADDED_GOAL),
        Comparison("search − hand-written, 5th percentile", samples.undisturbed().difference(SEARCH, HAND), "ms"),
    ]
    title = f"Search of {chunks:,} chunks × {sizes.dimensions} dimensions, {HITS} hits"
    return Experiment.of(f"search-{chunks}", title, "ms", samples, comparisons)


def searches(
    pool: TenantPool, tenant: Tenant, statement: str, chunks: int, sizes: Sizes, generator: np.random.Generator
) -> Callable[[], list[float]]:
    """Return a block of searches by a statement, in ms; the larger the corpus, the fewer."""
    repetitions = min(sizes.repetitions, max(3, 30_000 // chunks))

    def block() -> list[float]:
        queries = [random_vector(generator, sizes.dimensions) for _ in range(repetitions)]
        with pool.tenant(api_key=tenant.api_key) as t:

            def search(query: Vector) -> None:
                t.execute(statement, [vector_parameter(query)]).fetchall()

            return [seconds(partial(search, query)) * 1e3 for query in queries]

    return block


def random_vector(generator: np.random.Generator, dimensions: int) -> Vector:
    """Draw a vector of independent normal components."""
    vector: NDArray[np.float64] = generator.standard_normal(dimensions)
    return vector

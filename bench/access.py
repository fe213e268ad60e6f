"""What lists of readers cost a search: the same chunks with and without `enable_document_access`.

Each document has twenty chunks, and every tenth document a list that lets the asking role in.
"""

from collections.abc import Callable

import numpy as np

from bench.pairing import alternate
from bench.report import Comparison, Experiment
from bench.search import HITS, for_each_corpus, searches
from bench.server import Connection, Tenant, create_tenants
from bench.sizes import Sizes
from tenantry import TenantPool

OPEN = "without lists"
LISTED = "with lists of readers"

RATIO_GOAL = 1.5

CHUNKS_PER_DOCUMENT = 20
SCHEMAS = {OPEN: "bench_open", LISTED: "bench_listed"}
SEARCH = "SELECT id, content, distance FROM tenantry.search(%s, {hits}, '{schema}.chunks')"

FILL = """
INSERT INTO bench_open.documents (tenant_id, title)
SELECT %(tenant)s, i::text FROM generate_series(1, %(documents)s) AS i;
INSERT INTO bench_open.chunks (tenant_id, document_id, ordinal, content, embedding)
SELECT
    d.tenant_id, d.id, i, repeat(md5(i::text) || ' ', 10),
    (SELECT array_agg(random() - 0.5 + 0 * i * j) FROM generate_series(1, %(dimensions)s) AS j)::vector
FROM bench_open.documents AS d, generate_series(1, %(chunks)s / %(documents)s) AS i
WHERE d.tenant_id = %(tenant)s;
INSERT INTO bench_listed.documents (tenant_id, id, title, readers)
SELECT tenant_id, id, title, CASE WHEN title::int %% 10 = 0 THEN '{ada, role:member}'::text[] END
FROM bench_open.documents WHERE tenant_id = %(tenant)s;
INSERT INTO bench_listed.chunks (tenant_id, id, document_id, ordinal, content, embedding)
SELECT tenant_id, id, document_id, ordinal, content, embedding FROM bench_open.chunks WHERE tenant_id = %(tenant)s
"""


def measure(superuser: Connection, dba: Connection, sizes: Sizes, generator: np.random.Generator) -> list[Experiment]:
    """Measure the search of one tenant's corpus in ms, for each size of corpus."""
    tenants = create_tenants(dba, "access", len(sizes.chunks))
    create_tables(superuser, dba, tenants, sizes)
    return for_each_corpus(_measure_corpus, tenants, sizes, generator)


def create_tables(superuser: Connection, dba: Connection, tenants: list[Tenant], sizes: Sizes) -> None:
    """Fill both schemas with the same chunks, one tenant for each size."""
    for extension in ("vector", "plpython3u", "tenantry_search"):
        superuser.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    for schema in SCHEMAS.values():
        superuser.execute(f"CREATE SCHEMA {schema} AUTHORIZATION bench_dba")
        dba.execute(f"GRANT USAGE ON SCHEMA {schema} TO tenantry_app")
        dba.execute("SELECT tenantry.create_ai_schema(%s, %s)", [schema, sizes.dimensions])
    dba.execute("SELECT tenantry.enable_document_access(%s)", [SCHEMAS[LISTED]])
    for tenant, chunks in zip(tenants, sizes.chunks, strict=True):
        parameters = {
            "tenant": tenant.tenant_id,
            "chunks": chunks,
            "documents": -(-chunks // CHUNKS_PER_DOCUMENT),
            "dimensions": sizes.dimensions,
        }
        for statement in FILL.split(";"):
            superuser.execute(statement, parameters)
    for schema in SCHEMAS.values():
        superuser.execute(f"VACUUM ANALYZE {schema}.documents, {schema}.chunks")


def _measure_corpus(
    pool: TenantPool, tenant: Tenant, chunks: int, sizes: Sizes, generator: np.random.Generator
) -> Experiment:
    def searching(schema: str) -> Callable[[], list[float]]:
        return searches(pool, tenant, SEARCH.format(hits=HITS, schema=schema), chunks, sizes, generator)

    samples = alternate(
        {name: searching(schema) for name, schema in SCHEMAS.items()}, max(2, sizes.blocks // 2), generator
    )
    comparisons = [
        Comparison("with : without lists", samples.ratio(LISTED, OPEN), "×", RATIO_GOAL),
        Comparison("with − without lists", samples.difference(LISTED, OPEN), "ms"),
    ]
    title = f"Search of {chunks:,} chunks × {sizes.dimensions} dimensions in documents with lists of readers"
    return Experiment.of(f"access-{chunks}", title, "ms", samples, comparisons)

"""search() against numpy on the demo's vectors: three manuals, three tenants, three metrics."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from tenantry_demo.corpus import CORPORA, DIMENSIONS, load_corpus, load_questions
from tests.search.library import make_library, run, search
from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, as_tenant, create_tenant

Vectors = NDArray[np.float64]

# pgvector adds up in single precision.
PRECISION = 1e-5


@dataclass(frozen=True)
class Metric:
    """What the function, its operator and its operator class are to give."""

    symbol: str
    operators: str
    distance: Callable[[Vectors, Vectors], Vectors]
    score: Callable[[Vectors], Vectors]


def cosine(rows: Vectors, query: Vectors) -> Vectors:
    return np.asarray(1 - rows @ query / (np.linalg.norm(rows, axis=1) * np.linalg.norm(query)))


def inner_product(rows: Vectors, query: Vectors) -> Vectors:
    return -(rows @ query)


def l2(rows: Vectors, query: Vectors) -> Vectors:
    return np.asarray(np.linalg.norm(rows - query, axis=1))


METRICS = {
    "cosine": Metric("<=>", "vector_cosine_ops", cosine, lambda distance: 1 - distance),
    "inner_product": Metric("<#>", "vector_ip_ops", inner_product, lambda distance: -distance),
    "l2": Metric("<->", "vector_l2_ops", l2, lambda distance: 1 / (1 + distance)),
}


@dataclass(frozen=True)
class Shelf:
    """A tenant and what numpy knows of its chunks."""

    tenant: Tenant
    contents: list[str]
    vectors: Vectors


@pytest.fixture(scope="module")
def shelves(module_database: Database) -> list[Shelf]:
    """The three manuals, their vectors stretched so that the metrics disagree about the order."""
    dba, app = module_database.connect("dba"), module_database.connect("app")
    make_library(dba, dimensions=DIMENSIONS)
    random = np.random.default_rng(7)
    shelves = []
    for name in CORPORA:
        shelf_tenant = create_tenant(dba, name)
        chunks = list(load_corpus(name).chunks())
        vectors = np.array([chunk.embedding.values() for chunk in chunks], dtype=np.float32)
        vectors *= random.uniform(0.5, 2, (len(chunks), 1)).astype(np.float32)
        contents = [f"{ordinal}: {chunk.content}" for ordinal, chunk in enumerate(chunks)]
        with as_tenant(app, shelf_tenant):
            run(
                app,
                "WITH d AS (INSERT INTO documents (title) VALUES (%s) RETURNING id)"
                " INSERT INTO chunks (document_id, ordinal, content, embedding, metadata)"
                " SELECT d.id, c.ordinal, c.content, c.embedding::vector,"
                " jsonb_build_object('even', c.ordinal %% 2 = 0)"
                " FROM d, unnest(%s::int[], %s::text[], %s::text[]) AS c (ordinal, content, embedding)",
                name,
                list(range(len(chunks))),
                contents,
                ["[" + ",".join(f"{x:.9g}" for x in vector) + "]" for vector in vectors],
            )
        shelves.append(Shelf(shelf_tenant, contents, vectors.astype(np.float64)))
    return shelves


@pytest.fixture(params=METRICS)
def metric(request: pytest.FixtureRequest, module_database: Database, shelves: list[Shelf]) -> str:
    with module_database.connect("dba") as dba:
        dba.execute(
            "SELECT tenantry.register_corpus('chunks', 'id', 'embedding', 'content', 'metadata', %s)", [request.param]
        )
    return str(request.param)


@pytest.fixture
def app(module_database: Database) -> Iterator[Connection]:
    with module_database.connect("app") as app:
        yield app


def questions() -> list[Vectors]:
    return [np.array(question.embedding.values()) for question in load_questions()[::3]]


def check(hits: list[tuple[object, ...]], shelf: Shelf, distances: Vectors, metric: str) -> None:
    """What was found is the tenant's, in order, with the right numbers, and nothing nearer is missing."""
    places = [shelf.contents.index(str(content)) for _, content, *_ in hits]
    assert len(set(places)) == len(hits)
    found = np.array([hit[2] for hit in hits], dtype=np.float64)
    assert np.all(np.diff(found) >= 0)
    np.testing.assert_allclose(found, distances[places], rtol=PRECISION, atol=PRECISION)
    np.testing.assert_allclose(found, np.sort(distances)[: len(hits)], rtol=PRECISION, atol=PRECISION)
    np.testing.assert_array_equal(np.array([hit[3] for hit in hits]), METRICS[metric].score(found))


def test_each_tenants_nearest_are_found(metric: str, app: Connection, shelves: list[Shelf]) -> None:
    distance = METRICS[metric].distance
    for number, question in enumerate(questions()):
        for shelf in shelves:
            k = (1, 10, 100)[number % 3]
            with as_tenant(app, shelf.tenant):
                hits = search(app, question.tolist(), k=k)
            assert len(hits) == k
            check(hits, shelf, distance(shelf.vectors, question), metric)


def test_filter_and_limit_are_exact(metric: str, app: Connection, shelves: list[Shelf]) -> None:
    distance = METRICS[metric].distance
    for question in questions()[:6]:
        for shelf in shelves:
            distances = distance(shelf.vectors, question)
            even = np.where(np.arange(len(distances)) % 2 == 0, distances, np.inf)
            limit = float(np.sort(even)[25:27].mean())  # between two rows, not on one
            with as_tenant(app, shelf.tenant):
                hits = search(app, question.tolist(), k=50, filter='{"even": true}', max_distance=limit)
            assert len(hits) == 26
            check(hits, shelf, even, metric)


def test_metrics_differ_on_these_vectors(shelves: list[Shelf]) -> None:
    question, shelf = questions()[0], shelves[0]
    orders = {tuple(np.argsort(metric.distance(shelf.vectors, question))[:10]) for metric in METRICS.values()}
    assert len(orders) == 3


def test_an_ann_index_does_not_thin_out_a_tenants_rows(
    metric: str, module_database: Database, app: Connection, shelves: list[Shelf]
) -> None:
    operators, symbol = METRICS[metric].operators, METRICS[metric].symbol
    distance = METRICS[metric].distance
    smallest = min(shelves, key=lambda shelf: len(shelf.contents))
    rows = min(1000, len(smallest.contents))
    question = questions()[0]
    with module_database.connect("dba") as dba:
        run(dba, f"CREATE INDEX shared_ann ON chunks USING ivfflat (embedding {operators}) WITH (lists = 20)")
        try:
            for setting in ("enable_seqscan", "enable_sort", "enable_bitmapscan"):
                run(app, f"SET {setting} = off")
            with as_tenant(app, smallest.tenant):
                hits = search(app, question.tolist(), k=rows)
                plain = f"FROM chunks ORDER BY embedding {symbol} '{question.tolist()}'::vector LIMIT {rows}"
                plan = "\n".join(line for (line,) in run(app, f"EXPLAIN SELECT id {plain}").fetchall())
                assert "shared_ann" in plan
                assert len(run(app, f"SELECT id {plain}").fetchall()) < rows
            check(hits, smallest, distance(smallest.vectors, question), metric)
            assert len(hits) == rows
        finally:
            run(dba, "DROP INDEX shared_ann")

"""What search() finds, in which order and with which numbers."""

import math
from itertools import pairwise

import pytest

from tests.search.library import add_chunk, add_document, contents, fill, run, search, value
from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, as_tenant


def test_the_nearest_come_first_with_distance_score_and_metadata(app: Connection, acme: Tenant) -> None:
    with as_tenant(app, acme):
        document = add_document(app)
        opposite = add_chunk(app, document, 1, (-2, 0, 0))
        same = add_chunk(app, document, 2, (3, 0, 0), metadata={"page": 7})
        square = add_chunk(app, document, 3, (0, 5, 0))
        assert search(app, (1, 0, 0)) == [
            (str(same), "chunk 2", 0, 1, {"page": 7}),
            (str(square), "chunk 3", 1, 0, {}),
            (str(opposite), "chunk 1", 2, -1, {}),
        ]


def test_each_tenant_gets_its_own(app: Connection, acme: Tenant, globex: Tenant) -> None:
    fill(app, acme, (1, 0, 0), (0, 1, 0))
    fill(app, globex, (0.9, 0.1, 0))
    for _ in range(8):
        with as_tenant(app, acme):
            assert contents(search(app, (1, 0, 0))) == ["chunk 1", "chunk 2"]
        with as_tenant(app, globex):
            assert contents(search(app, (1, 0, 0))) == ["chunk 1"]
            assert len(search(app, (1, 0, 0), k=1000)) == 1


def test_k_limits_and_what_is_less_comes_whole(app: Connection, acme: Tenant) -> None:
    fill(app, acme, *((1, n / 20, 0) for n in range(15)))
    with as_tenant(app, acme):
        ordered = [f"chunk {n}" for n in range(1, 16)]
        assert contents(search(app, (1, 0, 0))) == ordered[:10]
        for k in (1, 14, 15, 16, 1000):
            assert contents(search(app, (1, 0, 0), k=k)) == ordered[:k]


def test_a_tenant_without_rows_gets_none(app: Connection, acme: Tenant, globex: Tenant) -> None:
    fill(app, acme, (1, 0, 0))
    with as_tenant(app, globex):
        assert search(app, (1, 0, 0)) == []


def test_rows_without_a_distance_are_not_found(app: Connection, acme: Tenant) -> None:
    fill(app, acme, None, (0, 0, 0), (1, 1, 0), None)
    with as_tenant(app, acme):
        assert contents(search(app, (1, 0, 0))) == ["chunk 3"]
        assert contents(search(app, (1, 0, 0), max_distance=math.inf)) == ["chunk 3"]
        assert value(app, "SELECT count(*) FROM chunks") == 4


def test_equal_distances_come_in_the_order_of_their_ids(app: Connection, acme: Tenant) -> None:
    fill(app, acme, *[(1, 1, 0)] * 40)
    with as_tenant(app, acme):
        ids = [row[0] for row in run(app, "SELECT id::text FROM chunks ORDER BY id").fetchall()]
        assert [hit[0] for hit in search(app, (1, 0, 0), k=12)] == ids[:12]


def test_the_distance_limit_is_inclusive_and_exact(app: Connection, acme: Tenant) -> None:
    fill(app, acme, *((1, n / 20, 0) for n in range(15)))
    with as_tenant(app, acme):
        everything = search(app, (1, 0, 0), k=100)
        for nearer, farther in pairwise(everything):
            assert search(app, (1, 0, 0), k=100, max_distance=nearer[2]) == everything[: everything.index(farther)]
        assert search(app, (1, 0, 0), k=3, max_distance=everything[5][2]) == everything[:3]
        assert search(app, (1, 0, 0), max_distance=-0.5) == []


def test_the_filter_keeps_rows_whose_metadata_contains_it(app: Connection, acme: Tenant) -> None:
    with as_tenant(app, acme):
        document = add_document(app)
        add_chunk(app, document, 1, (1, 0, 0), metadata={"language": "en", "tags": ["a", "b"]})
        add_chunk(app, document, 2, (1, 0.1, 0), metadata={"language": "de", "tags": ["b"]})
        add_chunk(app, document, 3, (1, 0.2, 0), metadata={"language": "en", "page": {"number": 3}})
        for filter_, expected in {
            '{"language": "en"}': [1, 3],
            '{"tags": ["b"]}': [1, 2],
            '{"page": {"number": 3}}': [3],
            '{"language": "en", "tags": ["a"]}': [1],
            '{"language": "fr"}': [],
            "{}": [1, 2, 3],
        }.items():
            assert contents(search(app, (1, 0, 0), filter=filter_)) == [f"chunk {n}" for n in expected]
        # The k nearest of those that fit, not those that fit of the k nearest.
        assert contents(search(app, (1, 0, 0), k=2, filter='{"language": "en"}')) == ["chunk 1", "chunk 3"]


def test_the_transaction_sees_what_it_wrote(app: Connection, acme: Tenant) -> None:
    with as_tenant(app, acme):
        document = add_document(app)
        assert search(app, (1, 0, 0)) == []
        chunk = add_chunk(app, document, 1, (1, 0, 0))
        assert contents(search(app, (1, 0, 0))) == ["chunk 1"]
        run(app, "DELETE FROM chunks WHERE id = %s", chunk)
        assert search(app, (1, 0, 0)) == []


def test_it_works_wherever_a_query_does(app: Connection, acme: Tenant) -> None:
    fill(app, acme, (1, 0, 0), (0, 1, 0))
    with as_tenant(app, acme):
        # Laterally: the nearest of each chunk, itself.
        pairs = run(
            app,
            "SELECT c.id::text, s.id FROM chunks AS c"
            " CROSS JOIN LATERAL tenantry.search(c.embedding, 1) AS s ORDER BY c.ordinal",
        ).fetchall()
        assert len(pairs) == 2
        assert all(chunk == nearest for chunk, nearest in pairs)
        # One search inside the arguments of another.
        query = "SELECT embedding FROM chunks WHERE id::text = (SELECT id FROM tenantry.search('[0, 1, 0]', 1))"
        assert contents(run(app, f"SELECT * FROM tenantry.search(({query}), 1)").fetchall()) == ["chunk 2"]
        run(app, "DECLARE hits CURSOR FOR SELECT content FROM tenantry.search('[0, 1, 0]')")
        assert run(app, "FETCH ALL FROM hits").fetchall() == [("chunk 2",), ("chunk 1",)]
        with app.cursor().copy("COPY (SELECT content FROM tenantry.search('[0, 1, 0]')) TO STDOUT") as copy:
            assert b"".join(copy) == b"chunk 2\nchunk 1\n"
        run(app, "PREPARE nearest (vector) AS SELECT content FROM tenantry.search($1, 1)")
        assert run(app, "EXECUTE nearest ('[0, 1, 0]')").fetchall() == [("chunk 2",)]
        run(app, "DEALLOCATE nearest")


def test_it_leaves_nothing_behind_in_the_session(app: Connection, acme: Tenant, globex: Tenant) -> None:
    fill(app, acme, (1, 0, 0))
    for tenant in (acme, globex):  # the second context is opened after the first one's search
        with as_tenant(app, tenant):
            search(app, (1, 0, 0))
            assert value(app, "SELECT count(*) FROM pg_cursors") == 0
            assert value(app, "SELECT count(*) FROM pg_prepared_statements WHERE from_sql") == 0


def test_a_parallel_query_may_call_it(module_database: Database, dba: Connection, acme: Tenant) -> None:
    dba.execute("CREATE TABLE numbers AS SELECT n FROM generate_series(1, 50000) AS n")
    dba.execute("GRANT SELECT ON numbers TO app")
    dba.execute("ANALYZE numbers")
    with module_database.connect("app", options="-c max_parallel_workers_per_gather=4") as app:
        for setting in ("parallel_setup_cost", "parallel_tuple_cost", "min_parallel_table_scan_size"):
            run(app, f"SET {setting} = 0")
        fill(app, acme, (1, 0, 0), (0, 1, 0))
        alone = "EXPLAIN SELECT count(*) FROM numbers"
        assert any("Gather" in line for (line,) in run(app, alone).fetchall())
        with as_tenant(app, acme):
            query = (
                "SELECT n, s.content FROM numbers, tenantry.search('[1, 0, 0]') AS s WHERE n IN (1, 50000) ORDER BY n"
            )
            assert run(app, query).fetchall() == [
                (n, content) for n in (1, 50000) for content in ("chunk 1", "chunk 2")
            ]


@pytest.mark.parametrize("force", ["off", "on"])
def test_a_forced_parallel_mode_changes_nothing(force: str, app: Connection, acme: Tenant) -> None:
    name = "debug_parallel_query" if app.info.server_version >= 160000 else "force_parallel_mode"
    fill(app, acme, (1, 0, 0), (0, 1, 0))
    run(app, f"SET {name} = {force}")
    with as_tenant(app, acme):
        assert contents(search(app, (1, 0, 0))) == ["chunk 1", "chunk 2"]

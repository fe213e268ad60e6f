"""Every kind of statement, as acme, against every kind of protected table.

Each line is an attack and what it yields: the value that it returns, or else the number of rows that it touches. acme
has 3 rows and globex has 4, so what the expectation shows is both that acme is served and that globex is not.
"""

import psycopg
import pytest

from tests.isolation.arena import TABLES, VICTIM, Arena

READS = [
    # plain reads, and what injection makes of them
    ("SELECT count(*) FROM {t}", 3),
    ("SELECT count(*) FROM {t} WHERE {tenant} = {b}", 0),
    ("SELECT count(*) FROM {t} WHERE {tenant} <> {a}", 0),
    ("SELECT count(*) FROM {t} WHERE body = '' OR 1 = 1", 3),
    ("SELECT count(*) FROM {t} WHERE id = 4 OR {tenant} IS NOT NULL", 3),
    ("SELECT count(*) FROM (SELECT body FROM {t} WHERE id = 1 UNION ALL SELECT body FROM {t}) u", 4),
    ("SELECT count(*) FROM (SELECT id FROM {t} EXCEPT SELECT 1) e", 2),
    ("SELECT string_agg(body, ', ' ORDER BY id) FROM {t}", "acme 1, acme 2, acme 3"),
    ("SELECT body FROM {t} ORDER BY id DESC LIMIT 1", "acme 3"),
    ("SELECT body FROM {t} ORDER BY {tenant} = {b} DESC, id OFFSET 2", "acme 3"),
    ("SELECT count(*) FROM ONLY {t} WHERE {tenant} = {b}", 0),
    # aggregates, windows, existence
    ("SELECT max(id) FROM {t}", 3),
    ("SELECT count(DISTINCT {tenant}) FROM {t}", 1),
    ("SELECT count(*) FROM (SELECT FROM {t} GROUP BY ROLLUP ({tenant})) g", 2),
    ("SELECT max(n) FROM (SELECT count(*) OVER () AS n FROM {t}) w", 3),
    ("SELECT jsonb_agg(t)::text LIKE '%globex%' FROM {t} t", False),
    ("SELECT EXISTS (SELECT FROM {t} WHERE id = 3)", True),
    ("SELECT EXISTS (SELECT FROM {t} WHERE id = 4)", False),
    ("SELECT (SELECT body FROM {t} WHERE id = 4) IS NULL", True),
    ("SELECT 4 = ANY (SELECT id FROM {t})", False),
    # joins
    ("SELECT count(*) FROM {t} a JOIN {t} b USING (id)", 3),
    ("SELECT count(*) FROM {t} a FULL JOIN {t} b ON a.id = b.id + 3", 6),
    ("SELECT count(*) FROM {t} a, LATERAL (SELECT FROM {t} b WHERE b.id >= a.id) l", 6),
    ("SELECT count(t.id) FROM generate_series(1, 9) i LEFT JOIN {t} t ON t.id = i", 3),
    # common table expressions
    ("WITH c AS MATERIALIZED (TABLE {t}) SELECT count(*) FROM c", 3),
    ("WITH c AS NOT MATERIALIZED (TABLE {t}) SELECT count(*) FROM c WHERE {tenant} = {b}", 0),
    ("WITH RECURSIVE c AS (SELECT 1 AS i UNION SELECT t.id + 1 FROM c JOIN {t} t ON t.id = i) SELECT max(i) FROM c", 4),
    # other ways to the rows: sampling, locking, physical addresses, statistics
    ("SELECT count(*) FROM {t} TABLESAMPLE BERNOULLI (100)", 3),
    ("SELECT count(*) FROM {t} TABLESAMPLE SYSTEM (100) WHERE {tenant} = {b}", 0),
    ("SELECT count(*) FROM (SELECT FROM {t} FOR UPDATE) l", 3),
    ("SELECT count(*) FROM (SELECT FROM {t} WHERE {tenant} = {b} FOR KEY SHARE SKIP LOCKED) l", 0),
    ("LOCK TABLE {t} IN SHARE MODE; SELECT count(*) FROM {t}", 3),
    ("SELECT count(*) FROM {t} WHERE ctid IN ('(0,1)', '(0,2)', '(0,3)', '(0,4)')", 0),  # where globex's rows are
    ("SELECT count(*) FROM {t} WHERE ctid > '(0,0)' AND xmin::text <> ''", 3),
    ("SELECT count(*) FROM pg_stats WHERE attname = 'body' AND tablename = (parse_ident('{t}'))[2]", 0),
    # functions of PostgreSQL that read a table by themselves
    ("SELECT regexp_count(query_to_xml('TABLE {t}', true, true, '')::text, 'body>(acme|globex)')", 3),
    ("SELECT query_to_xml('TABLE {t}', true, true, '')::text LIKE '%globex%'", False),
    ("SELECT table_to_xml('{t}', true, true, '')::text LIKE '%globex%'", False),
    ("SELECT sum(ndoc) FROM ts_stat($$ SELECT to_tsvector('simple', body) FROM {t} $$) WHERE word ~ '^[a-z]'", 3),
    # conditions that fail on a row of globex, should they ever see one
    ("SELECT count(*) FROM {t} WHERE 1 / (4 - id) >= 0", 3),
    ("SELECT count(*) FROM {t} WHERE replace(body, 'acme', '')::int > 0", 3),
    ("SELECT count(*) FROM {t} WHERE (CASE WHEN body LIKE 'globex%' THEN body ELSE '1' END)::int = 1", 3),
    # prepared statements, DO blocks, functions, views, temporary tables and their triggers
    ("PREPARE p (uuid) AS SELECT count(*) FROM {t} WHERE {tenant} = $1; EXECUTE p ({b})", 0),
    ("PREPARE p (int) AS SELECT count(*) FROM {t} WHERE id > $1; EXECUTE p (0)", 3),
    ("CREATE TEMP TABLE loot ON COMMIT DROP AS TABLE {t}; SELECT count(*) FROM loot", 3),
    ("CREATE TEMP VIEW v AS TABLE {t}; SELECT count(*) FROM v", 3),
    ("DO $$ BEGIN PERFORM set_config('my.n', (SELECT count(*)::text FROM {t}), true); END $$; SHOW my.n", "3"),
    (
        "CREATE FUNCTION pg_temp.n() RETURNS bigint SECURITY DEFINER LANGUAGE sql BEGIN ATOMIC"
        " SELECT count(*) FROM {t}; END; SELECT pg_temp.n()",
        3,
    ),
    (
        "CREATE FUNCTION pg_temp.n() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN NEW.n := (SELECT count(*) FROM {t}); RETURN NEW; END $$;"
        "CREATE TEMP TABLE loot (n int) ON COMMIT DROP;"
        "CREATE TRIGGER n BEFORE INSERT ON loot FOR EACH ROW EXECUTE FUNCTION pg_temp.n();"
        "INSERT INTO loot DEFAULT VALUES RETURNING n",
        3,
    ),
    # cursors
    ("DECLARE c CURSOR FOR SELECT body FROM {t} ORDER BY id; MOVE 2 FROM c; FETCH ALL FROM c", "acme 3"),
    ("DECLARE c SCROLL CURSOR FOR SELECT body FROM {t} ORDER BY {tenant} = {b}, id; FETCH LAST FROM c", "acme 3"),
]

WRITES = [
    ("UPDATE {t} SET body = 'x'", 3),
    ("UPDATE {t} SET body = 'x' WHERE {tenant} = {b}", 0),
    ("UPDATE {t} SET body = 'x' WHERE {tenant} = {b} OR id = 4 OR 1 = 1", 3),
    ("UPDATE {t} t SET body = o.body FROM {t} o WHERE o.id >= t.id AND o.{tenant} = {b}", 0),
    ("UPDATE {t} SET body = 'x' WHERE ctid > '(0,0)'", 3),
    ("UPDATE {t} SET body = 'x' RETURNING (SELECT count(*) FROM {t})", 3),
    ("WITH u AS (UPDATE {t} SET body = 'x' RETURNING id) SELECT count(*) FROM u", 3),
    ("DECLARE c CURSOR FOR SELECT FROM {t} FOR UPDATE; MOVE 1 FROM c; DELETE FROM {t} WHERE CURRENT OF c", 1),
    ("DELETE FROM {t}", 3),
    ("DELETE FROM {t} WHERE {tenant} = {b}", 0),
    ("DELETE FROM {t} WHERE id = 4", 0),
    ("DELETE FROM {t} t USING {t} o WHERE o.id = t.id", 3),
    ("WITH d AS (DELETE FROM {t} RETURNING *) SELECT count(*) FROM d WHERE body LIKE 'acme%'", 3),
    ("INSERT INTO {t} (id, body) SELECT id + 10, body FROM {t}", 3),
    ("INSERT INTO {t} (id, body) VALUES (4, 'x') RETURNING {tenant} = {a}", True),
    ("WITH i AS (INSERT INTO {t} (id) VALUES (4), (5) RETURNING *) SELECT count(*) FROM i", 2),
    ("INSERT INTO {t} (id, body) VALUES (1, 'x'), (4, 'x') ON CONFLICT DO NOTHING", 1),
    ("INSERT INTO {t} (id, body) VALUES (1, 'x'), (4, 'x') ON CONFLICT ({tenant}, id) DO UPDATE SET body = 'y'", 2),
    (
        "INSERT INTO {t} AS t (id) VALUES (3), (4) ON CONFLICT ({tenant}, id) DO UPDATE SET body = 'y'"
        " WHERE t.{tenant} = {b}",
        1,
    ),
    ("MERGE INTO {t} t USING generate_series(1, 9) i ON t.id = i WHEN MATCHED THEN DELETE", 3),
    ("MERGE INTO {t} t USING generate_series(1, 9) i ON t.id = i WHEN MATCHED THEN UPDATE SET body = 'x'", 3),
    ("MERGE INTO {t} t USING {t} o ON t.{tenant} <> o.{tenant} WHEN MATCHED THEN DELETE", 0),
    (
        "MERGE INTO {t} t USING generate_series(1, 4) i ON t.id = i AND t.{tenant} = {b}"
        " WHEN MATCHED THEN DELETE WHEN NOT MATCHED AND i > 3 THEN INSERT (id, body) VALUES (i, 'x')",
        1,
    ),
    ("SAVEPOINT s; DELETE FROM {t}; ROLLBACK TO s; DELETE FROM {t} WHERE id > 1", 2),
]

# From this version of PostgreSQL on.
NEWER_WRITES = [
    (17, "MERGE INTO {t} t USING (SELECT 1) s ON t.id < 0 WHEN NOT MATCHED BY SOURCE THEN DELETE", 3),
    (17, "MERGE INTO {t} t USING (SELECT 1) s ON t.{tenant} = {a} WHEN NOT MATCHED BY SOURCE THEN DELETE", 0),
    (
        17,
        "WITH m AS (MERGE INTO {t} t USING generate_series(1, 9) i ON t.id = i"
        " WHEN MATCHED THEN UPDATE SET body = 'x' RETURNING merge_action(), t.*) SELECT count(*) FROM m",
        3,
    ),
    (
        17,
        "CREATE TEMP VIEW v AS TABLE {t}; MERGE INTO v USING generate_series(1, 9) i ON v.id = i"
        " WHEN MATCHED THEN UPDATE SET body = 'x' WHEN NOT MATCHED BY SOURCE THEN DELETE",
        3,
    ),
    (18, "WITH u AS (UPDATE {t} SET body = 'x' RETURNING old.*) SELECT count(*) FROM u WHERE body LIKE 'acme%'", 3),
    (18, "WITH d AS (DELETE FROM {t} RETURNING old.*, new.*) SELECT count(*) FROM d", 3),
    (
        18,
        "WITH i AS (INSERT INTO {t} AS t (id) VALUES (3), (4) ON CONFLICT ({tenant}, id) DO UPDATE SET body = 'y'"
        " RETURNING old.body) SELECT count(*) FROM i WHERE body LIKE 'acme%'",
        1,
    ),
    (
        18,
        "WITH m AS (MERGE INTO {t} t USING generate_series(1, 9) i ON t.id = i"
        " WHEN MATCHED THEN DELETE RETURNING old.*) SELECT count(*) FROM m",
        3,
    ),
]

STRANGER = "00000000-0000-4000-8000-000000000000"

# Refused with insufficient_privilege, whether or not the other tenant exists.
FOREIGN_ROWS = [
    "INSERT INTO {t} ({tenant}, id) VALUES ({other}, 9)",
    "INSERT INTO {t} ({tenant}, id) VALUES (DEFAULT, 9), ({other}, 9)",
    "INSERT INTO {t} ({tenant}, id) SELECT {other}, id FROM {t}",
    "INSERT INTO {t} ({tenant}, id) VALUES (NULL, 9)",
    "INSERT INTO {t} ({tenant}, id) VALUES ({other}, 4) ON CONFLICT DO NOTHING",
    "INSERT INTO {t} ({tenant}, id) VALUES ({other}, 4) ON CONFLICT ({tenant}, id) DO UPDATE SET body = 'x'",
    "INSERT INTO {t} (id) VALUES (1) ON CONFLICT ({tenant}, id) DO UPDATE SET {tenant} = {other}",
    "WITH i AS (INSERT INTO {t} ({tenant}, id) VALUES ({other}, 9) RETURNING *) TABLE i",
    "UPDATE {t} SET {tenant} = {other}",
    "UPDATE {t} SET {tenant} = {other}, id = 9 WHERE id = 1 RETURNING *",
    "WITH u AS (UPDATE {t} SET {tenant} = {other} RETURNING *) SELECT count(*) FROM u",
    "MERGE INTO {t} t USING (SELECT 1) s ON t.id = 1 WHEN MATCHED THEN UPDATE SET {tenant} = {other}",
    "MERGE INTO {t} t USING (SELECT 1) s ON false WHEN NOT MATCHED THEN INSERT ({tenant}, id) VALUES ({other}, 9)",
]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(("attack", "expected"), READS)
def test_reads(arena: Arena, table: str, attack: str, expected: object) -> None:
    assert arena.run(attack, table) == expected


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(("attack", "expected"), WRITES)
def test_writes(arena: Arena, table: str, attack: str, expected: object) -> None:
    assert arena.run(attack, table) == expected


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(("since", "attack", "expected"), NEWER_WRITES)
def test_newer_writes(arena: Arena, table: str, since: int, attack: str, expected: object) -> None:
    if arena.app.info.server_version < since * 10000:
        pytest.skip(f"a matter of PostgreSQL {since}")
    assert arena.run(attack, table) == expected


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("attack", FOREIGN_ROWS)
def test_rows_for_another_tenant(arena: Arena, table: str, attack: str) -> None:
    for other in (arena.globex.tenant_id, STRANGER):
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as refusal:
            arena.run(arena.format(attack, table, other=f"'{other}'"))
        assert VICTIM not in str(refusal.value)


@pytest.mark.parametrize("table", TABLES)
def test_copy(arena: Arena, table: str) -> None:
    with arena.attack() as app, app.cursor() as cursor:
        with cursor.copy(arena.format("COPY (TABLE {t}) TO STDOUT", table)) as rows:
            assert sorted(row[2] for row in rows.rows()) == ["acme 1", "acme 2", "acme 3"]
        with cursor.copy(arena.format("COPY {t} TO STDOUT", table)) as rows:
            # PostgreSQL reads ONLY the named table here, and a partitioned one has no rows of its own.
            assert len(list(rows)) == (0 if table == "partitioned" else 3)
        with cursor.copy(arena.format("COPY (DELETE FROM {t} RETURNING body) TO STDOUT", table)) as rows:
            assert len(list(rows)) == 3
    # Row-level security does not check COPY FROM, so PostgreSQL does not allow it.
    with pytest.raises(psycopg.errors.FeatureNotSupported), arena.attack() as app, app.cursor() as cursor:
        cursor.copy(arena.format("COPY {t} ({tenant}, id) FROM STDIN", table)).__enter__()


@pytest.mark.parametrize("table", TABLES)
def test_without_a_context(arena: Arena, table: str) -> None:
    for statement, touched in [
        ("SELECT FROM {t}", 0),
        ("UPDATE {t} SET body = 'x'", 0),
        ("DELETE FROM {t} WHERE {tenant} = {b}", 0),
        ("MERGE INTO {t} t USING generate_series(1, 9) i ON t.id = i WHEN MATCHED THEN DELETE", 0),
    ]:
        assert arena.app.execute(arena.format(statement, table)).rowcount == touched
    for tenant in ("DEFAULT", "{a}", "{b}"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as refusal:
            arena.app.execute(arena.format(f"INSERT INTO {{t}} ({{tenant}}, id) VALUES ({tenant}, 9)", table))
        assert refusal.value.diag.message_primary == "no tenant context"
        assert "authenticate" in str(refusal.value.diag.message_hint)
    assert arena.run("SELECT count(*) FROM {t}", table) == 3

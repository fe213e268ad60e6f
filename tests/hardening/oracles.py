"""What an attacker with SQL under the application's role still learns of other tenants, before and after harden().

`.venv/bin/python -m tests.hardening.oracles` measures on a server of its own and prints the table of
docs/explanation/oracles.md, which a test compares. Nothing is timed here: with `--time` it prints what times tell.

The victim, acme, has 9,900 rows of 10,000; the attacker, globex, has 100 and knows the tenant ids. Keys and indexes
begin with the tenant, as protect() wants them.
"""

import argparse
import itertools
import re
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
from pytest_postgresql.janitor import DatabaseJanitor

from tests.support.cluster import running_cluster
from tests.support.database import Connection, Database, install_extensions
from tests.support.tenants import Tenant, as_tenant, create_tenant

MINE, THEIRS = 100, 9900

SCHEMA = """
CREATE TABLE notes (
    id int GENERATED ALWAYS AS IDENTITY, tenant_id uuid, body text, PRIMARY KEY (tenant_id, id)
) WITH (autovacuum_enabled = off)
"""


@dataclass(frozen=True)
class Scene:
    """Who takes part in a measurement.

    Attributes:
        attacker: in a transaction and in globex's context.
        listener: another session of the attacker's, outside of transactions, which listens.
        victim: who acts for acme.
        acme: the victim.
    """

    attacker: Connection
    listener: Connection
    victim: Connection
    acme: Tenant

    def value(self, query: str, *parameters: object) -> Any:
        row = self.attacker.execute(query.encode(), parameters or None).fetchone()
        assert row is not None
        return row[0]

    def plan(self, query: str) -> str:
        return "\n".join(line for (line,) in self.attacker.execute(f"EXPLAIN {query}".encode()).fetchall())

    def writes(self, rows: int) -> None:
        """Have the victim write rows, in a transaction of its own."""
        with as_tenant(self.victim, self.acme):
            self.victim.execute("INSERT INTO notes (body) SELECT 'more' FROM generate_series(1, %s)", [rows])


@dataclass(frozen=True)
class Oracle:
    """A way to learn something.

    Attributes:
        name: the statement, in short.
        tells: what it tells.
        ask: measures it, and returns what was learnt in a form that does not vary from run to run.
    """

    name: str
    tells: str
    ask: Callable[[Scene], str]


def number(pattern: str, plan: str) -> int:
    found = re.search(pattern, plan)
    return int(found[1]) if found else 0


def estimated_value(scene: Scene) -> str:
    there, missing = (
        number(r"rows=(\d+)", scene.plan(f"SELECT FROM notes WHERE body = '{body}'")) for body in ("layoffs", "picnic")
    )
    return f"{there} rows expected of a value that 520 rows have, {missing} of one that none has"


def estimated_tenant(scene: Scene) -> str:
    plan = scene.plan(f"SELECT FROM notes WHERE tenant_id = '{scene.acme.tenant_id}'")
    rows = number(r"rows=(\d+)", plan)
    return f"{rows:,} of 9,900"


def sampled(scene: Scene) -> str:
    plan = scene.plan("(ANALYZE, TIMING OFF) SELECT FROM notes TABLESAMPLE SYSTEM (100)")
    removed = number(r"Rows Removed by Filter: (\d+)", plan)
    return f"{removed:,} of 9,900"


def merged(scene: Scene) -> str:
    never = "MERGE INTO notes USING (SELECT) AS nothing ON true WHEN MATCHED AND random() < 0 THEN DELETE"
    skipped = number(r"skipped=(\d+)", scene.plan(f"(ANALYZE, TIMING OFF) {never}"))
    return f"{skipped:,} of 10,000"


def reltuples(scene: Scene) -> str:
    return f"{scene.value('SELECT reltuples::int FROM pg_class WHERE oid = %s::regclass', 'notes'):,} of 10,000"


def size(scene: Scene) -> str:
    return "to the page" if scene.value("SELECT pg_relation_size('notes')") > 0 else "nothing"


def counters(scene: Scene) -> str:
    return f"{scene.value('SELECT n_live_tup FROM pg_stat_user_tables WHERE relname = %s', 'notes'):,} of 10,000"


def counters_of_transaction(scene: Scene) -> str:
    scene.attacker.execute("SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off")
    scene.attacker.execute("SELECT count(*) FROM notes WHERE length(body) > 0")
    read = scene.value("SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'notes'")
    return f"{read:,} of 10,000"


def newest_version(scene: Scene) -> str:
    return "whether a row was updated" if scene.value("SELECT currtid2('notes', '(0,1)')") else "nothing"


def own_position(scene: Scene) -> str:
    insert = "INSERT INTO notes (body) VALUES ('mine') RETURNING (ctid::text::point)[0]::int"
    page = scene.value(insert)
    scene.writes(2000)
    return "roughly, by pages" if scene.value(insert) > page + 5 else "nothing"


def sequence(scene: Scene) -> str:
    insert = "INSERT INTO notes (body) VALUES ('mine') RETURNING id"
    first = scene.value(insert)
    scene.writes(70)
    return f"{scene.value(insert) - first - 1} of 70"


def transactions(scene: Scene) -> str:
    query = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
    first = scene.value(query)
    for _ in range(5):
        scene.writes(1)
    return "each of them" if scene.value(query) - first >= 5 else "nothing"


def log_position(scene: Scene) -> str:
    first = scene.value("SELECT pg_current_wal_insert_lsn()")
    scene.writes(70)
    return "to the byte" if scene.value("SELECT pg_current_wal_insert_lsn() > %s::pg_lsn", first) else "nothing"


def texts(scene: Scene) -> str:
    scene.victim.execute("SELECT 'plans of acme' AS body")
    seen = scene.value(
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%plans%of%acme%' AND pid <> pg_backend_pid()"
    )
    return "as they were written" if seen else "nothing"


def cancelling(scene: Scene) -> str:
    pid = scene.victim.info.backend_pid
    return "yes" if scene.value("SELECT pg_cancel_backend(%s)", pid) else "no"


def locks(scene: Scene) -> str:
    with as_tenant(scene.victim, scene.acme):
        scene.victim.execute("SELECT count(*) FROM notes")
        seen = scene.value(
            "SELECT count(*) FROM pg_locks WHERE relation = 'notes'::regclass AND pid = %s",
            scene.victim.info.backend_pid,
        )
    return "which tables it uses" if seen else "nothing"


def lock_table(scene: Scene) -> str:
    with as_tenant(scene.victim, scene.acme):
        scene.victim.execute("SELECT count(*) FROM notes")
        try:
            with scene.attacker.transaction():
                scene.attacker.execute("LOCK TABLE notes IN ACCESS EXCLUSIVE MODE NOWAIT")
        except psycopg.errors.LockNotAvailable:
            return "that it uses the table now"
    return "nothing"


def advisory_lock(scene: Scene) -> str:
    try:
        scene.victim.execute("SELECT pg_advisory_lock(4711)")
    except psycopg.errors.InsufficientPrivilege:
        return str(scene.value("SELECT pg_try_advisory_xact_lock(4711)"))
    taken = not scene.value("SELECT pg_try_advisory_xact_lock(4711)")
    scene.victim.execute("SELECT pg_advisory_unlock(4711)")
    return "which it holds" if taken else "nothing"


def notifications(scene: Scene) -> str:
    scene.victim.execute("NOTIFY orders, 'of acme'")
    seen = [each.payload for each in scene.listener.notifies(timeout=2, stop_after=1)]
    return "as they were sent" if seen else "nothing"


def large_object(scene: Scene) -> str:
    try:
        scene.victim.execute("SELECT lo_from_bytea(4711, 'plans of acme')")
    except psycopg.errors.InsufficientPrivilege:
        return str(scene.value("SELECT lo_get(4711)"))
    found = bytes(scene.value("SELECT lo_get(4711)")).decode()
    scene.victim.execute("SELECT lo_unlink(4711)")
    return "all of them" if found == "plans of acme" else "nothing"


def planting(scene: Scene) -> str:
    scene.attacker.execute("CREATE TEMP TABLE notes (id int, tenant_id uuid, body text)")
    return "objects that come first on the search path"


ORACLES = (
    Oracle("`EXPLAIN … WHERE body = '…'`", "whether a frequent value exists", estimated_value),
    Oracle("`EXPLAIN … WHERE tenant_id = '…'`", "rows of a tenant", estimated_tenant),
    Oracle("`EXPLAIN (ANALYZE) … TABLESAMPLE`", "rows of all others", sampled),
    Oracle("`EXPLAIN (ANALYZE) MERGE … ON true`", "rows of all tenants", merged),
    Oracle("`pg_class.reltuples`", "rows of all tenants", reltuples),
    Oracle("`pg_relation_size` and its like", "size of a table", size),
    Oracle("`pg_stat_user_tables` and its like", "rows of all tenants, and how many were written", counters),
    Oracle("`pg_stat_xact_user_tables`", "rows that one's own scan passed over", counters_of_transaction),
    Oracle("`currtid2`", "the fate of a row whose position is known", newest_version),
    Oracle("`ctid` of one's own rows", "rows that others wrote in between", own_position),
    Oracle("generated numbers of one's own rows", "rows that others wrote in between", sequence),
    Oracle("`pg_current_snapshot`", "transactions that others wrote in between", transactions),
    Oracle("`pg_current_wal_insert_lsn`", "bytes that others wrote in between", log_position),
    Oracle("`pg_stat_activity`", "texts of the statements of one's login", texts),
    Oracle("`pg_cancel_backend`", "may stop the statements of one's login", cancelling),
    Oracle("`pg_locks`", "what another session does", locks),
    Oracle("`LOCK TABLE … NOWAIT`", "what another session does", lock_table),
    Oracle("`pg_try_advisory_lock`", "advisory locks of another session", advisory_lock),
    Oracle("`LISTEN`", "notifications of another session", notifications),
    Oracle("`lo_get`", "large objects of one's login", large_object),
    Oracle("`CREATE TEMP …`", "plants, in a session that goes to others", planting),
)


def ask(database: Database, globex: Tenant, acme: Tenant, oracle: Oracle) -> str:
    """Ask an oracle on fresh connections, and take back what the attacker has done."""
    attacker, listener, victim = (database.connect("app") for _ in range(3))
    listener.execute("LISTEN orders")
    answer = "closed"
    try:
        with as_tenant(attacker, globex):
            answer = oracle.ask(Scene(attacker, listener, victim, acme))
            raise psycopg.Rollback
    except psycopg.errors.InsufficientPrivilege:
        pass
    finally:
        for connection in (attacker, listener, victim):
            connection.close()
    return answer


def set_stage(database: Database) -> tuple[Tenant, Tenant]:
    """Make the table and fill it. Return attacker and victim."""
    dba, superuser, app = (database.connect(role) for role in ("dba", "postgres", "app"))
    acme, globex = create_tenant(dba, "acme"), create_tenant(dba, "globex")
    dba.execute(SCHEMA)
    dba.execute("SELECT tenantry.protect('notes')")
    dba.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON notes TO tenantry_app")
    with as_tenant(app, acme):
        app.execute(
            "INSERT INTO notes (body) SELECT CASE WHEN i <= 520 THEN 'layoffs' ELSE 'note ' || i END"
            " FROM generate_series(1, %s) AS i",
            [THEIRS],
        )
    with as_tenant(app, globex):
        app.execute("INSERT INTO notes (body) SELECT 'memo ' || i FROM generate_series(1, %s) AS i", [MINE])
    superuser.execute("SET default_statistics_target = 400")
    superuser.execute("VACUUM ANALYZE notes")
    superuser.execute("SELECT pg_stat_force_next_flush()")
    return globex, acme


def measure(make_database: Callable[[], Database]) -> list[tuple[str, str, str, str]]:
    """Ask every oracle on a stage of its own before, and on one after harden(): asking changes the stage."""
    rows = []
    answers: dict[bool, list[str]] = {}
    for is_hardened in (False, True):
        database = make_database()
        globex, acme = set_stage(database)
        if is_hardened:
            database.connect("postgres").execute("SELECT tenantry.harden()")
        answers[is_hardened] = [ask(database, globex, acme, oracle) for oracle in ORACLES]
    for oracle, before, after in zip(ORACLES, answers[False], answers[True], strict=True):
        rows.append((oracle.name, oracle.tells, before, "the same" if after == before else after))
    return rows


def to_markdown(rows: list[tuple[str, str, str, str]]) -> str:
    lines = ["| asked | tells | unless hardened | after `harden()` |", "|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)]) + "\n"


def times(database: Database, globex: Tenant) -> dict[str, float]:
    """Return the medians, in ms, of looking up a value that 520 rows of the victim have, and one that nobody has."""
    app = database.connect("app")
    taken: dict[str, list[float]] = {"layoffs": [], "picnic": []}
    with as_tenant(app, globex):
        for _ in range(300):
            for body, measured in taken.items():
                start = time.perf_counter()
                app.execute("SELECT FROM notes WHERE body = %s", [body])
                measured.append((time.perf_counter() - start) * 1000)
    return {body: statistics.median(measured) for body, measured in taken.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--time", action="store_true", help="print what times tell instead")
    options = parser.parse_args()
    with running_cluster("test-oracles") as cluster:
        names = (f"oracles_{i}" for i in itertools.count())

        def make_database() -> Database:
            janitor = DatabaseJanitor(
                user=cluster.user, host=cluster.host, port=cluster.port, dbname=next(names), template_dbname="template1"
            )
            janitor.init()
            return Database(cluster.host, cluster.port, janitor.dbname)

        install_extensions(user=cluster.user, host=cluster.host, port=cluster.port, dbname="template1")
        if not options.time:
            print(to_markdown(measure(make_database)), end="")
            return
        database = make_database()
        globex, _ = set_stage(database)
        print({body: f"{taken:.3f} ms" for body, taken in times(database, globex).items()})
        dba = database.connect("dba")
        dba.execute("CREATE INDEX ON notes (body)")
        print("with an index that does not begin with the tenant:")
        print({body: f"{taken:.3f} ms" for body, taken in times(database, globex).items()})


if __name__ == "__main__":
    main()

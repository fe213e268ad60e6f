"""What is not shared looks like what does not exist: in rows, errors, plans, counters and keys.

The same is asked before, without and after a share, of rows and of values that exist and of those that do not.
"""

import re
from collections.abc import Iterator
from typing import LiteralString, cast
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.sharing.conftest import ACME, HANDBOOK, PROVIDER, Place, bodies
from tests.support.database import Connection
from tests.support.tenants import as_tenant

EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, VERBOSE, COSTS OFF, TIMING OFF, SUMMARY OFF) "
PLANNERS = {
    "default": "SELECT 1",
    "index scan": "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off",
    "bitmap scan": (
        "SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off"
    ),
}
# Conditions that try to reach globex's private rows, or what was not granted of the provider's, by every index.
PROBES = [
    "tenant_id = '{owner}'",
    "tenant_id = '{owner}' AND id = {id}",
    "tenant_id = '{owner}' AND body = '{body}'",
    "tenant_id = '{owner}' AND body > 'a'",
    "tenant_id IN ('{owner}', '{acme}') AND body BETWEEN 'a' AND 'z'",
    "tenant_id <= '{owner}'",
    "body = '{body}'",
    "body BETWEEN 'globex' AND 'h'",
    "id = {id} AND body = '{body}'",
]


@pytest.fixture
def many(place: Place) -> Iterator[Place]:
    """Enough private rows of globex and the provider that indexes pay, with values that acme would like to know."""
    superuser = place.database.connect("postgres")
    secrets = "INSERT INTO guides SELECT %s, i, 'secret ' || i FROM generate_series(1000, 3000) AS i"
    for owner in (place.globex.tenant_id, PROVIDER):
        superuser.execute(cast(LiteralString, secrets), [owner])
    superuser.execute("ANALYZE guides")
    yield place
    superuser.execute("DELETE FROM guides WHERE id >= 1000")


def plan(app: Connection, condition: str) -> str:
    """Return the plan of a query, with the numbers of buffers but without what names the probe."""
    lines = app.execute(cast(LiteralString, f"{EXPLAIN} SELECT body FROM guides WHERE {condition}")).fetchall()
    text = "\n".join(line for (line,) in lines if "Buffers" not in line and "Planning" not in line)
    return re.sub(r"'[^']*'|(?<== )\d+", "?", text)


def scanned(text: str) -> list[tuple[int, int]]:
    """Return, for each scan of the table in a plan, how many rows it returned and how many it removed."""
    scan = r"Scan (?:using \S+ )?on public\.guides.*?rows=(\d+)(.*?)(?=\n\s*(?:->|InitPlan)|\Z)"
    scans = re.findall(scan, text, re.S)
    removed = [sum(map(int, re.findall(r"Rows Removed by [\w ]+: (\d+)", rest))) for _, rest in scans]
    return [(int(rows), gone) for (rows, _), gone in zip(scans, removed, strict=True)]


@pytest.mark.parametrize("planner", PLANNERS)
@pytest.mark.parametrize("probe", PROBES)
@pytest.mark.parametrize("shared", [False, True])
def test_plans_tell_nothing_of_what_is_not_shared(many: Place, probe: str, planner: str, shared: bool) -> None:
    """A private row that meets a condition and one that does not exist give the same plan, run the same way."""
    if shared:
        many.share()
        many.dba.execute("SELECT tenantry.grant_shared(%s, 'guides', 'legal')", [many.acme.tenant_id])
    for owner in (many.globex.tenant_id, PROVIDER):
        plans = []
        for body, row in (("secret 2000", 2000), ("nowhere", 9999)):
            with as_tenant(many.app, many.acme) as app:
                app.execute(cast(LiteralString, PLANNERS[planner]))
                condition = probe.format(owner=owner, acme=many.acme.tenant_id, body=body, id=row)
                plans.append(plan(app, condition))
        assert plans[0] == plans[1]
        if planner != "default":
            assert "Seq Scan" not in plans[0]
            # No more rows are looked at than acme may read.
            assert all(gone <= 7 for _, gone in scanned(plans[0])), plans[0]


def test_that_check_can_fail(many: Place) -> None:
    """A share of some of an owner's rows, decided by a filter instead of the tenant, would show them all."""
    with many.dba.transaction(force_rollback=True):
        many.dba.execute("DROP POLICY tenantry_isolation ON guides; DROP POLICY tenantry_access ON guides")
        leaky = "tenant_id = (SELECT tenantry.current_tenant()) OR id BETWEEN 4 AND 5"
        many.dba.execute(cast(LiteralString, f"CREATE POLICY leaky ON guides USING ({leaky})"))
        many.dba.execute(cast(LiteralString, PLANNERS["index scan"]))
        many.dba.execute("SELECT tenantry.enter_shared()")
        text = plan(many.dba, f"tenant_id = '{many.globex.tenant_id}' AND body > 'a'")
    assert any(gone > 7 for _, gone in scanned(text)), text


def counters(app: Connection) -> list[tuple[object, ...]]:
    """Return what the transaction has read of the table by its own statistics, which everybody sees."""
    app.execute("SELECT pg_stat_clear_snapshot()")
    query = "SELECT relname, seq_tup_read, idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'guides'"
    return app.execute(query).fetchall()


def test_counters_tell_nothing_either(many: Place) -> None:
    many.share()
    seen = []
    for body in ("secret 2000", "nowhere"):
        with as_tenant(many.app, many.acme) as app:
            app.execute("SET LOCAL enable_seqscan = off")
            before = counters(app)
            app.execute(
                "SELECT FROM guides WHERE tenant_id = %s AND body = %s", [many.globex.tenant_id, body]
            ).fetchall()
            seen.append((before, counters(app)))
    assert seen[0] == seen[1]


def looked_at(app: Connection, statement: str, *parameters: object) -> dict[str, tuple[int, ...]]:
    """Return how often a statement looks into which table, and what it fetches, by the same statistics."""

    def read() -> dict[str, tuple[int, ...]]:
        app.execute("SELECT pg_stat_clear_snapshot()")
        query = (
            "SELECT relname, seq_scan, seq_tup_read, coalesce(idx_scan, 0), coalesce(idx_tup_fetch, 0)"
            " FROM pg_stat_xact_all_tables WHERE schemaname LIKE 'tenantry%'"
        )
        return {name: tuple(counts) for name, *counts in app.execute(query)}

    before = read()
    app.execute(cast(LiteralString, statement), parameters or None).fetchall()
    after = read()
    return {
        name: tuple(now - then for now, then in zip(after[name], before.get(name, (0, 0, 0, 0)), strict=True))
        for name in after
        if after[name] != before.get(name)
    }


@pytest.mark.parametrize("accepted", [False, True])
def test_counters_do_not_tell_who_exists(place: Place, accepted: bool) -> None:
    if accepted:
        place.share()
    seen = []
    for unknown in (place.initech.tenant_id, place.legal, uuid4()):
        with as_tenant(place.app, place.acme) as app:
            seen.append(looked_at(app, "SELECT tenantry.shared_by(%s)", unknown))
    assert seen[0]
    assert seen == seen[:1] * 3


def test_offers_are_not_looked_at(place: Place) -> None:
    """Or whoever offers many would slow down a tenant that accepts none.

    Its look-ups are told apart here from scans of a whole table, which a planner prefers that knows it to be tiny.
    """
    reader = place.database.connect("app")
    reader.execute("SET enable_seqscan = off")
    query = "SELECT tenantry.readable_tenants('guides')"
    place.share()  # and what remains of an accepted share that was taken back
    place.unshare()
    with as_tenant(reader, place.acme) as app:
        before = looked_at(app, query)
    place.share(accept=False)
    with as_tenant(reader, place.acme) as app:
        assert looked_at(app, query) == before
    place.share()
    with as_tenant(reader, place.acme) as app:
        assert looked_at(app, query) != before


def outcome(app: Connection, statement: str, *parameters: object) -> tuple[object, ...]:
    """Return all that a statement says: its rows, or its error to the last field."""
    try:
        with app.transaction(force_rollback=True):
            cursor = app.execute(cast(LiteralString, statement), parameters or None)
            return ("rows", cursor.rowcount, cursor.fetchall() if cursor.description else None)
    except psycopg.Error as error:
        diagnostic = error.diag
        return (diagnostic.sqlstate, diagnostic.message_primary, diagnostic.message_detail, diagnostic.message_hint)


STATEMENTS = [
    "SELECT * FROM guides WHERE tenant_id = {c}",
    "SELECT count(*), max(body) FROM guides WHERE id = 4",
    "SELECT tenantry.shared_by({c})",
    "SELECT tenantry.accept_collection({c})",
    "SELECT tenantry.decline_collection({c})",
    "SELECT * FROM tenantry.shares WHERE collection_id = {c}",
    "SELECT * FROM tenantry.collections WHERE collection_id = {c}",
    "SELECT tenant_id, slug, name FROM tenantry.tenants WHERE tenant_id = {c}",
    "SELECT tenantry.share_collection('guides', 'handbook', {other})",
    "SELECT tenantry.share_collection('guides', 'no such', {other})",
    "SELECT tenantry.unshare_collection('guides', 'handbook', {c})",
    "INSERT INTO guides (tenant_id, id) VALUES ({c}, 4)",
    "INSERT INTO guides (tenant_id, id) VALUES ({c}, 4) ON CONFLICT DO NOTHING",
    "INSERT INTO guides (id) VALUES (4)",
    "UPDATE guides SET tenant_id = {c}",
    "INSERT INTO child (guide_id) VALUES (4)",
]


@pytest.fixture(scope="module")
def referring(built: Place) -> None:
    """A table that refers to a shared one."""
    built.dba.execute(
        """
        CREATE TABLE child (tenant_id uuid, guide_id int, FOREIGN KEY (tenant_id, guide_id) REFERENCES guides);
        SELECT tenantry.protect('child');
        GRANT SELECT, INSERT ON child TO tenantry_app
        """
    )


def test_missing_grant_is_missing_data(place: Place, referring: None) -> None:
    """All that a collection says that is not shared, or no longer, an unknown id says as well."""

    def everything(collection: UUID) -> list[tuple[object, ...]]:
        names = {"c": f"'{collection}'", "other": f"'{place.initech.tenant_id}'"}
        with as_tenant(place.app, place.acme) as app:
            return [outcome(app, statement.format(**names)) for statement in STATEMENTS]

    unknown, before = everything(uuid4()), everything(place.handbook)
    assert before == unknown
    place.share()
    assert everything(place.handbook) != unknown
    assert everything(uuid4())[0] == unknown[0]
    place.unshare()
    assert everything(place.handbook) == unknown
    assert everything(PROVIDER) == unknown


def test_sharing_does_not_tell_who_exists(place: Place) -> None:
    with as_tenant(place.app, place.globex) as app:
        said = []
        for grantee in (place.initech.tenant_id, uuid4(), place.handbook, PROVIDER):
            app.execute("SAVEPOINT s")
            said.append(
                [
                    outcome(app, f"SELECT tenantry.{name}_collection('guides', 'handbook', %s)", grantee)
                    for name in ("share", "unshare", "share")
                ]
            )
            app.execute("SELECT tenantry.share_collection('guides', 'handbook', %s)", [grantee])
            query = "SELECT table_name, collection, accepted_at FROM tenantry.shares WHERE grantee_tenant_id = %s"
            said[-1].append(outcome(app, query, grantee))
            app.execute("ROLLBACK TO s")
    # A collection of one's own cannot be shared with, which tells nothing new.
    assert said[0] == said[1] == said[3]


def test_acceptance_is_not_told(place: Place) -> None:
    def seen() -> tuple[object, ...]:
        with as_tenant(place.app, place.globex) as app:
            return outcome(app, "SELECT table_name, collection_id, grantee_tenant_id, accepted_at FROM tenantry.shares")

    place.share(accept=False)
    before = seen()
    place.share()
    assert seen() == before


def test_views_do_not_count_others(place: Place) -> None:
    """A condition of the application's is evaluated after the tenant's, and no plan counts what it removed."""
    place.share()
    for view, column, known in (
        ("shares", "grantee_tenant_id", place.acme.tenant_id),
        ("collections", "collection_id", place.handbook),
    ):
        plans = []
        for value in (known, uuid4()):
            with as_tenant(place.app, place.initech) as app:
                app.execute("SET LOCAL enable_seqscan = off")
                lines = app.execute(
                    cast(LiteralString, f"{EXPLAIN} SELECT FROM tenantry.{view} WHERE {column} = '{value}'")
                ).fetchall()
                plans.append("\n".join(line for (line,) in lines if "Buffers" not in line).replace(str(value), "?"))
        assert plans[0] == plans[1]


def test_a_share_widens_no_other_table(place: Place) -> None:
    place.share()
    assert place.bodies(place.acme) == ACME + HANDBOOK
    with as_tenant(place.app, place.acme) as app:
        assert bodies(app, "parts") == ACME
        assert bodies(app, "own") == []

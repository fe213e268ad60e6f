"""Rows and bytes that a tenant stores."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.limits.crowd import Crowd, crowd
from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, as_tenant

pytestmark = pytest.mark.usefixtures("stored")

LIMIT = "SELECT tenantry.set_tenant_limits(%s, p_rows => %s, p_bytes => %s)"
STORE = "INSERT INTO stored (body) SELECT %s FROM generate_series(1, %s)"


@pytest.fixture(scope="module")
def clients(module_database: Database) -> Iterator[Crowd]:
    with crowd(module_database) as clients:
        yield clients


def stores(connection: Connection, tenant: Tenant, rows: int, body: str = "") -> bool:
    """Store rows in a transaction of its own; return whether they were admitted."""
    try:
        with as_tenant(connection, tenant):
            connection.execute(STORE, [body, rows])
    except psycopg.errors.ConfigurationLimitExceeded:
        return False
    return True


def recorded(dba: Connection, tenant: Tenant) -> tuple[int, int]:
    row = dba.execute(
        "SELECT stored_rows, stored_bytes FROM tenantry.tenant_usage WHERE tenant_id = %s AND stored_rows IS NOT NULL",
        [tenant.tenant_id],
    ).fetchone()
    assert row is not None
    return row


def real(superuser: Connection, tenant: Tenant) -> tuple[int, int]:
    row = superuser.execute(
        "SELECT count(*), coalesce(sum(octet_length(record_send(s))), 0) FROM stored AS s WHERE tenant_id = %s",
        [tenant.tenant_id],
    ).fetchone()
    assert row is not None
    return row


def test_rows_and_bytes_are_recorded(superuser: Connection, app: Connection, dba: Connection, acme: Tenant) -> None:
    """Whatever is done to them, compressed and out of line too."""
    long = "tenant " * 5000
    for statement in (
        "INSERT INTO stored (body) SELECT 'short' FROM generate_series(1, 100)",
        f"INSERT INTO stored (body) SELECT '{long}' || i FROM generate_series(1, 5) AS i",
        "UPDATE stored SET body = body || 'er' WHERE id % 2 = 0",
        "UPDATE stored SET body = left(body, 3)  WHERE id % 3 = 0",
        "DELETE FROM stored WHERE id % 5 = 0",
        "INSERT INTO stored (id, body) OVERRIDING SYSTEM VALUE SELECT id, '' FROM stored LIMIT 10"
        " ON CONFLICT (tenant_id, id) DO UPDATE SET body = 'again'",
        "MERGE INTO stored AS s USING (VALUES (1)) AS v ON s.body = 'again' WHEN MATCHED THEN DELETE",
        "DELETE FROM stored",
    ):
        with as_tenant(app, acme):
            app.execute(statement)  # type: ignore[arg-type]
        assert recorded(dba, acme) == real(superuser, acme)
    assert recorded(dba, acme) == (0, 0)


def test_a_rollback_records_nothing(superuser: Connection, app: Connection, dba: Connection, acme: Tenant) -> None:
    with as_tenant(app, acme):
        app.execute(STORE, ["x", 10])
        app.execute("SAVEPOINT s")
        app.execute("DELETE FROM stored")
        app.execute("ROLLBACK TO s")
    assert recorded(dba, acme) == real(superuser, acme) == (10, real(superuser, acme)[1])


def test_rows_are_limited(app: Connection, dba: Connection, acme: Tenant, globex: Tenant) -> None:
    dba.execute(LIMIT, [acme.tenant_id, 10, None])
    assert [stores(app, acme, rows) for rows in (6, 5, 4, 1, 0)] == [True, False, True, False, True]
    assert stores(app, globex, 100)
    with as_tenant(app, acme):
        app.execute("DELETE FROM stored WHERE id IN (SELECT id FROM stored LIMIT 3)")
        app.execute("UPDATE stored SET body = 'longer'")
    assert [stores(app, acme, rows) for rows in (4, 3, 1)] == [False, True, False]


def test_bytes_are_limited(superuser: Connection, app: Connection, dba: Connection, acme: Tenant) -> None:
    assert stores(app, acme, 1, "x" * 1000)
    (_, size) = recorded(dba, acme)
    dba.execute(LIMIT, [acme.tenant_id, None, 3 * size])
    assert [stores(app, acme, 1, "x" * 1000) for _ in range(3)] == [True, True, False]
    with as_tenant(app, acme):
        app.execute("UPDATE stored SET body = left(body, 500)")
        app.execute("UPDATE stored SET body = body || body")
    with pytest.raises(psycopg.errors.ConfigurationLimitExceeded), as_tenant(app, acme):
        app.execute("UPDATE stored SET body = body || 'x'")
    assert recorded(dba, acme) == real(superuser, acme) == (3, 3 * size)


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ"])
def test_64_clients_fill_the_quota(
    clients: Crowd, superuser: Connection, dba: Connection, acme: Tenant, isolation: str
) -> None:
    dba.execute(LIMIT, [acme.tenant_id, 300, None])

    def request(client: Connection) -> bool:
        client.execute(f"BEGIN ISOLATION LEVEL {isolation}")  # type: ignore[arg-type]
        try:
            client.execute("SELECT tenantry.authenticate(%s)", [acme.api_key])
            client.execute(STORE, ["x", 1])
        except psycopg.errors.ConfigurationLimitExceeded:
            client.execute("ROLLBACK")
            return False
        client.execute("COMMIT")
        return True

    assert clients.admitted(request, 8) == 300
    assert recorded(dba, acme) == real(superuser, acme)
    assert real(superuser, acme)[0] == 300


def test_deleting_under_64_clients_makes_room_and_never_too_much(
    clients: Crowd, superuser: Connection, dba: Connection, acme: Tenant
) -> None:
    """Everybody stores and deletes at once, some roll back, and at no time there are more rows than allowed."""
    dba.execute(LIMIT, [acme.tenant_id, 50, None])
    too_many: list[int] = []

    def request(client: Connection) -> bool:
        try:
            with as_tenant(client, acme):
                client.execute(STORE, ["x", 3])
        except psycopg.errors.ConfigurationLimitExceeded:
            pass
        with client.transaction() as transaction:
            client.execute("SELECT tenantry.authenticate(%s)", [acme.api_key])
            row = client.execute("SELECT count(*) FROM stored").fetchone()
            assert row is not None
            if row[0] > 50:
                too_many.append(row[0])
            client.execute("DELETE FROM stored WHERE id IN (SELECT id FROM stored LIMIT 2 FOR UPDATE SKIP LOCKED)")
            if row[0] % 4 == 0:
                raise psycopg.Rollback(transaction)
        return True

    clients.admitted(request, 10)
    assert not too_many
    assert recorded(dba, acme) == real(superuser, acme)


def test_what_others_have_not_committed_counts(
    module_database: Database, app: Connection, dba: Connection, acme: Tenant
) -> None:
    dba.execute(LIMIT, [acme.tenant_id, 10, None])
    with module_database.connect("app") as other:
        other.execute("SET lock_timeout = '50ms'")
        with as_tenant(app, acme):
            app.execute(STORE, ["x", 8])
            assert not stores(other, acme, 3)
            assert stores(other, acme, 2)
        with app.transaction() as transaction:
            app.execute("SELECT tenantry.authenticate(%s)", [acme.api_key])
            app.execute("DELETE FROM stored")
            assert not stores(other, acme, 1)
            raise psycopg.Rollback(transaction)
    assert not stores(app, acme, 1)


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ"])
@pytest.mark.parametrize("change", ["DELETE FROM stored", "UPDATE stored SET body = ''"])
def test_a_deletion_that_is_rolled_back_makes_no_room(
    superuser: Connection, app: Connection, dba: Connection, acme: Tenant, change: str, isolation: str
) -> None:
    """The transaction that deletes may store again. When it rolls back, nobody else may have got its room."""
    assert stores(app, acme, 10, "x" * 100)
    rows, size = recorded(dba, acme)
    dba.execute(LIMIT, [acme.tenant_id, 2 * rows, size])
    for undo in ("ROLLBACK TO s", "ROLLBACK"):
        app.execute(f"BEGIN ISOLATION LEVEL {isolation}")  # type: ignore[arg-type]
        app.execute("SELECT tenantry.authenticate(%s)", [acme.api_key])
        app.execute("SAVEPOINT s")
        app.execute(change)  # type: ignore[arg-type]
        app.execute(STORE, ["y", 4])
        app.execute(undo.encode())
        app.execute("COMMIT")
        assert not stores(app, acme, 1)
    assert recorded(dba, acme) == real(superuser, acme) == (rows, size)
    with as_tenant(app, acme):
        app.execute(change)  # type: ignore[arg-type]
        app.execute(STORE, ["y", 4])
    assert stores(app, acme, 1)


def test_what_was_rolled_back_makes_room_again(app: Connection, dba: Connection, acme: Tenant) -> None:
    dba.execute(LIMIT, [acme.tenant_id, 10, None])
    for _ in range(5):
        with app.transaction() as transaction:
            app.execute("SELECT tenantry.authenticate(%s)", [acme.api_key])
            app.execute(STORE, ["x", 10])
            raise psycopg.Rollback(transaction)
    with as_tenant(app, acme):
        for _ in range(5):
            app.execute("SAVEPOINT s")
            app.execute(STORE, ["x", 10])
            app.execute("ROLLBACK TO s")
    assert stores(app, acme, 10)
    assert not stores(app, acme, 1)


def test_a_lost_counter_begins_with_what_is_stored(
    superuser: Connection, app: Connection, dba: Connection, acme: Tenant
) -> None:
    dba.execute(LIMIT, [acme.tenant_id, 10, None])
    assert stores(app, acme, 7)
    names = superuser.execute(
        "SELECT unnest(ARRAY[row_counter, byte_counter, row_bound, byte_bound])::text"
        " FROM tenantry_private.tenant_limits WHERE tenant_id = %s",
        [acme.tenant_id],
    ).fetchall()
    for (name,) in names:
        superuser.execute(f"ALTER SEQUENCE {name} RESTART")
    assert [stores(app, acme, rows) for rows in (4, 3)] == [False, True]


def test_a_limit_counts_what_is_there_already(app: Connection, dba: Connection, acme: Tenant) -> None:
    assert stores(app, acme, 7)
    dba.execute(LIMIT, [acme.tenant_id, 10, None])
    assert [stores(app, acme, rows) for rows in (4, 3)] == [False, True]
    dba.execute(LIMIT, [acme.tenant_id, None, None])
    assert stores(app, acme, 10)
    dba.execute(LIMIT, [acme.tenant_id, 21, None])
    assert [stores(app, acme, rows) for rows in (2, 1)] == [False, True]


def test_metering_begins_with_what_is_there_and_counts_anew(
    superuser: Connection, app: Connection, dba: Connection, acme: Tenant, globex: Tenant
) -> None:
    """The owner counts, whom the policies bind before and after."""
    dba.execute("CREATE TABLE earlier (tenant_id uuid, body text)")
    superuser.execute(
        "INSERT INTO earlier SELECT t, 'x' FROM unnest(%s::uuid[]) AS t, generate_series(1, 20)",
        [[acme.tenant_id, globex.tenant_id]],
    )
    dba.execute("SELECT tenantry.protect('earlier'); GRANT SELECT, INSERT, DELETE ON earlier TO tenantry_app")
    for _ in range(2):
        dba.execute("SELECT tenantry.meter_storage('earlier')")
        for tenant in (acme, globex):
            assert recorded(dba, tenant)[0] == 20
        assert dba.execute("SELECT count(*) FROM earlier").fetchone() == (0,)
        assert dba.execute(
            "SELECT is_whole FROM tenantry.protected_tables WHERE table_name = 'earlier'::regclass"
        ).fetchone() == (True,)
    dba.execute(LIMIT, [acme.tenant_id, 21, None])
    with as_tenant(app, acme):
        app.execute("INSERT INTO earlier (body) VALUES ('x')")
        app.execute("DELETE FROM earlier")
    assert recorded(dba, acme)[0] == 0
    superuser.execute("DROP TABLE earlier")


def test_partitions_are_metered_too(superuser: Connection, app: Connection, dba: Connection, acme: Tenant) -> None:
    """Or rows that were written to one directly would be taken off when they are deleted otherwise."""
    dba.execute(
        """
        CREATE TABLE split (tenant_id uuid, id int) PARTITION BY RANGE (id);
        CREATE TABLE split_all PARTITION OF split DEFAULT;
        SELECT tenantry.protect('split');
        SELECT tenantry.meter_storage('split');
        GRANT SELECT, INSERT, UPDATE, DELETE ON split, split_all TO tenantry_app;
        """
    )
    dba.execute(LIMIT, [acme.tenant_id, 3, None])
    with pytest.raises(psycopg.errors.ConfigurationLimitExceeded), as_tenant(app, acme):
        app.execute("INSERT INTO split_all (id) SELECT generate_series(1, 4)")
    with as_tenant(app, acme):
        app.execute("INSERT INTO split_all (id) SELECT generate_series(1, 3)")
    assert recorded(dba, acme)[0] == 3
    dba.execute("SELECT tenantry.meter_storage('split')")
    assert recorded(dba, acme)[0] == 3
    with as_tenant(app, acme):
        app.execute("DELETE FROM split WHERE id = 1")
        app.execute("DELETE FROM split_all WHERE id = 2")
    assert recorded(dba, acme)[0] == 1
    superuser.execute("DROP TABLE split")


def test_lifting_a_limit_waits_for_nobody(app: Connection, dba: Connection, acme: Tenant, globex: Tenant) -> None:
    """An open transaction of the tenant would hold up every withdrawal behind it."""
    dba.execute(LIMIT, [acme.tenant_id, 5, None])
    with as_tenant(app, acme):
        app.execute(STORE, ["", 1])
        with dba.transaction():
            dba.execute("SET LOCAL lock_timeout = '1s'")
            dba.execute(LIMIT, [acme.tenant_id, None, None])
    assert dba.execute("SELECT FROM tenantry.tenant_limits WHERE tenant_id = %s", [acme.tenant_id]).rowcount == 0
    assert stores(app, acme, 10)
    dba.execute(LIMIT, [acme.tenant_id, 12, None])
    assert [stores(app, acme, rows) for rows in (2, 1)] == [False, True]


def test_a_tenant_with_metered_rows_can_be_deleted(
    superuser: Connection, app: Connection, dba: Connection, acme: Tenant
) -> None:
    dba.execute(LIMIT, [acme.tenant_id, 10, None])
    assert stores(app, acme, 5)
    superuser.execute("DELETE FROM tenantry.tenants WHERE tenant_id = %s", [acme.tenant_id])
    for table in ("stored", "tenantry_private.stored_amounts", "tenantry_private.tenant_limits"):
        left = superuser.execute(f"SELECT FROM {table} WHERE tenant_id = %s", [acme.tenant_id])  # type: ignore[arg-type]
        assert left.rowcount == 0


def test_only_a_protected_table_is_metered(dba: Connection) -> None:
    dba.execute("CREATE TABLE bare (tenant_id uuid)")
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        dba.execute("SELECT tenantry.meter_storage('bare')")

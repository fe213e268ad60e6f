"""Requests a minute of an API key.

Nothing here waits for a minute to pass: where one has to end, a superuser moves its beginning into the past.
"""

from collections.abc import Iterator
from contextlib import suppress

import psycopg
import pytest
from psycopg import sql

from tests.limits.crowd import CLIENTS, Crowd, crowd
from tests.support.database import Connection, Database
from tests.support.tenants import Tenant

AUTHENTICATE = "SELECT tenantry.authenticate(%s)"


def issue(dba: Connection, tenant: Tenant, limit: int | None) -> Tenant:
    """Return the same tenant with a key of that limit."""
    row = dba.execute(
        "SELECT key_id, api_key FROM tenantry.issue_api_key(%s, 'limited', 'member', %s)", [tenant.tenant_id, limit]
    ).fetchone()
    assert row is not None
    return Tenant(tenant.tenant_id, tenant.slug, *row)


def is_admitted(connection: Connection, tenant: Tenant) -> bool:
    """Make a request in a transaction of its own."""
    try:
        with connection.transaction():
            connection.execute(AUTHENTICATE, [tenant.api_key])
    except psycopg.errors.ConfigurationLimitExceeded:
        return False
    return True


def admitted(connection: Connection, tenant: Tenant, requests: int) -> int:
    return sum(is_admitted(connection, tenant) for _ in range(requests))


def refusals(dba: Connection, tenant: Tenant) -> int | None:
    row = dba.execute("SELECT refused_requests FROM tenantry.api_keys WHERE key_id = %s", [tenant.key_id]).fetchone()
    assert row is not None
    return row[0]  # type: ignore[no-any-return]


def counter(superuser: Connection, tenant: Tenant) -> str:
    row = superuser.execute(
        "SELECT request_counter::text FROM tenantry_private.api_keys WHERE key_id = %s", [tenant.key_id]
    ).fetchone()
    assert row is not None
    return str(row[0])


def shift(superuser: Connection, tenant: Tenant, seconds: int) -> None:
    """Move the beginning of a key's minute."""
    name = counter(superuser, tenant)
    statement = sql.SQL("SELECT setval(%s, last_value + (%s::bigint << 31)) FROM ")
    superuser.execute(statement + sql.Identifier(*name.split(".")), [name, seconds])


@pytest.fixture(scope="module")
def clients(module_database: Database) -> Iterator[Crowd]:
    with crowd(module_database) as clients:
        yield clients


def test_a_limit_is_held(app: Connection, dba: Connection, acme: Tenant) -> None:
    limited = issue(dba, acme, 5)
    assert admitted(app, limited, 8) == 5
    assert refusals(dba, limited) == 3


def test_a_key_without_a_limit_has_none(app: Connection, dba: Connection, acme: Tenant) -> None:
    assert admitted(app, acme, 100) == 100
    assert refusals(dba, acme) is None


def test_the_refusal_says_how_long_to_wait(app: Connection, dba: Connection, acme: Tenant) -> None:
    limited = issue(dba, acme, 1)
    app.execute(AUTHENTICATE, [limited.api_key])
    with pytest.raises(psycopg.errors.ConfigurationLimitExceeded) as refusal:
        app.execute(AUTHENTICATE, [limited.api_key])
    assert refusal.value.diag.message_primary == "rate limit reached"
    assert refusal.value.diag.message_hint in [
        f"Wait {seconds} seconds. The key may make 1 requests a minute." for seconds in (59, 60, 61)
    ]


def test_64_clients_get_the_limit_exactly(clients: Crowd, dba: Connection, acme: Tenant) -> None:
    limited = issue(dba, acme, 500)
    assert clients.admitted(lambda client: is_admitted(client, limited), 20) == 500
    assert refusals(dba, limited) == CLIENTS * 20 - 500


def test_64_clients_without_a_limit_are_all_admitted(clients: Crowd, acme: Tenant) -> None:
    """What the other tests of the crowd rest on: whoever is not refused by the limit is admitted."""
    assert clients.admitted(lambda client: is_admitted(client, acme), 10) == CLIENTS * 10


@pytest.mark.parametrize("seconds", [-61, -3600, -(10**9), 90, 3600])
def test_a_minute_ends_for_64_clients_at_once(
    clients: Crowd, superuser: Connection, dba: Connection, acme: Tenant, seconds: int
) -> None:
    """Whoever comes first begins the next minute, once; a clock that was set back ends a minute as well."""
    limited = issue(dba, acme, 300)
    for _ in range(3):
        assert clients.admitted(lambda client: is_admitted(client, limited), 8) == 300
        shift(superuser, limited, seconds)


@pytest.mark.parametrize("seconds", [-58, 50])
def test_a_minute_that_has_not_ended_goes_on(
    superuser: Connection, app: Connection, dba: Connection, acme: Tenant, seconds: int
) -> None:
    limited = issue(dba, acme, 2)
    assert admitted(app, limited, 2) == 2
    shift(superuser, limited, seconds)
    assert admitted(app, limited, 2) == 0


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
def test_every_isolation_level_counts(
    clients: Crowd, superuser: Connection, dba: Connection, acme: Tenant, isolation: str
) -> None:
    limited = issue(dba, acme, 100)

    def request(client: Connection) -> bool:
        client.execute(f"BEGIN ISOLATION LEVEL {isolation}")  # type: ignore[arg-type]
        try:
            client.execute("SELECT count(*) FROM pg_class")
            client.execute(AUTHENTICATE, [limited.api_key])
        except psycopg.errors.ConfigurationLimitExceeded:
            return False
        finally:
            client.execute("COMMIT")
        return True

    for _ in range(2):
        assert clients.admitted(request, 3) == 100
        shift(superuser, limited, -61)


def test_a_rollback_gives_nothing_back(app: Connection, dba: Connection, acme: Tenant) -> None:
    limited = issue(dba, acme, 4)
    for _ in range(2):
        with app.transaction() as request:
            app.execute(AUTHENTICATE, [limited.api_key])
            raise psycopg.Rollback(request)
    with app.transaction():
        for _ in range(2):
            with app.transaction() as savepoint:
                app.execute(AUTHENTICATE, [limited.api_key])
                raise psycopg.Rollback(savepoint)
    assert not is_admitted(app, limited)


def test_a_rollback_of_the_first_request_gives_nothing_back(
    superuser: Connection, app: Connection, dba: Connection, acme: Tenant
) -> None:
    """The beginning of a minute is not undone either."""
    limited = issue(dba, acme, 2)
    for _ in range(2):
        with app.transaction() as request:
            app.execute(AUTHENTICATE, [limited.api_key])
            app.execute(AUTHENTICATE, [limited.api_key])
            raise psycopg.Rollback(request)
        assert not is_admitted(app, limited)
        shift(superuser, limited, -61)


def test_a_refusal_is_counted_though_its_transaction_aborts(app: Connection, dba: Connection, acme: Tenant) -> None:
    limited = issue(dba, acme, 1)
    for _ in range(3):
        with pytest.raises(psycopg.errors.ConfigurationLimitExceeded), app.transaction():
            app.execute("SELECT tenantry.authenticate(%s) FROM generate_series(1, 2)", [limited.api_key])
    assert refusals(dba, limited) == 3


def test_a_refused_request_has_no_context(app: Connection, dba: Connection, acme: Tenant) -> None:
    limited = issue(dba, acme, 1)
    app.execute(AUTHENTICATE, [limited.api_key])
    with app.transaction():
        with pytest.raises(psycopg.errors.ConfigurationLimitExceeded), app.transaction():
            app.execute(AUTHENTICATE, [limited.api_key])
        assert app.execute("SELECT tenantry.current_tenant()").fetchone() == (None,)


def test_authenticating_twice_counts_twice_and_statements_do_not_count(
    app: Connection, dba: Connection, acme: Tenant
) -> None:
    limited = issue(dba, acme, 3)
    with app.transaction():
        app.execute(AUTHENTICATE, [limited.api_key])
        app.execute(AUTHENTICATE, [limited.api_key])
        for _ in range(10):
            app.execute("SELECT tenantry.current_tenant()")
    assert admitted(app, limited, 2) == 1


def test_many_calls_in_one_statement_count_each(app: Connection, dba: Connection, acme: Tenant) -> None:
    limited = issue(dba, acme, 5)
    calls = "SELECT tenantry.authenticate(%s) FROM generate_series(1, %s)"
    with pytest.raises(psycopg.errors.ConfigurationLimitExceeded):
        app.execute(calls, [limited.api_key, 6])
    assert not is_admitted(app, limited)


def test_a_failed_authentication_counts_for_no_key(app: Connection, dba: Connection, acme: Tenant) -> None:
    limited = issue(dba, acme, 1)
    for key in (limited.api_key[:-1], limited.api_key.upper(), limited.api_key + "0"):
        with pytest.raises(psycopg.errors.InvalidAuthorizationSpecification):
            app.execute(AUTHENTICATE, [key])
    assert is_admitted(app, limited)


@pytest.mark.parametrize("begin", ["BEGIN READ ONLY", "BEGIN; SET TRANSACTION READ ONLY"])
def test_read_only_does_not_evade_a_limit(app: Connection, dba: Connection, acme: Tenant, begin: str) -> None:
    limited = issue(dba, acme, 5)
    app.execute(begin)  # type: ignore[arg-type]
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction) as refusal:
        app.execute(AUTHENTICATE, [limited.api_key])
    assert refusal.value.diag.message_hint
    app.execute("ROLLBACK")
    app.execute(begin)  # type: ignore[arg-type]
    app.execute(AUTHENTICATE, [acme.api_key])
    app.execute("COMMIT")


def test_a_transaction_may_turn_read_only_after_its_request(app: Connection, dba: Connection, acme: Tenant) -> None:
    limited = issue(dba, acme, 1)
    with app.transaction():
        app.execute(AUTHENTICATE, [limited.api_key])
        app.execute("SET TRANSACTION READ ONLY")
        assert app.execute("SELECT tenantry.current_tenant()").fetchone() == (acme.tenant_id,)
    assert not is_admitted(app, limited)


def test_other_keys_are_not_affected(app: Connection, dba: Connection, acme: Tenant, globex: Tenant) -> None:
    first, second, foreign = issue(dba, acme, 2), issue(dba, acme, 3), issue(dba, globex, 4)
    assert admitted(app, first, 5) == 2
    assert admitted(app, second, 5) == 3
    assert admitted(app, foreign, 5) == 4
    assert is_admitted(app, acme)


def test_the_application_reaches_no_counter(
    superuser: Connection, app: Connection, dba: Connection, acme: Tenant
) -> None:
    """Not by name, not by OID, not by what its own session remembers of a sequence, and not by locking its row."""
    limited = issue(dba, acme, 1)
    name = counter(superuser, limited)
    oid = superuser.execute("SELECT %s::regclass::oid", [name]).fetchone()
    assert oid is not None
    app.execute(AUTHENTICATE, [limited.api_key])
    for attempt in (
        f"SELECT setval('{name}', 0)",
        f"SELECT nextval({oid[0]}::regclass)",
        f"SELECT setval({oid[0]}::regclass, 0)",
        f"SELECT currval({oid[0]}::regclass)",
        "SELECT lastval()",
        f"SELECT last_value FROM {name}",
        f"ALTER SEQUENCE {name} RESTART",
        f"DROP SEQUENCE {name}",
        "SELECT FROM tenantry_private.counters FOR UPDATE",
        f"SELECT tenantry_private.counter_value({oid[0]}::regclass)",
        f"SELECT tenantry_private.open_window({oid[0]}::regclass)",
        "DO $$ BEGIN LOCK TABLE tenantry_private.counters; END $$",
    ):
        with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.WrongObjectType)):
            app.execute(attempt)  # type: ignore[arg-type]
    with suppress(psycopg.errors.InsufficientPrivilege):  # from PostgreSQL 18 on the answer is NULL
        assert app.execute(f"SELECT pg_sequence_last_value({oid[0]}::regclass)".encode()).fetchone() == (None,)
    visible = app.execute("SELECT last_value FROM pg_sequences WHERE sequencename LIKE 'counter%'").fetchall()
    assert visible
    assert {value for (value,) in visible} == {None}
    app.execute("DISCARD ALL")
    assert not is_admitted(app, limited)


def test_an_open_transaction_does_not_delay_the_next_minute(
    module_database: Database, superuser: Connection, app: Connection, dba: Connection, acme: Tenant
) -> None:
    """Whoever has begun a minute, in a transaction that stays open, holds nobody up: not his own key, and no other."""
    limited = issue(dba, acme, 2)
    app.execute("BEGIN")
    app.execute(AUTHENTICATE, [limited.api_key])
    shift(superuser, limited, -61)
    app.execute(AUTHENTICATE, [limited.api_key])
    shift(superuser, limited, -61)
    with module_database.connect("app") as other:
        other.execute("SET lock_timeout = '1ms'")
        assert admitted(other, limited, 3) == 2
    app.execute("ROLLBACK")


def test_no_lock_is_left_that_another_request_needs(
    superuser: Connection, app: Connection, dba: Connection, acme: Tenant
) -> None:
    """Beginning a minute locks a row for a moment. Any session of the login may hold advisory locks: none is used."""
    limited = issue(dba, acme, 2)
    with app.transaction():
        app.execute(AUTHENTICATE, [limited.api_key])
        locks = superuser.execute(
            "SELECT locktype, relation::regclass::text, mode FROM pg_locks WHERE pid = %s", [app.info.backend_pid]
        ).fetchall()
    assert ("relation", counter(superuser, limited), "RowExclusiveLock") in locks
    assert "tenantry_private.counters" not in [relation for _, relation, _ in locks]
    assert not {"advisory", "tuple"} & {kind for kind, _, _ in locks}


def test_revoking_does_not_wait_and_the_counters_go_to_the_next_key(
    superuser: Connection, app: Connection, dba: Connection, acme: Tenant, globex: Tenant
) -> None:
    limited = issue(dba, acme, 5)
    used = counter(superuser, limited)
    assert admitted(app, limited, 6) == 5
    app.execute("BEGIN")
    with pytest.raises(psycopg.errors.ConfigurationLimitExceeded):
        app.execute(AUTHENTICATE, [limited.api_key])
    app.execute("ROLLBACK")
    app.execute("BEGIN")
    app.execute(AUTHENTICATE, [acme.api_key])
    dba.execute("SET lock_timeout = '100ms'")
    dba.execute("SELECT tenantry.revoke_api_key(%s)", [limited.key_id])
    following = [issue(dba, globex, limit) for limit in (3, 4)]
    dba.execute("RESET lock_timeout")
    app.execute("ROLLBACK")
    assert used in [counter(superuser, key) for key in following]
    assert refusals(dba, limited) is None
    assert [admitted(app, key, 6) for key in following] == [3, 4]
    assert [refusals(dba, key) for key in following] == [3, 2]


def test_counters_of_living_keys_are_not_taken(
    superuser: Connection, app: Connection, dba: Connection, acme: Tenant, globex: Tenant
) -> None:
    keys = [issue(dba, tenant, 2) for tenant in (acme, globex) for _ in range(5)]
    assert len({counter(superuser, key) for key in keys}) == 10
    assert [admitted(app, key, 3) for key in keys] == [2] * 10


def test_a_stale_snapshot_cannot_use_up_what_has_another_holder_now(
    superuser: Connection, app: Connection, dba: Connection, acme: Tenant, globex: Tenant
) -> None:
    """A transaction that still sees the revoked key is refused before anything is counted."""
    revoked = issue(dba, acme, 5)
    app.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    app.execute("SELECT count(*) FROM pg_class")
    dba.execute("SELECT tenantry.revoke_api_key(%s)", [revoked.key_id])
    heirs = [issue(dba, globex, 5) for _ in range(2)]
    for _ in range(20):
        with pytest.raises(psycopg.errors.SerializationFailure), app.transaction():
            app.execute(AUTHENTICATE, [revoked.api_key])
    app.execute("ROLLBACK")
    assert counter(superuser, revoked) in [counter(superuser, heir) for heir in heirs]
    assert [admitted(app, heir, 6) for heir in heirs] == [5, 5]


def test_erasing_a_tenant_frees_its_counters(superuser: Connection, dba: Connection, acme: Tenant) -> None:
    used = counter(superuser, issue(dba, acme, 5))
    superuser.execute("DELETE FROM tenantry.tenants WHERE tenant_id = %s", [acme.tenant_id])
    row = superuser.execute("SELECT tenantry_private.take_counters(gen_random_uuid(), 100)::text[]").fetchone()
    assert row is not None
    assert used in row[0]


def test_rotation_keeps_the_limit(app: Connection, dba: Connection, acme: Tenant) -> None:
    """The new key has the same limit, and counts for itself; during the overlap both work."""
    limited = issue(dba, acme, 3)
    rotated = dba.execute("SELECT key_id, api_key FROM tenantry.rotate_api_key(%s, '1 day')", [limited.key_id])
    successor = Tenant(acme.tenant_id, acme.slug, *(rotated.fetchone() or ()))
    assert admitted(app, successor, 5) == 3
    assert admitted(app, limited, 5) == 3


@pytest.mark.parametrize(("before", "after"), [(2, 5), (5, 2), (None, 3), (3, None)])
def test_changing_a_limit(
    app: Connection, dba: Connection, acme: Tenant, before: int | None, after: int | None
) -> None:
    """The minute goes on: what was used of it counts against the new limit."""
    limited = issue(dba, acme, before)
    used = admitted(app, limited, 2)
    dba.execute("SELECT tenantry.set_rate_limit(%s, %s)", [limited.key_id, after])
    expected = 10 if after is None else after - (used if before is not None else 0)
    assert admitted(app, limited, 10) == expected
    limit = dba.execute("SELECT rate_limit_per_minute FROM tenantry.api_keys WHERE key_id = %s", [limited.key_id])
    assert limit.fetchone() == (after,)


def test_a_lowered_limit_holds_for_older_snapshots(app: Connection, dba: Connection, acme: Tenant) -> None:
    app.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    app.execute("SELECT count(*) FROM pg_class")
    dba.execute("SELECT tenantry.set_rate_limit(%s, 1)", [acme.key_id])
    with pytest.raises(psycopg.errors.SerializationFailure):
        app.execute(AUTHENTICATE, [acme.api_key])
    app.execute("ROLLBACK")


def test_a_lost_counter_begins_a_new_minute(
    superuser: Connection, app: Connection, dba: Connection, acme: Tenant
) -> None:
    """After a crash unlogged sequences are as new."""
    limited = issue(dba, acme, 2)
    assert admitted(app, limited, 3) == 2
    superuser.execute(f"ALTER SEQUENCE {counter(superuser, limited)} RESTART")  # type: ignore[arg-type]
    assert admitted(app, limited, 3) == 2


def test_counters_cost_no_wal(superuser: Connection, dba: Connection, acme: Tenant) -> None:
    limited = issue(dba, acme, 5)
    kind = superuser.execute(
        "SELECT relpersistence FROM pg_class WHERE oid = %s::regclass", [counter(superuser, limited)]
    )
    assert kind.fetchone() == ("u",)

"""What tenants have spent, by day, model and key, and who may see it."""

from typing import Any

import psycopg
import pytest

from tests.limits.crowd import crowd
from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, as_tenant

pytestmark = pytest.mark.usefixtures("asked")

USAGE = "SELECT day = (now() AT TIME ZONE 'UTC')::date, model, key_id, requests, tokens FROM tenantry.tenant_usage"
SPEND = "INSERT INTO asked (model, tokens) VALUES (%s, %s)"


def usage(connection: Connection, tenant: Tenant) -> list[tuple[Any, ...]]:
    return connection.execute(USAGE + " WHERE tenant_id = %s ORDER BY model", [tenant.tenant_id]).fetchall()


def test_by_day_model_and_key(app: Connection, dba: Connection, acme: Tenant) -> None:
    other = dba.execute("SELECT key_id, api_key FROM tenantry.issue_api_key(%s, 'other')", [acme.tenant_id]).fetchone()
    second = Tenant(acme.tenant_id, acme.slug, *(other or ()))
    for tenant, model, tokens in ((acme, "large", 5), (acme, "large", 6), (second, "small", 7), (acme, None, 8)):
        with as_tenant(app, tenant):
            app.execute(SPEND, [model, tokens])
    assert usage(dba, acme) == [
        (True, "large", acme.key_id, 2, 11),
        (True, "small", second.key_id, 1, 7),
        (True, None, acme.key_id, 1, 8),
    ]


def test_a_statement_may_hold_several_models_and_tenants(
    superuser: Connection, dba: Connection, acme: Tenant, globex: Tenant
) -> None:
    """As a superuser's load does: nobody's key."""
    superuser.execute(
        "INSERT INTO asked (tenant_id, model, tokens) SELECT t, m, 1 FROM unnest(%s::uuid[]) AS t,"
        " unnest(ARRAY['b', 'a', 'b']) AS m, generate_series(1, 50)",
        [[acme.tenant_id, globex.tenant_id]],
    )
    for tenant in (acme, globex):
        assert usage(dba, tenant) == [(True, "a", None, 50, 50), (True, "b", None, 100, 100)]


def test_a_rollback_is_not_billed(app: Connection, dba: Connection, acme: Tenant) -> None:
    with as_tenant(app, acme):
        app.execute(SPEND, ["m", 1])
        app.execute("SAVEPOINT s")
        app.execute(SPEND, ["m", 10])
        app.execute("ROLLBACK TO s")
    with app.transaction() as transaction:
        app.execute("SELECT tenantry.authenticate(%s)", [acme.api_key])
        app.execute(SPEND, ["m", 100])
        raise psycopg.Rollback(transaction)
    assert usage(dba, acme) == [(True, "m", acme.key_id, 1, 1)]


def test_updates_add_tokens_and_no_request(app: Connection, dba: Connection, acme: Tenant) -> None:
    with as_tenant(app, acme):
        app.execute(SPEND, ["m", None])
        app.execute("UPDATE asked SET tokens = 30")
        app.execute("UPDATE asked SET tokens = 10")
        app.execute("UPDATE asked SET body = 'x'")
        app.execute("DELETE FROM asked")
    assert usage(dba, acme) == [(True, "m", acme.key_id, 1, 30)]


def test_writers_of_one_tenant_do_not_wait(
    module_database: Database, app: Connection, dba: Connection, acme: Tenant
) -> None:
    with as_tenant(app, acme):
        app.execute(SPEND, ["m", 1])
        with module_database.connect("app") as other:
            other.execute("SET lock_timeout = '1ms'")
            with as_tenant(other, acme):
                other.execute(SPEND, ["m", 2])
    assert usage(dba, acme) == [(True, "m", acme.key_id, 2, 3)]


@pytest.mark.parametrize("isolation", ["REPEATABLE READ", "SERIALIZABLE"])
def test_recording_makes_no_transaction_fail(
    module_database: Database, app: Connection, dba: Connection, acme: Tenant, isolation: str
) -> None:
    """A row that has changed since the snapshot is left alone."""
    with as_tenant(app, acme):
        app.execute(SPEND, ["m", 1])
    app.execute(f"BEGIN ISOLATION LEVEL {isolation}")  # type: ignore[arg-type]
    app.execute("SELECT tenantry.authenticate(%s)", [acme.api_key])
    app.execute("SELECT count(*) FROM asked")
    with module_database.connect("app") as other, as_tenant(other, acme):
        other.execute(SPEND, ["m", 2])
    app.execute("INSERT INTO asked (model, tokens) VALUES ('m', 4)")
    app.execute("COMMIT")
    assert usage(dba, acme) == [(True, "m", acme.key_id, 3, 7)]


def test_concurrent_writers_use_few_rows(module_database: Database, superuser: Connection, acme: Tenant) -> None:
    """About as many as ever wrote at the same time, not one for each request."""

    def request(client: Connection) -> bool:
        with as_tenant(client, acme):
            client.execute(SPEND, ["m", 1])
        return True

    with crowd(module_database, 8) as clients:
        clients.admitted(request, 25)
    count = superuser.execute(
        "SELECT count(*), sum(tokens)::int FROM tenantry_private.token_usage WHERE tenant_id = %s", [acme.tenant_id]
    ).fetchone()
    assert count is not None
    assert count[0] <= 40
    assert count[1] == 200


def test_the_key_is_verified(app: Connection, dba: Connection, acme: Tenant, globex: Tenant) -> None:
    """A context that is edited while the statement runs, after the policy has looked at it, does not pass."""
    with as_tenant(app, acme):
        app.execute(SPEND, ["m", 1])
    edited = "replace(current_setting('tenantry.context'), %s, %s)"
    statement = f"INSERT INTO asked (model, tokens) SELECT set_config('tenantry.context', {edited}, true), 1"
    with pytest.raises(psycopg.errors.InsufficientPrivilege), as_tenant(app, acme):
        app.execute(statement, [str(acme.key_id), str(globex.key_id)])  # type: ignore[arg-type]
    assert usage(dba, acme) == [(True, "m", acme.key_id, 1, 1)]


def test_a_tenant_sees_its_own_usage_only(app: Connection, dba: Connection, acme: Tenant, globex: Tenant) -> None:
    for tenant in (acme, globex):
        with as_tenant(app, tenant):
            app.execute(SPEND, [tenant.slug, 1])
    dba.execute("SELECT tenantry.set_tenant_limits(%s, 100)", [acme.tenant_id])
    dba.execute("SELECT tenantry.set_tenant_limits(%s, 200)", [globex.tenant_id])
    models, limits = "SELECT model FROM tenantry.tenant_usage", "SELECT tokens_per_day FROM tenantry.tenant_limits"
    for tenant, limit in ((acme, 100), (globex, 200)):
        with as_tenant(app, tenant):
            assert app.execute(models).fetchall() == [(tenant.slug,)]
            assert app.execute(limits).fetchall() == [(limit,)]
    assert app.execute(models).fetchall() == []
    assert app.execute(limits).fetchall() == []
    assert {(acme.slug,), (globex.slug,)} <= set(dba.execute(models).fetchall())
    assert {(100,), (200,)} <= set(dba.execute(limits).fetchall())


def test_the_stripe_customer_is_for_those_who_may_read_it(
    superuser: Connection, app: Connection, dba: Connection, acme: Tenant
) -> None:
    dba.execute("SELECT tenantry.update_tenant(%s, p_stripe_customer_id => 'cus_42')", [acme.tenant_id])
    with as_tenant(app, acme):
        app.execute(SPEND, ["m", 1])
        assert app.execute("SELECT stripe_customer_id FROM tenantry.tenant_usage").fetchall() == [(None,)]
    query = "SELECT stripe_customer_id FROM tenantry.tenant_usage WHERE tenant_id = %s"
    assert dba.execute(query, [acme.tenant_id]).fetchall() == [("cus_42",)]
    with superuser.transaction():
        superuser.execute("SET LOCAL ROLE tenantry_auditor")
        assert superuser.execute(query, [acme.tenant_id]).fetchall() == [("cus_42",)]


LEAK = """
CREATE FUNCTION pg_temp.leak(p_tenant uuid, p_model text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$
BEGIN
    RAISE NOTICE 'seen %', p_model;
    RETURN true;
END $$
"""


@pytest.mark.parametrize("view", ["tenant_usage", "tenant_limits"])
def test_no_plan_and_no_function_tells_of_others(
    app: Connection, dba: Connection, acme: Tenant, globex: Tenant, view: str
) -> None:
    for tenant in (acme, globex):
        with as_tenant(app, tenant):
            app.execute(SPEND, [tenant.slug, 1])
        dba.execute("SELECT tenantry.set_tenant_limits(%s, 100)", [tenant.tenant_id])
    seen: list[str] = []
    app.add_notice_handler(lambda notice: seen.append(notice.message_primary or ""))
    third = "model" if view == "tenant_usage" else "tokens_per_day::text"
    with as_tenant(app, acme):
        app.execute(LEAK.encode())
        rows = app.execute(f"SELECT FROM tenantry.{view} WHERE pg_temp.leak(tenant_id, {third})")  # type: ignore[arg-type]
        assert rows.rowcount == 1
        plan = app.execute(f"EXPLAIN ANALYZE SELECT * FROM tenantry.{view}").fetchall()  # type: ignore[arg-type]
    assert len(seen) == 1
    assert not [line for (line,) in plan if "token_usage" in line or "counters" in line]


def test_the_functions_behind_the_views_look_twice(
    superuser: Connection, app: Connection, acme: Tenant, globex: Tenant
) -> None:
    """Should somebody find a way to call them, they still answer for the own tenant only."""
    with as_tenant(app, globex):
        app.execute(SPEND, ["m", 1])
    superuser.execute("GRANT USAGE ON SCHEMA tenantry_private TO tenantry_app")
    try:
        query = "SELECT count(*) FROM tenantry_private.usage_of(%s)"
        with as_tenant(app, acme):
            assert app.execute(query, [globex.tenant_id]).fetchone() == (0,)
        with as_tenant(app, globex):
            assert app.execute(query, [globex.tenant_id]).fetchone() == (1,)
    finally:
        superuser.execute("REVOKE USAGE ON SCHEMA tenantry_private FROM tenantry_app")


def test_usage_goes_with_its_tenant(superuser: Connection, app: Connection, acme: Tenant) -> None:
    with as_tenant(app, acme):
        app.execute(SPEND, ["m", 1])
    superuser.execute("DELETE FROM tenantry.tenants WHERE tenant_id = %s", [acme.tenant_id])
    left = superuser.execute("SELECT FROM tenantry_private.token_usage WHERE tenant_id = %s", [acme.tenant_id])
    assert left.rowcount == 0


def test_partitions_are_metered_too(app: Connection, dba: Connection, acme: Tenant) -> None:
    dba.execute(
        """
        CREATE TABLE logged (tenant_id uuid, day date, tokens int) PARTITION BY RANGE (day);
        CREATE TABLE logged_all PARTITION OF logged DEFAULT;
        SELECT tenantry.protect('logged');
        SELECT tenantry.meter_tokens('logged', 'tokens');
        GRANT SELECT, INSERT, UPDATE ON logged, logged_all TO tenantry_app;
        """
    )
    with as_tenant(app, acme):
        app.execute("INSERT INTO logged (day, tokens) VALUES (now(), 1), (now(), 2)")
        app.execute("UPDATE logged SET tokens = tokens + 1")
    assert usage(dba, acme) == [(True, None, acme.key_id, 2, 5)]
    with as_tenant(app, acme):
        app.execute("INSERT INTO logged_all (day, tokens) VALUES (now(), 10)")
        app.execute("UPDATE logged_all SET tokens = tokens + 1")
    assert usage(dba, acme) == [(True, None, acme.key_id, 3, 18)]


def test_no_number_breaks_the_bill(
    module_database: Database, app: Connection, dba: Connection, acme: Tenant, globex: Tenant
) -> None:
    """What one tenant reports does not keep an admin from reading what the others owe."""
    dba.execute(
        """
        CREATE TABLE boasted (tenant_id uuid, tokens bigint);
        SELECT tenantry.protect('boasted');
        SELECT tenantry.meter_tokens('boasted', 'tokens');
        GRANT INSERT ON boasted TO tenantry_app;
        """
    )
    boast = "INSERT INTO boasted (tokens) VALUES (9223372036854775807)"
    with module_database.connect("app") as other, as_tenant(app, acme), as_tenant(other, acme):
        app.execute(boast)
        other.execute(boast)
    with as_tenant(app, globex):
        app.execute(SPEND, [None, 1])
    assert usage(dba, acme) == [(True, None, acme.key_id, 2, 9223372036854775807)]
    assert usage(dba, globex) == [(True, None, globex.key_id, 1, 1)]
    for tenant in (acme, globex):
        dba.execute("SELECT tenantry.set_tenant_limits(%s, p_tokens_per_month => 100)", [tenant.tenant_id])
        with pytest.raises(psycopg.errors.ConfigurationLimitExceeded), as_tenant(app, tenant):
            app.execute(boast)
    limits = "SELECT tokens_this_month FROM tenantry.tenant_limits WHERE tenant_id = ANY(%s) ORDER BY 1"
    assert dba.execute(limits, [[acme.tenant_id, globex.tenant_id]]).fetchall() == [(1,), (9223372036854775807,)]


def test_a_long_model_is_cut(app: Connection, dba: Connection, acme: Tenant) -> None:
    with as_tenant(app, acme):
        app.execute(
            "INSERT INTO asked (model, tokens) SELECT string_agg(md5(i::text), 'ü'), 1 FROM generate_series(1, 99) AS i"
        )
    assert [(len(model), tokens) for _, model, _, _, tokens in usage(dba, acme)] == [(255, 1)]

"""Tokens a day and a month of a tenant. Days end here by a superuser who moves a counter's day into the past."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from tests.limits.crowd import Crowd, crowd
from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, as_tenant

pytestmark = pytest.mark.usefixtures("asked")

SPEND = "INSERT INTO asked (model, tokens) VALUES ('m', %s)"
LIMIT = "SELECT tenantry.set_tenant_limits(%s, %s, %s)"


@pytest.fixture(scope="module")
def clients(module_database: Database) -> Iterator[Crowd]:
    with crowd(module_database) as clients:
        yield clients


def spends(connection: Connection, tenant: Tenant, tokens: int) -> bool:
    """Spend tokens in a transaction of its own; return whether they were admitted."""
    try:
        with as_tenant(connection, tenant):
            connection.execute(SPEND, [tokens])
    except psycopg.errors.ConfigurationLimitExceeded:
        return False
    return True


def charged(dba: Connection, tenant: Tenant) -> tuple[int, int, int]:
    """Return what the tenant was charged today and this month, and how often it was refused."""
    row = dba.execute(
        "SELECT tokens_today, tokens_this_month, refusals FROM tenantry.tenant_limits WHERE tenant_id = %s",
        [tenant.tenant_id],
    ).fetchone()
    assert row is not None
    return row


def counters(superuser: Connection, tenant: Tenant) -> tuple[str, str]:
    row = superuser.execute(
        "SELECT day_counter::text, month_counter::text FROM tenantry_private.tenant_limits WHERE tenant_id = %s",
        [tenant.tenant_id],
    ).fetchone()
    assert row is not None
    return row


def move_back(superuser: Connection, name: str) -> None:
    """Let a counter stand for the day or month before."""
    statement = sql.SQL("SELECT setval(%s, last_value - (1::bigint << 40)) FROM {}")
    superuser.execute(statement.format(sql.Identifier(*name.split("."))), [name])


@pytest.mark.parametrize(("day", "month"), [(100, None), (None, 100), (100, 1000), (1000, 100), (100, 100)])
def test_a_quota_is_held(app: Connection, dba: Connection, acme: Tenant, day: int | None, month: int | None) -> None:
    dba.execute(LIMIT, [acme.tenant_id, day, month])
    assert [spends(app, acme, tokens) for tokens in (60, 50, 40, 1, 0)] == [True, False, True, False, True]
    assert charged(dba, acme) == (100, 100, 2)


def test_without_a_quota_everything_is_admitted(app: Connection, dba: Connection, acme: Tenant, globex: Tenant) -> None:
    dba.execute(LIMIT, [acme.tenant_id, 10, None])
    assert not spends(app, acme, 11)
    assert spends(app, globex, 2_000_000_000)


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
def test_64_clients_get_the_quota_exactly(
    clients: Crowd, superuser: Connection, dba: Connection, acme: Tenant, isolation: str
) -> None:
    """On the day on which the quota is set, and when the next day begins for all of them at once."""
    dba.execute(LIMIT, [acme.tenant_id, 900, None])

    def request(client: Connection) -> bool:
        client.execute(f"BEGIN ISOLATION LEVEL {isolation}")  # type: ignore[arg-type]
        try:
            client.execute("SELECT tenantry.authenticate(%s)", [acme.api_key])
            client.execute(SPEND, [3])
        except psycopg.errors.ConfigurationLimitExceeded:
            client.execute("ROLLBACK")
            return False
        client.execute("COMMIT")
        return True

    assert clients.admitted(request, 6) == 300
    assert charged(dba, acme)[0] == 900
    superuser.execute("UPDATE tenantry_private.token_usage SET day = day - 1 WHERE tenant_id = %s", [acme.tenant_id])
    move_back(superuser, counters(superuser, acme)[0])
    assert clients.admitted(request, 6) == 300
    recorded = superuser.execute(
        "SELECT sum(tokens)::int, sum(requests)::int FROM tenantry_private.token_usage WHERE tenant_id = %s",
        [acme.tenant_id],
    )
    assert recorded.fetchone() == (1800, 600)


def test_a_rollback_gives_nothing_back(app: Connection, dba: Connection, acme: Tenant) -> None:
    dba.execute(LIMIT, [acme.tenant_id, 100, None])
    with as_tenant(app, acme):
        app.execute(SPEND, [40])
        app.execute("SAVEPOINT s")
        app.execute(SPEND, [30])
        app.execute("ROLLBACK TO s")
    with app.transaction() as transaction:
        app.execute("SELECT tenantry.authenticate(%s)", [acme.api_key])
        app.execute(SPEND, [30])
        raise psycopg.Rollback(transaction)
    assert not spends(app, acme, 1)
    assert charged(dba, acme)[0] == 100
    with as_tenant(app, acme):
        assert app.execute("SELECT sum(tokens) FROM asked").fetchone() == (40,)


def test_what_is_refused_is_not_charged(app: Connection, dba: Connection, acme: Tenant) -> None:
    dba.execute(LIMIT, [acme.tenant_id, 100, 100])
    assert not spends(app, acme, 101)
    assert spends(app, acme, 100)


@pytest.mark.parametrize(
    "change", ["DELETE FROM asked", "UPDATE asked SET tokens = 0", "UPDATE asked SET tokens = NULL"]
)
def test_deleting_and_lowering_give_nothing_back(app: Connection, dba: Connection, acme: Tenant, change: str) -> None:
    dba.execute(LIMIT, [acme.tenant_id, 100, None])
    assert spends(app, acme, 100)
    with as_tenant(app, acme):
        app.execute(change)  # type: ignore[arg-type]
    assert not spends(app, acme, 1)
    assert charged(dba, acme)[0] == 100


def test_raising_charges_the_difference(app: Connection, dba: Connection, acme: Tenant) -> None:
    dba.execute(LIMIT, [acme.tenant_id, 100, None])
    with as_tenant(app, acme):
        app.execute("INSERT INTO asked (tokens) VALUES (NULL), (10)")
        app.execute("UPDATE asked SET tokens = coalesce(tokens, 0) + 20")
    assert charged(dba, acme)[0] == 50
    with pytest.raises(psycopg.errors.ConfigurationLimitExceeded), as_tenant(app, acme):
        app.execute("UPDATE asked SET tokens = tokens + 51 WHERE tokens = 20")
    with as_tenant(app, acme):
        app.execute(
            "INSERT INTO asked (id, tokens) OVERRIDING SYSTEM VALUE SELECT id, 0 FROM asked"
            " ON CONFLICT (tenant_id, id) DO UPDATE SET tokens = asked.tokens + 25"
        )
    assert not spends(app, acme, 1)


def test_negative_numbers_give_nothing_back(app: Connection, dba: Connection, acme: Tenant) -> None:
    dba.execute(LIMIT, [acme.tenant_id, 100, None])
    assert spends(app, acme, 100)
    assert spends(app, acme, -1000)
    with as_tenant(app, acme):
        app.execute("UPDATE asked SET tokens = -1000")
    assert not spends(app, acme, 1)
    with pytest.raises(psycopg.errors.ConfigurationLimitExceeded), as_tenant(app, acme):
        app.execute("INSERT INTO asked (tokens) VALUES (1), (-50)")


def test_a_new_day_leaves_the_month(superuser: Connection, app: Connection, dba: Connection, acme: Tenant) -> None:
    dba.execute(LIMIT, [acme.tenant_id, 100, 150])
    assert spends(app, acme, 100)
    day, month = counters(superuser, acme)
    superuser.execute("UPDATE tenantry_private.token_usage SET day = day - 1 WHERE tenant_id = %s", [acme.tenant_id])
    move_back(superuser, day)
    assert [spends(app, acme, tokens) for tokens in (51, 50)] == [False, True]
    superuser.execute("UPDATE tenantry_private.token_usage SET day = day - 31 WHERE tenant_id = %s", [acme.tenant_id])
    move_back(superuser, day)
    move_back(superuser, month)
    assert spends(app, acme, 100)


@pytest.mark.parametrize("lose", [False, True])
def test_a_counter_begins_with_what_is_recorded(
    superuser: Connection, app: Connection, dba: Connection, acme: Tenant, lose: bool
) -> None:
    """In the middle of a month, and after a crash, which empties unlogged sequences."""
    assert spends(app, acme, 70)
    dba.execute(LIMIT, [acme.tenant_id, 100, 1000])
    if lose:
        assert spends(app, acme, 10)
        for name in counters(superuser, acme):
            superuser.execute(f"ALTER SEQUENCE {name} RESTART")  # type: ignore[arg-type]
    assert charged(dba, acme)[0] == (80 if lose else 70)
    assert not spends(app, acme, 31)
    assert spends(app, acme, 20)


def test_changing_quotas(app: Connection, dba: Connection, acme: Tenant) -> None:
    dba.execute(LIMIT, [acme.tenant_id, 100, None])
    assert spends(app, acme, 100)
    dba.execute(LIMIT, [acme.tenant_id, 150, None])
    assert [spends(app, acme, 50), spends(app, acme, 1)] == [True, False]
    dba.execute(LIMIT, [acme.tenant_id, None, None])
    assert spends(app, acme, 1000)
    dba.execute(LIMIT, [acme.tenant_id, 1160, None])
    assert [spends(app, acme, 11), spends(app, acme, 10)] == [False, True]


def test_the_hint_says_when_the_quota_begins_anew(app: Connection, dba: Connection, acme: Tenant) -> None:
    dba.execute(LIMIT, [acme.tenant_id, 100, None])
    assert spends(app, acme, 60)
    with (
        pytest.raises(psycopg.errors.ConfigurationLimitExceeded, match="token quota reached") as refusal,
        as_tenant(app, acme),
    ):
        app.execute(SPEND, [50])
    hint = refusal.value.diag.message_hint or ""
    left = dba.execute("SELECT 86400 - mod(extract(epoch FROM now())::int, 86400)").fetchone()
    assert left is not None
    assert hint.endswith(" seconds. Until then, 40 tokens are left to the tenant.")
    assert abs(int(hint.split()[1]) - left[0]) <= 5


def test_an_open_transaction_holds_nobody_up(
    module_database: Database, app: Connection, dba: Connection, acme: Tenant
) -> None:
    dba.execute(LIMIT, [acme.tenant_id, 100, None])
    with as_tenant(app, acme):
        app.execute(SPEND, [40])
        with module_database.connect("app") as other:
            other.execute("SET lock_timeout = '20ms'")
            assert spends(other, acme, 40)
            assert not spends(other, acme, 40)


def test_lastval_is_left_alone(app: Connection, dba: Connection, acme: Tenant) -> None:
    dba.execute(LIMIT, [acme.tenant_id, 100, None])
    dba.execute("GRANT USAGE ON SEQUENCE asked_id_seq TO tenantry_app")
    with as_tenant(app, acme):
        row = app.execute("INSERT INTO asked (tokens) VALUES (1) RETURNING id").fetchone()
        assert app.execute("SELECT lastval()").fetchone() == row


@pytest.mark.parametrize("value", [-1, 10**12 + 1])
def test_a_quota_out_of_range(dba: Connection, acme: Tenant, value: int) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        dba.execute(LIMIT, [acme.tenant_id, value, None])


def test_meter_tokens_wants_a_protected_table_and_its_columns(dba: Connection) -> None:
    dba.execute("CREATE TABLE plain (tenant_id uuid, tokens int)")
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        dba.execute("SELECT tenantry.meter_tokens('plain', 'tokens')")
    dba.execute("SELECT tenantry.protect('plain')")
    dba.execute("SELECT tenantry.meter_tokens('plain', 'tokens')")
    for columns in ("'nothing'", "NULL", "'tokens', 'nothing'", "'ctid'"):
        with pytest.raises(psycopg.errors.UndefinedColumn):
            dba.execute(f"SELECT tenantry.meter_tokens('plain', {columns})")  # type: ignore[arg-type]

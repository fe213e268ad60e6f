"""A context lives in one transaction of one backend: how it ends, and that it cannot be brought back."""

import time
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from tests.identity.context import EXPIRED, INVALID, bodies, set_token, token
from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, as_tenant, create_tenant

INVALID_PARAMETER_VALUE = "22023"


def run(connection: Connection, script: str, tenant: Tenant) -> list[object]:
    """Send statements in one message, {authenticate} with the tenant's key among them; return all that they return."""
    authenticate = sql.SQL("SELECT FROM tenantry.authenticate({})").format(tenant.api_key)
    cursor = connection.execute(sql.SQL(script).format(authenticate=authenticate))  # type: ignore[arg-type]
    values: list[object] = []
    while True:
        values += [value for row in (cursor.fetchall() if cursor.description else []) for value in row]
        if not cursor.nextset():
            return values


@pytest.fixture(autouse=True)
def _no_prepared_transaction(superuser: Connection) -> Iterator[None]:
    yield
    for (name,) in superuser.execute(
        "SELECT gid FROM pg_prepared_xacts WHERE database = current_database()"
    ).fetchall():
        superuser.execute(sql.SQL("ROLLBACK PREPARED {}").format(name))


# How a transaction ends, and what remains afterwards: nothing.
ENDINGS = [
    "BEGIN; {authenticate}; SELECT count(*) FROM documents; COMMIT",
    "BEGIN; {authenticate}; SELECT count(*) FROM documents; ROLLBACK",
    "BEGIN; {authenticate}; SELECT count(*) FROM documents; COMMIT AND CHAIN",
    "BEGIN; {authenticate}; SELECT count(*) FROM documents; ROLLBACK AND CHAIN",
    "BEGIN; {authenticate}; SELECT count(*) FROM documents; PREPARE TRANSACTION 'p'",
    "{authenticate}; SELECT count(*) FROM documents; COMMIT",
    "BEGIN; {authenticate}; SELECT count(*) FROM documents; RESET tenantry.context",
    "BEGIN; {authenticate}; SELECT count(*) FROM documents; RESET ALL",
    "BEGIN; {authenticate}; SELECT count(*) FROM documents; SET tenantry.context TO DEFAULT",
    "BEGIN; {authenticate}; SELECT count(*) FROM documents; SELECT FROM tenantry.leave_tenant()",
    "BEGIN; SAVEPOINT s; {authenticate}; SELECT count(*) FROM documents; ROLLBACK TO s",
    "BEGIN; {authenticate}; SELECT count(*) FROM documents; COMMIT; BEGIN; SAVEPOINT s; ROLLBACK TO s",
]


@pytest.mark.parametrize("ending", ENDINGS)
def test_ending(app: Connection, acme: Tenant, ending: str) -> None:
    assert run(app, ending, acme) == [1]
    assert token(app) == ""
    assert bodies(app) == []
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="no tenant context"):
        app.execute("INSERT INTO documents (id) VALUES (9)")


def test_discard_all(app: Connection, acme: Tenant) -> None:
    with as_tenant(app, acme):
        set_token(app, token(app), local=False)
    app.execute("DISCARD ALL")
    assert (token(app), bodies(app)) == ("", [])


# Ways to a second transaction that has the token of a first, within one message, for which the clock stands still.
SAVE = "SELECT FROM set_config('my.token', current_setting('tenantry.context'), false)"
REPLAY = "SELECT FROM set_config('tenantry.context', current_setting('my.token'), true); SELECT count(*) FROM documents"


@pytest.mark.parametrize(
    "second_transaction",
    [
        "BEGIN; {authenticate}; {save}; COMMIT; BEGIN; {replay}",
        "BEGIN; {authenticate}; {save}; COMMIT; {replay}",
        "{authenticate}; {save}; COMMIT; {replay}",
        "BEGIN; {authenticate}; {save}; COMMIT AND CHAIN; {replay}",
        "BEGIN; {authenticate}; {save}; COMMIT AND CHAIN; ROLLBACK AND CHAIN; {replay}",
        "BEGIN; COMMIT AND CHAIN; {authenticate}; {save}; COMMIT AND CHAIN; {replay}",
        "BEGIN; {authenticate}; {save}; PREPARE TRANSACTION 'p'; {replay}",
        "BEGIN; {authenticate}; {save}; SAVEPOINT s; ROLLBACK TO s; COMMIT; BEGIN; SAVEPOINT s; {replay}",
    ],
)
def test_replay_in_one_message(app: Connection, acme: Tenant, second_transaction: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match=INVALID):
        run(app, second_transaction.replace("{save}", SAVE).replace("{replay}", REPLAY), acme)


def test_replay_within_the_transaction(app: Connection, acme: Tenant) -> None:
    """This is no replay: whoever has the token is in the transaction that it speaks of."""
    assert run(app, f"BEGIN; {{authenticate}}; {SAVE}; RESET tenantry.context; {REPLAY}", acme) == [1]
    assert run(app, f"SAVEPOINT s; SELECT FROM tenantry.leave_tenant(); ROLLBACK TO s; {REPLAY}", acme) == [1]


@pytest.mark.parametrize("before", ["", "COMMIT;", "COMMIT; ROLLBACK;"])
def test_replay_in_a_procedure(app: Connection, dba: Connection, acme: Tenant, before: str) -> None:
    body = f"""
        DECLARE v_token text;
        BEGIN
            {before}
            PERFORM tenantry.authenticate(current_setting('my.key'));
            ASSERT (SELECT count(*) FROM public.documents) = 1;
            v_token := current_setting('tenantry.context');
            COMMIT;
            ASSERT (SELECT count(*) FROM public.documents) = 0;
            PERFORM set_config('tenantry.context', v_token, true);
            PERFORM FROM public.documents;
        END
    """
    dba.execute(f"CREATE OR REPLACE PROCEDURE replay() LANGUAGE plpgsql AS $$ {body} $$")  # type: ignore[arg-type]
    app.execute("SELECT set_config('my.key', %s, false)", [acme.api_key])
    for statement in (f"DO $$ {body} $$", "CALL replay()"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match=INVALID):
            app.execute(statement)  # type: ignore[arg-type]


def test_replay_in_the_next_transaction(app: Connection, acme: Tenant) -> None:
    with as_tenant(app, acme):
        genuine = token(app)
        assert bodies(app) == [acme.slug]
    with app.transaction():
        set_token(app, genuine)
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match=INVALID):
            bodies(app)


def test_replay_in_a_pipeline(app: Connection, acme: Tenant) -> None:
    """What a pipeline sends up to a sync is one transaction, without BEGIN; the next one has no context."""
    with app.pipeline() as pipeline:
        app.execute("SELECT tenantry.authenticate(%s)", [acme.api_key])
        saved = app.execute("SELECT set_config('my.token', current_setting('tenantry.context'), false)")
        served = app.execute("SELECT count(*) FROM documents")
        pipeline.sync()
        without = app.execute("SELECT count(*) FROM documents")
        pipeline.sync()
        app.execute("SELECT set_config('tenantry.context', current_setting('my.token'), true)")
        replayed = app.execute("SELECT count(*) FROM documents")
        assert served.fetchone() == (1,)
        assert without.fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match=INVALID):
            replayed.fetchone()
        assert saved.fetchone() is not None


def test_replay_in_another_backend(app: Connection, module_database: Database, acme: Tenant) -> None:
    with module_database.connect("app") as other, as_tenant(app, acme), other.transaction():
        set_token(other, token(app))
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match=INVALID):
            bodies(other)
        assert bodies(app) == [acme.slug]


def test_replay_in_another_database(app: Connection, database: Database, superuser: Connection, acme: Tenant) -> None:
    """Both are clones of one template and share the signing key, as databases that CREATE DATABASE has copied do."""
    twin = database.connect("app")
    keys = "SELECT signing_key_id FROM tenantry_private.signing_keys"
    assert database.connect("postgres").execute(keys).fetchall() == superuser.execute(keys).fetchall()
    with as_tenant(app, acme), twin.transaction():
        set_token(twin, token(app))
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match=INVALID):
            twin.execute("SELECT tenantry.current_tenant()")


def test_savepoints(app: Connection, acme: Tenant, globex: Tenant) -> None:
    """A savepoint rolled back restores the context before it; one released keeps the context within it."""
    with as_tenant(app, acme):
        with app.transaction():
            app.execute("SELECT tenantry.authenticate(%s)", [globex.api_key])
            assert bodies(app) == [globex.slug]
            raise psycopg.Rollback
        assert bodies(app) == [acme.slug]
        with app.transaction():
            app.execute("SELECT tenantry.authenticate(%s)", [globex.api_key])
        assert bodies(app) == [globex.slug]


def test_failed_authentication_leaves_the_context(app: Connection, acme: Tenant) -> None:
    with as_tenant(app, acme):
        with pytest.raises(psycopg.errors.InvalidAuthorizationSpecification), app.transaction():
            app.execute("SELECT tenantry.authenticate('sk_')")
        assert bodies(app) == [acme.slug]


def test_leave_tenant(app: Connection, acme: Tenant) -> None:
    with as_tenant(app, acme):
        app.execute("SELECT tenantry.leave_tenant()")
        assert bodies(app) == []
        assert app.execute("SELECT tenantry.current_tenant(), tenantry.current_clearance()").fetchone() == (None, None)
        assert app.execute("SELECT tenantry.cleared_levels()").fetchone() == ([],)


def test_expiry(app: Connection, dba: Connection, acme: Tenant) -> None:
    dba.execute("SELECT tenantry.set_context_lifetime('0.1 seconds')")
    try:
        with as_tenant(app, acme):
            assert bodies(app) == [acme.slug]
            time.sleep(0.11)
            for statement in ("SELECT FROM documents", "INSERT INTO documents (id) VALUES (9)"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege, match=EXPIRED), app.transaction():
                    app.execute(statement)  # type: ignore[arg-type]
            app.execute("SELECT tenantry.authenticate(%s)", [acme.api_key])
            assert bodies(app) == [acme.slug]
    finally:
        dba.execute("SELECT tenantry.set_context_lifetime('1 hour')")


def test_expiry_of_the_key_bounds_the_context(app: Connection, dba: Connection, acme: Tenant) -> None:
    issued = (
        "SELECT api_key FROM tenantry.issue_api_key(%s, 'brief', p_expires_at => clock_timestamp() + '0.2 seconds')"
    )
    row = dba.execute(issued, [acme.tenant_id]).fetchone()
    assert row is not None
    with app.transaction():
        app.execute("SELECT tenantry.authenticate(%s)", row)
        assert bodies(app) == [acme.slug]
        time.sleep(0.21)
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match=EXPIRED), app.transaction():
            bodies(app)


def test_expiry_does_not_depend_on_settings(app: Connection, dba: Connection, acme: Tenant) -> None:
    dba.execute("SET IntervalStyle = sql_standard")
    dba.execute("SELECT tenantry.set_context_lifetime('1 hour 30 minutes')")
    app.execute("SET TimeZone = 'Asia/Kathmandu'")
    app.execute("SET DateStyle = 'German'")
    try:
        with as_tenant(app, acme):
            expires = (
                "SELECT (tenantry.current_identity()).expires_at - clock_timestamp() BETWEEN '89 min' AND '90 min'"
            )
            assert app.execute(expires).fetchone() == (True,)
    finally:
        dba.execute("RESET IntervalStyle")
        dba.execute("SELECT tenantry.set_context_lifetime('1 hour')")


@pytest.mark.parametrize(
    "lifetime", [None, "0", "-1 second", "7 days 1 second", "1 month", "1000 years", "12 mons -355 days"]
)
def test_set_context_lifetime_refuses(dba: Connection, lifetime: str | None) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        dba.execute("SELECT tenantry.set_context_lifetime(%s)", [lifetime])
    assert refusal.value.sqlstate == INVALID_PARAMETER_VALUE
    assert refusal.value.diag.message_hint


def test_suspension_lets_a_transaction_end(app: Connection, dba: Connection) -> None:
    tenant = create_tenant(dba, "suspended-under-way")
    with as_tenant(app, tenant):
        app.execute("INSERT INTO documents (id, body) VALUES (1, 'x')")
        dba.execute("SELECT tenantry.suspend_tenant(%s)", [tenant.tenant_id])
        assert bodies(app) == ["x"]
    with pytest.raises(psycopg.errors.InvalidAuthorizationSpecification), as_tenant(app, tenant):
        pass

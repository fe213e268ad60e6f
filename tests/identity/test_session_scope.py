"""Contexts of a session: who may open one, how long it lives, and that neither kind of context passes for the other."""

import time
from collections.abc import Iterator

import psycopg
import pytest

from tests.identity.context import EXPIRED, INVALID, bodies, set_token, token
from tests.support.database import Connection, Database
from tests.support.pgbouncer import PgBouncer
from tests.support.tenants import Tenant, as_tenant, create_tenant

OPEN = "SELECT * FROM tenantry.authenticate(%s, 'session')"
ENDED = "this context of the session has ended"
WITHDRAWN = "the context of this session was withdrawn"
RESIDUE = "55000"


@pytest.fixture(scope="module", autouse=True)
def allowed(dba: Connection) -> None:
    dba.execute("SELECT tenantry.allow_session_scope('app')")


@pytest.fixture
def person(module_database: Database, allowed: None) -> Iterator[Connection]:
    """Somebody at psql, in autocommit."""
    with module_database.connect("app", application_name="psql") as person:
        yield person


def open_session(person: Connection, tenant: Tenant) -> None:
    person.execute(OPEN, [tenant.api_key])


def assert_refused(connection: Connection, message: str) -> None:
    for statement in ("SELECT FROM documents", "INSERT INTO documents (id) VALUES (9)", "DELETE FROM documents"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as refusal, connection.transaction():
            connection.execute(statement.encode())
        assert refusal.value.diag.message_primary == message
        assert "uthenticate" in str(refusal.value.diag.message_hint)


# What it is for


def test_across_statements(person: Connection, app: Connection, acme: Tenant) -> None:
    """It holds from one transaction to the next, as one of a transaction does not."""
    app.execute("SELECT tenantry.authenticate(%s)", [acme.api_key])
    assert bodies(app) == []
    open_session(person, acme)
    assert bodies(person) == [acme.slug]
    person.execute("INSERT INTO documents (id, body) VALUES (2, 'x')")
    for isolation in ("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE READ ONLY"):
        with person.transaction():
            person.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}".encode())
            assert bodies(person) == [acme.slug, "x"]
    assert person.execute("DELETE FROM documents WHERE id = 2").rowcount == 1


def test_identity(person: Connection, acme: Tenant) -> None:
    opened = person.execute(OPEN, [acme.api_key]).fetchone()
    assert opened is not None
    assert opened[:5] == (acme.tenant_id, None, "member", "INTERNAL", acme.key_id)
    assert person.execute("SELECT * FROM tenantry.current_identity()").fetchone() == opened
    assert person.execute("SELECT tenantry.current_tenant(), tenantry.claimed_tenant()").fetchone() == (
        acme.tenant_id,
        acme.tenant_id,
    )


def test_transaction_scope(person: Connection, acme: Tenant) -> None:
    with person.transaction():
        person.execute("SELECT tenantry.authenticate(%s, 'transaction')", [acme.api_key])
        assert bodies(person) == [acme.slug]
    assert bodies(person) == []


@pytest.mark.parametrize("scope", [None, "", "SESSION", "forever"])
def test_unknown_scope(person: Connection, acme: Tenant, scope: str | None) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        person.execute("SELECT tenantry.authenticate(%s, %s)", [acme.api_key, scope])


def test_bad_key(person: Connection, acme: Tenant) -> None:
    open_session(person, acme)
    with pytest.raises(psycopg.errors.InvalidAuthorizationSpecification):
        person.execute(OPEN, ["sk_"])
    assert bodies(person) == [acme.slug]


# Who may


def test_logins_that_an_admin_has_named(module_database: Database, dba: Connection, acme: Tenant) -> None:
    with module_database.connect("gateway", application_name="psql") as gateway:
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as refusal:
            gateway.execute(OPEN, [acme.api_key])
        assert "allow_session_scope" in str(refusal.value.diag.message_hint)
        dba.execute("SELECT tenantry.allow_session_scope('gateway', '2 hours')")
        gateway.execute(OPEN, [acme.api_key])
        assert gateway.execute("SELECT tenantry.current_tenant()").fetchone() == (acme.tenant_id,)
        dba.execute("SELECT tenantry.disallow_session_scope('gateway')")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match=WITHDRAWN):
            gateway.execute("SELECT tenantry.current_tenant()")
    with pytest.raises(psycopg.errors.NoDataFound):
        dba.execute("SELECT tenantry.disallow_session_scope('gateway')")


@pytest.mark.parametrize(
    ("role", "lifetime"),
    [("tenantry_app", "1 hour"), ("0", "1 hour"), (None, "1 hour")]
    + [("app", lifetime) for lifetime in (None, "0", "-1 hour", "7 days 1 second")],
)
def test_allow_session_scope_refuses(dba: Connection, role: str | None, lifetime: str | None) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue) as refusal:
        dba.execute("SELECT tenantry.allow_session_scope(%s::regrole, %s)", [role, lifetime])
    assert refusal.value.diag.message_hint


def test_a_pooled_connection(pgbouncer: PgBouncer, module_database: Database, acme: Tenant, globex: Tenant) -> None:
    """PgBouncer in transaction mode: refused, whatever name the client gives; a transaction's context opens."""
    for name in ("psql", "", None):
        options = {} if name is None else {"application_name": name}
        pooled = pgbouncer.database(module_database).connect("app", prepare_threshold=None, **options)
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="may be pooled"):
            pooled.execute(OPEN, [acme.api_key])
        with as_tenant(pooled, globex):
            assert bodies(pooled) == [globex.slug]
        pooled.close()


def test_a_name_that_came_later(module_database: Database, acme: Tenant) -> None:
    """Only a name that came with the log-in tells a client from a pooler."""
    with module_database.connect("app") as nameless:
        nameless.execute("SET application_name = 'psql'")
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
            nameless.execute(OPEN, [acme.api_key])


def test_read_only(person: Connection, acme: Tenant) -> None:
    person.execute("SET default_transaction_read_only = on")
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction) as refusal:
        open_session(person, acme)
    assert "READ WRITE" in str(refusal.value.diag.message_hint)
    person.execute("BEGIN READ WRITE")
    open_session(person, acme)
    person.execute("COMMIT")
    assert bodies(person) == [acme.slug]
    person.execute("SELECT tenantry.leave_tenant()")
    assert bodies(person) == []


# How long


@pytest.mark.parametrize(
    "end", ["DISCARD ALL", "RESET ALL", "RESET tenantry.context", "SELECT tenantry.leave_tenant()"]
)
def test_end(person: Connection, acme: Tenant, end: str) -> None:
    open_session(person, acme)
    person.execute(end.encode())
    assert bodies(person) == []
    open_session(person, acme)
    assert bodies(person) == [acme.slug]


@pytest.mark.parametrize("end", ["DISCARD ALL", "SELECT tenantry.leave_tenant()"])
def test_replay_after_the_end(person: Connection, acme: Tenant, end: str) -> None:
    open_session(person, acme)
    kept = token(person)
    person.execute(end.encode())
    for local in (False, True):
        with person.transaction():
            set_token(person, kept, local=local)
            with pytest.raises(psycopg.Error) as refusal:
                bodies(person)
        assert refusal.value.sqlstate in ("42501", "55000")
        person.execute("RESET tenantry.context")
    open_session(person, acme)
    set_token(person, kept, local=False)
    assert_refused(person, ENDED)


def test_replay_of_a_stronger_key(person: Connection, dba: Connection, acme: Tenant) -> None:
    """Stepping down is for good: the stronger token is dead, and no rollback revives it."""
    strong = dba.execute("SELECT api_key FROM tenantry.issue_api_key(%s, 'k', 'owner')", [acme.tenant_id]).fetchone()
    person.execute(OPEN, strong)
    assert person.execute("SELECT tenantry.current_clearance()").fetchone() == ("RESTRICTED",)
    kept = token(person)
    with person.transaction(force_rollback=True):
        open_session(person, acme)
    assert_refused(person, ENDED)
    open_session(person, acme)
    assert person.execute("SELECT tenantry.current_clearance()").fetchone() == ("INTERNAL",)
    set_token(person, kept, local=False)
    assert_refused(person, ENDED)


def test_expiry(person: Connection, dba: Connection, acme: Tenant) -> None:
    dba.execute("SELECT tenantry.allow_session_scope('app', '0.2 seconds')")
    try:
        open_session(person, acme)
        assert bodies(person) == [acme.slug]
        time.sleep(0.21)
        assert_refused(person, EXPIRED)
    finally:
        dba.execute("SELECT tenantry.allow_session_scope('app')")


def test_expiry_of_the_key_bounds_the_session(person: Connection, dba: Connection, acme: Tenant) -> None:
    issued = "SELECT api_key FROM tenantry.issue_api_key(%s, 'k', p_expires_at => clock_timestamp() + '0.2 seconds')"
    opened = person.execute(OPEN, dba.execute(issued, [acme.tenant_id]).fetchone()).fetchone()
    assert opened is not None
    assert bodies(person) == [acme.slug]
    time.sleep(0.21)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        bodies(person)


WITHDRAWALS = {
    "revoked key": "SELECT tenantry.revoke_api_key('{0.key_id}')",
    "rotated key": "SELECT tenantry.rotate_api_key('{0.key_id}', '0')",
    "suspended tenant": "SELECT tenantry.suspend_tenant('{0.tenant_id}')",
    "lowered clearance": "SELECT tenantry.set_role_clearance('member', 'PUBLIC')",
    "raised clearance": "SELECT tenantry.set_role_clearance('member', 'RESTRICTED')",
    "login": "SELECT tenantry.disallow_session_scope('app')",
}
RESTORE = """
SELECT tenantry.set_role_clearance('member', 'INTERNAL');
SELECT tenantry.allow_session_scope('app');
"""


@pytest.mark.parametrize("isolation", ["read committed", "repeatable read", "serializable"])
@pytest.mark.parametrize("withdrawal", WITHDRAWALS.values(), ids=WITHDRAWALS)
def test_withdrawal(person: Connection, dba: Connection, app: Connection, withdrawal: str, isolation: str) -> None:
    tenant = create_tenant(dba, f"withdrawn-{time.monotonic_ns()}")
    open_session(person, tenant)
    assert person.execute("SELECT tenantry.current_tenant()").fetchone() == (tenant.tenant_id,)
    try:
        dba.execute(withdrawal.format(tenant).encode())
        person.execute(f"SET default_transaction_isolation = '{isolation}'".encode())
        for _ in range(2):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match=WITHDRAWN):
                bodies(person)
    finally:
        dba.execute(RESTORE)


def test_withdrawal_of_others(person: Connection, dba: Connection, acme: Tenant, globex: Tenant) -> None:
    open_session(person, acme)
    dba.execute("SELECT tenantry.revoke_api_key(%s)", [globex.key_id])
    assert bodies(person) == [acme.slug]


def test_an_older_snapshot(person: Connection, module_database: Database, dba: Connection, acme: Tenant) -> None:
    """A snapshot from before the withdrawal, handed on by another session, does not keep the context alive."""
    open_session(person, acme)
    with module_database.connect("app") as other, other.transaction():
        other.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        ((snapshot,),) = other.execute("SELECT pg_export_snapshot()").fetchall()
        dba.execute("SELECT tenantry.revoke_api_key(%s)", [acme.key_id])
        person.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        person.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'".encode())
        with pytest.raises(psycopg.errors.SerializationFailure):
            bodies(person)


def test_signing_keys_are_rotated(person: Connection, dba: Connection, acme: Tenant) -> None:
    open_session(person, acme)
    dba.execute("SELECT tenantry.rotate_context_key()")
    assert bodies(person) == [acme.slug]
    dba.execute("SELECT tenantry.rotate_context_key()")
    assert_refused(person, INVALID)


# Transactions inside


def test_override(person: Connection, acme: Tenant, globex: Tenant) -> None:
    """Another context holds for its transaction, committed or not; the session's comes back."""
    open_session(person, acme)
    for rollback in (False, True):
        with person.transaction(force_rollback=rollback):
            assert bodies(person) == [acme.slug]
            person.execute("SELECT tenantry.authenticate(%s)", [globex.api_key])
            assert bodies(person) == [globex.slug]
        assert bodies(person) == [acme.slug]
    with person.transaction():
        with person.transaction(force_rollback=True):
            person.execute("SELECT tenantry.authenticate(%s)", [globex.api_key])
        assert bodies(person) == [acme.slug]


def test_leaving_from_within(person: Connection, acme: Tenant, globex: Tenant) -> None:
    """Whatever is open over it, leave_tenant() ends the session's context too."""
    open_session(person, acme)
    with person.transaction():
        person.execute("SELECT tenantry.authenticate(%s)", [globex.api_key])
        person.execute("SELECT tenantry.leave_tenant()")
        assert bodies(person) == []
    assert bodies(person) == []


def test_leaving_is_not_rolled_back(person: Connection, acme: Tenant) -> None:
    open_session(person, acme)
    with person.transaction(force_rollback=True):
        person.execute("SELECT tenantry.leave_tenant()")
    assert_refused(person, ENDED)


def test_opened_in_a_transaction(person: Connection, acme: Tenant, globex: Tenant) -> None:
    """Over a transaction's context, in a savepoint, in an exception block: what is rolled back is not open."""
    with person.transaction():
        person.execute("SELECT tenantry.authenticate(%s)", [globex.api_key])
        open_session(person, acme)
        assert bodies(person) == [acme.slug]
    assert bodies(person) == [acme.slug]
    person.execute("SELECT tenantry.leave_tenant()")
    with person.transaction():
        with person.transaction(force_rollback=True):
            open_session(person, acme)
        assert bodies(person) == []
    person.execute("SELECT set_config('my.key', %s, false)", [acme.api_key])
    body = "PERFORM tenantry.authenticate(current_setting('my.key'), 'session')"
    person.execute(
        f"DO $$ BEGIN {body}; RAISE division_by_zero; EXCEPTION WHEN division_by_zero THEN NULL; END $$".encode()
    )
    assert bodies(person) == []
    person.execute(f"DO $$ BEGIN {body}; EXCEPTION WHEN division_by_zero THEN NULL; END $$".encode())
    assert bodies(person) == [acme.slug]


@pytest.mark.parametrize(
    "hide",
    ["SET LOCAL tenantry.context = ''", "SET LOCAL tenantry.context = 'x'", "RESET tenantry.context"],
)
def test_override_of_a_hidden_context(person: Connection, acme: Tenant, globex: Tenant, hide: str) -> None:
    """Taking the token away for a moment does not hide that another context was open meanwhile."""
    open_session(person, acme)
    kept = token(person)
    with person.transaction():
        person.execute(hide.encode())
        person.execute("SELECT tenantry.authenticate(%s)", [globex.api_key])
        person.execute("CREATE TEMP TABLE loot AS SELECT body FROM documents")
    set_token(person, kept, local=False)
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        bodies(person)
    person.execute("DISCARD TEMP")
    assert bodies(person) == [acme.slug]
    with person.transaction():
        person.execute(hide.encode())
        person.execute("SET TRANSACTION READ ONLY")
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), person.transaction():
            person.execute("SELECT tenantry.authenticate(%s)", [globex.api_key])


@pytest.mark.parametrize("setting", ["SET LOCAL", "SET"])
def test_settings_over_it(person: Connection, acme: Tenant, setting: str) -> None:
    open_session(person, acme)
    with person.transaction(force_rollback=setting == "SET"):
        person.execute(f"{setting} tenantry.context = ''".encode())
        assert bodies(person) == []
    assert bodies(person) == [acme.slug]


def test_parallel_plans(person: Connection, dba: Connection, acme: Tenant) -> None:
    name = "force_parallel_mode" if person.info.server_version < 160000 else "debug_parallel_query"
    open_session(person, acme)
    person.execute(f"SET {name} = on".encode())
    person.execute("SET parallel_setup_cost = 0")
    person.execute("SET parallel_tuple_cost = 0")
    person.execute("SET min_parallel_table_scan_size = 0")
    person.execute("SET enable_indexscan = off")
    person.execute("SET enable_bitmapscan = off")
    plan = str(person.execute("EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) SELECT count(*) FROM documents").fetchall())
    assert "Workers Launched: " in plan
    assert person.execute("SELECT count(*) FROM documents").fetchone() == (1,)


# Neither passes for the other


def test_edited_into_each_other(person: Connection, acme: Tenant) -> None:
    with person.transaction():
        person.execute("SELECT tenantry.authenticate(%s)", [acme.api_key])
        of_transaction = token(person).split("|")
    open_session(person, acme)
    of_session = token(person).split("|")
    number = of_session[3]
    assert number.startswith("s")
    for forged in (
        [*of_transaction[:3], number, *of_transaction[4:]],
        [*of_session[:3], of_transaction[3], *of_session[4:]],
        [*of_session[:3], "", *of_session[4:]],
        [*of_session[:8], of_transaction[8]],
        [*of_transaction[:8], of_session[8]],
        [*of_session[:3], number + "0", *of_session[4:]],
        [*of_session[:3], "s0.0.0", *of_session[4:]],
        [*of_session[:3], number.upper(), *of_session[4:]],
        [*of_session[:2], "7fffffffffffffff", *of_session[3:]],
        [*of_session[:4], "RESTRICTED", "owner", *of_session[6:]],
        of_transaction,
    ):
        for local in (False, True):
            with person.transaction():
                set_token(person, "|".join(forged), local=local)
                with pytest.raises(psycopg.errors.InsufficientPrivilege, match=INVALID), person.transaction():
                    bodies(person)
                set_token(person, "|".join(of_session), local=False)
            assert bodies(person) == [acme.slug]


def test_another_backend(person: Connection, module_database: Database, app: Connection, acme: Tenant) -> None:
    """Copied to another backend of the same login, or planted in a pooled connection, it does not verify."""
    open_session(person, acme)
    with module_database.connect("app", application_name="psql") as other:
        open_session(other, acme)
        for thief in (app, other):
            for local in (False, True):
                with thief.transaction():
                    set_token(thief, token(person), local=local)
                    with pytest.raises(psycopg.errors.InsufficientPrivilege, match=INVALID), thief.transaction():
                        bodies(thief)
    assert bodies(person) == [acme.slug]


def test_the_numbers_are_out_of_reach(person: Connection, acme: Tenant) -> None:
    open_session(person, acme)
    for attempt in (
        "SELECT nextval('tenantry_private.session_numbers')",
        "SELECT setval('tenantry_private.session_numbers', 1)",
        "SELECT currval('tenantry_private.session_overrides')",
        "SELECT lastval()",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            person.execute(attempt.encode())
    person.execute("CREATE TEMP SEQUENCE session_numbers")
    person.execute("SELECT nextval('session_numbers')")
    assert bodies(person) == [acme.slug]


def test_prepared_transaction(person: Connection, superuser: Connection, acme: Tenant) -> None:
    ((allowed,),) = superuser.execute("SELECT current_setting('max_prepared_transactions')::int").fetchall()
    assert allowed, "the tests' cluster has to allow prepared transactions"
    open_session(person, acme)
    person.execute("BEGIN")
    person.execute("INSERT INTO documents (id, body) VALUES (7, 'laid aside')")
    person.execute("PREPARE TRANSACTION 'session'")
    assert bodies(person) == [acme.slug]
    person.execute("COMMIT PREPARED 'session'")
    assert bodies(person) == [acme.slug, "laid aside"]


# What the session holds


def test_temporary_tables_of_ones_own(person: Connection, acme: Tenant) -> None:
    """They survive transactions, the same key's own contexts, and authenticating again."""
    open_session(person, acme)
    person.execute("CREATE TEMP TABLE work AS SELECT body FROM documents")
    assert person.execute("SELECT body FROM work").fetchall() == [(acme.slug,)]
    with as_tenant(person, acme):
        assert bodies(person) == [acme.slug]
    open_session(person, acme)
    assert bodies(person) == [acme.slug]
    assert person.execute("SELECT body FROM work").fetchall() == [(acme.slug,)]


@pytest.mark.parametrize("scope", ["transaction", "session"])
def test_switching_with_residue(person: Connection, acme: Tenant, globex: Tenant, scope: str) -> None:
    open_session(person, acme)
    person.execute("CREATE TEMP TABLE documents AS SELECT * FROM public.documents")
    with pytest.raises(psycopg.Error) as refusal:
        person.execute("SELECT tenantry.authenticate(%s, %s)", [globex.api_key, scope])
    assert refusal.value.sqlstate == RESIDUE
    person.execute("SELECT tenantry.leave_tenant()")
    with pytest.raises(psycopg.Error) as refusal:
        person.execute("SELECT tenantry.authenticate(%s, %s)", [globex.api_key, scope])
    assert refusal.value.sqlstate == RESIDUE
    person.execute("DISCARD ALL")
    with person.transaction():
        person.execute("SELECT tenantry.authenticate(%s, %s)", [globex.api_key, scope])
        assert bodies(person) == [globex.slug]


PLANTED = [
    "CREATE TEMP TABLE documents (id int, body text)",
    "PREPARE x AS SELECT 1",
    "DECLARE x CURSOR WITH HOLD FOR SELECT 1",
]


@pytest.mark.parametrize("planted", PLANTED)
@pytest.mark.parametrize("again", [False, True], ids=["once", "over another one"])
def test_residue_of_an_override(person: Connection, acme: Tenant, globex: Tenant, planted: str, again: bool) -> None:
    """What another tenant's transaction leaves does not meet the session's context, which works again without it."""
    open_session(person, acme)
    with person.transaction():
        if again:
            person.execute("SELECT tenantry.authenticate(%s)", [acme.api_key])
        person.execute("SELECT tenantry.authenticate(%s)", [globex.api_key])
        person.execute(planted.encode())
    with pytest.raises(psycopg.Error) as refusal:
        person.execute("INSERT INTO public.documents (id, body) VALUES (2, 'secret of acme')")
    assert refusal.value.sqlstate == RESIDUE
    with pytest.raises(psycopg.Error) as refusal:
        open_session(person, acme)
    assert refusal.value.sqlstate == RESIDUE
    for remedy in ("DROP TABLE IF EXISTS pg_temp.documents", "DEALLOCATE ALL", "CLOSE ALL"):
        person.execute(remedy.encode())
    assert bodies(person) == [acme.slug]


def test_prepared_by_an_override_that_is_rolled_back(person: Connection, acme: Tenant, globex: Tenant) -> None:
    """A prepared statement survives the rollback of its transaction."""
    open_session(person, acme)
    with person.transaction(force_rollback=True):
        person.execute("SELECT tenantry.authenticate(%s)", [globex.api_key])
        person.execute("PREPARE x AS SELECT 1")
    with pytest.raises(psycopg.Error) as refusal:
        bodies(person)
    assert refusal.value.sqlstate == RESIDUE


def test_read_only_override(person: Connection, acme: Tenant, globex: Tenant) -> None:
    """What it might leave could not be noted: a read-only transaction does not open somebody else's context over it."""
    open_session(person, acme)
    person.execute("SET default_transaction_read_only = on")
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        person.execute("SELECT tenantry.authenticate(%s)", [globex.api_key])
    with as_tenant(person, acme):
        assert bodies(person) == [acme.slug]


def test_a_withdrawal_under_way(person: Connection, module_database: Database, dba: Connection) -> None:
    """A key that is being revoked while it opens the session opens one that ends with the revocation."""
    tenant = create_tenant(dba, f"under-way-{time.monotonic_ns()}")
    with module_database.connect("dba") as other:
        with other.transaction():
            other.execute("SELECT tenantry.revoke_api_key(%s)", [tenant.key_id])
            open_session(person, tenant)
            assert person.execute("SELECT tenantry.current_tenant()").fetchone() == (tenant.tenant_id,)
        assert_refused(person, WITHDRAWN)

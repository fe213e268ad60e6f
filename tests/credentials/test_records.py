"""What a server that records all it can keeps of the credentials that pass through it: nothing.

Each test makes calls that take or return a credential, and then looks for the credential, in parts and in encodings,
in everything that was recorded meanwhile.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes
from threading import Thread
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.pq import DiagnosticField

from tenantry import InvalidCredential, TenantPool
from tests.credentials.noisy import NoisyServer
from tests.credentials.traces import ENCODINGS, traces
from tests.identity.tokens import SECRETS, base64url, claims, jwks, token
from tests.support.database import Connection
from tests.support.tenants import Tenant, create_tenant

AUTHENTICATE = "SELECT tenantry.authenticate(%s)"


@pytest.fixture(scope="module")
def tenant(noisy: NoisyServer) -> Tenant:
    noisy.superuser.execute("CREATE TABLE notes (tenant_id uuid, body text)")
    noisy.superuser.execute("ALTER TABLE notes OWNER TO dba")
    dba = noisy.database.connect("dba")
    dba.execute("SELECT tenantry.protect('notes')")
    dba.execute("GRANT SELECT, INSERT ON notes TO tenantry_app")
    return create_tenant(dba, "acme")


@pytest.fixture(autouse=True)
def nothing_before(noisy: NoisyServer) -> None:
    noisy.superuser.execute("SELECT pg_stat_statements_reset()")
    noisy.log()


def wrong(tenant: Tenant) -> str:
    """Return a key of the right form that opens nothing."""
    return tenant.api_key[:-8] + "00000000"


def context_of(connection: Connection) -> str:
    """Return the sealed context: in the own session, which may use it anyway, it is no secret."""
    row = connection.execute("SELECT current_setting('tenantry.context')").fetchone()
    assert row
    return str(row[0])[-64:]  # the MAC; what stands before it is the tenant's id and the like


def random_part(api_key: str) -> str:
    return api_key[-64:]


@dataclass
class Watch:
    """What a client was told: notices and errors, all fields."""

    told: list[str]

    def notice(self, diagnostic: psycopg.errors.Diagnostic) -> None:
        self.told.extend(str(getattr(diagnostic, field.name.lower(), "")) for field in DiagnosticField)

    @contextmanager
    def error(self, *sqlstates: str) -> Iterator[None]:
        with pytest.raises(psycopg.Error) as caught:
            yield
        assert caught.value.sqlstate in sqlstates, caught.value
        self.told.append(str(caught.value))
        self.notice(caught.value.diag)


@pytest.fixture
def watch() -> Watch:
    return Watch([])


def connected(noisy: NoisyServer, watch: Watch, role: str, **options: Any) -> Connection:
    connection = noisy.database.connect(role, **options)
    connection.add_notice_handler(watch.notice)
    connection.execute("SET client_min_messages = debug1")
    return connection


def assert_unrecorded(noisy: NoisyServer, watch: Watch, *secrets: str | bytes, seen: str = "") -> None:
    everything = {
        "log": noisy.log(),
        "other sessions and statistics": noisy.seen_by_others() + seen,
        "client": "\n".join(watch.told),
    }
    assert "tenantry." in everything["log"]
    for place, text in everything.items():
        for secret in (*secrets, *noisy.signing_keys()):
            assert not traces(secret, text), f"{place}: …{secret[-16:]!r}"


# That this can fail


@pytest.mark.parametrize("encoding", sorted(ENCODINGS))
def test_a_trace_is_found_in_each_encoding(noisy: NoisyServer, tenant: Tenant, encoding: str) -> None:
    secret = random_part(tenant.api_key)
    query = {
        "text": "SELECT 'before ' || %s || ' after'",
        "hex": "SELECT %s::text::bytea::text",
        "base64": "SELECT encode(('x' || %s || '-')::bytea, 'base64')",
        "numbers": r"SELECT string_agg(ascii(c)::text, E'\n\t') FROM regexp_split_to_table(%s, '') AS c",
        "escape": "SELECT encode(('\\x0a00ff5c'::bytea || %s::text::bytea), 'escape')",
    }[encoding]
    row = noisy.superuser.execute(query.encode(), [secret]).fetchone()
    assert row
    assert encoding in traces(secret, row[0])
    assert encoding in traces(secret, row[0][: len(row[0]) * 2 // 3])
    other = tenant.api_key[3:39] * 2
    assert traces(other, row[0]) == set()


def test_a_literal_is_recorded(noisy: NoisyServer, tenant: Tenant, watch: Watch) -> None:
    """The key as part of the text is in every place where the tests below do not find it as a parameter."""
    app = connected(noisy, watch, "app", cursor_factory=psycopg.ClientCursor)
    app.execute(AUTHENTICATE, [tenant.api_key])
    secret = random_part(tenant.api_key)
    assert "text" in traces(secret, noisy.seen_by_others())
    log = noisy.log()
    assert "text" in traces(secret, log)
    for line in ("statement: SELECT tenantry.authenticate('sk_", "\"SELECT tenantry.authenticate('sk_"):
        assert line in log
    with watch.error("22P02"):
        app.execute("SELECT tenantry.authenticate(%s), 'x'::int", [tenant.api_key])
    app.execute(sql.SQL("DO {}").format(f"BEGIN PERFORM '{tenant.api_key}'; END"))
    app.close()  # its last statement would be seen on
    statements = noisy.superuser.execute("SELECT query FROM pg_stat_statements").fetchall()
    assert "text" in traces(secret, str(statements))


def test_a_key_where_an_id_belongs_is_recorded(noisy: NoisyServer, tenant: Tenant, watch: Watch) -> None:
    """The type's input function quotes what it cannot read. The how-to says so."""
    with watch.error("22P02"):
        connected(noisy, watch, "dba").execute("SELECT tenantry.revoke_api_key(%s)", [tenant.api_key])
    assert traces(random_part(tenant.api_key), noisy.log())


# Ways to call


def plain(connection: Connection, statement: str, parameters: list[Any]) -> Any:
    return connection.execute(statement.encode(), parameters, prepare=False).fetchone()


def prepared(connection: Connection, statement: str, parameters: list[Any]) -> Any:
    for _ in range(7):  # from the sixth on the plan is generic
        row = connection.execute(statement.encode(), parameters, prepare=True).fetchone()
    return row


def binary(connection: Connection, statement: str, parameters: list[Any]) -> Any:
    return connection.execute(statement.replace("%s", "%b").encode(), parameters, binary=True).fetchone()


def pipelined(connection: Connection, statement: str, parameters: list[Any]) -> Any:
    with connection.pipeline():
        cursors = [connection.execute(statement.encode(), parameters) for _ in range(2)]
    return cursors[-1].fetchone()


def portal(connection: Connection, statement: str, parameters: list[Any]) -> Any:
    with connection.transaction(), connection.cursor("held") as cursor:
        row = cursor.execute(statement.encode(), parameters).fetchone()
        connection.execute("TABLE pg_cursors")
    return row


Way = Callable[[Connection, str, list[Any]], Any]
WAYS: list[Way] = [plain, prepared, binary, pipelined, portal]


@pytest.mark.parametrize("way", WAYS)
def test_a_key_that_opens_a_context(noisy: NoisyServer, tenant: Tenant, watch: Watch, way: Way) -> None:
    app = connected(noisy, watch, "app")
    with app.transaction():
        way(app, AUTHENTICATE, [tenant.api_key])
        if way is not portal:
            plain(app, "SELECT tenantry.try_authenticate(%s)", [tenant.api_key])
        secrets = random_part(tenant.api_key), context_of(app)
        app.execute("INSERT INTO notes (body) VALUES ('a note')")
        plan = app.execute("EXPLAIN (ANALYZE, VERBOSE, BUFFERS, SETTINGS, WAL) SELECT * FROM notes").fetchall()
        own = [*plan, *app.execute("SELECT statement FROM pg_prepared_statements"), *app.execute("TABLE pg_cursors")]
        seen = noisy.seen_by_others() + str(own)
    assert "tenantry.authenticate" in seen
    assert_unrecorded(noisy, watch, *secrets, seen=seen)


@pytest.mark.parametrize("way", WAYS)
def test_a_key_that_opens_nothing(noisy: NoisyServer, tenant: Tenant, watch: Watch, way: Way) -> None:
    app = connected(noisy, watch, "app")
    key = wrong(tenant)
    with watch.error("28000"):
        way(app, AUTHENTICATE, [key])
    way(app, "SELECT tenantry.try_authenticate(%s)", [key])
    assert_unrecorded(noisy, watch, random_part(key))


# Tokens, and the secrets that sign them

ISSUER = "https://idp.example.com"


@pytest.fixture(scope="module")
def issuer(noisy: NoisyServer) -> str:
    """An issuer with a key for each kind of algorithm."""
    dba = noisy.database.connect("dba")
    dba.execute("SELECT tenantry.set_jwt_issuer(%s)", [ISSUER])
    for algorithm, secret in SECRETS.items():
        dba.execute("SELECT tenantry.add_jwt_secret(%s, %s, %s, %s)", [ISSUER, secret, algorithm, algorithm])
    dba.execute("SELECT tenantry.add_jwks(%s, %s)", [ISSUER, jwks("ES256", "RS256")])
    return ISSUER


def key_blocks(noisy: NoisyServer) -> list[bytes]:
    """Return what stands for the secrets of issuers."""
    rows = noisy.superuser.execute(
        "SELECT unnest(ARRAY[inner_block, outer_block]) FROM tenantry_private.jwt_keys WHERE inner_block IS NOT NULL"
    )
    return [block for (block,) in rows]


@pytest.mark.parametrize("algorithm", ["HS256", "HS512", "ES256", "RS256"])
@pytest.mark.parametrize("way", WAYS)
def test_a_token(noisy: NoisyServer, tenant: Tenant, issuer: str, watch: Watch, way: Way, algorithm: str) -> None:
    """The signature is what makes it a credential; who it is about may stand in a plan."""
    app, dba = connected(noisy, watch, "app"), connected(noisy, watch, "dba")
    good = token(claims(tenant.tenant_id, iss=issuer, aud=...), algorithm)
    bad = token(claims(tenant.tenant_id, iss=issuer, aud=..., role="nobody"), algorithm)
    signatures = [each.rpartition(".")[2] for each in (good, bad)]
    secrets: list[str | bytes] = [*signatures, *(urlsafe_b64decode(signature + "==") for signature in signatures)]
    for kid in (algorithm, ...):
        good = token(claims(tenant.tenant_id, iss=issuer, aud=...), algorithm, kid=kid)
        secrets.append(good.rpartition(".")[2])
        with app.transaction():
            way(app, "SELECT tenantry.authenticate_jwt(%s)", [good])
            app.execute("INSERT INTO notes (body) VALUES ('a note')")
            seen = noisy.seen_by_others()
    with watch.error("28000"):
        way(app, "SELECT tenantry.authenticate_jwt(%s)", [bad])
    way(app, "SELECT tenantry.try_authenticate_jwt(%s)", [bad])
    assert way(dba, "SELECT tenantry.explain_jwt(%s)", [bad]) == ("its role is unknown",)
    assert_unrecorded(noisy, watch, *secrets, *key_blocks(noisy), seen=seen)


def test_the_secret_of_an_issuer(noisy: NoisyServer, watch: Watch) -> None:
    dba = connected(noisy, watch, "dba")
    for number in range(7):
        secret = token_bytes(64)
        for kid in (f"k{number}", None):
            dba.execute("SELECT tenantry.add_jwt_secret('s', %s, 'HS512', %s)", [secret, kid])
        key = {"kty": "oct", "alg": "HS256", "k": base64url(secret)}
        dba.execute("SELECT tenantry.add_jwks('s', %s)", [json.dumps({"keys": [key]})])
        with watch.error("22023"):
            dba.execute("SELECT tenantry.add_jwt_secret('s', %s, 'HS512')", [secret[1:]])
        assert_unrecorded(noisy, watch, secret, base64url(secret), *key_blocks(noisy))


def test_the_client(noisy: NoisyServer, tenant: Tenant, watch: Watch) -> None:
    with TenantPool(noisy.database.conninfo("app"), min_size=1, max_size=1) as pool:
        with pool.tenant(api_key=tenant.api_key) as t:
            context = context_of(t.connection)
            seen = noisy.seen_by_others()
        with pytest.raises(InvalidCredential), pool.tenant(api_key=wrong(tenant)):
            pytest.fail("the block must not be entered")
    secrets = [random_part(key) for key in (tenant.api_key, wrong(tenant))]
    assert_unrecorded(noisy, watch, *secrets, context, seen=seen)


def test_through_pgbouncer(noisy: NoisyServer, tenant: Tenant, watch: Watch) -> None:
    threshold = 0 if noisy.pgbouncer.prepared_statements else None
    with noisy.pgbouncer.database(noisy.database).connect("app", prepare_threshold=threshold) as app:
        app.execute("BEGIN")
        app.execute(AUTHENTICATE, [tenant.api_key])
        context, seen = context_of(app), noisy.seen_by_others()
        app.execute("COMMIT")
        with watch.error("28000"):
            app.execute(AUTHENTICATE, [wrong(tenant)])
    assert_unrecorded(noisy, watch, random_part(tenant.api_key), context, random_part(wrong(tenant)), seen=seen)


# Statements that fail with a credential in them


ENDINGS: dict[str, tuple[str, str, str]] = {
    "statement_timeout": ("57014", "SET statement_timeout = '2s'", "SELECT %s"),
    "lock_timeout": ("55P03", "SET lock_timeout = '2s'", "SELECT %s"),
    "cancelled": ("57014", "SELECT", "SELECT pg_cancel_backend(%s)"),
    "terminated": ("57P01", "SELECT", "SELECT pg_terminate_backend(%s)"),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_call_that_is_ended_while_it_runs(noisy: NoisyServer, tenant: Tenant, watch: Watch, ending: str) -> None:
    sqlstate, preparation, act = ENDINGS[ending]
    app = connected(noisy, watch, "app")
    app.execute(preparation.encode())
    seen = []
    with noisy.database.connect("postgres", autocommit=False) as holder:
        holder.execute("LOCK TABLE tenantry_private.api_keys")
        pid = app.info.backend_pid

        def look_and_act() -> None:
            noisy.wait_for("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s", pid)
            seen.append(noisy.seen_by_others())
            noisy.superuser.execute(act.encode(), [pid])

        other = Thread(target=look_and_act)
        other.start()
        with watch.error(sqlstate):
            app.execute(AUTHENTICATE, [tenant.api_key])
        other.join()
    assert "SELECT tenantry.authenticate($1)" in seen[0]
    assert_unrecorded(noisy, watch, random_part(tenant.api_key), seen=seen[0])


def test_a_deadlock(noisy: NoisyServer, tenant: Tenant, watch: Watch) -> None:
    """Its message quotes the statements of both."""
    sessions = [connected(noisy, watch, "app", autocommit=False) for _ in range(2)]
    for number, session in enumerate(sessions):
        session.execute("SELECT pg_advisory_xact_lock(%s)", [number])
    errors: list[psycopg.Error] = []

    def cross(session: Connection, number: int) -> None:
        try:
            session.execute("SELECT tenantry.authenticate(%s), pg_advisory_xact_lock(%s)", [tenant.api_key, number])
        except psycopg.Error as error:
            errors.append(error)
        session.rollback()

    threads = [Thread(target=cross, args=[session, 1 - number]) for number, session in enumerate(sessions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with watch.error("40P01"):
        raise errors[0]
    assert "deadlock detected" in str(watch.told)
    assert_unrecorded(noisy, watch, random_part(tenant.api_key))


FAILING = {
    "error beside it": ("22012", [], "SELECT tenantry.authenticate(%s), 1 / (SELECT count(*) FROM notes WHERE false)"),
    "no such function": ("42883", [], "SELECT tenantry.authenticate(%s, 1, 2, 3)"),
    "syntax error": ("42601", [], "SELECT tenantry.authenticate(%s) FROM FROM"),
    "not granted": ("42501", [], "SELECT tenantry.issue_api_key(gen_random_uuid(), %s)"),
    "failed transaction": ("25P02", ["BEGIN", "SELECT 1 / 0"], AUTHENTICATE),
    "residue": ("55000", ["CREATE TEMP TABLE planted ()"], AUTHENTICATE),
    "trap": ("42501", ["SET row_security = off"], AUTHENTICATE + ", (SELECT count(*) FROM notes)"),
}


@pytest.mark.parametrize("failing", FAILING)
def test_a_statement_that_fails(noisy: NoisyServer, tenant: Tenant, watch: Watch, failing: str) -> None:
    sqlstate, before, statement = FAILING[failing]
    app = connected(noisy, watch, "app")
    for each in before:
        if each == "SELECT 1 / 0":
            with pytest.raises(psycopg.errors.DivisionByZero):
                app.execute(each.encode())
        else:
            app.execute(each.encode())
    with watch.error(sqlstate):
        app.execute(statement.encode(), [tenant.api_key])
    assert_unrecorded(noisy, watch, random_part(tenant.api_key))


def test_a_snapshot_that_is_too_old(noisy: NoisyServer, tenant: Tenant, watch: Watch) -> None:
    app = connected(noisy, watch, "app")
    app.execute("BEGIN ISOLATION LEVEL SERIALIZABLE")
    app.execute("SELECT count(*) FROM notes")
    with noisy.database.connect("dba") as dba:
        dba.execute("SELECT tenantry.suspend_tenant(%s)", [create_tenant(dba, "suspended").tenant_id])
    with watch.error("40001"):
        app.execute(AUTHENTICATE, [tenant.api_key])
    assert_unrecorded(noisy, watch, random_part(tenant.api_key))


def test_an_encoding_without_the_key(noisy: NoisyServer, tenant: Tenant, watch: Watch) -> None:
    """Bytes that are no text: the error quotes those, and no more."""
    app = connected(noisy, watch, "app")
    with watch.error("22021"):
        result = app.pgconn.exec_params(b"SELECT tenantry.authenticate($1)", [tenant.api_key.encode() + b"\xff"])
        raise psycopg.errors.error_from_result(result)
    assert_unrecorded(noisy, watch, random_part(tenant.api_key))


# Calls that make secrets


def test_keys_that_are_issued_and_rotated(noisy: NoisyServer, tenant: Tenant, watch: Watch) -> None:
    dba = connected(noisy, watch, "dba")
    issued = plain(dba, "SELECT key_id, api_key FROM tenantry.issue_api_key(%s, 'another')", [tenant.tenant_id])
    rotated = plain(dba, "SELECT api_key FROM tenantry.rotate_api_key(%s, '1 hour')", [issued[0]])
    plain(dba, "SELECT tenantry.revoke_api_key(%s)", [issued[0]])
    with watch.error("P0002"):
        plain(dba, "SELECT tenantry.rotate_api_key(%s, '1 hour')", [issued[0]])
    assert_unrecorded(noisy, watch, random_part(issued[1]), random_part(rotated[0]))


def test_signing_keys_that_are_rotated(noisy: NoisyServer, tenant: Tenant, watch: Watch) -> None:
    before = noisy.signing_keys()
    dba = connected(noisy, watch, "dba")
    dba.execute("SELECT tenantry.rotate_context_key()")
    assert noisy.signing_keys() != before
    assert_unrecorded(noisy, watch, *before)


def test_a_gateway(noisy: NoisyServer, tenant: Tenant, watch: Watch) -> None:
    gateway = connected(noisy, watch, "gateway")
    with gateway.transaction():
        gateway.execute("SELECT tenantry.enter_tenant(%s, 'ada')", [tenant.tenant_id])
        context, seen = context_of(gateway), noisy.seen_by_others()
    with watch.error("28000"):
        gateway.execute("SELECT tenantry.enter_tenant(gen_random_uuid())")
    assert_unrecorded(noisy, watch, context, seen=seen)


# At rest


def test_nothing_on_disk(noisy: NoisyServer, tenant: Tenant, watch: Watch) -> None:
    """Tables, indexes, WAL, statistics and logs hold neither a key nor a context."""
    app = connected(noisy, watch, "app")
    key = create_tenant(noisy.database.connect("dba"), "at-rest").api_key
    with app.transaction():
        app.execute(AUTHENTICATE, [key])
        context = context_of(app)
        app.execute("INSERT INTO notes (body) VALUES ('found on the disk, since it can be')")
    forms = [part.encode() for secret in (random_part(key), context) for part in (secret[:32], secret[-32:])]
    forms += [form.hex().encode() for form in forms]
    found = False
    for path, content in noisy.everything_on_disk():
        found = found or b"found on the disk" in content
        assert not any(form in content for form in forms), path
    assert found


# That nothing is left out


def test_every_call_with_a_credential_is_here(noisy: NoisyServer) -> None:
    """A function that takes or returns one, as its parameters' names tell, is called in this file."""
    functions = noisy.superuser.execute(
        "SELECT DISTINCT proname FROM pg_proc, unnest(proargnames) AS argument"
        " WHERE pronamespace = 'tenantry'::regnamespace AND argument ~ '(^|_)(api_key|token|secret|jwks?|password)$'"
        " ORDER BY 1"
    ).fetchall()
    assert {"authenticate", "issue_api_key"} < {name for (name,) in functions}
    here = Path(__file__).read_text()
    assert [name for (name,) in functions if f"tenantry.{name}(" not in here] == []

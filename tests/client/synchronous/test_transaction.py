# Generated from tests/client/asynchronous/test_transaction.py by python/async_to_sync.py: edit that.
# fmt: off
# ruff: noqa
# ruff: noqa: PT012  (what leaves a tenant's block is what these tests are about)
"""What a tenant's block is: a transaction with the tenant's context, for its length."""

import psycopg
import pytest
from psycopg import IsolationLevel
from psycopg.rows import dict_row

import tenantry
from tenantry import TenantPool, TenantTransaction
from tests.client.conftest import World
from tests.identity import tokens

INSERT = "INSERT INTO notes (body) VALUES (%s)"
BODIES = "SELECT body FROM notes ORDER BY id"


def bodies(t: TenantTransaction) -> list[str]:
    return [body for (body,) in (t.execute(BODIES)).fetchall()]


def test_a_tenant_writes_and_reads_its_own_rows_only(world: World, pool: TenantPool) -> None:
    with pool.tenant(api_key=world.acme.api_key) as t:
        t.execute(INSERT, ["ours"])
        assert bodies(t) == ["ours"]
    with pool.tenant(api_key=world.globex.api_key) as t:
        assert bodies(t) == []
        t.execute(INSERT, ["theirs"])
        assert bodies(t) == ["theirs"]
    with pool.tenant(tenantry.ApiKey(world.acme.api_key)) as t:
        assert bodies(t) == ["ours"]


def test_a_token_opens_what_its_claims_say(world: World, pool: TenantPool) -> None:
    world.dba.execute("SELECT tenantry.set_jwt_issuer(%s, %s)", [tokens.ISSUER, [tokens.AUDIENCE]])
    world.dba.execute("SELECT tenantry.add_jwks(%s, %s)", [tokens.ISSUER, tokens.jwks("ES256")])
    good = tokens.token(tokens.claims(world.acme.tenant_id), "ES256")
    with pool.tenant(token=good) as t:
        assert t.identity[:4] == (world.acme.tenant_id, "ada", "manager", "CONFIDENTIAL")
        t.execute(INSERT, ["ours"])
    with pool.tenant(tenantry.Token(good)) as t:
        assert bodies(t) == ["ours"]
    stranger = tokens.token(tokens.claims(world.acme.tenant_id), "ES256", owner="stranger")
    for bad in (stranger, good[:-1], "x" * 10_000_000):
        with pytest.raises(tenantry.InvalidCredential):
            with pool.tenant(token=bad):
                pass
    with pool.tenant(token=tokens.token(tokens.claims(world.globex.tenant_id), "ES256")) as t:
        assert bodies(t) == []


def test_the_identity_is_the_servers(world: World, pool: TenantPool) -> None:
    with pool.tenant(api_key=world.acme.api_key) as t:
        row = (t.execute("SELECT * FROM tenantry.authenticate(%s)", [world.acme.api_key])).fetchone()
        assert row is not None
        assert t.identity[:6] == row[:6]
        assert t.identity.tenant_id == world.acme.tenant_id
        assert t.identity.expires_at is not None
        assert abs((t.identity.expires_at - row[6]).total_seconds()) < 5


def test_an_exception_rolls_back_and_the_session_serves_the_next(world: World, pool: TenantPool) -> None:
    backends = []
    with pytest.raises(ZeroDivisionError):
        with pool.tenant(api_key=world.acme.api_key) as t:
            backends.append(t.connection.info.backend_pid)
            t.execute(INSERT, ["lost"])
            raise ZeroDivisionError
    with pool.tenant(api_key=world.acme.api_key) as t:
        backends.append(t.connection.info.backend_pid)
        assert bodies(t) == []
    assert backends[0] == backends[1]


@pytest.mark.parametrize("how", ["commit", "rollback", "COMMIT", "ROLLBACK"])
def test_ending_the_transaction_inside_the_block_is_an_error(
    world: World, pool: TenantPool, how: str
) -> None:
    with pytest.raises(tenantry.ContextClosed) as caught:
        with pool.tenant(api_key=world.acme.api_key) as t:
            connection = t.connection
            t.execute(INSERT, ["early"])
            (t.execute(how) if how.isupper() else getattr(connection, how)())
            with pytest.raises(tenantry.ContextClosed):
                t.execute(BODIES)
            with pytest.raises(tenantry.ContextClosed):
                t.cursor()
            # Around the block's back there is no context either.
            assert (connection.execute(BODIES)).fetchall() == []
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(INSERT, ["late"])
    assert caught.value.sqlstate == "25P01"
    assert world.count(world.acme) == (how.lower() == "commit")
    with pool.tenant(api_key=world.acme.api_key) as t:
        t.execute(INSERT, ["next"])


def test_a_block_that_swallowed_an_error_says_that_it_was_rolled_back(
    world: World, pool: TenantPool
) -> None:
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        with pool.tenant(api_key=world.acme.api_key) as t:
            t.execute(INSERT, ["lost"])
            with pytest.raises(psycopg.errors.DivisionByZero):
                t.execute("SELECT 1 / 0")
    assert world.count(world.acme) == 0
    with pool.tenant(api_key=world.acme.api_key) as t:
        assert bodies(t) == []


def test_a_commit_that_the_server_refuses_is_an_error(world: World, pool: TenantPool) -> None:
    world.dba.execute("ALTER TABLE notes ADD CONSTRAINT once UNIQUE (tenant_id, body) DEFERRABLE INITIALLY DEFERRED")
    try:
        with pytest.raises(psycopg.errors.UniqueViolation):
            with pool.tenant(api_key=world.acme.api_key) as t:
                t.execute("SET search_path = pg_catalog, public")
                t.execute(INSERT, ["twice"])
                t.execute(INSERT, ["twice"])
        with pool.tenant(api_key=world.acme.api_key) as t:
            assert bodies(t) == []
            assert (t.execute("SHOW search_path")).fetchone() == ('"$user", public',)
    finally:
        world.dba.execute("ALTER TABLE notes DROP CONSTRAINT once")


def test_the_context_follows_savepoints(world: World, pool: TenantPool) -> None:
    with pool.tenant(api_key=world.acme.api_key) as t:
        with pytest.raises(psycopg.errors.DivisionByZero):
            with t.transaction():
                t.execute(INSERT, ["undone"])
                t.execute("SELECT 1 / 0")
        with t.transaction():
            t.execute(INSERT, ["kept"])
        with t.transaction(force_rollback=True):
            t.execute(INSERT, ["undone too"])
        assert bodies(t) == ["kept"]
    assert world.count(world.acme) == 1


def test_a_block_is_entered_once_and_over_when_it_is_over(world: World, pool: TenantPool) -> None:
    block = pool.tenant(api_key=world.acme.api_key)
    with pytest.raises(tenantry.ContextClosed):
        block.execute(BODIES)
    with pytest.raises(tenantry.ContextClosed):
        assert block.identity
    with block as t:
        assert "[open]" in repr(t)
    assert "[closed]" in repr(t)
    assert t.identity.tenant_id == world.acme.tenant_id
    with pytest.raises(tenantry.ContextClosed):
        block.execute(BODIES)
    with pytest.raises(psycopg.ProgrammingError, match="only once"):
        with block:
            pass


def test_two_blocks_at_a_time_do_not_meet(world: World, wide_pool: TenantPool) -> None:
    with (
        wide_pool.tenant(api_key=world.acme.api_key) as acme,
        wide_pool.tenant(api_key=world.globex.api_key) as globex,
    ):
        acme.execute(INSERT, ["ours"])
        globex.execute(INSERT, ["theirs"])
        assert bodies(acme) == ["ours"]
        assert bodies(globex) == ["theirs"]


def test_a_gateway_acts_for_a_member(world: World, gateway_pool: TenantPool, pool: TenantPool) -> None:
    tenant = world.acme.tenant_id
    with gateway_pool.tenant(tenant=tenant, user="ada", role="manager") as t:
        assert t.identity[:4] == (tenant, "ada", "manager", "CONFIDENTIAL")
    with gateway_pool.tenant(tenantry.Member(str(tenant))) as t:
        assert t.identity[:3] == (tenant, None, "member")
    with pytest.raises(tenantry.InvalidArgument):
        with gateway_pool.tenant(tenant=tenant, role="emperor"):
            pass
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        with gateway_pool.tenant(tenant="acme"):
            pass
    with pytest.raises(tenantry.AccessDenied):
        with pool.tenant(tenant=tenant):
            pass


def test_a_bad_credential_leaves_the_session_as_it_was(world: World, pool: TenantPool) -> None:
    with pool.tenant(api_key=world.acme.api_key) as t:
        backend = t.connection.info.backend_pid
    for key in ("nonsense", "", world.acme.api_key[:-1] + "z", world.acme.api_key + "\0"):
        with pytest.raises(tenantry.InvalidCredential) as caught:
            with pool.tenant(api_key=key):
                pytest.fail("the block must not be entered")
        assert caught.value.sqlstate == "28000"
        assert isinstance(caught.value, psycopg.errors.InvalidAuthorizationSpecification)
    with pool.tenant(api_key=world.acme.api_key) as t:
        assert t.connection.info.backend_pid == backend


def test_errors_are_tenantrys_inside_the_block_and_out_of_it(world: World, pool: TenantPool) -> None:
    foreign = "INSERT INTO notes (tenant_id, body) VALUES (%s, 'x')"
    with pytest.raises(tenantry.AccessDenied):
        with pool.tenant(api_key=world.acme.api_key) as t:
            with pytest.raises(tenantry.AccessDenied) as caught:
                t.execute(foreign, [world.globex.tenant_id])
            assert caught.value.diag.sqlstate == "42501"
            raise caught.value
    with pytest.raises(tenantry.AccessDenied):
        with pool.tenant(api_key=world.acme.api_key) as t:
            t.cursor().execute(foreign, [world.globex.tenant_id])
    with pytest.raises(psycopg.errors.UndefinedTable):
        with pool.tenant(api_key=world.acme.api_key) as t:
            t.execute("SELECT FROM nowhere")


def test_an_error_has_the_servers_hint(world: World, pool: TenantPool) -> None:
    with pytest.raises(tenantry.AccessDenied) as caught:
        with pool.tenant(api_key=world.acme.api_key) as t:
            t.execute("SELECT tenantry.leave_tenant()")
            t.execute(INSERT, ["lost"])
    assert caught.value.hint
    assert caught.value.hint in str(caught.value)
    assert "CONTEXT" not in str(caught.value)


def test_characteristics_of_the_transaction(world: World, pool: TenantPool) -> None:
    with pool.tenant(
        api_key=world.acme.api_key, read_only=True, isolation_level=IsolationLevel.REPEATABLE_READ
    ) as t:
        assert (t.execute("SHOW transaction_isolation")).fetchone() == ("repeatable read",)
        assert bodies(t) == []
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            with t.transaction():
                t.execute(INSERT, ["refused"])
    with pool.tenant(api_key=world.acme.api_key) as t:
        assert (t.execute("SHOW transaction_isolation")).fetchone() == ("read committed",)
        t.execute(INSERT, ["written"])


def test_cursors(world: World, pool: TenantPool) -> None:
    with pool.tenant(api_key=world.acme.api_key) as t:
        t.execute(INSERT, ["one"])
        rows = (t.cursor(row_factory=dict_row).execute(BODIES)).fetchall()
        assert rows == [{"body": "one"}]
        with t.connection.cursor("in_the_server") as cursor:
            cursor.execute(BODIES)
            assert cursor.fetchall() == [("one",)]

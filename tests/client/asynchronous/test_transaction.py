# ruff: noqa: PT012  (what leaves a tenant's block is what these tests are about)
"""What a tenant's block is: a transaction with the tenant's context, for its length."""

import psycopg
import pytest
from psycopg import IsolationLevel
from psycopg.rows import dict_row

import tenantry
from tenantry import AsyncTenantPool, AsyncTenantTransaction
from tests.client.conftest import World
from tests.identity import tokens

INSERT = "INSERT INTO notes (body) VALUES (%s)"
BODIES = "SELECT body FROM notes ORDER BY id"


async def bodies(t: AsyncTenantTransaction) -> list[str]:
    return [body for (body,) in await (await t.execute(BODIES)).fetchall()]


async def test_a_tenant_writes_and_reads_its_own_rows_only(world: World, pool: AsyncTenantPool) -> None:
    async with pool.tenant(api_key=world.acme.api_key) as t:
        await t.execute(INSERT, ["ours"])
        assert await bodies(t) == ["ours"]
    async with pool.tenant(api_key=world.globex.api_key) as t:
        assert await bodies(t) == []
        await t.execute(INSERT, ["theirs"])
        assert await bodies(t) == ["theirs"]
    async with pool.tenant(tenantry.ApiKey(world.acme.api_key)) as t:
        assert await bodies(t) == ["ours"]


async def test_a_token_opens_what_its_claims_say(world: World, pool: AsyncTenantPool) -> None:
    world.dba.execute("SELECT tenantry.set_jwt_issuer(%s, %s)", [tokens.ISSUER, [tokens.AUDIENCE]])
    world.dba.execute("SELECT tenantry.add_jwks(%s, %s)", [tokens.ISSUER, tokens.jwks("ES256")])
    good = tokens.token(tokens.claims(world.acme.tenant_id), "ES256")
    async with pool.tenant(token=good) as t:
        assert t.identity[:4] == (world.acme.tenant_id, "ada", "manager", "CONFIDENTIAL")
        await t.execute(INSERT, ["ours"])
    async with pool.tenant(tenantry.Token(good)) as t:
        assert await bodies(t) == ["ours"]
    stranger = tokens.token(tokens.claims(world.acme.tenant_id), "ES256", owner="stranger")
    for bad in (stranger, good[:-1], "x" * 10_000_000):
        with pytest.raises(tenantry.InvalidCredential):
            async with pool.tenant(token=bad):
                pass
    async with pool.tenant(token=tokens.token(tokens.claims(world.globex.tenant_id), "ES256")) as t:
        assert await bodies(t) == []


async def test_the_identity_is_the_servers(world: World, pool: AsyncTenantPool) -> None:
    async with pool.tenant(api_key=world.acme.api_key) as t:
        row = await (await t.execute("SELECT * FROM tenantry.authenticate(%s)", [world.acme.api_key])).fetchone()
        assert row is not None
        assert t.identity[:6] == row[:6]
        assert t.identity.tenant_id == world.acme.tenant_id
        assert t.identity.expires_at is not None
        assert abs((t.identity.expires_at - row[6]).total_seconds()) < 5


async def test_an_exception_rolls_back_and_the_session_serves_the_next(world: World, pool: AsyncTenantPool) -> None:
    backends = []
    with pytest.raises(ZeroDivisionError):
        async with pool.tenant(api_key=world.acme.api_key) as t:
            backends.append(t.connection.info.backend_pid)
            await t.execute(INSERT, ["lost"])
            raise ZeroDivisionError
    async with pool.tenant(api_key=world.acme.api_key) as t:
        backends.append(t.connection.info.backend_pid)
        assert await bodies(t) == []
    assert backends[0] == backends[1]


@pytest.mark.parametrize("how", ["commit", "rollback", "COMMIT", "ROLLBACK"])
async def test_ending_the_transaction_inside_the_block_is_an_error(
    world: World, pool: AsyncTenantPool, how: str
) -> None:
    with pytest.raises(tenantry.ContextClosed) as caught:
        async with pool.tenant(api_key=world.acme.api_key) as t:
            connection = t.connection
            await t.execute(INSERT, ["early"])
            await (t.execute(how) if how.isupper() else getattr(connection, how)())
            with pytest.raises(tenantry.ContextClosed):
                await t.execute(BODIES)
            with pytest.raises(tenantry.ContextClosed):
                t.cursor()
            # Around the block's back there is no context either.
            assert await (await connection.execute(BODIES)).fetchall() == []
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await connection.execute(INSERT, ["late"])
    assert caught.value.sqlstate == "25P01"
    assert world.count(world.acme) == (how.lower() == "commit")
    async with pool.tenant(api_key=world.acme.api_key) as t:
        await t.execute(INSERT, ["next"])


async def test_a_block_that_swallowed_an_error_says_that_it_was_rolled_back(
    world: World, pool: AsyncTenantPool
) -> None:
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        async with pool.tenant(api_key=world.acme.api_key) as t:
            await t.execute(INSERT, ["lost"])
            with pytest.raises(psycopg.errors.DivisionByZero):
                await t.execute("SELECT 1 / 0")
    assert world.count(world.acme) == 0
    async with pool.tenant(api_key=world.acme.api_key) as t:
        assert await bodies(t) == []


async def test_a_commit_that_the_server_refuses_is_an_error(world: World, pool: AsyncTenantPool) -> None:
    world.dba.execute("ALTER TABLE notes ADD CONSTRAINT once UNIQUE (tenant_id, body) DEFERRABLE INITIALLY DEFERRED")
    try:
        with pytest.raises(psycopg.errors.UniqueViolation):
            async with pool.tenant(api_key=world.acme.api_key) as t:
                await t.execute("SET search_path = pg_catalog, public")
                await t.execute(INSERT, ["twice"])
                await t.execute(INSERT, ["twice"])
        async with pool.tenant(api_key=world.acme.api_key) as t:
            assert await bodies(t) == []
            assert await (await t.execute("SHOW search_path")).fetchone() == ('"$user", public',)
    finally:
        world.dba.execute("ALTER TABLE notes DROP CONSTRAINT once")


async def test_the_context_follows_savepoints(world: World, pool: AsyncTenantPool) -> None:
    async with pool.tenant(api_key=world.acme.api_key) as t:
        with pytest.raises(psycopg.errors.DivisionByZero):
            async with t.transaction():
                await t.execute(INSERT, ["undone"])
                await t.execute("SELECT 1 / 0")
        async with t.transaction():
            await t.execute(INSERT, ["kept"])
        async with t.transaction(force_rollback=True):
            await t.execute(INSERT, ["undone too"])
        assert await bodies(t) == ["kept"]
    assert world.count(world.acme) == 1


async def test_a_block_is_entered_once_and_over_when_it_is_over(world: World, pool: AsyncTenantPool) -> None:
    block = pool.tenant(api_key=world.acme.api_key)
    with pytest.raises(tenantry.ContextClosed):
        await block.execute(BODIES)
    with pytest.raises(tenantry.ContextClosed):
        assert block.identity
    async with block as t:
        assert "[open]" in repr(t)
    assert "[closed]" in repr(t)
    assert t.identity.tenant_id == world.acme.tenant_id
    with pytest.raises(tenantry.ContextClosed):
        await block.execute(BODIES)
    with pytest.raises(psycopg.ProgrammingError, match="only once"):
        async with block:
            pass


async def test_two_blocks_at_a_time_do_not_meet(world: World, wide_pool: AsyncTenantPool) -> None:
    async with (
        wide_pool.tenant(api_key=world.acme.api_key) as acme,
        wide_pool.tenant(api_key=world.globex.api_key) as globex,
    ):
        await acme.execute(INSERT, ["ours"])
        await globex.execute(INSERT, ["theirs"])
        assert await bodies(acme) == ["ours"]
        assert await bodies(globex) == ["theirs"]


async def test_a_gateway_acts_for_a_member(world: World, gateway_pool: AsyncTenantPool, pool: AsyncTenantPool) -> None:
    tenant = world.acme.tenant_id
    async with gateway_pool.tenant(tenant=tenant, user="ada", role="manager") as t:
        assert t.identity[:4] == (tenant, "ada", "manager", "CONFIDENTIAL")
    async with gateway_pool.tenant(tenantry.Member(str(tenant))) as t:
        assert t.identity[:3] == (tenant, None, "member")
    with pytest.raises(tenantry.InvalidArgument):
        async with gateway_pool.tenant(tenant=tenant, role="emperor"):
            pass
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        async with gateway_pool.tenant(tenant="acme"):
            pass
    with pytest.raises(tenantry.AccessDenied):
        async with pool.tenant(tenant=tenant):
            pass


async def test_a_bad_credential_leaves_the_session_as_it_was(world: World, pool: AsyncTenantPool) -> None:
    async with pool.tenant(api_key=world.acme.api_key) as t:
        backend = t.connection.info.backend_pid
    for key in ("nonsense", "", world.acme.api_key[:-1] + "z", world.acme.api_key + "\0"):
        with pytest.raises(tenantry.InvalidCredential) as caught:
            async with pool.tenant(api_key=key):
                pytest.fail("the block must not be entered")
        assert caught.value.sqlstate == "28000"
        assert isinstance(caught.value, psycopg.errors.InvalidAuthorizationSpecification)
    async with pool.tenant(api_key=world.acme.api_key) as t:
        assert t.connection.info.backend_pid == backend


async def test_errors_are_tenantrys_inside_the_block_and_out_of_it(world: World, pool: AsyncTenantPool) -> None:
    foreign = "INSERT INTO notes (tenant_id, body) VALUES (%s, 'x')"
    with pytest.raises(tenantry.AccessDenied):
        async with pool.tenant(api_key=world.acme.api_key) as t:
            with pytest.raises(tenantry.AccessDenied) as caught:
                await t.execute(foreign, [world.globex.tenant_id])
            assert caught.value.diag.sqlstate == "42501"
            raise caught.value
    with pytest.raises(tenantry.AccessDenied):
        async with pool.tenant(api_key=world.acme.api_key) as t:
            await t.cursor().execute(foreign, [world.globex.tenant_id])
    with pytest.raises(psycopg.errors.UndefinedTable):
        async with pool.tenant(api_key=world.acme.api_key) as t:
            await t.execute("SELECT FROM nowhere")


async def test_an_error_has_the_servers_hint(world: World, pool: AsyncTenantPool) -> None:
    with pytest.raises(tenantry.AccessDenied) as caught:
        async with pool.tenant(api_key=world.acme.api_key) as t:
            await t.execute("SELECT tenantry.leave_tenant()")
            await t.execute(INSERT, ["lost"])
    assert caught.value.hint
    assert caught.value.hint in str(caught.value)
    assert "CONTEXT" not in str(caught.value)


async def test_characteristics_of_the_transaction(world: World, pool: AsyncTenantPool) -> None:
    async with pool.tenant(
        api_key=world.acme.api_key, read_only=True, isolation_level=IsolationLevel.REPEATABLE_READ
    ) as t:
        assert await (await t.execute("SHOW transaction_isolation")).fetchone() == ("repeatable read",)
        assert await bodies(t) == []
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            async with t.transaction():
                await t.execute(INSERT, ["refused"])
    async with pool.tenant(api_key=world.acme.api_key) as t:
        assert await (await t.execute("SHOW transaction_isolation")).fetchone() == ("read committed",)
        await t.execute(INSERT, ["written"])


async def test_cursors(world: World, pool: AsyncTenantPool) -> None:
    async with pool.tenant(api_key=world.acme.api_key) as t:
        await t.execute(INSERT, ["one"])
        rows = await (await t.cursor(row_factory=dict_row).execute(BODIES)).fetchall()
        assert rows == [{"body": "one"}]
        async with t.connection.cursor("in_the_server") as cursor:
            await cursor.execute(BODIES)
            assert await cursor.fetchall() == [("one",)]

# ruff: noqa: PT012  (what leaves a tenant's block is what these tests are about)
"""A connection goes back clean, or not at all, whatever happens to it."""

import psycopg
import pytest
from psycopg_pool import PoolClosed, PoolTimeout

import tenantry
from tenantry import AsyncTenantPool, _protocol
from tests.client.conftest import World

INSERT = "INSERT INTO notes (body) VALUES (%s)"


async def assert_serves(world: World, pool: AsyncTenantPool) -> None:
    """The pool has all its connections, and each serves a tenant that sees nothing of another's."""
    for tenant in (world.acme, world.globex) * pool.max_size:
        async with pool.tenant(api_key=tenant.api_key) as t:
            row = await (await t.execute("SELECT tenantry.current_tenant()")).fetchone()
            assert row == (tenant.tenant_id,)
    world.wait_for_sessions(0, "idle in transaction%")


async def test_a_backend_that_dies_in_a_block_is_an_error_and_is_replaced(world: World, pool: AsyncTenantPool) -> None:
    with pytest.raises(psycopg.OperationalError):
        async with pool.tenant(api_key=world.acme.api_key) as t:
            await t.execute(INSERT, ["lost"])
            world.terminate(t.connection.info.backend_pid)
            await t.execute("SELECT 1")
    await assert_serves(world, pool)
    assert world.count(world.acme) == 0


async def test_a_backend_that_dies_before_the_commit_is_an_error(world: World, pool: AsyncTenantPool) -> None:
    with pytest.raises(psycopg.OperationalError):
        async with pool.tenant(api_key=world.acme.api_key) as t:
            await t.execute(INSERT, ["lost"])
            world.terminate(t.connection.info.backend_pid)
    await assert_serves(world, pool)
    assert world.count(world.acme) == 0


async def test_a_lost_server_that_the_block_swallows_is_an_error(world: World, pool: AsyncTenantPool) -> None:
    with pytest.raises(psycopg.Error):
        async with pool.tenant(api_key=world.acme.api_key) as t:
            world.terminate(t.connection.info.backend_pid)
            with pytest.raises(psycopg.OperationalError):
                await t.execute(INSERT, ["lost"])
    await assert_serves(world, pool)


async def test_backends_that_died_in_the_pool_are_not_noticed(world: World, wide_pool: AsyncTenantPool) -> None:
    for _ in range(3):
        await wide_pool.wait()
        assert len(world.sessions()) == 3
        world.terminate(*world.sessions())
        async with wide_pool.tenant(api_key=world.acme.api_key) as t:
            await t.execute(INSERT, ["kept"])
        await wide_pool.check()
        await assert_serves(world, wide_pool)
    assert world.count(world.acme) == 3


async def test_closing_the_connection_inside_the_block_is_an_error(world: World, pool: AsyncTenantPool) -> None:
    with pytest.raises(psycopg.InterfaceError):
        async with pool.tenant(api_key=world.acme.api_key) as t:
            await t.execute(INSERT, ["lost"])
            await t.connection.close()
    await assert_serves(world, pool)
    assert world.count(world.acme) == 0
    with pytest.raises(TypeError, match="close_returns"):
        AsyncTenantPool(world.database.conninfo("app"), close_returns=True)


async def test_a_server_that_is_gone_is_a_timeout(world: World) -> None:
    async with AsyncTenantPool("host=/nonexistent user=app", min_size=1, max_size=1) as pool:
        with pytest.raises(PoolTimeout):
            async with pool.tenant(api_key=world.acme.api_key, timeout=0.2):
                pytest.fail("the block must not be entered")


async def test_an_exhausted_pool_is_a_timeout_and_recovers(world: World, pool: AsyncTenantPool) -> None:
    async with pool.tenant(api_key=world.acme.api_key) as t:
        with pytest.raises(PoolTimeout):
            async with pool.tenant(api_key=world.globex.api_key, timeout=0.1):
                pytest.fail("the block must not be entered")
        await t.execute(INSERT, ["kept"])
    await assert_serves(world, pool)


async def test_a_pool_that_is_not_open_is_an_error(world: World) -> None:
    pool = AsyncTenantPool(world.database.conninfo("app"), min_size=1, max_size=1)
    with pytest.raises(PoolClosed):
        async with pool.tenant(api_key=world.acme.api_key):
            pytest.fail("the block must not be entered")
    async with pool:
        await assert_serves(world, pool)
    with pytest.raises(PoolClosed):
        async with pool.tenant(api_key=world.acme.api_key):
            pytest.fail("the block must not be entered")


async def test_a_pipeline_that_is_left_open_is_an_error(world: World, pool: AsyncTenantPool) -> None:
    with pytest.raises(psycopg.InterfaceError, match="in the middle of a command"):
        async with pool.tenant(api_key=world.acme.api_key) as t:
            pipeline = t.connection.pipeline()
            await pipeline.__aenter__()
            await t.execute(INSERT, ["lost"])
    await assert_serves(world, pool)
    assert world.count(world.acme) == 0


async def test_a_stream_that_is_left_open_is_an_error(world: World, pool: AsyncTenantPool) -> None:
    with pytest.raises(psycopg.InterfaceError, match="in the middle of a command"):
        async with pool.tenant(api_key=world.acme.api_key) as t:
            await t.execute(INSERT, ["lost"])
            cursor = t.connection.cursor()
            copy = cursor.copy("COPY (SELECT generate_series(1, 1000000)) TO STDOUT")
            await copy.__aenter__()
    await assert_serves(world, pool)
    assert world.count(world.acme) == 0


async def test_a_pipeline_inside_the_block_works(world: World, pool: AsyncTenantPool) -> None:
    async with pool.tenant(api_key=world.acme.api_key) as t:
        async with t.connection.pipeline():
            await t.execute(INSERT, ["one"])
            await t.execute(INSERT, ["two"])
            cursor = await t.execute("SELECT count(*) FROM notes")
        assert await cursor.fetchone() == (2,)
    with pytest.raises(tenantry.AccessDenied):
        async with pool.tenant(api_key=world.acme.api_key) as t, t.connection.pipeline():
            await t.execute("INSERT INTO notes (tenant_id) VALUES (%s)", [world.globex.tenant_id])
    await assert_serves(world, pool)


async def test_a_cursor_that_is_left_open_is_closed(world: World, pool: AsyncTenantPool) -> None:
    async with pool.tenant(api_key=world.acme.api_key) as t:
        cursor = t.connection.cursor("left")
        await cursor.execute("SELECT generate_series(1, 100000)")
        assert await cursor.fetchone() == (1,)
    await assert_serves(world, pool)
    await cursor.close()


async def test_a_failed_block_in_a_closed_pool_closes_the_connection(world: World) -> None:
    pool = AsyncTenantPool(world.database.conninfo("app"), min_size=1, max_size=1)
    await pool.open()
    with pytest.raises(ZeroDivisionError):
        async with pool.tenant(api_key=world.acme.api_key):
            await pool.close()
            raise ZeroDivisionError
    world.wait_for_sessions(0)


async def test_when_the_rollback_fails_the_callers_error_is_the_one_that_is_seen(
    world: World, pool: AsyncTenantPool, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ZeroDivisionError):
        async with pool.tenant(api_key=world.acme.api_key) as t:
            world.terminate(t.connection.info.backend_pid)
            raise ZeroDivisionError
    assert "error ignored in rollback" in caplog.text
    await assert_serves(world, pool)


async def test_a_session_that_cannot_be_cleared_is_closed(
    world: World, pool: AsyncTenantPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when somebody cancels the clearing: what was committed stands, the connection goes."""
    monkeypatch.setattr(_protocol, "COMMIT", _protocol.COMMIT.replace(b"UNLISTEN *", b"SELECT 1 / 0"))
    monkeypatch.setattr(_protocol, "ROLLBACK", _protocol.ROLLBACK.replace("UNLISTEN *", "SELECT 1 / 0"))
    async with pool.tenant(api_key=world.acme.api_key) as t:
        backend = t.connection.info.backend_pid
        await t.execute("SET my.note = 'left'")
        await t.execute(INSERT, ["kept"])
    monkeypatch.undo()
    async with pool.tenant(api_key=world.acme.api_key) as t:
        assert t.connection.info.backend_pid != backend
        assert await (await t.execute("SELECT body, current_setting('my.note', true) FROM notes")).fetchone() == (
            "kept",
            None,
        )
    await assert_serves(world, pool)


async def test_a_session_is_cleared_by_the_rollback_when_the_commit_could_not(
    world: World, pool: AsyncTenantPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_protocol, "COMMIT", _protocol.COMMIT.replace(b"UNLISTEN *", b"SELECT 1 / 0"))
    async with pool.tenant(api_key=world.acme.api_key) as t:
        backend = t.connection.info.backend_pid
        await t.execute("SET my.note = 'left'")
        await t.execute(INSERT, ["kept"])
    async with pool.tenant(api_key=world.acme.api_key) as t:
        assert t.connection.info.backend_pid == backend
        assert await (await t.execute("SELECT body, current_setting('my.note', true) FROM notes")).fetchone() == (
            "kept",
            "",
        )

# Generated from tests/client/asynchronous/test_failures.py by python/async_to_sync.py: edit that.
# fmt: off
# ruff: noqa
# ruff: noqa: PT012  (what leaves a tenant's block is what these tests are about)
"""A connection goes back clean, or not at all, whatever happens to it."""

import psycopg
import pytest
from psycopg_pool import PoolClosed, PoolTimeout

import tenantry
from tenantry import TenantPool, _protocol
from tests.client.conftest import World

INSERT = "INSERT INTO notes (body) VALUES (%s)"


def assert_serves(world: World, pool: TenantPool) -> None:
    """The pool has all its connections, and each serves a tenant that sees nothing of another's."""
    for tenant in (world.acme, world.globex) * pool.max_size:
        with pool.tenant(api_key=tenant.api_key) as t:
            row = (t.execute("SELECT tenantry.current_tenant()")).fetchone()
            assert row == (tenant.tenant_id,)
    world.wait_for_sessions(0, "idle in transaction%")


def test_a_backend_that_dies_in_a_block_is_an_error_and_is_replaced(world: World, pool: TenantPool) -> None:
    with pytest.raises(psycopg.OperationalError):
        with pool.tenant(api_key=world.acme.api_key) as t:
            t.execute(INSERT, ["lost"])
            world.terminate(t.connection.info.backend_pid)
            t.execute("SELECT 1")
    assert_serves(world, pool)
    assert world.count(world.acme) == 0


def test_a_backend_that_dies_before_the_commit_is_an_error(world: World, pool: TenantPool) -> None:
    with pytest.raises(psycopg.OperationalError):
        with pool.tenant(api_key=world.acme.api_key) as t:
            t.execute(INSERT, ["lost"])
            world.terminate(t.connection.info.backend_pid)
    assert_serves(world, pool)
    assert world.count(world.acme) == 0


def test_a_lost_server_that_the_block_swallows_is_an_error(world: World, pool: TenantPool) -> None:
    with pytest.raises(psycopg.Error):
        with pool.tenant(api_key=world.acme.api_key) as t:
            world.terminate(t.connection.info.backend_pid)
            with pytest.raises(psycopg.OperationalError):
                t.execute(INSERT, ["lost"])
    assert_serves(world, pool)


def test_backends_that_died_in_the_pool_are_not_noticed(world: World, wide_pool: TenantPool) -> None:
    for _ in range(3):
        wide_pool.wait()
        assert len(world.sessions()) == 3
        world.terminate(*world.sessions())
        with wide_pool.tenant(api_key=world.acme.api_key) as t:
            t.execute(INSERT, ["kept"])
        wide_pool.check()
        assert_serves(world, wide_pool)
    assert world.count(world.acme) == 3


def test_closing_the_connection_inside_the_block_is_an_error(world: World, pool: TenantPool) -> None:
    with pytest.raises(psycopg.InterfaceError):
        with pool.tenant(api_key=world.acme.api_key) as t:
            t.execute(INSERT, ["lost"])
            t.connection.close()
    assert_serves(world, pool)
    assert world.count(world.acme) == 0
    with pytest.raises(TypeError, match="close_returns"):
        TenantPool(world.database.conninfo("app"), close_returns=True)


def test_a_server_that_is_gone_is_a_timeout(world: World) -> None:
    with TenantPool("host=/nonexistent user=app", min_size=1, max_size=1) as pool:
        with pytest.raises(PoolTimeout):
            with pool.tenant(api_key=world.acme.api_key, timeout=0.2):
                pytest.fail("the block must not be entered")


def test_an_exhausted_pool_is_a_timeout_and_recovers(world: World, pool: TenantPool) -> None:
    with pool.tenant(api_key=world.acme.api_key) as t:
        with pytest.raises(PoolTimeout):
            with pool.tenant(api_key=world.globex.api_key, timeout=0.1):
                pytest.fail("the block must not be entered")
        t.execute(INSERT, ["kept"])
    assert_serves(world, pool)


def test_a_pool_that_is_not_open_is_an_error(world: World) -> None:
    pool = TenantPool(world.database.conninfo("app"), min_size=1, max_size=1)
    with pytest.raises(PoolClosed):
        with pool.tenant(api_key=world.acme.api_key):
            pytest.fail("the block must not be entered")
    with pool:
        assert_serves(world, pool)
    with pytest.raises(PoolClosed):
        with pool.tenant(api_key=world.acme.api_key):
            pytest.fail("the block must not be entered")


def test_a_pipeline_that_is_left_open_is_an_error(world: World, pool: TenantPool) -> None:
    with pytest.raises(psycopg.InterfaceError, match="in the middle of a command"):
        with pool.tenant(api_key=world.acme.api_key) as t:
            pipeline = t.connection.pipeline()
            pipeline.__enter__()
            t.execute(INSERT, ["lost"])
    assert_serves(world, pool)
    assert world.count(world.acme) == 0


def test_a_stream_that_is_left_open_is_an_error(world: World, pool: TenantPool) -> None:
    with pytest.raises(psycopg.InterfaceError, match="in the middle of a command"):
        with pool.tenant(api_key=world.acme.api_key) as t:
            t.execute(INSERT, ["lost"])
            cursor = t.connection.cursor()
            copy = cursor.copy("COPY (SELECT generate_series(1, 1000000)) TO STDOUT")
            copy.__enter__()
    assert_serves(world, pool)
    assert world.count(world.acme) == 0


def test_a_pipeline_inside_the_block_works(world: World, pool: TenantPool) -> None:
    with pool.tenant(api_key=world.acme.api_key) as t:
        with t.connection.pipeline():
            t.execute(INSERT, ["one"])
            t.execute(INSERT, ["two"])
            cursor = t.execute("SELECT count(*) FROM notes")
        assert cursor.fetchone() == (2,)
    with pytest.raises(tenantry.AccessDenied):
        with pool.tenant(api_key=world.acme.api_key) as t, t.connection.pipeline():
            t.execute("INSERT INTO notes (tenant_id) VALUES (%s)", [world.globex.tenant_id])
    assert_serves(world, pool)


def test_a_cursor_that_is_left_open_is_closed(world: World, pool: TenantPool) -> None:
    with pool.tenant(api_key=world.acme.api_key) as t:
        cursor = t.connection.cursor("left")
        cursor.execute("SELECT generate_series(1, 100000)")
        assert cursor.fetchone() == (1,)
    assert_serves(world, pool)
    cursor.close()


def test_a_failed_block_in_a_closed_pool_closes_the_connection(world: World) -> None:
    pool = TenantPool(world.database.conninfo("app"), min_size=1, max_size=1)
    pool.open()
    with pytest.raises(ZeroDivisionError):
        with pool.tenant(api_key=world.acme.api_key):
            pool.close()
            raise ZeroDivisionError
    world.wait_for_sessions(0)


def test_when_the_rollback_fails_the_callers_error_is_the_one_that_is_seen(
    world: World, pool: TenantPool, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ZeroDivisionError):
        with pool.tenant(api_key=world.acme.api_key) as t:
            world.terminate(t.connection.info.backend_pid)
            raise ZeroDivisionError
    assert "error ignored in rollback" in caplog.text
    assert_serves(world, pool)


def test_a_session_that_cannot_be_cleared_is_closed(
    world: World, pool: TenantPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when somebody cancels the clearing: what was committed stands, the connection goes."""
    monkeypatch.setattr(_protocol, "COMMIT", _protocol.COMMIT.replace(b"UNLISTEN *", b"SELECT 1 / 0"))
    monkeypatch.setattr(_protocol, "ROLLBACK", _protocol.ROLLBACK.replace("UNLISTEN *", "SELECT 1 / 0"))
    with pool.tenant(api_key=world.acme.api_key) as t:
        backend = t.connection.info.backend_pid
        t.execute("SET my.note = 'left'")
        t.execute(INSERT, ["kept"])
    monkeypatch.undo()
    with pool.tenant(api_key=world.acme.api_key) as t:
        assert t.connection.info.backend_pid != backend
        assert (t.execute("SELECT body, current_setting('my.note', true) FROM notes")).fetchone() == (
            "kept",
            None,
        )
    assert_serves(world, pool)


def test_a_session_is_cleared_by_the_rollback_when_the_commit_could_not(
    world: World, pool: TenantPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_protocol, "COMMIT", _protocol.COMMIT.replace(b"UNLISTEN *", b"SELECT 1 / 0"))
    with pool.tenant(api_key=world.acme.api_key) as t:
        backend = t.connection.info.backend_pid
        t.execute("SET my.note = 'left'")
        t.execute(INSERT, ["kept"])
    with pool.tenant(api_key=world.acme.api_key) as t:
        assert t.connection.info.backend_pid == backend
        assert (t.execute("SELECT body, current_setting('my.note', true) FROM notes")).fetchone() == (
            "kept",
            "",
        )

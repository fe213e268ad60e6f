# ruff: noqa: PT012  (what leaves a tenant's block is what these tests are about)
"""A task or thread that is interrupted anywhere gives its connection back clean, and the pool none up."""

import _thread
import asyncio
import signal
import threading
import types
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator
from typing import Any

import pytest

from tenantry import AsyncTenantPool, ContextClosed, TenantPool, _protocol
from tests.client.conftest import World

INSERT = "INSERT INTO notes (body) VALUES (%s)"
LEFT = "SET my.note = 'left'"
SIZE = 2

LEFTOVERS = """
SELECT
    (SELECT count(*) FROM pg_prepared_statements WHERE from_sql),
    nullif(current_setting('my.note', true), '')
"""

Block = Callable[[AsyncTenantPool, World], Coroutine[Any, Any, None]]


async def cancelled_at(work: Coroutine[Any, Any, None], steps: range) -> int:
    """Run `work` in the current task, which is cancelled when `work` waits for the n-th time, for each n in `steps`.

    Returns how many times it waited, when it was done before that.
    """
    return await driven(work, steps)  # a task takes no generator from Python 3.12 on


@types.coroutine
def driven(work: Coroutine[Any, Any, None], steps: range) -> Generator[Any, Any, int]:
    """Do the work of `cancelled_at`."""
    task = asyncio.current_task()
    assert task is not None
    waits = 0
    error: BaseException | None = None
    while True:
        try:
            future = work.throw(error) if error else work.send(None)
        except StopIteration:
            return waits
        waits += 1
        if waits in steps:
            task.cancel()
        try:
            yield future
        except BaseException as thrown:
            error = thrown
        else:
            error = None


async def plain(pool: AsyncTenantPool, world: World) -> None:
    async with pool.tenant(api_key=world.acme.api_key) as t:
        await t.execute(INSERT, ["one"])
        await t.execute(LEFT)
        await t.execute("SELECT count(*) FROM notes")


async def slow(pool: AsyncTenantPool, world: World) -> None:
    async with pool.tenant(api_key=world.acme.api_key) as t:
        await t.execute("SELECT pg_sleep(0.02)")


async def failing(pool: AsyncTenantPool, world: World) -> None:
    with pytest.raises(ZeroDivisionError):
        async with pool.tenant(api_key=world.acme.api_key) as t:
            await t.execute(INSERT, ["one"])
            raise ZeroDivisionError


async def ended(pool: AsyncTenantPool, world: World) -> None:
    with pytest.raises(ContextClosed):
        async with pool.tenant(api_key=world.acme.api_key) as t:
            connection = t.connection
            await connection.commit()
            await connection.execute(LEFT)


async def nested(pool: AsyncTenantPool, world: World) -> None:
    async with pool.tenant(api_key=world.acme.api_key) as t:
        async with t.transaction():
            await t.execute(INSERT, ["one"])
        async with t.connection.pipeline():
            await t.execute(INSERT, ["two"])


async def rows() -> AsyncIterator[tuple[str]]:
    for number in range(3000):
        if number % 1000 == 0:
            await asyncio.sleep(0)
        yield (str(number),)


async def bulk(pool: AsyncTenantPool, world: World) -> None:
    async with pool.tenant(api_key=world.acme.api_key) as t:
        await t.copy_rows("notes", ["body"], rows())


async def unclean(pool: AsyncTenantPool, world: World) -> None:
    async with pool.tenant(api_key=world.acme.api_key) as t:
        await t.execute("PREPARE planted AS SELECT 1")
    async with pool.tenant(api_key=world.acme.api_key) as t:
        await t.execute("SELECT 1")


async def refused(pool: AsyncTenantPool, world: World) -> None:
    with pytest.raises(Exception, match="invalid credential"):
        async with pool.tenant(api_key="nonsense"):
            pytest.fail("the block must not be entered")


async def assert_whole(pool: AsyncTenantPool, world: World) -> None:
    """Every connection is in the pool or being replaced, and serves another tenant, who finds nothing."""
    blocks = [pool.tenant(api_key=world.globex.api_key) for _ in range(SIZE)]
    for block in blocks:
        await block.__aenter__()
    assert pool.get_stats()["pool_size"] == SIZE
    for block in blocks:
        assert await (await block.execute("SELECT tenantry.current_tenant()")).fetchone() == (world.globex.tenant_id,)
        assert await (await block.execute("SELECT count(*) FROM notes")).fetchone() == (0,)
        assert await (await block.execute(LEFTOVERS)).fetchone() == (0, None)
        await block.__aexit__(None, None, None)
    world.wait_for_sessions(0, "idle in transaction%")


@pytest.mark.parametrize("block", [plain, slow, failing, ended, nested, bulk, unclean, refused])
@pytest.mark.parametrize("times", [1, 2, 1000])
async def test_a_task_that_is_cancelled_at_any_wait(world: World, block: Block, times: int) -> None:
    """Cancelled once, twice in a row, or whenever it waits again, as a cancelled scope of anyio does."""
    conninfo = world.database.conninfo("app")
    async with AsyncTenantPool(conninfo, min_size=SIZE, max_size=SIZE, timeout=10) as pool:
        await pool.wait()
        first, done = 0, False
        while not done:
            first += 1
            task = asyncio.create_task(cancelled_at(block(pool, world), range(first, first + times)))
            try:
                done = await task < first
            except asyncio.CancelledError:
                assert task.cancelled()
            await assert_whole(pool, world)
        assert first > 2


async def test_waiting_for_a_connection_can_be_cancelled(world: World) -> None:
    conninfo = world.database.conninfo("app")
    async with AsyncTenantPool(conninfo, min_size=SIZE, max_size=SIZE, timeout=10) as pool:
        for delay in range(60):
            tasks = [asyncio.create_task(slow(pool, world)) for _ in range(8)]
            await asyncio.sleep(delay / 1000)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await assert_whole(pool, world)


async def test_giving_a_connection_back_cannot_be_cancelled(world: World) -> None:
    """It waits where the pool is busy; psycopg's own pool would lose the connection then."""
    entered, leave = asyncio.Event(), asyncio.Event()

    async def block(pool: AsyncTenantPool) -> None:
        async with pool.tenant(api_key=world.acme.api_key):
            entered.set()
            await leave.wait()

    async with AsyncTenantPool(world.database.conninfo("app"), min_size=1, max_size=1, timeout=5) as pool:
        task = asyncio.create_task(block(pool))
        await entered.wait()
        async with pool._lock:
            leave.set()
            await asyncio.sleep(0.2)
            task.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await task
        assert pool.get_stats()["pool_available"] == 1
        async with pool.tenant(api_key=world.globex.api_key) as t:
            assert await (await t.execute("SELECT tenantry.current_tenant()")).fetchone() == (world.globex.tenant_id,)


async def test_a_statement_that_is_cancelled_is_cancelled_in_the_server(world: World) -> None:
    async with AsyncTenantPool(world.database.conninfo("app"), min_size=1, max_size=1) as pool:
        async with pool.tenant(api_key=world.acme.api_key) as t:
            backend = t.connection.info.backend_pid
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1), pool.tenant(api_key=world.acme.api_key) as t:
                await t.execute(INSERT, ["lost"])
                await t.execute("SELECT pg_sleep(60)")
        world.wait_for_sessions(0, "active")
        async with pool.tenant(api_key=world.globex.api_key) as t:
            assert t.connection.info.backend_pid == backend
    assert world.count(world.acme) == 0


async def test_a_rollback_that_is_cancelled_costs_the_connection(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it has cleared the session, nobody knows."""
    slow_rollback = _protocol.ROLLBACK.replace("ROLLBACK;", "ROLLBACK; SELECT pg_sleep(60);")
    async with AsyncTenantPool(world.database.conninfo("app"), min_size=1, max_size=1, timeout=10) as pool:
        monkeypatch.setattr(_protocol, "ROLLBACK", slow_rollback)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await ended(pool, world)
        monkeypatch.undo()
        async with pool.tenant(api_key=world.globex.api_key) as t:
            assert await (await t.execute(LEFTOVERS)).fetchone() == (0, None)


@pytest.fixture
def interrupt() -> Iterator[Callable[[float], None]]:
    """Have Ctrl-C pressed, some seconds from now."""
    timers: list[threading.Timer] = []
    # A shell that starts the tests in the background has them ignore the signal.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def press(delay: float) -> None:
        timers.append(threading.Timer(delay, _thread.interrupt_main))
        timers[-1].start()

    yield press
    for timer in timers:
        timer.join()
    signal.signal(signal.SIGINT, before)


def test_a_keyboard_interrupt_rolls_back(world: World, interrupt: Callable[[float], None]) -> None:
    with TenantPool(world.database.conninfo("app"), min_size=1, max_size=1, timeout=10) as pool:
        with pool.tenant(api_key=world.acme.api_key) as t:
            backend = t.connection.info.backend_pid
        with pytest.raises(KeyboardInterrupt), pool.tenant(api_key=world.acme.api_key) as t:
            t.execute(INSERT, ["lost"])
            interrupt(0.1)
            t.execute("SELECT pg_sleep(60)")
        world.wait_for_sessions(0, "active")
        with pool.tenant(api_key=world.globex.api_key) as t:
            assert t.connection.info.backend_pid == backend
            assert t.execute("SELECT tenantry.current_tenant()").fetchone() == (world.globex.tenant_id,)
    assert world.count(world.acme) == 0


def test_a_keyboard_interrupt_while_opening(world: World, interrupt: Callable[[float], None]) -> None:
    with TenantPool(world.database.conninfo("app"), min_size=1, max_size=1, timeout=10) as pool:
        pool.wait()
        # The tenant's row is locked, so that opening the context waits: what reads it does so FOR SHARE.
        with world.superuser.transaction():
            world.superuser.execute("LOCK TABLE tenantry.tenants IN ACCESS EXCLUSIVE MODE")
            interrupt(0.2)
            with pytest.raises(KeyboardInterrupt), pool.tenant(api_key=world.acme.api_key):
                pytest.fail("the block must not be entered")
        with pool.tenant(api_key=world.globex.api_key) as t:
            assert t.execute("SELECT tenantry.current_tenant()").fetchone() == (world.globex.tenant_id,)
        assert pool.get_stats()["pool_size"] == 1

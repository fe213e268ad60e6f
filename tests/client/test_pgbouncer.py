"""Behind a real PgBouncer in transaction mode, where the next statement may run in another session."""

import asyncio
import random

import pytest

from tenantry import AsyncTenantPool, InvalidCredential, TenantPool
from tests.client.conftest import World
from tests.support.pgbouncer import POOL_SIZE, PgBouncer


def test_blocks_loads_and_errors(world: World, pgbouncer: PgBouncer) -> None:
    conninfo = pgbouncer.database(world.database).conninfo("app")
    with TenantPool(conninfo, min_size=2, max_size=2, prepare_threshold=None) as pool:
        for number in range(20):
            for tenant in (world.acme, world.globex):
                with pool.tenant(api_key=tenant.api_key) as t:
                    assert t.copy_rows("notes", ["body"], [[tenant.slug]] * 5) == 5
                    assert t.execute("SELECT DISTINCT body FROM notes").fetchall() == [(tenant.slug,)]
                    with t.transaction(force_rollback=True):
                        t.execute("INSERT INTO notes (body) VALUES ('undone')")
                with pytest.raises(InvalidCredential), pool.tenant(api_key=f"nonsense {number}"):
                    pytest.fail("the block must not be entered")
    assert (world.count(world.acme), world.count(world.globex)) == (100, 100)


def test_what_sessions_carry_is_cleared_where_it_is(world: World, pgbouncer: PgBouncer) -> None:
    """Somebody else's clients share the server sessions, and leave things in them."""
    bouncer = pgbouncer.database(world.database)
    others = [bouncer.connect("app", autocommit=False, prepare_threshold=None) for _ in range(POOL_SIZE)]
    for other in others:  # each holds a session of its own until it commits
        other.execute("PREPARE planted AS SELECT 1")
        other.execute("CREATE TEMP TABLE notes (tenant_id uuid, id int, body text)")
    for other in others:
        other.commit()
    with TenantPool(bouncer.conninfo("app"), min_size=POOL_SIZE, max_size=POOL_SIZE, prepare_threshold=None) as pool:
        for _ in range(POOL_SIZE * 3):
            with pool.tenant(api_key=world.acme.api_key) as t:
                assert t.execute("SELECT to_regclass('notes')::oid = 'public.notes'::regclass").fetchone() == (True,)
                assert t.execute("SELECT FROM pg_prepared_statements").fetchall() == []


async def test_many_tasks_on_few_sessions_see_their_own_rows_only(world: World, pgbouncer: PgBouncer) -> None:
    conninfo = pgbouncer.database(world.database).conninfo("app")
    seen = 0

    async def request(pool: AsyncTenantPool, number: int) -> None:
        nonlocal seen
        tenant = random.choice((world.acme, world.globex))
        async with pool.tenant(api_key=tenant.api_key) as t:
            if number % 7 == 0:
                await t.execute("SET app.current_tenant_id = '3f0e9a52-6b1d-4c8e-9a3b-0123456789ab'")
            rows = await (await t.execute("SELECT tenant_id, tenantry.current_tenant() FROM notes")).fetchall()
            assert rows == [(tenant.tenant_id, tenant.tenant_id)]
            seen += 1
            if number % 5 == 0:
                raise ZeroDivisionError

    async with AsyncTenantPool(conninfo, min_size=12, max_size=12, prepare_threshold=None) as pool:
        for tenant in (world.acme, world.globex):
            async with pool.tenant(api_key=tenant.api_key) as t:
                await t.execute("INSERT INTO notes (body) VALUES ('only one')")
        outcomes = await asyncio.gather(*(request(pool, n) for n in range(2000)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {type(None), ZeroDivisionError}
    assert seen == 2000

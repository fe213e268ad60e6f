# ruff: noqa: PT012  (what leaves a tenant's block is what these tests are about)
"""Nothing that a tenant's block leaves in its session reaches the next one."""

from typing import Any

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from tenantry import AsyncTenantPool, AsyncTenantTransaction
from tests.client.conftest import World

# What there is to see of a session's state, except for what psycopg prepares by the protocol.
STATE = """
SELECT
    pg_backend_pid(),
    current_user,
    current_setting('search_path'),
    (SELECT array_agg(name || '=' || setting) FROM pg_settings WHERE source = 'session' AND name <> 'search_path'),
    (SELECT array_agg(name) FROM pg_prepared_statements WHERE from_sql),
    (SELECT array_agg(name) FROM pg_cursors WHERE is_holdable),
    (SELECT array_agg(c) FROM pg_listening_channels() AS c),
    (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()),
    (SELECT count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema()),
    (SELECT count(*) FROM pg_type WHERE typnamespace = pg_my_temp_schema()),
    nullif(current_setting('app.current_tenant_id', true), ''),
    nullif(current_setting('my.note', true), '')
"""

LEFTOVERS = [
    "SET search_path = pg_temp",
    "SET TIME ZONE 'Asia/Tokyo'",
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    "SET standard_conforming_strings = off",
    "SET row_security = off",
    "SELECT set_config('app.current_tenant_id', '3f0e9a52-6b1d-4c8e-9a3b-0123456789ab', false)",
    "SELECT set_config('my.note', 'for the next tenant', false)",
    "SET ROLE tenantry_app",
    "CREATE TEMP TABLE notes (tenant_id uuid, id int, body text)",
    "CREATE TEMP VIEW notes AS SELECT 1 AS id, 'planted' AS body",
    "CREATE DOMAIN pg_temp.trap AS int",
    "PREPARE planted AS SELECT 1",
    "DECLARE held CURSOR WITH HOLD FOR SELECT body FROM notes",
    "LISTEN somebody",
    "SELECT pg_advisory_lock(4711)",
    "SELECT pg_advisory_lock_shared(4711)",
]


async def state(session: AsyncTenantTransaction | psycopg.AsyncConnection[Any]) -> tuple[Any, ...]:
    row = await (await session.execute(STATE)).fetchone()
    assert row is not None
    return row


@pytest.mark.parametrize("leftover", LEFTOVERS)
async def test_psycopgs_own_pool_hands_it_over(world: World, leftover: str) -> None:
    """The tests below can fail: there is something left, and `state` sees it."""
    async with AsyncConnectionPool(world.database.conninfo("app"), min_size=1, max_size=1, open=False) as pool:
        async with pool.connection() as connection:
            before = await state(connection)
            await connection.execute(leftover)
        async with pool.connection() as connection:
            assert await state(connection) != before


@pytest.mark.parametrize("leftover", LEFTOVERS)
async def test_what_a_block_leaves_is_gone(world: World, pool: AsyncTenantPool, leftover: str) -> None:
    async with pool.tenant(api_key=world.acme.api_key) as t:
        await t.execute("INSERT INTO notes (body) VALUES ('acme''s')")
        before = await state(t)
        await t.execute(leftover)
    async with pool.tenant(api_key=world.globex.api_key) as t:
        assert await state(t) == before
        assert await (await t.execute("SELECT body FROM notes")).fetchall() == []


@pytest.mark.parametrize("leftover", LEFTOVERS)
async def test_what_a_failed_block_leaves_is_gone(world: World, pool: AsyncTenantPool, leftover: str) -> None:
    async with pool.tenant(api_key=world.acme.api_key) as t:
        before = await state(t)
    with pytest.raises(psycopg.errors.DivisionByZero):
        async with pool.tenant(api_key=world.acme.api_key) as t:
            await t.execute(leftover)
            await t.execute("SELECT 1 / 0")
    async with pool.tenant(api_key=world.globex.api_key) as t:
        assert await state(t) == before


@pytest.mark.parametrize("leftover", LEFTOVERS)
async def test_what_stays_after_an_early_commit_is_gone(world: World, pool: AsyncTenantPool, leftover: str) -> None:
    async with pool.tenant(api_key=world.acme.api_key) as t:
        before = await state(t)
    with pytest.raises(psycopg.errors.NoActiveSqlTransaction):
        async with pool.tenant(api_key=world.acme.api_key) as t:
            connection = t.connection
            await connection.commit()
            await connection.execute(leftover)
    async with pool.tenant(api_key=world.globex.api_key) as t:
        assert await state(t) == before


async def test_the_last_value_of_a_sequence_is_forgotten(world: World, pool: AsyncTenantPool) -> None:
    async with pool.tenant(api_key=world.acme.api_key) as t:
        await t.execute("INSERT INTO notes (body) VALUES ('acme''s')")
        assert await (await t.execute("SELECT lastval() > 0")).fetchone() == (True,)
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        async with pool.tenant(api_key=world.globex.api_key) as t:
            await t.execute("SELECT lastval()")


async def test_what_a_borrower_without_a_tenant_leaves_is_cleared_before_the_next_block(
    world: World, pool: AsyncTenantPool
) -> None:
    async with pool.connection() as connection:
        backend = connection.info.backend_pid
        await connection.execute("CREATE TEMP TABLE notes (tenant_id uuid, id int, body text)")
        await connection.execute("INSERT INTO notes (body) VALUES ('planted')")
        await connection.execute("PREPARE planted AS SELECT 1")
    async with pool.tenant(api_key=world.globex.api_key) as t:
        assert t.connection.info.backend_pid == backend
        assert await (await t.execute("SELECT body FROM notes")).fetchall() == []


async def test_a_planted_statement_is_not_what_the_next_tenant_executes(world: World, pool: AsyncTenantPool) -> None:
    """psycopg prepares under names that are easily guessed. A tenant puts statements of its own in their place."""
    question = "SELECT 'mine' WHERE %s::text IS NOT NULL"
    for _ in range(10):
        async with pool.tenant(api_key=world.globex.api_key) as t:
            await t.execute(question, ["x"])
    async with pool.tenant(api_key=world.globex.api_key) as t:
        names = [name for (name,) in await (await t.execute("SELECT name FROM pg_prepared_statements")).fetchall()]
        assert names  # so there is something to replace
    plant = "DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; {} END $$".format(
        " ".join(f"EXECUTE 'PREPARE {name} (text) AS SELECT ''planted''';" for name in [*names, "_pg3_8", "_pg3_9"])
    )
    async with pool.tenant(api_key=world.acme.api_key) as t:
        await t.execute(plant)
        assert await (await t.execute("SELECT count(*) > 0 FROM pg_prepared_statements WHERE from_sql")).fetchone() == (
            True,
        )
    for _ in range(10):
        async with pool.tenant(api_key=world.globex.api_key) as t:
            assert await (await t.execute(question, ["x"])).fetchone() == ("mine",)


async def test_a_lost_statement_costs_one_block_at_most(world: World, pool: AsyncTenantPool) -> None:
    question = "SELECT 'mine' WHERE %s::text IS NOT NULL"
    for _ in range(10):
        async with pool.tenant(api_key=world.globex.api_key) as t:
            await t.execute(question, ["x"])
    async with pool.tenant(api_key=world.acme.api_key) as t:
        await t.execute("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$")
    with pytest.raises(psycopg.errors.InvalidSqlStatementName):
        async with pool.tenant(api_key=world.globex.api_key) as t:
            await t.execute(question, ["x"])
    async with pool.tenant(api_key=world.globex.api_key) as t:
        assert await (await t.execute(question, ["x"])).fetchone() == ("mine",)


async def test_settings_of_the_connection_string_stay(world: World) -> None:
    conninfo = world.database.conninfo("app") + " options='-c my.note=kept -c search_path=public' application_name=shop"
    async with AsyncTenantPool(conninfo, min_size=1, max_size=1) as pool:
        for _ in range(2):
            async with pool.tenant(api_key=world.acme.api_key) as t:
                names = ["my.note", "search_path", "application_name"]
                settings = await t.execute("SELECT current_setting(n) FROM unnest(%s::text[]) AS n", [names])
                assert await settings.fetchall() == [("kept",), ("public",), ("shop",)]
                await t.execute("SET my.note = 'changed'")


async def test_a_callers_configuration_and_options_apply(world: World) -> None:
    async def configure(connection: psycopg.AsyncConnection[Any]) -> None:
        connection.prepared_max = 7

    async with AsyncTenantPool(
        world.database.conninfo("app"),
        min_size=1,
        max_size=1,
        kwargs={"cursor_factory": psycopg.AsyncClientCursor},
        configure=configure,
        prepare_threshold=None,
        name="shop",
    ) as pool:
        assert pool.name == "shop"
        async with pool.tenant(api_key=world.acme.api_key) as t:
            assert t.connection.prepared_max == 7
            assert t.connection.prepare_threshold is None
            assert isinstance(t.cursor(), psycopg.AsyncClientCursor)
            assert await (await t.execute("SELECT %s", ["x"])).fetchone() == ("x",)


async def test_the_time_of_a_statement_that_a_tenant_limited_does_not_limit_the_next(
    world: World, pool: AsyncTenantPool
) -> None:
    async with pool.tenant(api_key=world.acme.api_key) as t:
        await t.execute("SET statement_timeout = '1ms'")
    async with pool.tenant(api_key=world.globex.api_key) as t:
        assert await (await t.execute("SELECT 'slept' FROM pg_sleep(0.05)")).fetchone() == ("slept",)

# Generated from tests/client/asynchronous/test_sessions.py by python/async_to_sync.py: edit that.
# fmt: off
# ruff: noqa
# ruff: noqa: PT012  (what leaves a tenant's block is what these tests are about)
"""Nothing that a tenant's block leaves in its session reaches the next one."""

from typing import Any

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from tenantry import TenantPool, TenantTransaction
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


def state(session: TenantTransaction | psycopg.Connection[Any]) -> tuple[Any, ...]:
    row = (session.execute(STATE)).fetchone()
    assert row is not None
    return row


@pytest.mark.parametrize("leftover", LEFTOVERS)
def test_psycopgs_own_pool_hands_it_over(world: World, leftover: str) -> None:
    """The tests below can fail: there is something left, and `state` sees it."""
    with ConnectionPool(world.database.conninfo("app"), min_size=1, max_size=1, open=False) as pool:
        with pool.connection() as connection:
            before = state(connection)
            connection.execute(leftover)
        with pool.connection() as connection:
            assert state(connection) != before


@pytest.mark.parametrize("leftover", LEFTOVERS)
def test_what_a_block_leaves_is_gone(world: World, pool: TenantPool, leftover: str) -> None:
    with pool.tenant(api_key=world.acme.api_key) as t:
        t.execute("INSERT INTO notes (body) VALUES ('acme''s')")
        before = state(t)
        t.execute(leftover)
    with pool.tenant(api_key=world.globex.api_key) as t:
        assert state(t) == before
        assert (t.execute("SELECT body FROM notes")).fetchall() == []


@pytest.mark.parametrize("leftover", LEFTOVERS)
def test_what_a_failed_block_leaves_is_gone(world: World, pool: TenantPool, leftover: str) -> None:
    with pool.tenant(api_key=world.acme.api_key) as t:
        before = state(t)
    with pytest.raises(psycopg.errors.DivisionByZero):
        with pool.tenant(api_key=world.acme.api_key) as t:
            t.execute(leftover)
            t.execute("SELECT 1 / 0")
    with pool.tenant(api_key=world.globex.api_key) as t:
        assert state(t) == before


@pytest.mark.parametrize("leftover", LEFTOVERS)
def test_what_stays_after_an_early_commit_is_gone(world: World, pool: TenantPool, leftover: str) -> None:
    with pool.tenant(api_key=world.acme.api_key) as t:
        before = state(t)
    with pytest.raises(psycopg.errors.NoActiveSqlTransaction):
        with pool.tenant(api_key=world.acme.api_key) as t:
            connection = t.connection
            connection.commit()
            connection.execute(leftover)
    with pool.tenant(api_key=world.globex.api_key) as t:
        assert state(t) == before


def test_the_last_value_of_a_sequence_is_forgotten(world: World, pool: TenantPool) -> None:
    with pool.tenant(api_key=world.acme.api_key) as t:
        t.execute("INSERT INTO notes (body) VALUES ('acme''s')")
        assert (t.execute("SELECT lastval() > 0")).fetchone() == (True,)
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        with pool.tenant(api_key=world.globex.api_key) as t:
            t.execute("SELECT lastval()")


def test_what_a_borrower_without_a_tenant_leaves_is_cleared_before_the_next_block(
    world: World, pool: TenantPool
) -> None:
    with pool.connection() as connection:
        backend = connection.info.backend_pid
        connection.execute("CREATE TEMP TABLE notes (tenant_id uuid, id int, body text)")
        connection.execute("INSERT INTO notes (body) VALUES ('planted')")
        connection.execute("PREPARE planted AS SELECT 1")
    with pool.tenant(api_key=world.globex.api_key) as t:
        assert t.connection.info.backend_pid == backend
        assert (t.execute("SELECT body FROM notes")).fetchall() == []


def test_a_planted_statement_is_not_what_the_next_tenant_executes(world: World, pool: TenantPool) -> None:
    """psycopg prepares under names that are easily guessed. A tenant puts statements of its own in their place."""
    question = "SELECT 'mine' WHERE %s::text IS NOT NULL"
    for _ in range(10):
        with pool.tenant(api_key=world.globex.api_key) as t:
            t.execute(question, ["x"])
    with pool.tenant(api_key=world.globex.api_key) as t:
        names = [name for (name,) in (t.execute("SELECT name FROM pg_prepared_statements")).fetchall()]
        assert names  # so there is something to replace
    plant = "DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; {} END $$".format(
        " ".join(f"EXECUTE 'PREPARE {name} (text) AS SELECT ''planted''';" for name in [*names, "_pg3_8", "_pg3_9"])
    )
    with pool.tenant(api_key=world.acme.api_key) as t:
        t.execute(plant)
        assert (t.execute("SELECT count(*) > 0 FROM pg_prepared_statements WHERE from_sql")).fetchone() == (
            True,
        )
    for _ in range(10):
        with pool.tenant(api_key=world.globex.api_key) as t:
            assert (t.execute(question, ["x"])).fetchone() == ("mine",)


def test_a_lost_statement_costs_one_block_at_most(world: World, pool: TenantPool) -> None:
    question = "SELECT 'mine' WHERE %s::text IS NOT NULL"
    for _ in range(10):
        with pool.tenant(api_key=world.globex.api_key) as t:
            t.execute(question, ["x"])
    with pool.tenant(api_key=world.acme.api_key) as t:
        t.execute("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$")
    with pytest.raises(psycopg.errors.InvalidSqlStatementName):
        with pool.tenant(api_key=world.globex.api_key) as t:
            t.execute(question, ["x"])
    with pool.tenant(api_key=world.globex.api_key) as t:
        assert (t.execute(question, ["x"])).fetchone() == ("mine",)


def test_settings_of_the_connection_string_stay(world: World) -> None:
    conninfo = world.database.conninfo("app") + " options='-c my.note=kept -c search_path=public' application_name=shop"
    with TenantPool(conninfo, min_size=1, max_size=1) as pool:
        for _ in range(2):
            with pool.tenant(api_key=world.acme.api_key) as t:
                names = ["my.note", "search_path", "application_name"]
                settings = t.execute("SELECT current_setting(n) FROM unnest(%s::text[]) AS n", [names])
                assert settings.fetchall() == [("kept",), ("public",), ("shop",)]
                t.execute("SET my.note = 'changed'")


def test_a_callers_configuration_and_options_apply(world: World) -> None:
    def configure(connection: psycopg.Connection[Any]) -> None:
        connection.prepared_max = 7

    with TenantPool(
        world.database.conninfo("app"),
        min_size=1,
        max_size=1,
        kwargs={"cursor_factory": psycopg.ClientCursor},
        configure=configure,
        prepare_threshold=None,
        name="shop",
    ) as pool:
        assert pool.name == "shop"
        with pool.tenant(api_key=world.acme.api_key) as t:
            assert t.connection.prepared_max == 7
            assert t.connection.prepare_threshold is None
            assert isinstance(t.cursor(), psycopg.ClientCursor)
            assert (t.execute("SELECT %s", ["x"])).fetchone() == ("x",)


def test_the_time_of_a_statement_that_a_tenant_limited_does_not_limit_the_next(
    world: World, pool: TenantPool
) -> None:
    with pool.tenant(api_key=world.acme.api_key) as t:
        t.execute("SET statement_timeout = '1ms'")
    with pool.tenant(api_key=world.globex.api_key) as t:
        assert (t.execute("SELECT 'slept' FROM pg_sleep(0.05)")).fetchone() == ("slept",)

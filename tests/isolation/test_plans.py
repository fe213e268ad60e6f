"""Plans and cursors that outlive the context under which they were made."""

from collections.abc import Callable

import psycopg
import pytest
from psycopg.rows import scalar_row

from tests.isolation.arena import TABLES, Arena
from tests.support.tenants import Tenant, as_tenant

QUERY = "SELECT count(*) FROM {t} WHERE id > %s"


@pytest.mark.parametrize("mode", ["auto", "force_generic_plan", "force_custom_plan"])
@pytest.mark.parametrize("table", TABLES)
def test_prepared_statement(arena: Arena, table: str, mode: str) -> None:
    """A plan that the driver caches serves each tenant its own rows, and nobody none."""
    app = arena.database.connect("app", prepare_threshold=0)
    app.execute(f"SET plan_cache_mode = {mode}")
    query = arena.format(QUERY, table)
    for _ in range(7):  # the sixth may be generic
        for tenant, rows in ((arena.acme, 3), (arena.globex, 4)):
            with as_tenant(app, tenant):
                assert app.execute(query, [0]).fetchone() == (rows,)
        assert app.execute(query, [0]).fetchone() == (0,)
    text, plans = "SELECT generic_plans + custom_plans FROM pg_prepared_statements WHERE statement LIKE %s", "%id > $1"
    assert app.execute(text, [plans]).fetchone() == (21,), "it was not one statement throughout"


def test_function(arena: Arena) -> None:
    """So does the plan that a function keeps."""
    arena.dba.execute(
        "CREATE OR REPLACE FUNCTION public.kept_plan(p_id int) RETURNS bigint LANGUAGE plpgsql AS"
        " $$ BEGIN RETURN (SELECT count(*) FROM public.plain WHERE id > p_id); END $$"
    )
    for _ in range(7):
        for tenant, rows in ((arena.acme, 3), (arena.globex, 4)):
            with as_tenant(arena.app, tenant):
                assert arena.app.execute("SELECT public.kept_plan(0)").fetchone() == (rows,)
        assert arena.app.execute("SELECT public.kept_plan(0)").fetchone() == (0,)


def none(app: psycopg.Connection, tenant: Tenant) -> None:
    app.execute("SELECT tenantry.leave_tenant()")


def other(app: psycopg.Connection, tenant: Tenant) -> None:
    app.execute("SELECT tenantry.authenticate(%s)", [tenant.api_key])


@pytest.mark.parametrize(("change", "rows"), [(none, 0), (other, 4)])
def test_cursor_takes_the_context_of_its_first_fetch(
    arena: Arena, change: Callable[[psycopg.Connection, Tenant], None], rows: int
) -> None:
    with arena.attack() as app:
        app.execute("DECLARE c CURSOR FOR TABLE public.plain")
        app.execute("DECLARE started CURSOR FOR SELECT body FROM public.plain ORDER BY id")
        app.execute("FETCH 1 FROM started")
        change(app, arena.globex)
        assert len(app.execute("FETCH ALL FROM c").fetchall()) == rows
        rest = app.cursor(row_factory=scalar_row).execute("FETCH ALL FROM started").fetchall()
        assert rest == ["acme 2", "acme 3"]


def test_held_cursor_keeps_to_the_tenant_that_declared_it(arena: Arena) -> None:
    with arena.attack() as app:
        app.execute("DECLARE held CURSOR WITH HOLD FOR SELECT body FROM public.plain")
    assert len(arena.app.execute("FETCH ALL FROM held").fetchall()) == 3

    arena.app.execute("DISCARD ALL")
    arena.app.execute("DECLARE held CURSOR WITH HOLD FOR TABLE public.plain")  # no context
    assert arena.app.execute("FETCH ALL FROM held").fetchall() == []


@pytest.mark.parametrize("when", ["false", "i = 10"])
def test_one_statement_cannot_see_two_contexts(arena: Arena, when: str) -> None:
    """Default, condition and check of one statement: forged before the first row, or after it passed the check."""
    genuine = "INSERT INTO {t} (id) SELECT i FROM generate_series(10, 12) i"
    assert arena.run(genuine) == 3
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        arena.run(
            f"DELETE FROM {{t}}; {genuine} WHERE {when} OR set_config('tenantry.context', {{b}} || '|', true) <> ''"
        )


def test_replanned_when_the_role_changes(arena: Arena) -> None:
    """A plan made for whom row-level security does not bind is not used for whom it binds."""
    session = arena.database.connect("postgres")
    session.execute("PREPARE p AS SELECT count(*) FROM public.plain")
    assert session.execute("EXECUTE p").fetchone() == (7,)
    session.execute("SET ROLE app")
    assert session.execute("EXECUTE p").fetchone() == (0,)

"""Views and functions over a protected table, by whose rights they run.

Because row-level security is forced, the owner of the table sees no more through its view than the tenant does. Only a
superuser's view or function leaks, here as anywhere: that is what shows that these tests can see a leak.
"""

import psycopg
import pytest

from tests.isolation.arena import TABLES, Arena

MADE_OF = {
    "view": "CREATE VIEW public.{name} AS TABLE {t}",
    "security barrier view": "CREATE VIEW public.{name} WITH (security_barrier) AS TABLE {t}",
    "security invoker view": "CREATE VIEW public.{name} WITH (security_invoker) AS TABLE {t}",
    "security definer function": "CREATE FUNCTION public.{name}() RETURNS TABLE (tenant_id uuid, id int, body text)"
    " SECURITY DEFINER LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT t.{tenant}, t.id, t.body FROM {t} t; END $$",
}


def make(arena: Arena, owner: str, kind: str, table: str) -> str:
    """Create a view or function and return how to select from it."""
    name = f"{owner}_{'_'.join((kind + ' ' + table).split())}"
    arena.database.connect(owner).execute(arena.format(MADE_OF[kind], table, name=name))
    if "function" in kind:
        return f"public.{name}()"
    arena.superuser.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON public.{name} TO tenantry_app")
    return f"public.{name}"


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("kind", MADE_OF)
def test_of_the_owner(arena: Arena, kind: str, table: str) -> None:
    source = make(arena, "dba", kind, table)
    assert arena.run(f"SELECT count(*) FROM {source}") == 3
    assert arena.run(f"SELECT count(*) FROM {source} WHERE id = 4") == 0
    assert arena.app.execute(f"SELECT FROM {source}").rowcount == 0
    if "view" in kind:
        assert arena.run(f"UPDATE {source} SET body = 'x'") == 3
        assert arena.run(f"INSERT INTO {source} (id) VALUES (4)") == 1
        for statement in (
            f"INSERT INTO {source} ({{tenant}}, id) VALUES ({{b}}, 9)",
            f"UPDATE {source} SET {{tenant}} = {{b}}",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                arena.run(statement, table)
        assert arena.run(f"DELETE FROM {source}") == 4


@pytest.mark.parametrize("kind", MADE_OF)
def test_of_a_superuser(arena: Arena, kind: str) -> None:
    source = make(arena, "postgres", kind, "plain")
    assert arena.run(f"SELECT count(*) FROM {source}") == (3 if "invoker" in kind else 7)


def test_materialized_view_of_the_owner(arena: Arena) -> None:
    arena.dba.execute("CREATE MATERIALIZED VIEW public.copied AS TABLE public.plain")
    arena.dba.execute("GRANT SELECT ON public.copied TO tenantry_app")
    assert arena.run("SELECT count(*) FROM public.copied") == 0


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("name", ["aaa", "zzz"])
def test_trigger_that_changes_the_tenant(arena: Arena, table: str, name: str) -> None:
    """A trigger of the owner's that is careless with the tenant cannot carry a row over, whenever it fires."""
    function = (
        "CREATE OR REPLACE FUNCTION public.careless() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN IF NEW.body = 'move' THEN NEW.{tenant} := {b}; END IF; RETURN NEW; END $$"
    )
    trigger = "CREATE TRIGGER {name} BEFORE INSERT OR UPDATE ON {t} FOR EACH ROW EXECUTE FUNCTION public.careless()"
    arena.dba.execute(arena.format(function, table))
    arena.dba.execute(arena.format(trigger, table, name=name))
    try:
        assert arena.run("INSERT INTO {t} (id, body) VALUES (9, 'stay')", table) == 1
        for statement in ("INSERT INTO {t} (id, body) VALUES (8, 'move')", "UPDATE {t} SET body = 'move' WHERE id = 1"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                arena.run(statement, table)
    finally:
        arena.dba.execute(arena.format("DROP TRIGGER {name} ON {t}", table, name=name))

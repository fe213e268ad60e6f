"""Plans are made for one tenant and kept in the session: none of them serves another tenant, role or table."""

import psycopg
import pytest

from tests.search.library import contents, fill, run, search, value
from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, as_tenant, create_tenant

KEPT = 64


def run_search(app: Connection, tenant: object, table: str = "chunks", column: str = "tenant_id") -> list[str]:
    """Call what search() calls, with arguments of the caller's choice; return the contents that it finds."""
    run(app, "DECLARE question CURSOR FOR SELECT '[1, 0, 0]'::vector")
    hits = value(
        app,
        "SELECT tenantry.run_search('question', 10, NULL, 'Infinity', ARRAY[%s]::uuid[], %s, %s,"
        " 'id', 'embedding', 'content', NULL, 'cosine')",
        tenant,
        table,
        column,
    )
    parked = run(app, f'FETCH "{hits}"').fetchone()
    run(app, "CLOSE ALL")
    assert parked is not None
    return parked[1] or []


def test_another_tenants_id_in_the_plan_finds_nothing(app: Connection, acme: Tenant, globex: Tenant) -> None:
    """What a poisoned cache of plans could do at worst: the policy goes on asking for the context."""
    fill(app, acme, (1, 0, 0))
    fill(app, globex, (1, 0, 0), (0, 1, 0))
    with as_tenant(app, acme):
        assert run_search(app, acme.tenant_id) == ["chunk 1"]
        assert run_search(app, globex.tenant_id) == []
        # A column of the attacker's choice in place of the tenant's: still his own rows only.
        chunk = value(app, "SELECT id FROM chunks")
        assert run_search(app, chunk, column="id") == ["chunk 1"]
    with as_tenant(app, globex):
        # The plan for globex is now in the session's cache, made by acme.
        assert run_search(app, globex.tenant_id) == ["chunk 1", "chunk 2"]
        assert contents(search(app, (1, 0, 0))) == ["chunk 1", "chunk 2"]
        assert run_search(app, chunk, column="id") == []
    with app.transaction():
        assert run_search(app, globex.tenant_id) == []


def test_the_callers_privileges_hold_in_run_search_too(app: Connection, acme: Tenant) -> None:
    with as_tenant(app, acme):
        for table, column in (("pg_authid", "oid"), ("tenantry_private.signing_keys", "signing_key_id")):
            with pytest.raises(psycopg.Error), app.transaction():
                run_search(app, acme.tenant_id, table, column)
            with pytest.raises(psycopg.errors.InsufficientPrivilege), app.transaction():
                run(app, f"SELECT FROM {table}")


def test_more_tenants_than_plans_are_kept(app: Connection, dba: Connection) -> None:
    tenants = [create_tenant(dba, f"many-{number}") for number in range(KEPT + 5)]
    for number, tenant in enumerate(tenants):
        fill(app, tenant, *[(1, 0, 0)] * (number % 3 + 1))
    for _ in range(2):
        for number, tenant in enumerate(tenants):
            with as_tenant(app, tenant):
                assert len(search(app, (1, 0, 0), k=100)) == number % 3 + 1


def test_the_memory_of_a_session_is_bounded(module_database: Database, app: Connection, dba: Connection) -> None:
    tenants = [create_tenant(dba, f"crowd-{number}") for number in range(3 * KEPT)]
    memory = "SELECT sum(total_bytes) FROM pg_backend_memory_contexts WHERE name LIKE 'CachedPlan%%'"
    grant = "GRANT EXECUTE ON FUNCTION pg_get_backend_memory_contexts() TO app"
    with module_database.connect("postgres") as superuser:
        run(superuser, f"{grant}; GRANT SELECT ON pg_backend_memory_contexts TO app")
    used = []
    for number, tenant in enumerate(tenants, 1):
        with as_tenant(app, tenant):
            search(app, (1, 0, 0))
        if number % KEPT == 0:
            used.append(value(app, memory))
    assert used[0] < 8 * 1024 * 1024
    assert used[2] < 1.2 * float(used[0])


def test_roles_in_one_session_share_no_rights(
    superuser: Connection, app: Connection, acme: Tenant, globex: Tenant
) -> None:
    fill(app, acme, (1, 0, 0))
    fill(app, globex, (0, 1, 0))
    with as_tenant(superuser, acme):  # bound by no policy, and by the literal tenant alone
        assert contents(search(superuser, (1, 0, 0))) == ["chunk 1"]
        assert run_search(superuser, globex.tenant_id) == ["chunk 1"]
        run(superuser, "SET LOCAL ROLE app")
        assert contents(search(superuser, (1, 0, 0))) == ["chunk 1"]
        assert run_search(superuser, globex.tenant_id) == []
        run(superuser, "SET LOCAL ROLE dba")  # the owner, bound since row-level security is forced
        assert run_search(superuser, globex.tenant_id) == []
        run(superuser, "SET LOCAL ROLE gateway")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            search(superuser, (1, 0, 0))


CHANGES = (
    "ALTER TABLE chunks ADD COLUMN extra int DEFAULT 7",
    "CREATE INDEX extra_index ON chunks (tenant_id, extra)",
    "ALTER TABLE chunks DROP COLUMN extra",
    "ANALYZE chunks",
    "ALTER TABLE chunks ALTER COLUMN content TYPE varchar",
    "ALTER TABLE chunks ALTER COLUMN content TYPE text",
    "SELECT tenantry.protect('chunks', p_permission_column => 'permission_level')",
)


def test_plans_follow_changes_of_the_table(app: Connection, dba: Connection, acme: Tenant, globex: Tenant) -> None:
    fill(app, acme, (1, 0, 0))
    for change in ("SELECT 1", *CHANGES):
        run(dba, change)
        with as_tenant(app, acme):
            assert contents(search(app, (1, 0, 0))) == ["chunk 1"]
        with as_tenant(app, globex):
            assert search(app, (1, 0, 0)) == []


def test_discarding_plans_is_harmless(app: Connection, acme: Tenant) -> None:
    fill(app, acme, (1, 0, 0))
    for discard in ("SELECT 1", "DISCARD PLANS", "DISCARD ALL", "DEALLOCATE ALL"):
        run(app, discard)
        with as_tenant(app, acme):
            assert contents(search(app, (1, 0, 0))) == ["chunk 1"]


def test_a_search_that_failed_does_not_spoil_the_next(app: Connection, acme: Tenant) -> None:
    fill(app, acme, (1, 0, 0))
    with as_tenant(app, acme):
        run(app, "SELECT set_config('statement_timeout', '1ms', true)")
        slow = "SELECT count(*) FROM generate_series(1, 2000), tenantry.search('[1, 0, 0]') AS s, pg_sleep(0.01)"
        with pytest.raises(psycopg.errors.QueryCanceled), app.transaction():
            run(app, slow)
        run(app, "SELECT set_config('statement_timeout', '0', true)")
        assert contents(search(app, (1, 0, 0))) == ["chunk 1"]
        assert value(app, "SELECT count(*) FROM pg_cursors") == 0


def test_the_tenant_is_a_literal_to_the_planner(
    module_database: Database, app: Connection, dba: Connection, acme: Tenant, globex: Tenant
) -> None:
    """Other tenants' partitions are not even opened: what the plan locks tells."""
    run(
        dba,
        "CREATE TABLE parts (tenant_id uuid, id bigint, body text, e vector(3), PRIMARY KEY (tenant_id, id))"
        " PARTITION BY LIST (tenant_id)",
    )
    for name, tenant in (("part_acme", acme), ("part_globex", globex)):
        run(dba, f"CREATE TABLE {name} PARTITION OF parts FOR VALUES IN ('{tenant.tenant_id}')")
    run(dba, "SELECT tenantry.protect('parts')")
    run(dba, "GRANT SELECT, INSERT ON parts TO tenantry_app")
    run(dba, "SELECT tenantry.register_corpus('parts', 'id', 'e', 'body')")
    locked = "SELECT relation::regclass::text FROM pg_locks WHERE relation::regclass::text LIKE 'part!_%%' ESCAPE '!'"
    for _ in range(2):  # when the plan is made, and when it is kept
        with as_tenant(app, acme):
            search(app, (1, 0, 0), corpus="parts")
            locks = {name for (name,) in run(app, locked).fetchall()}
            assert "part_acme" in locks
            assert not any("globex" in name for name in locks)
    with as_tenant(app, acme):
        run(app, "SELECT FROM parts")
        assert ("part_globex",) in run(app, locked).fetchall()
    run(dba, "DROP TABLE parts")
    run(dba, "SELECT tenantry.register_corpus('chunks', 'id', 'embedding', 'content', 'metadata')")

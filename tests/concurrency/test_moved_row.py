"""A row that goes to another tenant while a statement waits for it."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import LiteralString

import pytest

from tests.support.database import Database
from tests.support.tenants import Tenant, as_tenant, create_tenant

STATEMENTS: list[LiteralString] = [
    "UPDATE documents SET body = 'taken'",
    "UPDATE documents SET body = 'taken' WHERE id = 1 RETURNING body",
    "DELETE FROM documents",
    "SELECT body FROM documents FOR UPDATE",
    "MERGE INTO documents d USING (SELECT 1 AS id) s ON d.id = s.id WHEN MATCHED THEN DELETE",
]


@pytest.fixture(scope="module")
def tenants(module_database: Database) -> tuple[Tenant, Tenant]:
    dba = module_database.connect("dba")
    dba.execute("CREATE TABLE documents (tenant_id uuid, id int, body text)")
    dba.execute("SELECT tenantry.protect('documents')")
    dba.execute("GRANT SELECT, UPDATE, DELETE ON documents TO app")
    return create_tenant(dba, "acme"), create_tenant(dba, "globex")


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize(("moves", "touched"), [(False, 1), (True, 0)])
def test_moved_row(
    module_database: Database, tenants: tuple[Tenant, Tenant], statement: LiteralString, moves: bool, touched: int
) -> None:
    """PostgreSQL checks the policy again on the row as it has become. Only a superuser can move one at all."""
    acme, globex = tenants
    with (
        module_database.connect("postgres") as superuser,
        module_database.connect("postgres") as observer,
        module_database.connect("app") as app,
        ThreadPoolExecutor(1) as thread,
    ):
        superuser.execute("SET session_replication_role = replica")  # no trigger, no foreign key
        superuser.execute("TRUNCATE documents")
        superuser.execute("INSERT INTO documents VALUES (%s, 1, 'secret')", [acme.tenant_id])
        superuser.execute("BEGIN")
        owner = globex if moves else acme
        superuser.execute("UPDATE documents SET tenant_id = %s, body = 'still secret'", [owner.tenant_id])
        with as_tenant(app, acme):
            waiting = thread.submit(app.execute, statement)
            blocked = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s"
            while observer.execute(blocked, [app.info.backend_pid]).fetchone() != (True,):
                assert not waiting.done(), "it did not wait"
                time.sleep(0.005)
            superuser.execute("COMMIT")
            assert waiting.result().rowcount == touched
        if moves:
            left = superuser.execute("SELECT tenant_id, body FROM documents").fetchall()
            assert left == [(globex.tenant_id, "still secret")]

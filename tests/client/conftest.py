"""A database with a protected table and two tenants, for the client's tests.

One database a module, with its rows removed before each test. The pools are in `asynchronous` and `synchronous`.
"""

import time
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, create_tenant

NOTES = """
CREATE TABLE notes (
    tenant_id uuid,
    id int GENERATED ALWAYS AS IDENTITY,
    body text,
    PRIMARY KEY (tenant_id, id)
)
"""


class World(NamedTuple):
    """What a test of the client has to do with: a database, two tenants, and ways to look from outside."""

    database: Database
    acme: Tenant
    globex: Tenant
    dba: Connection
    superuser: Connection

    def sessions(self, state: str = "%") -> list[int]:
        """Return the backends of the application that are in a state, such as 'idle in transaction%'."""
        rows = self.superuser.execute(
            "SELECT pid FROM pg_stat_activity WHERE usename IN ('app', 'gateway') AND datname = current_database()"
            " AND state LIKE %s",
            [state],
        )
        return [pid for (pid,) in rows]

    def terminate(self, *pids: int) -> None:
        """Kill backends, and wait until they are gone."""
        for pid in pids:
            self.superuser.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    def wait_for_sessions(self, count: int, state: str = "%") -> None:
        """Wait until the application has this many backends in a state: one that was closed takes a moment to go."""
        for _ in range(500):
            if len(self.sessions(state)) == count:
                return
            time.sleep(0.01)
        pytest.fail(f"{len(self.sessions(state))} backends in state {state}, not {count}")

    def count(self, tenant: Tenant) -> int:
        """Return how many notes a tenant has, whoever asks."""
        row = self.superuser.execute("SELECT count(*) FROM notes WHERE tenant_id = %s", [tenant.tenant_id]).fetchone()
        assert row
        return int(row[0])


@pytest.fixture(scope="module")
def module_world(module_database: Database) -> World:
    dba, superuser = module_database.connect("dba"), module_database.connect("postgres")
    dba.execute(NOTES)
    dba.execute("SELECT tenantry.protect('notes')")
    dba.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON notes TO tenantry_app")
    dba.execute("GRANT SELECT ON SEQUENCE notes_id_seq TO tenantry_app")
    return World(module_database, create_tenant(dba, "acme"), create_tenant(dba, "globex"), dba, superuser)


@pytest.fixture
def world(module_world: World) -> Iterator[World]:
    module_world.superuser.execute("TRUNCATE notes")
    yield module_world
    module_world.wait_for_sessions(0, "idle in transaction%")

"""A protected table of two tenants, in a fresh database for each test."""

import pytest

from tests.support.database import Connection
from tests.support.tenants import Tenant, as_tenant


@pytest.fixture
def acme(two_tenants: tuple[Tenant, Tenant]) -> Tenant:
    return two_tenants[0]


@pytest.fixture
def globex(two_tenants: tuple[Tenant, Tenant]) -> Tenant:
    return two_tenants[1]


@pytest.fixture
def notes(dba: Connection) -> str:
    """A protected table that the application may write to."""
    dba.execute("CREATE TABLE notes (tenant_id uuid, id int, body text, level text, PRIMARY KEY (tenant_id, id))")
    dba.execute("SELECT tenantry.protect('notes')")
    dba.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON notes TO tenantry_app")
    return "public.notes"


@pytest.fixture
def written(notes: str, app: Connection, acme: Tenant, globex: Tenant) -> str:
    """The table, with a row and a few records of each tenant."""
    for tenant in (acme, globex):
        for i in range(5):
            with as_tenant(app, tenant):
                app.execute("INSERT INTO notes (id, body) VALUES (%s, 'x')", [i])
    return notes

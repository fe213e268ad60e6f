"""One database a module, with two tenants in it; every fault is made in a transaction that is rolled back."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.protection.workshop import Workshop
from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, create_tenant


@pytest.fixture(scope="module")
def superuser(module_database: Database) -> Connection:
    return module_database.connect("postgres")


@pytest.fixture(scope="module")
def tenants(module_database: Database) -> tuple[Tenant, Tenant]:
    with module_database.connect("dba") as dba:
        return create_tenant(dba, "acme"), create_tenant(dba, "globex")


@pytest.fixture
def workshop(superuser: Connection, tenants: tuple[Tenant, Tenant]) -> Iterator[Workshop]:
    """A transaction of the DBA's that is rolled back at the end."""
    with superuser.transaction():
        yield Workshop(superuser, tenants)
        raise psycopg.Rollback

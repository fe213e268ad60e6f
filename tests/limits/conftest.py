"""One database a module, and in it for each test two tenants of its own."""

import itertools
from collections.abc import Iterator

import pytest

from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, create_tenant

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def superuser(module_database: Database) -> Connection:
    return module_database.connect("postgres")


@pytest.fixture(scope="module")
def dba(module_database: Database) -> Connection:
    return module_database.connect("dba")


@pytest.fixture
def app(module_database: Database) -> Iterator[Connection]:
    with module_database.connect("app") as app:
        yield app


@pytest.fixture
def acme(dba: Connection) -> Tenant:
    return create_tenant(dba, f"acme-{next(_numbers)}")


@pytest.fixture
def globex(dba: Connection) -> Tenant:
    return create_tenant(dba, f"globex-{next(_numbers)}")


@pytest.fixture(scope="module")
def asked(dba: Connection) -> str:
    """A metered table of prompts, and its name."""
    dba.execute(
        """
        CREATE TABLE asked (
            tenant_id uuid, id int GENERATED ALWAYS AS IDENTITY, model text, tokens int, body text,
            PRIMARY KEY (tenant_id, id)
        );
        SELECT tenantry.protect('asked');
        SELECT tenantry.meter_tokens('asked', 'tokens', 'model');
        GRANT SELECT, INSERT, UPDATE, DELETE ON asked TO tenantry_app;
        """
    )
    return "asked"


@pytest.fixture(scope="module")
def stored(dba: Connection) -> str:
    """A table whose rows and bytes are metered, and its name."""
    dba.execute(
        """
        CREATE TABLE stored (
            tenant_id uuid, id int GENERATED ALWAYS AS IDENTITY, body text, PRIMARY KEY (tenant_id, id)
        );
        SELECT tenantry.protect('stored');
        SELECT tenantry.meter_storage('stored');
        GRANT SELECT, INSERT, UPDATE, DELETE ON stored TO tenantry_app;
        """
    )
    return "stored"

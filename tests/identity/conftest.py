"""One database a module, and in it for each test two tenants of its own, with a document each."""

import itertools
from collections.abc import Iterator

import pytest

from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, as_tenant, create_tenant

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def superuser(module_database: Database) -> Connection:
    return module_database.connect("postgres")


@pytest.fixture(scope="module")
def dba(module_database: Database) -> Connection:
    dba = module_database.connect("dba")
    dba.execute("CREATE TABLE documents (tenant_id uuid, id int, body text, PRIMARY KEY (tenant_id, id))")
    dba.execute("SELECT tenantry.protect('documents')")
    dba.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON documents TO tenantry_app")
    return dba


@pytest.fixture(scope="module")
def gateway(module_database: Database) -> Connection:
    return module_database.connect("gateway")


@pytest.fixture
def app(module_database: Database, dba: Connection) -> Iterator[Connection]:
    with module_database.connect("app") as app:
        yield app


@pytest.fixture
def acme(dba: Connection, app: Connection) -> Tenant:
    return _with_document(app, create_tenant(dba, f"acme-{next(_numbers)}"))


@pytest.fixture
def globex(dba: Connection, app: Connection) -> Tenant:
    return _with_document(app, create_tenant(dba, f"globex-{next(_numbers)}"))


def _with_document(app: Connection, tenant: Tenant) -> Tenant:
    with as_tenant(app, tenant):
        app.execute("INSERT INTO documents (id, body) VALUES (1, %s)", [tenant.slug])
    return tenant

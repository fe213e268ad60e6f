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

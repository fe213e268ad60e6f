"""One database a module, with the AI tables for vectors of three dimensions; for each test two tenants of its own."""

import itertools
from collections.abc import Iterator

import pytest

from tests.search.library import make_library
from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, create_tenant

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def superuser(module_database: Database) -> Connection:
    return module_database.connect("postgres")


@pytest.fixture(scope="module")
def dba(module_database: Database) -> Connection:
    dba = module_database.connect("dba")
    make_library(dba)
    return dba


@pytest.fixture(scope="module")
def gateway(module_database: Database) -> Connection:
    return module_database.connect("gateway")


@pytest.fixture
def app(module_database: Database, dba: Connection) -> Iterator[Connection]:
    with module_database.connect("app") as app:
        yield app


@pytest.fixture
def acme(dba: Connection) -> Tenant:
    return create_tenant(dba, f"acme-{next(_numbers)}", "owner")


@pytest.fixture
def globex(dba: Connection) -> Tenant:
    return create_tenant(dba, f"globex-{next(_numbers)}", "owner")

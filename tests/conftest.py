"""Fixtures that every test may use.

cluster           a private server for the session, removed after it
template          a database with tenantry, vector, plpython3u and tenantry_search, to be cloned
database          a clone of it, fresh for the test
module_database   a clone of it, shared by the tests of a module
superuser, dba, app, gateway
                  connections to `database`: the superuser, and login roles that are members of tenantry_admin (may
                  create in schema public), tenantry_app and tenantry_gateway alone. All are in autocommit mode: a
                  test says `with app.transaction():`. More of them, or other modes: `database.connect("app", …)`
two_tenants       tenants "acme" and "globex" in `database`, each with an API key of role member
pgbouncer         PgBouncer in transaction mode before `cluster`: `pgbouncer.database(database).connect("app", …)`
server_log        the server's log file

tests.support.tenants has create_tenant for more tenants, and as_tenant to act as one of them.
"""

import filecmp
import itertools
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pytest_postgresql import factories
from pytest_postgresql.executors import NoopExecutor
from pytest_postgresql.janitor import DatabaseJanitor

from tests.support.cluster import CHECKOUT, Cluster, running_cluster
from tests.support.database import Connection, Database, install_extensions
from tests.support.pgbouncer import PgBouncer, running_pgbouncer
from tests.support.tenants import Tenant, create_tenant

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    pg_config = os.environ.get("PG_CONFIG", "pg_config")
    installed = Path(subprocess.check_output([pg_config, "--sharedir"], text=True).strip(), "extension")
    for built in (CHECKOUT / "extension/build").glob("*.sql"):
        there = installed / built.name
        if not there.exists() or not filecmp.cmp(built, there, shallow=False):
            pytest.exit(f"{built.name} is not what the server has installed: run make install", returncode=2)
    with running_cluster() as running:
        yield running


template = factories.postgresql_noproc(depends_on="cluster", dbname="tenantry", load=[install_extensions])


@contextmanager
def _cloned(template: NoopExecutor) -> Iterator[Database]:
    name = f"tenantry_{next(_numbers)}"
    with DatabaseJanitor(
        user=template.user,
        host=template.host,
        port=template.port,
        dbname=name,
        template_dbname=template.template_dbname,
    ):
        database = Database(template.host, template.port, name)
        try:
            yield database
        finally:
            database.close()


@pytest.fixture
def database(template: NoopExecutor) -> Iterator[Database]:
    with _cloned(template) as clone:
        yield clone


@pytest.fixture(scope="module")
def module_database(template: NoopExecutor) -> Iterator[Database]:
    with _cloned(template) as clone:
        yield clone


@pytest.fixture
def superuser(database: Database) -> Connection:
    return database.connect("postgres")


@pytest.fixture
def dba(database: Database) -> Connection:
    return database.connect("dba")


@pytest.fixture
def app(database: Database) -> Connection:
    return database.connect("app")


@pytest.fixture
def gateway(database: Database) -> Connection:
    return database.connect("gateway")


@pytest.fixture
def two_tenants(dba: Connection) -> tuple[Tenant, Tenant]:
    return create_tenant(dba, "acme"), create_tenant(dba, "globex")


@pytest.fixture(scope="session")
def pgbouncer(cluster: Cluster) -> Iterator[PgBouncer]:
    with running_pgbouncer(cluster) as running:
        yield running


@pytest.fixture
def server_log(cluster: Cluster) -> Path:
    return cluster.log

"""Tables that can be shared, and three tenants: acme reads what globex and the provider share, initech nothing.

Each of them has the rows 1 to 3 of each table; globex has a collection "handbook", the provider one named "legal", with
the rows 4 and 5 each. Every body names whose row it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, LiteralString, cast
from uuid import UUID

import psycopg
import pytest

from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, as_tenant, create_tenant

PROVIDER = UUID(int=0)
TABLES = ("guides", "parts")

SCHEMA = """
CREATE TABLE guides (
    tenant_id uuid, id int, body text, level text NOT NULL DEFAULT 'INTERNAL', PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ON guides (tenant_id, body);
CREATE TABLE parts (LIKE guides INCLUDING ALL) PARTITION BY RANGE (id);
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES FROM (0) TO (100);
CREATE TABLE own (tenant_id uuid, id int, body text);
SELECT tenantry.protect('guides', p_permission_column => 'level', p_shared => true);
SELECT tenantry.protect('parts', p_permission_column => 'level', p_shared => true);
SELECT tenantry.protect('own');
GRANT SELECT, INSERT, UPDATE, DELETE ON guides, parts, parts_0, own TO tenantry_app;
"""


@dataclass(frozen=True)
class Place:
    """Where things are shared. `app` and `dba` are connections in autocommit mode."""

    database: Database
    dba: Connection
    app: Connection
    acme: Tenant
    globex: Tenant
    initech: Tenant
    members: dict[UUID, Tenant]
    handbook: UUID
    legal: UUID

    def value(self, query: str, *parameters: object, connection: Connection | None = None) -> Any:
        """Return the only value of a query, of the DBA's unless a connection is given."""
        row = (connection or self.dba).execute(cast(LiteralString, query), parameters or None).fetchone()
        assert row is not None
        return row[0]

    def member(self, tenant: Tenant) -> Tenant:
        """Return a tenant with a key of role member instead of owner."""
        return self.members[tenant.tenant_id]

    def bodies(self, tenant: Tenant, table: str = "guides") -> list[str]:
        """Return what a tenant reads of a table."""
        with as_tenant(self.app, tenant) as app:
            return bodies(app, table)

    def share(self, *, table: str = "guides", accept: bool = True) -> None:
        """Let globex share its handbook with acme."""
        with as_tenant(self.app, self.globex) as app:
            app.execute("SELECT tenantry.share_collection(%s, 'handbook', %s)", [table, self.acme.tenant_id])
        if accept:
            with as_tenant(self.app, self.acme) as app:
                app.execute("SELECT tenantry.accept_collection(%s)", [self.handbook])

    def unshare(self, app: Connection | None = None, table: str = "guides") -> None:
        """Let globex take it back."""
        with as_tenant(app or self.app, self.globex) as owner:
            owner.execute("SELECT tenantry.unshare_collection(%s, 'handbook', %s)", [table, self.acme.tenant_id])


def bodies(connection: Connection, table: str = "guides") -> list[str]:
    """Return what a connection reads of a table."""
    query = cast(LiteralString, f"SELECT body FROM {table} ORDER BY body")
    return [body for (body,) in connection.execute(query)]


def of(owner: str, *rows: int) -> list[str]:
    """Return the bodies of an owner's rows."""
    return [f"{owner} {row}" for row in rows]


ACME, GLOBEX, INITECH = of("acme", 1, 2, 3), of("globex", 1, 2, 3), of("initech", 1, 2, 3)
HANDBOOK, LEGAL, PROVIDED = of("handbook", 4, 5), of("legal", 4, 5), of("provider", 1, 2, 3)


@pytest.fixture(scope="module")
def built(module_database: Database) -> Place:
    dba, app = module_database.connect("dba"), module_database.connect("app")
    dba.execute(SCHEMA)
    tenants = {slug: create_tenant(dba, slug, "owner") for slug in ("acme", "globex", "initech")}
    members = {}
    for tenant in tenants.values():
        row = dba.execute("SELECT * FROM tenantry.issue_api_key(%s, 'member')", [tenant.tenant_id]).fetchone()
        assert row is not None
        members[tenant.tenant_id] = Tenant(tenant.tenant_id, tenant.slug, *row)
    insert = "INSERT INTO {} (tenant_id, id, body) SELECT %s, i, %s || ' ' || i FROM generate_series(%s::int, %s) AS i"
    collections = {}

    def fill(connection: Connection, owner: UUID, slug: str, collection: str | None) -> None:
        for table in TABLES:
            connection.execute(cast(LiteralString, insert.format(table)), [owner, slug, 1, 3])
        if collection:
            row = connection.execute("SELECT tenantry.create_collection(%s)", [collection]).fetchone()
            assert row is not None
            collections[collection] = row[0]
            for table in TABLES:
                connection.execute(cast(LiteralString, insert.format(table)), [row[0], collection, 4, 5])

    for slug, tenant in tenants.items():
        with as_tenant(app, tenant):
            fill(app, tenant.tenant_id, slug, "handbook" if slug == "globex" else None)
    with dba.transaction():
        dba.execute("SELECT tenantry.enter_shared()")
        fill(dba, PROVIDER, "provider", "legal")
    return Place(module_database, dba, app, **tenants, members=members, **collections)


@pytest.fixture
def place(built: Place) -> Iterator[Place]:
    """The place, with nothing shared before and after the test."""
    yield built
    for table in TABLES:
        built.dba.execute("SELECT tenantry.forget_shares(%s)", [table])


def refusal(connection: Connection, statement: str, *parameters: object) -> psycopg.Error:
    """Run what must fail, and return the error."""
    try:
        with connection.transaction():
            connection.execute(cast(LiteralString, statement), parameters or None)
    except psycopg.Error as error:
        return error
    raise AssertionError(f"{statement} went through")

"""A collection is its owner's, also where it counts."""

from uuid import UUID

import psycopg
import pytest

from tests.support.database import Connection
from tests.support.tenants import Tenant, as_tenant, create_tenant

WRITE = "INSERT INTO library (tenant_id, tokens) SELECT %s, %s FROM generate_series(1, %s)"
USAGE = (
    "SELECT key_id, requests, tokens, stored_rows FROM tenantry.tenant_usage WHERE tenant_id = %s ORDER BY stored_rows"
)


@pytest.fixture(scope="module", autouse=True)
def library(dba: Connection) -> None:
    """A shared table, metered."""
    dba.execute(
        """
        CREATE TABLE library (
            tenant_id uuid, id int GENERATED ALWAYS AS IDENTITY, tokens int, PRIMARY KEY (tenant_id, id)
        );
        SELECT tenantry.protect('library', p_shared => true);
        SELECT tenantry.meter_tokens('library', 'tokens');
        SELECT tenantry.meter_storage('library');
        GRANT SELECT, INSERT, UPDATE, DELETE ON library TO tenantry_app;
        """
    )


@pytest.fixture
def publisher(dba: Connection, acme: Tenant) -> Tenant:
    return create_tenant(dba, f"{acme.slug}-publishes", "owner")


@pytest.fixture
def shelf(app: Connection, publisher: Tenant) -> UUID:
    """A collection of the publisher's."""
    with as_tenant(app, publisher):
        row = app.execute("SELECT tenantry.create_collection('shelf')").fetchone()
    assert row is not None
    return UUID(str(row[0]))


def writes(app: Connection, tenant: Tenant, container: UUID, tokens: int, rows: int) -> bool:
    try:
        with as_tenant(app, tenant):
            app.execute(WRITE, [container, tokens, rows])
    except psycopg.errors.ConfigurationLimitExceeded:
        return False
    return True


def test_a_collection_is_no_way_round_a_limit(app: Connection, dba: Connection, publisher: Tenant, shelf: UUID) -> None:
    dba.execute("SELECT tenantry.set_tenant_limits(%s, p_tokens_per_day => 100, p_rows => 10)", [publisher.tenant_id])
    own = publisher.tenant_id
    attempts = ((shelf, 11), (shelf, 6), (own, 5), (own, 4), (shelf, 1))
    assert [writes(app, publisher, to, 0, rows) for to, rows in attempts] == [False, True, False, True, False]
    with as_tenant(app, publisher):
        app.execute("DELETE FROM library")
    attempts = ((shelf, 60), (own, 50), (own, 40), (shelf, 1))
    assert [writes(app, publisher, to, tokens, 1) for to, tokens in attempts] == [True, False, True, False]


def test_usage_is_the_owners(app: Connection, dba: Connection, publisher: Tenant, shelf: UUID) -> None:
    assert writes(app, publisher, shelf, 3, 2)
    assert writes(app, publisher, publisher.tenant_id, 1, 1)
    expected = [(None, 0, 0, 3), (publisher.key_id, 3, 7, None)]
    assert dba.execute(USAGE, [publisher.tenant_id]).fetchall() == expected
    assert dba.execute(USAGE, [shelf]).fetchall() == []
    with as_tenant(app, publisher):
        assert app.execute(USAGE, [publisher.tenant_id]).fetchall() == expected


def test_a_dropped_collection_makes_room(app: Connection, dba: Connection, publisher: Tenant, shelf: UUID) -> None:
    """Its rows are counted no more; what they cost is."""
    dba.execute("SELECT tenantry.set_tenant_limits(%s, p_tokens_per_day => 100, p_rows => 5)", [publisher.tenant_id])
    assert writes(app, publisher, shelf, 20, 5)
    assert not writes(app, publisher, publisher.tenant_id, 0, 1)
    dba.execute("SELECT tenantry.drop_collection(%s, 'shelf')", [publisher.tenant_id])
    assert [writes(app, publisher, publisher.tenant_id, 0, rows) for rows in (6, 5, 1)] == [False, True, False]
    assert dba.execute(USAGE, [publisher.tenant_id]).fetchall() == [(None, 0, 0, 5), (publisher.key_id, 10, 100, None)]


def test_a_collection_has_no_limits_of_its_own(dba: Connection, shelf: UUID) -> None:
    with pytest.raises(psycopg.errors.NoDataFound):
        dba.execute("SELECT tenantry.set_tenant_limits(%s, p_rows => 1)", [shelf])

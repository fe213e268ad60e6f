"""Who reads what: own rows, and what is granted, shared and accepted."""

from typing import LiteralString, cast

import pytest

from tests.sharing.conftest import ACME, GLOBEX, HANDBOOK, INITECH, LEGAL, PROVIDED, PROVIDER, TABLES, Place, bodies
from tests.support.tenants import as_tenant


@pytest.mark.parametrize("table", TABLES)
def test_nothing_is_shared_at_first(place: Place, table: str) -> None:
    assert place.bodies(place.acme, table) == ACME
    assert place.bodies(place.initech, table) == INITECH
    assert place.bodies(place.globex, table) == GLOBEX + HANDBOOK
    assert bodies(place.app, table) == []


@pytest.mark.parametrize("table", TABLES)
def test_provider_grants_a_table(place: Place, table: str) -> None:
    place.dba.execute("SELECT tenantry.grant_shared(%s, %s)", [place.acme.tenant_id, table])
    assert place.bodies(place.acme, table) == ACME + LEGAL + PROVIDED
    (other,) = set(TABLES) - {table}
    assert place.bodies(place.acme, other) == ACME
    assert place.bodies(place.initech, table) == INITECH
    place.dba.execute("SELECT tenantry.revoke_shared(%s, %s)", [place.acme.tenant_id, table])
    assert place.bodies(place.acme, table) == ACME


@pytest.mark.parametrize("table", TABLES)
def test_provider_grants_a_collection(place: Place, table: str) -> None:
    place.dba.execute("SELECT tenantry.grant_shared(%s, %s, 'legal')", [place.acme.tenant_id, table])
    assert place.bodies(place.acme, table) == ACME + LEGAL
    # Both grants at once show no row twice, and each is taken back by itself.
    place.dba.execute("SELECT tenantry.grant_shared(%s, %s)", [place.acme.tenant_id, table])
    assert place.bodies(place.acme, table) == ACME + LEGAL + PROVIDED
    place.dba.execute("SELECT tenantry.revoke_shared(%s, %s)", [place.acme.tenant_id, table])
    assert place.bodies(place.acme, table) == ACME + LEGAL


@pytest.mark.parametrize("table", TABLES)
def test_tenant_shares_a_collection(place: Place, table: str) -> None:
    place.share(table=table, accept=False)
    assert place.bodies(place.acme, table) == ACME, "read before it was accepted"
    place.share(table=table)
    assert place.bodies(place.acme, table) == ACME + HANDBOOK
    (other,) = set(TABLES) - {table}
    assert place.bodies(place.acme, other) == ACME
    assert place.bodies(place.initech, table) == INITECH
    place.unshare(table=table)
    assert place.bodies(place.acme, table) == ACME
    # What was accepted before has to be accepted again.
    place.share(table=table, accept=False)
    assert place.bodies(place.acme, table) == ACME


def test_rows_that_come_later_are_shared_too(place: Place) -> None:
    place.share()
    with as_tenant(place.app, place.globex) as app:
        app.execute("INSERT INTO guides (tenant_id, id, body) VALUES (%s, 6, 'handbook 6')", [place.handbook])
    assert place.bodies(place.acme) == [*ACME, *HANDBOOK, "handbook 6"]
    with as_tenant(place.app, place.globex) as app:
        app.execute("DELETE FROM guides WHERE id = 6")
    assert place.bodies(place.acme) == ACME + HANDBOOK


def test_admin_takes_a_tenants_share_back(place: Place) -> None:
    place.share()
    place.dba.execute(
        "SELECT tenantry.revoke_shared(%s, 'guides', 'handbook', %s)", [place.acme.tenant_id, place.globex.tenant_id]
    )
    assert place.bodies(place.acme) == ACME


def test_grantee_declines(place: Place) -> None:
    place.share()
    place.dba.execute("SELECT tenantry.grant_shared(%s, 'guides')", [place.acme.tenant_id])
    with as_tenant(place.app, place.acme) as app:
        app.execute("SELECT tenantry.decline_collection(%s)", [place.handbook])
        assert bodies(app) == ACME + LEGAL + PROVIDED
        app.execute("SELECT tenantry.decline_collection(%s)", [PROVIDER])
        assert bodies(app) == ACME
        app.execute("SELECT tenantry.accept_collection(%s)", [PROVIDER])
        assert bodies(app) == ACME + LEGAL + PROVIDED


def test_suspended_owner_shares_nothing(place: Place) -> None:
    place.share()
    place.dba.execute("SELECT tenantry.suspend_tenant(%s)", [place.globex.tenant_id])
    assert place.bodies(place.acme) == ACME
    place.dba.execute("SELECT tenantry.resume_tenant(%s)", [place.globex.tenant_id])
    assert place.bodies(place.acme) == ACME + HANDBOOK


def test_readers_clearance_holds(place: Place) -> None:
    place.share()
    with as_tenant(place.app, place.globex) as app:
        app.execute("UPDATE guides SET level = 'RESTRICTED' WHERE id = 5")
    assert place.bodies(place.acme) == ACME + HANDBOOK
    assert place.bodies(place.member(place.acme)) == ACME + HANDBOOK[:1]
    with as_tenant(place.app, place.globex) as app:
        app.execute("UPDATE guides SET level = 'INTERNAL' WHERE id = 5")


def test_where_rows_come_from(place: Place) -> None:
    place.share()
    place.dba.execute("SELECT tenantry.grant_shared(%s, 'guides')", [place.acme.tenant_id])
    with as_tenant(place.app, place.acme) as app:
        rows = app.execute("SELECT DISTINCT tenant_id, tenantry.shared_by(tenant_id) FROM guides").fetchall()
        assert set(rows) == {
            (place.acme.tenant_id, None),
            (place.handbook, place.globex.tenant_id),
            (PROVIDER, PROVIDER),
            (place.legal, PROVIDER),
        }
        for unshared in (place.globex.tenant_id, place.initech.tenant_id):
            assert place.value("SELECT tenantry.shared_by(%s)", unshared, connection=app) is None


@pytest.mark.parametrize(
    "query",
    [
        "SELECT body FROM guides ORDER BY 1",
        "SELECT body FROM seen ORDER BY 1",
        "COPY (SELECT body FROM guides ORDER BY 1) TO STDOUT",
        "COPY guides (body) TO STDOUT",
    ],
)
def test_ways_to_read(place: Place, query: str) -> None:
    place.dba.execute(
        "CREATE OR REPLACE VIEW seen WITH (security_invoker = true) AS TABLE guides;"
        "GRANT SELECT ON seen TO tenantry_app"
    )
    place.share()

    def read() -> list[str]:
        with as_tenant(place.app, place.acme) as app:
            if query.startswith("COPY"):
                with app.cursor().copy(cast(LiteralString, query)) as copy:
                    return sorted(str(row[0]) for row in copy.rows())
            return [body for (body,) in app.execute(cast(LiteralString, query))]

    assert read() == ACME + HANDBOOK
    place.unshare()
    assert read() == ACME


def test_lists(place: Place) -> None:
    acme, globex = place.acme.tenant_id, place.globex.tenant_id
    place.share()
    place.dba.execute("SELECT tenantry.grant_shared(%s, 'guides', 'legal')", [acme])
    query = "SELECT collection, owner_tenant_id, grantee_tenant_id, accepted_at IS NOT NULL FROM tenantry.{} ORDER BY 1"
    shares, all_shares = cast(LiteralString, query.format("shares")), cast(LiteralString, query.format("all_shares"))
    with as_tenant(place.app, place.acme) as app:
        assert app.execute(shares).fetchall() == [("handbook", globex, acme, True), ("legal", PROVIDER, acme, True)]
        assert app.execute("TABLE tenantry.collections").fetchall() == []
    with as_tenant(place.app, place.globex) as app:
        assert app.execute(shares).fetchall() == [("handbook", globex, acme, False)]
        collections = app.execute("SELECT collection_id, collection FROM tenantry.collections").fetchall()
        assert collections == [(place.handbook, "handbook")]
    with as_tenant(place.app, place.initech) as app:
        assert app.execute(shares).fetchall() == []
    assert place.app.execute(shares).fetchall() == []
    assert place.dba.execute(all_shares).fetchall() == [
        ("handbook", globex, acme, True),
        ("legal", PROVIDER, acme, True),
    ]

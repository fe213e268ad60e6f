"""What is shared is read, never written: not by whom it is shared with, nor by who may not publish."""

from typing import LiteralString, cast

import pytest

from tests.sharing.conftest import ACME, GLOBEX, HANDBOOK, LEGAL, PROVIDED, PROVIDER, TABLES, Place, bodies, refusal
from tests.support.tenants import as_tenant

ROWS = "SELECT tableoid, ctid, xmin, xmax, t::text FROM {} AS t WHERE tenant_id <> %s ORDER BY 1, 2"

# What the grantee tries on shared rows; none is touched, or it is refused.
TOUCHES_NOTHING = [
    "UPDATE {t} SET body = 'mine' WHERE tenant_id = {c}",
    "UPDATE {t} SET tenant_id = {a} WHERE tenant_id = {c}",
    "UPDATE {t} SET body = o.body FROM {t} AS o WHERE o.id = {t}.id AND {t}.tenant_id <> {a}",
    "DELETE FROM {t} WHERE tenant_id = {c}",
    "DELETE FROM {t} WHERE tenant_id <> {a} RETURNING body",
    "WITH gone AS (DELETE FROM {t} WHERE id > 3 RETURNING body) SELECT body FROM gone",
    "SELECT FROM {t} WHERE tenant_id = {c} FOR UPDATE",
    "SELECT FROM {t} WHERE tenant_id = {c} FOR NO KEY UPDATE",
    "SELECT FROM {t} WHERE tenant_id = {c} FOR SHARE",
    "SELECT FROM {t} WHERE tenant_id = {c} FOR KEY SHARE",
]
REFUSED = [
    "INSERT INTO {t} (tenant_id, id, body) VALUES ({c}, 50, 'mine')",
    "INSERT INTO {t} (tenant_id, id, body) VALUES ({b}, 50, 'mine')",
    "INSERT INTO {t} (tenant_id, id, body) VALUES ({p}, 50, 'mine')",
    "INSERT INTO {t} (tenant_id, id, body) VALUES ({c}, 4, 'mine') ON CONFLICT (tenant_id, id) DO NOTHING",
    "INSERT INTO {t} (tenant_id, id, body) VALUES ({c}, 4, 'mine')"
    " ON CONFLICT (tenant_id, id) DO UPDATE SET body = 'mine'",
    "INSERT INTO {t} (tenant_id, id, body) SELECT tenant_id, id + 50, body FROM {t}",
    "UPDATE {t} SET tenant_id = {c}",
    "MERGE INTO {t} AS g USING (VALUES (4)) AS v (id) ON g.id = v.id AND g.tenant_id = {c}"
    " WHEN MATCHED THEN UPDATE SET body = 'mine'",
    "MERGE INTO {t} AS g USING (VALUES (4)) AS v (id) ON g.id = v.id AND g.tenant_id = {c} WHEN MATCHED THEN DELETE",
    "TRUNCATE {t}",
    "COPY {t} (tenant_id, id, body) FROM STDIN",
]


def filled(place: Place, statement: str, table: str) -> str:
    names = {"a": place.acme.tenant_id, "b": place.globex.tenant_id, "c": place.handbook, "p": PROVIDER}
    return statement.format(t=table, **{name: f"'{value}'" for name, value in names.items()})


def others(place: Place, table: str) -> list[object]:
    superuser = place.database.connect("postgres")
    rows = superuser.execute(cast(LiteralString, ROWS.format(table)), [place.acme.tenant_id]).fetchall()
    superuser.close()
    return list(rows)


@pytest.mark.parametrize("table", [*TABLES, "parts_0"])
@pytest.mark.parametrize("statement", TOUCHES_NOTHING)
def test_shared_rows_are_not_touched(place: Place, statement: str, table: str) -> None:
    shared = "parts" if table == "parts_0" else table
    place.share(table=shared)
    place.dba.execute("SELECT tenantry.grant_shared(%s, %s)", [place.acme.tenant_id, shared])
    before = others(place, table)
    with as_tenant(place.app, place.acme) as app:
        assert bodies(app, table) == ACME + HANDBOOK + LEGAL + PROVIDED
        assert app.execute(cast(LiteralString, filled(place, statement, table))).rowcount == 0
    assert others(place, table) == before


@pytest.mark.parametrize("table", [*TABLES, "parts_0"])
@pytest.mark.parametrize("statement", REFUSED)
def test_shared_rows_are_not_written(place: Place, statement: str, table: str) -> None:
    shared = "parts" if table == "parts_0" else table
    place.share(table=shared)
    place.dba.execute("SELECT tenantry.grant_shared(%s, %s)", [place.acme.tenant_id, shared])
    before = others(place, table)
    with as_tenant(place.app, place.acme) as app:
        error = refusal(app, filled(place, statement, table))
        assert error.sqlstate == ("0A000" if statement.startswith("COPY") else "42501"), error
    assert others(place, table) == before


def test_who_may_publish_writes_the_own_collection(place: Place) -> None:
    with as_tenant(place.app, place.globex) as app:
        assert app.execute("UPDATE guides SET body = body WHERE tenant_id = %s", [place.handbook]).rowcount == 2
        app.execute("INSERT INTO guides (tenant_id, id, body) VALUES (%s, 9, 'handbook 9')", [place.handbook])
        assert app.execute("DELETE FROM guides WHERE id = 9").rowcount == 1


def test_who_may_not_publish_does_not(place: Place) -> None:
    """A member reads the collection, but cannot put the tenant's data where others would read it."""
    with as_tenant(place.app, place.member(place.globex)) as app:
        assert bodies(app) == GLOBEX + HANDBOOK
        assert app.execute("UPDATE guides SET body = 'x' WHERE tenant_id = %s", [place.handbook]).rowcount == 0
        assert app.execute("DELETE FROM guides WHERE tenant_id = %s", [place.handbook]).rowcount == 0
        insert = "INSERT INTO guides (tenant_id, id, body) VALUES (%s, 9, 'leak')"
        assert refusal(app, insert, place.handbook).sqlstate == "42501"
        assert refusal(app, "UPDATE guides SET tenant_id = %s", place.handbook).sqlstate == "42501"


def test_collections_are_for_shared_tables_alone(place: Place) -> None:
    with as_tenant(place.app, place.globex) as app:
        error = refusal(app, "INSERT INTO own (tenant_id, id) VALUES (%s, 1)", place.handbook)
        assert error.sqlstate == "42501"


def test_a_row_does_not_move_into_a_collection(place: Place) -> None:
    """To publish a row is to insert it: no UPDATE with too wide a condition gives everything away."""
    with as_tenant(place.app, place.globex) as app:
        error = refusal(app, "UPDATE guides SET tenant_id = %s WHERE id = 1", place.handbook)
        assert (error.sqlstate, error.diag.message_primary) == (
            "42501",
            'the tenant of a row in "guides" cannot change',
        )


def test_provider_writes_in_its_own_context_alone(place: Place) -> None:
    insert = "INSERT INTO guides (id, body) VALUES (9, 'provider 9')"
    with place.dba.transaction(force_rollback=True):
        assert refusal(place.dba, insert).sqlstate == "42501"
        place.dba.execute("SELECT tenantry.enter_shared()")
        place.dba.execute(cast(LiteralString, insert))
        assert bodies(place.dba) == [*LEGAL, *PROVIDED, "provider 9"]


def test_member_of_the_arena_can_write(place: Place) -> None:
    """What is refused above is not refused for want of privileges."""
    with place.app.transaction(force_rollback=True):
        place.app.execute("SELECT tenantry.authenticate(%s)", [place.acme.api_key])
        for table in TABLES:
            for statement in (
                "UPDATE {} SET body = 'mine' WHERE tenant_id = tenantry.current_tenant()",
                "SELECT FROM {} FOR UPDATE",
                "DELETE FROM {}",
            ):
                assert place.app.execute(cast(LiteralString, statement.format(table))).rowcount == 3

"""Who may share what, and that nothing else leads there."""

from collections.abc import Iterator
from typing import LiteralString, cast
from uuid import uuid4

import psycopg
import pytest

from tests.sharing.conftest import ACME, GLOBEX, HANDBOOK, PROVIDER, Place, bodies, refusal
from tests.support.database import Connection
from tests.support.tenants import as_tenant

ADMINS = [
    "tenantry.grant_shared({a}, 'guides')",
    "tenantry.revoke_shared({a}, 'guides')",
    "tenantry.enter_shared()",
    "tenantry.drop_collection({b}, 'handbook')",
    "tenantry.forget_shares('guides')",
]
PUBLISHERS = [
    "tenantry.create_collection('new')",
    "tenantry.share_collection('guides', 'handbook', {a})",
    "tenantry.unshare_collection('guides', 'handbook', {a})",
    "tenantry.accept_collection({c})",
    "tenantry.decline_collection({c})",
]


def filled(place: Place, call: str) -> LiteralString:
    names = {"a": place.acme.tenant_id, "b": place.globex.tenant_id, "c": place.handbook}
    return cast(LiteralString, "SELECT " + call.format(**{name: f"'{value}'" for name, value in names.items()}))


@pytest.mark.parametrize("call", ADMINS)
def test_admins_alone(place: Place, call: str) -> None:
    gateway = place.database.connect("gateway")
    for connection in (place.app, gateway):
        assert refusal(connection, filled(place, call)).sqlstate == "42501"
    with as_tenant(place.app, place.globex) as app:
        assert refusal(app, filled(place, call)).sqlstate == "42501"
    with place.dba.transaction(force_rollback=True):
        place.dba.execute(filled(place, call))


@pytest.mark.parametrize("call", PUBLISHERS)
def test_highest_clearance_alone(place: Place, call: str) -> None:
    wanted = ("42501", "this context may not share data with other tenants")
    error = refusal(place.app, filled(place, call))
    assert (error.sqlstate, error.diag.message_primary) == wanted
    for role in ("member", "manager"):
        ((key,),) = place.dba.execute(
            "SELECT api_key FROM tenantry.issue_api_key(%s, 'test', %s)", [place.globex.tenant_id, role]
        ).fetchall()
        with place.app.transaction():
            place.app.execute("SELECT tenantry.authenticate(%s)", [key])
            error = refusal(place.app, filled(place, call))
            assert (error.sqlstate, error.diag.message_primary) == wanted
    with place.app.transaction():
        place.app.execute("SELECT tenantry.authenticate(%s)", [place.globex.api_key])
        error = refusal(place.app, "SELECT set_config('tenantry.context', 'forged', true), " + filled(place, call)[7:])
        assert error.sqlstate == "42501"


@pytest.fixture
def mode_setting(place: Place) -> Iterator[Connection]:
    place.dba.execute("SET client_min_messages = error")
    place.dba.execute("SELECT tenantry.set_context_mode('setting')")
    yield place.app
    place.dba.execute("SELECT tenantry.set_context_mode('sealed')")


@pytest.mark.parametrize("call", PUBLISHERS)
def test_settings_do_not_suffice(place: Place, mode_setting: Connection, call: str) -> None:
    """Who can run SQL can claim any tenant and role in that mode; what a claim opened would outlive the mode."""
    with mode_setting.transaction():
        mode_setting.execute(
            "SELECT set_config('app.current_tenant_id', %s, true), set_config('app.current_role', 'owner', true)",
            [str(place.globex.tenant_id)],
        )
        assert bodies(mode_setting) == GLOBEX + HANDBOOK
        assert refusal(mode_setting, filled(place, call)).sqlstate == "42501"


@pytest.mark.parametrize("owner", ["globex", "provider"])
def test_no_context_for_what_is_no_customer(place: Place, mode_setting: Connection, owner: str) -> None:
    """Neither credential nor setting opens a context for a container, nor is it handled as a tenant."""
    container = PROVIDER if owner == "provider" else place.handbook
    gateway = place.database.connect("gateway")
    assert refusal(gateway, "SELECT tenantry.enter_tenant(%s)", container).sqlstate == "28000"
    for call in (
        "tenantry.issue_api_key(%s, 'x')",
        "tenantry.suspend_tenant(%s)",
        "tenantry.resume_tenant(%s)",
        "tenantry.update_tenant(%s, 'x')",
        "tenantry.add_member(%s, 'ada', 'owner')",
        "tenantry.grant_shared(%s, 'guides')",
    ):
        error = refusal(place.dba, f"SELECT {call}", container)
        assert (error.sqlstate, error.diag.message_primary) == ("P0002", "tenant does not exist")
    with mode_setting.transaction():
        mode_setting.execute("SELECT set_config('app.current_tenant_id', %s, true)", [str(container)])
        assert refusal(mode_setting, "TABLE guides").sqlstate == "42501"


def test_nobody_takes_the_providers_id(place: Place) -> None:
    error = refusal(place.dba, "SELECT tenantry.create_tenant('zero', 'Zero', p_tenant_id => %s)", PROVIDER)
    assert error.sqlstate == "22023"


def test_what_is_anothers_cannot_be_shared(place: Place) -> None:
    """Neither a collection that another tenant owns nor one that is shared with the own tenant."""
    initech = place.initech.tenant_id
    place.share()
    for name in ("handbook", "legal"):
        with as_tenant(place.app, place.acme) as app:
            error = refusal(app, f"SELECT tenantry.share_collection('guides', '{name}', %s)", initech)
            assert error.sqlstate == "42704"
    with as_tenant(place.app, place.acme) as app:
        app.execute("SELECT tenantry.create_collection('handbook')")
        app.execute("SELECT tenantry.share_collection('guides', 'handbook', %s)", [initech])
    with as_tenant(place.app, place.initech) as app:
        collection = place.value("SELECT collection_id FROM tenantry.shares", connection=app)
        assert collection != place.handbook
        app.execute("SELECT tenantry.accept_collection(%s)", [collection])
        assert bodies(app) == ["initech 1", "initech 2", "initech 3"]
    place.dba.execute("SELECT tenantry.drop_collection(%s, 'handbook')", [place.acme.tenant_id])


def test_a_tenant_accepts_for_itself_alone(place: Place) -> None:
    place.share(accept=False)
    with as_tenant(place.app, place.initech) as app:
        assert refusal(app, "SELECT tenantry.accept_collection(%s)", place.handbook).sqlstate == "P0002"
    assert place.bodies(place.acme) == ACME


def test_strangers_put_nothing_among_the_own_rows(place: Place) -> None:
    """Whoever knows a tenant's id may offer it what he likes: it is not read, nor found by anything, until accepted."""
    with as_tenant(place.app, place.initech) as app:
        bait = place.value("SELECT tenantry.create_collection('bait')", connection=app)
        app.execute("INSERT INTO guides (tenant_id, id, body) VALUES (%s, 1, 'click here')", [bait])
        app.execute("SELECT tenantry.share_collection('guides', 'bait', %s)", [place.acme.tenant_id])
    assert place.bodies(place.acme) == ACME
    place.dba.execute("SELECT tenantry.drop_collection(%s, 'bait')", [place.initech.tenant_id])


@pytest.mark.parametrize("table", ["public.own", "public.parts_0", "pg_class", "999999"])
def test_only_shared_tables_are_shared(place: Place, table: str) -> None:
    wanted = ("55000", f"{table} is not protected as a shared table")
    error = refusal(place.dba, "SELECT tenantry.grant_shared(%s, %s)", place.acme.tenant_id, table)
    assert (error.sqlstate, error.diag.message_primary) == wanted
    with as_tenant(place.app, place.globex) as app:
        error = refusal(app, "SELECT tenantry.share_collection(%s, 'handbook', %s)", table, place.acme.tenant_id)
        assert (error.sqlstate, error.diag.message_primary) == wanted


@pytest.mark.parametrize("name", [None, "", "  ", "x" * 256])
def test_names(place: Place, name: str | None) -> None:
    with as_tenant(place.app, place.globex) as app:
        assert refusal(app, "SELECT tenantry.create_collection(%s)", name).sqlstate == "22023"


def test_making_a_collection_again_finds_it(place: Place) -> None:
    with as_tenant(place.app, place.globex) as app:
        assert place.value("SELECT tenantry.create_collection('handbook')", connection=app) == place.handbook


def test_number_of_collections_is_bounded(place: Place) -> None:
    with place.app.transaction(force_rollback=True):
        place.app.execute("SELECT tenantry.authenticate(%s)", [place.acme.api_key])
        place.app.execute("SELECT tenantry.create_collection('c' || i) FROM generate_series(1, 100) AS i")
        assert refusal(place.app, "SELECT tenantry.create_collection('c101')").sqlstate == "53400"


def test_with_whom(place: Place) -> None:
    with as_tenant(place.app, place.globex) as app:
        for grantee in (None, place.globex.tenant_id):
            error = refusal(app, "SELECT tenantry.share_collection('guides', 'handbook', %s)", grantee)
            assert error.sqlstate == "22023"


def test_apps_do_not_reach_the_state(place: Place) -> None:
    assert refusal(place.database.connect("gateway"), "TABLE tenantry.all_shares").sqlstate == "42501"
    with as_tenant(place.app, place.globex) as app:
        for statement in (
            "TABLE tenantry_private.shares",
            "DELETE FROM tenantry_private.shares",
            "SELECT tenantry_private.own_shares()",
            "TABLE tenantry.all_shares",
            "SELECT owner_tenant_id FROM tenantry.tenants",
            f"INSERT INTO tenantry.tenants (slug, name) VALUES ('x', '{uuid4()}')",
        ):
            assert refusal(app, statement).sqlstate == "42501"


def test_owner_that_is_deleted_leaves_nothing(place: Place) -> None:
    superuser = place.database.connect("postgres")
    place.share()
    with superuser.transaction(force_rollback=True):
        superuser.execute("DELETE FROM tenantry.tenants WHERE tenant_id = %s", [place.globex.tenant_id])
        assert superuser.execute("SELECT FROM tenantry_private.shares").rowcount == 0
        assert superuser.execute("SELECT FROM guides WHERE body LIKE 'handbook%'").rowcount == 0
        with pytest.raises(psycopg.errors.CheckViolation):
            superuser.execute("INSERT INTO tenantry.tenants (slug, name, status) VALUES ('x', 'x', 'container')")

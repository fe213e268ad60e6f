"""What is taken back is gone with the next statement, in every isolation level, whatever is prepared or open."""

from collections.abc import Callable

import psycopg
import pytest

from tests.sharing.conftest import ACME, HANDBOOK, Place, bodies, refusal
from tests.support.database import Connection
from tests.support.tenants import as_tenant


def unshared(place: Place, other: Connection) -> None:
    place.unshare(other)


def revoked(place: Place, other: Connection) -> None:
    acme, globex = place.acme.tenant_id, place.globex.tenant_id
    place.dba.execute("SELECT tenantry.revoke_shared(%s, 'guides', 'handbook', %s)", [acme, globex])


def declined(place: Place, other: Connection) -> None:
    with as_tenant(other, place.acme):
        other.execute("SELECT tenantry.decline_collection(%s)", [place.handbook])


def forgotten(place: Place, other: Connection) -> None:
    place.dba.execute("SELECT tenantry.forget_shares('guides')")


WITHDRAWALS = [unshared, revoked, declined, forgotten]
Withdrawal = Callable[[Place, Connection], None]


@pytest.fixture
def other(place: Place) -> Connection:
    return place.database.connect("app")


@pytest.mark.parametrize("withdraw", WITHDRAWALS)
def test_next_statement_of_an_open_transaction(place: Place, other: Connection, withdraw: Withdrawal) -> None:
    place.share()
    with as_tenant(place.app, place.acme) as app:
        assert bodies(app) == ACME + HANDBOOK
        withdraw(place, other)
        assert bodies(app) == ACME


@pytest.mark.parametrize("isolation", ["REPEATABLE READ", "SERIALIZABLE", "SERIALIZABLE READ ONLY DEFERRABLE"])
@pytest.mark.parametrize("withdraw", WITHDRAWALS)
def test_older_snapshot_is_refused(place: Place, other: Connection, withdraw: Withdrawal, isolation: str) -> None:
    place.share()
    with place.app.transaction():
        place.app.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}".encode())
        place.app.execute("SELECT tenantry.authenticate(%s)", [place.acme.api_key])
        assert bodies(place.app) == ACME + HANDBOOK
        withdraw(place, other)
        error = refusal(place.app, "TABLE guides")
        assert (error.sqlstate, error.diag.message_primary) == (
            "40001",
            "the snapshot of this transaction is older than a withdrawal of shared rows",
        )
        assert bodies(place.app, "parts") == ACME  # of which nothing was shared
    assert place.bodies(place.acme) == ACME


@pytest.mark.parametrize("isolation", ["REPEATABLE READ", "SERIALIZABLE"])
def test_snapshots_stay_good_otherwise(place: Place, other: Connection, isolation: str) -> None:
    """What is under way or rolled back has withdrawn nothing; nor has what concerns others."""
    place.share()
    initech = place.initech.tenant_id
    with as_tenant(other, place.globex):
        other.execute("SELECT tenantry.share_collection('guides', 'handbook', %s)", [initech])
    with place.app.transaction():
        place.app.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}".encode())
        place.app.execute("SELECT tenantry.authenticate(%s)", [place.acme.api_key])
        assert bodies(place.app) == ACME + HANDBOOK
        with other.transaction(force_rollback=True):
            place.unshare(other)
            assert bodies(place.app) == ACME + HANDBOOK
        assert bodies(place.app) == ACME + HANDBOOK
        with as_tenant(other, place.globex):
            other.execute("SELECT tenantry.unshare_collection('guides', 'handbook', %s)", [initech])
        place.dba.execute("SELECT tenantry.grant_shared(%s, 'guides')", [place.acme.tenant_id])
        assert bodies(place.app) == ACME + HANDBOOK


def test_rolled_back_in_a_savepoint(place: Place, other: Connection) -> None:
    """A subtransaction has an id of its own: of the one that holds and of the one that was taken back."""
    place.share()
    with place.app.transaction():
        place.app.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        place.app.execute("SELECT tenantry.authenticate(%s)", [place.acme.api_key])
        assert bodies(place.app) == ACME + HANDBOOK
        with other.transaction(), other.transaction(force_rollback=True):
            place.unshare(other)
        assert bodies(place.app) == ACME + HANDBOOK
        with other.transaction(), other.transaction():
            place.unshare(other)
        assert refusal(place.app, "TABLE guides").sqlstate == "40001"


@pytest.mark.parametrize("mode", ["force_generic_plan", "force_custom_plan"])
def test_prepared_statement(place: Place, other: Connection, mode: str) -> None:
    app = place.database.connect("app", prepare_threshold=0)
    app.execute(f"SET plan_cache_mode = {mode}".encode())
    for _ in range(2):
        place.share()
        with as_tenant(app, place.acme):
            for _ in range(7):
                assert bodies(app) == ACME + HANDBOOK
            place.unshare(other)
            assert bodies(app) == ACME


def test_open_cursor_ends_with_what_it_began(place: Place, other: Connection) -> None:
    """As of any row that is deleted meanwhile; one that has not been read from begins when it is."""
    place.share()
    with as_tenant(place.app, place.acme) as app:
        app.execute("DECLARE begun CURSOR FOR SELECT body FROM guides ORDER BY body")
        app.execute("DECLARE declared CURSOR FOR SELECT body FROM guides ORDER BY body")
        assert app.execute("FETCH 1 FROM begun").fetchall() == [("acme 1",)]
        place.unshare(other)
        assert [body for (body,) in app.execute("FETCH ALL FROM begun")] == ACME[1:] + HANDBOOK
        assert [body for (body,) in app.execute("FETCH ALL FROM declared")] == ACME + HANDBOOK
        assert bodies(app) == ACME


def test_withdrawing_waits_for_no_reader(place: Place, other: Connection) -> None:
    place.share()
    with as_tenant(place.app, place.acme) as app:
        bodies(app)
        other.execute("SET lock_timeout = '1s'")
        place.unshare(other)


def test_owner_holds_up_nobody(place: Place, other: Connection) -> None:
    """A tenant that takes something back and does not commit keeps no admin from withdrawing credentials."""
    place.share()
    with other.transaction(force_rollback=True):
        place.unshare(other)
        with place.dba.transaction(force_rollback=True):
            place.dba.execute("SET LOCAL lock_timeout = '1s'")
            place.dba.execute("SELECT tenantry.revoke_api_key(%s)", [place.globex.key_id])


@pytest.mark.parametrize("answer", ["accept", "decline"])
def test_grantee_holds_up_no_owner(place: Place, other: Connection, answer: str) -> None:
    """Or it would go on reading for as long as its transaction stays open."""
    place.share()
    with other.transaction():
        other.execute("SELECT tenantry.authenticate(%s)", [place.acme.api_key])
        other.execute("SELECT tenantry.decline_collection(%s)", [place.handbook])
        if answer == "accept":
            other.execute("SELECT tenantry.accept_collection(%s)", [place.handbook])
        place.app.execute("SET lock_timeout = '1s'")
        place.unshare()
    assert place.bodies(place.acme) == ACME
    place.share(accept=False)
    assert place.bodies(place.acme) == ACME
    place.app.execute("RESET lock_timeout")


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ"])
def test_dropped_collection(place: Place, other: Connection, isolation: str) -> None:
    with as_tenant(place.app, place.globex) as app:
        (collection,) = app.execute("SELECT tenantry.create_collection('short-lived')").fetchone() or ()
        app.execute("INSERT INTO guides (tenant_id, id, body) VALUES (%s, 7, 'short-lived 7')", [collection])
        app.execute("SELECT tenantry.share_collection('guides', 'short-lived', %s)", [place.acme.tenant_id])
    with as_tenant(place.app, place.acme) as app:
        app.execute("SELECT tenantry.accept_collection(%s)", [collection])
    with place.app.transaction():
        place.app.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}".encode())
        place.app.execute("SELECT tenantry.authenticate(%s)", [place.acme.api_key])
        assert bodies(place.app) == [*ACME, "short-lived 7"]
        place.dba.execute("SELECT tenantry.drop_collection(%s, 'short-lived')", [place.globex.tenant_id])
        if isolation == "READ COMMITTED":
            assert bodies(place.app) == ACME
        else:
            with pytest.raises(psycopg.errors.SerializationFailure), place.app.transaction():
                bodies(place.app)

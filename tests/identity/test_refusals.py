"""A failed authentication is accounted for, although its transaction aborts, and tells nobody anything."""

import json
import uuid
from pathlib import Path

import psycopg
import pytest

from tests.identity.context import bodies, token
from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, as_tenant


def failures(dba: Connection) -> int:
    row = dba.execute("SELECT failures FROM tenantry.failed_authentications WHERE credential = 'api_key'").fetchone()
    assert row is not None
    return int(row[0])


def fail(connection: Connection, credential: str | None = "sk_nothing") -> None:
    with pytest.raises(psycopg.errors.InvalidAuthorizationSpecification):
        connection.execute("SELECT tenantry.authenticate(%s)", [credential])


def logged(server_log: Path, offset: int) -> list[dict[str, object]]:
    """Return the structured lines that the server has logged since."""
    lines = server_log.read_text()[offset:].splitlines()
    return [json.loads(line[line.index("LOG:  {") + 6 :]) for line in lines if "LOG:  {" in line]


def test_aborted_transactions_are_counted(app: Connection, dba: Connection, acme: Tenant) -> None:
    before = failures(dba)
    with as_tenant(app, acme):
        assert bodies(app) == [acme.slug]
    assert failures(dba) == before
    fail(app)
    with app.transaction() as attempt:
        with pytest.raises(psycopg.errors.InvalidAuthorizationSpecification), app.transaction():
            app.execute("SELECT tenantry.authenticate('sk_nothing')")
        assert app.execute("SELECT tenantry.try_authenticate(NULL)").fetchone() == (None,)
        raise psycopg.Rollback(attempt)
    assert failures(dba) == before + 3


def test_auditors_see_the_count(dba: Connection, superuser: Connection, app: Connection) -> None:
    fail(app)
    with superuser.transaction():
        superuser.execute("SET LOCAL ROLE tenantry_auditor")
        assert failures(superuser) == failures(dba) > 0


@pytest.mark.parametrize("function", ["authenticate", "try_authenticate"])
def test_log_line(app: Connection, acme: Tenant, server_log: Path, function: str) -> None:
    app.execute("SELECT 1")
    wrong = acme.api_key[:-1] + ("0" if acme.api_key[-1] != "0" else "1")
    unknown = uuid.uuid4()
    tried = {
        wrong: str(acme.tenant_id),
        f"sk_{unknown}_{acme.api_key[-64:]}": str(unknown),
        acme.api_key + "0": None,
        acme.api_key + "\n": None,
        '"}\n2000-01-01 LOG:  {"event": "forged': None,
    }
    offset = len(server_log.read_text())
    for credential in tried:
        try:
            app.execute(f"SELECT tenantry.{function}(%s)", [credential])  # type: ignore[arg-type]
        except psycopg.errors.InvalidAuthorizationSpecification:
            assert function == "authenticate"

    lines = logged(server_log, offset)
    assert [line["claimed_tenant"] for line in lines] == list(tried.values())
    assert {(line["event"], line["method"], line["login"]) for line in lines} == {
        ("authentication_failed", "api_key", "app")
    }
    assert {line["pid"] for line in lines} == {app.info.backend_pid}
    assert acme.api_key[-64:-1] not in server_log.read_text()[offset:]


def test_client_address_is_logged(module_database: Database, superuser: Connection, server_log: Path) -> None:
    superuser.execute("ALTER ROLE app PASSWORD 'only here'")
    offset = len(server_log.read_text())
    with psycopg.connect(
        host="127.0.0.1", port=module_database.port, dbname=module_database.name, user="app", password="only here"
    ) as app:
        fail(app)
    superuser.execute("ALTER ROLE app PASSWORD NULL")
    assert [line["client"] for line in logged(server_log, offset)] == ["127.0.0.1"]


def test_a_read_only_transaction_is_logged_and_not_counted(app: Connection, dba: Connection, server_log: Path) -> None:
    before, offset = failures(dba), len(server_log.read_text())
    app.execute("SET default_transaction_read_only = on")
    fail(app)
    assert app.execute("SELECT tenantry.try_authenticate('sk_nothing')").fetchone() == (None,)
    assert failures(dba) == before
    assert len(logged(server_log, offset)) == 2


# try_authenticate


def test_a_good_key_opens_the_context(app: Connection, acme: Tenant) -> None:
    with app.transaction():
        opened = app.execute("SELECT * FROM tenantry.try_authenticate(%s)", [acme.api_key]).fetchone()
        assert opened is not None
        assert opened[0] == acme.tenant_id
        assert app.execute("SELECT * FROM tenantry.authenticate(%s)", [acme.api_key]).fetchone() is not None
        assert bodies(app) == [acme.slug]


def test_the_transaction_goes_on_without_context(app: Connection, acme: Tenant, globex: Tenant) -> None:
    with app.transaction():
        app.execute("SELECT tenantry.authenticate(%s)", [acme.api_key])
        assert bodies(app) == [acme.slug]
        bad = globex.api_key[:-64] + acme.api_key[-64:]
        assert app.execute("SELECT tenantry.try_authenticate(%s)", [bad]).fetchone() == (None,)
        assert token(app) == ""
        assert bodies(app) == []
        with pytest.raises(psycopg.errors.InsufficientPrivilege), app.transaction():
            app.execute("INSERT INTO documents (id) VALUES (7)")
        assert app.execute("SELECT tenantry.try_authenticate(%s)", [globex.api_key]).fetchone() != (None,)
        assert bodies(app) == [globex.slug]


def test_no_claim_outlives_a_refusal(app: Connection, dba: Connection, acme: Tenant) -> None:
    """In mode setting too."""
    dba.execute("SELECT tenantry.set_context_mode('setting')")
    with app.transaction():
        app.execute("SELECT set_config('app.current_tenant_id', %s, true)", [str(acme.tenant_id)])
        assert bodies(app) == [acme.slug]
        assert app.execute("SELECT tenantry.try_authenticate('sk_nothing')").fetchone() == (None,)
        assert bodies(app) == []
    dba.execute("SELECT tenantry.set_context_mode('sealed')")


def test_other_errors_stay_errors(app: Connection, acme: Tenant) -> None:
    app.execute("CREATE TEMPORARY TABLE residue (n int)")
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        app.execute("SELECT tenantry.try_authenticate(%s)", [acme.api_key])


@pytest.mark.parametrize("isolation", ["REPEATABLE READ", "SERIALIZABLE"])
def test_a_stale_snapshot_stays_an_error(app: Connection, dba: Connection, acme: Tenant, isolation: str) -> None:
    app.execute(f"BEGIN ISOLATION LEVEL {isolation}")  # type: ignore[arg-type]
    app.execute("SELECT count(*) FROM documents")
    dba.execute("SELECT tenantry.revoke_api_key(%s)", [acme.key_id])
    with pytest.raises(psycopg.errors.SerializationFailure):
        app.execute("SELECT tenantry.try_authenticate(%s)", [acme.api_key])
    app.execute("ROLLBACK")
    assert app.execute("SELECT tenantry.try_authenticate(%s)", [acme.api_key]).fetchone() == (None,)

"""Contexts of a session that a JSON Web Token opened: they end with the token, its key, and any withdrawal."""

import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.identity.context import bodies
from tests.identity.context import token as context
from tests.identity.tokens import SECRETS, claims, signed, token
from tests.support.database import Connection, Database
from tests.support.tenants import Tenant

OPEN = "SELECT * FROM tenantry.authenticate_jwt(%s, 'session')"
ISSUER = "https://sessions.example.com"


@pytest.fixture
def issuer(dba: Connection) -> str:
    dba.execute("SELECT tenantry.allow_session_scope('app')")
    dba.execute("SELECT tenantry.set_jwt_issuer(%s, p_leeway => '0')", [ISSUER])
    dba.execute("SELECT tenantry.add_jwt_secret(%s, %s, p_kid => 'HS256')", [ISSUER, SECRETS["HS256"]])
    return ISSUER


@pytest.fixture
def person(module_database: Database, issuer: str) -> Iterator[Connection]:
    with module_database.connect("app", application_name="psql") as person:
        yield person


def good(tenant: Tenant, **changes: Any) -> str:
    return token(claims(tenant.tenant_id, iss=ISSUER, aud=..., **changes))


def assert_withdrawn(person: Connection, message: str = "the context of this session was withdrawn") -> None:
    for _ in range(2):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match=message):
            bodies(person)


def test_across_statements(person: Connection, app: Connection, acme: Tenant) -> None:
    app.execute("SELECT tenantry.authenticate_jwt(%s)", [good(acme)])
    assert bodies(app) == []
    opened = person.execute(OPEN, [good(acme)]).fetchone()
    assert opened is not None
    assert opened[:5] == (acme.tenant_id, "ada", "manager", "CONFIDENTIAL", None)
    assert person.execute("SELECT * FROM tenantry.current_identity()").fetchone() == opened
    for isolation in ("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE READ ONLY"):
        with person.transaction():
            person.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}".encode())
            assert bodies(person) == [acme.slug]
            assert person.execute("SELECT tenantry.current_member()").fetchone() == ("ada",)


def test_transaction_scope(person: Connection, acme: Tenant) -> None:
    with person.transaction():
        person.execute("SELECT tenantry.authenticate_jwt(%s, 'transaction')", [good(acme)])
        assert bodies(person) == [acme.slug]
    assert bodies(person) == []


@pytest.mark.parametrize("scope", [None, "", "SESSION", "forever"])
def test_unknown_scope(person: Connection, acme: Tenant, scope: str | None) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        person.execute("SELECT tenantry.authenticate_jwt(%s, %s)", [good(acme), scope])
    assert bodies(person) == []


def test_bad_token(person: Connection, acme: Tenant) -> None:
    person.execute(OPEN, [good(acme)])
    for bad in ("x.y.z", None, good(acme, role="nobody"), good(acme, exp=1)):
        with pytest.raises(psycopg.errors.InvalidAuthorizationSpecification):
            person.execute(OPEN, [bad])
    assert bodies(person) == [acme.slug]


def test_who_may(person: Connection, app: Connection, gateway: Connection, acme: Tenant) -> None:
    """A login that nobody has named, a connection that may be pooled, a transaction that cannot write."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        gateway.execute(OPEN, [good(acme)])
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="may be pooled"):
        app.execute(OPEN, [good(acme)])
    with person.transaction(force_rollback=True):
        person.execute("SET TRANSACTION READ ONLY")
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), person.transaction():
            person.execute(OPEN, [good(acme)])
    assert [context(connection) for connection in (gateway, app, person)] == ["", "", ""]


@pytest.mark.parametrize("end", ["DISCARD ALL", "RESET ALL", "SELECT tenantry.leave_tenant()"])
def test_end(person: Connection, acme: Tenant, end: str) -> None:
    person.execute(OPEN, [good(acme)])
    person.execute(end.encode())
    assert bodies(person) == []


def test_expiry_of_the_token(person: Connection, acme: Tenant) -> None:
    person.execute(OPEN, [good(acme, exp=time.time() + 0.5)])
    assert bodies(person) == [acme.slug]
    time.sleep(0.51)
    assert_withdrawn(person, "tenant context has expired")


def test_a_session_outlives_the_context_of_a_transaction(person: Connection, dba: Connection, acme: Tenant) -> None:
    dba.execute("SELECT tenantry.set_context_lifetime('1 second')")
    try:
        in_time = person.execute(
            f"SELECT expires_at > clock_timestamp() + interval '5 minutes' FROM ({OPEN}) AS s", [good(acme)]
        )
        assert in_time.fetchone() == (True,)
    finally:
        dba.execute("SELECT tenantry.set_context_lifetime('1 hour')")


@pytest.mark.parametrize("scope", ["transaction", "session"])
def test_a_key_in_its_overlap(person: Connection, dba: Connection, acme: Tenant, scope: str) -> None:
    """What is retired after an overlap verifies until then, and opens nothing that lasts longer."""
    retire = "SELECT tenantry.retire_jwt_key(%s, 'overlap', '0.5 seconds')"
    dba.execute("SELECT tenantry.add_jwt_secret(%s, %s, p_kid => 'overlap')", [ISSUER, SECRETS["HS512"]])
    dba.execute(retire, [ISSUER])
    try:
        credential = signed(
            claims(acme.tenant_id, iss=ISSUER, aud=...), {"alg": "HS256", "kid": "overlap"}, SECRETS["HS512"]
        )
        with person.transaction():
            person.execute("SELECT tenantry.authenticate_jwt(%s, %s)", [credential, scope])
            assert bodies(person) == [acme.slug]
            time.sleep(0.51)
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="expired"), person.transaction():
                bodies(person)
    finally:
        dba.execute("SELECT tenantry.remove_jwt_issuer(%s)", [ISSUER])


WITHDRAWALS = [
    "tenantry.revoke_jwt('{issuer}', 'a-token')",
    "tenantry.revoke_jwts_of_user('{issuer}', 'ada')",
    "tenantry.retire_jwt_key('{issuer}', 'HS256')",
    "tenantry.remove_jwt_issuer('{issuer}')",
    "tenantry.set_jwt_issuer('{issuer}', '{{api}}')",
    "tenantry.suspend_tenant('{acme}')",
    "tenantry.add_member('{acme}', 'ada', 'viewer')",
    "tenantry.set_role_clearance('manager', 'PUBLIC')",
    "tenantry.disallow_session_scope('app')",
    "tenantry.revoke_jwt('{issuer}', 'of somebody else')",
]
RESTORE = """
SELECT tenantry.set_role_clearance('manager', 'CONFIDENTIAL');
DELETE FROM tenantry_private.jwt_issuers WHERE issuer = 'https://sessions.example.com';
DELETE FROM tenantry_private.jwt_revocations;
DELETE FROM tenantry_private.jwt_user_revocations;
"""


@pytest.mark.parametrize("isolation", ["read committed", "repeatable read"])
@pytest.mark.parametrize("withdrawal", WITHDRAWALS)
def test_withdrawal(
    person: Connection, dba: Connection, superuser: Connection, acme: Tenant, withdrawal: str, isolation: str
) -> None:
    """Whatever is withdrawn, of whomever: a token is not at hand to be looked at again."""
    person.execute(OPEN, [good(acme)])
    person.execute(f"SET default_transaction_isolation = '{isolation}'".encode())
    assert bodies(person) == [acme.slug]
    try:
        dba.execute(f"SELECT {withdrawal.format(issuer=ISSUER, acme=acme.tenant_id)}".encode())
        assert_withdrawn(person)
    finally:
        superuser.execute(RESTORE)


def test_replay(person: Connection, module_database: Database, acme: Tenant) -> None:
    """What the session holds is of no use to another, nor after it has ended."""
    person.execute(OPEN, [good(acme)])
    row = person.execute("SELECT current_setting('tenantry.context')").fetchone()
    set_context = "SELECT set_config('tenantry.context', %s, false)"
    with module_database.connect("app", application_name="psql") as other:
        other.execute(OPEN, [good(acme, user_id="bob")])
        other.execute(set_context, row)
        assert_withdrawn(other, "tenant context is not valid")
    person.execute("SELECT tenantry.leave_tenant()")
    person.execute(set_context, row)
    assert_withdrawn(person, "has ended")

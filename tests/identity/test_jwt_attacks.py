"""What a hostile issuer, and an application that calls what it should not, get from tokens."""

import psycopg
import pytest

from tests.identity.context import bodies
from tests.identity.tokens import SECRETS, claims, signed, token
from tests.support.database import Connection, Database
from tests.support.tenants import Tenant

HOSTILE, OTHER = "https://hostile.example.com", "https://other.example.com"


@pytest.fixture(autouse=True)
def issuers(dba: Connection) -> None:
    """Two issuers that vouch for all tenants, whose keys have the same kid."""
    for issuer, algorithm in ((HOSTILE, "HS512"), (OTHER, "HS256")):
        dba.execute("SELECT tenantry.set_jwt_issuer(%s)", [issuer])
        dba.execute("SELECT tenantry.add_jwt_secret(%s, %s, p_kid => 'k')", [issuer, SECRETS[algorithm]])


def opens(app: Connection, credential: str) -> list[str] | None:
    try:
        with app.transaction():
            app.execute("SELECT tenantry.authenticate_jwt(%s)", [credential])
            return bodies(app)
    except psycopg.errors.InvalidAuthorizationSpecification:
        return None


def test_a_kid_of_two_issuers(app: Connection, acme: Tenant) -> None:
    header = {"alg": "HS256", "kid": "k"}
    for issuer, own, foreign in ((HOSTILE, "HS512", "HS256"), (OTHER, "HS256", "HS512")):
        of_issuer = claims(acme.tenant_id, iss=issuer, aud=...)
        assert opens(app, signed(of_issuer, header, SECRETS[own])) == [acme.slug]
        assert opens(app, signed(of_issuer, header, SECRETS[foreign])) is None


def test_organizations_that_look_alike(app: Connection, dba: Connection, acme: Tenant) -> None:
    """An organization is its bytes, and belongs to the issuer that it was mapped for."""
    organization = f"Zoë-{acme.slug}"
    dba.execute("SELECT tenantry.map_jwt_organization(%s, %s, %s)", [OTHER, organization, acme.tenant_id])

    def of(name: str, issuer: str = OTHER) -> list[str] | None:
        secret = SECRETS["HS256" if issuer == OTHER else "HS512"]
        return opens(app, signed(claims(name, iss=issuer, aud=...), {"alg": "HS256"}, secret))

    assert of(organization) == [acme.slug]
    decomposed = organization.replace("ë", "e\u0308")
    for name in (
        organization.upper(), organization.lower(), f" {organization}", f"{organization}\n", f"{organization}\u200b",
        decomposed, organization.replace("Z", "\uff3a"), f"\u202e{organization}",
    ):  # fmt: skip
        assert of(name) is None
    assert of(organization, HOSTILE) is None
    for name in (f" {acme.tenant_id}", f"{acme.tenant_id}\n", f"{{{acme.tenant_id}}}", acme.tenant_id.hex):
        assert of(name) is None
    assert of(str(acme.tenant_id)) == [acme.slug]


def test_a_revocation_under_way_makes_nobody_wait(
    app: Connection, module_database: Database, acme: Tenant, globex: Tenant
) -> None:
    credential = token(claims(acme.tenant_id, iss=OTHER, aud=...), kid="k")
    app.execute("SET lock_timeout = '1s'")
    with module_database.connect("dba") as dba, dba.transaction(force_rollback=True):
        dba.execute("SELECT tenantry.revoke_jwts_of_user(%s, 'ada')", [OTHER])
        dba.execute("SELECT tenantry.revoke_jwt(%s, 'a-token')", [OTHER])
        assert opens(app, credential) == [acme.slug]
        assert opens(app, token(claims(globex.tenant_id, iss=OTHER, aud=...), kid="k")) == [globex.slug]


@pytest.mark.parametrize(
    "call",
    [
        "check_jwt('x')",
        "parse_jwt('x')",
        "verify_jwt_signature('EdDSA', '{}', '', '')",
        "add_jwt_key('i', 'k', 'HS256', NULL, '', '')",
    ],
)
def test_what_is_private(app: Connection, gateway: Connection, dba: Connection, call: str) -> None:
    for connection in (app, gateway, dba):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"SELECT tenantry_private.{call}".encode())

"""Issuers and keys of JSON Web Tokens: what is a key, how keys come and go, and what is withdrawn with them."""

import base64
import json
from typing import Any

import jwt
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from tests.identity.tokens import PUBLIC, SECRETS, base64url, claims, jwk, jwks, signed, signing_key, token
from tests.support.database import Connection, Database
from tests.support.tenants import Tenant

FEATURE_NOT_SUPPORTED, INVALID_PARAMETER_VALUE, NOT_IN_PREREQUISITE_STATE = "0A000", "22023", "55000"


@pytest.fixture
def issuer(dba: Connection, acme: Tenant) -> str:
    """The name of an issuer of the test's own, which is unknown yet."""
    return f"https://{acme.slug}.example.com"


def good(issuer: str, tenant: Tenant, **changes: Any) -> dict[str, Any]:
    return claims(tenant.tenant_id, **{"iss": issuer, "aud": ..., **changes})


def opens(connection: Connection, credential: str) -> bool:
    """Return whether a token opens a context."""
    try:
        with connection.transaction():
            connection.execute("SELECT tenantry.authenticate_jwt(%s)", [credential])
    except psycopg.errors.InvalidAuthorizationSpecification:
        return False
    return True


def refused(connection: Connection, query: str, parameters: list[Any]) -> str | None:
    """Return the SQLSTATE of an error that has a hint."""
    with pytest.raises(psycopg.Error) as refusal, connection.transaction():
        connection.execute(query.encode(), parameters)
    assert refusal.value.diag.message_hint
    return refusal.value.sqlstate


def add_jwks(dba: Connection, issuer: str, *keys: Any, overlap: str | None = None) -> int:
    row = dba.execute("SELECT tenantry.add_jwks(%s, %s, %s)", [issuer, json.dumps({"keys": keys}), overlap]).fetchone()
    assert row is not None
    return int(row[0])


def kids(dba: Connection, issuer: str) -> list[str]:
    """Return the names of an issuer's keys that verify."""
    rows = dba.execute(
        "SELECT kid FROM tenantry.jwt_keys WHERE issuer = %s AND (ends_at > now()) IS NOT FALSE ORDER BY kid", [issuer]
    )
    return [kid for (kid,) in rows]


# Key sets


@pytest.mark.parametrize("algorithm", PUBLIC)
def test_key_set(app: Connection, dba: Connection, issuer: str, acme: Tenant, algorithm: str) -> None:
    document = {
        **jwk(algorithm), "x5t": "abc", "x5c": ["MIIC"], "key_ops": ["verify"], "issuer": "somebody", "exp": 0
    }  # fmt: skip
    assert add_jwks(dba, issuer, document) == 1
    assert opens(app, token(good(issuer, acme), algorithm))
    assert not opens(app, token(good(issuer, acme), algorithm, owner="stranger"))
    row = dba.execute("SELECT algorithm, public_key FROM tenantry.jwt_keys WHERE issuer = %s", [issuer]).fetchone()
    assert row is not None
    assert row[0] == algorithm
    assert row[1].keys() <= {"kty", "crv", "n", "e", "x", "y"}


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "ES384", "EdDSA"])
def test_key_without_algorithm(app: Connection, dba: Connection, issuer: str, acme: Tenant, algorithm: str) -> None:
    document = jwk(algorithm)
    del document["alg"], document["use"]
    assert add_jwks(dba, issuer, document) == 1
    assert opens(app, token(good(issuer, acme), algorithm))
    if algorithm == "RS256":
        for other in ("RS384", "PS256"):
            assert not opens(app, token(good(issuer, acme), other, kid="RS256"))


@pytest.mark.parametrize(("algorithm", "secret"), SECRETS.items())
def test_secret_in_a_key_set(
    app: Connection, dba: Connection, issuer: str, acme: Tenant, algorithm: str, secret: bytes
) -> None:
    for kid in ({"kid": "k"}, {}):
        assert add_jwks(dba, issuer, {"kty": "oct", "alg": algorithm, "k": base64url(secret), **kid}) == 1
    assert opens(app, token(good(issuer, acme), algorithm, kid="k"))
    assert opens(app, token(good(issuer, acme), algorithm, kid=...))


def test_private_members_are_not_kept(dba: Connection, superuser: Connection, issuer: str) -> None:
    private = [
        {**json.loads(to_jwk(signing_key(algorithm))), "kid": algorithm}
        for algorithm, to_jwk in (
            ("RSA", RSAAlgorithm.to_jwk), ("ES256", ECAlgorithm.to_jwk), ("EdDSA", OKPAlgorithm.to_jwk)
        )
    ]  # fmt: skip
    for key in private:
        key.pop("key_ops", None)
    warnings: list[str | None] = []
    dba.add_notice_handler(lambda notice: warnings.append(notice.severity))
    assert add_jwks(dba, issuer, *private) == 3
    assert warnings == ["WARNING"] * 3
    kept = superuser.execute(
        "SELECT k::text FROM tenantry_private.jwt_keys AS k WHERE issuer = %s", [issuer]
    ).fetchall()
    assert len(kept) == 3
    for key in private:
        assert any(key.get("n", key.get("x")) in text for (text,) in kept)
        assert not any(key["d"] in text for (text,) in kept)


LEFT_OUT = {
    "for encryption": {"use": "enc"},
    "for encryption, by operations": {"key_ops": ["encrypt", "wrapKey"]},
    "no operation": {"key_ops": []},
    "encrypting algorithm": {"alg": "RSA-OAEP"},
    "algorithm of another kind": {"alg": "HS256"},
    "algorithm of another curve": {"alg": "ES384"},
    "no algorithm": {"alg": "none"},
    "algorithm that is none": {"alg": 256},
    "unknown kind": {"kty": "AKP"},
    "unknown curve": {"crv": "secp256k1"},
    "no curve": {"crv": None},
    "no kind": {"kty": None},
}


@pytest.mark.parametrize("change", LEFT_OUT.values(), ids=LEFT_OUT)
def test_key_that_is_left_out(dba: Connection, issuer: str, change: dict[str, Any]) -> None:
    notices: list[str | None] = []
    dba.add_notice_handler(lambda notice: notices.append(notice.message_primary))
    left_out = {**jwk("ES256", kid="left out"), **change}
    assert add_jwks(dba, issuer, left_out, jwk("EdDSA"), "a text", 5, None, ["x"]) == 1
    assert notices[0] == 'key "left out" of the set is left out'
    assert len(notices) == 5
    assert kids(dba, issuer) == ["EdDSA"]
    assert refused(dba, "SELECT tenantry.add_jwks(%s, %s)", [issuer, json.dumps({"keys": [left_out]})]) == "22023"


WEAK = json.loads(RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 1024).public_key()))
BITS_2047 = base64url((2**2047 - 1).to_bytes(256))
ZEROS = base64url(b"\0" * 200 + base64.urlsafe_b64decode(WEAK["n"] + "=="))
BROKEN = {
    "RSA of 1024 bits": WEAK,
    "RSA of 1024 bits, filled up": {**WEAK, "n": ZEROS},
    "RSA of 2047 bits": {**jwk("RS256"), "n": BITS_2047},
    "RSA of 16384 bits": {**jwk("RS256"), "n": base64url((2**16384 - 1).to_bytes(2048))},
    "RSA with exponent 1": {**jwk("RS256"), "e": "AQ"},
    "RSA with exponent 2": {**jwk("RS256"), "e": "Ag"},
    "RSA with exponent 0": {**jwk("RS256"), "e": "AA"},
    "no modulus": {**jwk("RS256"), "n": None},
    "padded": {**jwk("RS256"), "e": "AQAB===="},
    "plain base64": {**jwk("EdDSA"), "x": "+" * 43},
    "a number": {**jwk("EdDSA"), "x": 5},
    "point off the curve": {**jwk("ES256"), "y": base64url(bytes(32))},
    "point at zero": {**jwk("ES256"), "x": base64url(bytes(32)), "y": base64url(bytes(32))},
    "point of another curve": {**jwk("ES384"), "crv": "P-256", "alg": "ES256"},
    "short coordinate": {**jwk("ES256"), "x": jwk("ES256")["x"][:-4]},
    "short Ed25519": {**jwk("EdDSA"), "x": jwk("EdDSA")["x"][:-4]},
    "empty": {**jwk("EdDSA"), "x": ""},
    "kid is a number": {**jwk("EdDSA"), "kid": 5},
    "kid is empty": {**jwk("EdDSA"), "kid": ""},
    "long kid": {**jwk("EdDSA"), "kid": "x" * 256},
    "short secret": {"kty": "oct", "k": base64url(bytes(31))},
    "short secret for HS512": {"kty": "oct", "k": base64url(bytes(63)), "alg": "HS512"},
    "broken secret": {"kty": "oct", "k": "A" * 45},
}


@pytest.mark.parametrize("key", BROKEN.values(), ids=BROKEN)
def test_broken_key(dba: Connection, issuer: str, key: dict[str, Any]) -> None:
    """One broken key, and nothing of the set is taken."""
    document = json.dumps({"keys": [jwk("EdDSA", kid="sound"), key]})
    assert refused(dba, "SELECT tenantry.add_jwks(%s, %s)", [issuer, document]) == INVALID_PARAMETER_VALUE
    assert kids(dba, issuer) == []


@pytest.mark.parametrize(
    "document",
    [
        "null",
        "[]",
        "5",
        '"x"',
        "{}",
        '{"keys": null}',
        '{"keys": {}}',
        '{"keys": []}',
        jwks(*["EdDSA"] * 2),
        jwks(*["EdDSA"] * 101),
    ],
)
def test_what_is_no_key_set(dba: Connection, issuer: str, document: str) -> None:
    assert refused(dba, "SELECT tenantry.add_jwks(%s, %s)", [issuer, document]) == INVALID_PARAMETER_VALUE
    assert kids(dba, issuer) == []


# Rotation


def test_rotation(app: Connection, dba: Connection, issuer: str, acme: Tenant) -> None:
    """The issuer publishes a new key, then only that, then both again by mistake."""
    old, new = jwk("ES256", kid="old"), jwk("EdDSA", kid="new")
    by_old, by_new = token(good(issuer, acme), "ES256", kid="old"), token(good(issuer, acme), "EdDSA", kid="new")

    add_jwks(dba, issuer, old, overlap="0")
    assert [opens(app, each) for each in (by_old, by_new)] == [True, False]
    add_jwks(dba, issuer, old, new, overlap="0")
    assert [opens(app, each) for each in (by_old, by_new)] == [True, True]
    add_jwks(dba, issuer, new, overlap="1 hour")
    assert [opens(app, each) for each in (by_old, by_new)] == [True, True]
    add_jwks(dba, issuer, new, overlap="0")
    assert [opens(app, each) for each in (by_old, by_new)] == [False, True]
    add_jwks(dba, issuer, old, new, overlap="0")
    assert [opens(app, each) for each in (by_old, by_new)] == [True, True]

    dba.execute("SELECT tenantry.retire_jwt_key(%s, 'old')", [issuer])
    assert [opens(app, each) for each in (by_old, by_new)] == [False, True]
    add_jwks(dba, issuer, old, new)
    assert not opens(app, by_old), "a key that an admin has retired came back"
    assert not opens(app, token(good(issuer, acme), "ES256", kid=...))


def test_a_retired_key_comes_back_under_no_name(app: Connection, dba: Connection, issuer: str, acme: Tenant) -> None:
    """Nor for another algorithm: a private key that was lost signs by any of them."""
    add_jwks(dba, issuer, jwk("RS256", kid="old"), jwk("EdDSA"))
    dba.execute("SELECT tenantry.retire_jwt_key(%s, 'old')", [issuer])
    for algorithm, kid in (("PS256", "old"), ("RS256", "new"), ("RS512", "newer")):
        add_jwks(dba, issuer, jwk(algorithm, kid=kid), jwk("EdDSA"))
        assert not opens(app, token(good(issuer, acme), algorithm, kid=kid))
        assert not opens(app, token(good(issuer, acme), algorithm, kid=...))
    assert kids(dba, issuer) == ["EdDSA"]
    add_jwks(dba, issuer, jwk("RS256", "successor", kid="old"))
    assert opens(app, token(good(issuer, acme), "RS256", owner="successor", kid="old"))


def test_key_sets_leave_secrets_alone(app: Connection, dba: Connection, issuer: str, acme: Tenant) -> None:
    dba.execute("SELECT tenantry.add_jwt_secret(%s, %s, p_kid => 'HS256')", [issuer, SECRETS["HS256"]])
    add_jwks(dba, issuer, jwk("EdDSA"), overlap="0")
    assert opens(app, token(good(issuer, acme)))


def test_replaced_key(app: Connection, dba: Connection, issuer: str, acme: Tenant) -> None:
    by_old, by_new = (token(good(issuer, acme), "EdDSA", owner=owner) for owner in ("issuer", "successor"))
    add_jwks(dba, issuer, jwk("EdDSA"))
    dba.execute("SELECT tenantry.retire_jwt_key(%s, 'EdDSA')", [issuer])
    add_jwks(dba, issuer, jwk("EdDSA", "successor"))
    assert [opens(app, each) for each in (by_old, by_new)] == [False, True]


def test_secrets_without_kid(app: Connection, dba: Connection, issuer: str, acme: Tenant) -> None:
    """Both are tried, so the new one can be added before the old one is retired; and one added twice is one."""
    add = "SELECT tenantry.add_jwt_secret(%s, %s)"
    old, new = (dba.execute(add, [issuer, secret]).fetchone() for secret in (b"a" * 32, b"b" * 32))
    assert dba.execute(add, [issuer, b"a" * 32]).fetchone() == old
    assert old is not None
    assert old != new
    by_old, by_new = (signed(good(issuer, acme), {"alg": "HS256"}, secret) for secret in (b"a" * 32, b"b" * 32))
    assert [opens(app, each) for each in (by_old, by_new)] == [True, True]
    dba.execute("SELECT tenantry.retire_jwt_key(%s, %s)", [issuer, old[0]])
    assert [opens(app, each) for each in (by_old, by_new)] == [False, True]


def test_overlap_of_a_retired_key(app: Connection, dba: Connection, issuer: str, acme: Tenant) -> None:
    add_jwks(dba, issuer, jwk("EdDSA"))
    retire = "SELECT tenantry.retire_jwt_key(%s, 'EdDSA', %s)"
    dba.execute(retire, [issuer, "1 hour"])
    assert opens(app, token(good(issuer, acme), "EdDSA"))
    dba.execute(retire, [issuer, "0"])
    dba.execute(retire, [issuer, "1 hour"])
    assert not opens(app, token(good(issuer, acme), "EdDSA"))
    for overlap in (None, "-1 second", "2 years", "24 mons -360 days", "-12 mons 361 days"):
        assert refused(dba, retire, [issuer, overlap]) == INVALID_PARAMETER_VALUE
        if overlap is not None:
            with pytest.raises(psycopg.errors.InvalidParameterValue):
                add_jwks(dba, issuer, jwk("EdDSA"), overlap=overlap)


def test_overlaps_are_what_they_are_compared_as(dba: Connection, issuer: str) -> None:
    """A month of 30 days when compared can be 31 when added to a time."""
    add_jwks(dba, issuer, jwk("EdDSA"))
    dba.execute("SELECT tenantry.retire_jwt_key(%s, 'EdDSA', '12 mons')", [issuer])
    ends = "SELECT ends_at - now() BETWEEN '365.2 days' AND '365.3 days' FROM tenantry.jwt_keys WHERE issuer = %s"
    assert dba.execute(ends, [issuer]).fetchone() == (True,)


def test_long_secret(app: Connection, dba: Connection, issuer: str, acme: Tenant) -> None:
    """Longer than a block of the hash, so it is hashed first."""
    for algorithm, size in (("HS256", 65), ("HS384", 129), ("HS512", 1000)):
        secret = bytes(i % 251 for i in range(size))
        dba.execute("SELECT tenantry.add_jwt_secret(%s, %s, %s, %s)", [issuer, secret, algorithm, algorithm])
        assert opens(app, jwt.encode(good(issuer, acme), secret, algorithm, headers={"kid": algorithm}))


# Issuers


def test_defaults(app: Connection, dba: Connection, issuer: str, acme: Tenant) -> None:
    add_jwks(dba, issuer, jwk("EdDSA"))
    assert opens(app, token(good(issuer, acme), "EdDSA"))
    assert not opens(app, token(good(issuer, acme, aud="anybody"), "EdDSA"))
    assert dba.execute("SELECT * FROM tenantry.jwt_issuers WHERE issuer = %s", [issuer]).fetchone() is not None


def test_issuer_cannot_be_widened(dba: Connection, issuer: str, acme: Tenant, globex: Tenant) -> None:
    bind = "SELECT tenantry.set_jwt_issuer(%s, p_tenant => %s)"
    dba.execute("SELECT tenantry.set_jwt_issuer(%s)", [issuer])
    dba.execute(bind, [issuer, acme.tenant_id])
    dba.execute(bind, [issuer, acme.tenant_id])
    for other in (globex.tenant_id, None):
        assert refused(dba, bind, [issuer, other]) == NOT_IN_PREREQUISITE_STATE
    add_jwks(dba, issuer, jwk("EdDSA"))
    row = dba.execute("SELECT tenant_id FROM tenantry.jwt_issuers WHERE issuer = %s", [issuer]).fetchone()
    assert row == (acme.tenant_id,)


def test_issuer_goes_with_its_tenant(dba: Connection, superuser: Connection, issuer: str, acme: Tenant) -> None:
    dba.execute("SELECT tenantry.set_jwt_issuer(%s, p_tenant => %s)", [issuer, acme.tenant_id])
    add_jwks(dba, issuer, jwk("EdDSA"))
    superuser.execute("DELETE FROM tenantry.tenants WHERE tenant_id = %s", [acme.tenant_id])
    assert dba.execute("SELECT FROM tenantry.jwt_issuers WHERE issuer = %s", [issuer]).rowcount == 0
    assert kids(dba, issuer) == []


@pytest.mark.parametrize(
    "arguments",
    [
        "NULL", "''", "repeat('x', 256)", "'i', '{}'", "'i', ARRAY[NULL]", "'i', p_tenant_claim => NULL",
        "'i', p_tenant_claim => ''", "'i', p_user_claim => '.a'", "'i', p_role_claim => 'a.b.c.d.e.f.g.h.i'",
        "'i', p_default_role => 'root'", "'i', p_leeway => '-1 s'", "'i', p_leeway => '6 min'", "'i', p_leeway => NULL",
        "'i', p_leeway => '12 mons -360 days'",
    ],
)  # fmt: skip
def test_bad_issuer(dba: Connection, arguments: str) -> None:
    assert refused(dba, f"SELECT tenantry.set_jwt_issuer({arguments})", []) == INVALID_PARAMETER_VALUE


def test_removed_issuer(app: Connection, dba: Connection, issuer: str, acme: Tenant) -> None:
    """What was revoked stays so when the issuer comes back."""
    add_jwks(dba, issuer, jwk("EdDSA"))
    dba.execute("SELECT tenantry.revoke_jwt(%s, 'gone')", [issuer])
    dba.execute("SELECT tenantry.revoke_jwts_of_user(%s, 'bob')", [issuer])
    by_key = token(good(issuer, acme), "EdDSA")
    assert opens(app, by_key)
    dba.execute("SELECT tenantry.remove_jwt_issuer(%s)", [issuer])
    assert not opens(app, by_key)
    add_jwks(dba, issuer, jwk("EdDSA"))
    assert opens(app, by_key)
    assert not opens(app, token(good(issuer, acme, jti="gone"), "EdDSA"))
    assert not opens(app, token(good(issuer, acme, user_id="bob", iat=1), "EdDSA"))


# Revocation


def test_revoked_token(app: Connection, dba: Connection, superuser: Connection, issuer: str, acme: Tenant) -> None:
    add_jwks(dba, issuer, jwk("EdDSA"))
    revoked, other = (token(good(issuer, acme, jti=jti), "EdDSA") for jti in ("one", "other"))
    for expiry in ("now() - interval '2 days'", "now() + interval '1 hour'", "NULL", "now() - interval '2 days'"):
        dba.execute(f"SELECT tenantry.revoke_jwt(%s, 'one', {expiry})".encode(), [issuer])
        assert [opens(app, each) for each in (revoked, other)] == [False, True]
    kept = "SELECT jti, expires_at IS NULL FROM tenantry_private.jwt_revocations WHERE issuer = %s ORDER BY jti"
    assert superuser.execute(kept, [issuer]).fetchall() == [("one", True)]
    dba.execute("SELECT tenantry.revoke_jwt(%s, 'past', now() - interval '2 days')", [issuer])
    dba.execute("SELECT tenantry.revoke_jwt(%s, 'next')", [issuer])
    assert superuser.execute(kept, [issuer]).fetchall() == [("next", True), ("one", True)]


def test_revoked_user(app: Connection, dba: Connection, issuer: str, acme: Tenant) -> None:
    add_jwks(dba, issuer, jwk("EdDSA"))
    revoke = "SELECT tenantry.revoke_jwts_of_user(%s, 'ada', %s)"
    before, after = (token(good(issuer, acme, iat=iat), "EdDSA") for iat in (1_000_000_000, 1_000_000_002))
    other = token(good(issuer, acme, iat=1, user_id="bob"), "EdDSA")
    dba.execute(revoke, [issuer, "2001-09-09T01:46:41Z"])
    for _ in range(2):
        assert [opens(app, each) for each in (before, after, other)] == [False, True, True]
        dba.execute(revoke, [issuer, "2000-01-01"])
    dba.execute(revoke, [issuer, None])
    assert [opens(app, each) for each in (before, after, other)] == [False, False, True]
    for time in ("infinity", "-infinity", "2999-01-01"):
        assert refused(dba, revoke, [issuer, time]) == INVALID_PARAMETER_VALUE


@pytest.mark.parametrize(
    "call",
    [
        "remove_jwt_issuer('nobody')", "map_jwt_organization('nobody', 'org', %s)", "revoke_jwt('nobody', 'x')",
        "revoke_jwts_of_user('nobody', 'x')", "retire_jwt_key('nobody', 'x')", "unmap_jwt_organization('nobody', 'x')",
    ],
)  # fmt: skip
def test_unknown_issuer(dba: Connection, acme: Tenant, call: str) -> None:
    assert refused(dba, f"SELECT tenantry.{call}", [acme.tenant_id] if "%s" in call else []) == "P0002"


WITHDRAWALS = [
    "retire_jwt_key('{issuer}', 'EdDSA')",
    "remove_jwt_issuer('{issuer}')",
    "set_jwt_issuer('{issuer}', '{{api}}')",
    "revoke_jwt('{issuer}', 'a-token')",
    "revoke_jwts_of_user('{issuer}', 'ada')",
    "map_jwt_organization('{issuer}', '{acme}', '{globex}')",
    "unmap_jwt_organization('{issuer}', 'org')",
    "add_jwks('{issuer}', '{other}')",
    "add_jwt_secret('{issuer}', sha256('x'), p_kid => 'EdDSA')",
]


@pytest.mark.parametrize("withdrawal", WITHDRAWALS)
def test_stale_snapshot(
    app: Connection, dba: Connection, issuer: str, acme: Tenant, globex: Tenant, withdrawal: str
) -> None:
    """A transaction whose snapshot is older than a withdrawal opens no context by what was withdrawn."""
    add_jwks(dba, issuer, jwk("EdDSA"))
    dba.execute("SELECT tenantry.map_jwt_organization(%s, 'org', %s)", [issuer, acme.tenant_id])
    organization = "org" if "unmap" in withdrawal else str(acme.tenant_id)
    credential = token(good(issuer, acme, organization_id=organization), "EdDSA")
    names = {
        "issuer": issuer, "acme": acme.tenant_id, "globex": globex.tenant_id, "other": jwks("EdDSA", owner="successor")
    }  # fmt: skip
    with app.transaction(force_rollback=True):
        app.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        app.execute("SELECT tenantry.authenticate_jwt(%s)", [credential])
        dba.execute(f"SELECT tenantry.{withdrawal.format(**names)}".encode())
        with pytest.raises(psycopg.errors.SerializationFailure), app.transaction():
            app.execute("SELECT tenantry.authenticate_jwt(%s)", [credential])
    if "map_jwt_organization('{issuer}', '{acme}'" not in withdrawal:
        assert not opens(app, credential)


def test_the_same_set_again_withdraws_nothing(app: Connection, dba: Connection, issuer: str, acme: Tenant) -> None:
    """A job may add it every minute, and no transaction has to begin anew for that."""
    add_jwks(dba, issuer, jwk("EdDSA"), jwk("ES256"))
    add_jwks(dba, issuer, jwk("EdDSA"), overlap="1 hour")
    with app.transaction():
        app.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        app.execute("SELECT count(*) FROM tenantry.tenants")
        add_jwks(dba, issuer, jwk("EdDSA"), overlap="1 hour")
        add_jwks(dba, issuer, jwk("EdDSA"), jwk("RS256"), overlap="1 hour")
        app.execute("SELECT tenantry.authenticate_jwt(%s)", [token(good(issuer, acme), "EdDSA")])


# Without tenantry_jwt


def test_without_the_extension(database: Database, app: Connection) -> None:
    superuser, dba, application = (database.connect(role) for role in ("postgres", "dba", "app"))
    (tenant,) = dba.execute("SELECT tenantry.create_tenant('acme', 'Acme')").fetchone() or ()
    add_jwks(dba, "https://idp.example.com/", {"kty": "oct", "k": base64url(SECRETS["HS256"])}, jwk("EdDSA"))
    by_secret, by_key = token(claims(tenant, aud=...), kid=...), token(claims(tenant, aud=...), "EdDSA")
    assert [opens(application, each) for each in (by_secret, by_key)] == [True, True]
    superuser.execute("DROP EXTENSION tenantry_jwt")
    assert [opens(application, each) for each in (by_secret, by_key)] == [True, False]
    assert refused(dba, "SELECT tenantry.add_jwks('i', %s)", [jwks("EdDSA")]) == FEATURE_NOT_SUPPORTED
    assert kids(dba, "i") == []
    superuser.execute("CREATE EXTENSION tenantry_jwt")
    assert [opens(application, each) for each in (by_secret, by_key)] == [True, True]

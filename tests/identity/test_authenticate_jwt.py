"""Authentication with a JSON Web Token: every bad one gets one answer, and good ones open what their claims say."""

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.identity.context import bodies
from tests.identity.tokens import (
    ALGORITHMS,
    AUDIENCE,
    ISSUER,
    PUBLIC,
    SECRETS,
    base64url,
    claims,
    jwk,
    jwks,
    signed,
    signing_key,
    token,
)  # fmt: skip
from tests.support.database import Connection
from tests.support.tenants import Tenant

# Vouches for one tenant; names its claims in other ways; vouches for registered users only; nobody's.
CUSTOMER, NESTED, REGISTERED, STRANGER = (
    f"https://{name}.example.com" for name in ("customer", "nested", "registered", "stranger")
)


@pytest.fixture(scope="module")
def issuers(dba: Connection) -> Connection:
    """The issuers, their keys, and what is revoked."""
    dba.execute("SELECT tenantry.set_jwt_issuer(%s, %s)", [ISSUER, [AUDIENCE, "other-api"]])
    for algorithm, secret in SECRETS.items():
        dba.execute("SELECT tenantry.add_jwt_secret(%s, %s, %s, %s)", [ISSUER, secret, algorithm, algorithm])
    dba.execute("SELECT tenantry.add_jwks(%s, %s)", [ISSUER, jwks(*PUBLIC)])
    dba.execute(
        "SELECT tenantry.set_jwt_issuer(%s, p_tenant_claim => 'org.id', p_user_claim => 'https://example.com/user',"
        " p_role_claim => 'app.access.role', p_default_role => NULL, p_leeway => '0')",
        [NESTED],
    )
    dba.execute("SELECT tenantry.set_jwt_issuer(%s, p_members_only => true, p_default_role => NULL)", [REGISTERED])
    for issuer in (NESTED, REGISTERED, STRANGER):
        dba.execute(
            "SELECT tenantry.add_jwt_secret(%s, %s, p_kid => %s)", [issuer, SECRETS["HS256"], f"key of {issuer}"]
        )
    dba.execute("SELECT tenantry.revoke_jwt(%s, 'gone', now() + interval '1 hour')", [ISSUER])
    dba.execute("SELECT tenantry.revoke_jwts_of_user(%s, 'signed-out')", [ISSUER])
    return dba


@dataclass(frozen=True)
class Stage:
    """What tokens are made for: two tenants, one that is suspended, and the issuer that is bound to the first."""

    acme: Tenant
    globex: Tenant
    suspended: Tenant
    customer: str

    def claims(self, **changes: Any) -> dict[str, Any]:
        return claims(self.acme.tenant_id, **changes)


@pytest.fixture
def stage(issuers: Connection, acme: Tenant, globex: Tenant, app: Connection) -> Stage:
    customer = f"{CUSTOMER}/{acme.slug}"
    issuers.execute("SELECT tenantry.set_jwt_issuer(%s, p_tenant => %s)", [customer, acme.tenant_id])
    issuers.execute("SELECT tenantry.add_jwt_secret(%s, %s)", [customer, SECRETS["HS256"]])
    row = issuers.execute("SELECT tenantry.create_tenant(%s, 'Suspended')", [f"suspended-{acme.slug}"]).fetchone()
    assert row is not None
    issuers.execute("SELECT tenantry.suspend_tenant(%s)", [row[0]])
    return Stage(acme, globex, Tenant(row[0], "suspended", acme.key_id, ""), customer)


def opened(app: Connection, credential: str) -> tuple[Any, ...]:
    """Return whom a token opens a context for: tenant, user, role, and the documents seen."""
    with app.transaction():
        row = app.execute("SELECT tenant_id, user_id, role FROM tenantry.authenticate_jwt(%s)", [credential]).fetchone()
        assert row is not None
        return (*row, bodies(app))


Answer = tuple[str | None, ...]


def answer(connection: Connection, credential: str | None) -> Answer:
    """Return everything that the server says of a bad token."""
    with pytest.raises(psycopg.Error) as refusal, connection.transaction():
        connection.execute("SELECT tenantry.authenticate_jwt(%s)", [credential])
    says = refusal.value.diag
    return (
        *(says.severity, says.sqlstate, says.message_primary, says.message_detail, says.message_hint, says.context),
        *(says.source_file, says.source_line, says.source_function, says.internal_query, says.statement_position),
    )


# Good tokens


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_algorithms(app: Connection, stage: Stage, algorithm: str) -> None:
    for kid in (algorithm, ...):
        credential = token(stage.claims(), algorithm, kid=kid)
        assert opened(app, credential) == (stage.acme.tenant_id, "ada", "manager", [stage.acme.slug])
    assert opened(app, token(claims(stage.globex.tenant_id), algorithm))[3] == [stage.globex.slug]


GOOD: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "sub": ({"user_id": ...}, ("auth0|ada", "manager")),
    "no sub": ({"sub": ...}, ("ada", "manager")),
    "no role": ({"role": ...}, ("ada", "member")),
    "viewer": ({"role": "viewer"}, ("ada", "viewer")),
    "one audience of several": ({"aud": ["elsewhere", "other-api"]}, ("ada", "manager")),
    "fraction of a second": ({"exp": time.time() + 86_400.25, "iat": time.time() - 0.5}, ("ada", "manager")),
    "without what is optional": ({"iat": ..., "jti": ...}, ("ada", "manager")),
    "any characters": ({"user_id": "Ada | 'Lovelace' \\ \t ✓"}, ("Ada | 'Lovelace' \\ \t ✓", "manager")),
    "long user": ({"user_id": "x" * 255}, ("x" * 255, "manager")),
    "other claims": ({"groups": [{"exp": 1, "role": "owner"}], "org": {"id": 1}}, ("ada", "manager")),
}


@pytest.mark.parametrize(("changes", "expected"), GOOD.values(), ids=GOOD)
def test_claims(app: Connection, stage: Stage, changes: dict[str, Any], expected: tuple[str, str]) -> None:
    assert opened(app, token(stage.claims(**changes))) == (stage.acme.tenant_id, *expected, [stage.acme.slug])


def test_leeway(app: Connection, stage: Stage, expected: Answer) -> None:
    now = int(time.time())
    for changes in ({"exp": now - 5}, {"iat": now + 15}, {"nbf": now + 15}):
        assert opened(app, token(stage.claims(**changes)))[3] == [stage.acme.slug]
    for changes in ({"exp": now - 31}, {"iat": now + 300}, {"nbf": now + 300}):
        assert answer(app, token(stage.claims(**changes))) == expected
    no_leeway = nested(stage, exp=now - 1)
    assert answer(app, token(no_leeway, kid=...)) == expected


def test_json_in_any_form(app: Connection, stage: Stage) -> None:
    payload = json.dumps(stage.claims(), indent=4).replace("manager", "\\u006danager").encode()
    assert opened(app, signed(b" \t\n" + payload + b"\r\n"))[2] == "manager"
    assert opened(app, token(stage.claims(organization_id=str(stage.acme.tenant_id).upper())))[3] == [stage.acme.slug]


def test_identity(app: Connection, stage: Stage) -> None:
    with app.transaction():
        identity = app.execute(
            "SELECT tenant_id, user_id, role, clearance, key_id, rate_limit_per_minute,"
            " extract(epoch FROM expires_at)::int FROM tenantry.authenticate_jwt(%s)",
            [token(stage.claims(exp=int(time.time()) + 300))],
        ).fetchone()
        assert identity is not None
        assert identity[:6] == (stage.acme.tenant_id, "ada", "manager", "CONFIDENTIAL", None, None)
        assert 325 <= identity[6] - time.time() <= 331  # 30 s of leeway
        current = app.execute(
            "SELECT tenantry.current_tenant(), tenantry.current_member(), tenantry.current_clearance()"
        )
        assert current.fetchone() == (stage.acme.tenant_id, "ada", "CONFIDENTIAL")


def test_lifetime_of_contexts_bounds_that_of_tokens(app: Connection, stage: Stage) -> None:
    with app.transaction():
        in_time = app.execute(
            "SELECT expires_at <= now() + interval '61 minutes' FROM tenantry.authenticate_jwt(%s)",
            [token(stage.claims(exp=int(time.time()) + 86400))],
        )
        assert in_time.fetchone() == (True,)


def nested(stage: Stage, **changes: Any) -> dict[str, Any]:
    bare = stage.claims(iss=NESTED, aud=..., organization_id=..., user_id=..., role=...)
    named = {
        "org": {"id": str(stage.acme.tenant_id)},
        "https://example.com/user": "ada",
        "app": {"access": {"role": "owner"}},
    }
    return {name: value for name, value in {**bare, **named, **changes}.items() if value is not ...}


def test_nested_claims(app: Connection, stage: Stage) -> None:
    assert opened(app, token(nested(stage), kid=...)) == (stage.acme.tenant_id, "ada", "owner", [stage.acme.slug])


def test_organization_with_an_id_of_its_own(
    app: Connection, stage: Stage, issuers: Connection, expected: Answer
) -> None:
    organization = f"org_{stage.globex.slug}"
    credential = token(stage.claims(organization_id=organization))
    assert answer(app, credential) == expected
    issuers.execute("SELECT tenantry.map_jwt_organization(%s, %s, %s)", [ISSUER, organization, stage.globex.tenant_id])
    assert opened(app, credential)[3] == [stage.globex.slug]
    issuers.execute("SELECT tenantry.unmap_jwt_organization(%s, %s)", [ISSUER, organization])
    assert answer(app, credential) == expected


def test_organization_whose_id_is_a_uuid(app: Connection, stage: Stage, issuers: Connection) -> None:
    """The mapping decides, also where the id is that of a tenant."""
    issuers.execute(
        "SELECT tenantry.map_jwt_organization(%s, %s, %s)", [ISSUER, str(stage.acme.tenant_id), stage.globex.tenant_id]
    )
    assert opened(app, token(stage.claims()))[3] == [stage.globex.slug]


def test_issuer_of_one_tenant(app: Connection, stage: Stage, issuers: Connection, expected: Answer) -> None:
    def of_customer(**changes: Any) -> str:
        return token(stage.claims(iss=stage.customer, aud=..., **changes), kid=...)

    assert opened(app, of_customer())[3] == [stage.acme.slug]
    assert opened(app, of_customer(organization_id=...))[3] == [stage.acme.slug]
    foreign = "its issuer may not vouch for its tenant"
    assert_refused(app, issuers, expected, of_customer(organization_id=str(stage.globex.tenant_id)), foreign)
    issuers.execute("SELECT tenantry.map_jwt_organization(%s, 'theirs', %s)", [stage.customer, stage.globex.tenant_id])
    assert_refused(app, issuers, expected, of_customer(organization_id="theirs"), foreign)
    assert opened(app, token(claims(stage.globex.tenant_id)))[3] == [stage.globex.slug]


def test_registered_role_wins(app: Connection, stage: Stage, issuers: Connection, expected: Answer) -> None:
    only_registered = token(stage.claims(iss=REGISTERED, aud=...), kid=...)
    assert_refused(app, issuers, expected, only_registered, "its user is not a member of its tenant")
    issuers.execute("SELECT tenantry.add_member(%s, 'ada', 'viewer')", [stage.acme.tenant_id])
    assert opened(app, only_registered)[2] == "viewer"
    for role in ("owner", "no such role", ...):
        assert opened(app, token(stage.claims(role=role)))[2] == "viewer"
    assert opened(app, token(stage.claims(user_id="bob", role="owner")))[2] == "owner"
    issuers.execute("SELECT tenantry.remove_member(%s, 'ada')", [stage.acme.tenant_id])
    assert answer(app, only_registered) == expected


def test_role_made_by_an_admin(app: Connection, stage: Stage, issuers: Connection, expected: Answer) -> None:
    credential = token(stage.claims(role=f"r-{stage.acme.slug}"))
    assert answer(app, credential) == expected
    issuers.execute("SELECT tenantry.set_role_clearance(%s, 'RESTRICTED')", [f"r-{stage.acme.slug}"])
    assert opened(app, credential)[2] == f"r-{stage.acme.slug}"


# Bad tokens


@pytest.fixture
def expected(app: Connection, issuers: Connection) -> Answer:
    """The one answer, from what never was a token; the same that bad API keys get."""
    expected = answer(app, "no.such.token")
    assert expected[1:4] == ("28000", "invalid credential", None)
    with pytest.raises(psycopg.Error) as refusal, app.transaction():
        app.execute("SELECT tenantry.authenticate('sk_nothing')")
    assert refusal.value.diag.message_primary == expected[2]
    assert refusal.value.diag.message_hint == expected[4]
    return expected


def parts(stage: Stage, algorithm: str = "HS256") -> list[str]:
    return token(stage.claims(), algorithm).split(".")


def with_signature(stage: Stage, algorithm: str, change: Callable[[bytes], bytes]) -> str:
    *message, signature = parts(stage, algorithm)
    return ".".join([*message, base64url(change(base64.urlsafe_b64decode(signature + "==")))])


def to_der(signature: bytes) -> bytes:
    half = len(signature) // 2
    return encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))


def negated(signature: bytes) -> bytes:
    """r and n − s + n: a number that is congruent to a good one."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    s = int.from_bytes(signature[32:]) + order
    return signature[:32] + s.to_bytes(33)


def other_last_character(part: str) -> str:
    """Set a bit behind the end of the last byte."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return part[:-1] + alphabet[alphabet.index(part[-1]) ^ 1]


def public_pem(algorithm: str) -> bytes:
    return (
        signing_key(algorithm)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def with_plain_alphabet(stage: Stage) -> str:
    """A token of plain base64, signed as such."""
    credential = signed(stage.claims(extra="~~~???>>>"))
    assert "-" in credential or "_" in credential
    return credential.replace("-", "+").replace("_", "/")


def compact(payload: dict[str, Any]) -> bytes:
    return json.dumps(payload).encode()


def raw(stage: Stage, name: str, value: str) -> bytes:
    """Claims with one written by hand."""
    return compact(stage.claims(**{name: ...}))[:-1] + f', "{name}": {value}}}'.encode()


def twice(stage: Stage, name: str, first: Any) -> bytes:
    return b"{" + json.dumps({name: first}).encode()[1:-1] + b", " + compact(stage.claims())[1:]


MALFORMED, UNVERIFIED, AMBIGUOUS, NO_ROLE = (
    "it is not well-formed", "no key of its issuer verifies it", "a claim in it is ambiguous", "it names no role"
)  # fmt: skip
HEADER = {"alg": "HS256", "kid": "HS256"}
ZEROS = "00000000-0000-0000-0000-000000000000"
NOW = int(time.time())  # and a run of all tests may take an hour
LATER = NOW + 86_400

FORM: dict[str, Callable[[Stage], str | None]] = {
    "null": lambda s: None,
    "empty": lambda s: "",
    "dots": lambda s: "..",
    "two parts": lambda s: ".".join(parts(s)[:2]),
    "four parts": lambda s: ".".join([*parts(s), "x"]),
    "five parts, as of JWE": lambda s: ".".join([*parts(s), "x", "x"]),
    "a dot at the end": lambda s: ".".join([*parts(s), ""]),
    "no header": lambda s: ".".join(["", *parts(s)[1:]]),
    "no payload": lambda s: ".".join([parts(s)[0], "", parts(s)[2]]),
    "padded signature": lambda s: token(s.claims()) + "=",
    "padded parts": lambda s: ".".join(part + "=" * (-len(part) % 4) for part in parts(s)),
    "blank before": lambda s: " " + token(s.claims()),
    "line feed after": lambda s: token(s.claims()) + "\n",
    "blank in a part": lambda s: ".".join([*parts(s)[:2], parts(s)[2][:8] + " " + parts(s)[2][8:]]),
    "line feed in a part": lambda s: ".".join([*parts(s)[:2], parts(s)[2][:8] + "\n" + parts(s)[2][8:]]),
    "bits behind the end": lambda s: ".".join([*parts(s)[:2], other_last_character(parts(s)[2])]),
    "plain base64": with_plain_alphabet,
    "of a scheme": lambda s: "Bearer " + token(s.claims()),
    "JSON serialisation": lambda s: json.dumps(dict(zip(["protected", "payload", "signature"], parts(s), strict=True))),
    "flattened API key": lambda s: s.acme.api_key,
    "wide characters": lambda s: "🔑.🔑.🔑",
    "control character": lambda s: token(s.claims()) + "\x01",
    "ten megabytes": lambda s: "x" * 10_000_000,
    "ten megabytes of dots": lambda s: "." * 10_000_000,
    "ten megabytes of payload": lambda s: signed(s.claims(extra="x" * 10_000_000)),
    "longer than is looked at": lambda s: signed(s.claims(extra="x" * 16_384)),
    "deep nesting": lambda s: signed(b"[" * 11_000),
    "deep nesting of objects": lambda s: signed(b'{"a":' * 2_400),
    "deep nesting in the header": lambda s: signed(s.claims(), b"[" * 11_000),
    "payload is an array": lambda s: signed(b"[" + compact(s.claims()) + b"]"),
    "payload is a string": lambda s: signed(json.dumps(compact(s.claims()).decode()).encode()),
    "payload is null": lambda s: signed(b"null"),
    "payload is no JSON": lambda s: signed(b"{exp: 1}"),
    "payload goes on": lambda s: signed(compact(s.claims()) + b"{}"),
    "header is an array": lambda s: signed(s.claims(), b'["HS256"]'),
    "header is a string": lambda s: signed(s.claims(), b'"HS256"'),
    "header is no JSON": lambda s: signed(s.claims(), b"HS256"),
    "not UTF-8": lambda s: signed(compact(s.claims()).replace(b"auth0", b"auth\xff")),
    "overlong UTF-8": lambda s: signed(compact(s.claims()).replace(b"auth0", b"auth\xc0\xb0")),
    "Latin 1": lambda s: signed(json.dumps(s.claims(sub="Zoë"), ensure_ascii=False).encode("latin-1")),
    "UTF-16": lambda s: signed(compact(s.claims()).decode().encode("utf-16")),
    "UTF-16 without a mark": lambda s: signed(compact(s.claims()).decode().encode("utf-16-le")),
    "byte order mark": lambda s: signed(b"\xef\xbb\xbf" + compact(s.claims())),
    "NUL": lambda s: signed(compact(s.claims()) + b"\0"),
    "escaped NUL": lambda s: signed(s.claims(user_id="ada\0")),
    "lone surrogate": lambda s: signed(raw(s, "user_id", '"\\ud800"')),
    "a claim twice": lambda s: signed(twice(s, "exp", LATER)),
    "a tenant twice": lambda s: signed(twice(s, "organization_id", str(s.globex.tenant_id))),
    "a claim twice, once in other letters": lambda s: signed(raw(s, "extra", '1, "\\u0065xp": 2')),
    "an unknown claim twice": lambda s: signed(raw(s, "extra", '1, "extra": 1')),
    "kid twice": lambda s: signed(s.claims(), b'{"alg":"HS256","kid":"none","kid":"HS256"}'),
    "alg twice": lambda s: signed(s.claims(), b'{"alg":"none","alg":"HS256","kid":"HS256"}'),
    "no alg": lambda s: signed(s.claims(), {"kid": "HS256"}),
    "kid is null": lambda s: signed(s.claims(), {**HEADER, "kid": None}),
    "kid is a number": lambda s: signed(s.claims(), {**HEADER, "kid": 256}),
    "kid is an array": lambda s: signed(s.claims(), {**HEADER, "kid": ["HS256"]}),
    "empty crit": lambda s: signed(s.claims(), {**HEADER, "crit": []}),
    "crit": lambda s: signed(s.claims(), {**HEADER, "crit": ["exp"], "exp": LATER}),
    "crit is null": lambda s: signed(s.claims(), {**HEADER, "crit": None}),
    "unencoded payload": lambda s: signed(s.claims(), {**HEADER, "crit": ["b64"], "b64": False}),
    **{
        f"alg {name} with {kid}": lambda s, name=name, kid=kid: signed(s.claims(), {"alg": name, **kid})
        for name in (None, 256, ["HS256"], {}, True)
        for kid in ({}, {"kid": "HS256"})
    },
}  # fmt: skip

KEY: dict[str, Callable[[Stage], str | None]] = {
    **{
        f"alg {name} with {kid}": lambda s, name=name, kid=kid: signed(s.claims(), {"alg": name, **kid})
        for name in ("none", "None", "NONE", "nOnE", "", "hs256", "HS256 ", "HS1", "RS256", "HS384")
        for kid in ({}, {"kid": "HS256"})
    },
    "no signature": lambda s: ".".join([*parts(s)[:2], ""]),
    "alg none without a signature": lambda s: signed(s.claims(), {"alg": "none"}).rpartition(".")[0] + ".",
    "other secret": lambda s: signed(s.claims(), HEADER, b"x" * 32),
    "empty secret": lambda s: signed(s.claims(), HEADER, b""),
    "public key (PEM) as the secret": lambda s: signed(s.claims(), {**HEADER, "kid": "RS256"}, public_pem("RS256")),
    "public key (JWK) as the secret": lambda s: signed(s.claims(), {**HEADER, "kid": "RS256"}, compact(jwk("RS256"))),
    "public key as the secret, without kid": lambda s: signed(s.claims(), {"alg": "HS256"}, public_pem("RS256")),
    "secret for another hash": lambda s: token(s.claims(), "HS384", kid="HS256"),
    "PS256 by a key for RS256": lambda s: token(s.claims(), "PS256", kid="RS256"),
    "RS512 by a key for RS256": lambda s: token(s.claims(), "RS512", kid="RS256"),
    "RS256 in the name of ES256": lambda s: token(s.claims(), "RS256", kid="ES256"),
    "other key of the algorithm": lambda s: token(s.claims(), "ES256", owner="stranger"),
    "other key, without kid": lambda s: token(s.claims(), "RS256", owner="stranger", kid=...),
    "signature of nothing, ES256": lambda s: with_signature(s, "ES256", lambda _: bytes(64)),
    "signature of nothing, ES384": lambda s: with_signature(s, "ES384", lambda _: bytes(96)),
    "signature of nothing, EdDSA": lambda s: with_signature(s, "EdDSA", lambda _: bytes(64)),
    "signature of nothing, RS256": lambda s: with_signature(s, "RS256", lambda _: bytes(256)),
    "signature of ones, ES256": lambda s: with_signature(s, "ES256", lambda _: b"\xff" * 64),
    "DER": lambda s: with_signature(s, "ES256", to_der),
    "longer ES256": lambda s: with_signature(s, "ES256", lambda signature: signature + b"\0"),
    "congruent ES256": lambda s: with_signature(s, "ES256", negated),
    "shorter RS256": lambda s: with_signature(s, "RS256", lambda signature: signature[1:]),
    "longer EdDSA": lambda s: with_signature(s, "EdDSA", lambda signature: signature + b"\0"),
    "shorter HS256": lambda s: with_signature(s, "HS256", lambda signature: signature[:-1]),
    "one byte of HS256": lambda s: with_signature(s, "HS256", lambda signature: signature[:1]),
    "signature of another token": lambda s: ".".join([*parts(s)[:2], token(s.claims(role="owner")).split(".")[2]]),
    "unknown kid": lambda s: signed(s.claims(), {**HEADER, "kid": "HS257"}),
    "kid of another issuer": lambda s: signed(s.claims(), {**HEADER, "kid": f"key of {NESTED}"}),
    "kid in lower case": lambda s: signed(s.claims(), {**HEADER, "kid": "hs256"}),
    "empty kid": lambda s: signed(s.claims(), {**HEADER, "kid": ""}),
    "kid as SQL": lambda s: signed(s.claims(), {**HEADER, "kid": "' UNION SELECT 'HS256' --"}),
    "kid as a pattern": lambda s: signed(s.claims(), {**HEADER, "kid": "HS%"}),
    "kid as a path": lambda s: signed(s.claims(), {**HEADER, "kid": "../../../../dev/null"}, b""),
    "long kid": lambda s: signed(s.claims(), {**HEADER, "kid": "x" * 10_000}),
    "embedded key": lambda s: token(s.claims(), "ES256", owner="stranger", jwk=jwk("ES256", "stranger")),
    "embedded key without kid": lambda s: token(
        s.claims(), "RS256", owner="stranger", kid=..., jwk=jwk("RS256", "stranger")
    ),
    "embedded secret": lambda s: signed(
        s.claims(), {**HEADER, "jwk": {"kty": "oct", "k": base64url(b"x" * 32)}}, b"x" * 32
    ),
    "key at a URL": lambda s: token(s.claims(), "RS256", owner="stranger", jku="https://stranger.example.com/jwks"),
    "certificate": lambda s: token(s.claims(), "RS256", owner="stranger", x5c=["MIIB"], x5u="https://stranger.example.com"),
}  # fmt: skip

# By the reason for which they are refused, so that none passes for another one.
CLAIMS: dict[str, dict[str, dict[str, Any]]] = {
    MALFORMED: {
        "no issuer": {"iss": ...},
        "issuers": {"iss": [ISSUER]},
        "issuer is null": {"iss": None},
        "no expiry": {"exp": ...},
        "expiry before time": {"exp": -1},
        "expiry as a string": {"exp": str(LATER)},
        "expiry as a time": {"exp": "2099-01-01T00:00:00Z"},
        "expiry is true": {"exp": True},
        "expiry is null": {"exp": None},
        "expiries": {"exp": [LATER]},
        "expiry as an object": {"exp": {"exp": LATER}},
        "expiry after the year 9999": {"exp": 253_402_300_800},
        "expiry in milliseconds": {"exp": (LATER) * 1000},
        "not before as a string": {"nbf": str(NOW)},
        "not before is false": {"nbf": False},
        "not before time": {"nbf": -1},
        "issued as a string": {"iat": "yesterday"},
        "issued before time": {"iat": -5},
        "number of the token is a number": {"jti": 1},
        "number of the token is null": {"jti": None},
    },
    UNVERIFIED: {
        "unknown issuer": {"iss": "https://nobody.example.com"},
        "key of one issuer, name of another": {"iss": STRANGER},
        "issuer without its slash": {"iss": ISSUER.rstrip("/")},
        "issuer in capitals": {"iss": ISSUER.upper()},
    },
    "it has expired": {
        "expired": {"exp": NOW - 60},
        "expired long ago": {"exp": 0},
    },
    "it is not valid yet": {
        "not before the future": {"nbf": LATER},
        "issued in the future": {"iat": LATER},
    },
    "it is for another audience": {
        "another audience": {"aud": "https://other.example.com"},
        "other audiences": {"aud": ["https://other.example.com", "x"]},
        "no audience": {"aud": ...},
        "empty audience": {"aud": ""},
        "audience of nobody": {"aud": []},
        "audience is null": {"aud": None},
        "audience as an object": {"aud": {AUDIENCE: 1}},
        "audience one level down": {"aud": [[AUDIENCE]]},
        "part of the audience": {"aud": AUDIENCE[:-1]},
    },
    "its tenant is unknown or suspended": {
        "no tenant": {"organization_id": ...},
        "tenant is null": {"organization_id": None},
        "tenant is empty": {"organization_id": ""},
        "tenant is a number": {"organization_id": 5},
        "unknown tenant": {"organization_id": str(uuid4())},
        "shared tenant": {"organization_id": ZEROS},
        "tenant in braces": {"organization_id": "{acme}"},
        "tenant with a blank": {"organization_id": "acme "},
        "tenants": {"organization_id": ["acme"]},
        "tenant as an object": {"organization_id": {"id": "acme"}},
        "tenant as SQL": {"organization_id": "acme' OR true --"},
        "all tenants": {"organization_id": "%"},
        "unmapped organization": {"organization_id": "org_unknown"},
        "suspended tenant": {"organization_id": "suspended"},
    },
    "it names no user": {
        "no user": {"user_id": ..., "sub": ...},
        "user is empty": {"user_id": ""},
        "user is null": {"user_id": None},
        "user is a number": {"user_id": 7},
        "users": {"user_id": ["ada"]},
        "long user": {"user_id": "x" * 256},
    },
    "its role is unknown": {
        "unknown role": {"role": "root"},
        "role in capitals": {"role": "Owner"},
        "role is empty": {"role": ""},
    },
    NO_ROLE: {
        "role is null": {"role": None},
        "roles": {"role": ["owner"]},
        "role is a number": {"role": 1},
    },
    "it is revoked": {
        "revoked": {"jti": "gone"},
        "signed out": {"user_id": "signed-out", "iat": NOW - 60},
        "signed out, issued at no time": {"user_id": "signed-out", "iat": ...},
    },
}  # fmt: skip

RAW = {
    "expiry too large": ("exp", "1e400"),
    "expiry far too large": ("exp", "1e200000"),
    "expiry large and negative": ("exp", "-1e400"),
    "expiry is NaN": ("exp", "NaN"),
    "expiry is infinite": ("exp", "Infinity"),
    "expiry with a plus": ("exp", f"+{LATER}"),
    "expiry with a zero before": ("exp", f"0{LATER}"),
    "expiry in hex": ("exp", hex(LATER)),
    "issued far too large": ("iat", "1e200000"),
    "user in single quotes": ("user_id", "'ada'"),
}


def assert_refused(app: Connection, issuers: Connection, expected: Answer, bad: str | None, reason: str) -> None:
    """Refused with the one answer, for the reason that an admin is told, and by nothing that came before it."""
    assert answer(app, bad) == expected
    assert issuers.execute("SELECT tenantry.explain_jwt(%s)", [bad]).fetchone() == (reason,)


@pytest.mark.parametrize(
    ("reason", "make"),
    [(MALFORMED, make) for make in FORM.values()] + [(UNVERIFIED, make) for make in KEY.values()],
    ids=[*FORM, *KEY],
)
def test_bad_token(
    app: Connection,
    stage: Stage,
    issuers: Connection,
    expected: Answer,
    reason: str,
    make: Callable[[Stage], str | None],
) -> None:
    assert_refused(app, issuers, expected, make(stage), reason)
    assert opened(app, token(stage.claims()))[3] == [stage.acme.slug]


@pytest.mark.parametrize(
    ("reason", "changes"),
    [(reason, changes) for reason, cases in CLAIMS.items() for changes in cases.values()],
    ids=[name for cases in CLAIMS.values() for name in cases],
)
def test_bad_claims(
    app: Connection, stage: Stage, issuers: Connection, expected: Answer, reason: str, changes: dict[str, Any]
) -> None:
    names = {"acme": str(stage.acme.tenant_id), "suspended": str(stage.suspended.tenant_id)}
    text = json.dumps(stage.claims(**changes))
    for name, tenant in names.items():
        for before, after in (('"', '"'), ("{", "}"), ('"', " "), ('"', "'")):
            text = text.replace(f"{before}{name}{after}", f"{before}{tenant}{after}")
    assert_refused(app, issuers, expected, signed(text.encode()), reason)
    assert opened(app, token(stage.claims()))[3] == [stage.acme.slug]


@pytest.mark.parametrize(("name", "value"), RAW.values(), ids=RAW)
def test_bad_value(app: Connection, stage: Stage, issuers: Connection, expected: Answer, name: str, value: str) -> None:
    assert_refused(app, issuers, expected, signed(raw(stage, name, value)), MALFORMED)
    assert opened(app, token(stage.claims()))[3] == [stage.acme.slug]


NESTINGS = {
    "tenant twice": ("org", '{"id": "globex", "id": "acme"}', AMBIGUOUS),
    "tenant twice, once in other letters": ("org", '{"id": "acme", "\\u0069d": "acme"}', AMBIGUOUS),
    "role twice": ("app", '{"access": {"role": "viewer", "role": "owner"}}', AMBIGUOUS),
    "a level twice": ("app", '{"access": {"role": "viewer"}, "access": {"role": "owner"}}', AMBIGUOUS),
    "another member twice": ("app", '{"access": {"role": "owner", "x": 1, "x": 1}}', AMBIGUOUS),
    "level is an array": ("app", '{"access": [{"role": "owner"}]}', AMBIGUOUS),
    "level is a string": ("org", '"acme"', AMBIGUOUS),
    "claim with dots in its name": ("org.id", '"acme", "org": null', AMBIGUOUS),
    "claim with dots and its level": ("app", '{"access.role": "owner"}', NO_ROLE),
    "no role, and no default": ("app", "{}", NO_ROLE),
}


@pytest.mark.parametrize(("name", "value", "reason"), NESTINGS.values(), ids=NESTINGS)
def test_bad_nested_claim(
    app: Connection, stage: Stage, issuers: Connection, expected: Answer, name: str, value: str, reason: str
) -> None:
    good = nested(stage)
    assert opened(app, signed(good, {"alg": "HS256"}))[2] == "owner"
    good.pop(name.split(".")[0])
    value = value.replace("acme", str(stage.acme.tenant_id)).replace("globex", str(stage.globex.tenant_id))
    payload = compact(good)[:-1] + f', "{name}": {value}}}'.encode()
    assert_refused(app, issuers, expected, signed(payload, {"alg": "HS256"}), reason)


@pytest.mark.parametrize("algorithm", ["HS256", "ES256", "EdDSA"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutations(app: Connection, stage: Stage, expected: Answer, algorithm: str, data: st.DataObject) -> None:
    """Whatever is changed in a good token, it is good no more."""
    good = token(stage.claims(), algorithm)
    start = data.draw(st.integers(0, len(good)), "start")
    end = data.draw(st.integers(start, min(len(good), start + 3)), "end")
    characters = st.sampled_from('ABCxyz019-_=+/. \n{}\\"') | st.characters(codec="utf-8", exclude_characters="\0")
    changed = good[:start] + data.draw(st.text(characters, max_size=3), "text") + good[end:]
    if changed == good:
        assert opened(app, changed)[3] == [stage.acme.slug]
    else:
        assert answer(app, changed) == expected


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    payload=st.dictionaries(
        st.sampled_from(["iss", "exp", "nbf", "iat", "aud", "organization_id", "user_id", "sub", "role", "jti"])
        | st.text(),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda each: st.lists(each) | st.dictionaries(st.text(), each),
            max_leaves=5,
        ),
    )
)
def test_signed_nonsense(app: Connection, stage: Stage, expected: Answer, payload: dict[str, Any]) -> None:
    """Nothing that an issuer signs makes another error, or opens another tenant."""
    assert answer(app, signed(payload)) == expected
    try:
        tenant_id, *_ = opened(app, signed({**stage.claims(), **payload}))
    except psycopg.Error as error:
        said = (error.sqlstate, error.diag.message_primary)
    else:
        said = expected[1:3]
        assert tenant_id == stage.acme.tenant_id
    assert said == expected[1:3]

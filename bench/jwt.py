"""What opening a context by a JSON Web Token costs inside the server, by algorithm.

As in `bench.calls`, each call has a transaction of its own, and a loop that does nothing is subtracted.
"""

import base64
import hmac
import json
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from psycopg import sql

from bench.calls import LOOP, NOTHING
from bench.pairing import Samples, alternate, seconds
from bench.report import Comparison, Experiment
from bench.server import Connection, Tenant, connect
from bench.sizes import Sizes

API_KEY = "authenticate, by API key"
ISSUER = "https://idp.example.com/"
SECRET = bytes(range(32))
GOALS = {"HS256": 150.0, "RS256": 500.0}  # µs; of RS256 after the first call of a session
PUBLIC = ("RS256", "ES256", "EdDSA")

# Signs with the libraries that verify, so that the benchmark needs none of its own.
MAKE_TOKENS = """
CREATE FUNCTION make_tokens(p_claims text) RETURNS jsonb LANGUAGE plpython3u AS $$
import json
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

made = {}
for algorithm, kind, key in (
    ("RS256", RSAAlgorithm, rsa.generate_private_key(65537, 2048)),
    ("ES256", ECAlgorithm, ec.generate_private_key(ec.SECP256R1())),
    ("EdDSA", OKPAlgorithm, ed25519.Ed25519PrivateKey.generate()),
):
    token = jwt.encode(json.loads(p_claims), key, algorithm, headers={"kid": algorithm})
    public = json.loads(kind.to_jwk(key.public_key()))
    public.pop("key_ops", None)
    made[algorithm] = {"token": token, "key": {**public, "kid": algorithm}}
return json.dumps(made)
$$
"""


def measure(
    superuser: Connection, dba: Connection, tenant: Tenant, sizes: Sizes, generator: np.random.Generator
) -> Experiment:
    """Measure the calls in µs of the server's time."""
    tokens = prepare(superuser, dba, tenant)
    bodies = {NOTHING: "PERFORM v_key;", API_KEY: "PERFORM tenantry.authenticate(v_key);"}
    bodies |= {f"authenticate_jwt, {name}": "PERFORM tenantry.authenticate_jwt(v_key);" for name in tokens}
    credentials = {f"authenticate_jwt, {name}": token for name, token in tokens.items()}
    with connect("bench_app") as app:

        def block(name: str) -> Callable[[], float]:
            loop = sql.SQL(LOOP).format(
                key=credentials.get(name, tenant.api_key),
                noted=[""],
                tenant=str(tenant.tenant_id),
                calls=sizes.calls,
                body=sql.SQL(bodies[name]),
            )
            return lambda: seconds(partial(app.execute, loop)) / sizes.calls * 1e6

        samples = alternate({name: block(name) for name in bodies}, sizes.blocks, generator)
    net = Samples(
        {name: samples.blocks[name] - samples.blocks[NOTHING] for name in bodies if name != NOTHING}, generator
    )
    goals = [
        Comparison(f"authenticate_jwt, {name}", net.median(f"authenticate_jwt, {name}"), "µs", goal)
        for name, goal in GOALS.items()
    ]
    return Experiment.of(
        "jwt", "Tokens inside the server, each in a transaction of its own, after the first", "µs", net, goals
    )


def prepare(superuser: Connection, dba: Connection, tenant: Tenant) -> dict[str, str]:
    """Introduce an issuer with a key for each algorithm, and return a token by each."""
    superuser.execute("CREATE EXTENSION tenantry_jwt CASCADE")
    superuser.execute(MAKE_TOKENS.encode())
    now = int(time.time())
    claims = json.dumps({
        "iss": ISSUER, "aud": "api", "sub": "auth0|0123456789", "organization_id": str(tenant.tenant_id),
        "role": "manager", "iat": now, "exp": now + 86_400, "jti": "01JD5N8Q7Z",
    })  # fmt: skip
    ((made,),) = superuser.execute("SELECT make_tokens(%s)", [claims]).fetchall()
    superuser.execute("DROP FUNCTION make_tokens")
    dba.execute("SELECT tenantry.set_jwt_issuer(%s, '{api}')", [ISSUER])
    dba.execute("SELECT tenantry.add_jwt_secret(%s, %s, p_kid => 'HS256')", [ISSUER, SECRET])
    key_set = json.dumps({"keys": [made[name]["key"] for name in PUBLIC]})
    dba.execute("SELECT tenantry.add_jwks(%s, %s)", [ISSUER, key_set])
    return {"HS256": sign(claims), **{name: made[name]["token"] for name in PUBLIC}}


def sign(claims: str) -> str:
    """Sign claims by HS256."""
    header = json.dumps({"alg": "HS256", "kid": "HS256", "typ": "JWT"})
    message = f"{_base64url(header.encode())}.{_base64url(claims.encode())}"
    return f"{message}.{_base64url(hmac.digest(SECRET, message.encode(), 'sha256'))}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

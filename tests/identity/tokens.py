"""JSON Web Tokens, good and bad, and the keys that sign them."""

import base64
import hashlib
import hmac
import json
import time
from functools import cache
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

ISSUER = "https://idp.example.com/"
AUDIENCE = "https://api.example.com"
SECRETS = {f"HS{bits}": bytes(range(bits // 8)) for bits in (256, 384, 512)}
PUBLIC = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA")
ALGORITHMS = (*SECRETS, *PUBLIC)


@cache
def signing_key(algorithm: str, owner: str = "issuer") -> Any:
    """Return what signs by an algorithm; each owner has keys of its own. The keys of RSA are one."""
    if algorithm in SECRETS:
        return SECRETS[algorithm] if owner == "issuer" else hashlib.sha512(owner.encode()).digest()
    match algorithm:
        case "EdDSA":
            return ed25519.Ed25519PrivateKey.generate()
        case "ES256":
            return ec.generate_private_key(ec.SECP256R1())
        case "ES384":
            return ec.generate_private_key(ec.SECP384R1())
        case "RSA":
            return rsa.generate_private_key(65537, 2048)
    return signing_key("RSA", owner)


def jwk(algorithm: str, owner: str = "issuer", kid: str | None = None) -> dict[str, Any]:
    """Return the public key of an algorithm as its owner publishes it; its kid is the algorithm if none is given."""
    kind: Any = {"EdDSA": OKPAlgorithm, "ES256": ECAlgorithm, "ES384": ECAlgorithm}.get(algorithm, RSAAlgorithm)
    public = json.loads(kind.to_jwk(signing_key(algorithm, owner).public_key()))
    public.pop("key_ops", None)
    return {**public, "kid": kid or algorithm, "use": "sig", "alg": algorithm}


def jwks(*algorithms: str, owner: str = "issuer") -> str:
    return json.dumps({"keys": [jwk(algorithm, owner) for algorithm in algorithms]})


def claims(tenant: UUID | str, **changes: Any) -> dict[str, Any]:
    """Return the claims of a good token with some changes; `...` takes a claim out."""
    now = int(time.time())
    good = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": "auth0|ada", "iat": now, "exp": now + 600, "jti": "a-token",
        "organization_id": str(tenant), "user_id": "ada", "role": "manager",
    }  # fmt: skip
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}


def token(claims: dict[str, Any], algorithm: str = "HS256", *, owner: str = "issuer", **header: Any) -> str:
    """Sign claims as PyJWT does; the kid is the algorithm unless the header says another, or `...` for none."""
    headers = {name: value for name, value in {"kid": algorithm, **header}.items() if value is not ...}
    return jwt.encode(claims, signing_key(algorithm, owner), algorithm, headers=headers)


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(
    payload: bytes | dict[str, Any], header: bytes | dict[str, Any] | None = None, secret: bytes = SECRETS["HS256"]
) -> str:
    """Sign any bytes by HS256: what PyJWT refuses to make."""
    header = {"alg": "HS256", "kid": "HS256"} if header is None else header
    parts = (part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, payload))
    message = ".".join(map(base64url, parts))
    return f"{message}.{base64url(hmac.digest(secret, message.encode(), 'sha256'))}"

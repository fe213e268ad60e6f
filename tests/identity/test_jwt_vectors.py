"""Published test vectors: RFC 7515 (JWS), appendix A; RFC 8037 (EdDSA), appendix A.4; RFC 4231 (HMAC), case 6."""

import json

import pytest

from tests.support.database import Connection

PAYLOAD = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

# The payload of RFC 7515 is that of RFC 7519, section 3.1: issued by joe, expired in 2011.
TOKENS = {
    "RFC 7515, A.1: HS256": (
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9",
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        {"kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"},
    ),
    "RFC 7515, A.2: RS256": (
        "eyJhbGciOiJSUzI1NiJ9",
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9"
        "uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB"
        "_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rq"
        "Vt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
        {
            "kty": "RSA",
            "e": "AQAB",
            "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT"
            "-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WT"
            "BEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2P"
            "AcDTW9gb54h4FRWyuXpoQ",
        },
    ),
    "RFC 7515, A.3: ES256": (
        "eyJhbGciOiJFUzI1NiJ9",
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        {
            "kty": "EC",
            "crv": "P-256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        },
    ),
}


@pytest.mark.parametrize(("header", "signature", "key"), TOKENS.values(), ids=TOKENS)
def test_token(dba: Connection, header: str, signature: str, key: dict[str, str]) -> None:
    """It verifies, and is refused for its age alone."""

    def explained(token: str) -> str:
        row = dba.execute("SELECT tenantry.explain_jwt(%s)", [token]).fetchone()
        assert row is not None
        return str(row[0])

    with dba.transaction(force_rollback=True):
        assert explained(f"{header}.{PAYLOAD}.{signature}") == "no key of its issuer verifies it"
        dba.execute("SELECT tenantry.add_jwks('joe', %s)", [json.dumps({"keys": [key]})])
        assert explained(f"{header}.{PAYLOAD}.{signature}") == "it has expired"
        assert explained(f"{header}.{PAYLOAD}.{'A' + signature[1:]}") == "no key of its issuer verifies it"


def test_signature_of_ed25519(superuser: Connection) -> None:
    """The payload of RFC 8037, A.4, is a sentence, so only the signature is looked at."""
    verify = """
        SELECT tenantry_private.verify_jwt_signature(
            'EdDSA', '{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}', %s,
            tenantry_private.decode_base64url(
                'hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg'
            )
        )
    """
    message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
    assert superuser.execute(verify, [message]).fetchone() == (True,)
    assert superuser.execute(verify, [message + b"A"]).fetchone() == (False,)


@pytest.mark.parametrize(
    ("algorithm", "mac"),
    [
        ("sha256", "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
        (
            "sha384",
            "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952",
        ),
        (
            "sha512",
            "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
            "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
        ),
    ],
)
def test_hmac_with_a_key_longer_than_a_block(superuser: Connection, algorithm: str, mac: str) -> None:
    made = superuser.execute(
        f"""
        SELECT encode({algorithm}(tenantry_private.hmac_block(k, 92, %(algorithm)s) || {algorithm}(
            tenantry_private.hmac_block(k, 54, %(algorithm)s)
            || 'Test Using Larger Than Block-Size Key - Hash Key First'
        )), 'hex')
        FROM (SELECT decode(repeat('aa', 131), 'hex')) AS t (k)
        """.encode(),
        {"algorithm": algorithm},
    )
    assert made.fetchone() == (mac,)

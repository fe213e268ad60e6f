-- Whether a signature is the one of a message, by a public key and the algorithm that belongs to it; NULL for a key that
-- cannot be read. Called by the core extension where it is there.
-- Only a superuser may create a function in an untrusted language, hence the installer's role around it.
SELECT pg_catalog.set_config('role', pg_catalog.current_setting('tenantry.installer_role'), true);

CREATE OR REPLACE FUNCTION tenantry_private.verify_jwt_signature(
    p_algorithm text, p_public_key jsonb, p_message bytea, p_signature bytea
)
RETURNS boolean
LANGUAGE plpython3u
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
KEYS_KEPT = 64  # a session


def algorithms():
    """Return what verifies each algorithm."""
    try:
        from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm, RSAPSSAlgorithm
    except ImportError:
        plpy.error(
            "PL/Python does not find PyJWT with cryptography",
            hint="Install both for the system's Python. On Debian: apt-get install python3-jwt python3-cryptography.",
            sqlstate="55000",
        )

    return {
        "RS256": RSAAlgorithm(RSAAlgorithm.SHA256),
        "RS384": RSAAlgorithm(RSAAlgorithm.SHA384),
        "RS512": RSAAlgorithm(RSAAlgorithm.SHA512),
        "PS256": RSAPSSAlgorithm(RSAPSSAlgorithm.SHA256),
        "ES256": ECAlgorithm(ECAlgorithm.SHA256),
        "ES384": ECAlgorithm(ECAlgorithm.SHA384),
        "EdDSA": OKPAlgorithm(),
    }


if not SD:
    SD["algorithms"], SD["keys"] = algorithms(), {}
algorithm, keys = SD["algorithms"][p_algorithm], SD["keys"]

# Parsed keys, by what they are read from: the one used last stands last.
key = keys.pop((p_algorithm, p_public_key), None)
if key is None:
    try:
        key = algorithm.from_jwk(p_public_key)
    except Exception:
        return None
keys[p_algorithm, p_public_key] = key
if len(keys) > KEYS_KEPT:
    del keys[next(iter(keys))]

try:
    return algorithm.verify(p_message, key, p_signature)
except Exception:
    return False
$$;

ALTER FUNCTION tenantry_private.verify_jwt_signature(text, jsonb, bytea, bytea) OWNER TO tenantry_owner;
SET LOCAL ROLE tenantry_owner;

COMMENT ON FUNCTION tenantry_private.verify_jwt_signature(text, jsonb, bytea, bytea) IS 'verify a signature by a public key';
REVOKE ALL ON FUNCTION tenantry_private.verify_jwt_signature(text, jsonb, bytea, bytea) FROM PUBLIC;
